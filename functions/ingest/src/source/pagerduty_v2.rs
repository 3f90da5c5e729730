//! PagerDuty Events API v2: `POST /v2/enqueue`.
//!
//! Called by: the ingest handler, which looks up `Parsed::routing_key`, writes the event and then answers [`accepted`].
//! Format: <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>.
//!
//! Refused: more than 512 KB (413, before parsing); a body that is no JSON object (400 "Unrecognized object"); and, each named in `errors`
//! (400 "invalid event"): a routing key that has not 32 characters, an unknown `event_action`, an acknowledge or resolve without `dedup_key`, a
//! trigger without `payload.summary` or `payload.source`, or with another `payload.severity` than the four words. Nothing else is: an acknowledge
//! or resolve is accepted whatever else it carries.

use super::draft::Draft;
use super::{Answer, KeyedFormat, Refusal, identity, json};
use serde_json::{Map, Value};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};

/// Bytes of the largest event.
pub const MAX_BODY: usize = 512 * 1024;
/// Characters of a routing key.
const KEY_LENGTH: usize = 32;

/// For the handler.
pub const FORMAT: KeyedFormat =
    KeyedFormat { parse: |body, fresh_key| parse(body, fresh_key), accepted, unknown_key: unknown_routing_key, slow_down: || Refusal::slow_down(429) };

/// An event and the key that says whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Key of the integration, without surrounding blanks. Unverified.
    pub routing_key: String,
    /// What happened. Its `dedup_key` is what the answer echoes.
    pub event: Event,
}

/// Reads one event. `fresh_key` makes a dedup key (1 to 255 characters) for a trigger that has none.
///
/// # Errors
/// A [`Refusal`] with the status and body that PagerDuty would answer.
pub fn parse(body: &[u8], fresh_key: impl FnOnce() -> String) -> Result<Parsed, Refusal> {
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
    let action = action(json::take(&mut top, "event_action"), "event_action", &mut errors);
    let dedup_key = json::take(&mut top, "dedup_key").map(json::into_text);
    if dedup_key.is_none() && matches!(action, Some(Action::Acknowledge | Action::Resolve)) {
        errors.push("'dedup_key' is missing or blank".to_owned());
    }
    let is_trigger = action == Some(Action::Trigger);
    let (mut payload, required) = payload(&mut top, is_trigger, &mut draft, &mut errors);
    let summary = json::take(&mut payload, "summary");
    let source = json::take(&mut payload, "source");
    if required {
        require("payload.summary", summary.as_ref(), &mut errors);
        require("payload.source", source.as_ref(), &mut errors);
    }
    let severity = severity(json::take(&mut payload, "severity"), required, &mut draft, &mut errors);
    let (Some(action), true) = (action, errors.is_empty()) else {
        return Err(Refusal::invalid(&errors));
    };

    let (dedup_key, note) = identity::bounded(dedup_key.unwrap_or_else(fresh_key));
    note.into_iter().for_each(|note| draft.note(note));
    let summary = if is_trigger { draft.line("payload.summary", summary).unwrap_or_default() } else { String::new() };
    let mut event = Event {
        action,
        dedup_key,
        summary,
        source: draft.line("payload.source", source).unwrap_or_default(),
        severity,
        priority: None,
        occurred_at: draft.moment("payload.timestamp", json::take(&mut payload, "timestamp")),
        component: draft.line("payload.component", json::take(&mut payload, "component")),
        group: draft.line("payload.group", json::take(&mut payload, "group")),
        class: draft.line("payload.class", json::take(&mut payload, "class")),
        client: draft.line("client", json::take(&mut top, "client")),
        client_url: draft.address("client_url", json::take(&mut top, "client_url")),
        links: draft.links("links", json::take(&mut top, "links")),
        images: draft.images("images", json::take(&mut top, "images")),
        details: Value::Null,
        adapted: Vec::new(),
    };
    let details = json::take(&mut payload, "custom_details");
    top.remove("service_key"); // a secret, from a sender that speaks v1 and v2 at once
    draft.keep_rest("payload.", payload);
    draft.keep_rest("", top);
    (event.details, event.adapted) = draft.finish(details);
    Ok(Parsed { routing_key, event })
}

/// The answer once the event is durable: 202, with the dedup key that the sender may use from now on.
pub fn accepted(dedup_key: &str) -> Answer {
    let key = Value::from(dedup_key);
    Answer::new(202, format!(r#"{{"status":"success","message":"Event processed","dedup_key":{key}}}"#))
}

/// The answer for a routing key that no integration has.
pub fn unknown_routing_key() -> Refusal {
    Refusal::invalid(&["'routing_key' is invalid (no integration has this key)".to_owned()])
}

/// The answer for a key over its rate; PagerDuty's clients wait and send again.
pub fn rate_limited() -> Refusal {
    Refusal::new(429, "throttle exceeded", "Requests for this service are arriving too quickly. Please retry later.", &[])
}

/// A key of 32 characters; blanks around it (the line end of a secret's file) are not part of it.
pub(super) fn routing_key(top: &mut Map<String, Value>, name: &str, wrong_length: &str, errors: &mut Vec<String>) -> String {
    let key = json::take(top, name).map(json::into_text).unwrap_or_default();
    let key = key.trim();
    if key.is_empty() {
        errors.push(format!("'{name}' is missing or blank"));
    } else if key.chars().count() != KEY_LENGTH {
        errors.push(wrong_length.to_owned());
    }
    key.to_owned()
}

/// One of the three words, in any case.
pub(super) fn action(value: Option<Value>, name: &str, errors: &mut Vec<String>) -> Option<Action> {
    let word = value.map(json::into_text).unwrap_or_default();
    let word = word.trim();
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    if is("trigger") {
        Some(Action::Trigger)
    } else if is("acknowledge") {
        Some(Action::Acknowledge)
    } else if is("resolve") {
        Some(Action::Resolve)
    } else {
        errors.push(match word {
            "" => format!("'{name}' is missing or blank"),
            _ => format!("'{name}' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"),
        });
        None
    }
}

/// The payload, and whether its required fields must be there: a missing payload is one error, not four.
fn payload(top: &mut Map<String, Value>, is_trigger: bool, draft: &mut Draft, errors: &mut Vec<String>) -> (Map<String, Value>, bool) {
    match json::take(top, "payload") {
        Some(Value::Object(payload)) => return (payload, is_trigger),
        None if is_trigger => errors.push("'payload' is missing or blank".to_owned()),
        Some(_) if is_trigger => errors.push("'payload' is invalid (must be an object)".to_owned()),
        None => {}
        Some(other) => draft.keep("payload", other),
    }
    (Map::new(), false)
}

/// Exactly one of the four words on a trigger. An acknowledge or resolve without a valid one has the mildest, which never makes an alert worse.
fn severity(value: Option<Value>, required: bool, draft: &mut Draft, errors: &mut Vec<String>) -> Severity {
    match value.as_ref().and_then(Value::as_str) {
        Some("critical") => return Severity::Critical,
        Some("error") => return Severity::Error,
        Some("warning") => return Severity::Warning,
        Some("info") => return Severity::Info,
        _ => {}
    }
    match value {
        None if required => errors.push("'payload.severity' is missing or blank".to_owned()),
        Some(_) if required => {
            errors.push("'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')".to_owned());
        }
        None => {}
        Some(other) => draft.keep("payload.severity", other),
    }
    Severity::Info
}

pub(super) fn require(name: &str, value: Option<&Value>, errors: &mut Vec<String>) {
    if value.is_none_or(|value| json::is_blank(&json::text(value))) {
        errors.push(format!("'{name}' is missing or blank"));
    }
}
