//! What each source costs: one delivery of each kind, as its senders send it, through the functions that take it. Part of the golden table in docs/PERFORMANCE.md.

use super::{AcceptEvent, ConfigurationCache, Deployment, EVENT, KeepHeartbeats, SeededIds, key, price};
use crate::meter::{Call as Asked, Cost};
use serde_json::{Value, json};
use std::sync::Arc;
use tocsin_ingest::{Call, Ingest};
use tocsin_opsgenie::Opsgenie;

/// Alerts of a batch.
const BATCH: usize = 20;
const AWS: [&str; 2] = [
    include_str!("../../../../functions/ingest/tests/fixtures/cloudwatch/eventbridge_alarm.json"),
    include_str!("../../../../functions/ingest/tests/fixtures/cloudwatch/eventbridge_ok.json"),
];
const MAIL: [&str; 2] = [
    include_str!("../../../../functions/ingest/tests/fixtures/aws/email_problem.json"),
    include_str!("../../../../functions/ingest/tests/fixtures/aws/email_resolved.json"),
];
const DATADOG: [&str; 2] = [
    include_str!("../../../../functions/ingest/tests/fixtures/datadog/default_triggered.json"),
    include_str!("../../../../functions/ingest/tests/fixtures/datadog/default_recovered.json"),
];

/// A source: its name, and what it sends for a new alert, again, and when all is well.
struct Source {
    name: String,
    path: String,
    fires: String,
    resolves: String,
    alerts: usize,
}

fn source(name: &str, format: &str, fires: &(impl ToString + ?Sized), resolves: &(impl ToString + ?Sized)) -> Source {
    let path = if format.starts_with('/') { format.to_owned() } else { format!("/v1/integrations/{format}/{}", key("shop")) };
    Source { name: name.to_owned(), path, fires: fires.to_string(), resolves: resolves.to_string(), alerts: 1 }
}

fn pagerduty(action: &str) -> Value {
    let mut event: Value = serde_json::from_str(EVENT).unwrap();
    event["routing_key"] = key("shop").into();
    event["event_action"] = action.into();
    event["dedup_key"] = "source-v2".into();
    event
}

/// Alertmanager's webhook, or Grafana's: `distinct` alerts, each `times` times.
fn webhook(version: &str, status: &str, name: &str, distinct: usize, times: usize) -> Value {
    let ends = if status == "resolved" { "2026-01-05T10:00:00Z" } else { "0001-01-01T00:00:00Z" };
    let alert = |n: usize| {
        json!({
            "status": status, "labels": {"alertname": name, "instance": format!("host-{n}"), "severity": "critical"}, "startsAt": "2026-01-05T09:00:00Z", "endsAt": ends,
            "annotations": {"summary": "Checkout answers with errors"}, "generatorURL": "http://prometheus.example.com/graph", "fingerprint": format!("{name}-{n}"),
        })
    };
    let alerts: Vec<Value> = (0..distinct * times).map(|n| alert(n % distinct)).collect();
    json!({"version": version, "status": status, "receiver": "tocsin", "groupKey": "{}", "orgId": 1, "state": "alerting", "title": "t", "alerts": alerts})
}

fn api_v2(ends: &str, name: &str, distinct: usize) -> Value {
    (0..distinct)
        .map(|n| json!({"labels": {"alertname": name, "instance": format!("host-{n}")}, "annotations": {"summary": "Checkout answers with errors"}, "endsAt": ends}))
        .collect()
}

/// As SNS delivers it raw: with its envelope it needs a signature.
fn raw(envelope: &str) -> String {
    let envelope: Value = serde_json::from_str(envelope).unwrap();
    envelope["Message"].as_str().unwrap().to_owned()
}

fn sources() -> Vec<Source> {
    let v1 =
        |action: &str| json!({"service_key": key("shop"), "event_type": action, "incident_key": "source-v1", "description": "Checkout answers with errors"});
    let (until, ended) = ("2100-01-01T00:00:00Z", "2026-01-05T09:00:00Z");
    let hook = |version: &str, format: &str, name: &str, distinct, times| {
        let label = |status: &str| webhook(version, status, name, distinct, times);
        source("", format, &label("firing"), &label("resolved"))
    };
    let generic = |status: &str| json!({"id": "source-generic", "title": "Checkout answers with errors", "status": status});
    let straight = format!("prometheus/{}/api/v2/alerts", key("shop"));
    let straight = |name: &str, n| source("", &format!("/v1/integrations/{straight}"), &api_v2(until, name, n), &api_v2(ended, name, n));
    vec![
        source("PagerDuty Events v2", "/v2/enqueue", &pagerduty("trigger"), &pagerduty("resolve")),
        source("PagerDuty Events v1", "/generic/2010-04-15/create_event.json", &v1("trigger"), &v1("resolve")),
        Source { name: "Alertmanager's webhook, one alert".to_owned(), ..hook("4", "alertmanager", "Single", 1, 1) },
        Source { name: format!("Alertmanager's webhook, {BATCH} alerts"), alerts: BATCH, ..hook("4", "alertmanager", "Batch", BATCH, 1) },
        Source { name: format!("Alertmanager's webhook, the same alert {BATCH} times"), ..hook("4", "alertmanager", "Folded", 1, BATCH) },
        Source { name: "Prometheus by API v2, one alert".to_owned(), ..straight("Held", 1) },
        Source { name: format!("Prometheus by API v2, {BATCH} alerts"), alerts: BATCH, ..straight("HeldBatch", BATCH) },
        Source { name: "Grafana, one alert".to_owned(), ..hook("1", "grafana", "Grafana", 1, 1) },
        source("generic JSON", "generic", &generic("down"), &generic("up")),
        source("CloudWatch's alarms", "aws", AWS[0], AWS[1]),
        source("e-mail", "aws", &raw(MAIL[0]), &raw(MAIL[1])),
        source("Datadog; the other ready mappings are the same", "datadog", DATADOG[0], DATADOG[1]),
    ]
}

fn cell(calls: &[Asked]) -> String {
    let cost = Cost::of(calls);
    let reads = cost.reads();
    format!("{} / {} / {reads}", cost.calls, cost.writes())
}

/// The rows, and that a duplicate costs one write unit for each alert whatever it comes by.
pub(crate) async fn table(deployment: &Deployment) -> String {
    let mut page = String::from(
        "\nBy source: one request each, as DynamoDB calls / write units / read units. The key was used within the minute; otherwise it is one call and one read unit more.\n\n\
         | Source | new | the same again (duplicate) | resolved | USD a million times, new |\n|---|---|---|---|---|\n",
    );
    for source in sources() {
        let mut cells = Vec::new();
        for (what, body) in [("new", &source.fires), ("again", &source.fires), ("resolved", &source.resolves)] {
            deployment.warm_key("shop").await;
            let answer = deployment.ingest.handle("POST", &source.path, body.as_bytes()).await;
            assert!(answer.status < 300, "{} {what}: {}", source.name, answer.body);
            let calls = deployment.meter.take();
            if what == "again" {
                let each = Cost { calls: source.alerts, written: source.alerts as u64, indexed: 0, read_halves: 0 };
                assert_eq!(Cost::of(&calls), each, "{}: a duplicate is one call and one write unit an alert, and no read", source.name);
            }
            cells.push((cell(&calls), price(&Cost::of(&calls))));
        }
        page.push_str(&format!("| {} | {} | {} | {} | {:.3} |\n", source.name, cells[0].0, cells[1].0, cells[2].0, cells[0].1));
    }
    page.push_str("\n| Request | calls / write units / read units | USD a million times |\n|---|---|---|\n");
    for (what, calls) in others(deployment).await {
        page.push_str(&format!("| {what} | {} | {:.3} |\n", cell(&calls), price(&Cost::of(&calls))));
    }
    page
}

/// What is no alert, and Opsgenie's API.
async fn others(deployment: &Deployment) -> Vec<(String, Vec<Asked>)> {
    let mut rows = Vec::new();
    let change = json!({"routing_key": key("shop"), "payload": {"summary": "Checkout 2.1 is deployed", "source": "ci"}}).to_string();
    deployment.warm_key("shop").await;
    assert_eq!(deployment.ingest.handle("POST", "/v2/change/enqueue", change.as_bytes()).await.status, 202);
    rows.push(("a change event of PagerDuty".to_owned(), deployment.meter.take()));
    let ping = format!("/v1/integrations/heartbeat/{}", key("beat"));
    for what in ["a heartbeat's first ping of the minute (reads its key)", "a heartbeat's ping"] {
        assert_eq!(deployment.ingest.handle("GET", &ping, b"").await.status, 200);
        rows.push((what.to_owned(), deployment.meter.take()));
    }

    let store = &deployment.store;
    let accept = AcceptEvent { ids: Arc::new(SeededIds::seeded(9)), ..deployment.accept.clone() };
    let configuration = Arc::new(ConfigurationCache::new(store.clone()));
    let heartbeats = KeepHeartbeats { beats: store.clone(), accept: accept.clone(), configuration };
    let events = Ingest::new(accept, store.clone(), store.clone(), store.clone());
    let opsgenie = Opsgenie::new(events, store.clone(), store.clone(), heartbeats, "https://tocsin.example.com".to_owned());
    let authorization = format!("GenieKey {}", key("shop"));
    let create = json!({"message": "Checkout answers with errors", "alias": "source-opsgenie"}).to_string();
    let note = json!({"note": "looking", "user": "ada"}).to_string();
    let mut request = String::new();
    for (what, method, path, query, body) in [
        ("", "GET", "/v2/alerts/count", "", ""),
        ("Opsgenie: create", "POST", "/v2/alerts", "", create.as_str()),
        ("Opsgenie: create again (duplicate)", "POST", "/v2/alerts", "", &create),
        ("Opsgenie: status of the request", "GET", "/v2/alerts/requests/", "", ""),
        ("Opsgenie: get by alias", "GET", "/v2/alerts/source-opsgenie", "identifierType=alias", ""),
        ("Opsgenie: note", "POST", "/v2/alerts/source-opsgenie/notes", "identifierType=alias", &note),
        ("Opsgenie: list of 20", "GET", "/v2/alerts", "limit=20", ""),
        ("Opsgenie: count", "GET", "/v2/alerts/count", "", ""),
        ("Opsgenie: heartbeat's ping", "POST", "/v2/heartbeats/beat/ping", "", ""),
        ("Opsgenie: close by alias", "POST", "/v2/alerts/source-opsgenie/close", "identifierType=alias", ""),
    ] {
        let path = if path.ends_with("requests/") { format!("{path}{request}") } else { path.to_owned() };
        let call = Call { method, path: &path, query, authorization: &authorization, ..Call::default() };
        let answer = opsgenie.answer(&call, body.as_bytes().to_vec()).await;
        assert!(answer.status < 300, "{what}: {answer:?}");
        let calls = deployment.meter.take();
        if what.ends_with("create") {
            request.clone_from(&answer.request_id);
        }
        if what.ends_with("(duplicate)") {
            assert_eq!(Cost::of(&calls), Cost { calls: 1, written: 1, indexed: 0, read_halves: 0 }, "{what}");
        }
        // The first one fills what a process remembers: key and configuration.
        if !what.is_empty() {
            rows.push((what.to_owned(), calls));
        }
    }
    rows
}
