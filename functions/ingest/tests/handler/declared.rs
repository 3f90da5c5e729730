//! An integration that says itself how its bodies are read.

use super::support::{KEY, World};
use serde_json::json;
use tocsin_app::ports::{ConfigurationStore, IntegrationKey, SecretHash};
use tocsin_domain::alert::Severity;
use tocsin_domain::configuration::IntegrationKind;
use tocsin_ingest::Call;

async fn world() -> World {
    let world = World::new().await;
    let mapping = json!([
        {"when": {"type": "scan"}, "each": "findings", "action": "{state}", "actions": {"fixed": "resolve"}, "key": "{^host}/{id}", "summary": "{name}", "severity": "{level}",
         "severities": {"high": "critical"}, "source": "{^host}"},
        {"when": {"job": ""}, "action": "ignore"},
        {"key": "job/{job}", "summary": "{job} failed", "action": "{result}", "actions": {"0": "resolve", "*": "trigger"}},
    ]);
    let key = IntegrationKey {
        integration: "pager".parse().unwrap(),
        service: "shop".parse().unwrap(),
        team: "web".parse().unwrap(),
        kind: IntegrationKind::Generic,
        limits: tocsin_domain::flood::Limits::default(),
        mapping: serde_json::from_value(mapping).unwrap(),
    };
    world.store.put_integration_key(&SecretHash::of(KEY), &key).await.unwrap();
    world
}

#[tokio::test]
async fn each_item_is_read_by_the_rules_and_a_repetition_reads_nothing() {
    let world = world().await;
    let path = format!("/v1/integrations/generic/{KEY}");
    let body = |state: &str| {
        let findings = json!([{"id": "1", "name": "Old TLS", "state": state, "level": "high"}, {"id": "2", "name": "Open port", "state": "open"}]);
        json!({"type": "scan", "host": "db1", "findings": findings}).to_string().into_bytes()
    };
    let (status, said) = world.post(&path, &body("open")).await;
    assert_eq!((status, &said["processed"]), (200, &json!(2)), "{said}");
    let guard = world.guard("db1/1").await.unwrap();
    assert_eq!((guard.open, guard.severity, guard.count), (true, Severity::Critical, 1));
    // The rules came with the key, which is remembered: a repetition asks for neither, and is counted.
    world.store.delete_integration_key(&SecretHash::of(KEY), &"pager".parse().unwrap()).await.unwrap();
    assert_eq!(world.post(&path, &body("open")).await.0, 200);
    assert_eq!((world.guard("db1/1").await.unwrap().count, world.store.state().alerts.len()), (2, 2));
    assert_eq!(world.post(&path, &body("fixed")).await.0, 200);
    assert_eq!((world.guard("db1/1").await.unwrap().open, world.guard("db1/2").await.unwrap().open), (false, true));
}

#[tokio::test]
async fn forms_are_read_by_the_rules_and_what_they_are_not_for_is_heard() {
    let world = world().await;
    let path = format!("/v1/integrations/generic/{KEY}");
    let form = Call { method: "POST", path: &path, content_type: "application/x-www-form-urlencoded", ..Call::default() };
    assert_eq!(world.call(&form, b"job=nightly&result=7").await.0, 200);
    assert!(world.guard("job/nightly").await.unwrap().open);
    assert_eq!(world.call(&form, b"job=nightly&result=0").await.0, 200);
    assert!(!world.guard("job/nightly").await.unwrap().open);
    let (status, said) = world.post(&path, br#"{"hello": 1}"#).await;
    assert_eq!((status, &said["ignored"]), (200, &json!(1)), "{said}");
    // No rule reads plain text: it is heard all the same.
    assert_eq!(world.post(&path, b"the disk of db1 is full").await.0, 200);
    assert_eq!(world.store.state().alerts.len(), 2);
    // Other formats come under the same key as ever.
    let event = json!({"routing_key": KEY, "event_action": "trigger", "dedup_key": "pd", "payload": {"summary": "s", "source": "x", "severity": "info"}});
    assert_eq!(world.post("/v2/enqueue", event.to_string().as_bytes()).await.0, 202);
    assert!(world.guard("pd").await.unwrap().open);
    for bad in [b"" as &[u8], b"{}", b"   "] {
        assert_eq!(world.post(&path, bad).await.0, 400);
    }
}
