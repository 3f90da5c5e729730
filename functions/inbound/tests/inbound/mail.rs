//! Mail: which integration, which alert, and what it does.

use crate::support::{KEY, World, fixture, integration};
use serde_json::{Value, json};
use tocsin_app::ports::{ConfigurationStore, SecretHash};
use tocsin_ingest::Call;

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:mail";

fn raw(subject: &str, more: &str) -> String {
    format!(
        "From: Nagios <Nagios@Mon.example.com>\r\nTo: alerts@in.example.com\r\nSubject: {subject}\r\nMessage-ID: <1@mon>\r\n{more}\r\nThe disk of db1 is full.\r\n"
    )
}

/// As SES tells of a mail by SNS, with its content in either form.
fn notification(recipients: &[&str], raw: &str, base64: bool) -> Value {
    use base64::Engine;
    let content = if base64 { base64::engine::general_purpose::STANDARD.encode(raw) } else { raw.to_owned() };
    let encoding = if base64 { "BASE64" } else { "UTF8" };
    let message = json!({"notificationType": "Received", "mail": {"source": "bounce@example.com", "destination": recipients, "messageId": "ses", "commonHeaders": {}},
        "receipt": {"recipients": recipients, "action": {"type": "SNS", "topicArn": TOPIC, "encoding": encoding}}, "content": content});
    json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "Notification", "MessageId": "m", "TopicArn": TOPIC, "Subject": "Amazon SES Email Receipt Notification", "Message": message.to_string()}}]})
}

const PROBLEM: &str = "email/nagios@mon.example.com/disk full on db1";

#[tokio::test]
async fn the_key_in_the_recipient_says_whose_it_is() {
    let lower = KEY.to_lowercase();
    for recipient in
        [format!("{KEY}@in.example.com"), format!("{lower}@in.example.com"), format!("tocsin+{lower}@in.example.com"), format!("a+{KEY}+b@in.example.com")]
    {
        for base64 in [false, true] {
            let world = World::new(&[TOPIC]).await;
            world.inbound.invoked(notification(&["boss@example.com", &recipient], &raw("PROBLEM: disk full on db1", ""), base64)).await.unwrap();
            assert!(world.guard(PROBLEM).await.is_some_and(|guard| guard.open), "{recipient} {base64}");
            assert_eq!(world.guard_of("sourced", PROBLEM).await, None);
        }
    }
    // Without a key it is the topic's.
    let world = World::new(&[TOPIC]).await;
    let unknown = "0".repeat(32) + "@in.example.com";
    world.inbound.invoked(notification(&["alerts@in.example.com", &unknown], &raw("PROBLEM: disk full on db1", ""), false)).await.unwrap();
    assert!(world.guard_of("sourced", PROBLEM).await.is_some());
    let world = World::new(&[]).await;
    assert!(world.inbound.invoked(notification(&["alerts@in.example.com"], &raw("x", ""), false)).await.is_err());
}

#[tokio::test]
async fn one_mail_to_two_keys_is_an_alert_of_each() {
    let world = World::new(&[]).await;
    let other = "OTHERKEY000000000000000000000001";
    world.store.put_integration_key(&SecretHash::of(other), &integration("other")).await.unwrap();
    world.inbound.invoked(notification(&[&format!("{KEY}@x"), &format!("{other}@x")], &raw("PROBLEM: disk full on db1", ""), true)).await.unwrap();
    for name in ["keyed", "other"] {
        assert!(world.guard_of(name, PROBLEM).await.is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_recovery_resolves_and_an_answer_of_a_machine_does_nothing() {
    let world = World::new(&[TOPIC]).await;
    let mail = |subject: &str, more: &str| notification(&[], &raw(subject, more), true);
    world.inbound.invoked(mail("PROBLEM: disk full on db1", "")).await.unwrap();
    world.inbound.invoked(mail("PROBLEM: disk full on db1", "")).await.unwrap();
    world.inbound.invoked(mail("disk full on db1", "Auto-Submitted: auto-replied\r\n")).await.unwrap();
    assert_eq!(world.guard_of("sourced", PROBLEM).await.unwrap().count, 2);
    world.inbound.invoked(mail("RESOLVED: disk full on db1", "")).await.unwrap();
    assert!(!world.guard_of("sourced", PROBLEM).await.unwrap().open);
}

/// What people answer to each other about an alert is one alert a thread, not one a person and answer.
#[tokio::test]
async fn answers_of_a_thread_are_one_alert() {
    let world = World::new(&[TOPIC]).await;
    for (subject, more) in [
        ("Re: PROBLEM: disk full on db1", "In-Reply-To: <1@mon>\r\n"),
        ("AW: PROBLEM: disk full on db1", "In-Reply-To: <7@x>\r\nReferences: <1@mon> <7@x>\r\n"),
    ] {
        world.inbound.invoked(notification(&[], &raw(subject, more), true)).await.unwrap();
    }
    assert_eq!(world.guard_of("sourced", "email/thread/1@mon").await.unwrap().count, 2);
}

#[tokio::test]
async fn over_https_it_comes_as_a_form_as_itself_and_in_a_message() {
    let form = String::from_utf8(fixture("webhook/mailgun.form")).unwrap();
    let (content_type, form) = form.split_once('\n').unwrap();
    let form = form.replace('\n', "\r\n");
    let urlencoded = "recipient=x%40in.example.com&sender=nagios%40mon.example.com&from=Nagios+%3Cnagios%40mon.example.com%3E&subject=PROBLEM%3A+disk+full+on+db1&body-plain=full";
    let notified = notification(&[], &raw("PROBLEM: disk full on db1", ""), false)["Records"][0]["Sns"]["Message"].as_str().unwrap().to_owned();
    for (content_type, body) in [
        (content_type, form.as_bytes()),
        ("application/x-www-form-urlencoded", urlencoded.as_bytes()),
        ("message/rfc822", raw("PROBLEM: disk full on db1", "").as_bytes()),
        ("text/plain", notified.as_bytes()),
    ] {
        let world = World::new(&[]).await;
        let (status, answer) = world.post("email", content_type, body).await;
        assert_eq!((status, &answer["processed"]), (200, &json!(1)), "{content_type}: {answer}");
        assert!(world.guard(PROBLEM).await.is_some(), "{content_type}");
    }
}

#[tokio::test]
async fn a_form_that_is_none_is_refused() {
    let world = World::new(&[]).await;
    let many: String = (0..501).map(|n| format!("--b\r\nContent-Disposition: form-data; name=\"f{n}\"\r\n\r\nx\r\n")).collect::<String>() + "--b--\r\n";
    for (content_type, body, status) in [
        ("multipart/form-data", "--b\r\n", 400),
        ("multipart/form-data; boundary=b", "no parts at all", 400),
        ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx", 400),
        ("multipart/form-data; boundary=b", many.as_str(), 413),
    ] {
        let path = format!("/v1/integrations/email/{KEY}");
        let (found, answer) = world.call(&Call { method: "POST", path: &path, content_type, ..Call::default() }, body.as_bytes()).await;
        assert_eq!(found, status, "{content_type} {answer}");
    }
}

/// A form that is no mail is read as any JSON is.
#[tokio::test]
async fn any_form_with_parts() {
    let body = "--b\r\nContent-Disposition: form-data; name=\"summary\"\r\n\r\nprinter on fire\r\n--b\r\nContent-Disposition: form-data; name=\"dedup_key\"\r\n\r\nprinter\r\n--b--\r\n";
    let world = World::new(&[]).await;
    let (status, answer) = world.post("form", "multipart/form-data; boundary=b", body.as_bytes()).await;
    assert_eq!(status, 200, "{answer}");
    assert!(world.guard("printer").await.unwrap().open);
    let (status, _) = world.post("form", "application/x-www-form-urlencoded", b"summary=out&dedup_key=printer&status=resolved").await;
    assert_eq!((status, world.guard("printer").await.unwrap().open), (200, false));
    let form = String::from_utf8(fixture("webhook/mailgun.form")).unwrap();
    let (content_type, form) = form.split_once('\n').unwrap();
    assert_eq!(world.post("form", content_type, form.replace('\n', "\r\n").as_bytes()).await.0, 200);
    assert!(world.guard(PROBLEM).await.is_some(), "a mail is one here too");
}

/// An alert is shown to people, and kept: the key that a recipient holds must not be on it.
#[tokio::test]
async fn the_key_is_not_on_the_alert() {
    let lower = KEY.to_lowercase();
    let raw = format!(
        "From: a@b.example\r\nTo: x@y.example, tocsin+{lower}@in.example.com\r\nSubject: to {KEY}\r\n\r\n> To: {lower}@in.example.com\r\n\u{e4} {KEY} fine\r\n"
    );
    let mail = tocsin_inbound::mail::Mail::read(raw.as_bytes()).unwrap();
    let told = format!("{:?}", mail.event().unwrap());
    assert!(told.contains("tocsin+KEY@in.example.com") && told.contains("KEY fine"), "{told}");
    assert!(!told.to_lowercase().contains(&lower), "{told}");
}
