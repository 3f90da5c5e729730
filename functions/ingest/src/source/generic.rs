//! Any JSON object, or plain text, by the names that most tools use: for shell scripts and senders that have no format of their own here.
//!
//! Called by: the ingest handler.
//!
//! | Field | Read from the first of |
//! |---|---|
//! | action | `action`, `event_action`, `event_type`, `status`, `state` ("ok", "resolved", "up", ... resolve; "ack..." acknowledges; all else triggers) |
//! | key | `dedup_key`, `incident_key`, `alias`, `fingerprint`, `alert_id`, `id`; without one, summary and source identify the alert |
//! | summary | `summary`, `title`, `message`, `alert_name`, `alertname`, `name`, `subject`, `description`, `text`, `body`; without one, the whole body |
//! | severity | `severity`, `priority`, `level`, `urgency`; error without one |
//! | source | `source`, `host`, `hostname`, `instance`, `service`, `monitor`, `entity` |
//!
//! `details` is the object as it was sent. Refused: more than 512 KB (413), an empty body (400), and an acknowledge or resolve that has neither key nor summary (400).

use super::draft::{Draft, is_address};
use super::{Answer, Batch, Refusal, identity, json, severity, time};
use serde_json::{Map, Value};
use std::borrow::Cow;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event, Link};

/// Bytes of the largest body.
pub const MAX_BODY: usize = 512 * 1024;

/// Reads one event, as a batch of one.
///
/// # Errors
/// As [`parse`].
pub fn parse_batch(body: &[u8]) -> Result<Batch, Refusal> {
    parse(body).map(|event| Batch { events: vec![event], refused: Vec::new() })
}

/// Reads one event.
///
/// # Errors
/// A [`Refusal`] where the body says nothing.
pub fn parse(body: &[u8]) -> Result<Event, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Refusal::too_large("512 KB"));
    }
    let (map, notes) = match json::parse(body) {
        Ok(json::Document { value: Value::Object(map), notes }) if !map.is_empty() => (map, notes),
        Ok(json::Document { value, .. }) if json::is_absent(&value) => return Err(nothing()),
        Ok(json::Document { value: Value::String(text), notes }) => (Map::from_iter([("text".to_owned(), Value::String(text))]), notes),
        Ok(json::Document { value, notes }) => (Map::from_iter([("body".to_owned(), value)]), notes),
        Err(json::Unreadable::TooMany) => return Err(json::Unreadable::TooMany.into()),
        Err(json::Unreadable::Syntax) => {
            let text = String::from_utf8_lossy(body);
            if json::is_blank(&text) {
                return Err(nothing());
            }
            (Map::from_iter([("text".to_owned(), Value::String(text.trim().to_owned()))]), vec!["the body was read as plain text".to_owned()])
        }
    };
    event(map, Draft::new(notes))
}

/// The answer once the event is durable.
pub fn accepted(dedup_key: &str) -> Answer {
    Answer::new(202, json!({"status": "success", "message": "Event processed", "dedup_key": dedup_key}).to_string())
}

fn nothing() -> Refusal {
    Refusal::invalid(&["'summary' is missing or blank".to_owned()])
}

fn event(map: Map<String, Value>, mut draft: Draft) -> Result<Event, Refusal> {
    let first = |names: &[&str]| names.iter().find_map(|name| json::member(&map, name).filter(|text| !json::is_blank(text)));
    let action = action(first(&["action", "event_action", "event_type", "status", "state"]).as_deref());
    let key = first(&["dedup_key", "incident_key", "alias", "fingerprint", "alert_id", "id"]).map(Cow::into_owned);
    let summary = first(&["summary", "title", "message", "alert_name", "alertname", "name", "subject", "description", "text", "body"]).map(Cow::into_owned);
    let source = first(&["source", "host", "hostname", "instance", "service", "monitor", "entity"]).map(Cow::into_owned);
    if action != Action::Trigger && key.is_none() && summary.is_none() {
        return Err(Refusal::invalid(&["'dedup_key' is missing or blank".to_owned()]));
    }
    let summary = summary.unwrap_or_else(|| Value::Object(map.clone()).to_string());
    let (dedup_key, note) = identity::bounded(key.unwrap_or_else(|| {
        draft.note("no dedup_key was sent: summary and source identify the alert".to_owned());
        identity::hex(format!("{summary}\n{}", source.as_deref().unwrap_or_default()).as_bytes())
    }));
    note.into_iter().for_each(|note| draft.note(note));
    let severity = first(&["severity", "priority", "level", "urgency"]).map_or(Some(Severity::Error), |word| severity::read(&word));
    let severity = severity.unwrap_or_else(|| {
        draft.note("severity is no known word: taken as error".to_owned());
        Severity::Error
    });
    let link = first(&["url", "link", "href"]).filter(|text| is_address(text)).map(|href| Link { href: href.into_owned(), text: String::new() });
    let line = |name: &str| map.get(name).filter(|value| !json::is_absent(value)).cloned();
    let mut event = Event {
        action,
        dedup_key,
        summary: if action == Action::Trigger { draft.line("summary", Some(Value::String(summary))).unwrap_or_default() } else { String::new() },
        source: draft.line("source", source.map(Value::String)).unwrap_or_default(),
        severity: if action == Action::Trigger { severity } else { Severity::Info },
        priority: None,
        occurred_at: ["timestamp", "time", "occurred_at", "date"].iter().find_map(|name| map.get(*name).and_then(time::read)),
        component: draft.line("component", line("component")),
        group: draft.line("group", line("group")),
        class: draft.line("class", line("class")),
        client: draft.line("client", line("client")),
        client_url: first(&["client_url"]).filter(|text| is_address(text)).map(Cow::into_owned),
        links: link.into_iter().collect(),
        images: Vec::new(),
        details: Value::Null,
        adapted: Vec::new(),
    };
    // What `line` keeps because it was cut is in the object anyway.
    (_, event.adapted) = draft.finish(None);
    event.details = Value::Object(map);
    Ok(event)
}

pub(super) fn action(word: Option<&str>) -> Action {
    let word = word.unwrap_or_default().trim().to_ascii_lowercase();
    match word.as_str() {
        "resolve" | "resolved" | "recovery" | "recovered" | "close" | "closed" | "ok" | "up" | "normal" | "success" | "healthy" | "inactive" => Action::Resolve,
        "acknowledge" | "acknowledged" | "ack" => Action::Acknowledge,
        _ => Action::Trigger,
    }
}
