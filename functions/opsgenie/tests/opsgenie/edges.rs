//! What is refused, in which words; and that nothing else happens to whatever comes.

use super::support::{KEY, ROUTING_KEY, World};
use proptest::prelude::*;
use serde_json::{Value, json};
use tocsin_ingest::Call;

#[tokio::test]
async fn bodies_that_are_refused() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x"})).await;
    for (method, path, body, status, field) in [
        ("POST", "/v2/alerts", r#"{"message":""}"#, 422, "message"),
        ("POST", "/v2/alerts", r#"{"message":null}"#, 422, "message"),
        ("POST", "/v2/alerts", r#"{"alias":"x"}"#, 422, "message"),
        ("POST", "/v2/alerts", r#"{"message":"x","priority":"P9"}"#, 422, "priority"),
        ("POST", "/v2/alerts", "", 400, ""),
        ("POST", "/v2/alerts", "[]", 400, ""),
        ("POST", "/v2/alerts", "{", 400, ""),
        ("POST", "/v2/alerts/x/notes", "{}", 422, "note"),
        ("POST", "/v2/alerts/x/snooze", "{}", 422, "endTime"),
        ("POST", "/v2/alerts/x/snooze", r#"{"endTime":"soon"}"#, 422, "endTime"),
        ("POST", "/v2/alerts/x/tags", "", 422, "tags"),
        ("POST", "/v2/alerts/x/details", r#"{"details":"x"}"#, 422, "details"),
        ("PUT", "/v2/alerts/x/message", "{}", 422, "message"),
        ("PUT", "/v2/alerts/x/priority", r#"{"priority":"high"}"#, 422, "priority"),
        ("PUT", "/v2/alerts/x/priority", "{}", 422, "priority"),
        ("POST", "/v2/alerts/x/assign", "{}", 422, "owner"),
        ("POST", "/v2/alerts/x/assign", r#"{"owner":{"type":"user"}}"#, 422, "owner"),
        ("POST", "/v2/alerts/x/responders", r#"{"responder":{"type":"team","name":" "}}"#, 422, "responder"),
        ("POST", "/v2/alerts/x/teams", r#"{"team":{"type":"team"}}"#, 422, "team"),
        ("POST", "/v2/alerts/x/close", "nonsense", 400, ""),
        ("POST", "/v2/alerts/x/nothing", "{}", 404, ""),
        ("PATCH", "/v2/alerts", "{}", 405, ""),
        ("TRACE", "/v2/alerts/x", "", 405, ""),
        ("GET", "/v2/alerts/unknown", "", 404, ""),
        ("GET", "/v2/alerts/requests/unknown", "", 404, ""),
        ("GET", "/v2/alerts/requests/099b8d62-7a80-0000-0000-000000000001", "", 404, ""),
    ] {
        let authorization = format!("GenieKey {KEY}");
        let got = world.raw(&Call { method, path, query: "identifierType=alias", authorization: &authorization, ..Call::default() }, body.as_bytes()).await;
        assert_eq!(got.status, status, "{method} {path} {body}: {got:?}");
        assert!(got.body["message"].is_string(), "{got:?}");
        assert!(field.is_empty() || got.body["errors"][field].is_string(), "{method} {path} {body}: {got:?}");
    }
}

/// The gateway hands everything below `/v2` to this function that no exact route takes: an event is an event there too.
#[tokio::test]
async fn what_is_not_opsgenies_is_answered_as_ingest_does() {
    let world = World::new().await;
    let event =
        json!({"routing_key": ROUTING_KEY, "event_action": "trigger", "dedup_key": "slash", "payload": {"summary": "s", "source": "h", "severity": "error"}});
    let change = json!({"routing_key": ROUTING_KEY, "payload": {"summary": "s", "source": "h"}});
    for (method, path, body, status) in [
        ("GET", "/v2/enqueue", &Value::Null, 405),
        ("GET", "/v2/nothing", &Value::Null, 404),
        ("GET", "/v2/enqueue/more", &Value::Null, 404),
        ("GET", "/", &Value::Null, 404),
        ("POST", "/v2/enqueue/", &event, 202),
        ("POST", "//v2//enqueue//", &event, 202),
        ("POST", "/v2/change/enqueue/", &change, 202),
        ("POST", "/v2/change//enqueue", &json!({}), 400),
    ] {
        let call = Call { method, path, ..Call::default() };
        let answer = world.opsgenie.events(&call).unwrap_or_else(|| panic!("{path}")).answer(&call, body.to_string().into_bytes()).await;
        let said: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, said["status"].is_string(), said["message"].is_string()), (status, true, true), "{path}: {said}");
    }
    assert_eq!(world.store.look(|s| s.alerts.len()), 1);
    for path in ["/v2/alerts", "/v2/alerts/", "/v2/heartbeats", "/v2//heartbeats/", "/v2/heartbeatsx"] {
        assert!(world.opsgenie.events(&Call { method: "POST", path, ..Call::default() }).is_none(), "{path}");
    }
}

#[tokio::test]
async fn asking_of_nothing_is_accepted_and_said_to_be_without_effect() {
    let world = World::new().await;
    for (method, name) in [("POST", "/close"), ("POST", "/acknowledge"), ("POST", "/unacknowledge"), ("DELETE", "")] {
        let got = world.call(method, &format!("/v2/alerts/nope{name}?identifierType=alias"), Value::Null).await;
        assert_eq!(got.status, 202, "{name}");
        let status = world.request(&got.id).await;
        assert_eq!((&status["isSuccess"], &status["status"], &status["alertId"]), (&json!(false), &json!("Alert does not exist"), &json!("")), "{name}");
    }
}

#[tokio::test]
async fn a_body_may_be_packed_and_is_bounded() {
    let world = World::new().await;
    let authorization = format!("GenieKey {KEY}");
    let call = Call { method: "POST", path: "/v2/alerts", authorization: &authorization, ..Call::default() };
    let large = json!({"message": "m", "description": "d".repeat(600_000)}).to_string();
    assert_eq!(world.raw(&call, large.as_bytes()).await.status, 413);
    let fits = json!({"message": "m", "alias": "x", "details": {"long": "d".repeat(400_000)}}).to_string();
    assert_eq!(world.raw(&call, fits.as_bytes()).await.status, 202);
    assert_eq!(world.get("x").await["details"]["long"].as_str().unwrap().len(), 400_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// No method, address, query or body makes a 5xx or a panic, and every answer is an object with `took` and `requestId`.
    #[test]
    fn whatever_comes_is_answered(
        method in prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"]),
        who in prop_oneof![Just("x".to_owned()), Just("alr_01KE6P4YM00000000000000001".to_owned()), Just("7".to_owned()), "\\PC{0,12}"],
        name in prop::sample::select(vec!["", "/close", "/acknowledge", "/unacknowledge", "/notes", "/snooze", "/tags", "/details", "/message", "/description", "/priority",
            "/assign", "/escalate", "/responders", "/teams", "/actions/a", "/logs", "/", "//"]),
        query in prop_oneof![Just("identifierType=alias".to_owned()), Just("identifierType=tiny".to_owned()), "query=\\PC{0,20}&limit=[0-9]{0,3}&offset=[0-9]{0,6}", "\\PC{0,20}"],
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            r#"\{"(message|note|tags|details|priority|endTime|owner|responder|team|user)":("[a-zP1-5]{0,4}"|null|\[1,"a"\]|\{"a":1\}|-1e9|true),"message":"m","alias":("x"|7|null)\}"#.prop_map(String::into_bytes),
        ],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            world.create(json!({"message": "m", "alias": "x"})).await;
            let authorization = format!("GenieKey {KEY}");
            for path in [format!("/v2/alerts/{who}{name}"), "/v2/alerts".to_owned()] {
                let got = world.raw(&Call { method, path: &path, query: &query, authorization: &authorization, ..Call::default() }, &body).await;
                assert!(got.status < 500 && got.body.is_object(), "{got:?}");
            }
            world.settle().await;
        });
    }
}
