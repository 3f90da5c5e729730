//! What is said of files, word for word, and that no file makes it panic.

use super::read;
use expect_test::{Expect, expect};

const EXAMPLE: &str = include_str!("../../../infra/local/example.yaml");

fn check(source: &str, expected: Expect) {
    let said = read("t.yaml", source).map_or_else(|findings| findings.to_string(), |_| "good".to_owned());
    expected.assert_eq(&said);
}

#[test]
fn the_example_is_good() {
    let configuration = read("example.yaml", EXAMPLE).map_err(|f| f.to_string()).unwrap();
    assert_eq!((configuration.users.len(), configuration.services.len(), configuration.policies[0].levels.len()), (3, 3, 3));
    let sent = serde_json::to_string(&configuration).unwrap();
    assert_eq!(serde_json::from_str::<tocsin_domain::configuration::Configuration>(&sent).unwrap(), configuration, "what is sent is what was read");
    let first: Vec<&str> = configuration.services[0].integrations.iter().map(|i| i.id.as_str()).collect();
    assert_eq!(first, ["shop-pagerduty", "shop-alertmanager", "shop-opsgenie"], "the local stack takes the first key of each kind");
}

#[test]
fn every_field_comes_back_from_an_export() {
    let read = |text: &str| read("t.yaml", text).map_err(|f| f.to_string()).unwrap();
    let everything = read(include_str!("../schema/everything.yaml"));
    let written = super::yaml::write(&everything);
    assert_eq!(read(&written), everything, "{written}");
    assert!(written.contains("actions: {"), "{written}");
}

#[test]
fn everything_wrong_with_a_file_is_said_at_once_with_its_line() {
    let source = r#"version: 2
teams:
  - id: Web Shop
    name: Web
    members: [{user: adda}, {user: grace, role: bos}]
  - {id: ops, nmae: Ops}
users:
  - id: ada
    name: Ada
    time_zone: Europe/Lodnon
    contact_methods:
      - { id: ada-sms, kind: sms, to: +15555550100 }
      - { id: ada-pigeon, kind: pigeon, to: x }
      - { id: ada-sms, kind: email, to: nobody }
    rules:
      hgih: [{via: ada-sms, after: 5}]
      low: [{via: ada-smss, after_s: 5}, {via: ada-sms, after_s: -5}]
  - id: grace
    name:
    rules: 7
policies:
  - id: standard
    team: web-shop
    levels:
      - delay: 60
        targets: [{user: ada}, {usr: ada}, user: bob, {user: ada, team: ops}]
      - targets: [{schedule: W}]
  - id: other
    team: [1]
    levels: []
services:
  - { id: shop, name: Shop, team: ops, policy: other, grouping: {by: tiem, window_s: 5} }
  - { id: blog, name: Blog, team: ops, policy: standrad, grouping: {by: time, window_s: "x"}, auto_resolve_s: 1.5 }
  - { id: blog, name: Blog, team: ops, team: web-shop, policy: standard, integrations: none }
extra: 1
"#;
    check(
        source,
        expect![[r#"
            t.yaml:1: version: this Tocsin reads version 1, not 2 (write version: 1)
            t.yaml:3: teams[0].id: "Web Shop": expected 1 to 64 characters of a-z, 0-9, '-' and '_', beginning with a letter or digit (write "web-shop")
            t.yaml:5: teams[0].members[0].user: there is no user "adda" (did you mean "ada"?)
            t.yaml:5: teams[0].members[1].role: "bos" is not possible here (possible: observer, responder, admin, owner)
            t.yaml:6: teams[1].nmae: unknown field "nmae" (did you mean "name"?)
            t.yaml:10: users[0].time_zone: there is no time zone "Europe/Lodnon" (did you mean "Europe/London"?)
            t.yaml:13: users[0].contact_methods[1].kind: "pigeon" is not possible here (possible: sms, email, last_resort)
            t.yaml:14: users[0].contact_methods[2].id: contact method "ada-sms" is there twice (line 12 has it already: choose another id, or remove one of them)
            t.yaml:14: users[0].contact_methods[2].to: "nobody" is no e-mail address (write it like ada@example.com)
            t.yaml:16: users[0].rules.hgih: unknown field "hgih" (did you mean "high"?)
            t.yaml:16: users[0].rules.high[0].after: unknown field "after" (did you mean "after_s"?)
            t.yaml:17: users[0].rules.low[0].via: ada has no contact method "ada-smss" (did you mean "ada-sms"?)
            t.yaml:17: users[0].rules.low[1].after_s: expected a whole number from 0 to 4294967295, found "-5" (write digits only, like 300)
            t.yaml:18: users[1].name: field "name" is missing (add name: and its value)
            t.yaml:20: users[1].rules: expected fields (high, low), found "7" (write fields, like {name: value})
            t.yaml:25: policies[0].levels[0].delay: unknown field "delay" (did you mean "delay_s"?)
            t.yaml:26: policies[0].levels[0].targets[1]: "usr" is not possible here (did you mean "user"?)
            t.yaml:26: policies[0].levels[0].targets[2].user: there is no user "bob" (known: ada)
            t.yaml:26: policies[0].levels[0].targets[3]: expected one of: user, schedule, team, found fields (user, team) (write one of these words)
            t.yaml:27: policies[0].levels[1].delay_s: field "delay_s" is missing (add delay_s: and its value)
            t.yaml:27: policies[0].levels[1].targets[0].schedule: "W": expected 1 to 64 characters of a-z, 0-9, '-' and '_', beginning with a letter or digit (write "w")
            t.yaml:29: policies[1].team: expected text, found a list (write a text, in quotes where it holds special characters)
            t.yaml:32: services[0].grouping.by: "tiem" is not possible here (did you mean "time"?)
            t.yaml:33: services[1].policy: there is no policy "standrad" (did you mean "standard"?)
            t.yaml:33: services[1].grouping: expected a whole number from 0 to 4294967295, found string "x" (write digits only, like 300)
            t.yaml:33: services[1].auto_resolve_s: expected a whole number from 0 to 4294967295, found "1.5" (write digits only, like 300)
            t.yaml:34: services[2].id: service "blog" is there twice (line 33 has it already: choose another id, or remove one of them)
            t.yaml:34: "team" stands twice here (it is on line 34 already: remove one of them)
            t.yaml:34: services[2].integrations: expected a list, found "none" (write [one, two], or a line that begins with - for each)
            t.yaml:35: extra: unknown field "extra" (possible: version, teams, users, schedules, policies, services, heartbeats, maintenance, status_page)"#]],
    );
}

#[test]
fn schedules_are_said_with_their_lines_too() {
    let source = r#"version: 1
teams: [{ id: web, name: Web }]
users: [{ id: ada, name: Ada }]
schedules:
  - id: weekly
    team: web
    time_zone: Europe/Londn
    layers:
      - name: days
        rotation: wekly
        start: 2026-02-30T09:00
        members:
          - ada
          - grcae
        restrictions:
          - { days: [mon, fry], from: 09:00, to: 25:00 }
    overrides:
      - { start: 2026-01-06T09:00Z, end: 2026-01-05T09:00Z, with: linus }
      - { start: 2026-01-06T09:00Z, end: 2026-01-07T09:00Z }
"#;
    check(
        source,
        expect![[r#"
            t.yaml:7: schedules[0].time_zone: there is no time zone "Europe/Londn" (did you mean "Europe/London"?)
            t.yaml:10: schedules[0].layers[0].rotation: "wekly" is no length of a turn (write hourly, daily, weekly, monthly, or a length like 2 weeks or 12 hours)
            t.yaml:11: schedules[0].layers[0].start: there is no 2026-02-30 (that month ends on 2026-02-28)
            t.yaml:14: schedules[0].layers[0].members[1]: there is no user "grcae" (known: ada)
            t.yaml:16: schedules[0].layers[0].restrictions[0].days[1]: "fry" is no day of the week (write mon, tue, wed, thu, fri, sat or sun)
            t.yaml:16: schedules[0].layers[0].restrictions[0].to: the clock never reads 25:00 (times go from 00:00 to 23:59:59)
            t.yaml:18: schedules[0].overrides[0].end: the end 2026-01-05T09:00:00Z is before the start 2026-01-06T09:00:00Z (the end is the first instant no more: write a later one)
            t.yaml:18: schedules[0].overrides[0].with: there is no user "linus" (known: ada)
            t.yaml:19: schedules[0].overrides[1]: an override has either `with` (and at most one of `layer` and `person`: whom it replaces; everybody without them) or `add` alone"#]],
    );
}

#[test]
fn what_is_no_yaml_is_said_with_its_line() {
    check("", expect!["t.yaml:1: the file is empty (begin with version: 1)"]);
    check("# nothing\n", expect!["t.yaml:1: the file is empty (begin with version: 1)"]);
    check("version: 1\n\tteams: []\n", expect!["t.yaml:1: this is not YAML: while scanning a plain scalar, found a tab (indent with spaces, not with tabs)"]);
    check(
        "version: 1\nteams: [\n",
        expect![
            "t.yaml:3: this is not YAML: while parsing a node, did not find expected node content (check the indentation here and above, and that every [, { and quote has its end)"
        ],
    );
    check(
        "version: 1\nteams:\n  - id: web\n   name: x\n",
        expect![
            "t.yaml:4: this is not YAML: while parsing a block collection, did not find expected '-' indicator (check the indentation here and above, and that every [, { and quote has its end)"
        ],
    );
    check(
        "version: 1\nname: a: b\n",
        expect![
            "t.yaml:2: this is not YAML: mapping values are not allowed in this context (put text that contains ': ' into quotes, and check the indentation)"
        ],
    );
    check(
        "[1, 2]\n",
        expect![
            "t.yaml:1: expected fields (version, teams, users, schedules, policies, services, heartbeats, maintenance, status_page), found a list (write fields, like {name: value})"
        ],
    );
    check(
        "just words\n",
        expect![[
            r#"t.yaml:1: expected fields (version, teams, users, schedules, policies, services, heartbeats, maintenance, status_page), found "just words" (write fields, like {name: value})"#
        ]],
    );
    check(
        "version: 1\nteams: [{ id: web\n",
        expect![
            "t.yaml:3: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}' (check the indentation here and above, and that every [, { and quote has its end)"
        ],
    );
    check(
        "version: 1\nteams: \"web\n",
        expect![
            "t.yaml:2: this is not YAML: while scanning a quoted scalar, found unexpected end of stream (check the indentation here and above, and that every [, { and quote has its end)"
        ],
    );
    check("teams: []\n", expect![[r#"t.yaml:1: version: field "version" is missing (write version: 1)"#]]);
    check("version: 1\nversion: 1\n", expect![[r#"t.yaml:2: "version" stands twice here (it is on line 1 already: remove one of them)"#]]);
    check("version: 1\n---\nversion: 1\n", expect!["t.yaml:2: a second document begins here (write one document: remove the line ---)"]);
    check("version: !custom 1\n", expect!["t.yaml:1: tags like !custom are not understood (remove it)"]);
    check(
        "version: 1\n? [a]\n: b\n",
        expect![[r#"
            t.yaml:2: a key has to be one word (put texts that begin with [ or { into quotes)
            t.yaml:2: unknown field "" (possible: version, teams, users, schedules, policies, services, heartbeats, maintenance, status_page)"#]],
    );
    check("version: one\n", expect![[r#"t.yaml:1: version: expected a whole number from 0 to 4294967295, found "one" (write digits only, like 300)"#]]);
}

#[test]
fn the_type_decides_what_a_value_is() {
    let user = |rest: &str| format!("version: 1\nusers:\n  - {{ id: 1, name: no, {rest} }}\n");
    check(&user("contact_methods: [{ id: p, kind: sms, to: +15555550100 }]"), expect![[r#"good"#]]);
    check(&user("rules: ~, contact_methods:"), expect![[r#"good"#]]);
    check(
        &user("rules: { high: \"\" }"),
        expect![[r#"t.yaml:3: users[0].rules.high: expected a list, found "" (write [one, two], or a line that begins with - for each)"#]],
    );
    check(
        "version: 1\nteams: &t\n  - &web { id: web, name: Web }\nusers: []\nschedules: []\nservices: []\npolicies: []\nstatus_page: { name: x, components: [] }\n",
        expect![[r#"good"#]],
    );
}

#[test]
fn an_alias_is_what_it_stands_for_but_no_bomb() {
    let shared = "version: 1\nusers:\n  - { id: ada, name: Ada }\nteams:\n  - { id: a, name: A, members: &all [{ user: ada }] }\n  - { id: b, name: B, members: *all }\n";
    check(shared, expect![[r#"good"#]]);
    let mut bomb = "version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let before = i - 1;
        bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{before}"); 10].join(", "));
    }
    let said = read("t.yaml", &bomb).unwrap_err().to_string();
    assert!(said.contains("more than 500000 values (split it, or use fewer aliases)"), "{said}");
    for (depth, expected) in [(70, "nested more than 64 deep"), (5000, "recursion limit exceeded")] {
        let deep = format!("version: 1\nteams: {}{}\n", "[".repeat(depth), "]".repeat(depth));
        let said = read("t.yaml", &deep).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn no_part_of_a_file_makes_it_panic() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    for cut in 0..lines.len() {
        let without: Vec<&str> = lines.iter().enumerate().filter(|(i, _)| *i != cut).map(|(_, l)| *l).collect();
        let _ = read("t.yaml", &without.join("\n"));
        let _ = read("t.yaml", &lines[..cut].join("\n"));
    }
    for (at, _) in EXAMPLE.char_indices().step_by(41) {
        for odd in ["\t", "{", "]", ": ", "\u{0}", "*", "&a ", "é", "\r", "- ", "!!binary ", "%"] {
            let mut text = EXAMPLE.to_owned();
            text.insert_str(at, odd);
            if let Err(findings) = read("t.yaml", &text) {
                let last = EXAMPLE.lines().count() + 2;
                assert!(findings.rows().iter().all(|r| (1..=last).contains(&r.line) && r.column > 0), "{findings}");
            }
        }
    }
}
