//! Recorded bodies and what they are read as. `UPDATE_EXPECT=1 cargo test -p tocsin-ingest` rewrites the results; read the difference before you commit it.

use expect_test::expect_file;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tocsin_domain::alert::mapping::{Rule, mistakes};
use tocsin_ingest::source::{
    Answer, Batch, Refusal, alertmanager, alertmanager_v2, aws, cloudwatch, generic, grafana, mapping, opsgenie, pagerduty_change, pagerduty_v1, pagerduty_v2,
    ready,
};

pub(crate) const FRESH: &str = "0123456789abcdef0123456789abcdef";

/// Between the two `endsAt` of the recorded alerts.
pub(crate) const NOW: &str = "2026-11-21T21:08:00Z";

pub(crate) fn fresh() -> String {
    FRESH.to_owned()
}

fn each(format: &str, read: impl Fn(&[u8]) -> Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a folder of fixtures") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let read = read(&fs::read(&path).expect("a body"));
            let text = serde_json::to_string_pretty(&read).expect("JSON") + "\n";
            expect_file![path.with_extension("golden")].assert_eq(&text);
            count += 1;
        }
    }
    assert!(count > 0, "no fixtures of {format}");
}

fn answer(answer: Answer) -> Value {
    json!({"status": answer.status, "body": serde_json::from_str::<Value>(&answer.body).expect("a JSON body")})
}

fn batch(read: Result<Batch, Refusal>) -> Value {
    match read {
        Ok(batch) => json!({"events": batch.events, "answer": answer(batch.answer())}),
        Err(refusal) => json!({"refusal": answer(refusal.into())}),
    }
}

#[test]
fn pagerduty_v2() {
    each("pagerduty_v2", |body| match pagerduty_v2::parse(body, fresh) {
        Ok(parsed) => json!({"routing_key": parsed.routing_key, "event": parsed.event, "answer": answer(pagerduty_v2::accepted(&parsed.event.dedup_key))}),
        Err(refusal) => json!({"refusal": answer(refusal.into())}),
    });
}

#[test]
fn alertmanager() {
    each("alertmanager", |body| batch(alertmanager::parse(body)));
}

#[test]
fn pagerduty_v1() {
    each("pagerduty_v1", |body| match pagerduty_v1::parse(body, fresh) {
        Ok(parsed) => json!({"routing_key": parsed.routing_key, "event": parsed.event, "answer": answer(pagerduty_v1::accepted(&parsed.event.dedup_key))}),
        Err(refusal) => json!({"refusal": answer(refusal.into())}),
    });
}

#[test]
fn pagerduty_change() {
    each("pagerduty_change", |body| {
        let pagerduty_change::Parsed { routing_key, change } = pagerduty_change::parse(body).expect("accepted");
        json!({"routing_key": routing_key, "answer": answer(pagerduty_change::accepted()), "change": {"summary": change.summary, "source": change.source,
            "occurred_at": change.occurred_at, "links": change.links, "images": change.images, "details": change.details, "adapted": change.adapted}})
    });
}

#[test]
fn alertmanager_v2() {
    each("alertmanager_v2", |body| match alertmanager_v2::parse(body, NOW.parse().expect("a time")) {
        Ok(posted) => json!({"ends_at": posted.ends_at, "batch": batch(Ok(posted.batch))}),
        Err(refusal) => json!({"refusal": answer(refusal.into())}),
    });
}

fn mapped(read: Result<mapping::Read, Refusal>) -> Value {
    match read {
        Ok(read) => {
            let answered = read.answer_for(read.batch.events.len(), read.changes.len());
            json!({"events": read.batch.events, "changes": read.changes, "ignored": read.ignored, "answer": answer(answered)})
        }
        Err(refusal) => json!({"refusal": answer(refusal.into())}),
    }
}

/// Each ready mapping is sound and has fixtures.
#[test]
fn ready_mappings() {
    for name in ready::NAMES {
        let rules: Vec<Rule> = serde_json::from_str(ready::rules(name).expect(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(mistakes(&rules), [], "{name}");
        if name != "eventbridge" {
            each(name, |body| mapped(mapping::parse(body, &rules)));
        }
    }
    each("aws", |body| mapped(aws::parse(body)));
}

/// The rules that a team has written into its configuration.
#[test]
fn declared() {
    let rules: Vec<Rule> = serde_json::from_str(include_str!("../fixtures/declared.rules")).expect("rules");
    assert_eq!(mistakes(&rules), []);
    each("declared", |body| mapped(mapping::parse(body, &rules)));
}

#[test]
fn grafana() {
    each("grafana", |body| batch(grafana::parse(body)));
}

#[test]
fn cloudwatch() {
    each("cloudwatch", |body| match cloudwatch::parse(body).expect("a delivery") {
        cloudwatch::Delivery::Alarms(alarms) => batch(Ok(alarms)),
        cloudwatch::Delivery::Confirm { topic_arn, subscribe_url } => json!({"confirm": subscribe_url, "topic": topic_arn}),
        cloudwatch::Delivery::Unsubscribed => json!("unsubscribed"),
    });
}

#[test]
fn opsgenie() {
    each("opsgenie", |body| match opsgenie::create(body, fresh) {
        Ok(event) => json!({"event": event}),
        Err(opsgenie::Wrong::Fields(fields)) => json!({"wrong": fields}),
        Err(opsgenie::Wrong::Unreadable) => json!("unreadable"),
    });
}

#[test]
fn generic() {
    each("generic", |body| {
        let event = generic::parse(body).expect("accepted");
        json!({"answer": answer(generic::accepted(&event.dedup_key)), "event": event})
    });
}
