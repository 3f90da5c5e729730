//! An entry of the timeline.

use jiff::Timestamp;
use serde::Serialize;
use tocsin_domain::incident::timeline::Entry;
use utoipa::ToSchema;

/// One timeline entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub(crate) struct EntryView {
    /// Position, from 1.
    seq: u32,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: String,
    /// What happened, as a name.
    r#type: &'static str,
    /// What happened, in words.
    text: String,
    /// Why each page of a fired level is planned, a sentence a page; the same as data stands in `what.pages[].why` and `what.of`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why: Vec<String>,
    /// What happened, as data.
    #[schema(value_type = Object)]
    what: serde_json::Value,
}

impl From<&Entry> for EntryView {
    fn from(e: &Entry) -> Self {
        Self {
            seq: e.seq,
            at: e.at,
            actor: e.actor.to_string(),
            r#type: e.what.name(),
            text: e.what.words(),
            why: e.what.why(),
            what: serde_json::to_value(&e.what).unwrap_or_default(),
        }
    }
}
