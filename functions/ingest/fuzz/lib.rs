//! What must hold for any body, shared by the targets.

use serde_json::{Value, json};
use source::mapping::Read;
use source::{Answer, Batch, Refusal};
use tocsin_domain::alert::event::{Action, Event};

// The parsers alone: the function around them would bring the AWS clients into every build of a target.
#[path = "../src/source/mod.rs"]
pub mod source;

// Mail is another function's, over the same parsers.
extern crate self as tocsin_ingest;
#[path = "../../inbound/src/mail/mod.rs"]
pub mod mail;

/// The key that a trigger without one gets.
pub fn fresh() -> String {
    "0123456789abcdef0123456789abcdef".to_owned()
}

/// An accepted event can be stored, shown and found again.
pub fn well_formed(event: &Event) {
    assert!(!event.dedup_key.is_empty() && event.dedup_key.chars().count() <= 255);
    assert!(event.summary.chars().count() <= 1024);
    assert_eq!(event.action == Action::Trigger, !event.summary.is_empty());
    assert!(event.links.iter().all(|link| link.href.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"))));
    let outside = Event { details: Value::Null, ..event.clone() };
    assert!(json!(outside).to_string().len() < 200 * 1024);
    let stored = json!(event).to_string();
    let read: Event = serde_json::from_str(&stored).expect("what is stored can be read");
    assert_eq!((read.dedup_key, read.summary), (event.dedup_key.clone(), event.summary.clone()));
}

/// Every answer is JSON with a status that the format knows.
pub fn answered(answer: &Answer) {
    assert!(matches!(answer.status, 200 | 202 | 400 | 413 | 415));
    assert!(serde_json::from_str::<Value>(&answer.body).is_ok_and(|body| body.is_object()));
}

/// One event or a refusal.
pub fn one(read: Result<Event, Refusal>) {
    match read {
        Ok(event) => well_formed(&event),
        Err(refusal) => answered(&refusal.into()),
    }
}

/// Several events or a refusal.
pub fn batch(read: Result<Batch, Refusal>) {
    match read {
        Ok(batch) => {
            batch.events.iter().for_each(well_formed);
            answered(&batch.answer());
        }
        Err(refusal) => answered(&refusal.into()),
    }
}

/// Alerts and changes, or a refusal.
pub fn mapped(read: Result<Read, Refusal>) {
    match read {
        Ok(read) => {
            read.batch.events.iter().for_each(well_formed);
            answered(&read.answer_for(read.batch.events.len(), read.changes.len()));
        }
        Err(refusal) => answered(&refusal.into()),
    }
}
