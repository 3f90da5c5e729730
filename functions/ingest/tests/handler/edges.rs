//! Edges of HTTP.

use super::support::{KEY, World};
use flate2::{Compression, write::GzEncoder};
use jiff::SignedDuration;
use serde_json::json;
use std::io::Write;
use tocsin_ingest::Call;

fn event(dedup_key: &str) -> Vec<u8> {
    let payload = json!({"summary": "s", "source": "host", "severity": "error"});
    json!({"routing_key": KEY, "event_action": "trigger", "dedup_key": dedup_key, "payload": payload}).to_string().into_bytes()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn methods_and_addresses() {
    let world = World::new().await;
    let hook = |name: &str| format!("/v1/integrations/{name}/{KEY}");
    let cases = [
        ("POST", "/v2/enqueue".to_owned(), 202),
        ("PUT", "/v2/enqueue".to_owned(), 202),
        ("GET", "/v2/change/enqueue".to_owned(), 405),
        ("POST", "/v2/enqueue/".to_owned(), 202),
        ("POST", "//v2//enqueue//".to_owned(), 202),
        ("GET", "/v2/enqueue".to_owned(), 405),
        ("HEAD", "/v2/enqueue".to_owned(), 405),
        ("DELETE", "/v2/enqueue".to_owned(), 405),
        ("PATCH", hook("generic"), 405),
        ("", hook("generic"), 405),
        ("OPTIONS", "/v2/enqueue".to_owned(), 200),
        ("OPTIONS", hook("generic"), 200),
        ("GET", hook("generic"), 405),
        ("HEAD", hook("alertmanager"), 405),
        ("POST", hook("generic"), 200),
        ("POST", hook("nothing"), 404),
        ("POST", hook("generic") + "/more", 404),
        ("POST", format!("/v1/integrations/generic/{KEY}x"), 404),
        ("POST", "/v1/integrations/generic".to_owned(), 404),
        ("POST", "/v2/nothing".to_owned(), 404),
        ("POST", "/".to_owned(), 404),
        ("POST", String::new(), 404),
        ("GET", hook("prometheus") + "/api/v2/alerts", 200),
        ("GET", hook("alertmanager") + "/api/v2/status", 200),
        ("GET", hook("alertmanager") + "/-/healthy", 200),
        ("GET", hook("alertmanager") + "/-/ready/", 200),
    ];
    for (method, path, status) in cases {
        let before = world.guard("edge").await.map(|g| g.count).unwrap_or_default();
        let (answered, body) = world.call(&Call { method, path: &path, ..Call::default() }, &event("edge")).await;
        assert_eq!(answered, status, "{method} {path}: {body}");
        let counted = world.guard("edge").await.map(|g| g.count).unwrap_or_default() - before;
        assert_eq!(counted, u64::from(matches!(method, "POST" | "PUT") && status < 300), "{method} {path}");
    }
}

#[tokio::test]
async fn encodings_and_content_types() {
    let world = World::new().await;
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("payload", str::from_utf8(&event("edge")).unwrap()).finish();
    let with_mark = [b"\xef\xbb\xbf".to_vec(), event("edge")].concat();
    let cases = [
        ("", "", event("edge"), 202),
        ("", "text/plain", event("edge"), 202),
        ("", "application/x-www-form-urlencoded", event("edge"), 202),
        ("", "multipart/form-data; boundary=x", event("edge"), 202),
        ("", "nonsense", event("edge"), 202),
        ("", "application/json; charset=latin1", event("edge"), 202),
        ("", "", with_mark, 202),
        ("", "application/x-www-form-urlencoded", form.into_bytes(), 202),
        ("gzip", "application/json", gzip(&event("edge")), 202),
        ("", "application/json", gzip(&event("edge")), 202),
        ("gzip", "", event("edge"), 202),
        ("zstd", "", vec![0x28, 0xb5, 0x2f, 0xfd, 0], 415),
        ("gzip", "", gzip(&event("edge"))[..30].to_vec(), 400),
        ("", "", Vec::new(), 400),
    ];
    for (content_encoding, content_type, body, status) in cases {
        let call = Call { method: "POST", path: "/v2/enqueue", content_encoding, content_type, ..Call::default() };
        let (answered, said) = world.call(&call, &body).await;
        assert_eq!(answered, status, "{content_encoding:?} {content_type:?}: {said}");
    }
}

#[tokio::test]
async fn sizes_are_held_before_anything_is_parsed() {
    let world = World::new().await;
    let hook = |name: &str| format!("/v1/integrations/{name}/{KEY}");
    let blanks = |n: usize| vec![b' '; n];
    for (path, body, status) in [
        ("/v2/enqueue".to_owned(), blanks(512 * 1024), 400),
        ("/v2/enqueue".to_owned(), blanks(512 * 1024 + 1), 413),
        ("/v2/enqueue".to_owned(), gzip(&blanks(512 * 1024 + 1)), 413),
        ("/generic/2010-04-15/create_event.json".to_owned(), blanks(512 * 1024 + 1), 413),
        (hook("generic"), blanks(512 * 1024 + 1), 413),
        (hook("alertmanager"), blanks(512 * 1024 + 1), 400),
        (hook("alertmanager"), blanks(6 * 1024 * 1024 + 1), 413),
        (hook("alertmanager"), gzip(&blanks(6 * 1024 * 1024 + 1)), 413),
    ] {
        let (answered, said) = world.post(&path, &body).await;
        assert_eq!(answered, status, "{path} {}: {said}", body.len());
    }
}

#[tokio::test]
async fn prometheus_posts_to_its_prefix() {
    let world = World::new().await;
    let alert = |end: &str| json!([{"labels": {"alertname": "A"}, "endsAt": end}]).to_string().into_bytes();
    let path = format!("/v1/integrations/prometheus/{KEY}/api/v2/alerts");
    let firing = world.post(&path, &alert("2026-11-21T21:12:00Z")).await;
    assert_eq!((firing.0, &firing.1["processed"]), (200, &json!(1)));
    let opened: Vec<String> = world.store.state().alerts.values().map(|a| a.key.dedup_key.clone()).collect();
    assert_eq!(opened.len(), 1);
    assert!(world.guard(&opened[0]).await.is_some_and(|g| g.open));
    world.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(world.post(&path, &alert("2026-11-21T21:12:00Z")).await.0, 200);
    assert!(world.guard(&opened[0]).await.is_some_and(|g| !g.open));
}

/// A webhook with a secret is signed with the integration's key; one without is taken by the key in its address.
#[tokio::test]
async fn githubs_signature() {
    let body = br#"{"action":"completed","workflow_run":{"status":"completed","conclusion":"failure","name":"CI","head_branch":"main","workflow_id":1},"repository":{"full_name":"a/b"}}"#;
    let right = "sha256=69e0e86ddd9173bf7b6978acc4466c0f9b3528d5bb6ff24979418a7d2a6c8466";
    let path = format!("/v1/integrations/github/{KEY}");
    for (hub_signature, status) in [("", 200), (right, 200), ("sha256=00", 403), (&right.replace('a', "b"), 403), ("sha1=00", 403)] {
        let world = World::new().await;
        let (found, answer) = world.call(&Call { method: "POST", path: &path, hub_signature, ..Call::default() }, body).await;
        assert_eq!(found, status, "{hub_signature}: {answer}");
        assert_eq!(world.guard("github/a/b/1/main").await.is_some(), status == 200);
    }
}

/// Only inbound can tell whether SNS signed a message. What comes here at an address of inbound's, by a doubled slash that no route of the gateway has, is taken where the key alone
/// says who sends, and refused where a signature has to.
#[tokio::test]
async fn what_only_inbound_can_judge_is_never_taken_here() {
    let alarm = json!({"AlarmName": "Disk", "AlarmArn": "arn:aws:cloudwatch:r:1:alarm:Disk", "NewStateValue": "ALARM"});
    let signed = json!({"Type": "Notification", "TopicArn": "arn:aws:sns:r:1:t", "MessageId": "1", "Message": alarm.to_string(), "Signature": "AAAA"});
    let without_type = json!({"TopicArn": "arn:aws:sns:r:1:t", "Subject": "Disk is full", "Message": "text"});
    let confirmation = json!({"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.r-1.amazonaws.com/?Action=ConfirmSubscription&Token=a"});
    let invoked = json!({"Records": [{"EventSource": "aws:sns", "Sns": signed}]});
    let mail = json!({"FromFull": {"Email": "a@example.com"}, "Subject": "Disk is full", "TextBody": "x"});
    let event = json!({"source": "shop", "detail-type": "Import", "resources": ["db1"], "detail": {}});
    for (name, body, status) in [
        ("aws", &alarm, 200),
        ("sns", &alarm, 200),
        ("eventbridge", &event, 200),
        ("aws", &signed, 404),
        ("sns", &signed, 404),
        ("cloudwatch", &signed, 404),
        ("eventbridge", &signed, 404),
        ("sns", &without_type, 404),
        ("sns", &confirmation, 404),
        ("aws", &invoked, 404),
        ("email", &signed, 404),
        ("email", &mail, 404),
        ("form", &mail, 404),
    ] {
        let world = World::new().await;
        let text = body.to_string();
        for text in [text.clone(), text.replacen('{', "{\"a\": \"\u{7}\",", 1)] {
            for path in [format!("/v1/integrations//{name}/{KEY}"), format!("/v1/integrations/{name}/{KEY}")] {
                let (answered, said) = world.post(&path, text.as_bytes()).await;
                assert_eq!(answered, status, "{path} {text}: {said}");
            }
        }
        assert_eq!(world.store.look(|s| s.alerts.len()), usize::from(status == 200), "{name} {body}");
    }
    for (method, status) in [("GET", 405), ("HEAD", 405), ("OPTIONS", 200)] {
        let world = World::new().await;
        for name in ["aws", "email", "form"] {
            let path = format!("/v1/integrations//{name}/{KEY}");
            assert_eq!(world.call(&Call { method, path: &path, ..Call::default() }, b"").await.0, status, "{method} {path}");
        }
    }
}
