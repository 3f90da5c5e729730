//! `rules test`, offline: what it prints is kept as it is.

use super::double::{file, run, tocsin};
use expect_test::expect;

const RULES: &str = "\
version: 1
teams:
  - id: web
    name: Web
    integrations: [{id: web-events, kind: pagerduty}]
    router:
      default: shop
      rules:
        - {id: bank, when: {field: component, starts_with: bank}, then: {route: bank}}
services:
  - id: shop
    name: Shop
    team: web
    policy: web
    rules:
      - id: night-noise
        when:
          all:
            - {field: severity, is: [warning, info]}
            - {time: {time_zone: Europe/London, within: [{from: '22:00', to: '07:00'}]}}
        then: {suppress: mild things wait for the morning}
      - {id: disk, when: {field: details.used, at_least: 90}, then: {severity: critical, summary: '{{source}}: disk {{details.used}}'}, continue: true}
      - {id: flaps, when: {field: class, matches: '^flap'}, then: {pause_s: 120}}
  - {id: bank, name: Bank, team: web, policy: web, depends_on: [shop], attach_to_upstream: true, grouping: {by: fields, fields: [component]}}
users:
  - {id: ada, name: Ada, contact_methods: [{id: ada-sms, kind: sms, to: '+15555550101'}]}
policies:
  - {id: web, team: web, levels: [{delay_s: 300, targets: [{user: ada}]}]}
";

fn tested(name: &str, arguments: &[&str], event: &str) -> String {
    let (rules, event) = (file(&format!("rules-{name}.yaml"), RULES), file(&format!("event-{name}.json"), event));
    let mut all = vec!["rules", "test", rules.to_str().unwrap(), "--event", event.to_str().unwrap(), "--at", "2026-01-05T23:00:00Z"];
    all.extend(arguments);
    run(&mut tocsin(&all)).good().to_owned()
}

#[test]
fn a_rule_rewrites_and_another_waits() {
    let shown = tested("disk", &["--service", "shop"], r#"{"source": "db-1", "summary": "disk", "class": "flapping", "details": {"used": 93}}"#);
    expect![[r#"
        At 2026-01-05T23:00:00Z:
        RULES OF      RULE         TAKES IT  WHAT IT DOES
        service shop  night-noise  no
        service shop  disk         yes       summary "db-1: disk 93", severity critical
        service shop  flaps        yes       paused for 120 s
        An incident of service shop: db-1: disk 93 (critical, high urgency), paging by policy web.
        Nobody is paged before 2026-01-05T23:02:00Z, and nobody at all if it is over by then.
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_rule_keeps_what_is_mild_from_people_at_night() {
    let shown = tested(
        "night",
        &["--service", "shop"],
        r#"{"payload": {"summary": "slow", "source": "web-1", "severity": "warning"}, "event_action": "trigger", "routing_key": "x"}"#,
    );
    expect![[r#"
        At 2026-01-05T23:00:00Z:
        RULES OF      RULE         TAKES IT  WHAT IT DOES
        service shop  night-noise  yes       suppressed: mild things wait for the morning
        Nobody is paged: it is suppressed by rule night-noise of service shop: mild things wait for the morning.
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_router_sends_it_on() {
    let shown = tested("router", &["--router", "web"], r#"{"summary": "down", "component": "bank-db"}"#);
    expect![[r#"
        At 2026-01-05T23:00:00Z:
        RULES OF       RULE  TAKES IT  WHAT IT DOES
        router of web  bank  yes       routed to service bank
        An incident of service bank: down (error, high urgency), paging by policy web.
        It joins the open incident of its group (25d5198dbb43).
        While an incident of shop is open it joins that one instead.
    "#]]
    .assert_eq(&shown);
}

#[test]
fn what_is_not_there_is_said() {
    let (rules, event) = (file("rules-none.yaml", RULES), file("event-none.json", "[]"));
    let arguments = ["rules", "test", rules.to_str().unwrap(), "--event", event.to_str().unwrap(), "--service"];
    let unknown = run(&mut tocsin(&[&arguments[..], &["shpo"]].concat()));
    assert!(unknown.code == Some(1) && unknown.err.contains("has no service \"shpo\"\n  did you mean \"shop\"?"), "{}", unknown.err);
    let list = run(&mut tocsin(&[&arguments[..], &["shop"]].concat()));
    assert!(list.code == Some(1) && list.err.contains("it is no JSON object"), "{}", list.err);
    let misspelt = file("event-misspelt.json", r#"{"summary": "down", "sevrity": "info"}"#);
    let field = run(&mut tocsin(&["rules", "test", rules.to_str().unwrap(), "--event", misspelt.to_str().unwrap(), "--service", "shop"]));
    assert!(field.code == Some(1) && field.err.contains("events have no field \"sevrity\"\n  did you mean \"severity\"?"), "{}", field.err);
}
