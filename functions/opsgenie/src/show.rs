//! An alert in Opsgenie's form: as it opened, with what was asked since, what its key has counted, and where its incident stands.
//!
//! What was asked and is not yet applied to the incident is laid over it, so that a sender reads what it has written.

use crate::beside::Counted;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tocsin_domain::alert::ask::{Ask, Asked};
use tocsin_domain::alert::{Alert, AlertState, Severity};
use tocsin_domain::id::AlertId;
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::incident::{Incident, Priority, Status};
use tocsin_ingest::source::opsgenie::{CLIENT, alias};

/// An alert with everything that its view needs.
pub(crate) struct Show {
    pub(crate) alert: Alert,
    asks: Vec<Asked>,
    counted: Option<Counted>,
    status: Option<Status>,
    now: Now,
    id: String,
}

/// What an alert is after everything that was asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Now {
    pub(crate) message: String,
    pub(crate) description: String,
    pub(crate) priority: Option<Priority>,
    pub(crate) tags: Vec<String>,
    pub(crate) details: Map<String, Value>,
    pub(crate) acknowledged: bool,
    pub(crate) snoozed_until: Option<Timestamp>,
    pub(crate) owner: String,
    pub(crate) updated_at: Timestamp,
}

impl Show {
    /// The alert with what stands beside it, as far as it was read.
    pub(crate) fn new(asks: Vec<Asked>, counted: Option<Counted>, incident: Option<&Incident>, alert: Alert) -> Self {
        let status = incident.map(|i| i.status.clone());
        let now = now(&alert, &asks, counted, status.as_ref());
        let id = alert.id.to_string();
        Self { alert, asks, counted, status, now, id }
    }

    pub(crate) fn now(&self) -> &Now {
        &self.now
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn count(&self) -> u64 {
        self.counted.map_or(1, |c| c.events)
    }

    pub(crate) fn last_occurred_at(&self) -> Timestamp {
        self.counted.and_then(|c| c.last_at).unwrap_or(self.alert.received_at)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.alert.state == AlertState::Open
    }

    pub(crate) fn priority(&self) -> &'static str {
        word(self.now.priority.unwrap_or(Priority::P3))
    }

    /// Whom its sender named as responders, by whatever they are called.
    pub(crate) fn named(&self) -> impl Iterator<Item = &str> {
        let of_opsgenie = self.alert.event.client.as_deref() == Some(CLIENT);
        let list = self.alert.event.details.get("responders").filter(|_| of_opsgenie).and_then(Value::as_array);
        list.into_iter().flatten().flat_map(|r| ["id", "name", "username"].into_iter().filter_map(|field| r.get(field)?.as_str()))
    }

    fn given(&self, field: &str) -> Value {
        let of_opsgenie = self.alert.event.client.as_deref() == Some(CLIENT);
        self.alert.event.details.get(field).filter(|_| of_opsgenie).cloned().unwrap_or_default()
    }

    /// As a list shows it: without description and details.
    pub(crate) fn brief(&self) -> Value {
        let (alert, now) = (&self.alert, &self.now);
        let mut report = Map::new();
        if let Some(Status::Acknowledged { by, at, .. }) = &self.status {
            report.insert("ackTime".to_owned(), json!(at.duration_since(alert.received_at).as_millis().max(0).try_into().unwrap_or(u64::MAX)));
            report.insert("acknowledgedBy".to_owned(), json!(by.to_string()));
        }
        if let Some(at) = alert.resolved_at {
            report.insert("closeTime".to_owned(), json!(at.duration_since(alert.received_at).as_millis().max(0).try_into().unwrap_or(u64::MAX)));
        }
        let mut shown = json!({
            "id": alert.id,
            "tinyId": alert.id.ulid().0.to_string(),
            "alias": alias(&alert.event),
            "message": now.message,
            "status": if self.is_open() { "open" } else { "closed" },
            "acknowledged": now.acknowledged,
            "isSeen": now.acknowledged,
            "tags": now.tags,
            "snoozed": now.snoozed_until.is_some(),
            "count": self.count(),
            "lastOccurredAt": time(self.last_occurred_at()),
            "createdAt": time(alert.received_at),
            "updatedAt": time(now.updated_at),
            "source": alert.event.source,
            "owner": now.owner,
            "priority": self.priority(),
            "teams": [{"id": alert.team}],
            "ownerTeamId": alert.team,
            "responders": self.responders(),
            "integration": {"id": alert.key.integration, "name": alert.key.integration, "type": "API"},
            "report": report,
        });
        if let (Some(until), Some(map)) = (now.snoozed_until, shown.as_object_mut()) {
            map.insert("snoozedUntil".to_owned(), json!(time(until)));
        }
        shown
    }

    /// All of it.
    pub(crate) fn whole(&self) -> Value {
        let mut shown = self.brief();
        if let Some(map) = shown.as_object_mut() {
            let actions = self.given("actions");
            map.insert("actions".to_owned(), if actions.is_null() { json!([]) } else { actions });
            map.insert("entity".to_owned(), json!(self.alert.event.component.as_deref().unwrap_or_default()));
            map.insert("description".to_owned(), json!(self.now.description));
            map.insert("details".to_owned(), Value::Object(self.now.details.clone()));
        }
        shown
    }

    /// Who was named: each has an id, which is the name where its sender gave no more.
    fn responders(&self) -> Vec<Value> {
        let one = |r: &Value| {
            let text = |field| r.get(field).and_then(Value::as_str);
            let id = ["id", "username", "name"].into_iter().find_map(text)?;
            Some(json!({"type": text("type").unwrap_or("user"), "id": id}))
        };
        self.given("responders").as_array().into_iter().flatten().filter_map(one).collect()
    }

    /// What `GET /v2/alerts/ID/notes` lists, oldest first.
    pub(crate) fn notes(&self) -> Vec<Entry> {
        let note = |seq: u32, at: Timestamp, note: &str, owner: &str| {
            let place = u64::from(seq) + 1;
            (place, json!({"note": note, "owner": owner, "createdAt": time(at), "offset": place.to_string()}))
        };
        let (first, user) = (self.given("note"), self.given("user"));
        let first = first.as_str().map(|text| note(0, self.alert.received_at, text, user.as_str().unwrap_or_default()));
        let later = self.asks.iter().filter(|a| !a.note.is_empty()).map(|a| note(a.seq, a.at, &a.note, &a.user));
        first.into_iter().chain(later).collect()
    }

    /// What `GET /v2/alerts/ID/logs` lists, oldest first.
    pub(crate) fn logs(&self) -> Vec<Entry> {
        let entry = |seq: u32, at: Timestamp, owner: &str, kind: &str, log: &str| {
            let place = u64::from(seq) + 1;
            (place, json!({"log": log, "type": kind, "owner": owner, "createdAt": time(at), "offset": place.to_string()}))
        };
        let mut logs = vec![entry(0, self.alert.received_at, "System", "system", "Alert created")];
        for asked in &self.asks {
            let word = asked.ask.requested().as_str();
            let log = asked.words().map_or_else(|| word.to_owned(), |words| format!("{word}: {words}"));
            logs.push(entry(asked.seq, asked.at, if asked.user.is_empty() { "System" } else { &asked.user }, "alertRecipient", &log));
        }
        if let Some(at) = self.alert.resolved_at {
            // Behind whatever was asked with the same change.
            logs.push(entry(u32::MAX, at, "System", "system", "Alert closed"));
        }
        logs
    }
}

/// A note or a log with its place: from 1, for an offset of 0 is the beginning.
pub(crate) type Entry = (u64, Value);

fn now(alert: &Alert, asks: &[Asked], counted: Option<Counted>, status: Option<&Status>) -> Now {
    let event = &alert.event;
    let of_opsgenie = event.client.as_deref() == Some(CLIENT);
    let given = |field: &str| event.details.get(field).filter(|_| of_opsgenie);
    let details = match &event.details {
        _ if of_opsgenie => given("details").and_then(Value::as_object).cloned().unwrap_or_default(),
        // Alerts of other formats: whatever their senders said, as texts.
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str().map_or_else(|| v.to_string(), str::to_owned)))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    let mut now = Now {
        message: event.summary.clone(),
        description: given("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
        priority: event.priority.or(if of_opsgenie { None } else { Some(priority(alert.severity)) }),
        tags: given("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        details,
        updated_at: [Some(alert.received_at), alert.resolved_at, counted.and_then(|c| c.last_at), asks.last().map(|a| a.at)]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or_default(),
        ..Now::default()
    };
    match status {
        Some(Status::Acknowledged { by, until, snoozed, .. }) => {
            // Snoozing is no acknowledgement in Opsgenie's words: then it is one where somebody asked for one.
            let asked = asks.iter().rev().find_map(|a| match a.ask {
                Ask::Acknowledge => Some(true),
                Ask::Unacknowledge => Some(false),
                _ => None,
            });
            now.acknowledged = !snoozed || asked == Some(true);
            now.snoozed_until = until.filter(|_| *snoozed);
            now.owner = owner(by);
        }
        Some(Status::Triggered | Status::Resolved { .. }) | None => {}
    }
    for asked in asks {
        apply(&mut now, asked, asked.seq > alert.handled_seq);
    }
    now
}

/// `pending`: the incident has not heard of it.
fn apply(now: &mut Now, asked: &Asked, pending: bool) {
    match &asked.ask {
        Ask::Acknowledge if pending => {
            now.acknowledged = true;
            now.owner.clone_from(&asked.user);
        }
        Ask::Unacknowledge if pending => (now.acknowledged, now.snoozed_until) = (false, None),
        Ask::Snooze { until } if pending => now.snoozed_until = Some(*until),
        Ask::Assign { to } => now.owner.clone_from(to),
        Ask::AddTags { tags } => {
            for tag in tags {
                if !now.tags.contains(tag) {
                    now.tags.push(tag.clone());
                }
            }
        }
        Ask::RemoveTags { tags } => now.tags.retain(|t| !tags.contains(t)),
        Ask::AddDetails { details } => now.details.extend(details.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str())))),
        Ask::RemoveDetails { keys } => now.details.retain(|k, _| !keys.contains(k)),
        Ask::Message { text } => now.message.clone_from(text),
        Ask::Description { text } => now.description.clone_from(text),
        Ask::Priority { priority } => now.priority = Some(*priority),
        Ask::Acknowledge
        | Ask::Unacknowledge
        | Ask::Snooze { .. }
        | Ask::Close
        | Ask::Delete
        | Ask::Note
        | Ask::Escalate { .. }
        | Ask::AddResponder { .. }
        | Ask::Execute { .. } => {}
    }
}

/// Opsgenie's word.
pub(crate) fn word(priority: Priority) -> &'static str {
    match priority {
        Priority::P1 => "P1",
        Priority::P2 => "P2",
        Priority::P3 => "P3",
        Priority::P4 => "P4",
        Priority::P5 => "P5",
    }
}

/// Of what has a severity only.
pub(crate) fn priority(severity: Severity) -> Priority {
    match severity {
        Severity::Critical => Priority::P1,
        Severity::Error => Priority::P3,
        Severity::Warning => Priority::P4,
        Severity::Info => Priority::P5,
    }
}

fn owner(by: &Actor) -> String {
    match by {
        Actor::User(user) => user.to_string(),
        Actor::System | Actor::Sender(_) | Actor::Token(_) => String::new(),
    }
}

/// With milliseconds, as Opsgenie writes it.
pub(crate) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The instant in an id.
pub(crate) fn instant_of(id: AlertId) -> Timestamp {
    i64::try_from(id.ulid().timestamp_ms()).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or_default()
}
