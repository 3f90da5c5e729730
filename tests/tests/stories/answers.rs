//! Somebody answers: acknowledge, resolve, snooze, reassign, escalate.

use tocsin_app::fakes::Fault;
use tocsin_app::fakes::messenger::{Provider, Which};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::Action;
use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::incident::command::Command;
use tocsin_tests::samples::{at, event, slug};
use tocsin_tests::world::World;
use tocsin_tests::world::tell::{Answer, Length};

fn paged() -> (World, tocsin_domain::id::IncidentId) {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    let id = world.only().id;
    (world, id)
}

#[test]
fn an_acknowledgement_between_levels_stops_it() {
    let (mut world, id) = paged();
    world.fast_forward(2.minutes());
    assert!(matches!(world.acknowledge("ada", id), Answer::Done(_)));
    world.fast_forward(24.hours());
    world.expect_quiet();
    assert_eq!(world.only().status.as_str(), "acknowledged");
}

#[test]
fn acknowledging_twice_is_a_harmless_success() {
    let (mut world, id) = paged();
    world.acknowledge("ada", id);
    let before = (world.only(), world.timeline(id));
    assert!(matches!(world.acknowledge("ada", id), Answer::Done(_)));
    assert!(matches!(world.acknowledge("bob", id), Answer::Done(_)));
    assert_eq!((world.only(), world.timeline(id)), before);
}

#[test]
fn resolving_a_resolved_incident_changes_nothing() {
    let (mut world, id) = paged();
    world.fast_forward(1.minutes());
    assert!(matches!(world.command("ada", id, Command::Resolve), Answer::Done(_)));
    let before = (world.only(), world.timeline(id));
    assert!(matches!(world.command("ada", id, Command::Resolve), Answer::Done(_)));
    assert!(matches!(world.acknowledge("ada", id), Answer::Rejected(_)), "it is over: there is nothing to acknowledge");
    assert_eq!((world.only(), world.timeline(id)), before);
    world.fast_forward(24.hours());
    world.expect_quiet();
}

#[test]
fn the_sender_resolves_and_a_later_trigger_is_a_new_incident() {
    let (mut world, _) = paged();
    world.resolve_by_sender("shop", "db down");
    assert_eq!(world.only().status.as_str(), "resolved");
    world.fast_forward(20.minutes());
    world.expect_quiet();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    assert_eq!(world.all().len(), 2);
}

#[test]
fn the_sender_acknowledges() {
    let (mut world, _) = paged();
    world.send("shop", event(Action::Acknowledge, "db down", Severity::Error));
    assert_eq!(world.only().status.as_str(), "acknowledged");
    world.fast_forward(5.hours());
    world.expect_quiet();
}

#[test]
fn after_a_person_resolved_the_next_trigger_is_a_new_incident() {
    let (mut world, id) = paged();
    world.fast_forward(1.minutes());
    world.command("ada", id, Command::Resolve);
    assert!(!world.only().closing, "its alerts are closed");
    world.fast_forward(1.minutes());
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    assert_eq!(world.all().len(), 2);
}

#[test]
fn a_report_while_the_incident_is_being_resolved_is_not_lost() {
    let (mut world, id) = paged();
    world.fast_forward(1.minutes());
    // The consumer is slow: the alert is still open when the sender reports it again.
    world.consumer_fails = true;
    world.command("ada", id, Command::Resolve);
    world.fast_forward(1.seconds());
    world.trigger("shop", "db down");
    world.consumer_fails = false;
    world.fast_forward(1.minutes());
    assert_eq!(world.all().len(), 2, "{:?}", world.all());
    world.expect_page("ada", Sms);
}

#[test]
fn a_link_acknowledges_and_only_its_own_generation() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    let sent = world.expect_page("ada", Sms);
    let id = world.only().id;
    assert_eq!(world.press(&sent), Answer::Linked);
    assert_eq!(world.only().status.as_str(), "acknowledged");
    world.command("bob", id, Command::EscalateNow);
    world.expect_page("bob", Sms);
    assert_eq!(world.press(&sent), Answer::Linked);
    assert_eq!(world.only().status.as_str(), "triggered", "the old link has no power over the new generation");
}

#[test]
fn an_acknowledgement_lapses() {
    let mut world = World::default();
    world.trigger("bank", "vault open");
    world.expect_page("ada", Sms);
    world.fast_forward(1.minutes());
    let id = world.only().id;
    world.acknowledge("ada", id);
    world.fast_forward(10.minutes() - 1.seconds());
    world.expect_quiet();
    world.fast_forward(1.seconds());
    assert_eq!(world.expect_page("ada", Sms).at, at(660));
    assert_eq!((world.only().status.as_str(), world.only().generation), ("triggered", 2));
    world.fast_forward(2.minutes());
    assert_eq!(world.skip_messages().len(), 2, "and goes on to level two");
}

#[test]
fn a_snooze_ends() {
    let (mut world, id) = paged();
    assert!(matches!(world.command("ada", id, Command::Snooze(at(3600))), Answer::Done(_)));
    assert!(matches!(world.command("ada", id, Command::Snooze(at(-1))), Answer::Rejected(_)));
    world.run_until(at(3599));
    world.expect_quiet();
    world.run_until(at(3600));
    assert_eq!(world.expect_page("ada", Sms).at, at(3600));
    assert_eq!(world.only().generation, 2);
    world.run_until(at(3900));
    world.expect_page("bob", Sms);
}

#[test]
fn a_snooze_that_is_made_longer_ends_later() {
    let (mut world, id) = paged();
    world.command("ada", id, Command::Snooze(at(3600)));
    world.command("ada", id, Command::Snooze(at(7200)));
    world.run_until(at(7199));
    world.expect_quiet();
    world.run_until(at(7200));
    world.expect_page("ada", Sms);
}

#[test]
fn reassigning_pages_somebody_else_at_once_and_then_goes_on_with_the_policy() {
    let (mut world, id) = paged();
    world.fast_forward(1.minutes());
    world.command("ada", id, Command::Reassign(vec![Target::User(slug("carol"))]));
    assert_eq!(world.expect_page("carol", Sms).at, at(60));
    world.fast_forward(5.minutes());
    assert_eq!(world.expect_page("ada", Sms).at, at(360));
    world.fast_forward(5.minutes());
    world.expect_page("bob", Sms);
    world.fast_forward(5.minutes());
    world.expect_last_resort();
    world.expect_quiet();
}

#[test]
fn escalating_now_pages_the_next_level_at_once_and_only_once() {
    let (mut world, id) = paged();
    world.fast_forward(1.minutes());
    world.command("ada", id, Command::EscalateNow);
    assert_eq!(world.expect_page("bob", Sms).at, at(60));
    world.fast_forward(4.minutes());
    world.expect_quiet();
    world.fast_forward(1.minutes());
    assert_eq!(world.expect_last_resort().at, at(360));
    world.expect_quiet();
}

#[test]
fn pages_that_wait_are_taken_back() {
    let mut world = World::default();
    world.trigger("siren", "flood");
    world.expect_page("dora", Sms);
    let id = world.only().id;
    world.fast_forward(119.seconds());
    world.acknowledge("dora", id);
    world.fast_forward(1.hours());
    world.expect_quiet();
    assert_eq!(world.store.look(|s| s.pages.len()), 0, "nothing stays in the lanes");
}

#[test]
fn low_urgency_is_mailed_and_becoming_worse_calls() {
    let mut world = World::default();
    world.send("shop", event(Action::Trigger, "disk", Severity::Warning));
    world.expect_page("ada", Email);
    world.fast_forward(1.minutes());
    world.send("shop", event(Action::Trigger, "disk", Severity::Critical));
    assert!(world.expect_page("ada", Sms).message.text.contains("CRITICAL"));
    world.expect_quiet();
}

#[test]
fn an_acknowledgement_while_the_message_is_on_its_way_pages_nobody_else() {
    let mut world = World::default();
    world.messenger.script(Which::Contact(slug("ada-sms")), Provider::Slow(8));
    world.trigger("shop", "db down");
    world.fast_forward(2.seconds());
    let id = world.only().id;
    world.acknowledge("bob", id);
    world.fast_forward(10.seconds());
    world.expect_page("ada", Sms);
    world.fast_forward(10.hours());
    world.expect_quiet();
    assert_eq!(world.only().status.as_str(), "acknowledged");
    assert!(world.story(id).contains(&"paged"), "what left is told all the same");
}

#[test]
fn a_message_of_the_past_does_not_count_for_the_level_of_now() {
    let mut world = World::default();
    world.messenger.script(Which::Contact(slug("ada-sms")), Provider::Slow(8));
    world.messenger.script(Which::Contact(slug("carol-sms")), Provider::Unavailable("away".to_owned()));
    world.trigger("shop", "db down");
    let id = world.only().id;
    world.fast_forward(2.seconds());
    world.command("bob", id, Command::Reassign(vec![Target::User(slug("carol"))]));
    world.fast_forward(1.minutes());
    assert_eq!(world.expect_page("ada", Sms).at, at(8), "it was on its way");
    // Carol can not be reached: the policy goes on at once, though Ada's message left while it was Carol's turn.
    let next = world.expect_page("ada", Sms);
    assert!(next.at < at(60), "{next:?}");
}

#[test]
fn an_acknowledgement_outlasts_a_row_of_other_writers() {
    let (mut world, id) = paged();
    for _ in 0..10 {
        world.faults.next("IncidentStore::commit", Fault::Conflict);
    }
    assert!(matches!(world.acknowledge("ada", id), Answer::Done(_)));
    assert_eq!(world.only().status.as_str(), "acknowledged");
}
