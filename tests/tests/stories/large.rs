//! Large levels and changed configurations.

use std::collections::BTreeMap;
use tocsin_app::ports::{ConfigurationStore, VersionRecord};
use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::configuration::{Channel, Configuration, ContactMethod, User};
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::incident::timeline::Actor;
use tocsin_tests::samples::{at, slug};
use tocsin_tests::world::configuration::configuration;
use tocsin_tests::world::tell::Length;
use tocsin_tests::world::{Setup, World};

/// The first level of `shop` is so many people, each with a phone and a mailbox, and without rules.
fn crowd(people: usize) -> Configuration {
    let mut c = configuration();
    let way = |n: usize, kind: Channel, name: &str| ContactMethod { id: slug(&format!("p{n}-{name}")), kind, to: format!("{name} of {n}") };
    c.users.extend((0..people).map(|n| User {
        id: slug(&format!("p{n}")),
        name: format!("Person {n}"),
        time_zone: "UTC".to_owned(),
        locale: None,
        quiet_hours: Vec::new(),
        handoff_notice: None,
        contact_methods: vec![way(n, Sms, "sms"), way(n, Email, "mail")],
        rules: tocsin_domain::configuration::Rules::default(),
    }));
    let policy = c.policies.iter_mut().find(|p| p.id.as_str() == "ladder").unwrap();
    policy.levels[0].targets = (0..people).map(|n| Target::User(slug(&format!("p{n}")))).collect();
    c
}

#[test]
fn a_level_of_fifty_people_pages_each_once_by_each_way() {
    for seed in [None, Some(1), Some(2)] {
        let mut world = World::new(Setup { configuration: crowd(50), seed, ..Setup::default() });
        world.trigger("shop", "db down");
        world.fast_forward(4.minutes());
        let mut messages: BTreeMap<String, usize> = BTreeMap::new();
        for sent in world.skip_messages() {
            assert!(sent.at <= at(5), "{sent:?}");
            *messages.entry(sent.to.contact.to_string()).or_default() += 1;
        }
        assert_eq!(messages.len(), 100);
        assert!(messages.values().all(|n| *n == 1), "{messages:?}");
        let incident = world.only();
        assert_eq!(world.story(incident.id).iter().filter(|w| **w == "paged").count(), 100);
        assert!(incident.pages.is_empty() && world.store.look(|s| s.pages.is_empty()));
    }
}

#[test]
fn an_acknowledgement_comes_through_while_fifty_people_are_paged() {
    for seed in 0..5 {
        let mut world = World::new(Setup { configuration: crowd(50), seed: Some(seed), ..Setup::default() });
        for way in [Sms, Email] {
            world.messenger.script(tocsin_app::fakes::messenger::Which::Channel(way), tocsin_app::fakes::messenger::Provider::Slow(3));
        }
        world.trigger("shop", "db down");
        world.fast_forward(3.seconds());
        let id = world.only().id;
        let answer = world.acknowledge("ada", id);
        assert!(matches!(answer, tocsin_tests::world::tell::Answer::Done(_)), "{answer:?}");
        world.fast_forward(1.minutes());
        world.skip_messages();
        world.fast_forward(1.hours());
        world.expect_quiet();
    }
}

#[test]
fn the_policy_is_pinned_and_people_are_current() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    let mut c = configuration();
    c.policies.iter_mut().find(|p| p.id.as_str() == "ladder").unwrap().levels[1].targets = vec![Target::User(slug("carol"))];
    // Bob changes his phone for another way.
    c.users.iter_mut().find(|u| u.id.as_str() == "bob").unwrap().contact_methods.retain(|m| m.kind == Email);
    let record = VersionRecord::new(2, world.now(), Actor::System);
    futures::executor::block_on(world.store.publish_configuration(&record, &c)).unwrap();
    world.fast_forward(5.minutes());
    assert_eq!(world.expect_page("bob", Email).at, at(300));
    world.trigger("shop", "new");
    world.expect_page("ada", Sms);
    world.fast_forward(5.minutes());
    let names: Vec<String> = world.skip_messages().iter().map(|s| s.to.contact.to_string()).collect();
    assert!(names.contains(&"carol-sms".to_owned()), "{names:?}");
}

#[test]
fn a_way_that_belongs_to_somebody_else_by_now_pages_nobody_wrong() {
    let mut world = World::default();
    world.trigger("siren", "flood");
    world.expect_page("dora", Sms);
    let mut c = configuration();
    let dora = c.users.iter().position(|u| u.id.as_str() == "dora").unwrap();
    let mail = c.users[dora].contact_methods.remove(1);
    c.users[0].contact_methods.push(mail);
    let record = VersionRecord::new(2, world.now(), Actor::System);
    futures::executor::block_on(world.store.publish_configuration(&record, &c)).unwrap();
    world.fast_forward(2.minutes());
    // The mailbox is Ada's now: Dora's page goes to Dora, by the way that is left.
    world.expect_page("dora", Sms);
    world.expect_quiet();
}
