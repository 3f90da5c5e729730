//! Each rule of the Events API v2, as a table.

use super::golden::{FRESH, fresh};
use serde_json::{Value, json};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_ingest::source::pagerduty_v2::{self, MAX_BODY, Parsed, parse};

const KEY: &str = "R0UT1NGKEY0000000000000000000001";

/// A plain trigger with some members replaced (JSON merge patch: null removes).
fn trigger(patch: Value) -> Value {
    let mut body =
        json!({"routing_key": KEY, "event_action": "trigger", "dedup_key": "k", "payload": {"summary": "disk full", "source": "db-1", "severity": "error"}});
    merge(&mut body, patch);
    body
}

fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch,
    }
}

fn read(body: &Value) -> Event {
    parse(body.to_string().as_bytes(), fresh).unwrap_or_else(|refusal| panic!("{refusal:?} {body}")).event
}

fn errors(body: &Value) -> Vec<String> {
    let refusal = parse(body.to_string().as_bytes(), fresh).expect_err("refused");
    let answer: Value = serde_json::from_str(&refusal.body).expect("JSON");
    assert_eq!((refusal.status, &answer["status"], &answer["message"]), (400, &json!("invalid event"), &json!("Event object is invalid")));
    serde_json::from_value(answer["errors"].clone()).expect("a list")
}

#[test]
fn each_wrong_field_is_named() {
    const SEVERITY: &str = "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')";
    const ACTION: &str = "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')";
    let cases: [(Value, &[&str]); 22] = [
        (json!({"routing_key": null}), &["'routing_key' is missing or blank"]),
        (json!({"routing_key": " "}), &["'routing_key' is missing or blank"]),
        (json!({"routing_key": "short"}), &["Length of 'routing_key' is incorrect (should be 32 characters)"]),
        (json!({"routing_key": 12345}), &["Length of 'routing_key' is incorrect (should be 32 characters)"]),
        (json!({"event_action": null}), &["'event_action' is missing or blank"]),
        (json!({"event_action": "explode"}), &[ACTION]),
        (json!({"event_action": ["trigger"]}), &[ACTION]),
        (json!({"event_action": "acknowledge", "dedup_key": null}), &["'dedup_key' is missing or blank"]),
        (json!({"event_action": "resolve", "dedup_key": ""}), &["'dedup_key' is missing or blank"]),
        (json!({"payload": null}), &["'payload' is missing or blank"]),
        (json!({"payload": "text"}), &["'payload' is invalid (must be an object)"]),
        (json!({"payload": {"summary": null}}), &["'payload.summary' is missing or blank"]),
        (json!({"payload": {"summary": ""}}), &["'payload.summary' is missing or blank"]),
        (json!({"payload": {"summary": " \n\u{0}"}}), &["'payload.summary' is missing or blank"]),
        (json!({"payload": {"source": null}}), &["'payload.source' is missing or blank"]),
        (json!({"payload": {"source": ""}}), &["'payload.source' is missing or blank"]),
        (json!({"payload": {"severity": null}}), &["'payload.severity' is missing or blank"]),
        (json!({"payload": {"severity": "Critical"}}), &[SEVERITY]),
        (json!({"payload": {"severity": "catastrophic"}}), &[SEVERITY]),
        (json!({"payload": {"severity": 1}}), &[SEVERITY]),
        (
            json!({"payload": {"summary": "", "source": null, "severity": "page"}}),
            &["'payload.summary' is missing or blank", "'payload.source' is missing or blank", SEVERITY],
        ),
        (json!({"routing_key": "x", "event_action": 7}), &["Length of 'routing_key' is incorrect (should be 32 characters)", ACTION]),
    ];
    for (patch, expected) in cases {
        assert_eq!(errors(&trigger(patch.clone())), expected, "{patch}");
    }
}

#[test]
fn what_is_no_event_object() {
    for body in ["", " ", "{", "nope", "[]", "null", "1", "\"x\"", "{\"routing_key\":", "\u{0}", "[{}]"] {
        let refusal = parse(body.as_bytes(), fresh).expect_err(body);
        let answer: Value = serde_json::from_str(&refusal.body).expect("JSON");
        assert_eq!((refusal.status, &answer["status"]), (400, &json!("Unrecognized object")), "{body}");
        assert_eq!(answer["message"], "Event object format is unrecognized");
    }
    let refusal = parse(b"{\"a\":}", fresh).expect_err("no JSON");
    assert_eq!(
        serde_json::from_str::<Value>(&refusal.body).expect("JSON"),
        json!({"status": "Unrecognized object", "message": "Event object format is unrecognized", "errors": ["JSON parse error"]})
    );
}

#[test]
fn the_size_limit_is_exact_and_comes_before_parsing() {
    let frame = trigger(json!({"payload": {"custom_details": {"blob": ""}}})).to_string().len();
    for (size, accepted) in [(MAX_BODY, true), (MAX_BODY + 1, false), (600 * 1024, false)] {
        let blob = "b".repeat(size - frame);
        let body = trigger(json!({"payload": {"custom_details": {"blob": blob}}})).to_string();
        assert_eq!(body.len(), size);
        match parse(body.as_bytes(), fresh) {
            Ok(parsed) => assert!(accepted && parsed.event.details["blob"] == blob, "kept whole"),
            Err(refusal) => assert!(!accepted && refusal.status == 413),
        }
    }
    assert_eq!(parse(&vec![b'x'; MAX_BODY + 1], fresh).expect_err("too large").status, 413);
}

#[test]
fn actions_and_keys() {
    for (word, action) in [("trigger", Action::Trigger), ("acknowledge", Action::Acknowledge), ("resolve", Action::Resolve), ("Trigger ", Action::Trigger)] {
        assert_eq!(read(&trigger(json!({"event_action": word}))).action, action);
    }
    let parsed: Parsed = parse(trigger(json!({"routing_key": format!(" {KEY}\n")})).to_string().as_bytes(), fresh).expect("accepted");
    assert_eq!(parsed.routing_key, KEY);
    let cases = [
        (json!(null), FRESH),
        (json!(""), FRESH),
        (json!("srv01/mysql café ☃"), "srv01/mysql café ☃"),
        (json!(" k "), " k "),
        (json!(12345), "12345"),
        (json!({"b": 1, "a": [true]}), r#"{"a":[true],"b":1}"#),
    ];
    for (key, expected) in cases {
        assert_eq!(read(&trigger(json!({"dedup_key": key}))).dedup_key, expected);
    }
    let answer = pagerduty_v2::accepted("srv01/\"mysql\" café\n");
    assert_eq!(answer.status, 202);
    assert_eq!(
        serde_json::from_str::<Value>(&answer.body).expect("JSON"),
        json!({"status": "success", "message": "Event processed", "dedup_key": "srv01/\"mysql\" café\n"})
    );
}

#[test]
fn an_over_long_dedup_key_finds_its_alert_again() {
    let key = "k".repeat(400);
    let opened = read(&trigger(json!({"dedup_key": key})));
    assert!(opened.dedup_key.chars().count() <= 255);
    assert_eq!(opened.adapted, ["dedup_key shortened from 400 to 245 characters"]);
    for (action, later) in [("trigger", &key), ("acknowledge", &key), ("resolve", &key), ("resolve", &opened.dedup_key)] {
        assert_eq!(read(&trigger(json!({"event_action": action, "dedup_key": later}))).dedup_key, opened.dedup_key);
    }
    assert_ne!(read(&trigger(json!({"dedup_key": format!("{key}x")}))).dedup_key, opened.dedup_key);
}

#[test]
fn long_texts_are_cut_noted_and_kept_whole() {
    let whole = "☃".repeat(1024);
    assert_eq!(read(&trigger(json!({"payload": {"summary": whole}}))).summary, whole);
    let long = "☃".repeat(2000);
    let event = read(&trigger(json!({"payload": {"summary": long, "custom_details": {"free": "1%"}}})));
    assert_eq!(event.summary, whole);
    assert_eq!(event.adapted, ["payload.summary cut from 2000 to 1024 characters"]);
    assert_eq!(event.details, json!({"free": "1%", "also_sent": {"payload.summary": long}}));
    for field in ["source", "component", "group", "class"] {
        let event = read(&trigger(json!({"payload": {field: long}})));
        assert_eq!(event.details["also_sent"][format!("payload.{field}")], long);
    }
}

#[test]
fn values_of_other_types_are_coerced() {
    let event = read(&trigger(json!({"payload": {"summary": 42, "source": true, "component": 1.5, "group": {"a": 1}, "class": false}, "client": 7})));
    assert_eq!((event.summary.as_str(), event.source.as_str()), ("42", "true"));
    assert_eq!((event.component.as_deref(), event.group.as_deref(), event.class.as_deref()), (Some("1.5"), Some("{\"a\":1}"), Some("false")));
    assert_eq!(event.client.as_deref(), Some("7"));
    assert_eq!(event.adapted, ["payload.group was not text"]);
}

#[test]
fn nulls_and_empty_values_are_absent() {
    let plain = read(&trigger(json!({})));
    for nothing in [json!(null), json!(""), json!([]), json!({})] {
        let body = json!({"routing_key": KEY, "event_action": "trigger", "dedup_key": "k", "client": nothing, "client_url": nothing, "links": nothing, "images": nothing, "foo": nothing,
            "payload": {"summary": "disk full", "source": "db-1", "severity": "error", "timestamp": nothing, "component": nothing, "group": nothing, "class": nothing, "custom_details": nothing}});
        assert_eq!(read(&body), plain, "{nothing}");
    }
}

#[test]
fn details_of_any_type_are_kept() {
    for details in [json!({"a": {"b": [1, 2.5, null, true]}}), json!("text"), json!(["x"]), json!(0), json!(false), json!({"also_sent": 1})] {
        assert_eq!(read(&trigger(json!({"payload": {"custom_details": details}}))).details, details);
    }
}

#[test]
fn a_time_that_can_not_be_read_is_noted_and_kept() {
    assert_eq!(
        read(&trigger(json!({"payload": {"timestamp": "2026-01-02T03:04:05.678+0000"}}))).occurred_at.map(|t| t.to_string()).as_deref(),
        Some("2026-01-02T03:04:05.678Z")
    );
    let event = read(&trigger(json!({"payload": {"timestamp": "half past nine"}})));
    assert_eq!((event.occurred_at, event.adapted), (None, vec!["payload.timestamp is no time that Tocsin can read".to_owned()]));
    assert_eq!(event.details, json!({"also_sent": {"payload.timestamp": "half past nine"}}));
}

#[test]
fn malformed_links_and_images_never_refuse() {
    for (links, images) in [(json!("x"), json!(7)), (json!({"href": 1}), json!([[]])), (json!([{"href": "/d/1"}]), json!([{"src": "data:x"}, null]))] {
        let event = read(&trigger(json!({"links": links, "images": images, "client_url": "console"})));
        assert!(event.links.is_empty() && event.images.is_empty() && event.client_url.is_none());
        assert_eq!(event.details["also_sent"]["client_url"], "console");
        assert!(!event.details["also_sent"]["links"].is_null());
    }
}

#[test]
fn what_the_format_does_not_know_is_kept_without_secrets() {
    let event = read(&trigger(json!({"service_key": KEY, "colour": "red", "payload": {"shape": [1]}})));
    assert_eq!(event.details, json!({"also_sent": {"colour": "red", "payload.shape": [1]}}));
    assert!(!serde_json::to_string(&event).expect("JSON").contains(KEY));
}

#[test]
fn a_resolve_may_carry_anything() {
    for payload in
        [json!(null), json!("x"), json!([1]), json!({"severity": "page", "summary": ["?"]}), json!({"summary": "over", "source": "s", "severity": "critical"})]
    {
        for action in ["resolve", "acknowledge"] {
            let event = read(&json!({"routing_key": KEY, "event_action": action, "dedup_key": "k", "payload": payload}));
            assert_eq!((event.dedup_key.as_str(), event.summary.as_str()), ("k", ""));
        }
    }
    let full = read(&trigger(json!({"event_action": "resolve", "payload": {"custom_details": {"resolved": "x"}}})));
    assert_eq!((full.severity, full.details), (Severity::Error, json!({"resolved": "x"})));
}

#[test]
fn repeated_keys_control_characters_and_markup() {
    let body = format!(
        r#"{{"event_action":"resolve","routing_key":"x","payload":{{"summary":"one","severity":"info"}},"event_action":"trigger","routing_key":"{KEY}",
        "payload":{{"summary":"<script>\u0007\u202e two","summary":"<b>\u0007\u202e last","source":"s","severity":"warning"}}}}"#
    );
    let event = parse(body.as_bytes(), fresh).expect("accepted").event;
    assert_eq!((event.action, event.severity, event.summary.as_str()), (Action::Trigger, Severity::Warning, "<b>\u{7}\u{202e} last"));
    assert!(event.adapted.is_empty());
}

#[test]
fn what_is_repaired_is_noted() {
    let body = format!(
        "{{\"routing_key\":\"{KEY}\",\"event_action\":\"trigger\",\"payload\":{{\"summary\":\"caf\u{e9}\nfull\",\"source\":\"C:\\data\",\"severity\":\"info\",\"custom_details\":{{\"v\":NaN}}}}}}"
    );
    let event = parse(body.as_bytes(), fresh).expect("accepted").event;
    assert_eq!((event.summary.as_str(), event.source.as_str(), &event.details), ("café\nfull", "C:\\data", &json!({"v": "NaN"})));
    assert_eq!(event.adapted.len(), 3);
}

#[test]
fn other_answers() {
    for (refusal, status) in [(pagerduty_v2::unknown_routing_key(), 400), (pagerduty_v2::rate_limited(), 429)] {
        assert_eq!(refusal.status, status);
        assert!(serde_json::from_str::<Value>(&refusal.body).expect("JSON").is_object());
    }
}
