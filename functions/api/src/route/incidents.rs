//! Looking at incidents.

use super::find;
use crate::caller::{Caller, Params};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use crate::view::{AlertView, ChangeView, EntryView, GoneView, IncidentDetail, IncidentList, IncidentView};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use std::sync::Arc;
use tocsin_app::error::PortError;
use tocsin_app::ports::Which;
use tocsin_app::record_change::changes_before;
use tocsin_domain::access::Action;
use tocsin_domain::id::{IncidentId, TeamId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::gone::{Gone, gone};
use utoipa::IntoParams;

const MOST_LISTED: usize = 100;
/// Teams that are asked for at once.
const AT_ONCE: usize = 8;
const MOST_ENTRIES: usize = 1000;
const MOST_ALERTS: usize = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    /// open (the default), or resolved.
    #[param(pattern = "^(open|resolved)$")]
    status: Option<String>,
    /// Only this team's.
    team: Option<String>,
    /// 1 to 100; 50 where it is not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the answer before.
    after: Option<String>,
}

/// Lists incidents: open ones oldest first, resolved ones latest first.
#[utoipa::path(get, path = "/v1/incidents", params(ListParams), responses(
    (status = 200, body = IncidentList),
    refusal::Invalid, refusal::Always,
))]
pub(crate) async fn list_incidents(State(api): State<Arc<Api>>, caller: Caller, Params(p): Params<ListParams>) -> Result<Json<IncidentList>, ApiError> {
    let which = match p.status.as_deref() {
        None | Some("open") => Which::Open,
        Some("resolved") => Which::Resolved,
        Some(_) => return Err(ApiError::field("status", "is open or resolved")),
    };
    let limit = p.limit.unwrap_or(50);
    if !(1..=MOST_LISTED).contains(&limit) {
        return Err(ApiError::field("limit", "is 1 to 100"));
    }
    let after = p.after.map(|a| a.parse::<IncidentId>()).transpose().map_err(|e| ApiError::field("after", e.to_string()))?;
    let team = p.team.map(|t| t.parse::<TeamId>()).transpose().map_err(|e| ApiError::field("team", e.to_string()))?;
    let (version, configuration) = api.configuration.current().await?;
    let mut teams: Vec<TeamId> = configuration.teams.iter().map(|t| t.id.clone()).collect();
    // A team that was taken away leaves its incidents behind. Nobody is on it any more: whoever may read all teams looks after them.
    if caller.0.grants.iter().any(|g| g.team.is_none()) {
        teams.extend(api.configuration.gone_teams(version).await?.iter().cloned());
    }
    teams.retain(|t| team.as_ref().is_none_or(|only| only == t) && caller.may(Action::ReadIncidents, t));
    let mut found: Vec<Incident> = Vec::new();
    for part in teams.chunks(AT_ONCE) {
        let asked = part.iter().map(|team| api.incidents.incidents_of(team, which, after, limit + 1));
        found.extend(futures::future::try_join_all(asked).await?.into_iter().flatten());
    }
    match which {
        Which::Open => found.sort_by_key(|i| i.id),
        Which::Resolved => found.sort_by_key(|i| std::cmp::Reverse(i.id)),
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|i| i.id.to_string());
    Ok(Json(IncidentList { incidents: found.iter().map(IncidentView::from).collect(), next }))
}

/// Shows an incident with its timeline and alerts.
#[utoipa::path(get, path = "/v1/incidents/{incident}", params(("incident" = String, Path, description = "Id or number")), responses(
    (status = 200, body = IncidentDetail),
    refusal::NotFound, refusal::Always,
))]
pub(crate) async fn show_incident(State(api): State<Arc<Api>>, caller: Caller, Path(reference): Path<String>) -> Result<Json<IncidentDetail>, ApiError> {
    let incident = find(&api, &caller, &reference, Action::ReadIncidents).await?;
    let timeline = api.incidents.timeline(incident.id, 0, MOST_ENTRIES).await?;
    let ids = api.alerts.alerts_of(incident.id, None, MOST_ALERTS).await?;
    let mut alerts = api.alerts.alerts(&ids).await?;
    // What has moved to another incident is shown there.
    alerts.retain(|a| a.incident == Some(incident.id));
    let changes = changes_before(api.changes.as_ref(), &incident.service, incident.opened_at).await?;
    Ok(Json(IncidentDetail {
        incident: IncidentView::from(&incident),
        timeline: timeline.iter().map(EntryView::from).collect(),
        alerts: alerts.iter().map(AlertView::from).collect(),
        changes: changes.iter().map(ChangeView::from).collect(),
        gone: gone_of(&api, &incident).await?.into_iter().map(GoneView::from).collect(),
    }))
}

/// What it refers to and the configuration does not have any more. The version that it began with is read where another one is in force; where that is damaged, the
/// incident is shown all the same, without names.
pub(super) async fn gone_of(api: &Api, incident: &Incident) -> Result<Vec<Gone>, ApiError> {
    let (version, current) = api.configuration.current().await?;
    if version == incident.config_version {
        return Ok(gone(incident, &current, &current));
    }
    let pinned = match api.configuration.version(incident.config_version).await {
        Ok(pinned) => pinned,
        Err(PortError::Final { reason, .. }) => {
            tracing::error!(incident = %incident.id, version = incident.config_version, reason, "the configuration of an incident can not be read");
            Arc::default()
        }
        Err(e @ (PortError::Transient { .. } | PortError::Throttled { .. })) => return Err(e.into()),
    };
    Ok(gone(incident, &pinned, &current))
}
