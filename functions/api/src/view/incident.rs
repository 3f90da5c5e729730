//! An incident, alone, in a list, and with its story.

use super::alert::AlertView;
use super::change::ChangeView;
use super::entry::EntryView;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use tocsin_domain::alert::Urgency;
use tocsin_domain::escalation::progress::Next;
use tocsin_domain::flood::Flood;
use tocsin_domain::incident::details::Value;
use tocsin_domain::incident::gone::Gone;
use tocsin_domain::incident::responders::{Answer, Responder};
use tocsin_domain::incident::{Incident, Status};
use utoipa::ToSchema;

/// An incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub(crate) struct IncidentView {
    /// `inc_` and a ULID.
    id: String,
    /// For people.
    number: u64,
    title: String,
    /// triggered, acknowledged or resolved.
    status: &'static str,
    /// critical, error, warning or info.
    severity: &'static str,
    /// high or low.
    urgency: &'static str,
    /// P1 to P5.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<String>,
    service: String,
    team: String,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// Rises whenever the escalation starts over.
    generation: u32,
    alerts_open: u32,
    alerts_total: u32,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_by: Option<String>,
    /// When something happens next by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    next_deadline: Option<Timestamp>,
    /// Nobody is paged before: it may be over by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    paused_until: Option<Timestamp>,
    /// Nobody answered, and nobody is left to page.
    unanswered: bool,
    /// What people keep on it: texts, numbers, yes or no.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    fields: BTreeMap<String, Value>,
    /// Where those who work on it talk.
    #[serde(skip_serializing_if = "Option::is_none")]
    bridge: Option<String>,
    /// Number of the incident that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into: Option<u64>,
    /// It is a flood, alerts that came too fast to page for each: when the first (`first_at`) and the latest of them (`last_at`) came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    flood: Option<Flood>,
    /// Who was asked to help.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    responders: Vec<ResponderView>,
}

/// Somebody who was asked to help.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Responder)]
pub(crate) struct ResponderView {
    user: String,
    /// asked, accepted or declined.
    answer: &'static str,
}

impl From<&Responder> for ResponderView {
    fn from(r: &Responder) -> Self {
        let answer = match r.answer {
            Answer::Asked => "asked",
            Answer::Accepted => "accepted",
            Answer::Declined => "declined",
        };
        Self { user: r.user.to_string(), answer }
    }
}

impl From<&Incident> for IncidentView {
    fn from(i: &Incident) -> Self {
        let (acknowledged_by, resolved_by) = match &i.status {
            Status::Triggered => (None, None),
            Status::Acknowledged { by, .. } => (Some(by.to_string()), None),
            Status::Resolved { by, .. } => (None, Some(by.to_string())),
        };
        Self {
            id: i.id.to_string(),
            number: i.number,
            title: i.title.clone(),
            status: i.status.as_str(),
            severity: i.severity.as_str(),
            urgency: if i.urgency == Urgency::High { "high" } else { "low" },
            priority: i.priority.map(|p| format!("{p:?}")),
            service: i.service.to_string(),
            team: i.team.to_string(),
            opened_at: i.opened_at,
            generation: i.generation,
            alerts_open: i.alerts_open,
            alerts_total: i.alerts_total,
            acknowledged_by,
            resolved_by,
            next_deadline: i.deadline(),
            paused_until: i.waits_until(),
            unanswered: i.status == Status::Triggered && i.progress.next == Next::Exhausted,
            fields: i.fields.clone(),
            bridge: i.bridge.clone(),
            merged_into: i.merged_into.map(|m| m.number),
            flood: i.flood,
            responders: i.responders.iter().map(ResponderView::from).collect(),
        }
    }
}

/// A list of incidents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentList {
    pub(crate) incidents: Vec<IncidentView>,
    /// Give it as `after` for the next part; null at the end.
    pub(crate) next: Option<String>,
}

/// An incident with its story.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentDetail {
    #[serde(flatten)]
    pub(crate) incident: IncidentView,
    /// What happened, oldest first.
    pub(crate) timeline: Vec<EntryView>,
    /// Its alerts, the first 100.
    pub(crate) alerts: Vec<AlertView>,
    /// What was changed of its service in the hour before it opened, oldest first.
    pub(crate) changes: Vec<ChangeView>,
    /// What it refers to and the configuration in force does not have: its service, team and policy, whom the policy pages, and people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) gone: Vec<GoneView>,
}

/// Something that is not in the configuration any more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gone)]
pub(crate) struct GoneView {
    /// service, team, policy, schedule or user.
    kind: &'static str,
    id: String,
    /// What it was called when the incident opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// It was deleted since this version of the configuration, with which the incident began; left out where that did not have it either.
    #[serde(skip_serializing_if = "Option::is_none")]
    since_version: Option<u64>,
}

impl From<Gone> for GoneView {
    fn from(g: Gone) -> Self {
        Self { kind: g.kind.as_str(), id: g.id, name: g.name, since_version: g.since_version }
    }
}
