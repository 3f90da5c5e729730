//! Messages: failures, bundles, the cap.

use tocsin_app::fakes::Fault;
use tocsin_app::fakes::messenger::{Provider, Which};
use tocsin_domain::configuration::Channel::{self, Email, Sms};
use tocsin_domain::incident::timeline::What;
use tocsin_tests::checker::{Lived, check};
use tocsin_tests::samples::{at, slug};
use tocsin_tests::world::tell::{Answer, Length};
use tocsin_tests::world::{Setup, World};

fn refuse(world: &World, contact: &str) {
    world.messenger.script(Which::Contact(slug(contact)), Provider::Refuses("opted out".to_owned()));
}

#[test]
fn a_refused_message_moves_on_to_the_next_way_at_once() {
    let mut world = World::default();
    refuse(&world, "ada-sms");
    world.trigger("shop", "db down");
    assert_eq!(world.expect_page("ada", Email).at, at(0));
    let id = world.only().id;
    assert!(world.tells(id, |w| matches!(w, What::PageFailed { reason, next, .. } if reason.contains("opted out") && next.contains("ada-mail"))));
    world.fast_forward(5.minutes());
    assert_eq!(world.expect_page("bob", Sms).at, at(300), "the level keeps its time");
}

#[test]
fn with_no_way_left_the_next_level_comes_at_once() {
    let mut world = World::default();
    refuse(&world, "ada-sms");
    refuse(&world, "ada-mail");
    world.trigger("shop", "db down");
    assert_eq!(world.expect_page("bob", Sms).at, at(0));
    world.fast_forward(5.minutes());
    world.expect_last_resort();
    world.expect_quiet();
}

#[test]
fn with_no_way_to_anybody_the_last_resort_comes_at_once() {
    let mut world = World::default();
    for channel in [Sms, Email] {
        world.messenger.script(Which::Channel(channel), Provider::Refuses("no credit".to_owned()));
    }
    world.trigger("shop", "db down");
    assert_eq!(world.expect_last_resort().at, at(0));
    world.fast_forward(24.hours());
    world.expect_quiet();
    assert!(world.tells(world.only().id, |w| matches!(w, What::Unanswered {})));
}

#[test]
fn a_provider_that_is_away_is_asked_again_while_another_way_is_used() {
    let mut world = World::default();
    world.messenger.script(Which::Channel(Sms), Provider::Unavailable("away".to_owned()));
    world.trigger("shop", "db down");
    assert_eq!(world.expect_page("ada", Email).at, at(0));
    world.fast_forward(2.seconds());
    world.messenger.heal();
    world.fast_forward(20.seconds());
    let again = world.expect_page("ada", Sms);
    assert!(again.at <= at(10), "{again:?}");
    world.fast_forward(3.minutes());
    world.expect_quiet();
}

#[test]
fn a_last_resort_that_fails_is_tried_until_it_works() {
    let mut world = World::default();
    world.messenger.script(Which::Channel(Channel::LastResort), Provider::Unavailable("away".to_owned()));
    world.trigger("void", "abyss");
    world.fast_forward(1.hours());
    world.expect_quiet();
    world.messenger.heal();
    world.fast_forward(2.minutes());
    world.expect_last_resort();
    world.fast_forward(1.hours());
    world.expect_quiet();
}

#[test]
fn a_slow_channel_delays_no_other() {
    let mut world = World::default();
    world.messenger.script(Which::Contact(slug("ada-sms")), Provider::Slow(9));
    world.trigger("lab", "smoke");
    assert_eq!(world.expect_page("bob", Sms).at, at(0));
    world.fast_forward(9.seconds());
    assert_eq!(world.expect_page("ada", Sms).at, at(9));
    world.fast_forward(1.minutes());
    world.expect_page("carol", Sms);
    world.expect_quiet();
}

#[test]
fn a_process_that_dies_between_sending_and_recording_sends_again_when_its_lease_ends() {
    let mut world = World::default();
    world.faults.next("Messenger::send", Fault::CrashAfter);
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    world.fast_forward(1.minutes());
    world.expect_page("ada", Sms);
    let id = world.only().id;
    world.fast_forward(4.minutes());
    world.expect_page("bob", Sms);
    world.expect_quiet();
    assert_eq!(world.story(id).iter().filter(|w| **w == "paged").count(), 2);
}

#[test]
fn several_incidents_due_at_one_time_are_one_message() {
    let mut world = World::default();
    world.consumer_fails = true;
    for n in 0..4 {
        world.trigger("shop", &format!("disk {n}"));
    }
    world.consumer_fails = false;
    world.fast_forward(30.seconds());
    let messages = world.skip_messages();
    let text: String = messages.iter().map(|m| m.message.text.clone()).collect();
    assert!(messages.len() <= 2, "{messages:?}");
    assert!(["#1", "#2", "#3", "#4"].iter().all(|n| text.contains(n)), "{text}");
    world.fast_forward(270.seconds());
    world.fast_forward(10.seconds());
    let bob = world.skip_messages();
    assert!(bob.iter().all(|m| m.to.contact.as_str() == "bob-sms") && bob.len() <= 2, "{bob:?}");
    let link = bob.last().unwrap().clone();
    if bob.len() == 1 {
        assert_eq!(world.press(&link), Answer::Linked);
        assert!(world.all().iter().all(|i| i.status.as_str() == "acknowledged"), "one link acknowledges all");
    }
}

#[test]
fn five_messages_in_fifteen_minutes_and_then_one_summary() {
    let mut world = World::default();
    for n in 0..12 {
        world.trigger("shop", &format!("disk {n}"));
        world.fast_forward(20.seconds());
    }
    world.run_until(at(299));
    let messages = world.skip_messages();
    assert_eq!(messages.len(), 6, "{messages:?}");
    assert!(messages[5].message.text.contains("No more messages until 09:15 UTC"), "{messages:?}");
    assert!(messages[..5].iter().all(|m| !m.message.text.contains("No more")));
    let held = world.all()[8].id;
    assert!(world.tells(held, |w| matches!(w, What::PageDeferred { .. })), "{:?}", world.story(held));
    // What was held back comes as one message when the window opens again.
    world.run_until(at(15 * 60 + 30));
    let ada: Vec<_> = world.skip_messages().into_iter().filter(|m| m.to.contact.as_str() == "ada-sms").collect();
    assert!(!ada.is_empty() && ada[0].at >= at(900), "{ada:?}");
    for n in 7..=12 {
        assert!(ada.iter().any(|m| m.message.text.contains(&format!("#{n}"))), "#{n} in {ada:?}");
    }
}

#[test]
fn full_lanes_hold_up_no_level() {
    let mut world = World::default();
    for n in 0..9 {
        world.trigger("bank", &format!("vault {n}"));
        world.fast_forward(10.seconds());
    }
    world.fast_forward(1.hours());
    let fired =
        |id| world.timeline(id).into_iter().filter(|e| matches!(e.what, What::LevelFired { .. } | What::LastResort { .. })).map(|e| e.at).collect::<Vec<_>>();
    for (n, incident) in (0..).zip(world.all()) {
        let start = 10 * n;
        assert_eq!(fired(incident.id), [0, 120, 240, 360, 480].map(|s| at(start + s)), "#{}", incident.number);
    }
    assert!(world.swept.iter().all(|s| s.incidents == 0), "the sweep takes no page that only rests for a failure: {:?}", world.swept);
    let found = check(&world, Lived { healed_at: None, faults: 0 });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_way_that_refuses_does_not_use_up_its_lane() {
    let mut world = World::default();
    refuse(&world, "ada-sms");
    for n in 0..9 {
        world.trigger("shop", &format!("disk {n}"));
        let incident = world.all().pop().unwrap();
        assert!(world.tells(incident.id, |w| matches!(w, What::PageFailed { page, .. } if page.contact.as_str() == "ada-sms")), "#{} moved on at once", n + 1);
        world.fast_forward(20.seconds());
    }
}

#[test]
fn a_last_resort_that_was_away_is_told_soon_after_it_is_back() {
    for away in [1, 2, 4, 8, 16, 32] {
        let mut world = World::default();
        world.messenger.script(Which::Channel(Channel::LastResort), Provider::Unavailable("away".to_owned()));
        world.trigger("void", "abyss");
        world.fast_forward(away.minutes());
        world.expect_quiet();
        world.messenger.heal();
        world.fast_forward(150.seconds());
        world.expect_last_resort();
        world.fast_forward(1.hours());
        world.expect_quiet();
    }
}

#[test]
fn a_policy_that_goes_on_until_somebody_answers_begins_once_a_minute_where_every_page_is_refused() {
    let mut configuration = tocsin_tests::world::configuration::configuration();
    for dora in configuration.users.iter_mut().filter(|u| u.id.as_str() == "dora") {
        dora.contact_methods.truncate(1);
        dora.rules.high.truncate(1);
    }
    let mut world = World::new(Setup { configuration, ..Setup::default() });
    refuse(&world, "dora-sms");
    world.trigger("siren", "down");
    let id = world.only().id;
    world.fast_forward(10.minutes());
    let rounds = world.timeline(id).iter().filter(|e| matches!(e.what, What::LevelFired { .. })).count();
    assert_eq!(rounds, 11, "at once, and each minute");
}
