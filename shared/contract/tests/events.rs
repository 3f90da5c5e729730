//! Events on the bus: one example of each kind, kept as a file that every later version must still read.
//!
//! `TOCSIN_BLESS=1 cargo test -p tocsin-contract` writes the file anew; a change that is not an addition needs a version 2 beside it.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says where")]

use serde_json::{Value, json};
use tocsin_contract::bus::{Detail, detail_type};
use tocsin_domain::alert::outcome::{Outcome, RuleRef, RulesOf, Suppressor};
use tocsin_domain::alert::{Severity, Urgency};
use tocsin_domain::configuration::Channel;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::Priority;
use tocsin_domain::incident::timeline::{Actor, Entry, PageOf, PauseEnd, Planned, ReleasedAlert, RuleApplied, Unreached, What};
use tocsin_domain::notification::why::{LevelOf, PageWhy, RuleWhy, Via};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/events/incident/v1.examples.json");
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/events/incident/v1.json");

fn whats() -> Vec<What> {
    let until = "2026-01-05T10:00:00Z".parse().unwrap();
    let alert = AlertId::new(ulid::Ulid::from_parts(1, 1));
    let other = IncidentId::new(ulid::Ulid::from_parts(1, 2));
    let rule = RuleRef { of: RulesOf::Service("shop".parse().unwrap()), rule: "checkout".parse().unwrap() };
    let page = PageOf { repeat: 0, level: 0, user: Some("ada".parse().unwrap()), contact: "ada-sms".parse().unwrap(), channel: Channel::Sms, request: None };
    vec![
        What::Triggered {
            title: "Checkout is down".into(),
            severity: Severity::Critical,
            urgency: Urgency::High,
            policy: "shop".parse().unwrap(),
            config_version: 3,
            paused_until: None,
        },
        What::AlertsAttached { alerts: vec![alert] },
        What::AlertsResolved { alerts: vec![alert], still_open: 0 },
        What::Raised { severity: Severity::Critical, urgency: Urgency::High },
        What::Acknowledged { until: Some(until) },
        What::Unacknowledged {},
        What::Snoozed { until },
        What::TriggeredAgain { snooze_ended: false },
        What::Resolved {},
        What::Reopened {},
        What::Noted { text: "rolled back".into() },
        What::Reassigned { to: vec![Target::User("grace".parse().unwrap())] },
        What::EscalatedNow { level: 1 },
        What::PrioritySet { priority: Some(Priority::P1) },
        What::UrgencySet { urgency: Urgency::Low, again: Some(1) },
        What::RespondersAsked { request: 1, to: vec![Target::User("linus".parse().unwrap())], message: "the database".into(), held_until: Some(until) },
        What::RespondersPaged {
            request: 1,
            pages: vec![Planned {
                user: "linus".parse().unwrap(),
                contact: "linus-sms".parse().unwrap(),
                due: until,
                reason: "named by the level".into(),
                why: None,
            }],
            already: vec!["grace".parse().unwrap()],
            unreached: Vec::new(),
            unverified: vec!["linus-sms".parse().unwrap()],
            last_resort_beside: true,
        },
        What::ResponderAnswered { request: 1, user: "linus".parse().unwrap(), accepted: true },
        What::TitleSet { title: "Checkout is slow".into() },
        What::FieldsSet {
            fields: [("customers_hit".to_owned(), Some(tocsin_domain::incident::details::Value::Number(12.into()))), ("region".to_owned(), None)].into(),
        },
        What::BridgeSet { bridge: Some("https://meet.example.com/shop".into()) },
        What::Merged { into: other, number: 41 },
        What::MergedIn { incident: other, number: 41 },
        What::AlertsMovedOut { to: other, number: 41, alerts: vec![alert] },
        What::AlertsMovedIn { from: other, number: 41, alerts: vec![alert] },
        What::RulesApplied { rules: vec![RuleApplied { rule: rule.clone(), did: "severity critical".into(), alerts: vec![alert] }] },
        What::Released {
            alerts: vec![ReleasedAlert {
                alert,
                was: Outcome::Suppressed {
                    by: Suppressor::Maintenance("move".parse().unwrap()),
                    reason: "moving house".into(),
                    at: "2026-01-05T09:00:00Z".parse().unwrap(),
                    again_at: Some(until),
                },
            }],
        },
        What::DependentsAttached { alerts: vec![alert], services: vec!["checkout".parse().unwrap()] },
        What::FloodBegan { integration: "shop-pagerduty".parse().unwrap(), flood_after: 100 },
        What::Paused { until },
        What::PauseEnded { why: PauseEnd::Transient },
        What::LevelFired {
            repeat: 0,
            level: 0,
            of: Some(LevelOf { policy: "shop".parse().unwrap(), config_version: 3, level: Some(0) }),
            pages: vec![Planned {
                user: "ada".parse().unwrap(),
                contact: "ada-sms".parse().unwrap(),
                due: until,
                reason: "named by the level; rule 1 for high urgency".into(),
                why: Some(Box::new(PageWhy {
                    target: Target::User("ada".parse().unwrap()),
                    via: Via::Named,
                    turn: None,
                    rule: RuleWhy { urgency: Urgency::High, number: Some(1), after_s: 0 },
                    quiet_until: None,
                })),
            }],
            unreached: vec![Unreached { target: Target::Schedule("primary".parse().unwrap()), reason: "nobody is on call in schedule primary".into() }],
            passed: None,
            unverified: Vec::new(),
            last_resort_beside: false,
        },
        What::LastResort { reason: "every level was paged and nobody answered".into() },
        What::Unanswered {},
        What::Paged { page: page.clone(), provider_id: "m-1".into(), bundled_with: 0 },
        What::PageFailed { page: page.clone(), reason: "opted out".into(), next: "ada-mail at once".into() },
        What::PageDeferred { page, until },
    ]
}

fn entry(seq: u32, what: What) -> Entry {
    Entry {
        v: 1,
        incident: IncidentId::new(ulid::Ulid::from_parts(1, 1)),
        number: 42,
        seq,
        at: "2026-01-05T09:00:00Z".parse().unwrap(),
        actor: Actor::System,
        team: "platform".parse().unwrap(),
        service: "shop".parse().unwrap(),
        generation: 1,
        what,
    }
}

fn examples() -> Value {
    let examples: serde_json::Map<String, Value> = (1..)
        .zip(whats())
        .map(|(seq, what)| {
            let entry = entry(seq, what);
            (detail_type(&entry.what), serde_json::to_value(Detail::of(&entry, "Web shop")).unwrap())
        })
        .collect();
    examples.into()
}

#[test]
fn the_examples_are_what_the_code_says_and_are_still_read() {
    let now = serde_json::to_string_pretty(&examples()).unwrap() + "\n";
    if std::env::var_os("TOCSIN_BLESS").is_some() {
        std::fs::write(EXAMPLES, &now).unwrap();
    }
    let kept = std::fs::read_to_string(EXAMPLES).unwrap();
    assert!(kept == now, "infra/events/incident/v1.examples.json is not what the code says");
    let kept: serde_json::Map<String, Value> = serde_json::from_str(&kept).unwrap();
    for (kind, detail) in kept {
        let read: Detail = serde_json::from_value(detail.clone()).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(serde_json::to_value(&read).unwrap(), detail, "{kind}");
    }
}

#[test]
fn the_schema_names_every_field_and_every_kind() {
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(SCHEMA).unwrap()).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let kinds: Vec<Value> = whats().iter().map(|w| json!(w.name())).collect();
    assert_eq!(schema["properties"]["what"]["properties"]["type"]["enum"], json!(kinds));
    let required: Vec<&str> = schema["required"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    let told = |until: Option<jiff::Timestamp>| {
        let mut what = whats().remove(0);
        if let What::Triggered { paused_until, .. } = &mut what {
            *paused_until = until;
        }
        Detail::of(&entry(1, what), "Web shop").stakeholder_text.unwrap()
    };
    assert!(told(None).contains("are being notified"));
    let paused = told("2026-01-05T09:05:00Z".parse().ok());
    assert!(
        paused.contains("It may pass by itself: the people on call are notified at 09:05 UTC if it does not") && !paused.contains("being notified"),
        "{paused}"
    );
    for (kind, detail) in examples().as_object().unwrap() {
        let fields: Vec<&String> = detail.as_object().unwrap().keys().collect();
        assert!(fields.iter().all(|f| properties.contains_key(*f)), "{kind}: {fields:?}");
        assert!(required.iter().all(|r| detail.get(r).is_some()), "{kind} lacks a required field");
    }
}

#[test]
fn stakeholders_read_nothing_internal() {
    for (kind, detail) in examples().as_object().unwrap() {
        let text = detail["stakeholder_text"].as_str();
        assert_eq!(
            text.is_some(),
            ["incident.triggered", "incident.acknowledged", "incident.resolved", "incident.reopened", "incident.merged"].contains(&kind.as_str()),
            "{kind}"
        );
        assert!(text.is_none_or(|t| !t.contains("Checkout is down") && t.contains("Web shop")), "{kind}: {text:?}");
    }
}
