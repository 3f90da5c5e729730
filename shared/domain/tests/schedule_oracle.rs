//! The engine against a naive oracle, over every IANA zone whose clock changes between 1990 and 2037.
//!
//! `SCHEDULE_SEED=7 SCHEDULE_CASES=5000 cargo test -p tocsin-domain --release --test schedule_oracle` looks further.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking, and prints its seed")]

mod schedule_support;

use jiff::Timestamp;
use proptest::test_runner::TestCaseError;
use schedule_support::generate::{RandomCase, ZoneChanges, cases, zones};
use schedule_support::oracle::Oracle;
use schedule_support::runner;
use tocsin_domain::id::UserId;
use tocsin_domain::schedule::{Schedule, Shift};

fn instant(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

/// Shifts as the people in each minute; an edge inside a minute, or a person twice at once, would be a mistake.
fn by_minute(shifts: &[Shift], from: i64, to: i64) -> Vec<Vec<&UserId>> {
    let mut minutes = vec![Vec::new(); usize::try_from(to - from).unwrap()];
    for shift in shifts {
        assert_eq!((shift.start.as_second() % 60, shift.end.as_second() % 60), (0, 0), "{shift:?}");
        for minute in shift.start.as_second() / 60..shift.end.as_second() / 60 {
            let people = &mut minutes[usize::try_from(minute - from).unwrap()];
            assert!(!people.contains(&&shift.user), "{} twice at once: {shift:?}", shift.user);
            people.push(&shift.user);
        }
    }
    minutes
}

fn same_people(found: &[&UserId], expected: &[UserId]) -> bool {
    found.len() == expected.len() && expected.iter().all(|user| found.contains(&user))
}

fn compare(case: &RandomCase) -> Result<(), TestCaseError> {
    let (schedule, from, to) = case.build();
    let fail = |what: &str, minute: i64, engine: String, oracle: String| {
        let text = serde_json::to_string_pretty(&schedule).unwrap();
        Err(TestCaseError::fail(format!(
            "{what} at {}: engine {engine}, oracle {oracle}\nclock change at {}\n{text}",
            instant(minute),
            instant(case.change().at / 60)
        )))
    };
    let problems = schedule.validate();
    if !problems.is_empty() {
        return Err(TestCaseError::fail(format!("{problems:?}\n{schedule:?}")));
    }
    let again: Schedule = serde_json::from_str(&serde_json::to_string(&schedule).unwrap()).unwrap();
    assert_eq!(again, schedule, "written and read again");

    let oracle = Oracle::new(&schedule);
    let expected = oracle.answers(from, to);
    let shifts = schedule.shifts(instant(from), instant(to));
    let found = by_minute(&shifts, from, to);
    for (minute, (found, expected)) in (from..).zip(found.iter().zip(&expected)) {
        if !same_people(found, expected) {
            return fail("shifts", minute, format!("{found:?}"), format!("{expected:?}"));
        }
    }
    // Instants around changes of the answer, above all near the clock change, and some others.
    let near = usize::try_from(case.change().at / 60 - from).unwrap();
    for i in 0..expected.len() {
        let changes = i > 0 && expected[i] != expected[i - 1] && (i % 7 == 0 || i.abs_diff(near) < 120);
        if changes || i % 509 == 0 {
            for (j, second) in [(i.saturating_sub(1), 59), (i, 0), (i, 59)] {
                let minute = from + i64::try_from(j).unwrap();
                let found: Vec<UserId> = schedule.on_call(Timestamp::from_second(minute * 60 + second).unwrap()).into_iter().map(|p| p.user).collect();
                if found != expected[j] {
                    return fail("on_call", minute, format!("{found:?}"), format!("{:?}", expected[j]));
                }
            }
        }
    }
    for (place, layer) in schedule.layers.iter().enumerate() {
        let expected = oracle.layer(layer, from, to);
        let shifts = schedule.layer_shifts(place, instant(from), instant(to));
        let found = by_minute(&shifts, from, to);
        for (minute, (found, expected)) in (from..).zip(found.iter().zip(&expected)) {
            if !same_people(found, expected.as_deref().unwrap_or_default()) {
                return fail(&format!("layer {place}"), minute, format!("{found:?}"), format!("{expected:?}"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_zone_agrees_with_the_oracle() {
    let all = zones();
    assert!(all.len() > 300, "{} zones change their clocks", all.len());
    // Each zone in turn, a case of each; SCHEDULE_CASES is cases per zone.
    for (zone, ZoneChanges { name, .. }) in all.iter().enumerate() {
        let mut runner = runner(name, 1);
        if let Err(e) = runner.run(&cases(zone..zone + 1, true), |case| compare(&case)) {
            panic!("{name}: {e}");
        }
    }
}
