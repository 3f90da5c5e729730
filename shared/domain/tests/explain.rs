//! Each page says why it is planned: as data, and as one sentence with every link of the chain.
//!
//! `UPDATE_EXPECT=1 cargo test -p tocsin-domain --test explain` writes the expectations anew.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says where")]

use expect_test::expect;
use serde_json::json;
use tocsin_domain::alert::{Severity, Urgency};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::timeline::What;
use tocsin_domain::incident::{Incident, Opening};
use tocsin_domain::notification::plan::plan_level;

fn configuration() -> Configuration {
    let user = |id: &str| {
        json!({"id": id, "name": id, "contact_methods": [{"id": format!("{id}-sms"), "kind": "sms", "to": "+15555550100"}],
               "rules": {"high": [{"via": format!("{id}-sms")}, {"via": format!("{id}-sms"), "after_s": 300}]}})
    };
    serde_json::from_value(json!({
        "version": 1,
        "teams": [{"id": "web", "name": "Web", "members": [{"user": "barbara"}]}],
        "users": [user("ada"), user("grace"), {"id": "barbara", "name": "B", "contact_methods": [{"id": "b-mail", "kind": "email", "to": "b@example.com"}]}],
        "schedules": [
            {"id": "primary", "team": "web", "time_zone": "Europe/London",
             "layers": [{"name": "weekly", "rotation": "weekly", "start": "2026-01-05T09:00", "members": ["ada", "grace"]}]},
            {"id": "secondary", "team": "web", "time_zone": "Europe/London",
             "layers": [{"name": "weekly", "rotation": "weekly", "start": "2026-01-05T09:00", "members": ["ada"]}],
             "overrides": [{"id": "swap-1", "start": "2026-01-06T09:00", "end": "2026-01-07T09:00", "person": "ada", "with": "grace", "note": "dentist"}]},
        ],
        "policies": [{"id": "shop", "team": "web", "levels": [
            {"delay_s": 300, "targets": [{"schedule": "primary"}, {"schedule": "secondary"}, {"team": "web"}]}]}],
    }))
    .unwrap()
}

fn fired() -> What {
    let configuration = configuration();
    let now = "2026-01-06T12:00:00Z".parse().unwrap();
    let opening = Opening {
        id: IncidentId::new(ulid::Ulid::from_parts(1, 1)),
        number: 1,
        service: "shop".parse().unwrap(),
        team: "web".parse().unwrap(),
        policy: "shop".parse().unwrap(),
        config_version: 3,
        title: "down".to_owned(),
        severity: Severity::Critical,
        acknowledge_timeout_s: None,
        auto_resolve_s: None,
    };
    let mut incident = Incident::open(opening, now);
    let policy = &configuration.policies[0];
    let plan = plan_level(&policy.levels[0], &configuration, Urgency::High, None, now);
    incident.fire_level(policy, plan, now).whats.remove(0)
}

#[test]
fn as_a_sentence() {
    expect![[r#"
        ada by ada-sms at 2026-01-06 12:00:00 UTC: policy shop of configuration 3, level 1, round 1; on call in schedule primary: layer 'weekly', turn 1 since 2026-01-05 09:00 Europe/London; rule 1 for high urgency
        grace by grace-sms at 2026-01-06 12:00:00 UTC: policy shop of configuration 3, level 1, round 1; on call in schedule secondary: override 'swap-1' instead of ada from 2026-01-06 09:00 to 2026-01-07 09:00 Europe/London (dentist); rule 1 for high urgency
        barbara by b-mail at 2026-01-06 12:00:00 UTC: policy shop of configuration 3, level 1, round 1; member of team web; no rule for high urgency: the default
        ada by ada-sms at 2026-01-06 12:05:00 UTC: policy shop of configuration 3, level 1, round 1; on call in schedule primary: layer 'weekly', turn 1 since 2026-01-05 09:00 Europe/London; rule 2 for high urgency
        grace by grace-sms at 2026-01-06 12:05:00 UTC: policy shop of configuration 3, level 1, round 1; on call in schedule secondary: override 'swap-1' instead of ada from 2026-01-06 09:00 to 2026-01-07 09:00 Europe/London (dentist); rule 2 for high urgency"#]].assert_eq(&fired().why().join("\n"));
}

#[test]
fn as_data() {
    expect![[r#"
        {
          "type": "level_fired",
          "repeat": 0,
          "level": 0,
          "of": {
            "policy": "shop",
            "config_version": 3,
            "level": 0
          },
          "pages": [
            {
              "user": "ada",
              "contact": "ada-sms",
              "due": "2026-01-06T12:00:00Z",
              "reason": "on call in schedule primary: layer 'weekly', turn 1 since 2026-01-05 09:00 Europe/London; rule 1 for high urgency",
              "why": {
                "target": {
                  "schedule": "primary"
                },
                "via": "on_call",
                "on_call": {
                  "by": "turn",
                  "layer": "layer 'weekly'",
                  "layer_index": 0,
                  "turn": 1,
                  "since": "2026-01-05T09:00:00Z",
                  "until": "2026-01-12T09:00:00Z"
                },
                "rule": {
                  "urgency": "high",
                  "number": 1
                }
              }
            },
            {
              "user": "grace",
              "contact": "grace-sms",
              "due": "2026-01-06T12:00:00Z",
              "reason": "on call in schedule secondary: override 'swap-1' instead of ada from 2026-01-06 09:00 to 2026-01-07 09:00 Europe/London (dentist); rule 1 for high urgency",
              "why": {
                "target": {
                  "schedule": "secondary"
                },
                "via": "on_call",
                "on_call": {
                  "by": "override",
                  "override_index": 0,
                  "id": "swap-1",
                  "instead_of": "ada",
                  "since": "2026-01-06T09:00:00Z",
                  "until": "2026-01-07T09:00:00Z",
                  "note": "dentist"
                },
                "rule": {
                  "urgency": "high",
                  "number": 1
                }
              }
            },
            {
              "user": "barbara",
              "contact": "b-mail",
              "due": "2026-01-06T12:00:00Z",
              "reason": "member of team web; no rule for high urgency: the default",
              "why": {
                "target": {
                  "team": "web"
                },
                "via": "member",
                "rule": {
                  "urgency": "high"
                }
              }
            },
            {
              "user": "ada",
              "contact": "ada-sms",
              "due": "2026-01-06T12:05:00Z",
              "reason": "on call in schedule primary: layer 'weekly', turn 1 since 2026-01-05 09:00 Europe/London; rule 2 for high urgency",
              "why": {
                "target": {
                  "schedule": "primary"
                },
                "via": "on_call",
                "on_call": {
                  "by": "turn",
                  "layer": "layer 'weekly'",
                  "layer_index": 0,
                  "turn": 1,
                  "since": "2026-01-05T09:00:00Z",
                  "until": "2026-01-12T09:00:00Z"
                },
                "rule": {
                  "urgency": "high",
                  "number": 2,
                  "after_s": 300
                }
              }
            },
            {
              "user": "grace",
              "contact": "grace-sms",
              "due": "2026-01-06T12:05:00Z",
              "reason": "on call in schedule secondary: override 'swap-1' instead of ada from 2026-01-06 09:00 to 2026-01-07 09:00 Europe/London (dentist); rule 2 for high urgency",
              "why": {
                "target": {
                  "schedule": "secondary"
                },
                "via": "on_call",
                "on_call": {
                  "by": "override",
                  "override_index": 0,
                  "id": "swap-1",
                  "instead_of": "ada",
                  "since": "2026-01-06T09:00:00Z",
                  "until": "2026-01-07T09:00:00Z",
                  "note": "dentist"
                },
                "rule": {
                  "urgency": "high",
                  "number": 2,
                  "after_s": 300
                }
              }
            }
          ]
        }"#]].assert_eq(&serde_json::to_string_pretty(&fired()).unwrap());
}

/// A level of fifty people with two rules each has to fit one item of the table with room to spare.
#[test]
fn an_entry_of_many_pages_stays_small() {
    let bytes = serde_json::to_vec(&fired()).unwrap().len() / 5;
    assert!(bytes < 700, "{bytes} bytes a page");
}

#[test]
fn entries_of_before_are_read_and_still_have_a_sentence() {
    let old = json!({"type": "level_fired", "repeat": 0, "level": 1, "pages": [
        {"user": "ada", "contact": "ada-sms", "due": "2026-01-05T09:00:00Z", "reason": "named by the level; rule 1 for high urgency"}]});
    let read: What = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(read.why(), ["ada by ada-sms at 2026-01-05 09:00:00 UTC: level 2, round 1; named by the level; rule 1 for high urgency"]);
    assert_eq!(serde_json::to_value(&read).unwrap(), old, "nothing is added to what was written");
    assert_eq!(What::Resolved {}.why(), Vec::<String>::new());
}
