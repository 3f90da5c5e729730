//! Timestamps in every form that senders write.
//!
//! Called by: the formats. A time without a zone is UTC. Returns nothing, instead of a guess, for a text that is no time.
//!
//! ```text
//! 2026-01-02T03:04:05.678Z  +0000  +01:00  -05        2026-01-02 03:04:05,678 UTC      2026-01-02 03:04:05.9 +0000 UTC (Go)
//! 2026-01-02T03:04:05       2026-01-02T03:04          2026-01-02                       20260102T030405Z
//! Fri, 02 Jan 2026 03:04:05 GMT                       1767323045, "1767323045.5"       milli-, micro- and nanoseconds since 1970
//! ```

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Longer texts are no times.
const MAX_LENGTH: usize = 64;

/// Reads a time; nothing where the value is none.
pub(super) fn read(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => read_text(text),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => epoch(whole, 0.0),
            None => number.as_f64().and_then(epoch_float),
        },
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Go's zero time ("0001-01-01T00:00:00Z") stands for "not set" in Alertmanager and Grafana.
pub(super) fn is_unset(time: Timestamp) -> bool {
    time <= Timestamp::constant(-62_135_510_400, 0) // 0001-01-02T00:00:00Z
}

fn read_text(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_LENGTH || !text.is_ascii() {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-') && text.bytes().filter(|b| *b == b'-').count() <= 1 {
        let whole = text.parse::<i64>().ok().filter(|_| text.len() != 8).and_then(|whole| epoch(whole, 0.0));
        if let Some(time) = whole.or_else(|| text.contains('.').then(|| text.parse::<f64>().ok().and_then(epoch_float))?) {
            return Some(time);
        }
    }
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    }
    let plain = tidy(text);
    plain
        .parse()
        .ok()
        .or_else(|| plain.parse::<DateTime>().ok().and_then(in_utc))
        .or_else(|| plain.parse::<Date>().ok().and_then(|date| in_utc(date.at(0, 0, 0, 0))))
        .or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
}

fn in_utc(time: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(time).ok()
}

/// One spelling for the variants of RFC 3339: no blanks but between date and time, a point before the fraction, nine digits of it, `Z` for `UTC`.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = text.split(" m=").next().unwrap_or(text);
    let (text, utc) = match text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT")) {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let mut fraction = None;
    for (index, c) in text.chars().enumerate() {
        match c {
            ' ' if index == 10 => out.push('T'),
            ' ' => {}
            ',' | '.' => {
                fraction = Some(0);
                out.push('.');
            }
            '0'..='9' if fraction.is_some_and(|n| n >= 9) => {}
            '0'..='9' => {
                fraction = fraction.map(|n| n + 1);
                out.push(c);
            }
            _ => {
                fraction = None;
                out.push(c);
            }
        }
    }
    let has_offset = out.get(11..).is_some_and(|time| time.contains(['+', '-', 'Z', 'z']));
    if utc && !has_offset {
        out.push('Z');
    }
    out
}

fn epoch_float(value: f64) -> Option<Timestamp> {
    if !value.is_finite() || value.abs() >= 1e18 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked to be far below i64::MAX")]
    epoch(value.trunc() as i64, value.fract())
}

/// Seconds, milli-, micro- or nanoseconds: told apart by size (in seconds, 10^11 is the year 5138).
fn epoch(whole: i64, fraction: f64) -> Option<Timestamp> {
    match whole.unsigned_abs() {
        0..100_000_000_000 => Timestamp::from_second(whole).ok()?.checked_add(SignedDuration::try_from_secs_f64(fraction).ok()?).ok(),
        100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(whole).ok(),
        100_000_000_000_000..100_000_000_000_000_000 => Timestamp::from_microsecond(whole).ok(),
        _ => Timestamp::from_nanosecond(i128::from(whole)).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_plausible_form() {
        let cases = [
            (json!("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05Z"),
            (json!("2026-01-02t03:04:05z"), "2026-01-02T03:04:05Z"),
            (json!("2026-01-02T03:04:05.678+0000"), "2026-01-02T03:04:05.678Z"),
            (json!("2026-01-02T03:04:05+01:00"), "2026-01-02T02:04:05Z"),
            (json!("2026-01-02T03:04:05-05"), "2026-01-02T08:04:05Z"),
            (json!("2026-01-02T03:04:05+05:30[Asia/Kolkata]"), "2026-01-01T21:34:05Z"),
            (json!("2026-01-02T03:04:05.123456789Z"), "2026-01-02T03:04:05.123456789Z"),
            (json!("2026-01-02T03:04:05.1234567891234Z"), "2026-01-02T03:04:05.123456789Z"),
            (json!("2026-01-02T03:04:05"), "2026-01-02T03:04:05Z"),
            (json!("2026-01-02T03:04"), "2026-01-02T03:04:00Z"),
            (json!("2026-01-02 03:04:05"), "2026-01-02T03:04:05Z"),
            (json!("2026-01-02 03:04:05,678"), "2026-01-02T03:04:05.678Z"),
            (json!("2026-01-02 03:04:05 UTC"), "2026-01-02T03:04:05Z"),
            (json!("2026-01-02 03:04:05.678 GMT"), "2026-01-02T03:04:05.678Z"),
            (json!("2026-01-02 03:04:05 +0100"), "2026-01-02T02:04:05Z"),
            (json!("2026-01-02 03:04:05.999999999 +0000 UTC"), "2026-01-02T03:04:05.999999999Z"),
            (json!("2026-01-02 03:04:05.9 +0000 UTC m=+0.000012"), "2026-01-02T03:04:05.9Z"),
            (json!("2023-08-04T12: 36: 15.490+0000"), "2023-08-04T12:36:15.49Z"),
            (json!(" 2026-01-02T03:04:05Z\n"), "2026-01-02T03:04:05Z"),
            (json!("20260102T030405Z"), "2026-01-02T03:04:05Z"),
            (json!("2026-01-02"), "2026-01-02T00:00:00Z"),
            (json!("20260102"), "2026-01-02T00:00:00Z"),
            (json!("Fri, 02 Jan 2026 03:04:05 GMT"), "2026-01-02T03:04:05Z"),
            (json!("Fri, 2 Jan 2026 03:04:05 +0100"), "2026-01-02T02:04:05Z"),
            (json!("2 Jan 2026 03:04:05 +0000"), "2026-01-02T03:04:05Z"),
            (json!(1767323045), "2026-01-02T03:04:05Z"),
            (json!("1767323045"), "2026-01-02T03:04:05Z"),
            (json!(1767323045.5), "2026-01-02T03:04:05.5Z"),
            (json!("1767323045.25"), "2026-01-02T03:04:05.25Z"),
            (json!(1767323045678_i64), "2026-01-02T03:04:05.678Z"),
            (json!(1767323045678901_i64), "2026-01-02T03:04:05.678901Z"),
            (json!(1767323045678901234_i64), "2026-01-02T03:04:05.678901234Z"),
            (json!(-5), "1969-12-31T23:59:55Z"),
        ];
        for (value, expected) in cases {
            assert_eq!(read(&value).map(|time| time.to_string()).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for value in
            [json!("soon"), json!(""), json!(" "), json!("2026-13-01T00:00:00Z"), json!("-"), json!("."), json!(1e300), json!(true), json!([1]), json!("é")]
        {
            assert_eq!(read(&value), None, "{value}");
        }
        assert!(is_unset(read(&json!("0001-01-01T00:00:00Z")).expect("a time")));
        assert!(!is_unset(read(&json!(0)).expect("a time")));
    }
}
