//! Random lives. `TOCSIN_SIM_SEEDS=200` lives so many seeds in each mode, `TOCSIN_SIM_SEEDS=17..18` a range; a failure prints its seed.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests of a package that is tests")]

use std::ops::Range;
use tocsin_tests::simulation::{MODES, Mode, live, live_with};
use tocsin_tests::world::mutant::MUTANTS;

fn seeds(few: u64) -> Range<u64> {
    let Ok(text) = std::env::var("TOCSIN_SIM_SEEDS") else { return 0..few };
    match text.split_once("..") {
        Some((from, to)) => from.parse().unwrap()..to.parse().unwrap(),
        None => 0..text.parse().unwrap(),
    }
}

fn lives(mode: Mode, few: u64) {
    let (mut calls, mut messages, mut incidents, mut versions) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for seed in seeds(few) {
        let life = live(seed, mode);
        (calls, messages, incidents) = (calls + life.calls, messages + life.messages, incidents + life.incidents);
        versions += life.versions;
        if !life.wrong.is_empty() {
            wrong.push(format!("{mode:?} seed {seed} (TOCSIN_SIM_SEEDS={seed}..{}):\n  {}", seed + 1, life.wrong.join("\n  ")));
            if std::env::var_os("TOCSIN_SIM_TRACE").is_some() {
                println!("{}", life.trace.join("\n"));
            }
        }
    }
    println!("{mode:?}: seeds {:?}, {calls} port calls, {incidents} incidents, {versions} versions, {messages} messages", seeds(few));
    assert!(wrong.is_empty(), "{} seeds:\n{}", wrong.len(), wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn calm() {
    lives(Mode::Calm, 6);
}

#[test]
fn calm_without_sweep() {
    lives(Mode::CalmWithoutSweep, 6);
}

#[test]
fn faulty() {
    lives(Mode::Faulty, 6);
}

#[test]
fn faulty_without_sweep() {
    lives(Mode::FaultyWithoutSweep, 6);
}

#[test]
fn consumer_down() {
    lives(Mode::ConsumerDown, 6);
}

#[test]
fn providers_down() {
    lives(Mode::ProvidersDown, 7);
}

#[test]
fn same_seed_same_trace() {
    for mode in MODES {
        assert!(live(7, mode) == live(7, mode), "{mode:?}");
    }
}

/// A checker that finds nothing proves nothing: each of these mistakes about versions is found.
#[test]
fn mistakes_are_found() {
    for mutant in MUTANTS {
        let found = (0..12).find_map(|seed| Some((seed, live_with(seed, Mode::Calm, Some(mutant)).wrong.into_iter().next()?)));
        println!("{mutant:?}: {found:?}");
        assert!(found.is_some(), "{mutant:?} is not found");
    }
}
