//! What the API shows: its JSON documents, apart from what is stored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tocsin_domain::alert::Alert;
use tocsin_domain::change_event::Change;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::escalation::progress::Next;
use tocsin_domain::flood::Flood;
use tocsin_domain::incident::details::Value;
use tocsin_domain::incident::gone::Gone;
use tocsin_domain::incident::responders::{Answer, Responder};
use tocsin_domain::incident::timeline::Entry;
use tocsin_domain::incident::{Incident, Status};
use utoipa::ToSchema;

/// A problem (RFC 9457); for the document only, the answers are made by `tocsin_lambda::problem`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document's generator only")]
#[schema(as = Problem)]
pub(crate) struct ProblemView {
    /// `urn:tocsin:problem:` and a code.
    #[schema(rename = "type")]
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    /// Each wrong field.
    errors: Option<Vec<FieldErrorView>>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document's generator only")]
#[schema(as = FieldError)]
pub(crate) struct FieldErrorView {
    field: String,
    message: String,
}

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
            urgency: if i.urgency == tocsin_domain::alert::Urgency::High { "high" } else { "low" },
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

/// Something was deployed, switched or configured.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub(crate) struct ChangeView {
    /// The same for the same words, for `/v1/trace`.
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    summary: String,
    source: String,
    integration: String,
    links: Vec<LinkView>,
    /// Everything else that the sender said.
    #[schema(value_type = serde_json::Value)]
    details: serde_json::Value,
}

/// A link that a sender gave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Link)]
pub(crate) struct LinkView {
    href: String,
    text: String,
}

impl From<&Change> for ChangeView {
    fn from(c: &Change) -> Self {
        Self {
            id: c.digest.clone(),
            at: c.at,
            summary: c.event.summary.clone(),
            source: c.event.source.clone(),
            integration: c.integration.to_string(),
            links: c.event.links.iter().map(|l| LinkView { href: l.href.clone(), text: l.text.clone() }).collect(),
            details: c.event.details.clone(),
        }
    }
}

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

/// An alert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub(crate) struct AlertView {
    id: String,
    integration: String,
    dedup_key: String,
    /// open or resolved.
    state: &'static str,
    severity: &'static str,
    summary: String,
    source: String,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// What was changed to accept it.
    adapted: Vec<String>,
    /// Everything else that the sender said.
    #[schema(value_type = serde_json::Value)]
    details: serde_json::Value,
}

impl From<&Alert> for AlertView {
    fn from(a: &Alert) -> Self {
        Self {
            id: a.id.to_string(),
            integration: a.key.integration.to_string(),
            dedup_key: a.key.dedup_key.clone(),
            state: if a.state == tocsin_domain::alert::AlertState::Open { "open" } else { "resolved" },
            severity: a.severity.as_str(),
            summary: a.event.summary.clone(),
            source: a.event.source.clone(),
            received_at: a.received_at,
            adapted: a.event.adapted.clone(),
            details: a.event.details.clone(),
        }
    }
}

/// Text to write down.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteBody {
    /// 1 to 10,000 characters.
    #[schema(min_length = 1, max_length = 10000)]
    pub(crate) text: String,
}

/// How long to put aside: either an instant or a length.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnoozeBody {
    /// RFC 3339.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) until: Option<Timestamp>,
    /// Whole seconds from now.
    #[schema(minimum = 1)]
    pub(crate) duration_s: Option<u32>,
}

/// Whom to give it to: 1 to 50 of `{"user": ID}`, `{"schedule": ID}`, `{"team": ID}`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReassignBody {
    #[schema(value_type = Vec<TargetView>, min_items = 1, max_items = 50)]
    pub(crate) to: Vec<Target>,
}

/// A target; for the document only.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document's generator only")]
#[schema(as = Target, rename_all = "snake_case")]
pub(crate) enum TargetView {
    User(String),
    Schedule(String),
    Team(String),
}

/// Whom to ask to help: 1 to 50 of `{"user": ID}`, `{"schedule": ID}`, `{"team": ID}`, and what for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RespondersBody {
    #[schema(value_type = Vec<TargetView>, min_items = 1, max_items = 50)]
    pub(crate) to: Vec<Target>,
    /// What for: 160 characters at most, they stand in a text message.
    #[serde(default)]
    #[schema(max_length = 160)]
    pub(crate) message: String,
}

/// What it is called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TitleBody {
    /// One line.
    #[schema(min_length = 1, max_length = 1024)]
    pub(crate) title: String,
}

/// Custom fields: a text of 200 characters at most, a number, true or false; null takes one away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldsBody {
    #[schema(value_type = Object)]
    pub(crate) fields: tocsin_domain::incident::details::Fields,
}

/// Where those who work on it talk.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BridgeBody {
    /// Begins with https://, http:// or tel:; null takes it away.
    #[schema(max_length = 300)]
    pub(crate) bridge: Option<String>,
}

/// One command for up to 250 incidents.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkBody {
    /// Ids or numbers.
    #[schema(min_items = 1, max_items = 250)]
    pub(crate) incidents: Vec<String>,
    pub(crate) command: BulkCommand,
}

/// What to do with each of them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum BulkCommand {
    Acknowledge {},
    Unacknowledge {},
    Resolve {},
    Reopen {},
    Escalate {},
    Note(NoteBody),
    Snooze(SnoozeBody),
    Reassign(ReassignBody),
    Priority(PriorityBody),
    Urgency(UrgencyBody),
}

/// What became of each, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkResults {
    pub(crate) results: Vec<BulkResult>,
}

/// What became of one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkResult {
    /// As it was asked for.
    pub(crate) reference: String,
    /// The status that this command alone would have been answered with.
    pub(crate) status: u16,
    /// The incident as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) incident: Option<IncidentView>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemView>)]
    pub(crate) problem: Option<tocsin_lambda::problem::Problem>,
}

/// Which incidents become part of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeBody {
    /// Ids or numbers.
    #[schema(min_items = 1, max_items = 50)]
    pub(crate) sources: Vec<String>,
}

/// Which alerts become an incident of their own; at least one that goes on has to stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitBody {
    /// Ids of alerts that go on.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 30)]
    pub(crate) alerts: Vec<tocsin_domain::id::AlertId>,
    /// By default the summary of the first of them.
    #[schema(max_length = 1024)]
    pub(crate) title: Option<String>,
}

/// Who answers a request for help.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// By default whom the token stands for.
    #[schema(value_type = Option<String>)]
    pub(crate) user: Option<tocsin_domain::id::UserId>,
}

/// A priority; null takes it away.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriorityBody {
    #[schema(value_type = Option<String>, pattern = "^P[1-5]$")]
    pub(crate) priority: Option<tocsin_domain::incident::Priority>,
}

/// Which notification rules apply.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UrgencyBody {
    /// high or low.
    #[schema(value_type = String, pattern = "^(high|low)$")]
    pub(crate) urgency: tocsin_domain::alert::Urgency,
}

/// Who is on call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnCallList {
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    pub(crate) schedules: Vec<OnCallSchedule>,
}

/// Who is on call in one schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnCallSchedule {
    pub(crate) schedule: String,
    pub(crate) team: String,
    /// Empty: nobody.
    pub(crate) on_call: Vec<OnCallPerson>,
}

/// One person on call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnCallPerson {
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) reason: String,
}
