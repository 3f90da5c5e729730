//! One life, told again and again: each time another single port call goes wrong in another way. Every port call is such a point.
//!
//! `TOCSIN_EVERY_CALL=1` goes through all calls and faults; by default each call meets one fault, another one from call to call.

use tocsin_app::fakes::faults::{EVERY_FAULT, Fault};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::Action;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;
use tocsin_tests::checker::{Lived, check};
use tocsin_tests::samples::{at, event, slug};
use tocsin_tests::world::configuration::integration;
use tocsin_tests::world::tell::Asked;
use tocsin_tests::world::{Setup, World};

/// What everybody does: senders and people try again when they hear nothing.
fn live(sweep: bool, fault: Option<(u64, Fault)>) -> World {
    let mut world = World::new(Setup { sweep, endless_retries: !sweep, ..Setup::default() });
    if let Some((number, fault)) = fault {
        world.faults.at(number, fault);
    }
    let report = |world: &mut World, second: i64, service: &str, action: Action, key: &str, severity: Severity| {
        world.ask_at(at(second), 3, Asked::Event(integration(service), Box::new(event(action, key, severity))));
    };
    report(&mut world, 0, "shop", Action::Trigger, "db down", Severity::Error);
    report(&mut world, 1, "storm", Action::Trigger, "rain", Severity::Warning);
    report(&mut world, 3, "storm", Action::Trigger, "hail", Severity::Critical);
    report(&mut world, 5, "shop", Action::Trigger, "db down", Severity::Error);
    report(&mut world, 7, "void", Action::Trigger, "abyss", Severity::Error);
    report(&mut world, 10, "bank", Action::Trigger, "vault", Severity::Error);
    report(&mut world, 400, "storm", Action::Resolve, "rain", Severity::Error);
    report(&mut world, 401, "storm", Action::Acknowledge, "hail", Severity::Error);
    world.run_until(at(60));
    let by = |name: &str| Actor::User(slug(name));
    for i in world.all() {
        let command = match i.service.as_str() {
            "shop" => (200, Command::EscalateNow),
            "bank" => (90, Command::Acknowledge),
            "void" => (300, Command::Resolve),
            _ => continue,
        };
        world.ask_at(at(command.0), 3, Asked::Command(i.id, command.1, by("ada")));
    }
    world.run_until(at(1500));
    for i in world.all().into_iter().filter(|i| i.is_open() && i.service.as_str() != "shop") {
        world.ask_at(at(1500), 3, Asked::Command(i.id, Command::Resolve, by("bob")));
    }
    world.run_until(at(2 * 3600));
    world
}

fn every_call(sweep: bool) {
    let calm = live(sweep, None);
    let found = check(&calm, Lived { healed_at: None, faults: 0 });
    assert!(found.is_empty(), "{found:#?}");
    let calls = calm.faults.count();
    let all = std::env::var_os("TOCSIN_EVERY_CALL").is_some();
    let mut wrong = Vec::new();
    for number in 1..=calls {
        for (_, fault) in (0..).zip(EVERY_FAULT).filter(|(n, _)| all || number % 6 == *n) {
            let world = live(sweep, Some((number, fault)));
            let name = world.faults.calls().iter().find(|c| c.number == number).map_or("", |c| c.name);
            // One fault, anywhere: nothing is late by more than what a fault may cost.
            let found = check(&world, Lived { healed_at: Some(at(0)), faults: 1 });
            wrong.extend(found.into_iter().map(|f| format!("call {number} {name} {fault:?}: {f}")));
        }
    }
    assert!(wrong.is_empty(), "{} of {calls} calls:\n{}", wrong.len(), wrong.iter().take(30).cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn with_the_sweep() {
    every_call(true);
}

#[test]
fn without_the_sweep() {
    every_call(false);
}
