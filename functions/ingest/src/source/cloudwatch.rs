//! CloudWatch alarms, on each way that they come: EventBridge, SNS (HTTPS subscription or Lambda), or an alarm's own Lambda action.
//!
//! Called by: [`aws`](super::aws). Whether SNS signed a message is the inbound function's to find out, before.
//! Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>.
//!
//! An alarm's ARN is its dedup key on every way. ALARM triggers, OK resolves. INSUFFICIENT_DATA triggers with severity warning: an open alert stays
//! open, and an alarm that went blind is seen but wakes nobody. While CloudWatch suppresses an alarm's actions, its events are informational.
//!
//! Refused: more than 1 MB (413); no JSON object or list (400). Refused alone: a record that is no alarm, or has no name.

use super::draft::MAX_LINE;
use super::{Batch, Refusal, Refused, identity, json, time};
use serde_json::{Map, Value};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};

/// Bytes of the largest request: Amazon's own bounds are lower.
pub const MAX_BODY: usize = 1024 * 1024;

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// Alarms that changed their state.
    Alarms(Batch),
    /// SNS asks whether it may deliver; whoever answers must check that the address is Amazon's.
    Confirm {
        /// The topic.
        topic_arn: String,
        /// Where a GET confirms.
        subscribe_url: String,
    },
    /// SNS says that the subscription ended.
    Unsubscribed,
}

type Wrong = (&'static str, &'static str);

/// Reads one request.
///
/// # Errors
/// A [`Refusal`] where the body is no JSON object or list.
pub fn parse(body: &[u8]) -> Result<Delivery, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Refusal::too_large("1 MB"));
    }
    let json::Document { value, notes } = json::parse(body)?;
    let records = match value {
        Value::Array(records) => records,
        Value::Object(mut top) => match json::member(&top, "Type").as_deref() {
            Some("SubscriptionConfirmation") => {
                let text = |name| json::member(&top, name).map(std::borrow::Cow::into_owned).unwrap_or_default();
                return Ok(Delivery::Confirm { topic_arn: text("TopicArn"), subscribe_url: text("SubscribeURL") });
            }
            Some("UnsubscribeConfirmation") => return Ok(Delivery::Unsubscribed),
            _ => match top.remove("Records") {
                Some(Value::Array(records)) => records,
                Some(other) => vec![other],
                None => vec![Value::Object(top)],
            },
        },
        _ => return Err(Refusal::unrecognized("Event object is not a JSON object")),
    };
    let mut batch = Batch::default();
    for (index, record) in records.into_iter().enumerate() {
        match alarm(record, &notes) {
            Ok(event) => batch.events.push(event),
            Err((field, why)) => batch.refused.push(Refused { index, field, why }),
        }
    }
    Ok(Delivery::Alarms(batch))
}

fn alarm(record: Value, notes: &[String]) -> Result<Event, Wrong> {
    let Value::Object(mut record) = record else { return Err(("Records", "is invalid (must be objects)")) };
    if let Some(Value::Object(envelope)) = record.remove("Sns") {
        record = envelope;
    }
    let mut notes = notes.to_vec();
    if let Some(message) = record.get("Message").and_then(Value::as_str) {
        let inner = json::parse(message.as_bytes()).map_err(|_| ("Message", "is not a CloudWatch alarm"))?;
        notes.extend(inner.notes);
        match inner.value {
            Value::Object(message) => record = message,
            _ => return Err(("Message", "is not a CloudWatch alarm")),
        }
    }
    let facts = Facts::of(&record).ok_or(("alarmName", "is missing or blank"))?;
    let event = facts.event(notes)?;
    Ok(Event { details: Value::Object(record), ..event })
}

/// The same facts, by the names of each way.
struct Facts {
    name: String,
    arn: Option<String>,
    account: String,
    region: String,
    state: String,
    reason: String,
    at: Option<jiff::Timestamp>,
    metric: Option<String>,
    namespace: Option<String>,
    dimension: Option<String>,
    suppressed_by: Option<String>,
}

impl Facts {
    fn of(record: &Map<String, Value>) -> Option<Facts> {
        let text = |value: Option<&Value>| value.filter(|value| !json::is_absent(value)).map(|value| json::text(value).into_owned());
        let top = |name: &str| text(record.get(name));
        if record.contains_key("AlarmName") {
            let trigger = record.get("Trigger").unwrap_or(&Value::Null);
            let metric = trigger.get("Metrics").and_then(|metrics| metrics.as_array()?.iter().find_map(|metric| metric.pointer("/MetricStat/Metric")));
            let metric = metric.unwrap_or(trigger);
            return Some(Facts {
                name: top("AlarmName")?,
                arn: top("AlarmArn"),
                account: top("AWSAccountId").unwrap_or_default(),
                region: top("Region").unwrap_or_default(),
                state: top("NewStateValue").unwrap_or_default(),
                reason: top("NewStateReason").unwrap_or_default(),
                at: record.get("StateChangeTime").and_then(time::read),
                metric: text(metric.get("MetricName")),
                namespace: text(metric.get("Namespace")),
                dimension: text(metric.pointer("/Dimensions/0/value")),
                suppressed_by: None,
            });
        }
        let alarm = record.get("detail").or_else(|| record.get("alarmData"))?;
        let state = alarm.get("state").unwrap_or(&Value::Null);
        let metric =
            alarm.pointer("/configuration/metrics").and_then(|metrics| metrics.as_array()?.iter().find_map(|metric| metric.pointer("/metricStat/metric")));
        let metric = metric.unwrap_or(&Value::Null);
        Some(Facts {
            name: text(alarm.get("alarmName"))?,
            arn: top("alarmArn").or_else(|| text(record.get("resources").and_then(|arns| arns.get(0)))),
            account: top("account").or_else(|| top("accountId")).unwrap_or_default(),
            region: top("region").unwrap_or_default(),
            state: text(state.get("value")).unwrap_or_default(),
            reason: text(state.get("reason")).unwrap_or_default(),
            at: state.get("timestamp").and_then(time::read).or_else(|| record.get("time").and_then(time::read)),
            metric: text(metric.get("name")),
            namespace: text(metric.get("namespace")),
            dimension: text(metric.get("dimensions").and_then(|dimensions| dimensions.as_object()?.values().next())),
            suppressed_by: text(state.get("actionsSuppressedBy")),
        })
    }

    fn event(self, mut adapted: Vec<String>) -> Result<Event, Wrong> {
        let (action, mut severity) = match self.state.as_str() {
            "ALARM" => (Action::Trigger, Severity::Error),
            "INSUFFICIENT_DATA" => (Action::Trigger, Severity::Warning),
            "OK" => (Action::Resolve, Severity::Info),
            "" => return Err(("state", "is missing or blank")),
            _ => return Err(("state", "is invalid (must be ALARM, OK or INSUFFICIENT_DATA)")),
        };
        if let (Some(by), Action::Trigger) = (&self.suppressed_by, action) {
            severity = Severity::Info;
            adapted.push(format!("CloudWatch suppresses this alarm's actions ({})", short(by)));
        }
        let arn = self.arn.map(tidy);
        let region = arn.as_deref().and_then(|arn| arn.split(':').nth(3)).unwrap_or(&self.region).to_owned();
        let (dedup_key, note) = identity::bounded(arn.unwrap_or_else(|| format!("cloudwatch:{}:{}:{}", self.account, self.region, self.name)));
        adapted.extend(note);
        let mut summary = String::new();
        if action == Action::Trigger {
            summary = if self.reason.is_empty() { format!("{} is in {}", self.name, self.state) } else { format!("{}: {}", self.name, self.reason) };
            if let Some((kept, note)) = json::cut("summary", &summary, MAX_LINE) {
                summary = kept;
                adapted.push(note);
            }
        }
        Ok(Event {
            action,
            dedup_key,
            summary,
            source: short(&self.dimension.unwrap_or_else(|| format!("{} {}", self.account, self.region))).trim().to_owned(),
            severity,
            priority: None,
            occurred_at: self.at,
            component: self.metric.as_deref().map(short),
            group: self.namespace.as_deref().map(short),
            class: Some("CloudWatch alarm".to_owned()),
            client: Some("Amazon CloudWatch".to_owned()),
            client_url: console(&region, &self.name),
            links: Vec::new(),
            images: Vec::new(),
            details: Value::Null,
            adapted,
        })
    }
}

/// Without the blanks that some messages have before the name ("us-east-1: 123456789012"); those of the name stay.
fn tidy(arn: String) -> String {
    match arn.split_once(":alarm:") {
        Some((place, name)) if place.contains(char::is_whitespace) => format!("{}:alarm:{name}", place.replace(char::is_whitespace, "")),
        Some(_) | None => arn,
    }
}

/// At most a line of it; the details have it whole.
fn short(text: &str) -> String {
    json::cut("", text, MAX_LINE).map_or_else(|| text.to_owned(), |(kept, _)| kept)
}

/// The alarm in the console.
fn console(region: &str, name: &str) -> Option<String> {
    let is_region =
        (4..32).contains(&region.len()) && region.contains('-') && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !is_region || name.len() > 255 {
        return None;
    }
    let mut url = format!("https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#alarmsV2:alarm/");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(url)
}
