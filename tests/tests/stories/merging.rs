//! Two incidents that are one, and one that is two.

use tocsin_app::fakes::Fault;
use tocsin_domain::alert::event::Action;
use tocsin_domain::alert::{AlertState, Severity};
use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::command::Command;
use tocsin_tests::samples::{at, event};
use tocsin_tests::world::World;
use tocsin_tests::world::tell::{Answer, Length};

/// Two incidents that both page.
fn two() -> (World, IncidentId, IncidentId) {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    world.fast_forward(1.minutes());
    world.trigger("siren", "shop is slow");
    world.expect_page("dora", Sms);
    let all = numbered(&world);
    (world, all[0].id, all[1].id)
}

/// All incidents by their numbers.
fn numbered(world: &World) -> Vec<Incident> {
    let mut all = world.all();
    all.sort_by_key(|i| i.number);
    all
}

/// Alerts by their keys.
fn alerts_of(world: &World, id: IncidentId) -> Vec<AlertId> {
    let mut alerts: Vec<_> = world.store.look(|s| s.alerts.values().filter(|a| a.incident == Some(id)).cloned().collect());
    alerts.sort_by_key(|a| a.key.dedup_key.clone());
    alerts.into_iter().map(|a| a.id).collect()
}

#[test]
fn a_merged_incident_stops_paging_twice() {
    let (mut world, target, source) = two();
    assert!(matches!(world.merge("ada", target, &[source]), Answer::Done(_)));
    let (one, other) = (numbered(&world)[0].clone(), numbered(&world)[1].clone());
    assert_eq!((other.status.as_str(), other.merged_into.map(|m| m.into), other.closing, other.alerts_open), ("resolved", Some(target), false, 0));
    assert_eq!((one.status.as_str(), one.alerts_open, one.generation), ("triggered", 2, 1));
    assert_eq!(alerts_of(&world, target).len(), 2);
    assert!(matches!(world.merge("bob", target, &[source]), Answer::Done(_)), "twice is once");
    assert_eq!(world.story(target), ["triggered", "alerts_attached", "level_fired", "paged", "merged_in", "alerts_moved_in"]);
    assert_eq!(world.story(source), ["triggered", "alerts_attached", "level_fired", "paged", "merged", "alerts_moved_out"]);
    // Dora's mail of the source is gone; Bob is paged once, for the target.
    world.run_until(at(300));
    assert_eq!(world.expect_page("bob", Sms).at, at(300));
    world.acknowledge("bob", target);
    world.fast_forward(24.hours());
    world.expect_quiet();
}

#[test]
fn what_senders_say_of_alerts_that_moved_counts_for_the_incident_that_they_went_to() {
    let (mut world, target, source) = two();
    world.merge("ada", target, &[source]);
    world.acknowledge("ada", target);
    world.fast_forward(1.minutes());
    // A repetition is a repetition, a resolve resolves, and with the last one it is over.
    world.trigger("siren", "shop is slow");
    assert_eq!(world.all().len(), 2);
    world.resolve_by_sender("shop", "db down");
    assert_eq!(numbered(&world)[0].status.as_str(), "acknowledged");
    world.resolve_by_sender("siren", "shop is slow");
    assert_eq!(numbered(&world)[0].status.as_str(), "resolved");
    world.fast_forward(1.hours());
    world.expect_quiet();
    world.trigger("siren", "shop is slow");
    world.expect_page("dora", Sms);
    assert_eq!(world.all().len(), 3, "afterwards it is something new");
}

#[test]
fn a_worse_alert_that_moves_in_calls_who_was_only_mailed() {
    let mut world = World::default();
    world.send("shop", event(Action::Trigger, "disk", Severity::Warning));
    world.expect_page("ada", Email);
    world.trigger("siren", "flood");
    world.expect_page("dora", Sms);
    let all = numbered(&world);
    world.merge("ada", all[0].id, &[all[1].id]);
    world.expect_page("ada", Sms);
    assert_eq!(numbered(&world)[0].generation, 2);
}

#[test]
fn what_can_not_be_merged_is_refused() {
    let (mut world, one, other) = two();
    assert!(matches!(world.merge("ada", one, &[one]), Answer::Rejected(_)), "with itself");
    world.merge("ada", one, &[other]);
    assert!(matches!(world.merge("ada", other, &[one]), Answer::Rejected(_)), "in a circle");
    let Answer::Rejected(why) = world.command("ada", other, Command::Reopen) else { panic!("it is part of another one") };
    assert_eq!(why, "incident #2 was merged into #1: act there");
    assert!(matches!(world.acknowledge("ada", other), Answer::Rejected(_)));
    world.command("ada", one, Command::Resolve);
    world.skip_messages();
    world.trigger("shop", "new");
    let third = numbered(&world)[2].id;
    assert!(matches!(world.merge("ada", one, &[third]), Answer::Rejected(_)), "into what is resolved");
    assert!(matches!(world.merge("ada", third, &[one]), Answer::Rejected(_)), "of what is resolved");
}

#[test]
fn a_row_of_merges_ends_where_it_is_open() {
    let (mut world, one, other) = two();
    world.trigger("bank", "vault open");
    world.skip_messages();
    let third = numbered(&world)[2].id;
    // The first merge has not moved its alerts yet when its target is merged itself.
    world.consumer_fails = true;
    world.merge("ada", other, &[one]);
    world.merge("ada", third, &[other]);
    world.consumer_fails = false;
    world.fast_forward(2.minutes());
    assert_eq!(alerts_of(&world, third).len(), 3);
    assert_eq!(numbered(&world)[2].alerts_open, 3);
    assert!(world.all().iter().all(|i| !i.closing));
}

#[test]
fn alerts_that_go_on_are_not_lost_when_the_target_ends_meanwhile() {
    // Its own alert is resolved by its sender: with those that come it goes on.
    let (mut world, target, source) = two();
    world.consumer_fails = true;
    world.merge("ada", target, &[source]);
    world.resolve_by_sender("shop", "db down");
    world.consumer_fails = false;
    world.fast_forward(3.minutes());
    world.skip_messages();
    let one = numbered(&world)[0].clone();
    assert_eq!((one.is_open(), one.alerts_open), (true, 1), "{:#?}", world.timeline(target));
    // A person resolved the whole of it: what was still on its way ends with it.
    let (mut world, target, source) = two();
    world.fast_forward(1.minutes());
    world.consumer_fails = true;
    world.merge("ada", target, &[source]);
    world.command("ada", target, Command::Resolve);
    world.consumer_fails = false;
    world.fast_forward(3.minutes());
    assert!(world.store.look(|s| s.alerts.values().all(|a| a.state == AlertState::Resolved)));
    assert!(world.all().iter().all(|i| !i.is_open() && !i.closing && i.alerts_open == 0));
    world.expect_quiet();
}

#[test]
fn many_alerts_move_in_parts_and_whoever_dies_is_followed() {
    let mut world = World::default();
    for n in 0..100 {
        world.trigger("storm", &format!("alert {n}"));
    }
    world.trigger("shop", "db down");
    world.skip_messages();
    let (source, target) = (numbered(&world)[0].id, numbered(&world)[1].id);
    for _ in 0..3 {
        world.faults.next("IncidentStore::commit_both", Fault::CrashAfter);
    }
    for _ in 0..4 {
        // The one who merges dies behind the write, and asks again; those who move die too.
        world.merge("ada", target, &[source]);
        world.fast_forward(70.seconds());
    }
    assert_eq!(alerts_of(&world, target).len(), 101);
    let (one, other) = (numbered(&world)[0].clone(), numbered(&world)[1].clone());
    assert_eq!((one.alerts_open, one.closing, other.alerts_open, other.alerts_total), (0, false, 101, 101));
    // New alerts of the window go where it went.
    world.trigger("storm", "late");
    assert_eq!((world.all().len(), numbered(&world)[1].alerts_open), (2, 102));
}

#[test]
fn some_alerts_become_an_incident_of_their_own() {
    let mut world = World::default();
    for n in 0..3 {
        world.trigger("storm", &format!("alert {n}"));
    }
    world.expect_page("ada", Sms);
    let id = world.only().id;
    world.acknowledge("ada", id);
    world.fast_forward(1.minutes());
    let alerts = alerts_of(&world, id);
    let Answer::Done(new) = world.split("ada", id, &alerts[1..]) else { panic!("it is split") };
    assert_eq!(world.expect_page("ada", Sms).at, at(60));
    assert_eq!((new.split_from, new.service.as_str(), new.policy.clone(), new.config_version), (Some(id), "storm", numbered(&world)[0].policy.clone(), 1));
    let Answer::Done(again) = world.split("ada", id, &alerts[1..]) else { panic!("twice is once") };
    assert_eq!((again.id, world.all().len()), (new.id, 2));
    assert!(matches!(world.split("ada", id, &alerts[..1]), Answer::Rejected(_)), "one has to stay");
    assert!(matches!(world.split("ada", id, &alerts[..2]), Answer::Rejected(_)), "one of them is elsewhere");
    let (one, other) = (numbered(&world)[0].clone(), numbered(&world)[1].clone());
    assert_eq!((one.alerts_open, other.alerts_open, one.status.as_str(), other.status.as_str()), (1, 2, "acknowledged", "triggered"));
    // What stayed is resolved by a person; what was split off goes on.
    world.command("ada", id, Command::Resolve);
    assert_eq!((numbered(&world)[0].alerts_open, numbered(&world)[1].alerts_open), (0, 2));
    assert!(world.store.look(|s| s.alerts.values().filter(|a| a.incident == Some(new.id)).all(|a| a.state == AlertState::Open)));
    world.resolve_by_sender("storm", "alert 1");
    world.resolve_by_sender("storm", "alert 2");
    assert_eq!(numbered(&world)[1].status.as_str(), "resolved");
    world.fast_forward(1.hours());
    world.expect_quiet();
}

#[test]
fn what_was_split_off_comes_back() {
    let mut world = World::default();
    for n in 0..2 {
        world.trigger("storm", &format!("alert {n}"));
    }
    world.expect_page("ada", Sms);
    let id = world.only().id;
    let alerts = alerts_of(&world, id);
    world.split("ada", id, &alerts[1..]);
    let new = numbered(&world)[1].id;
    assert!(matches!(world.merge("ada", id, &[new]), Answer::Done(_)));
    assert_eq!((numbered(&world)[0].alerts_open, alerts_of(&world, id)), (2, alerts));
}
