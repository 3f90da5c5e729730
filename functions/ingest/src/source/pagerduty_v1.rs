//! PagerDuty Events API v1: `POST /generic/2010-04-15/create_event.json`. Old, and still what several senders speak.
//!
//! Called by: the ingest handler. It has no severity: every alert is an error (high urgency), and no source: the client's name
//! stands for it. Format: <https://developer.pagerduty.com/docs/events-api-v1/overview/>.
//!
//! A sender that comes too often is answered 403, which this version's senders take for "later".
//!
//! Refused: more than 512 KB (413); no JSON object (400 "Unrecognized object"); a service key that has not 32 characters, an unknown `event_type`, an
//! acknowledge or resolve without `incident_key`, a trigger without `description` (400, each named).

use super::draft::Draft;
use super::pagerduty_v2::{MAX_BODY, Parsed, action, routing_key};
use super::{Answer, KeyedFormat, Refusal, identity, json};
use serde_json::Value;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};

/// For the handler.
pub const FORMAT: KeyedFormat =
    KeyedFormat { parse: |body, fresh_key| parse(body, fresh_key), accepted, unknown_key: unknown_service_key, slow_down: || Refusal::slow_down(403) };

/// Reads one event. `fresh_key` makes an incident key (1 to 255 characters) for a trigger that has none. `Parsed::routing_key` is the service key.
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
    let routing_key = routing_key(&mut top, "service_key", "Service key is the wrong length (should be 32 characters)", &mut errors);
    let action = action(json::take(&mut top, "event_type"), "event_type", &mut errors);
    let incident_key = json::take(&mut top, "incident_key").map(json::into_text);
    let description = json::take(&mut top, "description");
    match action {
        Some(Action::Trigger) if description.as_ref().is_none_or(|text| json::is_blank(&json::text(text))) => {
            errors.push("Description is missing or blank".to_owned());
        }
        Some(Action::Acknowledge | Action::Resolve) if incident_key.is_none() => errors.push("Incident key is missing or blank".to_owned()),
        Some(_) | None => {}
    }
    let (Some(action), true) = (action, errors.is_empty()) else {
        return Err(Refusal::invalid(&errors));
    };
    let (dedup_key, note) = identity::bounded(incident_key.unwrap_or_else(fresh_key));
    note.into_iter().for_each(|note| draft.note(note));
    // The description of a resolve says how it ended ("OK - load is back to normal").
    let summary = if action == Action::Trigger {
        draft.line("description", description).unwrap_or_default()
    } else {
        draft.keep("description", description.unwrap_or_default());
        String::new()
    };
    let client = draft.line("client", json::take(&mut top, "client"));
    let is_image = |context: &Value| context.get("type").and_then(Value::as_str) == Some("image");
    let (images, links) = match json::take(&mut top, "contexts") {
        None => (Vec::new(), Vec::new()),
        Some(Value::Array(contexts)) => contexts.into_iter().partition(is_image),
        Some(other) => (Vec::new(), vec![other]),
    };
    let mut event = Event {
        action,
        dedup_key,
        summary,
        source: client.clone().unwrap_or_default(),
        severity: if action == Action::Trigger { Severity::Error } else { Severity::Info },
        priority: None,
        occurred_at: None,
        component: None,
        group: None,
        class: None,
        client,
        client_url: draft.address("client_url", json::take(&mut top, "client_url")),
        links: draft.links("contexts.links", Some(Value::Array(links))),
        images: draft.images("contexts.images", Some(Value::Array(images))),
        details: Value::Null,
        adapted: Vec::new(),
    };
    let details = json::take(&mut top, "details");
    top.remove("routing_key"); // a secret, from a sender that speaks v1 and v2 at once
    draft.keep_rest("", top);
    (event.details, event.adapted) = draft.finish(details);
    Ok(Parsed { routing_key, event })
}

/// The answer once the event is durable: 200, unlike v2.
pub fn accepted(incident_key: &str) -> Answer {
    let key = Value::from(incident_key);
    Answer::new(200, format!(r#"{{"status":"success","message":"Event processed","incident_key":{key}}}"#))
}

/// The answer for a service key that no integration has.
pub fn unknown_service_key() -> Refusal {
    Refusal::invalid(&["'service_key' is invalid (no integration has this key)".to_owned()])
}

/// The answer for a key over its rate: 403, as v1's clients expect.
pub fn rate_limited() -> Refusal {
    Refusal::new(403, "throttle exceeded", "Requests for this service are arriving too quickly. Please retry later.", &[])
}
