//! The ledger: where events ended, and whether everything that came in is accounted for.

use crate::caller::{Caller, Params};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::audit_ledger::Audited;
use tocsin_app::ports::{Received, Span};
use tocsin_app::trace_alerts::Traced;
use tocsin_domain::access::Action;
use tocsin_domain::alert::AlertKey;
use tocsin_domain::alert::request::RequestId;
use tocsin_domain::id::{AlertId, IntegrationId, TeamId};
use tocsin_domain::ledger::{End, Violation, answer_at};
use utoipa::{IntoParams, ToSchema};

/// The longest span of one audit.
const MOST_DAYS: i64 = 31;
/// Alerts of one answer, where none are asked for.
const ALERTS: usize = 200;
const MOST_ALERTS: usize = 500;
/// Changes of one service that are looked through: the latest of the span.
const MOST_CHANGES: usize = 500;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceParams {
    /// A sender's key (dedup_key, alias, incident_key), an alert's id, a request's id, or a change's id or whole summary.
    #[param(max_length = 1024)]
    of: String,
    /// Only this integration's; without it, all that the caller may see are asked.
    integration: Option<String>,
    /// What was open then: tells what an acknowledgement or a resolve of that time did.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<String>,
}

/// Where events ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct Trace {
    /// All of it in words.
    sentences: Vec<String>,
    /// The alerts that are meant, the latest first.
    alerts: Vec<TracedAlert>,
}

/// Where the events of an alert ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct TracedAlert {
    alert: String,
    integration: String,
    dedup_key: String,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    resolved_at: Option<Timestamp>,
    /// Events that were counted on it, the first included; null where its key is not remembered any more.
    events: Option<u64>,
    /// `is`: opened, joined, kept, waiting, lost or nowhere; with what belongs to it.
    #[schema(value_type = Object)]
    end: End,
}

impl From<&Traced> for TracedAlert {
    fn from(t: &Traced) -> Self {
        Self {
            alert: t.alert.id.to_string(),
            integration: t.alert.key.integration.to_string(),
            dedup_key: t.alert.key.dedup_key.clone(),
            received_at: t.alert.received_at,
            resolved_at: t.alert.resolved_at,
            events: t.events,
            end: t.end.clone(),
        }
    }
}

/// Tells where every event of a key, or the event of a request, ended.
#[utoipa::path(get, path = "/v1/trace", params(TraceParams), responses(
    (status = 200, body = Trace),
    refusal::Invalid, refusal::Always,
))]
pub(crate) async fn trace_events(State(api): State<Arc<Api>>, caller: Caller, Params(p): Params<TraceParams>) -> Result<Json<Trace>, ApiError> {
    let at = p.at.as_deref().map(str::parse::<Timestamp>).transpose().map_err(|e| ApiError::field("at", e.to_string()))?;
    let integration = p.integration.map(|i| i.parse::<IntegrationId>()).transpose().map_err(|e| ApiError::field("integration", e.to_string()))?;
    if p.of.is_empty() {
        return Err(ApiError::field("of", "is a key, an alert or a request"));
    }
    let may = |t: &Traced| caller.may(Action::ReadIncidents, &t.alert.team);
    let mut sentences = Vec::new();
    let mut traced: Vec<Traced> = Vec::new();
    if let Ok(id) = p.of.parse::<AlertId>() {
        traced.extend(api.trace.alert(id).await?.filter(may));
    } else {
        traced.extend(by_key(&api, &caller, &p.of, integration.as_ref()).await?.into_iter().filter(may));
        // A key may look like the id of a request, so keys come first.
        if let Some(request) = p.of.parse::<RequestId>().ok().filter(|_| traced.is_empty()) {
            traced.extend(api.trace.alert(request.alert()).await?.filter(may));
            let asked = request.requested().as_str();
            sentences.push(match (request.is_refused(), traced.first()) {
                (false, Some(t)) => format!("Request {request} ({asked}) was carried out on alert {}.", t.alert.id),
                (true, Some(t)) => format!("Request {request} ({asked}) changed nothing: alert {} could not take it any more.", t.alert.id),
                (_, None) => format!("Request {request} ({asked}) changed nothing: there was no such alert."),
            });
        }
    }
    sentences.extend(traced.iter().map(Traced::sentence));
    for change in changes(&api, &caller, &p.of, integration.as_ref(), at).await? {
        sentences.push(format!(
            "Change {} (\"{}\", integration {}) of service {} came at {}: it is a change record, shown beside incidents of the hour behind {}. A change pages nobody.",
            change.digest,
            tocsin_domain::notification::message::clean(&change.event.summary),
            change.integration,
            change.service,
            change.received_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
            change.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        ));
    }
    if let Some(at) = at {
        let alerts: Vec<_> = traced.iter().map(|t| t.alert.clone()).collect();
        sentences.push(answer_at(&alerts, at));
    }
    if sentences.is_empty() {
        sentences.push(
            "Nothing is known of it: no event with this key opened an alert, or its last alert was resolved more than 30 days ago. An acknowledgement or a resolve of \
             a key without an open alert changes nothing."
                .to_owned(),
        );
    }
    Ok(Json(Trace { alerts: traced.iter().map(TracedAlert::from).collect(), sentences }))
}

/// Change records of services that the caller may see whose id or whole summary this is: of the last week or, with an instant, of the days around it.
async fn changes(
    api: &Api,
    caller: &Caller,
    of: &str,
    only: Option<&IntegrationId>,
    at: Option<Timestamp>,
) -> Result<Vec<tocsin_domain::change_event::Change>, ApiError> {
    let now = api.command.clock.now();
    let (around, before) = (SignedDuration::from_hours(24), SignedDuration::from_hours(7 * 24));
    let span = match at {
        Some(at) => Span { from: at.checked_sub(around).unwrap_or(at), until: at.checked_add(around).unwrap_or(at) },
        None => Span { from: now.checked_sub(before).unwrap_or(now), until: now.checked_add(around).unwrap_or(now) },
    };
    let (_, configuration) = api.configuration.current().await?;
    let mut found = Vec::new();
    for service in configuration.services.iter().filter(|s| caller.may(Action::ReadIncidents, &s.team)) {
        if only.is_some_and(|o| !service.integrations.iter().any(|i| i.id == *o)) {
            continue;
        }
        let listed = api.changes.changes(&service.id, span, MOST_CHANGES).await?;
        found.extend(listed.into_iter().filter(|c| c.digest == of || c.event.summary == of));
        if found.len() >= MOST_ALERTS {
            break;
        }
    }
    found.sort_by_key(|c| std::cmp::Reverse(c.received_at));
    Ok(found)
}

/// Alerts of a key of any integration that the caller may see, or of this one.
async fn by_key(api: &Api, caller: &Caller, dedup_key: &str, only: Option<&IntegrationId>) -> Result<Vec<Traced>, ApiError> {
    let (_, configuration) = api.configuration.current().await?;
    let integrations = configuration.keyed().filter(|(.., team)| caller.may(Action::ReadIncidents, team)).map(|(id, ..)| id.clone());
    let mut wanted: Vec<IntegrationId> = integrations.filter(|id| only.is_none_or(|o| o == id)).collect();
    // One that was taken out of the configuration may be asked for by its name; whose alerts they are is looked at behind.
    wanted.extend(only.filter(|o| !wanted.contains(o)).cloned());
    let keys: Vec<AlertKey> = wanted.into_iter().map(|integration| AlertKey { integration, dedup_key: dedup_key.to_owned() }).collect();
    Ok(api.trace.by_keys(&keys).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditParams {
    /// Alerts that came from this instant on, RFC 3339.
    #[param(value_type = String, format = DateTime)]
    from: String,
    /// Until before this instant; 31 days later at most.
    #[param(value_type = String, format = DateTime)]
    until: String,
    /// Only this team's.
    team: Option<String>,
    /// 1 to 500; 200 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next` of the answer before.
    after: Option<String>,
}

/// What came in and what became of it. `alerts` is the sum of the ends.
#[derive(Serialize, ToSchema)]
pub(crate) struct Audit {
    /// Whether nothing is wrong.
    holds: bool,
    /// Alerts that came.
    alerts: u64,
    /// Events that were counted on them, as far as their keys are remembered.
    events: u64,
    /// Opened an incident.
    opened: u64,
    /// Joined one.
    joined: u64,
    /// Of those that have an incident: came in a flood, and belong to the incident of one.
    flooded: u64,
    /// Kept from people, with a reason.
    kept: u64,
    /// Not handled yet.
    waiting: u64,
    /// In no known place.
    lost: u64,
    /// What does not hold.
    violations: Vec<ViolationView>,
    /// There is more: ask again with `after`, and add it up.
    next: Option<String>,
}

/// Something that does not hold.
#[derive(Serialize, ToSchema)]
#[schema(as = Violation)]
pub(crate) struct ViolationView {
    /// What, and what to do.
    sentence: String,
    /// The same for machines.
    #[schema(value_type = Object)]
    violation: Violation,
}

/// Audits the ledger over a span: each alert that came has exactly one end, and both sides of each end say so.
#[utoipa::path(get, path = "/v1/audit", params(AuditParams), responses(
    (status = 200, body = Audit),
    refusal::Invalid, refusal::Always,
))]
pub(crate) async fn audit_ledger(State(api): State<Arc<Api>>, caller: Caller, Params(p): Params<AuditParams>) -> Result<Json<Audit>, ApiError> {
    let instant = |field: &str, text: &str| text.parse::<Timestamp>().map_err(|e| ApiError::field(field, e.to_string()));
    let span = Span { from: instant("from", &p.from)?, until: instant("until", &p.until)? };
    if span.until < span.from || span.until.duration_since(span.from) > SignedDuration::from_hours(24 * MOST_DAYS) {
        return Err(ApiError::field("until", format!("is behind from, by {MOST_DAYS} days at most")));
    }
    let limit = p.limit.unwrap_or(ALERTS);
    if !(1..=MOST_ALERTS).contains(&limit) {
        return Err(ApiError::field("limit", format!("is 1 to {MOST_ALERTS}")));
    }
    let only = p.team.map(|t| t.parse::<TeamId>()).transpose().map_err(|e| ApiError::field("team", e.to_string()))?;
    let begin = p.after.as_deref().map(|a| cursor(a).ok_or_else(|| ApiError::field("after", "is `next` of the answer before"))).transpose()?;
    let mut teams = api.audit.teams().await?;
    teams.retain(|t| caller.may(Action::ReadIncidents, t) && only.as_ref().is_none_or(|o| o == t) && begin.as_ref().is_none_or(|(b, _)| b <= t));
    let mut left = teams.iter();
    let Some(team) = left.next() else { return Ok(Json(view(Audited::default(), None))) };
    let after = begin.filter(|(b, _)| b == team).and_then(|(_, after)| after);
    let audited = api.audit.team(team, span, after, limit).await?;
    let next = match audited.next {
        Some(last) => Some(format!("{team}/{}/{}", last.at, last.alert)),
        None => left.next().map(|t| format!("{t}/")),
    };
    Ok(Json(view(audited, next)))
}

/// `TEAM/` (its beginning) or `TEAM/INSTANT/ALERT` (behind that one).
fn cursor(text: &str) -> Option<(TeamId, Option<Received>)> {
    let (team, behind) = text.split_once('/')?;
    let team = team.parse().ok()?;
    if behind.is_empty() {
        return Some((team, None));
    }
    let (at, alert) = behind.split_once('/')?;
    Some((team, Some(Received { at: at.parse().ok()?, alert: alert.parse().ok()? })))
}

fn view(audited: Audited, next: Option<String>) -> Audit {
    Audit {
        holds: audited.violations.is_empty(),
        alerts: audited.alerts,
        events: audited.events,
        opened: audited.opened,
        joined: audited.joined,
        flooded: audited.flooded,
        kept: audited.kept,
        waiting: audited.waiting,
        lost: audited.lost,
        violations: audited.violations.into_iter().map(|violation| ViolationView { sentence: violation.to_string(), violation }).collect(),
        next,
    }
}
