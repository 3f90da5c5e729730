//! Hand-computed vectors: a schedule, an instant, who is on call, and the arithmetic in words. No expected value here was taken from the engine.
//!
//! Calendar facts used: 2026-01-05 is a Monday. Clocks change in London on 2026-03-29 and 2026-10-25 at 01:00 UTC; in Chicago on 2026-03-08 at 08:00 UTC
//! and on 2026-11-01 at 07:00 UTC; on Lord Howe at 15:30 UTC on 2026-10-03 and at 15:00 UTC on 2026-04-04; in Casablanca at 02:00 UTC on 2026-02-15 (back)
//! and 2026-03-22 (forth); in Sao Paulo at 03:00 UTC on 2018-11-04 (forth) and at 02:00 UTC on 2018-02-18 (back). Apia went from 2011-12-29 24:00 (-10) to
//! 2011-12-31 00:00 (+14) at 10:00 UTC on 2011-12-30. Kathmandu is always at +05:45.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use tocsin_domain::schedule::{OnCall, Schedule, Why};

/// `(instant, who, arithmetic)`; `who` is comma-separated, "" is nobody.
type Vector<'a> = (&'a str, &'a str, &'a str);

fn check(zone: &str, rest: &str, vectors: &[Vector<'_>]) {
    let text = format!(r#"{{"id": "s", "team": "t", "name": "S", "time_zone": "{zone}", {rest}}}"#);
    let schedule: Schedule = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    assert_eq!(schedule.validate(), [], "{text}");
    for (at, who, arithmetic) in vectors {
        let found: Vec<String> = schedule.on_call(at.parse().unwrap()).into_iter().map(|p| p.user.to_string()).collect();
        assert_eq!(found.join(","), *who, "at {at}: {arithmetic}\n{text}");
    }
}

/// One layer.
fn layer(zone: &str, layer: &str, vectors: &[Vector<'_>]) {
    check(zone, &format!(r#""layers": [{layer}]"#), vectors);
}

#[test]
fn weekly_in_london() {
    let weekly = r#"{"rotation": "weekly", "start": "2026-01-05T09:00", "members": ["ada", "grace", "alan"]}"#;
    layer(
        "Europe/London",
        weekly,
        &[
            ("2026-01-05T08:59:59Z", "", "a second before the start, 09:00 GMT = 09:00 UTC"),
            ("2026-01-05T09:00:00Z", "ada", "the start itself is in: [start, end)"),
            ("2026-01-12T08:59:59Z", "ada", "last second of week 1"),
            ("2026-01-12T09:00:00Z", "grace", "7 days on: turn 2"),
            ("2026-01-26T09:00:00Z", "ada", "21 days = 3 weeks: turn 4, (4-1) mod 3 = 0"),
            ("2026-03-30T07:59:59Z", "alan", "08:59:59 BST; Monday 84 days on is not there yet: turn 12, 11 mod 3 = 2"),
            ("2026-03-30T08:00:00Z", "ada", "09:00 BST = 08:00 UTC; 26 + 28 + 30 = 84 days = 12 weeks: turn 13, 12 mod 3 = 0"),
            ("2026-10-26T08:59:59Z", "alan", "GMT again: 08:59:59; turn 42, 41 mod 3 = 2"),
            ("2026-10-26T09:00:00Z", "ada", "day 299 less day 5 = 294 days = 42 weeks: turn 43, 42 mod 3 = 0"),
        ],
    );
}

#[test]
fn every_second_week_and_an_alias() {
    let fortnightly = r#"{"rotation": "2 weeks", "start": "2026-01-05T09:00", "members": ["ada", "grace"]}"#;
    layer(
        "US/Central",
        fortnightly,
        &[
            ("2026-01-05T14:59:59Z", "", "09:00 CST is 15:00 UTC"),
            ("2026-01-05T15:00:00Z", "ada", "US/Central is Chicago: start at 15:00 UTC"),
            ("2026-01-12T15:00:00Z", "ada", "one week is half a turn"),
            ("2026-01-19T15:00:00Z", "grace", "14 days: turn 2"),
            ("2026-03-16T13:59:59Z", "ada", "08:59:59 CDT, before 70 days: turn 5, 4 mod 2 = 0"),
            ("2026-03-16T14:00:00Z", "grace", "09:00 CDT = 14:00 UTC; 26 + 28 + 16 = 70 days = 5 turns: turn 6, 5 mod 2 = 1"),
        ],
    );
}

#[test]
fn daily_handoff_inside_a_gap_in_chicago() {
    layer(
        "America/Chicago",
        r#"{"rotation": "daily", "start": "2026-03-06T02:30", "members": ["ada", "grace"]}"#,
        &[
            ("2026-03-07T08:29:59Z", "ada", "02:29:59 CST on the second day"),
            ("2026-03-07T08:30:00Z", "grace", "02:30 CST = 08:30 UTC: turn 2"),
            ("2026-03-08T07:59:59Z", "grace", "01:59:59 CST, the second before the gap"),
            ("2026-03-08T08:00:00Z", "ada", "02:30 is in the gap and stands for 03:00 CDT = 08:00 UTC: turn 3"),
            ("2026-03-09T07:29:59Z", "ada", "02:29:59 CDT"),
            ("2026-03-09T07:30:00Z", "grace", "the day after it is 02:30 CDT = 07:30 UTC again: turn 4"),
        ],
    );
}

#[test]
fn daily_handoff_inside_an_overlap_in_chicago() {
    layer(
        "America/Chicago",
        r#"{"rotation": "daily", "start": "2026-10-30T01:30", "members": ["ada", "grace"]}"#,
        &[
            ("2026-11-01T06:29:59Z", "grace", "01:29:59 CDT, turn 2 began on the 31st"),
            ("2026-11-01T06:30:00Z", "ada", "the first 01:30 (CDT) = 06:30 UTC: turn 3"),
            ("2026-11-01T07:10:00Z", "ada", "01:10 again (CST): the clock is before 01:30, but the turn has begun"),
            ("2026-11-01T07:30:00Z", "ada", "the second 01:30 (CST) hands off nothing"),
            ("2026-11-02T07:29:59Z", "ada", "01:29:59 CST: turn 3 lasts 25 hours"),
            ("2026-11-02T07:30:00Z", "grace", "01:30 CST = 07:30 UTC: turn 4"),
        ],
    );
}

#[test]
fn hours_that_elapse_and_hours_on_the_clock() {
    let start = r#""start": "2026-03-07T20:00", "members": ["ada", "grace"]"#;
    layer(
        "America/Chicago",
        &format!(r#"{{"rotation": "6 hours", {start}}}"#),
        &[
            ("2026-03-08T07:59:59Z", "ada", "20:00 CST = 02:00 UTC, 6 hours end at 08:00 UTC"),
            ("2026-03-08T08:00:00Z", "grace", "02:00 UTC + 6 h"),
            ("2026-03-08T13:00:00Z", "grace", "02:00 + 12 h = 14:00 UTC is still to come"),
            ("2026-03-08T14:00:00Z", "ada", "02:00 UTC + 12 h = 09:00 CDT"),
        ],
    );
    layer(
        "America/Chicago",
        &format!(r#"{{"rotation": "6 clock hours", {start}}}"#),
        &[
            ("2026-03-08T07:59:59Z", "ada", "until 02:00 on the clock"),
            ("2026-03-08T08:00:00Z", "grace", "02:00 is the gap's beginning and stands for 03:00 CDT = 08:00 UTC"),
            ("2026-03-08T12:59:59Z", "grace", "07:59:59 CDT"),
            ("2026-03-08T13:00:00Z", "ada", "08:00 on the clock = 13:00 UTC: grace's turn had 5 hours"),
        ],
    );
}

#[test]
fn single_clock_hours_on_change_nights() {
    layer(
        "America/Chicago",
        r#"{"rotation": "1 clock hour", "start": "2026-03-08T00:00", "members": ["ada", "grace", "alan"]}"#,
        &[
            ("2026-03-08T07:30:00Z", "grace", "01:30 CST: turn 2"),
            ("2026-03-08T08:00:00Z", "ada", "turn 3 (02:00 to 03:00) is no time at all; 03:00 CDT is turn 4, 3 mod 3 = 0"),
        ],
    );
    layer(
        "America/Chicago",
        r#"{"rotation": "1 clock hour", "turns": "covered", "start": "2026-03-08T00:00", "members": ["ada", "grace", "alan"]}"#,
        &[("2026-03-08T08:00:00Z", "alan", "only turns that have time count: 03:00 CDT is the third of them")],
    );
    layer(
        "America/Chicago",
        r#"{"rotation": "1 clock hour", "start": "2026-11-01T00:00", "members": ["ada", "grace", "alan"]}"#,
        &[
            ("2026-11-01T06:00:00Z", "grace", "01:00 CDT: turn 2"),
            ("2026-11-01T07:30:00Z", "grace", "01:30 CST, the second time: turn 2 goes on until the clock reads 02:00"),
            ("2026-11-01T08:00:00Z", "alan", "02:00 CST = 08:00 UTC: turn 3"),
        ],
    );
    layer(
        "America/Chicago",
        r#"{"rotation": "hourly", "start": "2026-11-01T00:00", "members": ["ada", "grace", "alan"]}"#,
        &[("2026-11-01T07:00:00Z", "alan", "elapsed: 05:00 UTC + 2 h is turn 3, though the clock reads 01:00 again")],
    );
}

#[test]
fn lord_howe_changes_by_half_an_hour() {
    layer(
        "Australia/Lord_Howe",
        r#"{"rotation": "daily", "start": "2026-10-02T02:15", "members": ["ada", "grace"]}"#,
        &[
            ("2026-10-02T15:45:00Z", "grace", "02:15 at +10:30 on the 3rd: turn 2"),
            ("2026-10-03T15:29:59Z", "grace", "01:59:59 on the 4th"),
            ("2026-10-03T15:30:00Z", "ada", "02:15 is in the half-hour gap and stands for 02:30 at +11"),
            ("2026-10-04T15:14:59Z", "ada", "02:14:59 at +11 on the 5th"),
            ("2026-10-04T15:15:00Z", "grace", "02:15 at +11 = 15:15 UTC the day before: turn 4"),
        ],
    );
    layer(
        "Australia/Lord_Howe",
        r#"{"rotation": "daily", "start": "2026-04-04T01:45", "members": ["ada", "grace"]}"#,
        &[
            ("2026-04-04T14:44:59Z", "ada", "01:44:59 at +11 on the 5th"),
            ("2026-04-04T14:45:00Z", "grace", "the first 01:45, at +11"),
            ("2026-04-04T15:15:00Z", "grace", "the second 01:45, at +10:30, hands off nothing"),
            ("2026-04-05T15:14:59Z", "grace", "01:44:59 at +10:30 on the 6th: the turn has 24.5 hours"),
            ("2026-04-05T15:15:00Z", "ada", "01:45 at +10:30 on the 6th: turn 3"),
        ],
    );
}

#[test]
fn kathmandu_is_three_quarters_off() {
    layer(
        "Asia/Kathmandu",
        r#"{"rotation": "daily", "start": "2026-01-05T09:00", "members": ["ada", "grace"]}"#,
        &[
            ("2026-01-05T03:14:59Z", "", "09:00 - 5:45 = 03:15 UTC is the start"),
            ("2026-01-06T03:14:59Z", "ada", "the last second of turn 1"),
            ("2026-01-06T03:15:00Z", "grace", "24 hours later: turn 2"),
        ],
    );
}

#[test]
fn apia_skipped_a_day() {
    layer(
        "Pacific/Apia",
        r#"{"rotation": "daily", "start": "2011-12-28T09:00", "members": ["ada", "grace"]}"#,
        &[
            ("2011-12-28T19:00:00Z", "ada", "09:00 at -10"),
            ("2011-12-30T09:59:59Z", "grace", "23:59:59 on the 29th: turn 2"),
            ("2011-12-30T10:00:00Z", "ada", "09:00 on the skipped 30th stands for the 31st, 00:00 at +14: turn 3"),
            ("2011-12-30T19:00:00Z", "grace", "09:00 on the 31st at +14 = 19:00 UTC on the 30th: turn 4 after 9 hours"),
        ],
    );
    let midnight = r#""rotation": "daily", "start": "2011-12-29T00:00", "members": ["ada", "grace", "alan"]"#;
    layer(
        "Pacific/Apia",
        &format!("{{{midnight}}}"),
        &[("2011-12-30T10:00:00Z", "alan", "turn 2 would be the skipped day, so it has no time; the 31st is turn 3, 2 mod 3 = 2")],
    );
    layer(
        "Pacific/Apia",
        &format!(r#"{{{midnight}, "turns": "covered"}}"#),
        &[("2011-12-30T10:00:00Z", "grace", "counting only turns that have time, the 31st is the second")],
    );
    layer(
        "Pacific/Apia",
        r#"{"rotation": "weekly", "start": "2011-12-30T12:00", "members": ["ada"]}"#,
        &[("2011-12-30T09:59:59Z", "", "a start on the skipped day ..."), ("2011-12-30T10:00:00Z", "ada", "... is the next day's first instant")],
    );
}

#[test]
fn windows_on_apias_skipped_friday() {
    layer(
        "Pacific/Apia",
        r#"{"rotation": "weekly", "start": "2011-12-01", "members": ["ada"], "restrictions": [{"days": ["fri"], "from": "00:00", "to": "24:00"}]}"#,
        &[
            ("2011-12-30T09:59:59Z", "", "Thursday the 29th"),
            ("2011-12-30T10:00:00Z", "", "Friday the 30th did not happen: 00:00 and 24:00 of it are the same instant"),
            ("2012-01-06T09:59:59Z", "ada", "Friday, 2012-01-06, 23:59:59 at +14"),
        ],
    );
    layer(
        "Pacific/Apia",
        r#"{"rotation": "weekly", "start": "2011-12-01", "members": ["ada"], "restrictions": [{"days": ["fri"], "from": "22:00", "to": "06:00"}]}"#,
        &[
            ("2011-12-30T10:00:00Z", "ada", "22:00 on the skipped Friday stands for Saturday 00:00"),
            ("2011-12-30T15:59:59Z", "ada", "05:59:59 on Saturday at +14"),
            ("2011-12-30T16:00:00Z", "", "06:00 on Saturday = 16:00 UTC on the 30th: the window ends"),
        ],
    );
}

#[test]
fn casablanca_in_ramadan() {
    let nightly = |from: &str, to: &str| {
        format!(r#"{{"rotation": "weekly", "start": "2026-01-05", "members": ["ada"], "restrictions": [{{"from": "{from}", "to": "{to}"}}]}}"#)
    };
    layer(
        "Africa/Casablanca",
        &nightly("02:30", "04:00"),
        &[
            ("2026-02-15T01:29:59Z", "", "02:29:59 at +1"),
            ("2026-02-15T01:30:00Z", "ada", "the first 02:30, at +1"),
            ("2026-02-15T02:10:00Z", "ada", "02:10 at +0, the second time: the window has begun and not ended"),
            ("2026-02-15T03:59:59Z", "ada", "03:59:59 at +0"),
            ("2026-02-15T04:00:00Z", "", "04:00 at +0: 2.5 hours in all"),
        ],
    );
    layer(
        "Africa/Casablanca",
        &nightly("02:15", "02:45"),
        &[
            ("2026-03-22T01:59:59Z", "", "01:59:59 at +0"),
            ("2026-03-22T02:00:00Z", "", "both ends stand for 03:00 at +1: nothing lies between"),
            ("2026-03-23T01:15:00Z", "ada", "02:15 at +1 the next day"),
        ],
    );
    layer(
        "Africa/Casablanca",
        r#"{"rotation": "daily", "start": "2026-03-21T02:30", "members": ["ada", "grace"]}"#,
        &[
            ("2026-03-22T01:59:59Z", "ada", "01:59:59 at +0: turn 1 began at 02:30 UTC the day before"),
            ("2026-03-22T02:00:00Z", "grace", "02:30 in the gap stands for 03:00 at +1 = 02:00 UTC"),
            ("2026-03-23T01:30:00Z", "ada", "02:30 at +1"),
        ],
    );
}

#[test]
fn sao_paulo_without_midnight_and_with_two() {
    layer(
        "America/Sao_Paulo",
        r#"{"rotation": "daily", "start": "2018-11-02", "members": ["ada", "grace"]}"#,
        &[
            ("2018-11-02T03:00:00Z", "ada", "a date alone is its midnight: 00:00 at -3"),
            ("2018-11-04T02:59:59Z", "grace", "23:59:59 on the 3rd: turn 2"),
            ("2018-11-04T03:00:00Z", "ada", "00:00 on the 4th stands for 01:00 at -2 = 03:00 UTC: turn 3"),
            ("2018-11-05T01:59:59Z", "ada", "23:59:59 at -2"),
            ("2018-11-05T02:00:00Z", "grace", "00:00 at -2: turn 3 had 23 hours"),
        ],
    );
    layer(
        "America/Sao_Paulo",
        r#"{"rotation": "daily", "start": "2018-02-16T00:00", "members": ["ada", "grace"]}"#,
        &[
            ("2018-02-18T02:30:00Z", "grace", "23:30 on the 17th, the second time: midnight has not been"),
            ("2018-02-18T03:00:00Z", "ada", "00:00 on the 18th at -3: turn 3"),
        ],
    );
    layer(
        "America/Sao_Paulo",
        r#"{"rotation": "daily", "start": "2018-02-16T23:30", "members": ["ada", "grace"]}"#,
        &[
            ("2018-02-18T01:29:59Z", "ada", "23:29:59 on the 17th at -2"),
            ("2018-02-18T01:30:00Z", "grace", "the first 23:30 on the 17th, at -2"),
            ("2018-02-18T02:15:00Z", "grace", "23:15 again at -3: no way back"),
        ],
    );
}

#[test]
fn months_count_from_the_anchor() {
    let five = r#""members": ["ada", "grace", "alan", "edsger", "barbara"]"#;
    layer(
        "UTC",
        &format!(r#"{{"rotation": "monthly", "start": "2026-01-31T09:00", {five}}}"#),
        &[
            ("2026-02-28T08:59:59Z", "ada", "31 January to 28 February"),
            ("2026-02-28T09:00:00Z", "grace", "February ends on the 28th"),
            ("2026-03-28T09:00:00Z", "grace", "no drift: not the 28th of March ..."),
            ("2026-03-31T09:00:00Z", "alan", "... but the 31st"),
            ("2026-04-30T09:00:00Z", "edsger", "April has 30 days"),
            ("2026-05-31T09:00:00Z", "barbara", "and May 31"),
            ("2028-02-29T08:59:59Z", "barbara", "January 2028 is 24 months on: turn 25, 24 mod 5 = 4"),
            ("2028-02-29T09:00:00Z", "ada", "a leap year: 29 February 2028 is turn 26, 25 mod 5 = 0"),
        ],
    );
    layer(
        "UTC",
        &format!(r#"{{"rotation": "12 months", "start": "2028-02-29T09:00", {five}}}"#),
        &[
            ("2029-02-28T08:59:59Z", "ada", "29 February 2028 for a year"),
            ("2029-02-28T09:00:00Z", "grace", "2029 has no 29 February: the last day counts"),
            ("2032-02-28T09:00:00Z", "edsger", "2032 has one: turn 4, begun on 2031-02-28, goes on"),
            ("2032-02-29T09:00:00Z", "barbara", "48 months on: turn 5"),
        ],
    );
    layer(
        "UTC",
        &format!(r#"{{"rotation": "monthly", "start": "2026-02-10T12:00", "handoff": "day 31 09:00", {five}}}"#),
        &[
            ("2026-02-28T08:59:59Z", "ada", "the turn that runs at the start began on 31 January"),
            ("2026-02-28T09:00:00Z", "grace", "day 31 of February is the 28th: turn 2"),
            ("2026-03-31T09:00:00Z", "alan", "day 31 of March: turn 3"),
        ],
    );
    layer(
        "UTC",
        &format!(r#"{{"rotation": "monthly", "start": "2026-03-31T08:00", "handoff": "09:00", {five}}}"#),
        &[
            ("2026-03-31T08:59:59Z", "ada", "the turn at the start began on 28 February at 09:00"),
            ("2026-03-31T09:00:00Z", "grace", "day 31, as of the start, at 09:00"),
        ],
    );
}

#[test]
fn custom_lengths() {
    layer(
        "Europe/London",
        r#"{"rotation": ["5 days", "2 days"], "start": "2026-01-05T09:00", "members": ["ada", "grace", "alan"]}"#,
        &[
            ("2026-01-10T08:59:59Z", "ada", "Monday + 5 days = Saturday 09:00"),
            ("2026-01-10T09:00:00Z", "grace", "the weekend, 2 days"),
            ("2026-01-12T09:00:00Z", "alan", "Monday: the first length again, turn 3"),
            ("2026-01-17T09:00:00Z", "ada", "Saturday: turn 4, 3 mod 3 = 0"),
            ("2026-03-30T08:00:00Z", "ada", "84 days = 12 cycles = 24 turns: turn 25 at 09:00 BST, 24 mod 3 = 0"),
        ],
    );
    layer(
        "UTC",
        r#"{"rotation": ["8 hours", "16 hours"], "start": "2026-01-05T08:00", "members": ["ada", "grace"]}"#,
        &[
            ("2026-01-05T16:00:00Z", "grace", "08:00 + 8 h"),
            ("2026-01-06T07:59:59Z", "grace", "16:00 + 16 h - 1 s"),
            ("2026-01-06T08:00:00Z", "ada", "24 h are one cycle"),
        ],
    );
}

#[test]
fn handoffs_at_another_time_than_the_start() {
    layer(
        "UTC",
        r#"{"rotation": "weekly", "start": "2026-01-07T12:00", "handoff": "mon 09:00", "members": ["ada", "grace"]}"#,
        &[
            ("2026-01-07T11:59:59Z", "", "Wednesday, before the start"),
            ("2026-01-12T08:59:59Z", "ada", "the running week began on Monday the 5th"),
            ("2026-01-12T09:00:00Z", "grace", "Monday 09:00: turn 2"),
        ],
    );
    layer(
        "UTC",
        r#"{"rotation": "2 weeks", "start": "2026-01-07T12:00", "handoff": "mon 09:00", "members": ["ada", "grace"]}"#,
        &[("2026-01-12T09:00:00Z", "ada", "two weeks from Monday the 5th are not over"), ("2026-01-19T09:00:00Z", "grace", "5 + 14 = 19 January")],
    );
    layer(
        "UTC",
        r#"{"rotation": "weekly", "start": "2026-01-05", "handoff": "09:00", "members": ["ada", "grace"]}"#,
        &[
            ("2026-01-05T08:59:59Z", "ada", "without a weekday the start's counts: the week of Monday 29 December, 09:00, runs"),
            ("2026-01-05T09:00:00Z", "grace", "Monday 09:00: turn 2"),
        ],
    );
    layer(
        "UTC",
        r#"{"rotation": "8 hours", "start": "2026-01-05T23:00", "handoff": "06:00", "members": ["ada", "grace"]}"#,
        &[
            ("2026-01-06T05:59:59Z", "ada", "06:00, 14:00, 22:00: the turn from 22:00 runs at the start and is the first"),
            ("2026-01-06T06:00:00Z", "grace", "22:00 + 8 h"),
        ],
    );
}

#[test]
fn starts_and_ends() {
    layer(
        "Europe/London",
        r#"{"rotation": "daily", "start": "2026-10-25T00:00:00Z", "end": "2026-10-25T01:30", "members": ["ada"]}"#,
        &[
            ("2026-10-25T00:00:00Z", "ada", "an instant as the start: 01:00 BST"),
            ("2026-10-25T00:29:59Z", "ada", "01:29:59 BST"),
            ("2026-10-25T00:30:00Z", "", "the first 01:30 (BST) is the end"),
            ("2026-10-25T01:00:00Z", "", "01:00 GMT, before 01:30 on the clock again, but the layer has ended"),
        ],
    );
    layer(
        "Europe/London",
        r#"{"rotation": "daily", "start": "2026-10-25T01:15:00Z", "members": ["ada", "grace"]}"#,
        &[
            ("2026-10-25T01:15:00Z", "ada", "01:15 GMT, the second one: the anchor reads 01:15"),
            ("2026-10-26T01:14:59Z", "ada", "01:14:59 GMT the next day"),
            ("2026-10-26T01:15:00Z", "grace", "01:15 GMT: turn 2"),
        ],
    );
    layer(
        "UTC",
        r#"{"rotation": "daily", "start": "2026-01-05", "members": []}"#,
        &[("2026-01-06T00:00:00Z", "", "a rotation without members answers nobody")],
    );
}

#[test]
fn windows_by_time_of_day_and_week() {
    let nights = r#"{"rotation": "weekly", "start": "2026-01-05", "members": ["ada"], "restrictions": [{"from": "22:00", "to": "06:00"}]}"#;
    layer(
        "Europe/London",
        nights,
        &[
            ("2026-01-05T05:59:59Z", "ada", "the night that began before the start counts from the start on"),
            ("2026-01-05T06:00:00Z", "", "06:00 GMT"),
            ("2026-03-28T22:00:00Z", "ada", "22:00 GMT on Saturday"),
            ("2026-03-29T04:59:59Z", "ada", "05:59:59 BST"),
            ("2026-03-29T05:00:00Z", "", "06:00 BST: this night has 7 hours"),
            ("2026-10-24T20:59:59Z", "", "21:59:59 BST"),
            ("2026-10-24T21:00:00Z", "ada", "22:00 BST"),
            ("2026-10-25T05:59:59Z", "ada", "05:59:59 GMT"),
            ("2026-10-25T06:00:00Z", "", "06:00 GMT: this night had 9 hours"),
        ],
    );
    let weekend = r#"{"rotation": "weekly", "start": "2026-01-05", "members": ["ada", "grace"], "restrictions": [{"from": "fri 17:00", "to": "mon 09:00"}]}"#;
    layer(
        "UTC",
        weekend,
        &[
            ("2026-01-05T08:59:59Z", "ada", "the weekend before reaches to Monday 09:00"),
            ("2026-01-05T09:00:00Z", "", "closed from Monday 09:00 ..."),
            ("2026-01-09T16:59:59Z", "", "... to Friday 17:00"),
            ("2026-01-09T17:00:00Z", "ada", "turn 1 (5 to 12 January)"),
            ("2026-01-12T00:00:00Z", "grace", "the turn changes at Monday 00:00, inside the window"),
        ],
    );
}

#[test]
fn turns_by_calendar_or_only_covered_ones() {
    let weekdays = r#""rotation": "daily", "start": "2026-01-05", "members": ["ada", "grace", "alan"],
        "restrictions": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "00:00", "to": "24:00"}]"#;
    layer(
        "UTC",
        &format!("{{{weekdays}}}"),
        &[
            ("2026-01-09T12:00:00Z", "grace", "Friday: turn 5, 4 mod 3 = 1"),
            ("2026-01-10T12:00:00Z", "", "Saturday is closed"),
            ("2026-01-12T12:00:00Z", "grace", "Monday: turn 8, 7 mod 3 = 1; the weekend's turns were counted"),
        ],
    );
    layer(
        "UTC",
        &format!(r#"{{{weekdays}, "turns": "covered"}}"#),
        &[
            ("2026-01-09T12:00:00Z", "grace", "Friday: the 5th covered turn, 4 mod 3 = 1"),
            ("2026-01-12T12:00:00Z", "alan", "Monday: the 6th covered turn, 5 mod 3 = 2"),
            ("2027-01-04T12:00:00Z", "alan", "Monday 364 days = 52 weeks on: 260 covered turns before, turn 261, 260 mod 3 = 2"),
        ],
    );
}

#[test]
fn layers_stack() {
    let layers = r#""layers": [
        {"name": "office", "rotation": "weekly", "start": "2026-01-05", "members": ["ada"], "restrictions": [{"from": "09:00", "to": "17:00"}]},
        {"name": "empty", "rotation": "weekly", "start": "2026-01-05", "members": []},
        {"name": "base", "rotation": "weekly", "start": "2026-01-05", "members": [["grace", "alan"]]}]"#;
    check(
        "UTC",
        layers,
        &[
            ("2026-01-05T08:59:59Z", "grace,alan", "the office is closed, the empty layer has nobody: the base answers, both together"),
            ("2026-01-05T09:00:00Z", "ada", "the top layer answers alone"),
            ("2026-01-05T17:00:00Z", "grace,alan", "until 17:00"),
        ],
    );
    check("UTC", &format!(r#""stacking": "union", {layers}"#), &[("2026-01-05T12:00:00Z", "ada,grace,alan", "all layers answer, the top one first")]);
}

#[test]
fn overrides_win_newest_first() {
    let layers = r#""layers": [
        {"name": "office", "rotation": "weekly", "start": "2026-01-05", "members": ["ada"], "restrictions": [{"from": "09:00", "to": "17:00"}]},
        {"name": "base", "rotation": "weekly", "start": "2026-01-05", "members": ["grace"]}]"#;
    let with = |overrides: &str, vectors: &[Vector<'_>]| check("UTC", &format!(r#"{layers}, "overrides": [{overrides}]"#), vectors);
    let noon = r#""start": "2026-01-05T12:00Z", "end": "2026-01-05T20:00Z""#;
    with(
        &format!(r#"{{{noon}, "with": "alan"}}"#),
        &[
            ("2026-01-05T11:59:59Z", "ada", "before the override"),
            ("2026-01-05T12:00:00Z", "alan", "instead of everybody"),
            ("2026-01-05T19:59:59Z", "alan", "the last second"),
            ("2026-01-05T20:00:00Z", "grace", "the end is out"),
            ("2026-01-04T23:00:00Z", "", "nothing before the layers' start"),
        ],
    );
    with(
        &format!(r#"{{{noon}, "layer": "office", "with": "alan"}}"#),
        &[("2026-01-05T16:59:59Z", "alan", "the office layer answers alan"), ("2026-01-05T17:00:00Z", "grace", "and closes at its own hour")],
    );
    with(
        &format!(r#"{{{noon}, "person": "grace", "with": "alan"}}"#),
        &[("2026-01-05T12:00:00Z", "ada", "grace is not asked here"), ("2026-01-05T17:00:00Z", "alan", "and is replaced here")],
    );
    with(
        &format!(r#"{{{noon}, "add": ["alan", "ada"]}}"#),
        &[("2026-01-05T12:00:00Z", "ada,alan", "each person once"), ("2026-01-05T17:00:00Z", "grace,alan,ada", "beside whoever answers")],
    );
    with(
        r#"{"start": "2026-01-01T00:00Z", "end": "2026-01-02T00:00Z", "add": "alan"}, {"start": "2026-01-03", "end": "2026-01-04", "with": "barbara"}"#,
        &[
            ("2026-01-01T00:00:00Z", "alan", "an ad-hoc shift where there is nobody"),
            ("2026-01-02T00:00:00Z", "", "until its end"),
            ("2026-01-03T12:00:00Z", "barbara", "replacing everybody fills a hole too"),
        ],
    );
    with(
        &format!(r#"{{{noon}, "with": "alan"}}, {{"start": "2026-01-05T13:00Z", "end": "2026-01-05T14:00Z", "with": "barbara"}}"#),
        &[
            ("2026-01-05T12:30:00Z", "alan", "the older one"),
            ("2026-01-05T13:00:00Z", "barbara", "the newer one, while it lasts"),
            ("2026-01-05T14:00:00Z", "alan", "the older one again"),
        ],
    );
    with(
        &format!(r#"{{{noon}, "add": "barbara"}}, {{{noon}, "with": "alan"}}, {{{noon}, "layer": "office", "with": "edsger"}}"#),
        &[
            ("2026-01-05T12:00:00Z", "edsger", "everybody -> alan forgets barbara; then the top layer answers edsger"),
            ("2026-01-05T18:00:00Z", "alan", "the office is closed: alan stands"),
        ],
    );
    with(
        &format!(r#"{{{noon}, "with": "alan"}}, {{{noon}, "person": "alan", "with": ["edsger", "barbara"]}}"#),
        &[("2026-01-05T12:00:00Z", "edsger,barbara", "the newer one replaces whom the older one put there")],
    );
}

/// Each reason as a sentence, with when it began and when it ends.
fn reasons(zone: &str, rest: &str, at: &str) -> Vec<String> {
    let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", {rest}}}"#);
    let schedule: Schedule = serde_json::from_str(&text).unwrap();
    assert_eq!(schedule.validate(), []);
    let say = |p: OnCall| {
        let (Why::Turn { since, until, .. } | Why::Override { since, until, .. }) = p.why;
        format!("{}: {} [{since}, {until})", p.user, p.reason)
    };
    schedule.on_call(at.parse().unwrap()).into_iter().map(say).collect()
}

#[test]
fn a_turn_knows_its_own_start_and_end() {
    // Asked a month before the clock change: from 09:00 GMT on 5 March to 09:00 BST (08:00 UTC) on 5 April.
    let monthly = r#""layers": [{"rotation": "monthly", "start": "2026-01-05T09:00", "members": ["ada", "grace"]}]"#;
    assert_eq!(
        reasons("Europe/London", monthly, "2026-03-05T09:00:00Z"),
        ["ada: layer 1, turn 3 since 2026-03-05 09:00 Europe/London [2026-03-05T09:00:00Z, 2026-04-05T08:00:00Z)"]
    );
    // Asked before both clock changes of the year: 12 months from 29 February 2028 in Chicago are over on 28 February 2029; both are at 09:00 CST, 15:00 UTC.
    let yearly = r#""layers": [{"name": "year", "rotation": "12 months", "start": "2028-02-29T09:00", "members": ["ada"]}]"#;
    assert_eq!(
        reasons("America/Chicago", yearly, "2028-03-01T00:00:00Z"),
        ["ada: layer 'year', turn 1 since 2028-02-29 09:00 America/Chicago [2028-02-29T15:00:00Z, 2029-02-28T15:00:00Z)"]
    );
    // The layer's end cuts the turn: 30 seconds past noon in Apia at +13 (no summer time since 2021) is 23:00:30 UTC the day before.
    let ending = r#""layers": [{"name": "short", "rotation": "weekly", "start": "2026-01-05", "end": "2026-01-08T12:00:30", "members": ["ada"]}]"#;
    assert_eq!(
        reasons("Pacific/Apia", ending, "2026-01-05T00:00:00Z"),
        ["ada: layer 'short', turn 1 since 2026-01-05 00:00 Pacific/Apia [2026-01-04T11:00:00Z, 2026-01-07T23:00:30Z)"]
    );
}

#[test]
fn an_override_says_whom_it_replaces() {
    let layers = r#""stacking": "union", "layers": [
        {"name": "weekly", "rotation": "weekly", "start": "2026-01-05", "members": [["ada", "grace"]]},
        {"rotation": "weekly", "start": "2026-01-05", "members": ["alan"]}]"#;
    // Lord Howe is at +11 in January: 20:00 there is 09:00 UTC.
    let day = r#""start": "2026-01-05T20:00", "end": "2026-01-06T20:00""#;
    let overrides = format!(
        r#""overrides": [{{"id": "swap", {day}, "person": "ada", "with": "edsger", "note": "ada travels"}}, {{{day}, "layer": "2", "with": "barbara"}},
        {{"start": "2026-01-05T09:00Z", "end": "2026-01-05T10:00Z", "add": "margaret"}}]"#
    );
    assert_eq!(
        reasons("Australia/Lord_Howe", &format!("{layers}, {overrides}"), "2026-01-05T09:30:00Z"),
        [
            "edsger: override 'swap' instead of ada from 2026-01-05 20:00 to 2026-01-06 20:00 Australia/Lord_Howe (ada travels) [2026-01-05T09:00:00Z, 2026-01-06T09:00:00Z)",
            "grace: layer 'weekly', turn 1 since 2026-01-05 00:00 Australia/Lord_Howe [2026-01-04T13:00:00Z, 2026-01-11T13:00:00Z)",
            "barbara: override instead of layer 2 from 2026-01-05 20:00 to 2026-01-06 20:00 Australia/Lord_Howe [2026-01-05T09:00:00Z, 2026-01-06T09:00:00Z)",
            "margaret: override in addition from 2026-01-05 20:00 to 2026-01-05 21:00 Australia/Lord_Howe [2026-01-05T09:00:00Z, 2026-01-05T10:00:00Z)",
        ]
    );
}
