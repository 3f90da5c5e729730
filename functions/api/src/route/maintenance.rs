//! Maintenance windows at run time: start or plan one, see which there are, end one early or call it off.

use crate::caller::{Body, Caller, Key, Params};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::keep_maintenance::Start;
use tocsin_domain::access::Action;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::{MaintenanceId, ServiceId, TeamId};
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_lambda::problem::Problem;
use utoipa::{IntoParams, ToSchema};

/// A window to start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaintenanceBody {
    /// Services whose alerts page nobody meanwhile.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    services: Vec<ServiceId>,
    /// All services of these teams.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    teams: Vec<TeamId>,
    /// Why, for people; 200 characters at most.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// First instant (RFC 3339); now where it is not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Timestamp>,
    /// First instant no more; 30 days behind the start at most. Either this or `duration_s`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    end: Option<Timestamp>,
    /// For so many seconds.
    #[serde(default)]
    duration_s: Option<u32>,
}

/// A maintenance window: alerts of its services are recorded and page nobody; those that are open at its end page then.
#[derive(Serialize, ToSchema)]
#[schema(as = Maintenance)]
pub(crate) struct MaintenanceView {
    id: String,
    /// The team that owns it.
    team: String,
    reason: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
    /// All services of these teams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    teams: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// planned, active, over or called_off.
    state: &'static str,
    /// Whether it is an occurrence of a window of the configuration.
    configured: bool,
    /// Who started it.
    by: String,
    /// When it was asked for; none of the configuration's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<String>,
}

fn view(run: &MaintenanceRun, now: Timestamp) -> MaintenanceView {
    MaintenanceView {
        id: run.id.to_string(),
        team: run.team.to_string(),
        reason: run.reason.clone(),
        services: run.services.iter().map(ToString::to_string).collect(),
        teams: run.teams.iter().map(ToString::to_string).collect(),
        start: run.start,
        end: run.end,
        state: run.standing(now).as_str(),
        configured: run.configured,
        by: if run.configured { "configuration".to_owned() } else { run.by.to_string() },
        at: run.at,
        ended_at: run.ended_at,
        ended_by: run.ended_by.as_ref().map(ToString::to_string),
    }
}

/// Windows, by their beginning.
#[derive(Serialize, ToSchema)]
pub(crate) struct MaintenanceList {
    windows: Vec<MaintenanceView>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaintenancePastParams {
    /// Also those that are over or were called off (kept for 30 days; configured ones where they were ended early).
    past: Option<bool>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OccurrenceParams {
    /// The beginning of the occurrence that is meant (RFC 3339), of a window that comes back; the one that goes on where it is not given.
    #[param(value_type = Option<String>, format = DateTime)]
    start: Option<String>,
}

/// Lists the maintenance windows that go on or are to come, of the services and teams that the caller may see: those that were started, and the present and next
/// occurrences of those of the configuration.
#[utoipa::path(get, path = "/v1/maintenance", params(MaintenancePastParams), responses(
    (status = 200, body = MaintenanceList),
    refusal::Invalid, refusal::Always,
))]
pub(crate) async fn list_maintenance(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Params(p): Params<MaintenancePastParams>,
) -> Result<Json<MaintenanceList>, ApiError> {
    let (_, configuration) = api.configuration.current().await?;
    let now = api.command.clock.now();
    let windows = api.maintenance.list(p.past.unwrap_or(false)).await?;
    Ok(Json(MaintenanceList { windows: windows.iter().filter(|w| may_see(&caller, &configuration, w)).map(|w| view(w, now)).collect() }))
}

/// Starts a maintenance window, or plans one. Needs the role responder in each team that it concerns. The same window again is that window.
#[utoipa::path(post, path = "/v1/maintenance", params(
    ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters: a window that the caller started under this key is answered again")
), request_body = MaintenanceBody, responses(
    (status = 200, body = MaintenanceView),
    refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn start_maintenance(
    State(api): State<Arc<Api>>,
    caller: Caller,
    key: Key,
    Body(body): Body<MaintenanceBody>,
) -> Result<Json<MaintenanceView>, ApiError> {
    let (_, configuration) = api.configuration.current().await?;
    let now = api.command.clock.now();
    let team = owner(&caller, &configuration, &body)?;
    let start = body.start.unwrap_or(now);
    let end = match (body.end, body.duration_s) {
        (Some(end), None) => end,
        (None, Some(s)) => start.checked_add(SignedDuration::from_secs(i64::from(s))).map_err(|_| ApiError::field("duration_s", "is too long"))?,
        (Some(_), Some(_)) | (None, None) => return Err(ApiError::field("end", "give either end or duration_s")),
    };
    let MaintenanceBody { services, teams, reason, .. } = body;
    let run = api.maintenance.start(Start { services, teams, team, reason, start, end }, key.0.as_deref(), &caller.actor()).await?;
    tracing::info!(window = %run.id, by = %caller.actor(), "maintenance started or planned");
    Ok(Json(view(&run, now)))
}

/// Shows a maintenance window: as it goes on or, where it does not, as it comes next, or as it was last.
#[utoipa::path(get, path = "/v1/maintenance/{window}", params(("window" = String, Path)), responses(
    (status = 200, body = MaintenanceView),
    refusal::NotFound, refusal::Always,
))]
pub(crate) async fn show_maintenance(State(api): State<Arc<Api>>, caller: Caller, Path(window): Path<String>) -> Result<Json<MaintenanceView>, ApiError> {
    let (_, configuration) = api.configuration.current().await?;
    let run = find(&api, &caller, &configuration, &window).await?;
    Ok(Json(view(&run, api.command.clock.now())))
}

/// Ends a maintenance window now, or calls it off before it begins. Alerts that it kept and that are still open page at once. Ended again changes nothing.
#[utoipa::path(delete, path = "/v1/maintenance/{window}", params(("window" = String, Path), OccurrenceParams), responses(
    (status = 200, body = MaintenanceView),
    refusal::Invalid, refusal::Forbidden, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn end_maintenance(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(window): Path<String>,
    Params(p): Params<OccurrenceParams>,
) -> Result<Json<MaintenanceView>, ApiError> {
    let start = p.start.as_deref().map(str::parse::<Timestamp>).transpose().map_err(|e| ApiError::field("start", e.to_string()))?;
    let (_, configuration) = api.configuration.current().await?;
    let run = find(&api, &caller, &configuration, &window).await?;
    // Whoever is kept from pages by it may want them back: it takes the right in each team.
    if !run.concerns(&configuration).iter().all(|t| caller.may(Action::RespondToIncidents, t)) {
        return Err(Problem::forbidden().into());
    }
    let ended = api.maintenance.end(&run.id, start, &caller.actor()).await?;
    tracing::info!(window = %ended.id, by = %caller.actor(), "maintenance ended or called off");
    Ok(Json(view(&ended, api.command.clock.now())))
}

fn may_see(caller: &Caller, configuration: &Configuration, run: &MaintenanceRun) -> bool {
    run.concerns(configuration).iter().any(|t| caller.may(Action::ReadIncidents, t))
}

/// The window behind an id. One of other teams only is not found.
async fn find(api: &Api, caller: &Caller, configuration: &Configuration, reference: &str) -> Result<MaintenanceRun, ApiError> {
    let not_found = || ApiError::from(Problem::not_found("maintenance window of this id"));
    let id: MaintenanceId = reference.parse().map_err(|_| not_found())?;
    let run = api.maintenance.get(&id).await?;
    if may_see(caller, configuration, &run) { Ok(run) } else { Err(not_found()) }
}

/// The team that owns a window: that of the first service or team that it names. Each of them has to be there, and to let the caller.
fn owner(caller: &Caller, configuration: &Configuration, body: &MaintenanceBody) -> Result<TeamId, ApiError> {
    let of_services = body.services.iter().map(|id| (format!("service {id}"), configuration.service(id).map(|s| &s.team)));
    let of_teams = body.teams.iter().map(|id| (format!("team {id}"), configuration.team(id).map(|t| &t.id)));
    let mut owner = None;
    let mut allowed = true;
    for (what, team) in of_services.chain(of_teams) {
        let seen = team.filter(|t| caller.may(Action::ReadIncidents, t)).ok_or_else(|| Problem::not_found(&what))?;
        allowed &= caller.may(Action::RespondToIncidents, seen);
        owner.get_or_insert(seen);
    }
    if !allowed {
        return Err(Problem::forbidden().into());
    }
    owner.cloned().ok_or_else(|| ApiError::field("services", "name services, or teams"))
}
