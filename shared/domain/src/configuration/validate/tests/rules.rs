//! Every mistake of event rules, routers, grouping, dependencies, maintenance windows and mappings: where, what, and what to write.

use super::said;
use expect_test::expect_file;
use serde_json::{Value, json};
use std::fmt::Write;

/// A condition that is seven deep, and as many more as are asked for.
fn nested(more: usize) -> Value {
    (0..7 + more).fold(json!({"field": "summary", "is": "a"}), |inner, _| json!({"not": inner}))
}

#[test]
fn each_mistake_has_a_place_and_a_suggestion() {
    let rule = |when: Value, then: Value| json!([{"id": "r", "when": when, "then": then}]);
    let severe = || json!({"severity": "info"});
    let of = |condition: Value| ("/services/0/rules", rule(condition, severe()));
    let then = |then: Value| ("/services/0/rules", rule(json!({"field": "summary", "is": "a"}), then));
    let field = |test: &str, value: Value| of(json!({"field": "details.host", test: value}));
    let router = |router: Value| vec![("/teams/0/integrations", json!([{"id": "web-events", "kind": "pagerduty"}])), ("/teams/0/router", router)];
    let mapping = |mapping: Value| ("/services/0/integrations/0", json!({"id": "own", "kind": "generic", "mapping": mapping}));
    let window = |window: Value| {
        let mut whole = json!({"id": "move", "reason": "moving", "services": ["shop"], "start": "2026-03-01T22:00", "end": "2026-03-02T06:00"});
        window.as_object().unwrap().iter().for_each(|(k, v)| whole[k] = v.clone());
        ("/maintenance", json!([whole]))
    };
    let table: Vec<Vec<(&str, Value)>> = vec![
        // Conditions.
        vec![of(json!({}))],
        vec![of(json!({"field": "summary", "is": "a", "any": [{"field": "source", "is": "b"}]}))],
        vec![of(json!({"is": "a"}))],
        vec![of(json!({"all": [], "ignore_case": true}))],
        vec![of(json!({"field": "summary"}))],
        vec![of(json!({"field": "sumary", "is": "a"}))],
        vec![of(json!({"field": "detials.host", "is": "a"}))],
        vec![of(json!({"field": "details.", "is": "a"}))],
        vec![of(json!({"field": format!("details.{}", "a".repeat(200)), "is": "a"}))],
        vec![field("present", json!(false))],
        vec![of(json!({"field": "details.host", "present": false, "is": "a"}))],
        vec![of(json!({"field": "severity", "is": ["critcal", "error"]}))],
        vec![field("is", json!([]))],
        vec![field("contains", json!(""))],
        vec![field("starts_with", json!("x".repeat(1001)))],
        vec![field("matches", json!("("))],
        vec![field("matches", json!("(?=a)"))],
        vec![field("matches", json!("(a{1000}){1000}"))],
        vec![of(json!({"field": "details.used", "above": 9, "below": 1}))],
        vec![of(json!({"any": []}))],
        vec![of(json!({"all": [{"field": "summary", "is": "a"}, {"any": [{"not": {"field": "nothing", "is": "a"}}]}]}))],
        vec![of(nested(0))],
        vec![of(nested(1))],
        vec![of(json!({"any": vec![json!({"field": "summary", "is": "a"}); 200]}))],
        vec![of(json!({"time": {"time_zone": "Europe/Lodnon", "within": [{"from": "25:00", "to": "07:00"}]}}))],
        vec![of(json!({"time": {"within": []}}))],
        // What is done.
        vec![then(json!({}))],
        vec![then(json!({"route": "blog"}))],
        vec![then(json!({"summary": " "}))],
        vec![then(json!({"summary": "{{sumary}} on {{details.host}}"}))],
        vec![then(json!({"summary": "x".repeat(1025)}))],
        vec![then(json!({"group": "{{hst}}"}))],
        vec![then(json!({"suppress": ""}))],
        vec![then(json!({"drop": "x".repeat(201)}))],
        vec![then(json!({"suppress": "a", "drop": "b"}))],
        vec![then(json!({"suppress": "a", "pause_s": 60, "threshold": {"events": 2, "within_s": 60}}))],
        vec![then(json!({"pause_s": 0}))],
        vec![then(json!({"pause_s": 86_401}))],
        vec![then(json!({"threshold": {"events": 1, "within_s": 0}}))],
        vec![then(json!({"threshold": {"events": 1001, "within_s": 86_401}}))],
        // Lists of rules.
        vec![("/services/0/rules", json!([{"id": "r", "then": severe()}, {"id": "r", "then": severe()}]))],
        vec![("/services/0/rules", json!([{"id": "r", "description": "x".repeat(1001), "then": {"drop": "a"}, "continue": true}]))],
        vec![("/services/0/rules", (0..201).map(|n| json!({"id": format!("r{n}"), "when": {"field": "summary", "is": "a"}, "then": severe()})).collect())],
        // Routers.
        vec![("/teams/0/integrations", json!([{"id": "web-events", "kind": "pagerduty"}]))],
        vec![("/teams/0/router", json!({"default": "shop"}))],
        router(json!({"default": "shpo"})),
        router(json!({"default": "shop", "rules": [{"id": "r", "when": {"field": "source", "is": "a"}, "then": {"route": "blgo"}}]})),
        vec![("/services/0/routed_from", json!(["wbe"]))],
        // Grouping and dependencies.
        vec![("/services/0/grouping", json!({"by": "fields", "fields": []}))],
        vec![("/services/0/grouping", json!({"by": "fields", "fields": ["componnet"], "window_s": 0}))],
        vec![("/services/0/grouping", json!({"by": "fields", "fields": vec!["component"; 11]}))],
        vec![("/services/0/attach_to_upstream", json!(true))],
        vec![("/services/0/depends_on", json!(["blgo"]))],
        vec![("/services/0/depends_on", json!(["shop"]))],
        vec![("/services/0/depends_on", json!(["blog"])), ("/services/1/depends_on", json!(["shop"]))],
        vec![("/services/0/depends_on", json!(vec!["blog"; 21]))],
        // Maintenance windows.
        vec![window(json!({"reason": ""}))],
        vec![window(json!({"services": ["shpo"], "teams": ["wbe"]}))],
        vec![window(json!({"services": []}))],
        vec![window(json!({"end": "2026-02-01T06:00"}))],
        vec![window(json!({"end": "2027-03-02T06:00"}))],
        vec![window(json!({"start": null, "end": null}))],
        vec![window(json!({"time_zone": "Europe/Lodnon"}))],
        // Mappings.
        vec![mapping(json!([{"key": "{id}"}]))],
        vec![mapping(json!([{"summary": ["{{title}}", "{$.title}"], "when": {"$.kind": "a"}, "each": "{items}", "severities": {"bad": "error"}}]))],
        vec![mapping(json!([{"summary": "{a}"}, {"summary": "{b}"}]))],
        vec![("/services/0/integrations/0", json!({"id": "own", "kind": "pagerduty", "mapping": [{"summary": "{a}"}]}))],
        router(json!({"default": "shop"})).into_iter().chain([("/teams/0/integrations/0/mapping", json!([{"summary": "{"}]))]).collect(),
        // Heartbeats share their ids with integrations, of services and of teams.
        vec![("/heartbeats/0/id", json!("shop-pd"))],
        router(json!({"default": "shop"})).into_iter().chain([("/heartbeats/0/id", json!("web-events"))]).collect(),
    ];
    let mut told = String::new();
    for changes in table {
        let what: Vec<String> = changes.iter().map(|(at, value)| format!("{at} {value}").chars().take(200).collect()).collect();
        writeln!(told, "{}", what.join(", ")).unwrap();
        for line in said(&changes) {
            assert!(!line.ends_with(" ()"), "no suggestion: {line}");
            let short: String = line.chars().take(400).collect();
            writeln!(told, "    {short}").unwrap();
        }
    }
    expect_file!["rules.golden"].assert_eq(&told);
}
