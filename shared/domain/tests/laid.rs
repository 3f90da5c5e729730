//! Foresight with what people changed at run time. 2026-01-05 is a Monday.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::Timestamp;
use serde_json::{Value, json};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::foresight::simulate::{Around, Imagined, simulate_in};
use tocsin_domain::foresight::{Outside, laid, plan};
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_domain::schedule::roster::Roster;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Ada is on call day and night; Grace stands in where somebody says so.
fn configuration(members: &Value) -> Configuration {
    let person = |id: &str| json!({"id": id, "name": id, "contact_methods": [{"id": format!("{id}-sms"), "kind": "sms", "to": "+15555550101"}]});
    serde_json::from_value(json!({
        "version": 1, "teams": [{"id": "web", "name": "Web"}], "users": [person("ada"), person("grace"), person("linus")],
        "schedules": [{"id": "office", "team": "web", "time_zone": "UTC", "layers": [{"name": "week", "rotation": "weekly", "start": "2025-01-06", "members": members}]}],
        "policies": [{"id": "web", "team": "web", "levels": [{"delay_s": 600, "targets": [{"schedule": "office"}]}, {"delay_s": 600, "targets": [{"schedule": "office"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web"}],
    }))
    .unwrap()
}

/// Changes of the schedule: when made, start, end, what, when taken back.
fn roster(changes: &[(&str, &str, &str, Value, Option<&str>)]) -> Roster {
    let overrides = changes.iter().enumerate().map(|(n, (made, start, end, change, removed))| {
        let removed = removed.map(|at| json!({"by": "system", "at": at}));
        let mut o = json!({"id": format!("ovr_{:026}", n + 1), "start": start, "end": end, "change": change, "by": "system", "at": made});
        if let Some(removed) = removed {
            o["removed"] = removed;
        }
        o
    });
    serde_json::from_value(json!({"schedule": "office", "team": "web", "revision": 1, "overrides": overrides.collect::<Vec<_>>()})).unwrap()
}

fn paged(configuration: &Configuration, rosters: Vec<Roster>, begins: &str) -> Vec<String> {
    let events: Vec<Imagined> = serde_json::from_value(json!([{"at": begins, "do": "trigger", "service": "shop"}])).unwrap();
    let story = simulate_in(configuration, &Around { rosters, ..Around::default() }, events, at(begins) + jiff::SignedDuration::from_mins(15));
    let words = story.entries.iter().map(|e| e.what.words());
    words.filter(|w| w.starts_with("paged ")).map(|w| w.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn a_simulation_pages_whom_an_override_puts_on_call_and_each_level_asks_anew() {
    let configuration = configuration(&json!(["ada"]));
    let changes = || vec![roster(&[("2026-01-05T08:00:00Z", "2026-01-05T09:05:00Z", "2026-01-05T10:00:00Z", json!({"with": "grace"}), None)])];
    assert_eq!(paged(&configuration, Vec::new(), "2026-01-05T09:00:00Z"), ["ada", "ada"]);
    assert_eq!(paged(&configuration, changes(), "2026-01-05T09:00:00Z"), ["ada", "grace"]);
    assert_eq!(paged(&configuration, changes(), "2026-01-05T09:55:00Z"), ["grace", "ada"]);
}

#[test]
fn what_was_is_told_as_it_was_answered_then() {
    let configuration = configuration(&json!(["ada"]));
    let rosters = [roster(&[
        // Made in the middle of its time.
        ("2026-01-05T09:05:00Z", "2026-01-05T08:00:00Z", "2026-01-05T10:00:00Z", json!({"with": "grace"}), None),
        // Taken back before it began, and in the middle: its end is the instant of that.
        ("2026-01-05T07:00:00Z", "2026-01-06T09:00:00Z", "2026-01-06T10:00:00Z", json!({"with": "linus"}), Some("2026-01-05T12:00:00Z")),
        ("2026-01-05T07:00:00Z", "2026-01-07T09:00:00Z", "2026-01-07T09:30:00Z", json!({"with": "linus"}), Some("2026-01-07T09:30:00Z")),
    ])];
    assert_eq!(paged(&configuration, rosters.to_vec(), "2026-01-05T09:00:00Z"), ["ada", "grace"], "nobody knew at 09:00");
    for (instant, who) in [
        ("2026-01-05T08:30:00Z", "ada"),
        ("2026-01-05T09:04:59Z", "ada"),
        ("2026-01-05T09:05:00Z", "grace"),
        ("2026-01-05T10:00:00Z", "ada"),
        ("2026-01-06T09:30:00Z", "ada"),
        ("2026-01-07T09:15:00Z", "linus"),
        ("2026-01-07T09:30:00Z", "ada"),
    ] {
        let on_call = laid(&configuration, &rosters, at(instant)).schedules[0].on_call(at(instant));
        assert_eq!(on_call.iter().map(|o| o.user.as_str()).collect::<Vec<_>>(), [who], "{instant}");
    }
    // Whoever asks about later hears the same words as whoever is paged: the override began when it says.
    let later = at("2026-01-05T09:30:00Z");
    assert_eq!(laid(&configuration, &rosters, later).schedules[0].on_call(later), rosters[0].over(&configuration.schedules[0]).on_call(later));
    let between = |from, until| rosters[0].between(at(from), at(until)).count();
    assert_eq!(between("2026-01-05T09:00:00Z", "2026-01-05T09:05:00Z"), 0);
    assert_eq!(between("2026-01-05T09:00:00Z", "2026-01-07T10:00:00Z"), 2);
}

#[test]
fn windows_that_people_started_and_ended_keep_alerts_from_people() {
    let mut configuration = configuration(&json!(["ada"]));
    configuration.maintenance =
        serde_json::from_value(json!([{"id": "move", "reason": "moving", "services": ["shop"], "start": "2026-01-06T09:00Z", "end": "2026-01-06T10:00Z"},
        {"id": "nightly", "reason": "backup", "services": ["shop"], "weekly": [{"from": "mon 22:00", "to": "mon 23:00"}]}]))
        .unwrap();
    let run = |id: &str, start: &str, end: &str, more: Value| {
        let mut run = json!({"id": id, "team": "web", "reason": "deploy", "services": ["shop"], "start": start, "end": end, "by": "system"});
        run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value::<MaintenanceRun>(run).unwrap()
    };
    let windows = [
        // Asked for in the middle of its time, and ended early.
        run("mnt-1", "2026-01-05T08:00:00Z", "2026-01-05T12:00:00Z", json!({"at": "2026-01-05T09:00:00Z", "ended_at": "2026-01-05T10:00:00Z"})),
        // Called off before it began.
        run("mnt-2", "2026-01-05T14:00:00Z", "2026-01-05T15:00:00Z", json!({"at": "2026-01-05T09:00:00Z", "ended_at": "2026-01-05T13:00:00Z"})),
        run("move", "2026-01-06T09:00:00Z", "2026-01-06T10:00:00Z", json!({"configured": true, "ended_at": "2026-01-06T09:20:00Z"})),
        run("nightly", "2026-01-05T22:00:00Z", "2026-01-05T23:00:00Z", json!({"configured": true, "ended_at": "2026-01-05T21:00:00Z"})),
    ];
    // When the first page goes out that follows an alert of this instant.
    let pages_at = |begins: &str, windows: &[MaintenanceRun]| {
        let events: Vec<Imagined> = serde_json::from_value(json!([{"at": begins, "do": "trigger", "service": "shop"}])).unwrap();
        let around = Around { maintenance: windows.to_vec(), ..Around::default() };
        let story = simulate_in(&configuration, &around, events, at(begins) + jiff::SignedDuration::from_hours(3));
        story.entries.iter().find(|e| e.what.words().starts_with("paged ")).map(|e| e.at.strftime("%H:%M").to_string()).unwrap()
    };
    for (begins, alone, with) in [
        ("2026-01-05T08:30:00Z", "08:30", "08:30"),
        ("2026-01-05T09:30:00Z", "09:30", "10:00"),
        ("2026-01-05T10:30:00Z", "10:30", "10:30"),
        ("2026-01-05T14:30:00Z", "14:30", "14:30"),
        ("2026-01-06T09:10:00Z", "10:00", "09:20"),
        ("2026-01-06T09:30:00Z", "10:00", "09:30"),
        ("2026-01-05T22:30:00Z", "23:00", "22:30"),
        ("2026-01-12T22:30:00Z", "23:00", "23:00"),
    ] {
        assert_eq!((pages_at(begins, &[]).as_str(), pages_at(begins, &windows).as_str()), (alone, with), "an alert at {begins}");
    }
}

#[test]
fn a_plan_keeps_what_people_changed_and_sees_what_it_does_to_them() {
    let (before, after) = (configuration(&json!(["ada"])), configuration(&json!(["linus"])));
    let change = |what: Value| roster(&[("2026-01-05T08:00:00Z", "2026-01-12T00:00:00Z", "2026-01-19T00:00:00Z", what, None)]);
    let told = |after: &Configuration, what: Value| {
        let outside = Outside { rosters: vec![change(what)], ..Outside::default() };
        plan(&before, after, &outside, at("2026-01-05T00:00:00Z"))
    };
    // The week in which Grace stands in for everybody is not paged otherwise.
    let planned = told(&after, json!({"with": "grace"}));
    let spans: Vec<(String, String)> = planned.pages[0].changes[0].spans.iter().map(|s| (s.start.to_string(), s.end.to_string())).collect();
    assert_eq!(
        spans,
        [("2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z"), ("2026-01-19T00:00:00Z", "2026-02-02T00:00:00Z")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    assert_eq!(planned.objects.len(), 1, "what people changed is no change of the document: {:?}", planned.objects);
    // Somebody who is gone afterwards would have been on call by an override.
    let mut gone = before.clone();
    gone.users.retain(|u| u.id.as_str() != "grace");
    let planned = told(&gone, json!({"with": "grace"}));
    let words: Vec<String> = planned.lines(&gone).into_iter().map(|l| l.text).collect();
    assert!(words.iter().any(|w| w.contains("grace can not be reached")), "{words:?}");
    assert!(told(&before, json!({"with": "grace"})).is_nothing());
}
