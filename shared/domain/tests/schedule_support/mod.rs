//! Shared by the schedule tests: random schedules around clock changes, and a naive oracle.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(unreachable_pub, reason = "a test support module has no outside")]

pub mod generate;
pub mod oracle;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// A proptest runner with a printed seed: `SCHEDULE_SEED` (a number, 1 by default) and `SCHEDULE_CASES` override the defaults.
pub fn runner(name: &str, default_cases: u32) -> TestRunner {
    let number = |key: &str| std::env::var(key).ok().and_then(|v| v.parse::<u64>().ok());
    let seed = number("SCHEDULE_SEED").unwrap_or(1);
    let cases = number("SCHEDULE_CASES").and_then(|n| u32::try_from(n).ok()).unwrap_or(default_cases);
    println!("{name}: {cases} cases, SCHEDULE_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    for (byte, letter) in bytes[8..].iter_mut().zip(name.bytes()) {
        *byte = letter;
    }
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}
