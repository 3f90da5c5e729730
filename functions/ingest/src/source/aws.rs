//! Whatever AWS sends to one address: SNS over HTTPS (with its envelope or raw), EventBridge through an API destination, CloudWatch alarms, AWS Health, GuardDuty, any
//! other event, and e-mail that SES hands to SNS.
//!
//! Called by: the ingest handler. The address carries the integration's key, as for every sender; ingest calls no address that a body names. A question of SNS
//! whether it may deliver becomes an informational alert with the link that confirms, if the link is Amazon's: a person opens it once.
//!
//! Refused: as [`cloudwatch`](super::cloudwatch) and [`mapping`](super::mapping) do.

use super::mapping::{self, Read};
use super::{Batch, Refusal, cloudwatch, json, ready};
use serde_json::Value;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event, Link};

/// Characters of a topic's ARN that are shown; real ones have some 300 at most.
const MOST_TOPIC: usize = 500;

/// Reads one request.
///
/// # Errors
/// A [`Refusal`] where nothing can be found in it.
pub fn parse(body: &[u8]) -> Result<Read, Refusal> {
    match cloudwatch::parse(body)? {
        cloudwatch::Delivery::Alarms(batch) if !batch.events.is_empty() => Ok(Read { batch, ..Read::default() }),
        cloudwatch::Delivery::Alarms(_) => other(body),
        cloudwatch::Delivery::Confirm { topic_arn, subscribe_url } => {
            let events = vec![confirmation(&topic_arn, subscribe_url)];
            Ok(Read { batch: Batch { events, refused: Vec::new() }, ..Read::default() })
        }
        cloudwatch::Delivery::Unsubscribed => Ok(Read { ignored: 1, ..Read::default() }),
    }
}

/// Whether a body says, in any form that [`parse`] reads, that it is a message of an SNS topic. Only SNS can prove that, by a signature that the function `inbound` checks.
pub fn is_of_a_topic(body: &[u8]) -> bool {
    let Ok(json::Document { value, .. }) = json::parse(body) else { return false };
    says_topic(&value)
}

fn says_topic(value: &Value) -> bool {
    match value {
        Value::Array(records) => records.iter().any(says_topic),
        Value::Object(top) => {
            let asks = matches!(json::member(top, "Type").as_deref(), Some("SubscriptionConfirmation" | "UnsubscribeConfirmation"));
            let tells = top.contains_key("TopicArn") && (top.contains_key("Message") || top.contains_key("Type"));
            asks || tells || top.get("Sns").is_some_and(Value::is_object) || top.get("Records").is_some_and(says_topic)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// No alarm: the message of an envelope, where there is one, or the body itself.
fn other(body: &[u8]) -> Result<Read, Refusal> {
    let rules = ready::rules("eventbridge").unwrap_or("[]");
    let envelope = json::parse(body)?.value;
    let envelope = envelope.pointer("/Records/0/Sns").unwrap_or(&envelope);
    match (envelope.get("Message").and_then(Value::as_str), envelope.get("TopicArn")) {
        // Plain text has a subject beside it, so the envelope says more than the message.
        (Some(message), Some(_)) if message.trim_start().starts_with('{') => mapping::parse_ready(message.as_bytes(), rules),
        (Some(_), Some(_)) => mapping::parse_ready(envelope.to_string().as_bytes(), TEXT),
        _ => mapping::parse_ready(body, rules),
    }
}

/// A message of SNS that is plain text.
const TEXT: &str = r#"[{"client": "Amazon SNS", "action": "{Subject}", "actions": {"ok:*": "resolve", "resolved*": "resolve", "*": "trigger"},
    "key": ["{TopicArn}/{~Subject}", "{MessageId}"], "summary": ["{Subject}: {Message}", "{Message}", "{Subject}"], "source": "{TopicArn}", "time": "{Timestamp}"}]"#;

/// What happens to the subscription of a topic: one alert a topic, whichever function reports it.
pub fn subscription(action: Action, topic: &str, severity: Severity) -> Event {
    let (dedup_key, _) = super::identity::bounded(format!("sns-subscription/{topic}"));
    Event {
        source: topic.chars().take(MOST_TOPIC).collect(),
        class: Some("SNS subscription".to_owned()),
        client: Some("Amazon SNS".to_owned()),
        ..Event::bare(action, dedup_key, severity)
    }
}

fn confirmation(topic: &str, url: String) -> Event {
    let link = is_amazons(&url).then(|| Link { href: url.clone(), text: "Confirm the subscription".to_owned() });
    let adapted = if link.is_some() { Vec::new() } else { vec!["the address that would confirm is not Amazon's: it is not shown as a link".to_owned()] };
    let event = subscription(Action::Trigger, topic, Severity::Info);
    let summary = format!("SNS topic {} asks to confirm its subscription: open the link of this alert once", event.source);
    Event { summary, links: link.into_iter().collect(), details: serde_json::json!({"SubscribeURL": url}), adapted, ..event }
}

/// `https://sns.REGION.amazonaws.com/?Action=ConfirmSubscription&...`, and nothing else.
fn is_amazons(url: &str) -> bool {
    let Some((host, query)) = url.strip_prefix("https://sns.").and_then(|rest| rest.split_once("/?")) else { return false };
    let region = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"));
    let is_region = |region: &str| !region.is_empty() && region.len() < 32 && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    region.is_some_and(is_region) && query.starts_with("Action=ConfirmSubscription&") && super::draft::is_address(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_with_long_names_are_not_taken_for_one_another() {
        let topic = |end: &str| format!("arn:aws:sns:ap-southeast-2:123456789012:{}{end}", "x".repeat(255));
        let [a, b] = ["a", "b"].map(|end| subscription(Action::Trigger, &topic(end), Severity::Info));
        assert_ne!(a.dedup_key, b.dedup_key);
        assert!(a.dedup_key.chars().count() <= 255, "{}", a.dedup_key);
        assert_eq!(a.source, topic("a"));
    }

    #[test]
    fn only_amazons_own_address_is_a_link() {
        for (url, amazons) in [
            ("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=a&Token=b", true),
            ("https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription&Token=b", true),
            ("http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=b", false),
            ("https://sns.us-east-1.amazonaws.com.example.com/?Action=ConfirmSubscription&Token=b", false),
            ("https://sns.evil.com#.amazonaws.com/?Action=ConfirmSubscription&Token=b", false),
            ("https://sns.a@b.amazonaws.com/?Action=ConfirmSubscription&Token=b", false),
            ("https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&Token=b", false),
            ("https://example.com/", false),
            ("", false),
        ] {
            assert_eq!(is_amazons(url), amazons, "{url}");
        }
    }
}
