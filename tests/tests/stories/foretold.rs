//! What `tocsin simulate` foretells is what happens: the same events and answers, once through every function on the fakes and once through the simulation.

use crate::rules::{with, world};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tocsin_domain::foresight::simulate::{Act, Imagined, Of, Sent, simulate};
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::{Entry, What};
use tocsin_tests::samples::slug;
use tocsin_tests::world::configuration::integration;
use tocsin_tests::world::tell::Length;

enum Step {
    Trigger(&'static str, &'static str),
    Ends(&'static str, &'static str),
    Acknowledges(&'static str),
    Resolves(&'static str),
}

/// What is told of each incident, and who is paged by what; pages of one instant leave in any order. What comes from outside at the very instant at which a level is
/// due may be told before or behind it: the steps keep clear of those.
fn told<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> BTreeMap<u64, (Vec<&'static str>, Vec<String>)> {
    let mut all: BTreeMap<u64, (Vec<&'static str>, Vec<String>)> = BTreeMap::new();
    for entry in entries {
        let (names, pages) = all.entry(entry.number).or_default();
        match &entry.what {
            What::Paged { page, .. } => pages.push(format!("{:?} {} {}", page.user, page.contact, page.level)),
            what => names.push(what.name()),
        }
    }
    all.values_mut().for_each(|(_, pages)| pages.sort());
    all
}

fn the_same(changes: &[(&str, Value)], steps: &[(i64, Step)], minutes: i64) {
    let mut world = world(changes);
    let (begins, mut passed, mut events) = (world.now(), 0, Vec::new());
    for (minute, step) in steps {
        world.fast_forward((minute - passed).minutes());
        passed = *minute;
        let at = begins + minute.minutes();
        let by = |service: &str| Some(integration(service).integration);
        let open = |world: &tocsin_tests::world::World| world.all().into_iter().filter(|i| i.is_open()).map(|i| i.id).collect::<Vec<_>>();
        let act = match step {
            Step::Trigger(service, key) => {
                world.trigger(service, key);
                let sent = Sent {
                    integration: by(service),
                    severity: tocsin_domain::alert::Severity::Error,
                    key: Some((*key).to_owned()),
                    ..Sent::about(slug(service))
                };
                Act::Trigger(Box::new(sent))
            }
            Step::Ends(service, key) => {
                world.resolve_by_sender(service, key);
                Act::End(Of { integration: by(service), service: None, key: Some((*key).to_owned()) })
            }
            Step::Acknowledges(who) => {
                open(&world).into_iter().for_each(|id| drop(world.acknowledge(who, id)));
                Act::Acknowledge { by: slug(who), incident: None }
            }
            Step::Resolves(who) => {
                open(&world).into_iter().for_each(|id| drop(world.command(who, id, Command::Resolve)));
                Act::Resolve { by: slug(who), incident: None }
            }
        };
        events.push(Imagined { at, act });
    }
    world.fast_forward((minutes - passed).minutes());
    let story = simulate(&with(changes), events, begins + minutes.minutes());
    let happened: Vec<Entry> = world.all().iter().flat_map(|i| world.timeline(i.id)).collect();
    assert!(!happened.is_empty());
    assert_eq!(told(&story.entries), told(&happened), "{:?}", story.notes);
}

#[test]
fn escalations_answers_and_lapses_are_as_foretold() {
    use Step::{Acknowledges, Ends, Resolves, Trigger};
    the_same(&[], &[(0, Trigger("shop", "a")), (12, Acknowledges("bob")), (14, Ends("shop", "a"))], 20);
    the_same(&[], &[(0, Trigger("bank", "a")), (3, Acknowledges("ada")), (30, Resolves("bob"))], 40);
    the_same(&[], &[(0, Trigger("void", "a")), (1, Trigger("lab", "b")), (20, Resolves("ada"))], 30);
    the_same(&[], &[(0, Trigger("siren", "a"))], 130);
    the_same(&[], &[(0, Trigger("storm", "a")), (2, Trigger("storm", "b")), (4, Ends("storm", "a")), (6, Trigger("storm", "c")), (7, Resolves("ada"))], 20);
}

#[test]
fn rules_windows_and_dependencies_are_as_foretold() {
    use Step::{Acknowledges, Ends, Resolves, Trigger};
    let pause = json!([{ "id": "transient", "then": { "pause_s": 120 } }]);
    the_same(&[("services/shop/rules", pause)], &[(0, Trigger("shop", "a")), (1, Ends("shop", "a")), (5, Trigger("shop", "b")), (9, Acknowledges("ada"))], 12);
    let often = json!([{ "id": "often", "then": { "threshold": { "events": 3, "within_s": 300 } } }]);
    let steps = [(0, Trigger("storm", "a")), (1, Trigger("storm", "b")), (2, Trigger("storm", "b")), (3, Acknowledges("ada"))];
    the_same(&[("services/storm/rules", often)], &steps, 12);
    let window = json!([{ "id": "move", "reason": "moving house", "services": ["shop"], "start": "2026-01-05T09:10Z", "end": "2026-01-05T09:30Z" }]);
    the_same(&[("maintenance", window)], &[(11, Trigger("shop", "a")), (13, Trigger("bank", "b")), (14, Resolves("ada")), (32, Acknowledges("ada"))], 40);
    let depends = [("services/shop/depends_on", json!(["bank"])), ("services/shop/attach_to_upstream", json!(true))];
    the_same(&depends, &[(0, Trigger("bank", "a")), (1, Trigger("shop", "b")), (3, Ends("bank", "a")), (5, Ends("shop", "b"))], 10);
}
