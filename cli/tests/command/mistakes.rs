//! Bad configuration: every mistake at once, each with file, line, field and what to write; and nothing is sent.

use super::double::{Double, file};
use expect_test::expect_file;
use serde_json::json;
use std::fmt::Write;

/// A good document, but for what each case puts in place of one of its lines.
const GOOD: &str = "\
version: 1
teams:
  - { id: web, name: Web, members: [{ user: ada }] }
users:
  - { id: ada, name: Ada, time_zone: Europe/London, contact_methods: [{ id: ada-sms, kind: sms, to: \"+15555550100\" }] }
schedules:
  - { id: weekly, team: web, time_zone: Europe/London, layers: [{ rotation: weekly, start: 2026-01-05T09:00, members: [ada] }] }
policies:
  - { id: web, team: web, levels: [{ delay_s: 300, targets: [{ schedule: weekly }] }] }
services:
  - { id: shop, name: Shop, team: web, policy: web, integrations: [{ id: shop-events, kind: pagerduty }] }
  - { id: database, name: Database, team: web, policy: web }
  - { id: network, name: Network, team: web, policy: web }
heartbeats:
  - { id: backup, name: Backup, service: shop, interval_s: 86400 }
maintenance:
  - { id: move, reason: moving, services: [shop], start: 2026-03-01T22:00, end: 2026-03-02T06:00 }
status_page:
  name: Status
";

/// What it is called, and what is written instead of what.
type Case = (&'static str, Vec<(&'static str, String)>);

fn cases() -> Vec<Case> {
    let one = |from: &'static str, to: &str| vec![(from, to.to_owned())];
    let overrides: String =
        (0..5000).map(|i| format!("{{ id: o{i}, start: 2026-02-01T09:00, end: 2026-02-01T10:00, add: ada, note: on call as well }},")).collect();
    let rule = |when: &str, then: &str| format!("{{ id: network, name: Network, team: web, policy: web, rules: [{{ id: r, when: {when}, then: {then} }}] }}");
    let network = "{ id: network, name: Network, team: web, policy: web }";
    vec![
        (
            "unknown user, in a team, a turn and a level",
            vec![
                ("members: [{ user: ada }]", "members: [{ user: adda }]".to_owned()),
                ("members: [ada]", "members: [[ada, grace]]".to_owned()),
                ("{ schedule: weekly }", "{ user: linus }".to_owned()),
            ],
        ),
        (
            "unknown team, policy, schedule and service",
            vec![
                ("{ id: weekly, team: web,", "{ id: weekly, team: wbe,".to_owned()),
                ("name: Shop, team: web, policy: web", "name: Shop, team: web, policy: wbe".to_owned()),
                ("{ schedule: weekly }", "{ schedule: weakly }".to_owned()),
                ("service: shop,", "service: shpo,".to_owned()),
            ],
        ),
        (
            "a circle of services",
            vec![
                ("{ id: shop-events, kind: pagerduty }] }", "{ id: shop-events, kind: pagerduty }], depends_on: [database] }".to_owned()),
                (
                    "{ id: database, name: Database, team: web, policy: web }",
                    "{ id: database, name: Database, team: web, policy: web, depends_on: [network] }".to_owned(),
                ),
                (network, "{ id: network, name: Network, team: web, policy: web, depends_on: [shop] }".to_owned()),
            ],
        ),
        ("a service that depends on itself", one("{ id: database, name: Database,", "{ id: database, depends_on: [database], name: Database,")),
        (
            "duplicate ids",
            vec![
                ("{ id: database,", "{ id: shop,".to_owned()),
                ("{ id: backup,", "{ id: shop-events,".to_owned()),
                ("contact_methods: [{ id: ada-sms,", "contact_methods: [{ id: ada-sms, kind: sms, to: \"+15555550101\" }, { id: ada-sms,".to_owned()),
            ],
        ),
        (
            "a team's integration that is called as a heartbeat is",
            one("members: [{ user: ada }] }", "members: [{ user: ada }], integrations: [{ id: backup, kind: pagerduty }], router: { default: shop } }"),
        ),
        ("a key that stands twice", one("  name: Status\n", "  name: Status\n  name: Again\n")),
        (
            "impossible times",
            vec![
                ("start: 2026-01-05T09:00, members", "start: 2026-02-30T09:00, handoff: \"25:00\", members".to_owned()),
                ("start: 2026-03-01T22:00", "start: 2026-03-01T22:61".to_owned()),
            ],
        ),
        ("an end before its start", one("end: 2026-03-02T06:00", "end: 2026-02-02T06:00")),
        (
            "unknown zones",
            vec![
                ("name: Ada, time_zone: Europe/London", "name: Ada, time_zone: Europe/Lodnon".to_owned()),
                ("team: web, time_zone: Europe/London", "team: web, time_zone: CEST+1".to_owned()),
            ],
        ),
        ("a schedule of 400 KB", one("members: [ada] }] }", &format!("members: [ada] }}], overrides: [{overrides}] }}"))),
        (
            "unknown fields and words",
            vec![
                ("delay_s: 300", "delay: 300".to_owned()),
                ("kind: pagerduty", "kind: pagerdooty".to_owned()),
                ("name: Status\n", "nmae: Status\n".to_owned()),
            ],
        ),
        ("numbers out of bounds", vec![("delay_s: 300", "delay_s: 604801".to_owned()), ("interval_s: 86400", "interval_s: 0".to_owned())]),
        ("a number that is none", one("delay_s: 300", "delay_s: five")),
        ("nobody to reach", one("to: \"+15555550100\"", "to: 0155 555")),
        ("empty lists", vec![("targets: [{ schedule: weekly }]", "targets: []".to_owned()), ("members: [ada]", "members: [[]]".to_owned())]),
        ("an id that is none", one("- { id: database,", "- { id: Data Base,")),
        ("rules that can not work", one(network, &rule("{ field: sumary, matches: \"(\" }", "{ route: shop }"))),
        ("a rule for a text that nobody can send", one(network, &rule("{ field: severity, is: fatal }", "{ summary: \"{{detials.host}}\", pause_s: 0 }"))),
        (
            "a mapping that can not work",
            one("kind: pagerduty }]", "kind: pagerduty, mapping: [{ summary: \"{{title}}\", each: \"{items}\" }, { key: \"{id\" }] }]"),
        ),
        ("another form of document", one("version: 1\n", "version: 2\n")),
    ]
}

#[test]
fn every_mistake_is_told_and_nothing_is_changed() {
    let tocsin = Double::answering(200, json!({}));
    let mut told = String::new();
    for (n, (name, edits)) in cases().into_iter().enumerate() {
        let mut text = GOOD.to_owned();
        for (from, to) in edits {
            assert!(text.contains(from), "{name}: {from}");
            text = text.replacen(from, &to, 1);
        }
        let path = file(&format!("mistake-{n}.yaml"), &text);
        let path = path.to_str().unwrap();
        let ran = tocsin.tocsin(&["apply", path]);
        let said = ran.failed().replace(path, "t.yaml");
        assert!(said.ends_with("  nothing was changed\n"), "{name}: {said}");
        let findings = tocsin.tocsin(&["apply", path, "--json"]).json()["error"]["findings"].clone();
        for finding in findings.as_array().unwrap() {
            let has = |field: &str| finding[field].as_str().is_some_and(|text| !text.is_empty());
            let place = has("file") && finding["line"].as_u64().is_some_and(|line| line > 1 || name == "another form of document");
            assert!(place && has("message") && has("suggestion"), "{name}: {finding}");
            assert!(has("field") || name == "a key that stands twice", "{name}: {finding}");
        }
        // The plan says the same, and the check that needs no deployment.
        assert_eq!(tocsin.tocsin(&["plan", path]).code, Some(1), "{name}");
        assert_eq!(tocsin.tocsin(&["check", path]).code, Some(1), "{name}");
        writeln!(told, "# {name}\n{said}").unwrap();
    }
    assert_eq!(tocsin.lines(), Vec::<String>::new(), "nothing was asked, and nothing sent");
    expect_file!["mistakes.golden"].assert_eq(&told);
}

/// All of them in a folder of files: none hides another.
#[test]
fn mistakes_of_several_files_are_told_together() {
    let tocsin = Double::answering(200, json!({}));
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mistakes");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in [
        (
            "people.yaml",
            "version: 1\nusers:\n  - { id: ada, name: Ada, time_zone: Mars/Olympus }\nteams:\n  - { id: web, name: Web, members: [{ user: adda }] }\n",
        ),
        (
            "paging.yaml",
            "version: 1\nusers:\n  - { id: ada, name: Other }\npolicies:\n  - { id: web, team: wbe, levels: [{ delay: 1, targets: [{ user: ada }] }] }\n",
        ),
        ("times.yaml", "schedules:\n  - { id: s, team: web, time_zone: UTC, layers: [{ rotation: weekly, start: 2026-02-30, members: [ada] }] }\n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let ran = tocsin.tocsin(&["apply", folder.to_str().unwrap()]);
    expect_file!["mistakes-folder.golden"].assert_eq(&ran.failed().replace(folder.to_str().unwrap(), "FOLDER"));
    assert_eq!(tocsin.lines(), Vec::<String>::new());
}
