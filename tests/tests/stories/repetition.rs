//! Everything may come twice, early or late: nothing changes.

use tocsin_contract::escalation::{VERSION, WakeUp};
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::incident::command::Command;
use tocsin_tests::samples::at;
use tocsin_tests::world::World;
use tocsin_tests::world::tell::{Answer, Length};

fn everything(world: &World) -> (String, usize) {
    let state = world.store.look(|s| format!("{:?} {:?} {:?} {:?} {:?} {:?}", s.incidents, s.alerts, s.guards, s.timeline, s.pages, s.lanes));
    (state, world.messenger.outbox().len())
}

fn wake(world: &World, generation: u32, attempt: u32) -> WakeUp {
    WakeUp { v: VERSION, incident: world.only().id, generation, attempt, wakeups: 0, started: Some(at(0)) }
}

#[test]
fn an_early_wake_up_changes_nothing() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.fast_forward(1.minutes());
    let before = everything(&world);
    for _ in 0..3 {
        world.wake(wake(&world, 1, 1));
        world.settle();
    }
    assert_eq!(everything(&world), before);
}

#[test]
fn two_wake_ups_at_once_page_once() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    world.run_until(at(299));
    world.clock.set(at(300));
    for _ in 0..4 {
        world.wake(wake(&world, 1, 1));
    }
    world.fast_forward(1.minutes());
    world.expect_page("bob", Sms);
    world.expect_quiet();
}

#[test]
fn an_old_generation_changes_nothing() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    let id = world.only().id;
    world.fast_forward(1.minutes());
    world.command("ada", id, Command::EscalateNow);
    world.clock.set(at(360));
    world.sweep = false;
    // The level of the new generation is due, but an execution of the old one does not act for it.
    let before = everything(&world);
    world.faults.down("Clocks");
    for execution in world.clocks.executions().keys() {
        world.clocks.lose(execution);
    }
    world.wake(wake(&world, 1, 1));
    world.wake(wake(&world, 2, 9));
    world.settle();
    assert_eq!(everything(&world), before);
}

#[test]
fn a_redelivered_batch_changes_nothing() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.trigger("storm", "rain");
    world.trigger("storm", "hail");
    world.fast_forward(1.minutes());
    let ids: Vec<_> = world.all().iter().map(|i| i.id).collect();
    world.acknowledge("ada", ids[0]);
    world.command("ada", ids[1], Command::Resolve);
    world.fast_forward(10.minutes());
    let before = everything(&world);
    let running = world.clocks.executions();
    for _ in 0..2 {
        world.redeliver(world.incidents.all_again());
        world.fast_forward(1.seconds());
    }
    assert_eq!(everything(&world), before);
    assert_eq!(world.clocks.executions(), running);
}

#[test]
fn a_repeated_alert_is_counted() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    for _ in 0..20 {
        let calls = world.faults.count();
        assert!(matches!(world.trigger("shop", "db down"), Answer::Accepted(tocsin_app::accept_event::Accepted::Repeated(_))));
        assert_eq!(world.faults.count(), calls + 1, "one call");
        world.fast_forward(1.seconds());
    }
    world.expect_quiet();
    assert_eq!(world.store.look(|s| s.guards.values().map(|g| g.count).collect::<Vec<_>>()), vec![21]);
}

#[test]
fn every_entry_reaches_the_bus_once_or_more_and_in_words() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    let id = world.only().id;
    world.bus.throttle(&format!("{id}/{}", world.only().last_seq + 1), 2);
    world.fast_forward(1.minutes());
    world.acknowledge("ada", id);
    world.fast_forward(1.minutes());
    let events = world.bus.events();
    let entries = world.timeline(id);
    for entry in &entries {
        let found: Vec<_> = events.iter().filter(|e| e.seq == entry.seq).collect();
        assert!(!found.is_empty(), "{entry:?}");
        assert!(found.iter().all(|e| e.what == entry.what && e.id == format!("{id}/{}", entry.seq)));
    }
    assert!(events.iter().any(|e| e.stakeholder_text.as_deref().is_some_and(|t| t.starts_with("shop may not work"))));
    world.republish(world.timelines.all_again());
    world.settle();
    assert!(world.bus.events().len() >= events.len() + entries.len());
}
