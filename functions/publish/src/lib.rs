//! Publish: timeline entries to the bus, and nothing else.
//!
//! Called by: the table's stream, with inserted timeline entries. They are immutable, so they are read from the record itself.
//! Refuses to know who listens: topics, webhooks and pages hang on the bus's rules.

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use tocsin_app::error::PortError;
use tocsin_app::publish_timeline::PublishTimeline;
use tocsin_aws::dynamo::read_document;
use tocsin_domain::incident::timeline::Entry;
use tocsin_lambda::stream::{BatchAnswer, bytes, sequence, text};

/// Publishes a batch; the answer names the records that did not arrive.
pub async fn handle(publish: &PublishTimeline, batch: &Event) -> BatchAnswer {
    let mut entries: Vec<Entry> = Vec::with_capacity(batch.records.len());
    let mut sequences: Vec<String> = Vec::with_capacity(batch.records.len());
    let mut failed: Vec<String> = Vec::new();
    for record in &batch.records {
        match entry(record) {
            Ok(entry) => {
                entries.push(entry);
                sequences.push(sequence(record));
            }
            Err(error) => {
                // It ends in the on-failure queue, where a person sees it, instead of vanishing.
                tracing::error!(sequence = sequence(record), %error, "not a timeline entry");
                failed.push(sequence(record));
            }
        }
    }
    match publish.run(&entries).await {
        Ok(positions) => {
            if !positions.is_empty() {
                tracing::error!(count = positions.len(), "entries did not reach the bus; the stream delivers them again");
            }
            failed.extend(positions.into_iter().filter_map(|i| sequences.get(i).cloned()));
        }
        Err(error) => {
            tracing::error!(%error, "no entry of this batch reached the bus");
            failed.extend(sequences);
        }
    }
    BatchAnswer::failed(failed)
}

fn entry(record: &EventRecord) -> Result<Entry, PortError> {
    read_document("stream", text(record, "doc"), bytes(record, "packed"))
}
