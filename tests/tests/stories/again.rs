//! Every kind of object is deleted, and made again, while an incident escalates: it goes on as if nobody had touched anything.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::fmt::Write;
use tocsin_app::fakes::Fault;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::Action;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::validate::validate;
use tocsin_tests::samples::{at, event};
use tocsin_tests::world::tell::Answer;
use tocsin_tests::world::{Setup, World, configuration};

/// A configuration with one of everything in it. `shop` is paged in three levels of five minutes: Ada, then whoever is on call (Bob), then the crew (Carol and Dora).
fn everything() -> Value {
    let mut document = serde_json::to_value(configuration::configuration()).unwrap();
    document["teams"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "crew", "name": "Crew", "members": [{ "user": "carol", "role": "admin" }, { "user": "dora" }],
        "integrations": [{ "id": "crew-pd", "kind": "pagerduty" }], "router": { "default": "lab", "rules": [] } }));
    document["schedules"].as_array_mut().unwrap().push(json!({ "id": "nights", "team": "web", "time_zone": "UTC",
        "layers": [{ "name": "all", "rotation": "weekly", "start": "2026-01-05T00:00", "members": ["carol"] }],
        "overrides": [{ "start": "2026-01-05T00:00Z", "end": "2026-01-06T00:00Z", "with": "bob" }] }));
    let shop = find(&mut document, "services", "shop");
    shop["policy"] = json!("three");
    shop["rules"] = json!([{ "id": "loud", "when": { "field": "component", "is": "disk" }, "then": { "severity": "critical" } }]);
    shop["routed_from"] = json!(["crew"]);
    shop["depends_on"] = json!(["bank"]);
    let levels = [json!({ "user": "ada" }), json!({ "schedule": "nights" }), json!({ "team": "crew" })];
    let levels: Vec<Value> = levels.iter().map(|t| json!({ "delay_s": 300, "targets": [t] })).collect();
    document["policies"].as_array_mut().unwrap().push(json!({ "id": "three", "team": "web", "levels": levels }));
    find(&mut document, "services", "lab")["routed_from"] = json!(["crew"]);
    document["heartbeats"] = json!([{ "id": "backup", "name": "Backup", "service": "lab", "interval_s": 86400, "grace_s": 60 }]);
    document["maintenance"] = json!([{ "id": "later", "reason": "moving", "services": ["shop"], "start": "2026-01-05T20:00Z", "end": "2026-01-05T21:00Z" }]);
    document["status_page"] = json!({ "name": "Status", "components": [{ "id": "front", "name": "Shop", "services": ["shop"] }] });
    document
}

fn find<'a>(document: &'a mut Value, kind: &str, id: &str) -> &'a mut Value {
    document[kind].as_array_mut().unwrap().iter_mut().find(|o| o["id"] == id).unwrap()
}

fn without(list: &mut Value, id: &str) {
    list.as_array_mut().unwrap().retain(|o| o["id"] != id);
}

fn read(document: Value) -> Configuration {
    let configuration: Configuration = serde_json::from_value(document).unwrap();
    assert_eq!(validate(&configuration), []);
    configuration
}

/// What is taken away, and what comes of the incident if it stays away. Nothing: exactly what would have come without.
struct Case {
    kind: &'static str,
    delete: fn(&mut Value),
    stays_away: Option<Expect>,
}

fn cases() -> Vec<Case> {
    let case = |kind, delete| Case { kind, delete, stays_away: None };
    let but = |kind, delete, expected| Case { kind, delete, stays_away: Some(expected) };
    vec![
        but(
            "user who was paged",
            |d| drop_user(d, "ada"),
            expect![[r#"
            user who was paged
            0 ada-sms
            300 bob-sms
            600 carol-sms
            600 dora-sms
            720 dora-mail
            900 last-resort
        "#]],
        ),
        but(
            "user who comes next",
            |d| drop_user(d, "bob"),
            expect![[r#"
            user who comes next
            0 ada-sms
            300 carol-sms
            600 carol-sms
            600 dora-sms
            720 dora-mail
            900 last-resort
        "#]],
        ),
        but(
            "contact method",
            |d| {
                without(&mut find(d, "users", "dora")["contact_methods"], "dora-sms");
                find(d, "users", "dora")["rules"]["high"].as_array_mut().unwrap().remove(0);
            },
            expect![[r#"
            contact method
            0 ada-sms
            300 bob-sms
            600 carol-sms
            720 dora-mail
            900 last-resort
        "#]],
        ),
        but(
            "notification rule",
            |d| drop(find(d, "users", "dora")["rules"]["high"].as_array_mut().unwrap().pop()),
            expect![[r#"
            notification rule
            0 ada-sms
            300 bob-sms
            600 carol-sms
            600 dora-sms
            900 last-resort
        "#]],
        ),
        but(
            "team",
            drop_crew,
            expect![[r#"
            team
            0 ada-sms
            300 bob-sms
            600 last-resort
        "#]],
        ),
        but(
            "member of a team",
            |d| drop(find(d, "teams", "crew")["members"].as_array_mut().unwrap().pop()),
            expect![[r#"
            member of a team
            0 ada-sms
            300 bob-sms
            600 carol-sms
            900 last-resort
        "#]],
        ),
        case("role in a team", |d| find(d, "teams", "crew")["members"][0]["role"] = json!("observer")),
        but(
            "schedule",
            |d| {
                without(&mut d["schedules"], "nights");
                find(d, "policies", "three")["levels"].as_array_mut().unwrap().remove(1);
            },
            expect![[r#"
            schedule
            0 ada-sms
            300 carol-sms
            300 dora-sms
            420 dora-mail
            600 last-resort
        "#]],
        ),
        but(
            "layer and override",
            |d| strip(find(d, "schedules", "nights"), &["layers", "overrides"]),
            expect![[r#"
            layer and override
            0 ada-sms
            300 carol-sms
            300 dora-sms
            420 dora-mail
            600 last-resort
        "#]],
        ),
        case("layer under an override", |d| strip(find(d, "schedules", "nights"), &["layers"])),
        but(
            "override",
            |d| strip(find(d, "schedules", "nights"), &["overrides"]),
            expect![[r#"
            override
            0 ada-sms
            300 carol-sms
            600 carol-sms
            600 dora-sms
            720 dora-mail
            900 last-resort
        "#]],
        ),
        case("policy", |d| {
            find(d, "services", "shop")["policy"] = json!("siren");
            without(&mut d["policies"], "three");
        }),
        case("level", |d| drop(find(d, "policies", "three")["levels"].as_array_mut().unwrap().remove(1))),
        case("target", |d| find(d, "policies", "three")["levels"][1]["targets"] = json!([{ "user": "dora" }])),
        case("delay", |d| find(d, "policies", "three")["levels"][0]["delay_s"] = json!(60)),
        case("service", |d| {
            without(&mut d["services"], "shop");
            strip(d, &["maintenance", "status_page"]);
        }),
        case("integration", |d| strip(find(d, "services", "shop"), &["integrations"])),
        case("router and its key", |d| strip(find(d, "teams", "crew"), &["router", "integrations"])),
        case("event rule", |d| strip(find(d, "services", "shop"), &["rules"])),
        case("grouping", |d| find(d, "services", "shop")["grouping"] = json!({ "by": "time", "window_s": 600 })),
        case("dependency", |d| strip(find(d, "services", "shop"), &["depends_on"])),
        case("maintenance window", |d| strip(d, &["maintenance"])),
        case("maintenance window that began", |d| d["maintenance"][0]["start"] = json!("2026-01-05T09:01Z")),
        case("heartbeat", |d| strip(d, &["heartbeats"])),
        case("component", |d| d["status_page"]["components"] = json!([])),
        case("status page", |d| strip(d, &["status_page"])),
    ]
}

fn strip(object: &mut Value, fields: &[&str]) {
    for field in fields {
        object.as_object_mut().unwrap().remove(*field);
    }
}

/// A person leaves: nothing that is in force names them any more.
fn drop_user(d: &mut Value, who: &str) {
    without(&mut d["users"], who);
    for team in d["teams"].as_array_mut().unwrap() {
        team["members"].as_array_mut().unwrap().retain(|m| m["user"] != who);
    }
    find(d, "schedules", "nights")["overrides"].as_array_mut().unwrap().retain(|o| o["with"] != who);
    find(d, "schedules", "rota")["layers"][0]["members"].as_array_mut().unwrap().retain(|m| m != who);
    for policy in d["policies"].as_array_mut().unwrap() {
        for level in policy["levels"].as_array_mut().unwrap() {
            for target in level["targets"].as_array_mut().unwrap().iter_mut().filter(|t| t["user"] == who) {
                *target = json!({ "user": "carol" });
            }
            let targets = level["targets"].as_array_mut().unwrap();
            targets.dedup();
        }
    }
}

fn drop_crew(d: &mut Value) {
    without(&mut d["teams"], "crew");
    strip(find(d, "services", "shop"), &["routed_from"]);
    strip(find(d, "services", "lab"), &["routed_from"]);
    find(d, "policies", "three")["levels"].as_array_mut().unwrap().pop();
}

/// Who got what, and when, in the two hours behind an alert of `shop`. The edits come in time.
fn told(edits: &[(i64, Value)]) -> String {
    let mut world = World::new(Setup { configuration: read(everything()), ..Setup::default() });
    world.trigger("shop", "down");
    for (second, document) in edits {
        world.run_until(at(*second));
        let answer = world.configure(read(document.clone()));
        assert!(matches!(answer, Answer::Applied(_)), "{answer:?}");
    }
    world.run_until(at(2 * 3600));
    assert_eq!(world.all().len(), 1, "its incident stays the only one");
    let mut text = String::new();
    for sent in world.messenger.outbox() {
        writeln!(text, "{} {}", sent.at.duration_since(at(0)).as_secs(), sent.to.contact).unwrap();
    }
    text
}

#[test]
fn whatever_is_made_again_before_it_is_needed_was_never_away() {
    let untouched = told(&[]);
    expect![[r#"
        0 ada-sms
        300 bob-sms
        600 carol-sms
        600 dora-sms
        720 dora-mail
        900 last-resort
    "#]]
    .assert_eq(&untouched);
    for Case { kind, delete, .. } in cases() {
        let mut edited = everything();
        delete(&mut edited);
        assert_ne!(edited, everything(), "{kind}");
        assert_eq!(told(&[(60, edited), (240, everything())]), untouched, "{kind}");
    }
}

#[test]
fn whatever_stays_away_misdirects_nothing() {
    let untouched = told(&[]);
    for Case { kind, delete, stays_away } in cases() {
        let mut edited = everything();
        delete(&mut edited);
        let came = told(&[(60, edited)]);
        match stays_away {
            Some(expected) => expected.assert_eq(&format!("{kind}\n{came}")),
            None => assert_eq!(came, untouched, "{kind}"),
        }
    }
}

#[test]
fn what_is_made_again_as_something_else_is_something_else() {
    // Their phone is another one, the schedule has other people, the policy other levels: how to reach people and who is on call is as it is now, the
    // policy as it was when the incident opened.
    let mut away = everything();
    drop_user(&mut away, "ada");
    find(&mut away, "policies", "three")["levels"] = json!([{ "delay_s": 60, "targets": [{ "user": "carol" }] }]);
    without(&mut away["schedules"], "nights");
    // The second level named it: the policy in force does not any more.
    let mut back = everything();
    find(&mut back, "policies", "three")["levels"] = json!([{ "delay_s": 60, "targets": [{ "user": "carol" }] }]);
    let nights = find(&mut back, "schedules", "nights");
    nights["layers"][0]["members"] = json!(["dora"]);
    strip(nights, &["overrides"]);
    find(&mut back, "users", "dora")["contact_methods"][0]["to"] = json!("+15555550177");
    let mut world = World::new(Setup { configuration: read(everything()), ..Setup::default() });
    world.trigger("shop", "down");
    world.run_until(at(60));
    world.configure(read(away));
    world.run_until(at(120));
    world.configure(read(back));
    world.run_until(at(301));
    let messages: Vec<_> = world.messenger.outbox().iter().map(|s| (s.at.duration_since(at(0)).as_secs(), s.to.contact.to_string(), s.to.to.clone())).collect();
    assert_eq!(messages[1..], [(300, "dora-sms".to_owned(), "+15555550177".to_owned())]);
}

#[test]
fn an_integration_that_comes_again_with_another_service_keeps_its_open_alert_where_it_is() {
    let mut world = World::new(Setup { configuration: read(everything()), ..Setup::default() });
    world.trigger("shop", "down");
    let mut away = everything();
    strip(find(&mut away, "services", "shop"), &["integrations"]);
    world.configure(read(away.clone()));
    find(&mut away, "services", "lab")["integrations"] = json!([{ "id": "lab-pd", "kind": "pagerduty" }, { "id": "shop-pd", "kind": "pagerduty" }]);
    let answer = world.configure(read(away));
    let Answer::Applied(applied) = answer else { panic!("{answer:?}") };
    assert_eq!(applied.created_keys.len(), 1, "its key died with it: {applied:?}");
    // A repetition belongs to the alert that is open; a new one goes where the integration belongs now.
    world.trigger("shop", "down");
    assert_eq!(world.only().service.as_str(), "shop");
    world.trigger("shop", "other");
    let services: Vec<String> = world.all().iter().map(|i| i.service.to_string()).collect();
    assert_eq!(services, ["shop", "lab"]);
    world.send("shop", event(Action::Resolve, "down", Severity::Error));
    assert_eq!(world.all()[0].status.as_str(), "resolved");
}

#[test]
fn the_key_of_a_deleted_integration_dies_although_whoever_deleted_it_died_first() {
    let mut world = World::new(Setup { configuration: read(everything()), keys: true, ..Setup::default() });
    let has_key = |world: &World| world.store.look(|s| s.keys.values().any(|k| k.integration.as_str() == "shop-pd"));
    let mut away = everything();
    strip(find(&mut away, "services", "shop"), &["integrations"]);
    // The version is in force, and its keys are still to be made good.
    world.faults.next("ConfigurationStore::keys_of", Fault::CrashBefore);
    assert_eq!(world.configure(read(away.clone())), Answer::Failed);
    assert!(has_key(&world));
    // Somebody else changes something else, or the same person asks again.
    find(&mut away, "services", "lab")["name"] = json!("Laboratory");
    world.configure(read(away));
    assert!(!has_key(&world), "its senders are refused");
}
