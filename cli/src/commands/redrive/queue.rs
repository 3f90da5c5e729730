//! The failure queues: what is in them, in words; deleting what was put right, and giving back the rest.

use crate::aws;
use crate::failure::Failure;
use crate::output::Cell;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashSet;

/// Messages are looked at up to so many a queue; the next run takes the others.
pub(super) const MOST_MESSAGES: usize = 1000;
/// Nobody else sees a message for so long after it was received: time to put it right, and to delete it.
const HIDDEN_S: i32 = 300;
const MOST_DESCRIPTION_CHARS: usize = 200;

/// Which edge of the deployment failed: what its messages mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// A batch of the stream that `incident` could not handle: its metadata.
    Incident,
    /// A batch of the stream that `publish` could not handle: its metadata.
    Publish,
    /// An event that did not reach the stakeholders' topic: the event itself.
    Stakeholders,
    /// A sweep that did not run: what should have woken it.
    Sweep,
    /// What AWS delivered and `inbound` could not take: the event, by itself or in what Lambda says of the invocation.
    Inbound,
}

impl Edge {
    fn of(queue: &str) -> Option<Self> {
        match queue {
            "IncidentFailures" => Some(Edge::Incident),
            "PublishFailures" => Some(Edge::Publish),
            "StakeholderFailures" => Some(Edge::Stakeholders),
            "SweepFailures" => Some(Edge::Sweep),
            "InboundFailures" => Some(Edge::Inbound),
            _ => None,
        }
    }
}

/// A failure queue.
#[derive(Debug)]
pub(super) struct Queue {
    url: String,
    name: String,
    edge: Option<Edge>,
}

/// A message as people see it.
#[derive(Debug, Serialize)]
pub(super) struct Failed {
    queue: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    what: String,
    /// None: a queue that this command does not know.
    #[serde(skip)]
    pub(super) edge: Option<Edge>,
    /// What the message says; null where it is not JSON.
    #[serde(skip)]
    pub(super) body: Value,
    /// The function that it was meant for, where that is said.
    #[serde(skip)]
    pub(super) function: Option<String>,
    #[serde(skip)]
    url: String,
    #[serde(skip)]
    receipt: String,
}

impl Failed {
    /// A row for people: which queue, when, what.
    pub(super) fn row(&self, ago: impl Fn(Timestamp) -> String) -> Vec<Cell> {
        vec![Cell::from(self.queue.as_str()), Cell::from(self.at.map_or("-".to_owned(), ago)), Cell::from(self.what.as_str())]
    }
}

/// The stack's failure queues, which CloudFormation names `STACK-SomethingFailures-SUFFIX`.
pub(super) async fn find(sqs: &Client, stack: &str) -> Result<Vec<Queue>, Failure> {
    let mut found = Vec::new();
    let mut pages = sqs.list_queues().queue_name_prefix(format!("{stack}-")).into_paginator().items().send();
    while let Some(url) = pages.next().await {
        let url = url.map_err(|e| aws::failed("SQS ListQueues", e))?;
        let name = short_name(&url, stack).to_owned();
        if name.ends_with("Failures") {
            found.push(Queue { edge: Edge::of(&name), url, name });
        }
    }
    Ok(found)
}

/// `tocsin-IncidentFailures-1A2B3C` is `IncidentFailures` to people.
fn short_name<'u>(url: &'u str, stack: &str) -> &'u str {
    let name = url.rsplit('/').next().unwrap_or(url);
    let own = name.strip_prefix(stack).and_then(|n| n.strip_prefix('-')).unwrap_or(name);
    own.split('-').next().unwrap_or(own)
}

/// What is in a queue, hidden from others for a while.
pub(super) async fn receive(sqs: &Client, queue: &Queue) -> Result<Vec<Failed>, Failure> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    while found.len() < MOST_MESSAGES {
        let request = sqs.receive_message().queue_url(&queue.url).max_number_of_messages(10).visibility_timeout(HIDDEN_S).wait_time_seconds(1);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::SentTimestamp).message_attribute_names("All");
        let batch = request.send().await.map_err(|e| aws::failed("SQS ReceiveMessage", e))?.messages.unwrap_or_default();
        let news: Vec<Message> = batch.into_iter().filter(|m| seen.insert(m.message_id.clone())).collect();
        if news.is_empty() {
            break;
        }
        found.extend(news.into_iter().map(|m| Failed {
            queue: queue.name.clone(),
            at: sent_at(&m),
            what: describe(&m),
            edge: queue.edge,
            body: body(&m),
            function: function(&m),
            url: queue.url.clone(),
            receipt: m.receipt_handle.unwrap_or_default(),
        }));
    }
    Ok(found)
}

fn body(message: &Message) -> Value {
    message.body().and_then(|b| serde_json::from_str(b).ok()).unwrap_or(Value::Null)
}

/// Lambda says whose invocation failed, and EventBridge which target it could not reach.
fn function(message: &Message) -> Option<String> {
    let said = body(message).pointer("/requestContext/functionArn").and_then(Value::as_str).map(str::to_owned);
    said.or_else(|| message.message_attributes()?.get("TARGET_ARN")?.string_value().map(str::to_owned))
}

fn sent_at(message: &Message) -> Option<Timestamp> {
    let text = message.attributes()?.get(&MessageSystemAttributeName::SentTimestamp)?;
    Timestamp::from_millisecond(text.parse().ok()?).ok()
}

/// What a message says, whichever service wrote it: a stream's batch (metadata only), an invocation, or an event that a rule could not deliver.
fn describe(message: &Message) -> String {
    let body = body(message);
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let attribute = |name: &str| message.message_attributes()?.get(name)?.string_value().map(str::to_owned);
    let mut words = Vec::new();
    if let Some(function) = text("/requestContext/functionArn") {
        words.push(format!("{} gave up", function_name(function)));
        words.extend(text("/requestContext/condition").map(str::to_owned));
    }
    if let Some(batch) = body.get("DDBStreamBatchInfo") {
        words.push(format!("{} changes from {}", batch["batchSize"], batch["approximateArrivalOfFirstRecord"].as_str().unwrap_or("an unknown time")));
    }
    words.extend(text("/responsePayload/errorMessage").map(str::to_owned));
    if let Some(kind) = text("/detail-type") {
        words.push(format!("event {kind}"));
    }
    words.extend(attribute("ERROR_CODE"));
    words.extend(attribute("ERROR_MESSAGE"));
    if words.is_empty() {
        words.push(message.body().unwrap_or("empty").to_owned());
    }
    tocsin_domain::notification::message::cut(&Cell::from(words.join(": ")).0, MOST_DESCRIPTION_CHARS, "...")
}

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME:ALIAS`.
pub(super) fn function_name(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or(arn)
}

/// Deletes messages; how many went.
pub(super) async fn delete(sqs: &Client, messages: &[&Failed]) -> Result<usize, Failure> {
    let mut deleted = 0;
    for (url, receipts) in batches(messages) {
        let mut request = sqs.delete_message_batch().queue_url(url);
        for (i, receipt) in receipts.into_iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder().id(i.to_string()).receipt_handle(receipt).build();
            request = request.entries(entry.map_err(|e| aws::told("SQS DeleteMessageBatch", e.to_string()))?);
        }
        deleted += request.send().await.map_err(|e| aws::failed("SQS DeleteMessageBatch", e))?.successful().len();
    }
    Ok(deleted)
}

/// Lets others see messages again at once, so that the next run finds them. One that can not be given back comes back by itself.
pub(super) async fn give_back(sqs: &Client, messages: &[&Failed]) {
    for (url, receipts) in batches(messages) {
        let entries = receipts.into_iter().enumerate().filter_map(|(i, receipt)| {
            ChangeMessageVisibilityBatchRequestEntry::builder().id(i.to_string()).receipt_handle(receipt).visibility_timeout(0).build().ok()
        });
        let _ = sqs.change_message_visibility_batch().queue_url(url).set_entries(Some(entries.collect())).send().await;
    }
}

/// Receipts by queue, ten a call; messages of one queue stand together.
fn batches<'m>(messages: &'m [&Failed]) -> impl Iterator<Item = (&'m str, Vec<&'m str>)> {
    let queues = messages.chunk_by(|a, b| a.url == b.url);
    queues.flat_map(|queue| queue.chunks(10)).filter_map(|batch| Some((batch.first()?.url.as_str(), batch.iter().map(|m| m.receipt.as_str()).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sqs::types::MessageAttributeValue;

    #[test]
    fn messages_of_each_kind_are_told_in_a_line() {
        let stream = r#"{"requestContext":{"functionArn":"arn:aws:lambda:eu-west-1:1:function:tocsin-Incident:live","condition":"RetryAttemptsExhausted"},
            "DDBStreamBatchInfo":{"batchSize":3,"approximateArrivalOfFirstRecord":"2026-01-05T09:00:00Z"}}"#;
        let invocation = r#"{"requestContext":{"functionArn":"arn:aws:lambda:eu-west-1:1:function:tocsin-Sweep:live","condition":"RetriesExhausted"},"responsePayload":{"errorMessage":"throttled\u001b[31m"}}"#;
        for (body, expected) in [
            (stream, "tocsin-Incident gave up: RetryAttemptsExhausted: 3 changes from 2026-01-05T09:00:00Z"),
            (invocation, "tocsin-Sweep gave up: RetriesExhausted: throttled [31m"),
            ("not JSON", "not JSON"),
        ] {
            assert_eq!(describe(&Message::builder().body(body).build()), expected);
        }
        let attribute = |text: &str| MessageAttributeValue::builder().data_type("String").string_value(text).build().unwrap();
        let event = Message::builder().body(r#"{"detail-type":"incident.triggered"}"#).message_attributes("ERROR_CODE", attribute("NO_PERMISSIONS")).build();
        assert_eq!(describe(&event), "event incident.triggered: NO_PERMISSIONS");
    }

    #[test]
    fn queues_have_short_names_that_say_what_their_messages_mean() {
        for (url, stack, name, edge) in [
            ("http://localhost/0/tocsin-IncidentFailures-1A2B", "tocsin", "IncidentFailures", Some(Edge::Incident)),
            ("https://sqs/1/my-stack-SweepFailures-1A2B", "my-stack", "SweepFailures", Some(Edge::Sweep)),
            ("https://sqs/1/tocsin-LaterFailures-1A2B", "tocsin", "LaterFailures", None),
        ] {
            assert_eq!((short_name(url, stack), Edge::of(short_name(url, stack))), (name, edge));
        }
    }

    #[test]
    fn calls_take_ten_messages_of_one_queue() {
        let message = |queue: &str, n: usize| Failed {
            queue: queue.to_owned(),
            at: None,
            what: String::new(),
            edge: None,
            body: Value::Null,
            function: None,
            url: queue.to_owned(),
            receipt: n.to_string(),
        };
        let all: Vec<Failed> = (0..12).map(|n| message("a", n)).chain([message("b", 12)]).collect();
        let all: Vec<&Failed> = all.iter().collect();
        let sizes: Vec<(&str, usize)> = batches(&all).map(|(url, receipts)| (url, receipts.len())).collect();
        assert_eq!(sizes, [("a", 10), ("a", 2), ("b", 1)]);
    }
}
