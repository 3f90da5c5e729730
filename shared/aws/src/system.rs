//! The clock, randomness, and numbers for CloudWatch.

use jiff::Timestamp;
use std::io::Write;
use tocsin_app::ports::{Clock, IdSource, Metrics};

/// The clock of the machine, in whole milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // Milliseconds are what logs, ids and providers show: instants that can be compared by eye.
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// Randomness of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

/// RFC 4648.
const BASE32: [u8; 32] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[expect(clippy::expect_used, reason = "an id or a secret that could be guessed is worse than a process that ends")]
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let bits = group.iter().fold(0u64, |bits, b| bits << 8 | u64::from(*b)) << (8 * (5 - group.len()));
        text.extend((0..8).rev().map(|n| char::from(BASE32[(bits >> (5 * n)) as usize % 32])));
    }
    text
}

impl IdSource for RandomIds {
    fn ulid(&self, now: Timestamp) -> ulid::Ulid {
        ulid::Ulid::from_parts(u64::try_from(now.as_millisecond()).unwrap_or(0), u128::from_be_bytes(random()))
    }

    fn secret(&self) -> String {
        base32(&random::<20>())
    }
}

/// Numbers in CloudWatch's embedded metric format, a line each on standard output: no call, no wait.
#[derive(Debug, Clone)]
pub struct EmfMetrics {
    stack: String,
}

impl EmfMetrics {
    /// Numbers of a stack, which is their one dimension.
    pub fn new(stack: impl Into<String>) -> Self {
        Self { stack: stack.into() }
    }

    fn line(&self, name: &'static str, value: f64, at: Timestamp) -> String {
        let definition = serde_json::json!([{"Namespace": "Tocsin", "Dimensions": [["Stack"]], "Metrics": [{"Name": name}]}]);
        serde_json::json!({"_aws": {"Timestamp": at.as_millisecond(), "CloudWatchMetrics": definition}, "Stack": self.stack, name: value}).to_string()
    }
}

impl Metrics for EmfMetrics {
    fn put(&self, name: &'static str, value: f64) {
        // A number that can not be told is missed by its alarm.
        let _ = writeln!(std::io::stdout(), "{}", self.line(name, value, SystemClock.now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_the_rfc() {
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        assert_eq!(base32(&[0xff; 20]), "7".repeat(32));
    }

    #[test]
    fn ids_and_secrets_are_fresh() {
        let now = SystemClock.now();
        assert_ne!(RandomIds.ulid(now), RandomIds.ulid(now));
        assert_eq!(RandomIds.ulid(now).timestamp_ms(), now.as_millisecond() as u64);
        let secret = RandomIds.secret();
        assert!(secret.len() == 32 && secret.bytes().all(|b| BASE32.contains(&b)) && secret != RandomIds.secret());
    }

    #[test]
    fn a_number_is_a_line_that_cloudwatch_understands() {
        let line = EmfMetrics::new("tocsin").line("SweepHeartbeat", 1.0, Timestamp::from_millisecond(1_700_000_000_000).unwrap());
        let expected = serde_json::json!({
            "_aws": {
                "Timestamp": 1_700_000_000_000_i64,
                "CloudWatchMetrics": [{"Namespace": "Tocsin", "Dimensions": [["Stack"]], "Metrics": [{"Name": "SweepHeartbeat"}]}]
            },
            "Stack": "tocsin",
            "SweepHeartbeat": 1.0
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), expected);
        assert!(!line.contains('\n'));
    }
}
