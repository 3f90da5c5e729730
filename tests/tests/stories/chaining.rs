//! An execution has 25,000 history events and a year: another takes over well before, and nobody notices.

use tocsin_contract::escalation::{VERSION, WakeUp};
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::incident::command::Command;
use tocsin_tests::samples::at;
use tocsin_tests::world::World;
use tocsin_tests::world::tell::Length;

fn tired(world: &World, wakeups: u32) -> WakeUp {
    WakeUp { v: VERSION, incident: world.only().id, generation: 1, attempt: 1, wakeups, started: Some(at(0)) }
}

#[test]
fn an_execution_that_woke_up_too_often_hands_over() {
    let mut world = World::default();
    // Only the next execution can page: nothing else is awake.
    world.sweep = false;
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    world.wake(tired(&world, 1500));
    world.settle();
    let incident = world.only();
    assert_eq!((incident.generation, incident.attempt), (1, 2));
    let executions = world.clocks.executions();
    let runs: Vec<&String> = executions.keys().filter(|name| world.clocks.runs(name)).collect();
    assert_eq!(runs, [&format!("{}-g1-a2", incident.id)], "the next attempt runs, and it alone");
    // Late wake-ups of the first one find themselves fenced off.
    world.wake(tired(&world, 1501));
    world.settle();
    assert_eq!(world.only().attempt, 2);
    world.run_until(at(310));
    world.expect_page("bob", Sms);
    world.expect_quiet();
}

#[test]
fn a_snooze_of_two_years_outlives_its_executions() {
    let mut world = World::default();
    world.sweep = false;
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    let id = world.only().id;
    let end = at(2 * 365 * 24 * 3600);
    world.command("ada", id, Command::Snooze(end));
    world.settle();
    world.run_until(at(2 * 365 * 24 * 3600 - 60));
    world.expect_quiet();
    let attempts = world.only().attempt;
    assert!((3..=8).contains(&attempts), "about one execution in 300 days, not {attempts}");
    world.fast_forward(2.minutes());
    world.expect_page("ada", Sms);
    assert_eq!(world.only().generation, 2);
}
