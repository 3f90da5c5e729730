//! What holds for any input.

use super::golden::{NOW, fresh};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::alert::mapping::{Does, Rule, Texts};
use tocsin_ingest::source::{
    Batch, Refusal, alertmanager, alertmanager_v2, aws, cloudwatch, generic, grafana, mapping, pagerduty_change, pagerduty_v1, pagerduty_v2, ready,
};

const KEY: &str = "R0UT1NGKEY0000000000000000000001";

/// Any JSON, with names that the formats know among the others.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[a-z]{1100,1200}".prop_map(Value::from),
        prop::sample::select(vec![
            "trigger",
            "acknowledge",
            "resolve",
            "critical",
            "info",
            "https://x/y",
            "2026-01-02T03:04:05Z",
            "resolved",
            "ok",
            "ALARM",
            "OK",
            KEY
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..6).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "summary",
            "source",
            "severity",
            "timestamp",
            "custom_details",
            "links",
            "images",
            "href",
            "src",
            "text",
            "alt",
            "labels",
            "annotations",
            "status",
            "fingerprint",
            "alertname",
            "also_sent",
            "startsAt",
            "generatorURL",
            "alerts",
            "payload",
            "client_url",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ]
}

fn well_formed(event: &Event) -> Result<(), TestCaseError> {
    prop_assert!(!event.dedup_key.is_empty() && event.dedup_key.chars().count() <= 255);
    prop_assert!(event.summary.chars().count() <= 1024);
    prop_assert_eq!(event.action == Action::Trigger, !event.summary.is_empty());
    prop_assert!(event.links.iter().all(|link| link.href.starts_with("http")));
    let outside = Event { details: Value::Null, ..event.clone() };
    prop_assert!(serde_json::to_string(&outside).expect("JSON").len() < 200 * 1024);
    Ok(())
}

/// Whether the sender's details can be found again, whole.
fn holds(event: &Event, sent: &Value) -> bool {
    let absent = matches!(sent, Value::Null) || sent == &json!("") || sent == &json!([]) || sent == &json!({});
    let mut rest = event.details.clone();
    if let Value::Object(map) = &mut rest {
        map.remove("also_sent");
    }
    absent || &event.details == sent || &rest == sent || &event.details["custom_details"] == sent
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(prop::sample::select(b"{}[]\",:\\u0dN-1e\n\xff".to_vec()), 0..60),
        any_json().prop_map(|json| json.to_string().into_bytes()),
        (any_json(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(json, at, byte)| {
            let mut bytes = json.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ]
}

/// Any rule that the configuration's reader takes, most of them nonsense.
fn any_rule() -> impl Strategy<Value = Rule> {
    let path = || prop_oneof!["[a-c]", "[a-c]\\.[a-c0]", "/[a-c]/[0-2]", ".{0,6}"];
    let text = move || prop_oneof![path().prop_map(|p| format!("{{{p}}}")), path().prop_map(|p| format!("{{^{p}|a}} x {{~b}}")), ".{0,12}"];
    let texts = move || prop::collection::vec(text(), 0..3).prop_map(Texts);
    let does = prop::sample::select(vec![Does::Trigger, Does::Acknowledge, Does::Resolve, Does::Change, Does::Ignore]);
    let words = || prop_oneof!["[a-c*]{0,3}", ".{0,4}"];
    let actions = prop::collection::btree_map(words(), does, 0..4);
    let severities = prop::collection::btree_map(words(), prop::sample::select(vec![Severity::Critical, Severity::Info]), 0..3);
    let when = prop::collection::btree_map(path(), prop::collection::vec(words(), 0..3).prop_map(Texts), 0..2);
    let lists = (texts(), texts(), texts(), texts(), texts(), texts(), texts());
    (when, prop::option::of(path()), any::<bool>(), actions, severities, lists).prop_map(|(when, each, go_on, actions, severities, lists)| {
        let (action, key, summary, source, severity, url, time) = lists;
        let (component, group, class, client) = (summary.clone(), key.clone(), source.clone(), url.clone());
        Rule { when, each, go_on, action, actions, key, summary, source, severity, severities, component, group, class, url, time, client }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic_and_all_answers_are_json(body in bytes()) {
        if let Err(refusal) = pagerduty_v2::parse(&body, fresh) {
            prop_assert!(refusal.status == 400 && serde_json::from_str::<Value>(&refusal.body).is_ok());
        }
        let now = NOW.parse().expect("a time");
        let alarms = match cloudwatch::parse(&body) {
            Ok(cloudwatch::Delivery::Confirm { .. } | cloudwatch::Delivery::Unsubscribed) => Ok(Batch::default()),
            Ok(cloudwatch::Delivery::Alarms(batch)) => Ok(batch),
            Err(refusal) => Err(refusal),
        };
        let posted = alertmanager_v2::parse(&body, now).map(|posted| posted.batch);
        let one = |event: Result<Event, Refusal>| event.map(|event| Batch { events: vec![event], refused: Vec::new() });
        let v1 = one(pagerduty_v1::parse(&body, fresh).map(|parsed| parsed.event));
        for read in [alertmanager::parse(&body), posted, grafana::parse(&body), alarms, one(generic::parse(&body)), v1] {
            match read {
                Err(refusal) => prop_assert!(refusal.status == 400 && serde_json::from_str::<Value>(&refusal.body).is_ok()),
                Ok(batch) => {
                    prop_assert!(serde_json::from_str::<Value>(&batch.answer().body).is_ok());
                    batch.events.iter().try_for_each(well_formed)?;
                }
            }
        }
        let mut mapped = vec![aws::parse(&body)];
        mapped.extend(ready::NAMES.map(|name| mapping::parse_ready(&body, ready::rules(name).unwrap_or_default())));
        for read in mapped {
            match read {
                Err(refusal) => prop_assert!(refusal.status == 400 && serde_json::from_str::<Value>(&refusal.body).is_ok()),
                Ok(read) => {
                    prop_assert!(serde_json::from_str::<Value>(&read.answer_for(read.batch.events.len(), read.changes.len()).body).is_ok());
                    read.batch.events.iter().try_for_each(well_formed)?;
                }
            }
        }
        if let Err(refusal) = pagerduty_change::parse(&body) {
            prop_assert!(refusal.status == 400);
        }
    }

    /// Whatever a team declares, sound or not, no body makes it panic or answer anything but 2xx or 400.
    #[test]
    fn no_declared_mapping_breaks(rules in prop::collection::vec(any_rule(), 1..4), body in bytes()) {
        match mapping::parse(&body, &rules) {
            Err(refusal) => prop_assert!(refusal.status == 400 && serde_json::from_str::<Value>(&refusal.body).is_ok()),
            Ok(read) => {
                let answer = read.answer_for(read.batch.events.len(), read.changes.len());
                prop_assert!(matches!(answer.status, 200 | 202 | 400) && serde_json::from_str::<Value>(&answer.body).is_ok());
                read.batch.events.iter().try_for_each(well_formed)?;
            }
        }
    }

    #[test]
    fn pagerduty_events_are_well_formed(
        action in prop::sample::select(vec!["trigger", "acknowledge", "resolve"]),
        dedup_key in any_json(),
        (summary, source, timestamp, component) in (any_json(), any_json(), any_json(), any_json()),
        (links, images, client_url, extra) in (any_json(), any_json(), any_json(), any_json()),
        details in any_json(),
    ) {
        let body = json!({"routing_key": KEY, "event_action": action, "dedup_key": dedup_key, "links": links, "images": images, "client_url": client_url, "extra": extra,
            "payload": {"summary": summary, "source": source, "severity": "critical", "timestamp": timestamp, "component": component, "custom_details": details, "more": extra}});
        let body = body.to_string();
        let read = pagerduty_v2::parse(body.as_bytes(), fresh);
        prop_assert_eq!(&read, &pagerduty_v2::parse(body.as_bytes(), fresh), "deterministic");
        if let Ok(parsed) = read {
            well_formed(&parsed.event)?;
            prop_assert!(holds(&parsed.event, &details), "{} {}", details, parsed.event.details);
            let echoed = json!({"routing_key": KEY, "event_action": "resolve", "dedup_key": parsed.event.dedup_key}).to_string();
            let later = pagerduty_v2::parse(echoed.as_bytes(), fresh).expect("accepted").event;
            prop_assert_eq!(later.dedup_key, parsed.event.dedup_key, "the echo leads back");
        }
    }

    #[test]
    fn alertmanager_events_are_well_formed(alerts in prop::collection::vec(any_json(), 0..5), status in any_json(), extra in any_json()) {
        let body = json!({"status": status, "alerts": alerts, "extra": extra}).to_string();
        let batch = alertmanager::parse(body.as_bytes()).expect("accepted");
        prop_assert_eq!(&batch, &alertmanager::parse(body.as_bytes()).expect("accepted"), "deterministic");
        prop_assert_eq!(batch.events.len() + batch.refused.len(), alerts.len());
        let mut events = batch.events.iter();
        for (index, alert) in alerts.iter().enumerate().filter(|(index, _)| batch.refused.iter().all(|refused| refused.index != *index)) {
            let event = events.next().expect("an event");
            well_formed(event)?;
            for (name, value) in alert.as_object().expect("an object") {
                prop_assert_eq!(&event.details[name], value, "alert {}", index);
            }
        }
    }
}
