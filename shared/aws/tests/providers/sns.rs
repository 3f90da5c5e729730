//! Messages, contacts, stakeholders.

use super::canned::{Canned, client};
use tocsin_app::ports::{Destination, EmailContacts, EmailState, Messenger, SendError, StakeholderTopic};
use tocsin_aws::sns::{SnsEmailContacts, SnsMessenger, SnsStakeholderTopic};
use tocsin_domain::configuration::Channel;
use tocsin_domain::notification::message::Message;

const PREFIX: &str = "arn:aws:sns:eu-central-1:123456789012:tocsin-user-";
const LAST_RESORT: &str = "arn:aws:sns:eu-central-1:123456789012:tocsin-LastResort";
const SENT: &str = "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>";
const DONE: &str = "<UnsubscribeResponse/>";
const TOPIC: &str = "<CreateTopicResponse><CreateTopicResult><TopicArn>x</TopicArn></CreateTopicResult></CreateTopicResponse>";
const NOT_FOUND: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>";

fn error(code: &str, message: &str) -> String {
    format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")
}

fn subscriptions(of: &[(&str, &str, &str)]) -> String {
    let member = |(protocol, endpoint, arn): &(&str, &str, &str)| {
        format!("<member><Protocol>{protocol}</Protocol><Endpoint>{endpoint}</Endpoint><SubscriptionArn>{arn}</SubscriptionArn></member>")
    };
    let members: String = of.iter().map(member).collect();
    format!(
        "<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult><Subscriptions>{members}</Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>"
    )
}

fn subscribed(arn: &str) -> String {
    format!("<SubscribeResponse><SubscribeResult><SubscriptionArn>{arn}</SubscriptionArn></SubscribeResult></SubscribeResponse>")
}

fn to(channel: Channel) -> Destination {
    let to = match channel {
        Channel::Sms => "+15555550100",
        Channel::Email => "ann@example.com",
        Channel::LastResort => "",
    };
    Destination { contact: "ann-1".parse().unwrap(), channel, to: to.to_owned() }
}

fn message() -> Message {
    Message { subject: "subject".to_owned(), text: "text".to_owned() }
}

/// The fields of a request.
fn fields(body: &str) -> Vec<String> {
    body.split('&').map(|f| f.replace("%3A", ":").replace("%2B", "+").replace("%40", "@")).collect()
}

fn assert_says(body: &str, expected: &[&str]) {
    let fields = fields(body);
    for field in expected {
        assert!(fields.iter().any(|f| f == field), "{field} is not in {fields:?}");
    }
}

#[tokio::test]
async fn each_channel_has_its_way() {
    let canned = Canned::answering([(200, SENT), (200, SENT), (200, SENT)]);
    let messenger = SnsMessenger::new(client!(aws_sdk_sns, canned), PREFIX, LAST_RESORT);
    for channel in [Channel::Sms, Channel::Email, Channel::LastResort] {
        assert_eq!(messenger.send(&to(channel), &message()).await, Ok("m-1".to_owned()));
    }
    let asked = canned.asked();
    assert_says(&asked[0], &["Action=Publish", "PhoneNumber=+15555550100", "Message=text"]);
    assert_says(&asked[0], &["MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType", "MessageAttributes.entry.1.Value.StringValue=Transactional"]);
    assert!(!asked[0].contains("TopicArn"));
    assert_says(&asked[1], &[&format!("TopicArn={PREFIX}ann-1"), "Subject=subject"]);
    assert_says(&asked[2], &[&format!("TopicArn={LAST_RESORT}"), "Subject=subject"]);
    assert!(!asked[1].contains("ann@") && !asked[1].contains("ann%40"));
}

#[tokio::test]
async fn refusals_are_told_from_trouble_and_name_nobody() {
    let opted_out = error("OptedOut", "The number +15555550100 has opted out");
    let throttled = error("Throttled", "Rate exceeded");
    let canned = Canned::answering([
        (400, opted_out.as_str()),
        (404, NOT_FOUND),
        (403, &error("AuthorizationError", "no")),
        (429, &throttled),
        (400, &throttled),
        (500, ""),
    ]);
    let messenger = SnsMessenger::new(client!(aws_sdk_sns, canned), PREFIX, LAST_RESORT);
    let mut results = Vec::new();
    for _ in 0..7 {
        results.push(messenger.send(&to(Channel::Sms), &message()).await.unwrap_err());
    }
    assert_eq!(results[0], SendError::Refused("OptedOut: The number (number) has opted out".to_owned()));
    assert!(results[1..3].iter().all(|r| matches!(r, SendError::Refused(_))), "{results:?}");
    assert!(results[3..].iter().all(|r| matches!(r, SendError::Unavailable(_))), "{results:?}");
}

#[tokio::test]
async fn a_contact_gets_its_topic_and_is_asked_once() {
    let none = subscriptions(&[("sqs", "arn:aws:sqs:x", "arn:aws:sns:x:y:z")]);
    let pending = subscriptions(&[("email", "ann@example.com", "PendingConfirmation")]);
    let asked = subscribed("pending confirmation");
    let canned = Canned::answering([(200, TOPIC), (200, none.as_str()), (200, &asked), (200, TOPIC), (200, &pending)]);
    let contacts = SnsEmailContacts::new(client!(aws_sdk_sns, canned), PREFIX);
    for _ in 0..2 {
        assert_eq!(contacts.ensure(&"ann-1".parse().unwrap(), "ann@example.com").await, Ok(EmailState::Pending));
    }
    assert_says(&canned.asked()[0], &["Action=CreateTopic", "Name=tocsin-user-ann-1"]);
    assert_says(&canned.asked()[2], &["Action=Subscribe", &format!("TopicArn={PREFIX}ann-1"), "Protocol=email", "Endpoint=ann@example.com"]);
    assert_eq!(canned.asked().len(), 5);
}

#[tokio::test]
async fn who_had_the_contact_before_gets_nothing_any_more() {
    let both = subscriptions(&[("email", "old@example.com", "arn:aws:sns:x:y:old"), ("email", "ann@example.com", "arn:aws:sns:x:y:new")]);
    let canned = Canned::answering([(200, TOPIC), (200, both.as_str()), (200, DONE)]);
    let contacts = SnsEmailContacts::new(client!(aws_sdk_sns, canned), PREFIX);
    assert_eq!(contacts.ensure(&"ann-1".parse().unwrap(), "ann@example.com").await, Ok(EmailState::Confirmed));
    assert_says(&canned.asked()[2], &["Action=Unsubscribe", "SubscriptionArn=arn:aws:sns:x:y:old"]);
}

#[tokio::test]
async fn a_contact_without_a_topic_is_missing() {
    let canned = Canned::answering([(404, NOT_FOUND)]);
    let contacts = SnsEmailContacts::new(client!(aws_sdk_sns, canned), PREFIX);
    assert_eq!(contacts.state(&"ann-1".parse().unwrap(), "ann@example.com").await, Ok(EmailState::Missing));
}

#[tokio::test]
async fn stakeholders_come_and_go() {
    let (pending, phone) = (subscribed("arn:aws:sns:x:y:1"), subscribed("arn:aws:sns:x:y:2"));
    let canned = Canned::answering([(200, pending.as_str()), (200, &phone), (200, &phone), (200, DONE), (200, SENT)]);
    let topic = SnsStakeholderTopic::new(client!(aws_sdk_sns, canned), LAST_RESORT);
    topic.subscribe_email("ann@example.com").await.unwrap();
    assert_eq!(topic.subscribe_sms("+15555550100").await.unwrap(), "arn:aws:sns:x:y:2");
    topic.unsubscribe_sms("+15555550100").await.unwrap();
    topic.send_code("+15555550100", "code 123456").await.unwrap();
    let asked = canned.asked();
    assert_says(&asked[0], &["Protocol=email", "Endpoint=ann@example.com"]);
    assert_says(&asked[1], &["Protocol=sms", "Endpoint=+15555550100"]);
    assert_says(&asked[3], &["Action=Unsubscribe", "SubscriptionArn=arn:aws:sns:x:y:2"]);
    assert_says(&asked[4], &["PhoneNumber=+15555550100", "MessageAttributes.entry.1.Value.StringValue=Transactional"]);
}
