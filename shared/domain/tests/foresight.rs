//! What is computed over ranges is held against the code that pages, minute by minute, around clock changes; and years are looked through in time.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking, and prints its seed")]

mod schedule_support;

use jiff::{SignedDuration, Timestamp};
use schedule_support::generate::{cases, zones};
use schedule_support::runner;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use tocsin_domain::alert::Urgency;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::foresight::pages::{Drawn, levels};
use tocsin_domain::foresight::spans::{self, holds};
use tocsin_domain::foresight::{Concern, Outside, plan, verify};
use tocsin_domain::notification::plan::plan_level;
use tocsin_domain::schedule::{Schedule, Span};

/// Six users, of whom the odd ones have no contact method; two levels, the first for office hours only.
fn configuration(schedule: &Schedule) -> Configuration {
    let users: Vec<Value> = (0..6)
        .map(|n| {
            let methods = if n % 2 == 0 { json!([{"id": format!("sms{n}"), "kind": "sms", "to": "+15555550100"}]) } else { json!([]) };
            // Low urgency waits for the morning, and the second rule may fall into the evening.
            let rules = if n == 2 { json!([{"via": "sms2"}, {"via": "sms2", "after_s": 5400}]) } else { json!([]) };
            let quiet = if n % 3 == 2 { json!([{"from": "21:30", "to": format!("06:{n}5")}]) } else { json!([]) };
            json!({"id": format!("user{n}"), "name": format!("User {n}"), "contact_methods": methods, "quiet_hours": quiet, "rules": {"low": rules},
                "time_zone": schedule.time_zone})
        })
        .collect();
    serde_json::from_value(json!({
        "version": 1, "teams": [{"id": "t", "name": "T"}], "users": users, "schedules": [schedule],
        "policies": [{"id": "p", "team": "t", "levels": [
            {"delay_s": 60, "targets": [{"schedule": "s"}], "hours": {"time_zone": schedule.time_zone, "windows": [{"from": "01:30", "to": "17:00"}]}},
            {"delay_s": 60, "targets": [{"schedule": "s"}, {"user": "user1"}, {"user": "user4"}], "round_robin": true},
        ]}],
        "services": [{"id": "shop", "name": "Shop", "team": "t", "policy": "p"}],
    }))
    .unwrap()
}

fn uncovered(concerns: &[Concern], of: usize, range: Span) -> Vec<Span> {
    let found = concerns.iter().find_map(|c| match c {
        Concern::LevelUncovered { level, spans, .. } if *level == of => Some(spans.clone()),
        Concern::LevelReachesNobody { level, .. } if *level == of => Some(vec![range]),
        _ => None,
    });
    found.unwrap_or_default()
}

#[test]
fn a_level_is_uncovered_exactly_where_it_would_page_nobody() {
    let mut runner = runner("levels", 15);
    runner
        .run(&cases(0..zones().len(), true), |case| {
            let (schedule, from, to) = case.build();
            let configuration = configuration(&schedule);
            let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
            let range = Span { start: at(from), end: at(to) };
            let concerns = verify(&configuration, &Outside::default(), range.start, range.end).concerns;
            for (place, level) in configuration.policies[0].levels.iter().enumerate() {
                let spans = uncovered(&concerns, place, range);
                for minute in from..to {
                    let plan = plan_level(level, &configuration, Urgency::High, None, at(minute));
                    if plan.passed.is_none() {
                        assert_eq!(
                            holds(&spans, at(minute)),
                            plan.pages.is_empty(),
                            "level {place} at {} of {}",
                            at(minute),
                            serde_json::to_string(&schedule).unwrap()
                        );
                    }
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_engine_and_the_calendar_agree_about_every_hand_off() {
    let mut runner = runner("proofs", 400);
    let (handoffs, odd) = (AtomicUsize::new(0), AtomicUsize::new(0));
    runner
        .run(&cases(0..zones().len(), true), |case| {
            let (schedule, from, to) = case.build();
            let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
            let verified = verify(&configuration(&schedule), &Outside::default(), at(from), at(to));
            let proof = &verified.proofs[0];
            assert_eq!(proof.wrong, [], "{}", serde_json::to_string(&schedule).unwrap());
            let together = schedule.overlaps(at(from), at(to));
            assert_eq!(spans::normal(together.iter().map(|o| Span { start: o.start, end: o.end }).collect()), proof.overlaps);
            handoffs.fetch_add(proof.handoffs, Ordering::Relaxed);
            odd.fetch_add(proof.odd.len(), Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
    let (handoffs, odd) = (handoffs.into_inner(), odd.into_inner());
    println!("{handoffs} hand-offs, {odd} of them at times that a clock reads never or twice");
    assert!(handoffs > 1000 && odd > 10, "{handoffs} {odd}");
}

#[test]
fn a_plan_names_a_level_exactly_where_it_pages_otherwise() {
    let mut runner = runner("changes", 2);
    runner
        .run(&(cases(0..zones().len(), true), cases(0..zones().len(), false)), |(one, other)| {
            let ((one, from, _), (mut other, ..)) = (one.build(), other.build());
            other.time_zone = one.time_zone.clone();
            let (before, after) = (configuration(&one), configuration(&other));
            let start = Timestamp::from_second(from * 60).unwrap();
            let drawn = Drawn::from([(("p".parse().unwrap(), 1), 5)]);
            let outside = Outside { drawn: drawn.clone(), ..Outside::default() };
            let plan = plan(&before, &after, &outside, start);
            for step in 0..250 {
                let at = start + SignedDuration::from_mins(step * 157);
                let (old, new) = (levels(&before.policies[0], &before, &drawn, at), levels(&after.policies[0], &after, &drawn, at));
                for place in 0..2 {
                    let named = plan.pages.iter().flat_map(|p| &p.changes).find(|c| c.level == place && holds(&c.spans, at));
                    assert_eq!(named.is_some(), old[place] != new[place], "level {place} at {at}");
                    if let Some(change) = named {
                        assert_eq!((change.before.as_ref(), change.after.as_ref()), (Some(&old[place]), Some(&new[place])));
                    }
                }
            }
            Ok(())
        })
        .unwrap();
}
