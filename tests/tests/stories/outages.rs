//! Parts of Tocsin fail for a while: the others make it good, and afterwards nothing is missing.

use tocsin_app::fakes::Fault;
use tocsin_domain::configuration::Channel::Sms;
use tocsin_tests::samples::at;
use tocsin_tests::world::World;
use tocsin_tests::world::tell::Length;

#[test]
fn while_the_reader_of_the_stream_fails_the_sweep_pages() {
    let mut world = World::default();
    world.consumer_fails = true;
    world.trigger("shop", "db down");
    world.run_until(at(240));
    let sent = world.expect_page("ada", Sms);
    assert!(sent.at <= at(150), "{sent:?}");
    let incident = world.only();
    world.fast_forward(30.minutes());
    let bob = world.expect_page("bob", Sms);
    assert!(bob.at.duration_since(sent.at) <= 5.minutes() + 90.seconds(), "{bob:?}");
    world.expect_last_resort();
    world.expect_quiet();
    // When it works again, what it has to say is old news.
    world.consumer_fails = false;
    let before = world.timeline(incident.id);
    world.fast_forward(10.minutes());
    assert_eq!(world.timeline(incident.id), before);
}

#[test]
fn what_ended_in_the_failure_queue_is_redriven_without_harm() {
    let mut world = World::default();
    world.sweep = false;
    world.consumer_fails = true;
    world.trigger("shop", "db down");
    world.trigger("storm", "rain");
    world.fast_forward(10.minutes());
    assert_eq!(world.incidents.failures.len(), 2, "{:?}", world.incidents.failures);
    world.consumer_fails = false;
    world.fast_forward(10.minutes());
    world.expect_quiet();
    world.redrive();
    world.fast_forward(3.seconds());
    assert_eq!(world.all().len(), 2);
    assert!(!world.skip_messages().is_empty());
    let before: Vec<_> = world.all().iter().map(|i| world.timeline(i.id)).collect();
    world.redrive();
    world.redrive();
    world.expect_quiet();
    assert_eq!(world.all().iter().map(|i| world.timeline(i.id)).collect::<Vec<_>>(), before);
}

#[test]
fn with_the_clocks_away_the_sweep_is_the_clock() {
    let mut world = World::default();
    world.faults.down("Clocks");
    world.trigger("shop", "db down");
    world.run_until(at(3600));
    for (sent, due) in [world.expect_page("ada", Sms), world.expect_page("bob", Sms), world.expect_last_resort()].iter().zip([0, 300, 600]) {
        assert!(sent.at >= at(due) && sent.at <= at(due + 300), "{sent:?}");
    }
    world.expect_quiet();
}

#[test]
fn an_accepted_event_survives_the_death_of_its_receiver() {
    let mut world = World::default();
    world.faults.next("AlertStore::open_alert", Fault::CrashAfter);
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    // The sender heard nothing and tries again: it is a repetition.
    world.trigger("shop", "db down");
    world.expect_quiet();
    assert_eq!(world.only().alerts_total, 1);
}

#[test]
fn the_table_is_away_for_five_minutes() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    world.run_until(at(280));
    for stores in ["AlertStore", "IncidentStore", "LaneStore", "ConfigurationStore", "DueStore"] {
        world.faults.down(stores);
    }
    world.run_until(at(580));
    world.expect_quiet();
    world.faults.heal();
    world.run_until(at(580 + 150));
    world.expect_page("bob", Sms);
    world.run_until(at(1200));
    world.expect_last_resort();
    world.expect_quiet();
}
