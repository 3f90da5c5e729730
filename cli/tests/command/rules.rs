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

fn tested(arguments: &[&str], event: &str) -> String {
    let (rules, event) = (file("rules.yaml", RULES), file("event.json", event));
    let mut all = vec!["rules", "test", rules.to_str().unwrap(), "--event", event.to_str().unwrap(), "--at", "2026-01-05T23:00:00Z"];
    all.extend(arguments);
    run(&mut tocsin(&all)).good().to_owned()
}

#[test]
fn a_rule_rewrites_and_another_waits() {
    let shown = tested(&["--service", "shop"], r#"{"source": "db-1", "summary": "disk", "class": "flapping", "details": {"used": 93}}"#);
    expect![[r#""#]].assert_eq(&shown);
}

#[test]
fn a_rule_keeps_what_is_mild_from_people_at_night() {
    let shown = tested(&["--service", "shop"], r#"{"payload": {"summary": "slow", "source": "web-1", "severity": "warning"}, "event_action": "trigger", "routing_key": "x"}"#);
    expect![[r#""#]].assert_eq(&shown);
}

#[test]
fn a_router_sends_it_on() {
    let shown = tested(&["--router", "web"], r#"{"summary": "down", "component": "bank-db"}"#);
    expect![[r#""#]].assert_eq(&shown);
}

#[test]
fn what_is_not_there_is_said() {
    let (rules, event) = (file("rules.yaml", RULES), file("event.json", "[]"));
    let arguments = ["rules", "test", rules.to_str().unwrap(), "--event", event.to_str().unwrap(), "--service"];
    let unknown = run(&mut tocsin(&[&arguments[..], &["shpo"]].concat()));
    assert!(unknown.code == Some(1) && unknown.err.contains("it has no service \"shpo\""), "{}", unknown.err);
    let list = run(&mut tocsin(&[&arguments[..], &["shop"]].concat()));
    assert!(list.code == Some(1) && list.err.contains("it is no JSON object"), "{}", list.err);
}
