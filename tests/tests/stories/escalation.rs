//! Nobody answers: levels, rounds, the last resort.

use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::incident::timeline::What;
use tocsin_tests::samples::at;
use tocsin_tests::world::World;
use tocsin_tests::world::tell::Length;

#[test]
fn unacknowledged_it_reaches_level_two_and_then_the_last_resort_each_once() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    let first = world.expect_page("ada", Sms);
    assert_eq!(first.at, at(0));
    for word in ["#1 ERROR shop", "db down is broken", "09:00 UTC", "https://tocsin.example/a/"] {
        assert!(first.message.text.contains(word), "{word:?} in {:?}", first.message.text);
    }
    world.fast_forward(299.seconds());
    world.expect_quiet();
    world.fast_forward(1.seconds());
    assert_eq!(world.expect_page("bob", Sms).at, at(300));
    world.fast_forward(5.minutes());
    assert_eq!(world.expect_last_resort().at, at(600));
    world.fast_forward(24.hours());
    world.expect_quiet();
    let incident = world.only();
    assert_eq!(incident.status.as_str(), "triggered");
    assert!(world.tells(incident.id, |w| matches!(w, What::Unanswered {})), "it stays visibly unanswered");
    assert!(world.swept.iter().all(|s| s.alerts + s.incidents == 0), "nothing needed the sweep");
}

#[test]
fn the_same_without_the_sweep() {
    let mut world = World::default();
    world.sweep = false;
    world.trigger("shop", "db down");
    world.fast_forward(1.hours());
    world.expect_page("ada", Sms);
    world.expect_page("bob", Sms);
    world.expect_last_resort();
    world.expect_quiet();
}

#[test]
fn rounds_repeat_and_whoever_is_on_call_then_is_paged() {
    let mut world = World::default();
    world.run_until(at(24 * 3600 - 60));
    world.trigger("bank", "vault open");
    assert!(world.expect_page("ada", Sms).message.text.contains("vault"));
    world.fast_forward(2.minutes());
    world.expect_page("bob", Sms);
    world.expect_page("carol", Sms);
    world.fast_forward(2.minutes());
    // 09:03 on Tuesday: the turn has changed.
    world.expect_page("bob", Sms);
    world.fast_forward(2.minutes());
    let mut names: Vec<String> = world.skip_messages().iter().map(|s| s.to.contact.to_string()).collect();
    names.sort();
    assert_eq!(names, ["bob-sms", "carol-sms"]);
    world.fast_forward(2.minutes());
    world.expect_last_resort();
    world.fast_forward(10.hours());
    world.expect_quiet();
}

#[test]
fn with_nobody_on_call_it_passes_at_once_to_the_last_resort() {
    let mut world = World::default();
    world.trigger("void", "abyss");
    assert_eq!(world.expect_last_resort().at, at(0));
    let id = world.only().id;
    assert!(world.tells(
        id,
        |w| matches!(w, What::LevelFired { unreached, pages, .. } if pages.is_empty() && unreached.iter().any(|u| u.reason.contains("nobody is on call")))
    ));
    assert!(world.tells(id, |w| matches!(w, What::LastResort { reason } if reason.contains("nobody") || reason.contains("anybody"))));
    world.fast_forward(5.hours());
    world.expect_quiet();
}

#[test]
fn an_alert_of_a_service_that_is_gone_goes_to_the_last_resort() {
    let mut world = World::default();
    world.trigger("forgotten", "old");
    world.expect_last_resort();
    assert_eq!(world.only().service.as_str(), "forgotten");
}

#[test]
fn a_level_that_nobody_can_be_reached_at_passes_at_once() {
    let mut world = World::default();
    world.trigger("lab", "smoke");
    let mut both: Vec<String> = world.skip_messages().iter().map(|s| s.to.contact.to_string()).collect();
    both.sort();
    assert_eq!(both, ["ada-sms", "bob-sms"]);
    world.fast_forward(60.seconds());
    assert_eq!(world.expect_page("carol", Sms).at, at(60), "the level of a person without contact methods took no time");
    world.fast_forward(60.seconds());
    assert_eq!(world.expect_last_resort().at, at(120));
}

#[test]
fn personal_rules_go_on_after_the_level_and_rounds_until_somebody_acknowledges() {
    let mut world = World::default();
    world.trigger("siren", "flood");
    for round in 0..5 {
        assert_eq!(world.expect_page("dora", Sms).at, at(300 * round));
        world.fast_forward(2.minutes());
        assert_eq!(world.expect_page("dora", Email).at, at(300 * round + 120));
        world.expect_quiet();
        world.fast_forward(3.minutes());
    }
    let id = world.only().id;
    world.expect_page("dora", Sms);
    world.acknowledge("dora", id);
    world.fast_forward(1.hours());
    world.expect_quiet();
    world.fast_forward(2.hours());
    assert_eq!(world.only().status.as_str(), "resolved", "resolved by itself after two hours");
    world.expect_quiet();
}

#[test]
fn a_clock_that_dies_is_replaced() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    let name = world.clocks.executions().keys().next().unwrap().clone();
    world.clocks.lose(&name);
    world.fast_forward(10.minutes());
    let late = world.expect_page("bob", Sms);
    assert!(late.at >= at(300) && late.at <= at(300 + 90), "by the sweep: {late:?}");
    world.fast_forward(10.minutes());
    world.expect_last_resort();
    world.expect_quiet();
}

#[test]
fn an_execution_that_ends_badly_is_replaced_at_once() {
    let mut world = World::default();
    world.sweep = false;
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    let name = world.clocks.executions().keys().next().unwrap().clone();
    world.lose_execution(&name);
    world.fast_forward(5.minutes());
    assert_eq!(world.expect_page("bob", Sms).at, at(300));
    world.expect_quiet();
}
