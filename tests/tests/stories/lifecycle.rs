//! What people change their minds about: unacknowledge, reopen, urgency.

use serde_json::json;
use tocsin_domain::alert::event::Action;
use tocsin_domain::alert::{AlertState, Severity, Urgency};
use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::What;
use tocsin_tests::samples::{at, event};
use tocsin_tests::world::configuration::configuration;
use tocsin_tests::world::tell::{Answer, Length};
use tocsin_tests::world::{Setup, World};

fn paged(service: &str, who: &str) -> (World, tocsin_domain::id::IncidentId) {
    let mut world = World::default();
    world.trigger(service, "db down");
    world.expect_page(who, Sms);
    let id = world.only().id;
    (world, id)
}

#[test]
fn an_acknowledgement_that_is_taken_back_pages_again_from_the_first_level() {
    let (mut world, id) = paged("shop", "ada");
    world.fast_forward(1.minutes());
    world.acknowledge("ada", id);
    world.fast_forward(30.minutes());
    assert!(matches!(world.command("ada", id, Command::Unacknowledge), Answer::Done(_)));
    assert_eq!(world.expect_page("ada", Sms).at, at(31 * 60));
    assert!(matches!(world.command("ada", id, Command::Unacknowledge), Answer::Done(_)), "twice is once");
    world.expect_quiet();
    world.fast_forward(5.minutes());
    assert_eq!(world.expect_page("bob", Sms).at, at(36 * 60));
    assert_eq!((world.only().generation, world.only().status.as_str()), (2, "triggered"));
}

#[test]
fn a_reopened_incident_pages_again_and_its_alerts_stay_closed() {
    let (mut world, id) = paged("siren", "dora");
    world.fast_forward(1.minutes());
    world.command("dora", id, Command::Resolve);
    world.fast_forward(10.minutes());
    world.expect_quiet();
    assert!(matches!(world.command("dora", id, Command::Reopen), Answer::Done(_)));
    assert!(matches!(world.command("dora", id, Command::Reopen), Answer::Done(_)));
    assert_eq!(world.expect_page("dora", Sms).at, at(11 * 60));
    let reopened = world.only();
    assert_eq!((reopened.alerts_open, reopened.alerts_total), (0, 1));
    assert!(world.store.look(|s| s.alerts.values().all(|a| a.state == AlertState::Resolved)));
    // The next event of the same key is a new alert, of an incident of its own.
    world.trigger("siren", "db down");
    assert_eq!(world.all().len(), 2);
    world.acknowledge("dora", id);
    world.run_until(at(11 * 60 + 7199));
    assert_eq!(world.all()[0].status.as_str(), "acknowledged");
    world.run_until(at(11 * 60 + 7200));
    assert_eq!(world.all()[0].status.as_str(), "resolved", "its longest time began anew");
}

#[test]
fn an_incident_is_reopened_only_when_its_alerts_are_closed() {
    let (mut world, id) = paged("shop", "ada");
    world.consumer_fails = true;
    world.command("ada", id, Command::Resolve);
    assert!(matches!(world.command("ada", id, Command::Reopen), Answer::Rejected(_)), "its alert is still open");
    world.consumer_fails = false;
    world.fast_forward(2.minutes());
    assert!(matches!(world.command("ada", id, Command::Reopen), Answer::Done(_)));
    world.expect_page("ada", Sms);
}

#[test]
fn low_urgency_pages_nobody_anew_and_stands_until_it_gets_worse() {
    let (mut world, id) = paged("storm", "ada");
    world.command("ada", id, Command::SetUrgency(Urgency::Low));
    world.fast_forward(1.minutes());
    // As bad as what Ada knew: her choice stands, and Bob is mailed, not called.
    world.send("storm", event(Action::Trigger, "db still down", Severity::Error));
    world.run_until(at(300));
    assert_eq!(world.expect_page("bob", Email).at, at(300));
    world.expect_quiet();
    assert_eq!(world.only().generation, 1);
}

#[test]
fn a_lowered_urgency_takes_back_what_waits_and_goes_on_by_mail() {
    // Dora is called at once and mailed after two minutes; by her rules for low urgency she is mailed after a quarter of an hour.
    let mut document = serde_json::to_value(configuration()).unwrap();
    document["users"][3]["rules"]["low"] = json!([{"via": "dora-mail", "after_s": 900}]);
    let mut world = World::new(Setup { configuration: serde_json::from_value(document).unwrap(), ..Setup::default() });
    world.trigger("siren", "flood");
    let called = world.expect_page("dora", Sms);
    let id = world.only().id;
    world.fast_forward(1.minutes());
    world.command("ada", id, Command::SetUrgency(Urgency::Low));
    assert!(world.tells(id, |w| *w == What::UrgencySet { urgency: Urgency::Low, again: Some(0) }), "{:#?}", world.timeline(id));
    // Asked again it is the same wish; the mail of two minutes does not come.
    world.command("ada", id, Command::SetUrgency(Urgency::Low));
    world.run_until(at(300));
    world.expect_quiet();
    // The link of the call still answers, although the level fired again since.
    world.run_until(at(1000));
    assert_eq!(world.expect_page("dora", Email).at, at(960));
    assert_eq!(world.only().generation, 2);
    assert_eq!(world.press(&called), Answer::Linked);
    assert_eq!(world.only().status.as_str(), "acknowledged");
    world.fast_forward(1.hours());
    world.expect_quiet();
}

#[test]
fn high_urgency_starts_over_with_calls() {
    let mut world = World::default();
    world.send("shop", event(Action::Trigger, "disk", Severity::Warning));
    world.expect_page("ada", Email);
    world.fast_forward(1.minutes());
    let id = world.only().id;
    world.command("bob", id, Command::SetUrgency(Urgency::High));
    assert_eq!(world.expect_page("ada", Sms).at, at(60));
    world.command("bob", id, Command::SetUrgency(Urgency::High));
    world.expect_quiet();
    world.fast_forward(5.minutes());
    assert_eq!(world.expect_page("bob", Sms).at, at(360));
}

#[test]
fn a_worse_alert_than_a_person_knew_raises_the_urgency_that_they_chose() {
    let (mut world, id) = paged("storm", "ada");
    world.command("ada", id, Command::SetUrgency(Urgency::Low));
    world.fast_forward(1.minutes());
    world.send("storm", event(Action::Trigger, "db burns", Severity::Critical));
    assert_eq!(world.expect_page("ada", Sms).at, at(60));
    assert_eq!((world.only().urgency, world.only().generation), (Urgency::High, 2));
}
