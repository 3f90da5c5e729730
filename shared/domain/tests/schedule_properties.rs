//! What must hold for every schedule, whatever the answer is:
//!
//! - **Union**: the final schedule has no hole that the layers do not have, and no shift outside of them.
//! - **Uniqueness**: no instant has two turns in one layer, and nobody is on call twice at once.
//! - **Fairness**: turns are numbered without holes; over any `n` counted turns each of `n` members has one.
//! - **Consistency**: the answer at an instant, the shifts of any range that holds it, the gaps and the hours say the same.
//! - **Totality**: no text in a schedule's fields makes the engine panic; what `validate` lets through answers as written.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking, and prints its seed")]

mod schedule_support;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use schedule_support::generate::{RandomCase, cases, zones};
use schedule_support::runner;
use std::collections::BTreeMap;
use tocsin_domain::id::UserId;
use tocsin_domain::schedule::{Schedule, Shift, Turns, Why};

fn second(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap()
}

fn all_zones() -> std::ops::Range<usize> {
    0..zones().len()
}

fn run(name: &str, default_cases: u32, with_overrides: bool, property: impl Fn(&Schedule, i64, i64) -> Result<(), TestCaseError>) {
    let outcome = runner(name, default_cases).run(&cases(all_zones(), with_overrides), |case: RandomCase| {
        let (schedule, from, to) = case.build();
        property(&schedule, from * 60, to * 60).map_err(|e| TestCaseError::fail(format!("{e}\n{}", serde_json::to_string_pretty(&schedule).unwrap())))
    });
    if let Err(e) = outcome {
        panic!("{e}");
    }
}

/// Spans put together where they touch or overlap.
fn union(spans: impl IntoIterator<Item = (Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    let mut spans: Vec<_> = spans.into_iter().collect();
    spans.sort_unstable();
    let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (start, end) in spans {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn span(shift: &Shift) -> (Timestamp, Timestamp) {
    (shift.start, shift.end)
}

fn turn(shift: &Shift) -> (u64, Timestamp, Timestamp) {
    match &shift.why {
        Why::Turn { turn, since, until, .. } => (*turn, *since, *until),
        Why::Override { .. } => panic!("a layer alone has no override: {shift:?}"),
    }
}

#[test]
fn the_union_of_shifts_is_the_union_of_the_layers() {
    run("union", 150, false, |schedule, from, to| {
        let (from, to) = (second(from), second(to));
        let layers = union((0..schedule.layers.len()).flat_map(|i| schedule.layer_shifts(i, from, to)).map(|s| span(&s)));
        prop_assert_eq!(&union(schedule.shifts(from, to).iter().map(span)), &layers);
        // A layer without windows and with somebody in each turn has no hole between its start and its end.
        for (i, layer) in schedule.layers.iter().enumerate() {
            if layer.restrictions.is_empty() && !layer.members.is_empty() {
                let alone = Schedule { layers: vec![layer.clone()], ..schedule.clone() };
                let open = union(schedule.layer_shifts(i, from, to).iter().map(span));
                prop_assert!(open.len() <= 1, "{:?}", open);
                prop_assert!(open.iter().all(|(_, end)| *end == to || layer.end.is_some()), "{:?}", open);
                prop_assert_eq!(
                    alone.gaps(from, to).len(),
                    usize::from(open.first().is_none_or(|o| o.0 > from)) + usize::from(open.first().is_some_and(|o| o.1 < to))
                );
            }
        }
        Ok(())
    });
}

#[test]
fn no_instant_has_two_turns_in_a_layer_and_nobody_is_on_call_twice() {
    run("uniqueness", 150, true, |schedule, from, to| {
        let (from, to) = (second(from), second(to));
        for i in 0..schedule.layers.len() {
            let shifts = schedule.layer_shifts(i, from, to);
            for pair in shifts.windows(2) {
                let (a, b) = (turn(&pair[0]), turn(&pair[1]));
                prop_assert!(a.0 == b.0 || (a.0 < b.0 && a.2 <= b.1 && pair[0].end <= pair[1].start), "{:?}", pair);
            }
            for shift in &shifts {
                let (_, since, until) = turn(shift);
                prop_assert!(since <= shift.start && shift.start < shift.end && shift.end <= until, "{:?}", shift);
            }
        }
        let mut free: BTreeMap<UserId, Timestamp> = BTreeMap::new();
        for shift in schedule.shifts(from, to) {
            prop_assert!(shift.start < shift.end && from <= shift.start && shift.end <= to);
            let last = free.insert(shift.user.clone(), shift.end);
            prop_assert!(last.is_none_or(|end| end <= shift.start), "{:?} overlaps", shift);
        }
        Ok(())
    });
}

#[test]
fn turns_are_numbered_without_holes_and_members_take_them_in_order() {
    run("fairness", 60, false, |schedule, from, _| {
        let far = second(from + 20 * 86_400);
        for (i, layer) in schedule.layers.iter().enumerate().filter(|(_, l)| !l.members.is_empty()) {
            let start = if layer.turns == Turns::Covered { second(from - 40 * 86_400) } else { second(from) };
            let shifts = schedule.layer_shifts(i, start, far);
            let mut rounds: BTreeMap<u64, Vec<&UserId>> = BTreeMap::new();
            for shift in &shifts {
                let people = rounds.entry(turn(shift).0).or_default();
                if !people.contains(&&shift.user) {
                    people.push(&shift.user);
                }
            }
            for (number, people) in &rounds {
                let place = usize::try_from((number - 1) % u64::try_from(layer.members.len()).unwrap()).unwrap();
                prop_assert_eq!(people, &layer.members[place].0.iter().collect::<Vec<_>>(), "turn {} of layer {}", number, i);
            }
            // Covered turns: every number comes. (A calendar turn may be closed, or have no time at all on a change night.)
            if layer.turns == Turns::Covered && !shifts.is_empty() {
                prop_assert_eq!(rounds.keys().next(), Some(&1), "layer {}", i);
                prop_assert_eq!(rounds.len(), usize::try_from(*rounds.keys().last().unwrap()).unwrap(), "layer {}", i);
            }
        }
        Ok(())
    });
}

#[test]
fn instants_ranges_gaps_overlaps_and_hours_say_the_same() {
    run("consistency", 120, true, |schedule, from, to| {
        let (begin, end) = (second(from), second(to));
        let shifts = schedule.shifts(begin, end);
        // Cut anywhere: the parts are the whole.
        let cut = second(from + (to - from) / 3 + 17);
        let parts = [schedule.shifts(begin, cut), schedule.shifts(cut, end)].concat();
        let mut whole: Vec<Shift> = Vec::new();
        for shift in &shifts {
            let pieces = [(shift.start, shift.end.min(cut)), (shift.start.max(cut), shift.end)];
            whole.extend(pieces.into_iter().filter(|(a, b)| a < b).map(|(start, end)| Shift { start, end, ..shift.clone() }));
        }
        let sort = |mut list: Vec<Shift>| {
            list.sort_by_key(|s| (s.start, s.user.clone()));
            list
        };
        prop_assert_eq!(sort(parts), sort(whole));
        for shift in shifts.iter().step_by(5) {
            for at in [shift.start, second(shift.end.as_second() - 1)] {
                let found = schedule.on_call(at).into_iter().find(|p| p.user == shift.user);
                prop_assert_eq!(found.map(|p| p.why), Some(shift.why.clone()));
            }
        }
        let covered: i64 = union(shifts.iter().map(span)).iter().map(|(a, b)| b.as_second() - a.as_second()).sum();
        let gaps: i64 = schedule.gaps(begin, end).iter().map(|g| g.end.as_second() - g.start.as_second()).sum();
        prop_assert_eq!(covered + gaps, to - from);
        let mut sums: BTreeMap<UserId, i64> = BTreeMap::new();
        for shift in &shifts {
            *sums.entry(shift.user.clone()).or_default() += shift.end.as_second() - shift.start.as_second();
        }
        let hours = schedule.hours(begin, end);
        prop_assert_eq!(hours.iter().map(|(u, h)| (u.clone(), h.total_s)).collect::<BTreeMap<_, _>>(), sums.clone());
        prop_assert!(hours.values().all(|h| h.night_s <= h.total_s && h.weekend_s <= h.total_s));
        for idle in schedule.idle_members(begin, end) {
            prop_assert!(schedule.layer_shifts(idle.layer_index, begin, end).iter().all(|s| s.user != idle.user), "{:?} is not idle", idle);
        }
        // Several at once: what all of them have beyond the covered time.
        let extra: i64 =
            schedule.overlaps(begin, end).iter().map(|o| (o.end.as_second() - o.start.as_second()) * (i64::try_from(o.users.len()).unwrap() - 1)).sum();
        prop_assert_eq!(sums.values().sum::<i64>() - covered, extra);
        Ok(())
    });
}

#[test]
fn no_text_makes_the_engine_panic() {
    let text = || {
        let good = [
            "weekly",
            "0 days",
            "4294967295 weeks",
            "4294967295 months",
            "2026-01-05T09:00",
            "2026-13-01",
            "-009999-01-02T00:00:00Z",
            "9999-12-31T23:59",
            "0000-01-01",
            "24:00",
            "mon 24:00",
            "day 31 00:00",
            "09:00",
            "sun 00:00",
            "Europe/London",
            "UTC",
            "1",
            "0",
        ];
        prop_oneof![6 => proptest::sample::select(good.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
    };
    let layer = (text(), text(), proptest::option::of(text()), proptest::option::of(text()), text(), text(), text(), any::<bool>());
    let strategy = (text(), proptest::collection::vec(layer, 0..3), text(), text(), text());
    let outcome = runner("totality", 200).run(&strategy, |(zone, layers, from, to, name)| {
        let layers: Vec<_> = layers
            .into_iter()
            .map(|(rotation, start, end, handoff, from, to, day, covered)| {
                serde_json::json!({"rotation": [rotation, "1 day"], "start": start, "end": end, "handoff": handoff, "members": ["ada", []],
                    "restrictions": [{"from": from, "to": to, "days": if covered { vec![day] } else { vec![] }}], "turns": if covered { "covered" } else { "calendar" }})
            })
            .collect();
        let document = serde_json::json!({"id": "s", "team": "t", "time_zone": zone, "layers": layers, "overrides": [{"start": from, "end": to, "layer": name, "with": []}]});
        let mut schedule: Schedule = serde_json::from_value(document.clone()).map_err(|e| TestCaseError::fail(format!("{e}: {document}")))?;
        for _ in 0..2 {
            let problems = schedule.validate();
            prop_assert!(problems.iter().all(|p| !p.field.is_empty() && !p.message.is_empty() && !p.suggestion.is_empty()), "{:?}", problems);
            for at in [Timestamp::MIN, second(0), second(1_767_603_600), Timestamp::MAX] {
                schedule.on_call(at);
            }
            schedule.hours(second(1_767_603_600), second(1_767_603_600 + 86_400));
            schedule.gaps(second(1_767_603_600), second(0));
            // Once more with the first length alone.
            for layer in &mut schedule.layers {
                if let tocsin_domain::schedule::Rotation::Custom(lengths) = &layer.rotation {
                    layer.rotation = tocsin_domain::schedule::Rotation::Every(lengths[0].clone());
                }
            }
        }
        Ok(())
    });
    if let Err(e) = outcome {
        panic!("{e}");
    }
}
