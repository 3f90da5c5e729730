//! PagerDuty change events: `POST /v2/change/enqueue`.
//!
//! Called by: the ingest handler. A change is no alert: nobody is paged, it is shown beside incidents.
//! Format: <https://developer.pagerduty.com/docs/events-api-v2/send-change-events/>.
//!
//! Refused: more than 512 KB (413); no JSON object (400 "Unrecognized object"); a routing key that has not 32 characters, no `payload.summary` (400,
//! each named).

use super::draft::Draft;
use super::pagerduty_v2::{MAX_BODY, require, routing_key};
use super::{Answer, Refusal, json};
use serde_json::{Map, Value};
use tocsin_domain::change_event::ChangeEvent;

/// A change and the key that says whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Key of the integration. Unverified.
    pub routing_key: String,
    /// What was changed.
    pub change: ChangeEvent,
}

/// Reads one change.
///
/// # Errors
/// A [`Refusal`] with the status and body that PagerDuty would answer.
pub fn parse(body: &[u8]) -> Result<Parsed, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Refusal::too_large("512 KB"));
    }
    let json::Document { value, notes } = json::parse(body)?;
    let Value::Object(mut top) = value else {
        return Err(Refusal::unrecognized("Event object is not a JSON object"));
    };
    let mut draft = Draft::new(notes);
    let mut errors = Vec::new();
    let routing_key = routing_key(&mut top, "routing_key", "Length of 'routing_key' is incorrect (should be 32 characters)", &mut errors);
    let mut payload = match json::take(&mut top, "payload") {
        Some(Value::Object(payload)) => payload,
        None => Map::new(),
        Some(other) => {
            errors.push("'payload' is invalid (must be an object)".to_owned());
            draft.keep("payload", other);
            Map::new()
        }
    };
    let summary = json::take(&mut payload, "summary");
    require("payload.summary", summary.as_ref(), &mut errors);
    if !errors.is_empty() {
        return Err(Refusal::invalid(&errors));
    }
    let mut change = ChangeEvent {
        summary: draft.line("payload.summary", summary).unwrap_or_default(),
        source: draft.line("payload.source", json::take(&mut payload, "source")).unwrap_or_default(),
        occurred_at: draft.moment("payload.timestamp", json::take(&mut payload, "timestamp")),
        links: draft.links("links", json::take(&mut top, "links")),
        images: draft.images("images", json::take(&mut top, "images")),
        details: Value::Null,
        adapted: Vec::new(),
    };
    let details = json::take(&mut payload, "custom_details");
    draft.keep_rest("payload.", payload);
    draft.keep_rest("", top);
    (change.details, change.adapted) = draft.finish(details);
    Ok(Parsed { routing_key, change })
}

/// The answer once the change is durable.
pub fn accepted() -> Answer {
    Answer::new(202, r#"{"status":"success","message":"Change event processed"}"#.to_owned())
}
