//! Rules of the other formats.

use super::golden::{NOW, fresh};
use serde_json::{Value, json};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_ingest::source::{Batch, alertmanager, alertmanager_v2, cloudwatch, generic, grafana, pagerduty_change, pagerduty_v1};

const KEY: &str = "R0UT1NGKEY0000000000000000000001";

fn errors(body: &str) -> Value {
    serde_json::from_str::<Value>(body).expect("JSON")["errors"].clone()
}

#[test]
fn events_v1_name_each_wrong_field() {
    let cases = [
        (json!({}), json!(["'service_key' is missing or blank", "'event_type' is missing or blank"])),
        (
            json!({"service_key": "short", "event_type": "trigger", "description": ""}),
            json!(["Service key is the wrong length (should be 32 characters)", "Description is missing or blank"]),
        ),
        (json!({"service_key": KEY, "event_type": "resolve"}), json!(["Incident key is missing or blank"])),
        (
            json!({"service_key": KEY, "event_type": "explode"}),
            json!(["'event_type' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"]),
        ),
    ];
    for (body, expected) in cases {
        let refusal = pagerduty_v1::parse(body.to_string().as_bytes(), fresh).expect_err("refused");
        assert_eq!((refusal.status, errors(&refusal.body)), (400, expected), "{body}");
    }
    assert_eq!(pagerduty_v1::parse(b"[]", fresh).expect_err("refused").status, 400);
    assert_eq!(pagerduty_v1::parse(&[b' '; 512 * 1024 + 1], fresh).expect_err("refused").status, 413);
    assert_eq!((pagerduty_v1::accepted("k").status, pagerduty_v1::rate_limited().status, pagerduty_v1::unknown_service_key().status), (200, 403, 400));
}

#[test]
fn an_over_long_incident_key_finds_its_alert_again() {
    let read = |event_type: &str, key: &str| {
        let body = json!({"service_key": KEY, "event_type": event_type, "incident_key": key, "description": "d"}).to_string();
        pagerduty_v1::parse(body.as_bytes(), fresh).expect("accepted").event.dedup_key
    };
    let long = "k".repeat(1000);
    let short = read("trigger", &long);
    assert_eq!([read("resolve", &long), read("acknowledge", &short)], [short.clone(), short]);
}

#[test]
fn changes_need_a_summary_only() {
    let body = json!({"routing_key": KEY, "payload": {"summary": "deployed", "timestamp": "yesterday"}}).to_string();
    let change = pagerduty_change::parse(body.as_bytes()).expect("accepted").change;
    assert_eq!((change.summary.as_str(), change.source.as_str(), change.occurred_at), ("deployed", "", None));
    assert_eq!(change.details, json!({"also_sent": {"payload.timestamp": "yesterday"}}));
    for (body, expected) in [
        (json!({"routing_key": KEY}), json!(["'payload.summary' is missing or blank"])),
        (json!({"payload": {"summary": "s"}}), json!(["'routing_key' is missing or blank"])),
        (json!({"routing_key": KEY, "payload": 7}), json!(["'payload' is invalid (must be an object)", "'payload.summary' is missing or blank"])),
    ] {
        let refusal = pagerduty_change::parse(body.to_string().as_bytes()).expect_err("refused");
        assert_eq!((refusal.status, errors(&refusal.body)), (400, expected));
    }
}

#[test]
fn posted_alerts_end_when_they_say_so() {
    let now = NOW.parse().expect("a time");
    let cases = [
        (json!(NOW), Action::Resolve),
        (json!("2026-11-21T21:08:00.001Z"), Action::Trigger),
        (json!("2020-01-01T00:00:00+02:00"), Action::Resolve),
        (json!("0001-01-01T00:00:00Z"), Action::Trigger),
        (json!(""), Action::Trigger),
        (json!("?"), Action::Trigger),
    ];
    for (ends_at, action) in cases {
        let posted = alertmanager_v2::parse(json!([{"labels": {"a": "b"}, "endsAt": ends_at}]).to_string().as_bytes(), now).expect("accepted");
        assert_eq!((posted.batch.events[0].action, posted.ends_at.len()), (action, 1), "{ends_at}");
    }
}

#[test]
fn one_alert_has_one_identity_on_both_ways() {
    let labels = json!({"alertname": "A", "instance": "i:1"});
    let posted = alertmanager_v2::parse(json!([{"labels": labels}]).to_string().as_bytes(), NOW.parse().expect("a time")).expect("accepted");
    let delivered = alertmanager::parse(json!({"alerts": [{"labels": labels}]}).to_string().as_bytes()).expect("accepted");
    assert_eq!(posted.batch.events[0].dedup_key, delivered.events[0].dedup_key);
}

fn alarms(body: &Value) -> Batch {
    match cloudwatch::parse(body.to_string().as_bytes()).expect("accepted") {
        cloudwatch::Delivery::Alarms(batch) => batch,
        other @ (cloudwatch::Delivery::Confirm { .. } | cloudwatch::Delivery::Unsubscribed) => panic!("{other:?}"),
    }
}

#[test]
fn an_alarm_has_one_key_on_all_ways() {
    let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:CPU high";
    let message =
        |state: &str| json!({"AlarmName": "CPU high", "AlarmArn": arn, "NewStateValue": state, "StateChangeTime": "2026-01-02T03:04:05.678+0000"}).to_string();
    let ways = [
        json!({"source": "aws.cloudwatch", "resources": [arn], "detail": {"alarmName": "CPU high", "state": {"value": "ALARM"}}}),
        json!({"alarmArn": arn, "alarmData": {"alarmName": "CPU high", "state": {"value": "ALARM"}}}),
        json!({"Type": "Notification", "Message": message("ALARM")}),
        json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message("ALARM")}}]}),
        serde_json::from_str(&message("ALARM")).expect("JSON"),
    ];
    let keys: Vec<String> = ways.iter().map(|way| alarms(way).events.remove(0).dedup_key).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let resolve = alarms(&json!({"Message": message("OK")})).events.remove(0);
    assert_eq!(
        (resolve.action, &resolve.dedup_key, resolve.occurred_at.map(|t| t.to_string()).as_deref()),
        (Action::Resolve, &keys[0], Some("2026-01-02T03:04:05.678Z"))
    );
    assert_eq!(keys[0], arn);
    assert_eq!(resolve.client_url.as_deref(), Some("https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/CPU%20high"));
}

#[test]
fn records_that_are_no_alarms_do_not_lose_the_others() {
    let good = json!({"Sns": {"Message": json!({"AlarmName": "a", "NewStateValue": "ALARM"}).to_string()}});
    let batch =
        alarms(&json!({"Records": [good, 7, {"Sns": {"Message": "Hello"}}, {"Sns": {"Message": "{\"AlarmName\":\"a\",\"NewStateValue\":\"?\"}"}}, {}, good]}));
    let refused: Vec<_> = batch.refused.iter().map(|refused| (refused.index, refused.field)).collect();
    assert_eq!((batch.events.len(), refused), (2, vec![(1, "Records"), (2, "Message"), (3, "state"), (4, "alarmName")]));
}

#[test]
fn grafana_rules_of_old_versions() {
    let read = |state: &str| grafana::parse(json!({"ruleId": 7, "ruleName": "R", "state": state}).to_string().as_bytes()).expect("accepted").events.remove(0);
    for (state, action) in [("alerting", Action::Trigger), ("no_data", Action::Trigger), ("ok", Action::Resolve), ("paused", Action::Resolve)] {
        let event = read(state);
        assert_eq!((event.action, event.dedup_key.as_str()), (action, "grafana/0/0/7"));
    }
    assert_eq!(grafana::parse(b"{}").expect_err("refused").status, 400);
    assert_eq!(grafana::parse(b"{\"ruleName\":\"\"}").expect_err("refused").status, 400);
}

fn any(body: &Value) -> Event {
    generic::parse(body.to_string().as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

#[test]
fn generic_events_are_found_by_common_names() {
    let full = any(&json!({"action": "Resolved", "id": 7, "title": "t", "severity": "warn"}));
    assert_eq!((full.action, full.dedup_key.as_str(), full.summary.as_str(), full.severity), (Action::Resolve, "7", "", Severity::Info));
    let bare = any(&json!({"foo": [1]}));
    assert_eq!((bare.action, bare.summary.as_str(), bare.severity), (Action::Trigger, "{\"foo\":[1]}", Severity::Error));
    let (one, again, end) = (
        any(&json!({"text": "down", "host": "a"})),
        any(&json!({"host": "a", "text": "down", "n": 2})),
        any(&json!({"text": "down", "host": "a", "status": "ok"})),
    );
    assert_eq!((&one.dedup_key, &one.dedup_key), (&again.dedup_key, &end.dedup_key));
    assert_ne!(one.dedup_key, any(&json!({"text": "down", "host": "b"})).dedup_key);
    let long = any(&json!({"text": "x".repeat(5000), "level": "purple"}));
    assert_eq!((long.summary.len(), long.details["text"].as_str().map(str::len), long.adapted.len()), (1024, Some(5000), 3));
    for body in ["", " \n", "{}", "null", "[]", "\"\"", "{\"status\":\"ok\"}"] {
        assert_eq!(generic::parse(body.as_bytes()).expect_err(body).status, 400);
    }
}
