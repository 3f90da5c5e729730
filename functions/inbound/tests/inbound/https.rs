//! What SNS posts to an address with a key.

use crate::support::{ALARM, CERTIFICATE, KEY, World, fixture, json_fixture};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tocsin_ingest::Call;

const SUBSCRIPTION: &str = "sns-subscription/arn:aws:sns:us-east-1:123456789012:shop-alarms";
const CONFIRMS: &str = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:123456789012:shop-alarms&Token=2336412f37fb687f5d51e6e241d09c8";

#[tokio::test]
async fn messages_that_sns_signed_are_taken_with_either_hash() {
    for name in ["alarm_v1", "alarm_v2", "text_v1", "text_without_subject_v2"] {
        let world = World::new(&[]).await;
        let (status, answer) = world.post("sns", "text/plain; charset=UTF-8", &fixture(&format!("sns/{name}.json"))).await;
        assert_eq!((status, &answer["processed"]), (200, &json!(1)), "{name}: {answer}");
    }
}

#[tokio::test]
async fn a_change_of_any_signed_field_is_refused_and_opens_nothing() {
    for name in ["alarm_v1", "alarm_v2"] {
        for field in ["Message", "MessageId", "Subject", "Timestamp", "TopicArn"] {
            let world = World::new(&[]).await;
            let mut message = json_fixture(&format!("sns/{name}.json"));
            message[field] = json!(format!("{} ", message[field].as_str().unwrap()));
            let (status, answer) = world.post("aws", "", message.to_string().as_bytes()).await;
            assert_eq!(status, 403, "{name} {field}: {answer}");
            assert!(answer["message"].as_str().unwrap().contains("its signature is wrong"), "{answer}");
            assert_eq!(world.guard(ALARM).await, None);
        }
    }
}

#[tokio::test]
async fn what_can_never_be_trusted_is_told_so_and_asks_for_nothing() {
    let cases: [(&str, Value, &str); 10] = [
        ("SignatureVersion", json!("3"), "unknown version"),
        ("SignatureVersion", json!(""), "no signature"),
        ("SignatureVersion", Value::Null, "lacks"),
        ("Signature", json!("?"), "not in base64"),
        ("SigningCertURL", json!("https://sns.us-east-1.amazonaws.com.example.com/SimpleNotificationService-a.pem"), "not at an address of SNS"),
        ("SigningCertURL", json!("http://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem"), "not at an address of SNS"),
        ("SigningCertURL", json!("https://169.254.169.254/SimpleNotificationService-a.pem"), "not at an address of SNS"),
        ("SigningCertURL", json!(""), "not at an address of SNS"),
        ("MessageId", json!(7), "lacks"),
        ("Message", json!({"AlarmName": "x"}), "lacks"),
    ];
    for (field, value, why) in cases {
        let world = World::new(&[]).await;
        let mut message = json_fixture("sns/alarm_v2.json");
        message[field] = value.clone();
        let (status, answer) = world.post("aws", "", message.to_string().as_bytes()).await;
        assert_eq!(status, 403, "{field} {value}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(why), "{field} {value}: {answer}");
        assert_eq!(world.pages.asked(), Vec::<String>::new(), "{field} {value}");
    }
    // The version says how it is signed: the other hash does not fit.
    let world = World::new(&[]).await;
    let mut message = json_fixture("sns/alarm_v2.json");
    message["SignatureVersion"] = json!("1");
    assert_eq!(world.post("aws", "", message.to_string().as_bytes()).await.0, 403);
}

/// SNS delivers again after a 503, and the message is taken then.
#[tokio::test]
async fn what_can_not_be_judged_now_comes_again() {
    let world = World::new(&[]).await;
    let alarm = fixture("sns/alarm_v2.json");
    for page in [None, Some(b"<html>busy</html>".to_vec()), Some(fixture("sns/elliptic.pem")), Some(vec![b'x'; 20_000])] {
        world.pages.put(CERTIFICATE, page.as_deref());
        assert_eq!(world.post("aws", "", &alarm).await.0, 503, "{page:?}");
    }
    world.pages.put(CERTIFICATE, Some(&fixture("sns/other.pem")));
    assert_eq!(world.post("aws", "", &alarm).await.0, 403, "a certificate of another key");
    let world = World::new(&[]).await;
    world.clock.advance(SignedDuration::from_hours(24 * 365 * 101));
    assert_eq!(world.post("aws", "", &alarm).await.0, 503, "a certificate that is over");
    let world = World::new(&[]).await;
    world.pages.put(CERTIFICATE, None);
    assert_eq!(world.post("aws", "", &alarm).await.0, 503);
    assert_eq!(world.guard(ALARM).await, None);
    world.pages.put(CERTIFICATE, Some(&fixture("sns/certificate.pem")));
    assert_eq!(world.post("aws", "", &alarm).await.0, 200);
    assert!(world.guard(ALARM).await.is_some_and(|guard| guard.open));
}

#[tokio::test]
async fn a_certificate_is_asked_for_once_an_hour() {
    let world = World::new(&[]).await;
    for name in ["alarm_v1", "alarm_v2", "alarm_v1"] {
        assert_eq!(world.post("aws", "", &fixture(&format!("sns/{name}.json"))).await.0, 200);
    }
    assert_eq!(world.pages.asked(), [CERTIFICATE]);
    world.clock.advance(SignedDuration::from_mins(61));
    assert_eq!(world.post("aws", "", &fixture("sns/alarm_v2.json")).await.0, 200);
    assert_eq!(world.pages.asked().len(), 2);
}

#[tokio::test]
async fn an_unknown_key_asks_for_nothing() {
    let world = World::new(&[]).await;
    let path = format!("/v1/integrations/aws/{}", KEY.replace('1', "2"));
    let (status, _) = world.call(&Call { method: "POST", path: &path, ..Call::default() }, &fixture("sns/subscription_v2.json")).await;
    assert_eq!((status, world.pages.asked()), (404, vec![]));
}

#[tokio::test]
async fn a_subscription_is_confirmed_by_itself_and_told_as_a_change() {
    for name in ["subscription_v1", "subscription_v2"] {
        let world = World::new(&[]).await;
        world.pages.put(CONFIRMS, Some(b"<ConfirmSubscriptionResponse/>"));
        let (status, answer) = world.post("sns", "text/plain", &fixture(&format!("sns/{name}.json"))).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(world.pages.asked(), [CERTIFICATE, CONFIRMS]);
        let changes = world.changes().await;
        let summaries: Vec<&str> = changes.iter().map(|change| change.event.summary.as_str()).collect();
        assert_eq!(summaries, ["SNS topic arn:aws:sns:us-east-1:123456789012:shop-alarms delivers here now"]);
        assert_eq!(world.guard(SUBSCRIPTION).await, None, "nobody is paged for it");
    }
}

#[tokio::test]
async fn a_confirmation_that_fails_comes_again_and_a_forged_one_asks_for_nothing() {
    let world = World::new(&[]).await;
    assert_eq!(world.post("sns", "", &fixture("sns/subscription_v2.json")).await.0, 503, "SNS can not be reached");
    assert_eq!(world.changes().await.len(), 0);
    for (message, why) in
        [(json_fixture("sns/subscription_elsewhere_v2.json"), "SubscribeURL"), (changed("SubscribeURL", &format!("{CONFIRMS}&x=1")), "signature")]
    {
        let world = World::new(&[]).await;
        let (status, answer) = world.post("sns", "", message.to_string().as_bytes()).await;
        assert_eq!(status, 403, "{why}");
        assert!(answer["message"].as_str().unwrap().contains(why), "{answer}");
        assert!(world.pages.asked().iter().all(|url| url == CERTIFICATE), "{:?}", world.pages.asked());
    }
}

fn changed(field: &str, value: &str) -> Value {
    let mut message = json_fixture("sns/subscription_v2.json");
    message[field] = json!(value);
    message
}

/// Alarms that do not come any more are worth a look, until the topic delivers again.
#[tokio::test]
async fn a_subscription_that_ended_is_an_alert_until_the_next_one() {
    let world = World::new(&[]).await;
    world.pages.put(CONFIRMS, Some(b""));
    assert_eq!(world.post("sns", "", &fixture("sns/unsubscribed_v2.json")).await.0, 200);
    assert!(world.guard(SUBSCRIPTION).await.unwrap().open);
    assert_eq!(world.post("sns", "", &fixture("sns/subscription_v2.json")).await.0, 200);
    assert!(!world.guard(SUBSCRIPTION).await.unwrap().open);
}

/// Raw message delivery has no envelope to sign: the key of the address says who sends. So do API destinations.
#[tokio::test]
async fn raw_messages_and_events_need_no_signature() {
    let world = World::new(&[]).await;
    let raw = json_fixture("sns/alarm_v2.json")["Message"].as_str().unwrap().to_owned();
    for name in ["aws", "sns", "cloudwatch", "eventbridge", "email"] {
        assert_eq!(world.post(name, "application/json", raw.as_bytes()).await.0, 200, "{name}");
    }
    assert_eq!(world.guard(ALARM).await.unwrap().count, 5);
    assert_eq!(world.pages.asked(), Vec::<String>::new());
}

/// Whatever says that it is of a topic has to be signed, in whichever form it says so: a forged one is not one that leaves out what would be checked.
#[tokio::test]
async fn what_says_in_another_way_that_it_is_of_a_topic_has_to_be_signed_too() {
    let signed = json_fixture("sns/alarm_v2.json");
    let forged = |message: &Value| json!({"TopicArn": message["TopicArn"], "Subject": "Disk is full", "Message": message["Message"]});
    let record = |message: Value| json!({"Records": [{"EventSource": "aws:sns", "Sns": message}]});
    let confirmation = json!({"Type": "SubscriptionConfirmation", "SubscribeURL": CONFIRMS});
    for body in [
        forged(&signed).to_string(),
        record(forged(&signed)).to_string(),
        json!({"Records": [{"Sns": signed}, {"Sns": forged(&signed)}]}).to_string(),
        json!({"Sns": forged(&signed)}).to_string(),
        json!([forged(&signed)]).to_string(),
        confirmation.to_string(),
        // Not strictly JSON: what reads alarms repairs it.
        signed.to_string().replacen("{", "{\"a\": \"\u{7}\",", 1),
    ] {
        let world = World::new(&[]).await;
        let (status, answer) = world.post("aws", "", body.as_bytes()).await;
        assert_eq!(status, 403, "{body}: {answer}");
        assert_eq!(world.store.look(|s| s.alerts.len()), 0, "{body}");
    }
    // What is checked is what is read, also where a member comes twice.
    let world = World::new(&[]).await;
    let twice = signed.to_string().replacen('{', "{\"Message\": \"{\\\"AlarmName\\\":\\\"forged\\\",\\\"NewStateValue\\\":\\\"ALARM\\\"}\",", 1);
    assert_eq!(world.post("aws", "", twice.as_bytes()).await.0, 200);
    assert!(world.guard(ALARM).await.is_some_and(|guard| guard.open));
    // As SNS invokes a function with it, handed on by that function: the record has its signature.
    let world = World::new(&[]).await;
    assert_eq!(world.post("aws", "", record(signed).to_string().as_bytes()).await.0, 200);
    assert!(world.guard(ALARM).await.is_some_and(|guard| guard.open));
}

/// As ingest answers them, which had these addresses before.
#[tokio::test]
async fn other_methods_and_addresses() {
    let world = World::new(&[]).await;
    for (method, path, status) in [
        ("GET", format!("/v1/integrations/aws/{KEY}"), 405),
        ("HEAD", format!("/v1/integrations/aws/{KEY}"), 405),
        ("OPTIONS", format!("/v1/integrations/aws/{KEY}/"), 200),
        ("POST", format!("/v1/integrations//aws/{KEY}/"), 400),
        ("POST", "/v1/integrations/aws".to_owned(), 404),
        ("POST", format!("/v1/integrations/aws/{KEY}/x"), 404),
    ] {
        assert_eq!(world.call(&Call { method, path: &path, ..Call::default() }, b"").await.0, status, "{method} {path}");
    }
}
