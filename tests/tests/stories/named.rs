//! Responders whom a sender names (Opsgenie's): asked as soon as the incident pages anybody, and each once.

use crate::responders::answer;
use crate::rules::{sound, with, world};
use serde_json::{Value, json};
use tocsin_app::fakes::faults::EVERY_FAULT;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::responders::Answer as Said;
use tocsin_domain::incident::timeline::What;
use tocsin_tests::checker::{Lived, check};
use tocsin_tests::samples::{at, event, slug};
use tocsin_tests::world::configuration::integration;
use tocsin_tests::world::tell::{Answer, Asked, Length};
use tocsin_tests::world::{Setup, World};

/// An alert of Opsgenie's API whose create names responders.
fn named(key: &str, responders: Value) -> Event {
    let mut event = event(Action::Trigger, key, Severity::Error);
    event.client = Some("Opsgenie API".to_owned());
    event.details = json!({ "responders": responders });
    event
}

#[test]
fn whom_a_sender_names_is_paged_once_however_many_alerts_name_them() {
    let mut world = world(&[("services/shop/grouping", json!({ "by": "time", "window_s": 3600 }))]);
    let dora = json!([{ "type": "user", "username": "dora" }, { "type": "user", "name": "ada" }]);
    for key in ["db", "disk", "mail"] {
        world.send("shop", named(key, dora.clone()));
    }
    let incident = world.only();
    let paged: Vec<_> = world.skip_messages().iter().map(|m| m.to.to.clone()).collect();
    assert_eq!(incident.responders.len(), 2, "{paged:?}");
    assert_eq!(world.story(incident.id).iter().filter(|w| **w == "responders_asked").count(), 1);
    assert!(matches!(world.command("dora", incident.id, answer("dora", false)), Answer::Done(_)));
    world.skip_messages();
    world.send("shop", named("more", dora));
    assert_eq!(world.story(incident.id).iter().filter(|w| **w == "responders_asked").count(), 1, "who declined is not asked again by the next alert");
    sound(&world);
}

/// A rule lets alerts of the class `flapping` wait for two minutes.
fn pausing() -> [(&'static str, Value); 1] {
    let flaps = json!({ "id": "flaps", "when": { "field": "class", "is": "flapping" }, "then": { "pause_s": 120 } });
    [("services/storm/rules", json!([flaps]))]
}

/// An alert that waits, and names these people.
fn flapping(key: &str, who: &[&str]) -> Event {
    let responders: Vec<Value> = who.iter().map(|w| json!({ "type": "user", "username": w })).collect();
    Event { class: Some("flapping".to_owned()), ..named(key, json!(responders)) }
}

/// To whom pages left that nobody has looked at yet.
fn receivers(world: &mut World) -> Vec<String> {
    let mut to: Vec<String> = world.skip_messages().iter().map(|m| m.to.contact.to_string()).collect();
    to.sort();
    to
}

fn asked(world: &World) -> usize {
    let paged = |w: &What| matches!(w, What::RespondersPaged { pages, .. } if !pages.is_empty());
    world.timeline(world.only().id).iter().filter(|e| paged(&e.what)).count()
}

#[test]
fn whom_the_sender_of_a_paused_incident_names_is_asked_when_the_pause_ends() {
    let mut world = world(&pausing());
    world.send("storm", flapping("db", &["dora"]));
    let incident = world.only();
    assert_eq!((incident.waits_until(), incident.deadline()), (Some(at(120)), Some(at(120))));
    assert!(world.tells(incident.id, |w| matches!(w, What::RespondersAsked { held_until, .. } if *held_until == Some(at(120)))));
    world.fast_forward(119.seconds());
    world.expect_quiet();
    assert_eq!(asked(&world), 0);
    world.fast_forward(1.seconds());
    world.expect_page("ada", Sms);
    let sent = world.expect_page("dora", Sms);
    assert!(sent.message.text.contains("Accept or decline"), "{sent:?}");
    assert_eq!(world.press(&sent), Answer::Linked);
    assert_eq!(world.only().responders.iter().map(|r| (r.user.as_str(), r.answer)).collect::<Vec<_>>(), [("dora", Said::Accepted)]);
    world.fast_forward(2.hours());
    assert_eq!(asked(&world), 1);
    sound(&world);
}

#[test]
fn what_is_over_before_its_pause_ends_asks_nobody() {
    let mut world = world(&pausing());
    world.send("storm", flapping("db", &["dora"]));
    world.fast_forward(119.seconds());
    world.resolve_by_sender("storm", "db");
    world.fast_forward(2.hours());
    world.expect_quiet();
    assert!(asked(&world) == 0 && world.only().requests.is_empty());
    sound(&world);
}

#[test]
fn a_pause_that_ends_early_asks_at_once() {
    // Another alert that waits for nothing joins; a person says that it goes on.
    for early in ["joined", "escalated"] {
        let mut world = world(&pausing());
        world.send("storm", flapping("db", &["dora"]));
        world.fast_forward(30.seconds());
        if early == "joined" {
            world.trigger("storm", "web");
        } else {
            world.command("bob", world.only().id, Command::EscalateNow);
        }
        world.fast_forward(5.seconds());
        assert_eq!(receivers(&mut world), ["ada-sms", "dora-sms"], "{early}");
        world.fast_forward(10.minutes());
        assert_eq!(asked(&world), 1, "{early}");
        sound(&world);
    }
}

#[test]
fn an_acknowledgement_in_the_pause_leaves_them_to_its_end() {
    let mut world = world(&pausing());
    world.send("storm", flapping("db", &["dora"]));
    world.fast_forward(30.seconds());
    world.acknowledge("ada", world.only().id);
    // Named after that, by one more alert that waits as well: until the same instant.
    world.send("storm", flapping("disk", &["carol"]));
    world.run_until(at(119));
    world.expect_quiet();
    world.run_until(at(121));
    assert_eq!(receivers(&mut world), ["carol-sms", "dora-sms"]);
    assert_eq!(world.only().status.as_str(), "acknowledged");
    sound(&world);
}

#[test]
fn however_many_paused_alerts_name_responders_all_of_them_are_asked() {
    let mut world = world(&pausing());
    // More than a person may have requests that wait; each in a write of its own.
    for n in 0..15 {
        world.send("storm", flapping(&format!("db-{n}"), &[["dora", "carol", "bob"][n % 3]]));
    }
    assert_eq!(world.only().requests.iter().map(|r| r.to.len()).collect::<Vec<_>>(), [3], "what one sender wants of those who wait is one request");
    world.run_until(at(121));
    assert_eq!(receivers(&mut world), ["ada-sms", "bob-sms", "carol-sms", "dora-sms"]);
    assert_eq!(asked(&world), 1);
    sound(&world);
}

#[test]
fn whom_a_person_asks_in_a_pause_is_asked_at_once() {
    let mut world = world(&pausing());
    world.send("storm", flapping("db", &["dora"]));
    let carol = Command::AskResponders { to: vec![Target::User(slug("carol"))], message: String::new() };
    world.command("ada", world.only().id, carol);
    world.expect_page("carol", Sms);
    world.expect_quiet();
    world.run_until(at(121));
    assert_eq!(receivers(&mut world), ["ada-sms", "dora-sms"]);
    sound(&world);
}

#[test]
fn what_a_window_or_a_threshold_kept_from_people_asks_when_it_pages() {
    let window = json!([{ "id": "move", "reason": "moving", "services": ["shop"], "start": "2026-01-05T08:00Z", "end": "2026-01-05T09:30Z" }]);
    let many = json!([{ "id": "many", "then": { "threshold": { "events": 3, "within_s": 300 } } }]);
    let dora = json!([{ "type": "user", "username": "dora" }]);
    for (changes, repetitions) in [([("maintenance", window)], 0), ([("services/shop/rules", many)], 2)] {
        let mut world = world(&changes);
        world.send("shop", named("db", dora.clone()));
        world.fast_forward(1.minutes());
        world.expect_quiet();
        for _ in 0..repetitions {
            world.send("shop", named("db", dora.clone()));
        }
        world.fast_forward(32.minutes());
        let paged = receivers(&mut world);
        assert_eq!(paged.iter().filter(|to| *to == "dora-sms").count(), 1, "{paged:?}");
        assert!(paged.contains(&"ada-sms".to_owned()), "{paged:?}");
        assert_eq!(asked(&world), 1);
        sound(&world);
    }
}

/// A paused incident whose sender names Dora, and whatever goes wrong at one call. Two hours.
fn held(fault: Option<(u64, tocsin_app::fakes::faults::Fault)>, sweep: bool) -> World {
    let mut world = World::new(Setup { configuration: with(&pausing()), sweep, endless_retries: !sweep, ..Setup::default() });
    if let Some((number, fault)) = fault {
        world.faults.at(number, fault);
    }
    world.ask_at(at(0), 3, Asked::Event(integration("storm"), Box::new(flapping("db", &["dora"]))));
    world.ask_at(at(20), 3, Asked::Event(integration("storm"), Box::new(flapping("disk", &["dora", "carol"]))));
    world.run_until(at(300));
    world
}

#[test]
fn they_are_asked_once_whichever_call_goes_wrong() {
    for sweep in [true, false] {
        let calls = held(None, sweep).faults.count();
        for number in 1..=calls {
            let fault = EVERY_FAULT[usize::try_from(number).unwrap() % EVERY_FAULT.len()];
            let world = held(Some((number, fault)), sweep);
            let name = world.faults.calls().iter().find(|c| c.number == number).map_or("", |c| c.name);
            let told = world.timeline(world.only().id);
            let of = |who: &str| {
                let planned = |w: &What| matches!(w, What::RespondersPaged { pages, .. } if pages.iter().any(|p| p.user == slug(who) && p.due >= at(120)));
                told.iter().filter(|e| planned(&e.what)).count()
            };
            assert_eq!((of("dora"), of("carol")), (1, 1), "call {number} {name} {fault:?}");
            let found = check(&world, Lived { healed_at: Some(at(0)), faults: 1 });
            assert!(found.is_empty(), "call {number} {name} {fault:?}: {found:#?}");
        }
    }
}
