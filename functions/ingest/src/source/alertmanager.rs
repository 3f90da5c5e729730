//! Prometheus Alertmanager's webhook, version 4: `POST /v1/integrations/alertmanager/{key}`.
//!
//! Called by: the ingest handler; also [`grafana`](super::grafana) and [`alertmanager_v2`](super::alertmanager_v2), whose alerts are the same but for a few fields.
//! Format: <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>.
//!
//! One event an alert. Its dedup key is the alert's fingerprint, computed as Prometheus does where it is missing, so that distinct alerts with equal
//! texts stay distinct and a repetition or a resolve finds its alert. `details` is the alert as it was sent (labels, annotations, values), with
//! receiver, group key and group labels of the delivery.
//!
//! Refused whole: more than 6 MB (413), a body that is no JSON object or list, a body without `alerts` (400: Alertmanager would drop it for ever, so
//! nothing else is). Refused alone, while the rest of the batch is accepted: an alert that is no object, or has neither labels nor fingerprint.

use super::draft::{MAX_LINE, is_address};
use super::{Batch, Refusal, Refused, identity, json, severity, time};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::borrow::Cow;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event, Image, Link};

/// Bytes of the largest delivery: what the platform hands to a function.
pub const MAX_BODY: usize = 6 * 1024 * 1024;
/// Alerts of one delivery; thousands are real, and each needs a few hundred bytes at least.
const MAX_ALERTS: usize = 20_000;
/// Bytes of what the delivery says about all its alerts that each alert may repeat; more goes with the first alert only.
const MAX_CONTEXT: usize = 4 * 1024;

/// Reads one delivery.
///
/// # Errors
/// A [`Refusal`] where no alert can be found in the body.
pub fn parse(body: &[u8]) -> Result<Batch, Refusal> {
    read(body, "Alertmanager", resolved)
}

/// Reads a delivery of any sender whose alerts are Alertmanager's. `is_resolved` decides from an alert; where it can not, the delivery's status counts.
pub(super) fn read(body: &[u8], client: &str, is_resolved: impl Fn(&Map<String, Value>) -> Option<bool>) -> Result<Batch, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Refusal::too_large("6 MB"));
    }
    alerts(json::parse(body)?, client, is_resolved)
}

/// The same for a document that is parsed already.
pub(super) fn alerts(document: json::Document, client: &str, is_resolved: impl Fn(&Map<String, Value>) -> Option<bool>) -> Result<Batch, Refusal> {
    let json::Document { value, notes } = document;
    let (alerts, delivery) = match value {
        Value::Array(alerts) => (alerts, Map::new()),
        Value::Object(mut delivery) => match delivery.remove("alerts") {
            Some(Value::Array(alerts)) => (alerts, delivery),
            Some(alert @ Value::Object(_)) => (vec![alert], delivery),
            None if delivery.contains_key("labels") => (vec![Value::Object(delivery)], Map::new()),
            None | Some(Value::Null) => return Err(Refusal::invalid(&["'alerts' is missing or blank".to_owned()])),
            Some(_) => return Err(Refusal::invalid(&["'alerts' is invalid (must be a list)".to_owned()])),
        },
        _ => return Err(Refusal::unrecognized("Event object is not a JSON object")),
    };
    let mut reader = Reader { client, client_url: address(&delivery, "externalURL"), notes, context: Map::new() };
    if let Some(truncated) =
        delivery.get("truncatedAlerts").filter(|n| n.as_u64() != Some(0)).and_then(|n| json::text(n).parse::<u64>().ok()).filter(|n| *n > 0)
    {
        reader.notes.push(format!("{client} left {truncated} more alerts out of this notification (max_alerts)"));
    }
    let whole = resolved(&delivery).unwrap_or(false);
    let mut large = reader.take_context(delivery, alerts.len());
    let mut batch = Batch { events: Vec::with_capacity(alerts.len().min(MAX_ALERTS)), refused: Vec::new() };
    for (index, alert) in alerts.into_iter().enumerate() {
        if index == MAX_ALERTS {
            batch.refused.push(Refused { index, field: "alerts", why: "is one more than a delivery may have; it and all after it were left out" });
            break;
        }
        let event = match alert {
            Value::Object(alert) => {
                let action = if is_resolved(&alert).unwrap_or(whole) { Action::Resolve } else { Action::Trigger };
                reader.event(alert, action, &mut large)
            }
            _ => Err(("alert", "is invalid (must be an object)")),
        };
        match event {
            Ok(event) => batch.events.push(event),
            Err((field, why)) => batch.refused.push(Refused { index, field, why }),
        }
    }
    Ok(batch)
}

/// What an alert's or a delivery's `status` says; nothing where it has none that is known.
pub(super) fn resolved(map: &Map<String, Value>) -> Option<bool> {
    let status = map.get("status")?.as_str()?.trim();
    let is = |word: &&str| status.eq_ignore_ascii_case(word);
    if ["resolved", "ok", "normal", "inactive"].iter().any(is) {
        Some(true)
    } else {
        ["firing", "alerting", "active", "unprocessed", "suppressed"].iter().any(is).then_some(false)
    }
}

/// What all alerts of a delivery share.
struct Reader<'a> {
    client: &'a str,
    client_url: Option<String>,
    notes: Vec<String>,
    context: Map<String, Value>,
}

impl Reader<'_> {
    /// Takes what each alert repeats out of the delivery; returns what is too large for that. Together they are all that the alerts do not say themselves.
    fn take_context(&mut self, delivery: Map<String, Value>, alerts: usize) -> Map<String, Value> {
        let mut large = Map::new();
        let mut room = MAX_CONTEXT.min(MAX_BODY / alerts.max(1));
        for (name, value) in delivery {
            if json::is_absent(&value) || matches!(name.as_str(), "status" | "version" | "commonLabels" | "commonAnnotations") {
                continue;
            }
            let size = name.len() + value.to_string().len();
            if size <= room {
                room -= size;
                self.context.insert(name, value);
            } else {
                large.insert(name, value);
            }
        }
        large
    }

    fn event(&self, mut alert: Map<String, Value>, action: Action, large: &mut Map<String, Value>) -> Result<Event, (&'static str, &'static str)> {
        let none = Map::new();
        let labels = object(&alert, "labels").unwrap_or(&none);
        let annotations = object(&alert, "annotations").unwrap_or(&none);
        let fingerprint = json::member(&alert, "fingerprint").filter(|fingerprint| !fingerprint.trim().is_empty());
        let dedup_key = match fingerprint {
            Some(fingerprint) => fingerprint.into_owned(),
            None if labels.values().any(|value| !json::is_absent(value)) => identity::fingerprint(labels),
            None => return Err(("labels", "is missing or blank")),
        };
        let (dedup_key, note) = identity::bounded(dedup_key);
        let mut adapted = self.notes.clone();
        adapted.extend(note);
        let summary = if action == Action::Trigger { summary(labels, annotations, &dedup_key, &mut adapted) } else { String::new() };
        let event = Event {
            action,
            summary,
            source: source(labels).unwrap_or(self.client).to_owned(),
            severity: if action == Action::Trigger { worst(labels, &mut adapted) } else { Severity::Info },
            priority: None,
            occurred_at: match action {
                Action::Resolve => moment(&alert, "endsAt").or_else(|| moment(&alert, "startsAt")),
                Action::Trigger | Action::Acknowledge => moment(&alert, "startsAt"),
            },
            component: first(labels, &["component", "service", "job", "container"]),
            group: first(labels, &["cluster", "namespace", "environment", "env"]),
            class: first(labels, &["alertname"]),
            client: Some(self.client.to_owned()),
            client_url: self.client_url.clone(),
            links: self.links(&alert, labels, annotations),
            images: address(&alert, "imageURL").map(|src| Image { src, href: None, alt: None }).into_iter().collect(),
            details: Value::Null,
            adapted,
            dedup_key,
        };
        for (name, value) in &self.context {
            alert.entry(name.as_str()).or_insert_with(|| value.clone());
        }
        for (name, value) in std::mem::take(large) {
            alert.entry(name).or_insert(value);
        }
        Ok(Event { details: Value::Object(alert), ..event })
    }

    /// Where to look next: what to do first, then what it looks like, then what fired.
    fn links(&self, alert: &Map<String, Value>, labels: &Map<String, Value>, annotations: &Map<String, Value>) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        let mut add = |text: &str, href: Option<String>| {
            if let Some(href) = href.filter(|href| links.iter().all(|link| link.href != *href)) {
                links.push(Link { href, text: text.to_owned() });
            }
        };
        let named = |names: &[&str]| names.iter().find_map(|name| address(annotations, name).or_else(|| address(labels, name)));
        add("Runbook", named(&["runbook_url", "runbook", "runbookURL", "runbook_link"]));
        add("Dashboard", named(&["dashboard", "dashboard_url", "dashboardURL", "grafana"]).or_else(|| address(alert, "dashboardURL")));
        add("Panel", address(alert, "panelURL"));
        add("Source", address(alert, "generatorURL"));
        add("Silence", address(alert, "silenceURL"));
        add(self.client, self.client_url.clone());
        links
    }
}

fn object<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    map.get(name).and_then(Value::as_object)
}

/// The first member that says something short enough; the details have all of them whole.
fn first(map: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let text = names.iter().find_map(|name| json::member(map, name))?;
    Some(json::cut("", &text, MAX_LINE).map_or_else(|| text.into_owned(), |(kept, _)| kept))
}

/// A time; Go's zero time is none.
pub(super) fn moment(map: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    map.get(name).and_then(time::read).filter(|time| !time::is_unset(*time))
}

fn address(map: &Map<String, Value>, name: &str) -> Option<String> {
    map.get(name).and_then(Value::as_str).filter(|text| is_address(text)).map(str::to_owned)
}

fn source(labels: &Map<String, Value>) -> Option<&str> {
    let names = ["instance", "host", "hostname", "node", "nodename", "pod", "target", "service", "job", "namespace", "cluster"];
    names.iter().find_map(|name| labels.get(*name).and_then(Value::as_str).filter(|text| !text.is_empty() && text.len() <= MAX_LINE))
}

/// The severity that a label names: `severity` first. An error where none is named, and where the word is not known, which is noted.
fn worst(labels: &Map<String, Value>, adapted: &mut Vec<String>) -> Severity {
    let mut unknown = None;
    for name in ["severity", "priority", "level"] {
        let Some(word) = json::member(labels, name) else { continue };
        match severity::read(&word) {
            Some(severity) => return severity,
            None => unknown = unknown.or(Some(name)),
        }
    }
    if let Some(name) = unknown {
        adapted.push(format!("the label {name} names no known severity: taken as error"));
    }
    Severity::Error
}

/// What the rule's author wrote for people; otherwise name and labels.
fn summary(labels: &Map<String, Value>, annotations: &Map<String, Value>, key: &str, adapted: &mut Vec<String>) -> String {
    let written = ["summary", "message", "description", "title"];
    let text = written.iter().find_map(|name| json::member(annotations, name).filter(|text| !json::is_blank(text)));
    let text = text.unwrap_or_else(|| Cow::Owned(from_labels(labels, key)));
    match json::cut("summary", &text, MAX_LINE) {
        None => text.into_owned(),
        Some((kept, note)) => {
            adapted.push(note);
            kept
        }
    }
}

fn from_labels(labels: &Map<String, Value>, key: &str) -> String {
    let mut text = json::member(labels, "alertname").unwrap_or_default().into_owned();
    for (name, value) in labels.iter().filter(|(name, _)| *name != "alertname") {
        if text.len() > 2 * MAX_LINE {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(&json::text(value));
    }
    if json::is_blank(&text) { format!("alert {key}") } else { text }
}
