//! Batches of a DynamoDB stream: what a record is about, and the answer that names what failed.
//!
//! Consumers decide on the current items, so a record is only read for its keys and its `transition`; entries of timelines are immutable and are read from the record.

use aws_lambda_events::event::dynamodb::EventRecord;
use serde::Serialize;

/// The answer to a batch: the first record that was not handled, and so every one behind it.
///
/// A stream is a sequence: Lambda retries from the lowest sequence number that is named.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// Records that failed.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// One failed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// Its sequence number.
    pub item_identifier: String,
}

impl BatchAnswer {
    /// Names failed records by their sequence numbers.
    pub fn failed(sequence_numbers: impl IntoIterator<Item = String>) -> Self {
        Self { batch_item_failures: sequence_numbers.into_iter().map(|item_identifier| ItemFailure { item_identifier }).collect() }
    }
}

/// A string attribute of the new image.
pub fn text<'a>(record: &'a EventRecord, attribute: &str) -> Option<&'a str> {
    string(record.change.new_image.get(attribute)?)
}

/// A binary attribute of the new image.
pub fn bytes<'a>(record: &'a EventRecord, attribute: &str) -> Option<&'a [u8]> {
    match record.change.new_image.get(attribute)? {
        serde_dynamo::AttributeValue::B(bytes) => Some(bytes),
        _ => None,
    }
}

/// A string of the keys.
pub fn key<'a>(record: &'a EventRecord, attribute: &str) -> Option<&'a str> {
    string(record.change.keys.get(attribute)?)
}

/// The sequence number; empty where the record has none (Lambda always sends one).
pub fn sequence(record: &EventRecord) -> String {
    record.change.sequence_number.clone().unwrap_or_default()
}

fn string(value: &serde_dynamo::AttributeValue) -> Option<&str> {
    match value {
        serde_dynamo::AttributeValue::S(s) => Some(s),
        _ => None,
    }
}
