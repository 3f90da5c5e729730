//! `send`.

use super::double::{Answer, Double, Request, run, tocsin};
use expect_test::expect;
use serde_json::json;

fn ingest() -> Double {
    Double::new(|request: &Request| match request.json()["routing_key"].as_str() {
        Some("GOOD") => Answer::json(202, json!({"status": "success", "message": "Event processed", "dedup_key": "abc"})),
        _ => Answer::json(
            400,
            json!({"status": "invalid event", "message": "Event object is invalid", "errors": ["Length of 'routing_key' is incorrect (should be 32 characters)"]}),
        ),
    })
}

#[test]
fn a_test_event_needs_a_key_and_no_token() {
    let tocsin_at = ingest();
    let ran = run(tocsin(&["send", "--key", "GOOD"]).env("TOCSIN_URL", &tocsin_at.address));
    expect![[r#"
        Accepted. Event processed (dedup key abc)
        See what comes of it: tocsin incidents
        End it: tocsin send --key ... --resolve --dedup-key 'abc'
    "#]]
    .assert_eq(ran.good());
    let request = &tocsin_at.seen()[0];
    assert_eq!((request.line().as_str(), request.header("authorization")), ("POST /v2/enqueue", ""));
    assert_eq!(
        request.json(),
        json!({"routing_key": "GOOD", "event_action": "trigger", "client": "tocsin send",
            "payload": {"summary": "Test event sent by hand", "source": "tocsin send", "severity": "critical"}})
    );
}

#[test]
fn an_event_with_everything_and_its_end() {
    let tocsin = ingest();
    let ran = tocsin.tocsin(&["send", "--key", "GOOD", "--severity", "warning", "--summary", "s", "--source", "here", "--dedup-key", "k", "--json"]);
    assert_eq!(ran.json()["dedup_key"], "abc");
    assert_eq!(tocsin.seen()[0].json()["payload"], json!({"summary": "s", "source": "here", "severity": "warning"}));
    tocsin.tocsin(&["send", "--key", "GOOD", "--resolve", "--dedup-key", "k"]).good();
    assert_eq!(tocsin.seen()[1].json(), json!({"routing_key": "GOOD", "event_action": "resolve", "client": "tocsin send", "dedup_key": "k"}));
    assert_eq!(tocsin.tocsin(&["send", "--key", "GOOD", "--resolve"]).code, Some(2), "which alert is over?");
}

#[test]
fn a_refused_event_is_said_with_its_reasons() {
    let tocsin = ingest();
    expect![[r#"
        tocsin: Event object is invalid
          Length of 'routing_key' is incorrect (should be 32 characters)
          the key is shown by tocsin apply when its integration is new; make another one: tocsin key INTEGRATION
    "#]]
    .assert_eq(tocsin.tocsin(&["send", "--key", "BAD"]).failed());
}
