//! Storms: many alerts, few incidents, few messages.

use std::collections::BTreeMap;
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::incident::command::Command;
use tocsin_tests::checker::{Lived, check};
use tocsin_tests::world::World;
use tocsin_tests::world::tell::Length;

#[test]
fn a_storm_is_one_incident() {
    let mut world = World::default();
    for n in 0..100 {
        world.trigger("storm", &format!("node {n}"));
        world.fast_forward(1.seconds());
    }
    let incident = world.only();
    assert_eq!((incident.alerts_open, incident.alerts_total), (100, 100));
    world.expect_page("ada", Sms);
    world.expect_quiet();
    for n in 0..100 {
        world.resolve_by_sender("storm", &format!("node {n}"));
    }
    assert_eq!((world.only().status.as_str(), world.only().alerts_open), ("resolved", 0));
}

#[test]
fn the_next_window_is_the_next_incident() {
    let mut world = World::default();
    world.trigger("storm", "rain");
    world.fast_forward(299.seconds());
    world.trigger("storm", "hail");
    world.fast_forward(1.seconds());
    world.trigger("storm", "snow");
    let all = world.all();
    assert_eq!(all.iter().map(|i| i.alerts_total).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_resolved_incident_takes_no_more_alerts() {
    let mut world = World::default();
    world.trigger("storm", "rain");
    let id = world.only().id;
    world.command("ada", id, Command::Resolve);
    world.trigger("storm", "hail");
    assert_eq!(world.all().len(), 2);
}

#[test]
fn a_storm_that_arrives_as_one_batch_is_one_incident() {
    let mut world = World::default();
    world.consumer_fails = true;
    for n in 0..200 {
        world.trigger("storm", &format!("node {n}"));
    }
    world.consumer_fails = false;
    world.fast_forward(1.minutes());
    assert_eq!(world.only().alerts_total, 200);
    assert_eq!(world.skip_messages().len(), 1);
}

#[test]
fn two_hundred_alerts_in_a_minute_page_at_most_the_cap_and_one_summary() {
    for in_one_go in [false, true] {
        let mut world = World::default();
        world.consumer_fails = in_one_go;
        for n in 0..200 {
            world.trigger("shop", &format!("node {n}"));
            if n % 10 == 9 {
                world.fast_forward(3.seconds());
            }
        }
        world.consumer_fails = false;
        world.fast_forward(13.minutes());
        let alerts = world.store.look(|s| s.alerts.values().filter(|a| a.incident.is_some()).count());
        assert_eq!((alerts, world.all().len()), (200, 101), "each alert is on an incident: a hundred of their own, and the flood");
        let mut messages: BTreeMap<String, usize> = BTreeMap::new();
        for sent in world.skip_messages() {
            *messages.entry(sent.to.contact.to_string()).or_default() += 1;
        }
        assert!(messages["ada-sms"] <= 6 && messages["bob-sms"] <= 6, "{messages:?}");
        assert!(world.swept.iter().all(|s| s.failed.is_empty()), "{:?}", world.swept);
    }
}

#[test]
fn a_message_about_many_incidents_acknowledges_them_all_and_no_other() {
    let mut world = World::default();
    world.consumer_fails = true;
    for n in 0..120 {
        world.trigger("shop", &format!("node {n}"));
    }
    world.consumer_fails = false;
    world.fast_forward(1.minutes());
    let messages = world.skip_messages();
    for sent in &messages {
        world.press(sent);
    }
    assert!(world.all().iter().all(|i| i.status.as_str() == "acknowledged"), "{} messages", messages.len());
    let found = check(&world, Lived { healed_at: Some(world.now()), faults: 0 });
    assert!(found.is_empty(), "{found:#?}");
}

/// Two readers of the stream handle alerts of one group at the same instant, in every order that a hundred seeds give: one of them opens the incident, and all are in it.
#[test]
fn alerts_that_race_into_a_group_by_fields_open_one_incident() {
    for seed in 0..100 {
        let mut grouped = tocsin_tests::world::configuration::configuration();
        for service in grouped.services.iter_mut().filter(|s| s.id.as_str() == "shop") {
            service.grouping = tocsin_domain::configuration::Grouping::Fields { fields: vec!["component".to_owned()], window_s: None };
        }
        let mut world = World::new(tocsin_tests::world::Setup { seed: Some(seed), shards: 4, configuration: grouped, ..Default::default() });
        for n in 0..8 {
            let mut event =
                tocsin_tests::samples::event(tocsin_domain::alert::event::Action::Trigger, &format!("disk {n}"), tocsin_domain::alert::Severity::Error);
            event.component = Some(["db", "web"][n % 2].to_owned());
            let asked = tocsin_tests::world::tell::Asked::Event(tocsin_tests::world::configuration::integration("shop"), Box::new(event));
            world.ask_at(world.now(), 3, asked);
        }
        world.run_until(tocsin_tests::samples::at(1));
        let sizes: Vec<u32> = world.all().iter().map(|i| i.alerts_open).collect();
        assert_eq!(sizes, [4, 4], "seed {seed}");
    }
}
