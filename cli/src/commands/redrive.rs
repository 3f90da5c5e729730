//! `redrive`: what failed for good, evaluated again.
//!
//! The messages of the failure queues say that something failed, not what has to be done: those of a stream hold metadata only. So the API looks at everything
//! that is overdue or was left over, as it is now; the messages are shown first, and deleted only when that succeeded. Redriving twice is harmless.

use crate::arguments::ApiArguments;
use crate::aws;
use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out, count};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::process::ExitCode;

/// Messages are looked at up to so many a queue.
const MOST_MESSAGES: usize = 1000;
/// Nobody else sees a message for so long after it was received: time to evaluate, and to delete it.
const HIDDEN_S: i32 = 300;
/// For a look only.
const BRIEFLY_HIDDEN_S: i32 = 20;
const MOST_DESCRIPTION_CHARS: usize = 200;

/// A message as people see it.
#[derive(Serialize)]
struct Failed {
    queue: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    what: String,
    #[serde(skip)]
    queue_url: String,
    #[serde(skip)]
    receipt: String,
}

#[derive(Deserialize)]
struct Redriven {
    #[serde(default)]
    alerts: usize,
    #[serde(default)]
    incidents: usize,
    #[serde(default)]
    failed: Vec<Value>,
}

pub(super) async fn redrive(stack: &str, dry_run: bool, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    // Before a message is hidden for nothing.
    let api = if dry_run { None } else { Some(Api::new(api)?) };
    let sqs = aws_sdk_sqs::Client::new(&aws::configuration().await?);
    let queues = queues(&sqs, stack).await?;
    if queues.is_empty() {
        let next = "give the stack's name with --stack or TOCSIN_STACK, and check AWS_PROFILE and AWS_REGION";
        return Err(Failure::Refused {
            what: format!("there are no failure queues of stack {stack:?} in this account and region"),
            next: Some(next.to_owned()),
        });
    }
    let mut messages = Vec::new();
    for queue in &queues {
        messages.append(&mut receive(&sqs, queue, stack, if dry_run { BRIEFLY_HIDDEN_S } else { HIDDEN_S }).await?);
    }
    show(&messages, queues.len(), out);
    let Some(api) = api else {
        out.answer(&json!({ "messages": messages, "dry_run": true }));
        return Ok(ExitCode::SUCCESS);
    };
    let answer = api.send(Request::post("redrive", &["v1", "redrive"])).await?;
    let redriven: Redriven = api.typed(&answer)?;
    let done = redriven.failed.is_empty();
    let mut deleted = 0;
    if done {
        deleted = delete(&sqs, &messages).await?;
    }
    out.answer(&json!({ "messages": messages, "redriven": answer, "deleted": deleted }));
    out.say(&format!("Evaluated again: {}, {}.", count(redriven.alerts, "alert"), count(redriven.incidents, "incident")));
    if done {
        out.say(&format!("{} deleted.", count(deleted, "message")));
        return Ok(ExitCode::SUCCESS);
    }
    for failed in &redriven.failed {
        out.say(&out.paint(&format!("  failed again: {}", Cell::from(failed.to_string()).0), Look::Bad));
    }
    out.say("The messages stay in their queues. The functions' logs say why; try again when that is put right.");
    Ok(ExitCode::FAILURE)
}

/// URLs of the stack's failure queues, which CloudFormation names `STACK-SomethingFailures-SUFFIX`.
async fn queues(sqs: &aws_sdk_sqs::Client, stack: &str) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut pages = sqs.list_queues().queue_name_prefix(format!("{stack}-")).into_paginator().items().send();
    while let Some(url) = pages.next().await {
        let url = url.map_err(|e| aws::failed("SQS ListQueues", e))?;
        if name(&url).contains("Failures") {
            found.push(url);
        }
    }
    Ok(found)
}

fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// `tocsin-IncidentFailures-1A2B3C` is `IncidentFailures` to people.
fn short_name<'u>(url: &'u str, stack: &str) -> &'u str {
    let name = name(url);
    let own = name.strip_prefix(stack).and_then(|n| n.strip_prefix('-')).unwrap_or(name);
    own.split('-').next().unwrap_or(own)
}

async fn receive(sqs: &aws_sdk_sqs::Client, url: &str, stack: &str, hidden_s: i32) -> Result<Vec<Failed>, Failure> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    while found.len() < MOST_MESSAGES {
        let request = sqs.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(hidden_s).wait_time_seconds(1);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::SentTimestamp).message_attribute_names("All");
        let batch = request.send().await.map_err(|e| aws::failed("SQS ReceiveMessage", e))?.messages.unwrap_or_default();
        let news: Vec<Message> = batch.into_iter().filter(|m| seen.insert(m.message_id.clone())).collect();
        if news.is_empty() {
            break;
        }
        found.extend(news.into_iter().map(|m| Failed {
            queue: short_name(url, stack).to_owned(),
            at: sent_at(&m),
            what: describe(&m),
            queue_url: url.to_owned(),
            receipt: m.receipt_handle.unwrap_or_default(),
        }));
    }
    Ok(found)
}

fn sent_at(message: &Message) -> Option<Timestamp> {
    let text = message.attributes()?.get(&MessageSystemAttributeName::SentTimestamp)?;
    Timestamp::from_millisecond(text.parse().ok()?).ok()
}

/// What a message says, whichever service wrote it: a stream's batch (metadata only), an invocation, or an event that a rule could not deliver.
fn describe(message: &Message) -> String {
    let body: Value = message.body().and_then(|b| serde_json::from_str(b).ok()).unwrap_or(Value::Null);
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
fn function_name(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or(arn)
}

fn show(messages: &[Failed], queues: usize, out: &Out) {
    if messages.is_empty() {
        out.say(&format!("Nothing in {}.", count(queues, "failure queue")));
        return;
    }
    let rows = messages.iter().map(|m| {
        let at = m.at.map_or("-".to_owned(), |at| out.ago(at));
        vec![Cell::from(m.queue.as_str()), Cell::from(at), Cell::from(m.what.as_str())]
    });
    out.table(&["QUEUE", "SINCE", "WHAT"], rows.collect());
}

async fn delete(sqs: &aws_sdk_sqs::Client, messages: &[Failed]) -> Result<usize, Failure> {
    let mut deleted = 0;
    for same_queue in messages.chunk_by(|a, b| a.queue_url == b.queue_url) {
        for batch in same_queue.chunks(10) {
            let mut request = sqs.delete_message_batch().queue_url(&batch[0].queue_url);
            for (i, message) in batch.iter().enumerate() {
                let entry = DeleteMessageBatchRequestEntry::builder().id(i.to_string()).receipt_handle(&message.receipt).build();
                request = request.entries(entry.map_err(|e| aws::told("SQS DeleteMessageBatch", e.to_string()))?);
            }
            deleted += request.send().await.map_err(|e| aws::failed("SQS DeleteMessageBatch", e))?.successful().len();
        }
    }
    Ok(deleted)
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
    fn queues_have_short_names() {
        assert_eq!(short_name("http://localhost/0/tocsin-IncidentFailures-1A2B", "tocsin"), "IncidentFailures");
        assert_eq!(short_name("https://sqs/1/my-stack-SweepFailures-1A2B", "my-stack"), "SweepFailures");
    }
}
