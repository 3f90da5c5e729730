//! `who` and `verify`, offline.

use super::double::{Answer, Double, Ran, Request, file, run, tocsin};
use expect_test::expect;
use serde_json::json;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/local/example.yaml");

const WEEKDAYS: &str = "\
version: 1
teams: [{id: web, name: Web}]
users:
  - {id: ada, name: Ada, contact_methods: [{id: ada-sms, kind: sms, to: '+15555550101'}]}
schedules:
  - id: office
    team: web
    time_zone: Europe/London
    layers:
      - rotation: weekly
        start: 2026-01-05T09:00
        members: [ada]
        restrictions: [{days: [mon, tue, wed, thu, fri], from: '09:00', to: '17:00'}]
policies:
  - {id: web, team: web, levels: [{delay_s: 300, targets: [{schedule: office}]}]}
";

fn told(arguments: &[&str]) -> Ran {
    run(&mut tocsin(arguments))
}

#[test]
fn who_is_on_call_over_a_handoff() {
    // 2026-01-12 is a Monday: Grace takes over from Ada at 09:00 in London, which is UTC in winter.
    let before = told(&["who", EXAMPLE, "--at", "2026-01-12T08:59:59Z"]);
    let after = told(&["who", EXAMPLE, "--at", "2026-01-12T09:00:00Z"]);
    let (before, after) = (before.good(), after.good());
    assert!(before.contains("  ada ") && !before.contains("grace"), "{before}");
    assert!(after.contains("  grace ") && !after.contains("  ada "), "{after}");
}

#[test]
fn verify_is_silent_about_full_coverage_and_names_each_hole() {
    let good = told(&["verify", EXAMPLE, "--from", "2026-01-05T09:00:00Z", "--days", "1"]);
    expect![[r#"
        schedule web-weekly: 1 hand-off, 1 open stretch of layers and 1 answer are exact on the clock of Europe/London
        1 schedule, 6 levels: somebody is on call, and every level reaches somebody, in each of 1440 minutes.
    "#]]
    .assert_eq(good.good());
    let weekdays = file("weekdays.yaml", WEEKDAYS);
    let holes = told(&["verify", weekdays.to_str().unwrap(), "--from", "2026-01-05T09:00:00Z", "--days", "2"]);
    assert_eq!(holes.code, Some(1), "{}{}", holes.out, holes.err);
    expect![[r#"
        ! schedule office has nobody on call
            Monday 2026-01-05 17:00 to Tuesday 2026-01-06 09:00 Europe/London
            Tuesday 2026-01-06 17:00 Europe/London and on
        ! no service uses policy web
        ! level 1 of policy web reaches nobody at times, and passes at once
            Monday 2026-01-05 17:00 to Tuesday 2026-01-06 09:00 Europe/London
            Tuesday 2026-01-06 17:00 Europe/London and on
        schedule office: 1 hand-off, 2 open stretches of layers and 4 answers are exact on the clock of Europe/London
    "#]]
    .assert_eq(&holes.out);
}

/// Daily hand-offs at 01:30 and 02:30 in Berlin and Lord Howe's half hour, two at once, and a member whose turn always falls on a closed day.
const CHANGES: &str = "\
version: 1
teams: [{id: web, name: Web}]
users:
  - {id: ada, name: Ada, contact_methods: [{id: ada-sms, kind: sms, to: '+15555550101'}]}
  - {id: grace, name: Grace, contact_methods: [{id: grace-sms, kind: sms, to: '+15555550102'}]}
  - {id: linus, name: Linus, contact_methods: [{id: linus-sms, kind: sms, to: '+15555550103'}]}
schedules:
  - id: berlin
    team: web
    time_zone: Europe/Berlin
    layers:
      - {name: daily, rotation: daily, start: 2026-01-05T02:30, members: [ada, grace]}
  - id: island
    team: web
    time_zone: Australia/Lord_Howe
    stacking: union
    layers:
      - {rotation: daily, start: 2026-01-05T01:45, members: [[ada, grace]], restrictions: [{from: '01:45', to: '02:15'}]}
      - {rotation: weekly, start: 2026-01-05, members: [linus]}
  - id: mondays
    team: web
    time_zone: UTC
    layers:
      - {name: mondays, rotation: 7 days, start: 2026-01-05, members: [ada]}
      - {name: days, rotation: daily, start: 2026-01-05, members: [ada, ada, ada, ada, ada, ada, linus], restrictions: [{from: mon 00:00, to: sat 24:00}]}
policies:
  - {id: web, team: web, levels: [{delay_s: 300, targets: [{schedule: berlin}, {schedule: island}]}]}
services:
  - {id: shop, name: Shop, team: web, policy: web}
";

#[test]
fn each_hand_off_is_proven_over_changes_of_clocks_and_members_without_a_shift_are_named() {
    let changes = file("changes.yaml", CHANGES);
    let told = told(&["verify", changes.to_str().unwrap(), "--from", "2026-03-01T00:00:00Z", "--years", "2"]);
    assert_eq!((told.code, told.err.as_str()), (Some(1), ""), "{}", told.out);
    expect![[r#"
        ! linus has turns in layer 'days' of schedule mondays and is never on call by them
        schedule berlin: 731 hand-offs, 1 open stretch of layers and 732 answers are exact on the clock of Europe/Berlin
            layer 'daily': Sunday 2026-03-29 02:30 is skipped by the clock; the hand-off is when it goes on, at 01:00 UTC
            layer 'daily': Sunday 2026-10-25 02:30 is read twice by the clock; the hand-off is at the first, 00:30 UTC
            layer 'daily': Sunday 2027-03-28 02:30 is skipped by the clock; the hand-off is when it goes on, at 01:00 UTC
            layer 'daily': Sunday 2027-10-31 02:30 is read twice by the clock; the hand-off is at the first, 00:30 UTC
        schedule island: 836 hand-offs, 732 open stretches of layers and 1568 answers are exact on the clock of Australia/Lord_Howe
            layer 1: Sunday 2026-04-05 01:45 is read twice by the clock; the hand-off is at the first, 14:45 UTC
            layer 1: Sunday 2027-04-04 01:45 is read twice by the clock; the hand-off is at the first, 14:45 UTC
            several people are on call together: 731 times, 366 h in all
        schedule mondays: 836 hand-offs, 106 open stretches of layers and 731 answers are exact on the clock of UTC
    "#]]
    .assert_eq(&told.out);
}

#[test]
fn years_are_years_of_the_calendar() {
    let until = |from: &str, years: &str| told(&["verify", EXAMPLE, "--from", from, "--years", years, "--json"]).json()["until"].clone();
    assert_eq!(until("2026-03-01T09:00:00Z", "1"), "2027-03-01T09:00:00Z");
    assert_eq!(until("2026-03-01T09:00:00Z", "5"), "2031-03-01T09:00:00Z", "two of them have 366 days");
    assert_eq!(until("2028-02-29T00:00:00Z", "1"), "2029-02-28T00:00:00Z", "there is no 29th then");
}

/// Two versions: Ada alone until Tuesday 2026-01-06 at 10:00, Grace alone since.
fn two_versions() -> Double {
    let of = |who: &str| {
        json!({"version": 1, "teams": [{"id": "web", "name": "Web"}], "users": [{"id": who, "name": who}], "schedules": [
            {"id": "primary", "team": "web", "time_zone": "UTC", "layers": [{"rotation": "weekly", "start": "2026-01-05", "members": [who]}]}]})
    };
    Double::new(move |request: &Request| match request.line().split('?').next().unwrap_or_default() {
        "GET /v1/configuration/versions" => Answer::json(
            200,
            json!({"versions": [{"version": 2, "at": "2026-01-06T10:00:00Z", "by": "ada"}, {"version": 1, "at": "2026-01-05T10:00:00Z", "by": "ada"}]}),
        ),
        "GET /v1/overrides" => Answer::no_overrides(&["primary"]),
        "GET /v1/configuration/versions/1" => Answer::json(200, json!({"version": 1, "configuration": of("ada")})),
        "GET /v1/configuration/versions/2" => Answer::json(200, json!({"version": 2, "configuration": of("grace")})),
        other => Answer::problem(404, "Not found", other),
    })
}

#[test]
fn who_was_on_call_then_is_told_by_what_was_in_force_then() {
    let double = two_versions();
    let at = |rest: &[&str]| double.tocsin(&[&["who", "--at"], rest].concat());
    expect![[r#"
        At 2026-01-06T09:59:59Z, by version 1 of the configuration:
        SCHEDULE  ON CALL  WHY
        primary   ada      layer 1, turn 1 since 2026-01-05 00:00 UTC
        Overrides made at run time are kept for 100 days after their end: which there were then is not known.
    "#]]
    .assert_eq(at(&["2026-01-06T09:59:59Z"]).good());
    assert!(at(&["2026-01-06T10:00:00Z"]).good().contains("primary   grace"));
    assert!(at(&["2026-01-06T09:00:00Z", "--version", "2"]).good().contains("by version 2"));
    assert!(at(&["2026-01-05T09:59:59Z"]).failed().contains("no configuration was in force at 2026-01-05T09:59:59Z"));
}
