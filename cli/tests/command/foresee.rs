//! `who` and `verify`, offline.

use super::double::{Ran, file, run, tocsin};
use expect_test::expect;

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
    "#]]
    .assert_eq(&holes.out);
}
