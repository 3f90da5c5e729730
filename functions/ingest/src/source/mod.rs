//! Wire formats: what senders deliver, read into the canonical [`Event`].
//!
//! Purpose: one file a format, each a pure function from body bytes to events, plus the answers that the format's senders understand.
//! Called by: the ingest handler, which looks up the key, writes durably and only then sends the answer made here.
//!
//! Rule of all formats: **accept what a sender plausibly sends**. Whatever is adapted to do so is named in `Event::adapted`; what the canonical
//! event has no place for is kept in `Event::details`. Only a body that nobody could understand, a missing required field or a body over the
//! format's limit is refused, with the field's name.
//!
//! Text is kept as it was sent, control and bidirectional characters included: whoever shows a text strips or escapes them (an SMS strips, HTML
//! escapes). Everything outside `Event::details` is bounded (well under 200 KB, usually about 1 KB); `details` is as large as the body was.
//!
//! Architecture invariant: no IO, no clock, no randomness, no knowledge of HTTP beyond a status number. No bytes panic, recursion is bounded.

mod draft;
mod identity;
mod json;
mod repair;
mod severity;
mod time;

pub mod alertmanager;
pub mod alertmanager_v2;
pub mod aws;
pub mod body;
pub mod cloudwatch;
pub mod generic;
pub mod grafana;
pub mod mapping;
pub mod opsgenie;
pub mod pagerduty_change;
pub mod pagerduty_v1;
pub mod pagerduty_v2;
pub mod ready;

use serde_json::json;
use tocsin_domain::alert::event::Event;

/// What goes back to the sender: always a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON document.
    pub body: String,
    /// When to come again, where that is known: for `Retry-After`.
    pub retry_after_s: Option<u64>,
}

impl Answer {
    /// One that does not say when to come again.
    pub fn new(status: u16, body: String) -> Self {
        Self { status, body, retry_after_s: None }
    }
}

/// Why nothing of a body was accepted, in the words of the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status: 400, 413, 415 or, to slow a sender down, 403, 429 or 503.
    pub status: u16,
    /// JSON document.
    pub body: String,
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Answer::new(refusal.status, refusal.body)
    }
}

impl Refusal {
    fn new(status: u16, kind: &str, message: &str, errors: &[String]) -> Self {
        Refusal { status, body: json!({"status": kind, "message": message, "errors": errors}).to_string() }
    }

    /// Understood, but fields are missing or wrong: each is named.
    fn invalid(errors: &[String]) -> Self {
        Refusal::new(400, "invalid event", "Event object is invalid", errors)
    }

    /// Not JSON, or not the kind of JSON that the format is.
    pub fn unrecognized(error: &str) -> Self {
        Refusal::new(400, "Unrecognized object", "Event object format is unrecognized", &[error.to_owned()])
    }

    /// More of them than can be taken just now, with the status that the format's senders take for "later".
    pub fn slow_down(status: u16) -> Self {
        Refusal::new(status, "throttle exceeded", "Too many events for this key just now: nothing was recorded, send it again in a minute", &[])
    }

    /// More bytes than the format allows. Decided before anything is parsed.
    pub fn too_large(limit: &str) -> Self {
        Refusal::new(413, "invalid event", "Event object is too large", &[format!("Size of the body exceeds {limit}")])
    }
}

impl From<json::Unreadable> for Refusal {
    fn from(unreadable: json::Unreadable) -> Self {
        match unreadable {
            json::Unreadable::Syntax => Refusal::unrecognized("JSON parse error"),
            json::Unreadable::TooMany => Refusal::new(413, "invalid event", "Event object is too large", &["Too many values in one body".to_owned()]),
        }
    }
}

/// Reads a body; the function makes a key for a trigger that has none.
pub type ParseKeyed = fn(&[u8], &dyn Fn() -> String) -> Result<pagerduty_v2::Parsed, Refusal>;

/// A format whose events carry the integration's key themselves, one event a body.
pub struct KeyedFormat {
    /// The parser.
    pub parse: ParseKeyed,
    /// The answer once the event is durable, with the dedup key.
    pub accepted: fn(&str) -> Answer,
    /// The answer for a key that no integration has.
    pub unknown_key: fn() -> Refusal,
    /// The answer to a sender that comes too often: one that its kind survives, and takes for "later".
    pub slow_down: fn() -> Refusal,
}

/// A part of a batch that could not be understood; the other parts are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Position in the sender's list, from 0.
    pub index: usize,
    /// Name of the field.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

/// What one delivery of several alerts says, in the sender's order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// What was understood. One key may occur more than once; the order decides.
    pub events: Vec<Event>,
    /// What was not.
    pub refused: Vec<Refused>,
}

impl Batch {
    /// The answer once all `events` are durable: 200, or 400 where there was something and none of it could be understood.
    pub fn answer(&self) -> Answer {
        self.answer_for(self.events.len())
    }

    /// The same where `processed` events were taken out of the batch.
    pub fn answer_for(&self, processed: usize) -> Answer {
        if processed == 0 && !self.refused.is_empty() {
            let errors: Vec<String> = self.refused.iter().map(|r| format!("alerts[{}].{} {}", r.index, r.field, r.why)).collect();
            return Refusal::invalid(&errors).into();
        }
        let refused: Vec<_> = self.refused.iter().map(|r| json!({"index": r.index, "field": r.field, "why": r.why})).collect();
        let mut body = json!({"status": "success", "message": "Event processed", "processed": processed});
        if !refused.is_empty() {
            body["refused"] = refused.into();
        }
        Answer::new(200, body.to_string())
    }
}
