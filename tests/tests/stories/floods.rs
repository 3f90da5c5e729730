//! Floods: more new alerts in a minute than people can be paged for one by one.

use tocsin_app::accept_event::Accepted;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::configuration::{Configuration, Grouping};
use tocsin_domain::id::ServiceId;
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::What;
use tocsin_tests::checker::{Lived, check};
use tocsin_tests::samples::{event, slug};
use tocsin_tests::world::configuration::{configuration, integration};
use tocsin_tests::world::tell::{Answer, Asked, Length};
use tocsin_tests::world::{Setup, World};

/// `shop` pages for ten new alerts in a minute one by one, and takes a thousand.
fn ten_a_minute(grouping: Grouping) -> Configuration {
    let mut c = configuration();
    let shop = c.services.iter_mut().find(|s| s.id.as_str() == "shop").unwrap();
    shop.grouping = grouping;
    (shop.integrations[0].flood_after, shop.integrations[0].refuse_after) = (Some(10), Some(100));
    c
}

fn world(grouping: Grouping) -> World {
    World::new(Setup { configuration: ten_a_minute(grouping), ..Setup::default() })
}

/// As in [`ten_a_minute`]: what applying that configuration writes beside the key.
fn send(world: &mut World, event: Event) -> Answer {
    let mut key = integration("shop");
    key.limits = ten_a_minute(Grouping::None).limits_of(&key.integration);
    world.ask(Asked::Event(key, Box::new(event)))
}

fn trigger(world: &mut World, dedup_key: &str) -> Answer {
    send(world, event(Action::Trigger, dedup_key, Severity::Error))
}

fn floods(world: &World) -> Vec<Incident> {
    world.all().into_iter().filter(|i| i.flood.is_some()).collect()
}

fn sound(world: &World) {
    let found = check(world, Lived { healed_at: Some(world.now()), faults: 0 });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_first_ten_page_and_the_rest_is_one_incident() {
    let mut world = world(Grouping::None);
    for n in 0..60 {
        assert!(matches!(trigger(&mut world, &format!("node {n}")), Answer::Accepted(Accepted::Opened(_))));
    }
    world.fast_forward(30.seconds());
    let flood = floods(&world).pop().unwrap();
    assert_eq!((world.all().len(), flood.alerts_total, flood.alerts_open), (11, 50, 50), "ten of their own, and the flood");
    assert!(flood.title.starts_with("Flood of alerts from shop-pd, first: "), "{}", flood.title);
    assert!(world.tells(flood.id, |w| matches!(w, What::FloodBegan { flood_after: 10, .. })));
    let paged = world.story(flood.id).iter().filter(|w| **w == "paged").count();
    assert_eq!(paged, 1, "the flood pages once");
    let audited = world.audit(1000);
    assert_eq!((audited.alerts, audited.opened, audited.joined, audited.flooded, audited.lost), (60, 11, 49, 50, 0));
    assert_eq!(audited.violations, []);
    for n in 0..60 {
        world.resolve_by_sender("shop", &format!("node {n}"));
    }
    assert!(world.all().iter().all(|i| i.status.as_str() == "resolved" && i.alerts_open == 0), "with its last alert the flood is over too");
    sound(&world);
}

#[test]
fn the_minute_behind_a_flood_belongs_to_it_and_the_one_behind_that_does_not() {
    let mut world = world(Grouping::None);
    for n in 0..15 {
        trigger(&mut world, &format!("first {n}"));
    }
    world.fast_forward(1.minutes());
    for n in 0..5 {
        trigger(&mut world, &format!("second {n}"));
    }
    assert_eq!((world.all().len(), floods(&world)[0].alerts_total), (11, 10), "it goes on from the first alert of the next minute");
    world.fast_forward(1.minutes());
    for n in 0..5 {
        trigger(&mut world, &format!("third {n}"));
    }
    assert_eq!((world.all().len(), floods(&world)[0].alerts_total), (16, 10), "the rate has fallen: each is an incident again");
    let flood = floods(&world)[0].flood.unwrap();
    assert!(flood.last_at.duration_since(flood.first_at) >= 60.seconds());
    sound(&world);
}

#[test]
fn the_next_flood_pages_although_the_last_one_is_open_still() {
    let mut world = world(Grouping::None);
    for n in 0..15 {
        trigger(&mut world, &format!("monday {n}"));
    }
    let first = floods(&world)[0].id;
    world.command("ada", first, Command::Acknowledge);
    world.fast_forward(1.hours());
    world.skip_messages();
    for n in 0..15 {
        trigger(&mut world, &format!("tuesday {n}"));
    }
    world.fast_forward(1.minutes());
    let all = floods(&world);
    assert_eq!(all.len(), 2, "an answered flood of long ago does not swallow the next one");
    let second = all.iter().find(|i| i.id != first).unwrap();
    assert!(world.story(second.id).contains(&"paged"));
}

#[test]
fn a_worse_alert_of_a_flood_pages_again() {
    let mut world = world(Grouping::None);
    for n in 0..20 {
        send(&mut world, event(Action::Trigger, &format!("node {n}"), Severity::Warning));
    }
    world.fast_forward(1.minutes());
    let flood = floods(&world)[0].clone();
    assert_eq!((flood.generation, flood.urgency.as_str()), (1, "low"));
    world.skip_messages();
    for n in 0..12 {
        send(&mut world, event(Action::Trigger, &format!("worse {n}"), Severity::Critical));
    }
    world.fast_forward(10.seconds());
    let flood = floods(&world)[0].clone();
    assert_eq!((floods(&world).len(), flood.generation, flood.urgency.as_str()), (1, 2, "high"));
    world.expect_page("ada", Sms);
}

#[test]
fn a_flood_takes_only_what_its_grouping_has_no_incident_for() {
    let mut by_time = world(Grouping::Time { window_s: 300 });
    let mut by_fields = world(Grouping::Fields { fields: vec!["component".to_owned()], window_s: None });
    for world in [&mut by_time, &mut by_fields] {
        for n in 0..60 {
            let mut event = event(Action::Trigger, &format!("node {n}"), Severity::Error);
            // The first five components have incidents when the flood begins; others come with it.
            event.component = Some(format!("component {}", if n < 30 { n % 5 } else { n % 20 }));
            send(world, event);
        }
        world.fast_forward(30.seconds());
        assert_eq!(world.audit(1000).violations, []);
        assert_eq!(world.all().iter().map(|i| i.alerts_total).sum::<u32>(), 60);
    }
    assert_eq!((by_time.all().len(), floods(&by_time).len()), (1, 0), "the window takes them all");
    assert_eq!((by_fields.all().len(), floods(&by_fields).len()), (6, 1), "five components, and one incident for the others");
    sound(&by_fields);
}

#[test]
fn beyond_the_limit_new_alerts_are_refused_and_nothing_else_is() {
    let mut world = world(Grouping::None);
    for n in 0..100 {
        assert!(matches!(trigger(&mut world, &format!("node {n}")), Answer::Accepted(_)), "{n}");
    }
    for n in 100..300 {
        assert!(matches!(trigger(&mut world, &format!("node {n}")), Answer::Failed), "{n}");
    }
    assert!(matches!(trigger(&mut world, "node 50"), Answer::Accepted(Accepted::Repeated(_))), "a repetition is not refused");
    let answer = send(&mut world, event(Action::Acknowledge, "node 51", Severity::Error));
    assert!(matches!(answer, Answer::Accepted(Accepted::AcknowledgementAsked(_))));
    assert!(matches!(send(&mut world, event(Action::Resolve, "node 52", Severity::Error)), Answer::Accepted(Accepted::Resolved(_))));
    // Another key does not notice.
    world.trigger("bank", "vault");
    assert!(world.all().iter().any(|i| i.service == slug::<ServiceId>("bank")));
    let minute = tocsin_domain::flood::minute(world.now());
    let counted = world.store.look(|s| s.rates[&(integration("shop").integration, minute)]);
    assert!((290..=300).contains(&counted.alerts), "{counted:?}: the refused are counted too, by the dozen");
    world.fast_forward(1.minutes());
    assert!(matches!(trigger(&mut world, "node 299"), Answer::Accepted(Accepted::Opened(_))), "in the next minute it is taken");
    sound(&world);
}

#[test]
fn a_resolved_flood_whose_senders_go_on_is_one_incident_again() {
    let mut world = world(Grouping::None);
    for n in 0..40 {
        trigger(&mut world, &format!("node {n}"));
    }
    let flood = floods(&world)[0].clone();
    world.command("ada", flood.id, Command::Resolve);
    for n in 0..40 {
        trigger(&mut world, &format!("node {n}"));
    }
    world.fast_forward(1.minutes());
    let open: Vec<Incident> = world.all().into_iter().filter(Incident::is_open).collect();
    assert_eq!(open.len(), 11, "the first ten, and what was a flood is one: {:?}", open.iter().map(|i| &i.title).collect::<Vec<_>>());
    assert_eq!(world.audit(1000).violations, []);
}
