//! Each rule of Alertmanager's webhook, as a table.

use serde_json::{Value, json};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_ingest::source::Batch;
use tocsin_ingest::source::alertmanager::{MAX_BODY, parse};

fn read(body: &Value) -> Batch {
    parse(body.to_string().as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn one(alert: Value) -> Event {
    let mut batch = read(&json!({"status": "firing", "alerts": [alert]}));
    assert!(batch.refused.is_empty(), "{:?}", batch.refused);
    batch.events.remove(0)
}

#[test]
fn bodies_without_alerts_are_refused() {
    for (body, status) in [("", 400), ("{", 400), ("null", 400), ("7", 400), ("{}", 400), ("{\"alerts\":null}", 400), ("{\"alerts\":7}", 400)] {
        let refusal = parse(body.as_bytes()).expect_err(body);
        assert_eq!(refusal.status, status);
        assert!(serde_json::from_str::<Value>(&refusal.body).expect("JSON")["errors"][0].is_string());
    }
    assert_eq!(parse(&vec![b' '; MAX_BODY + 1]).expect_err("too large").status, 413);
    assert_eq!(read(&json!({"alerts": []})).answer().status, 200);
}

#[test]
fn one_delivery_may_mix_firing_resolved_and_broken() {
    let batch = read(&json!({"status": "firing", "alerts": [
        {"status": "firing", "labels": {"alertname": "A"}, "fingerprint": "f1"},
        "nonsense",
        {"status": "resolved", "labels": {"alertname": "A", "x": "y"}, "fingerprint": "f2"},
        {"status": "firing", "annotations": {"summary": "nobody knows whose"}},
        {"labels": {"alertname": "A"}},
    ]}));
    let read: Vec<_> = batch.events.iter().map(|event| (event.action, event.dedup_key.as_str(), event.summary.as_str())).collect();
    assert_eq!(read, [(Action::Trigger, "f1", "A"), (Action::Resolve, "f2", ""), (Action::Trigger, batch.events[2].dedup_key.as_str(), "A")]);
    let refused: Vec<_> = batch.refused.iter().map(|refused| (refused.index, refused.field)).collect();
    assert_eq!(refused, [(1, "alert"), (3, "labels")]);
    let answer = batch.answer();
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!((answer.status, &body["processed"], &body["refused"][1]["field"]), (200, &json!(3), &json!("labels")));
    let nothing = Batch { events: Vec::new(), refused: batch.refused };
    assert_eq!(nothing.answer().status, 400);
}

#[test]
fn a_list_or_a_single_alert_is_read_too() {
    let alert = json!({"labels": {"alertname": "A"}});
    for body in [json!([alert]), json!({"alerts": alert}), alert.clone()] {
        assert_eq!(read(&body).events.len(), 1, "{body}");
    }
}

#[test]
fn the_status_of_the_alert_counts_then_the_deliverys() {
    let cases = [
        (json!("resolved"), "firing", Action::Resolve),
        (json!("firing"), "resolved", Action::Trigger),
        (json!(null), "resolved", Action::Resolve),
        (json!("??"), "resolved", Action::Resolve),
        (json!(7), "firing", Action::Trigger),
        (json!("Resolved "), "firing", Action::Resolve),
    ];
    for (alert, delivery, action) in cases {
        let batch = read(&json!({"status": delivery, "alerts": [{"status": alert, "labels": {"a": "b"}}]}));
        assert_eq!(batch.events[0].action, action, "{alert} {delivery}");
    }
}

#[test]
fn identity_is_the_fingerprint_or_the_labels() {
    let labels = json!({"alertname": "QueueTooDeep", "cluster": "conf", "instance": "web-2dfec4f7debb:9100", "job": "demo", "queue": "café ☕ \"q\"", "severity": "critical", "team": "platform"});
    assert_eq!(one(json!({"labels": labels, "fingerprint": "x1"})).dedup_key, "x1");
    for nothing in [json!(null), json!(""), json!(" ")] {
        let event = one(json!({"labels": labels, "fingerprint": nothing, "annotations": {"summary": "varies"}}));
        assert_eq!(event.dedup_key, "a108444466a60d9c", "as the recorded Alertmanager has it");
    }
    let distinct = read(&json!({"alerts": [{"labels": {"a": "1"}, "annotations": {"summary": "s"}}, {"labels": {"a": "2"}, "annotations": {"summary": "s"}}]}));
    assert_ne!(distinct.events[0].dedup_key, distinct.events[1].dedup_key);
}

#[test]
fn severities_are_read_generously() {
    let cases = [
        (json!({"severity": "critical"}), Severity::Critical, 0),
        (json!({"severity": "Page"}), Severity::Critical, 0),
        (json!({"severity": "warn"}), Severity::Warning, 0),
        (json!({"severity": "none"}), Severity::Info, 0),
        (json!({"priority": "P1"}), Severity::Critical, 0),
        (json!({"severity": "purple", "level": "info"}), Severity::Info, 0),
        (json!({"severity": "purple"}), Severity::Error, 1),
        (json!({"severity": ""}), Severity::Error, 0),
        (json!({}), Severity::Error, 0),
    ];
    for (labels, severity, notes) in cases {
        let event = one(json!({"labels": labels, "fingerprint": "f"}));
        assert_eq!((event.severity, event.adapted.len()), (severity, notes), "{labels}");
    }
}

#[test]
fn a_summary_is_found() {
    let cases = [
        (json!({"summary": "S", "message": "M", "description": "D"}), "S"),
        (json!({"summary": " ", "message": "M", "description": "D"}), "M"),
        (json!({"description": "D", "title": "T"}), "D"),
        (json!({"title": 7}), "7"),
        (json!({}), "Down instance=a:1 zone=z"),
        (json!(null), "Down instance=a:1 zone=z"),
    ];
    for (annotations, expected) in cases {
        let event = one(json!({"labels": {"zone": "z", "instance": "a:1", "alertname": "Down"}, "annotations": annotations}));
        assert_eq!((event.summary.as_str(), event.source.as_str(), event.class.as_deref()), (expected, "a:1", Some("Down")));
    }
    assert_eq!(one(json!({"fingerprint": "f"})).summary, "alert f");
    let long = one(json!({"labels": {"a": "b"}, "annotations": {"summary": "s".repeat(2000)}}));
    assert_eq!((long.summary.len(), long.adapted), (1024, vec!["summary cut from 2000 to 1024 characters".to_owned()]));
    assert_eq!(long.details["annotations"]["summary"], "s".repeat(2000));
}

#[test]
fn links_lead_on() {
    let batch = read(
        &json!({"externalURL": "http://am", "alerts": [{"labels": {"a": "b"}, "generatorURL": "http://prom/graph", "annotations": {"runbook_url": "https://run", "dashboard": "javascript:x"}}]}),
    );
    let links: Vec<_> = batch.events[0].links.iter().map(|link| (link.text.as_str(), link.href.as_str())).collect();
    assert_eq!(links, [("Runbook", "https://run"), ("Source", "http://prom/graph"), ("Alertmanager", "http://am")]);
    assert_eq!(batch.events[0].details["annotations"]["dashboard"], "javascript:x");
}

#[test]
fn what_the_delivery_says_is_in_the_details() {
    let big = "m".repeat(5000);
    let body = json!({"receiver": "all", "groupKey": "{}:{}", "status": "firing", "version": "4", "message": big, "commonLabels": {"a": "b"}, "truncatedAlerts": 3, "tenant": "t",
        "alerts": [{"labels": {"a": "b", "n": "1"}, "values": {"A": 1.5}, "startsAt": "2026-11-21T21:07:35.089Z"}, {"labels": {"a": "b", "n": "2"}, "endsAt": "0001-01-01T00:00:00Z"}]});
    let batch = read(&body);
    let [first, second] = batch.events.as_slice() else { panic!("two events") };
    assert_eq!((&first.details["message"], &second.details["message"]), (&json!(big), &Value::Null));
    for event in [first, second] {
        assert_eq!((&event.details["receiver"], &event.details["groupKey"], &event.details["tenant"]), (&json!("all"), &json!("{}:{}"), &json!("t")));
        assert_eq!(event.adapted, ["Alertmanager left 3 more alerts out of this notification (max_alerts)"]);
    }
    assert_eq!((&first.details["values"], first.occurred_at.map(|t| t.to_string()).as_deref()), (&json!({"A": 1.5}), Some("2026-11-21T21:07:35.089Z")));
    assert_eq!(second.occurred_at, None);
}

#[test]
fn large_batches_are_read_whole_and_hostile_ones_stay_bounded() {
    let alerts: Vec<_> = (0..5000)
        .map(|n| json!({"status": "firing", "labels": {"alertname": "Storm", "n": n.to_string()}, "annotations": {"summary": "x".repeat(500)}}))
        .collect();
    let body = json!({"receiver": "all", "alerts": alerts}).to_string();
    assert!(body.len() > 512 * 1024);
    assert_eq!(parse(body.as_bytes()).expect("accepted").events.len(), 5000);
    let tiny = format!("{{\"alerts\":[{}{{}}]}}", "{\"fingerprint\":\"a\"},".repeat(25_000));
    let batch = parse(tiny.as_bytes()).expect("accepted");
    assert_eq!((batch.events.len(), batch.refused.len()), (20_000, 1));
}
