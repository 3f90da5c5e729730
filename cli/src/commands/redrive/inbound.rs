//! What AWS delivered and `inbound` could not take: the same event, to the same function, again.
//!
//! Refuses to call any function but one that the stack named `Inbound...`: a message says itself which one it was meant for.

use super::queue::function_name;
use super::{Done, Edge, Failed, of_edge};
use crate::aws;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

pub(super) async fn take(lambda: &Client, stack: &str, messages: &[Failed], done: &mut Done) {
    for (position, message) in of_edge(messages, Edge::Inbound) {
        let meant = message.function.as_deref().filter(|arn| function_name(arn).starts_with(&format!("{stack}-Inbound")));
        let Some(function) = meant else {
            done.failed.push("InboundFailures: a message does not say that it was for the inbound function".to_owned());
            continue;
        };
        let event = message.body.get("requestPayload").unwrap_or(&message.body);
        match hand(lambda, function, event).await {
            Ok(()) => {
                done.taken += 1;
                done.right.push(position);
            }
            Err(why) => done.failed.push(format!("InboundFailures: {why}")),
        }
    }
}

async fn hand(lambda: &Client, function: &str, event: &Value) -> Result<(), String> {
    let call = lambda.invoke().function_name(function).payload(Blob::new(event.to_string()));
    let answer = call.send().await.map_err(|e| aws::failed("Lambda Invoke", e).to_string())?;
    let said: Value = answer.payload().and_then(|payload| serde_json::from_slice(payload.as_ref()).ok()).unwrap_or_default();
    match said.get("errorMessage") {
        Some(message) => Err(message.as_str().unwrap_or("the function failed").to_owned()),
        None if answer.function_error().is_some() => Err("the function failed".to_owned()),
        None => Ok(()),
    }
}
