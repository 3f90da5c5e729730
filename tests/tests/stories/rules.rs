//! Event rules: routed, rewritten, kept from people, paused, counted.

use serde_json::{Value, json};
use tocsin_app::accept_event::Accepted;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::alert::outcome::Outcome;
use tocsin_domain::alert::{Severity, Urgency};
use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::validate::validate;
use tocsin_domain::id::AlertId;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::{PauseEnd, What};
use tocsin_tests::checker::{Lived, check};
use tocsin_tests::samples::event;
use tocsin_tests::world::configuration::configuration;
use tocsin_tests::world::tell::{Answer, Length};
use tocsin_tests::world::{Setup, World};

/// The usual configuration with changes at JSON pointers; `services/shop` stands for the place of that service.
pub(crate) fn with(changes: &[(&str, Value)]) -> Configuration {
    let mut document = serde_json::to_value(configuration()).unwrap();
    for (path, value) in changes {
        let mut at = &mut document;
        for step in path.split('/') {
            at = match at {
                Value::Array(list) => list.iter_mut().find(|o| o["id"] == step).unwrap(),
                other => &mut other[step],
            };
        }
        *at = value.clone();
    }
    let configuration: Configuration = serde_json::from_value(document).unwrap();
    assert_eq!(validate(&configuration), vec![], "the story's configuration is fine");
    configuration
}

pub(crate) fn world(changes: &[(&str, Value)]) -> World {
    World::new(Setup { configuration: with(changes), ..Setup::default() })
}

/// Nothing that the checker looks at is wrong.
pub(crate) fn sound(world: &World) {
    let found = check(world, Lived { healed_at: None, faults: 0 });
    assert!(found.is_empty(), "{found:#?}");
}

pub(crate) fn opened(answer: &Answer) -> AlertId {
    match answer {
        Answer::Accepted(Accepted::Opened(id)) => *id,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn outcome(world: &World, alert: AlertId) -> Option<Outcome> {
    world.store.look(|s| s.alerts[&alert].outcome.clone())
}

fn trigger(key: &str, change: impl FnOnce(&mut Event)) -> Event {
    let mut event = event(Action::Trigger, key, Severity::Error);
    change(&mut event);
    event
}

#[test]
fn a_rule_changes_severity_summary_and_priority_and_the_timeline_says_why() {
    let rules = json!([{ "id": "disk", "when": { "all": [{ "field": "summary", "contains": "disk" }, { "field": "details.used", "at_least": 90 }] },
        "then": { "severity": "critical", "priority": "P1", "summary": "{{details.host}}: disk {{details.used}} full" } }]);
    let changes = [("services/shop/rules", rules)];
    let mut world = world(&changes);
    world.send(
        "shop",
        trigger("db", |e| {
            e.severity = Severity::Warning;
            e.summary = "disk nearly full".to_owned();
            e.details = json!({ "used": "93%", "host": "db-1" });
        }),
    );
    let incident = world.only();
    assert_eq!((incident.title.as_str(), incident.severity, incident.urgency), ("db-1: disk 93% full", Severity::Critical, Urgency::High));
    assert_eq!(incident.priority.map(|p| format!("{p:?}")).as_deref(), Some("P1"));
    assert!(world.tells(incident.id, |w| matches!(w, What::RulesApplied { rules } if rules[0].rule.rule.as_str() == "disk")));
    world.expect_page("ada", Sms);
    sound(&world);
}

#[test]
fn what_is_low_by_rule_is_mailed_and_not_texted() {
    let changes = [("services/shop/rules", json!([{ "id": "low", "then": { "urgency": "low" } }]))];
    let mut world = world(&changes);
    world.trigger("shop", "db");
    world.expect_page("ada", Email);
    world.expect_quiet();
}

#[test]
fn a_router_sends_events_to_services_and_loses_none() {
    let rules = json!([
        { "id": "bank", "when": { "field": "component", "starts_with": "bank" }, "then": { "route": "bank" }, "continue": true },
        { "id": "void", "when": { "field": "class", "is": "void" }, "then": { "route": "void" } },
    ]);
    let router = json!({ "default": "shop", "rules": rules });
    let changes = [("teams/web/integrations", json!([{ "id": "router-pd", "kind": "pagerduty" }])), ("teams/web/router", router)];
    let mut world = world(&changes);
    world.send("router", trigger("a", |e| e.component = Some("bank-db".to_owned())));
    world.send("router", trigger("b", |_| {}));
    let mut services: Vec<String> = world.all().iter().map(|i| i.service.to_string()).collect();
    services.sort();
    assert_eq!(services, ["bank", "shop"]);
    // Resolves work whatever the service.
    world.resolve_by_sender("router", "a");
    world.resolve_by_sender("router", "b");
    assert!(world.all().iter().all(|i| !i.is_open()));
    sound(&world);
}

#[test]
fn what_is_suppressed_is_recorded_and_its_resolve_too() {
    let changes =
        [("services/shop/rules", json!([{ "id": "tests", "when": { "field": "dedup_key", "starts_with": "test" }, "then": { "suppress": "a test" } }]))];
    let mut world = world(&changes);
    let alert = opened(&world.trigger("shop", "test-1"));
    world.trigger("shop", "test-1");
    world.expect_quiet();
    assert_eq!(outcome(&world, alert).unwrap().to_string(), "suppressed by rule tests of service shop: a test");
    world.resolve_by_sender("shop", "test-1");
    world.fast_forward(10.minutes());
    assert_eq!((world.all().len(), world.store.look(|s| s.alerts[&alert].has_work())), (0, false));
    // The next trigger of the key is an alert of its own.
    let again = opened(&world.trigger("shop", "test-1"));
    assert_ne!(again, alert);
    assert!(matches!(outcome(&world, again), Some(Outcome::Suppressed { .. })));
    sound(&world);
}

#[test]
fn what_gets_worse_is_decided_again() {
    let changes =
        [("services/shop/rules", json!([{ "id": "mild", "when": { "field": "severity", "is": ["warning", "info"] }, "then": { "suppress": "mild" } }]))];
    let mut world = world(&changes);
    let alert = opened(&world.send("shop", trigger("db", |e| e.severity = Severity::Warning)));
    assert!(outcome(&world, alert).is_some());
    world.send("shop", trigger("db", |e| e.severity = Severity::Critical));
    assert_eq!((world.only().severity, outcome(&world, alert)), (Severity::Critical, None));
    world.expect_page("ada", Sms);
    sound(&world);
}

#[test]
fn what_is_dropped_is_recorded_as_dropped() {
    let changes = [("services/shop/rules", json!([{ "id": "nothing", "then": { "drop": "nobody needs it" } }]))];
    let mut world = world(&changes);
    let alert = opened(&world.trigger("shop", "db"));
    assert!(matches!(outcome(&world, alert), Some(Outcome::Dropped { .. })));
    assert!(world.all().is_empty());
    sound(&world);
}

fn pausing() -> [(&'static str, Value); 1] {
    [(
        "services/shop/rules",
        json!([
            { "id": "flaps", "when": { "field": "class", "is": "flapping" }, "then": { "pause_s": 120 } },
            { "id": "together", "then": { "group": "all" } },
        ]),
    )]
}

#[test]
fn a_transient_alert_pages_nobody() {
    let mut world = world(&pausing());
    world.send("shop", trigger("db", |e| e.class = Some("flapping".to_owned())));
    let incident = world.only();
    assert_eq!(incident.waits_until(), Some(incident.opened_at + 120.seconds()));
    let told = |w: &What| matches!(w, What::Triggered { paused_until, .. } if *paused_until == incident.waits_until());
    assert!(world.tells(incident.id, told), "whoever hears of it hears that nobody is paged yet");
    world.fast_forward(119.seconds());
    world.expect_quiet();
    world.resolve_by_sender("shop", "db");
    assert_eq!(world.only().status.as_str(), "resolved");
    assert!(world.tells(incident.id, |w| matches!(w, What::PauseEnded { why: PauseEnd::Transient })));
    world.fast_forward(10.minutes());
    world.expect_quiet();
    sound(&world);
}

#[test]
fn an_alert_that_stays_pages_when_its_pause_ends() {
    let mut world = world(&pausing());
    world.send("shop", trigger("db", |e| e.class = Some("flapping".to_owned())));
    world.fast_forward(119.seconds());
    world.expect_quiet();
    world.fast_forward(1.seconds());
    world.expect_page("ada", Sms);
    world.fast_forward(300.seconds());
    world.expect_page("bob", Sms);
    sound(&world);
}

#[test]
fn getting_worse_ends_the_pause() {
    let mut world = world(&pausing());
    world.send("shop", trigger("db", |e| e.class = Some("flapping".to_owned())));
    world.fast_forward(30.seconds());
    world.send("shop", trigger("db", |e| e.severity = Severity::Critical));
    world.expect_page("ada", Sms);
    assert!(world.tells(world.only().id, |w| matches!(w, What::PauseEnded { why: PauseEnd::Worse })));
    sound(&world);
}

#[test]
fn an_alert_that_waits_for_nothing_ends_the_pause_of_its_incident() {
    let changes = [("services/storm/rules", json!([{ "id": "flaps", "when": { "field": "class", "is": "flapping" }, "then": { "pause_s": 120 } }]))];
    let mut world = world(&changes);
    world.send("storm", trigger("db", |e| e.class = Some("flapping".to_owned())));
    world.fast_forward(30.seconds());
    world.trigger("storm", "web");
    assert_eq!(world.only().alerts_total, 2);
    world.expect_page("ada", Sms);
    sound(&world);
}

#[test]
fn a_person_who_acts_ends_the_pause() {
    let mut world = world(&pausing());
    world.send("shop", trigger("db", |e| e.class = Some("flapping".to_owned())));
    world.command("bob", world.only().id, Command::EscalateNow);
    world.fast_forward(1.seconds());
    world.expect_page("ada", Sms);
}

fn counting() -> [(&'static str, Value); 1] {
    [("services/shop/rules", json!([{ "id": "many", "then": { "threshold": { "events": 4, "within_s": 300 } } }]))]
}

#[test]
fn repetitions_reach_the_threshold() {
    let mut world = world(&counting());
    let alert = opened(&world.trigger("shop", "db"));
    for _ in 0..2 {
        world.fast_forward(10.seconds());
        world.trigger("shop", "db");
    }
    world.expect_quiet();
    assert_eq!(outcome(&world, alert).unwrap().reason(), "3 of 4 events in 300 s");
    world.trigger("shop", "db");
    assert_eq!((world.only().alerts_total, outcome(&world, alert)), (1, None));
    world.expect_page("ada", Sms);
    // It has an incident: its repetitions are counted by one write again.
    world.trigger("shop", "db");
    let calls = world.faults.count();
    world.trigger("shop", "db");
    assert_eq!(world.faults.count() - calls, 1, "a repetition is one call");
    sound(&world);
}

#[test]
fn distinct_alerts_reach_the_threshold_and_those_that_were_held_page_too() {
    let mut world = world(&counting());
    for key in ["a", "b"] {
        world.trigger("shop", key);
    }
    world.trigger("shop", "b");
    world.expect_quiet();
    world.trigger("shop", "c");
    world.fast_forward(1.seconds());
    assert_eq!(world.all().len(), 3, "all that were counted");
    assert!(!world.skip_messages().is_empty());
    // While the window lasts the next one pages at once.
    world.trigger("shop", "d");
    assert_eq!(world.all().len(), 4);
    sound(&world);
}

#[test]
fn a_window_that_was_not_filled_is_over() {
    let mut world = world(&counting());
    let alert = opened(&world.trigger("shop", "a"));
    world.trigger("shop", "a");
    world.trigger("shop", "a");
    world.fast_forward(8.minutes());
    // A new window: these are the first three events of it.
    for _ in 0..3 {
        world.trigger("shop", "a");
    }
    world.expect_quiet();
    world.trigger("shop", "a");
    world.expect_page("ada", Sms);
    assert_eq!(outcome(&world, alert), None);
    sound(&world);
}

#[test]
fn alerts_are_grouped_by_what_they_say() {
    let changes = [("services/shop/grouping", json!({ "by": "fields", "fields": ["component"], "window_s": 600 }))];
    for in_one_go in [false, true] {
        let mut world = world(&changes);
        world.consumer_fails = in_one_go;
        for n in 0..60 {
            world.send(
                "shop",
                trigger(&format!("key {n}"), |e| {
                    e.summary = "the same words".to_owned();
                    e.component = Some(["db", "web", "mail"][n % 3].to_owned());
                }),
            );
        }
        world.consumer_fails = false;
        world.fast_forward(2.minutes());
        let all = world.all();
        assert_eq!(all.iter().map(|i| (i.alerts_open, i.alerts_total)).collect::<Vec<_>>(), [(20, 20); 3]);
        if !in_one_go {
            sound(&world);
        }
    }
}

#[test]
fn a_group_of_a_rule_lasts_as_long_as_its_incident() {
    let changes = [("services/shop/rules", json!([{ "id": "host", "then": { "group": "{{source}}" } }]))];
    let mut world = world(&changes);
    world.trigger("shop", "a");
    world.fast_forward(5.hours());
    world.trigger("shop", "b");
    assert_eq!(world.only().alerts_total, 2);
    world.send("shop", trigger("c", |e| e.source = "another host".to_owned()));
    assert_eq!(world.all().len(), 2);
}
