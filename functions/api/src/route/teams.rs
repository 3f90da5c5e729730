//! One team's part of the configuration, for people who may see or change that team and not the whole deployment.
//!
//! Another team's part is not found, as is that of a team that is not there. What the part names of others is shown by name alone; what is hidden is answered like
//! what does not exist. A change of somebody else's part meanwhile is no conflict.

use super::configuration::{AppliedView, NotApplied, put_into_force};
use crate::caller::{Body, Caller};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::error::AppError;
use tocsin_domain::access::Action;
use tocsin_domain::access::change::authorize_change;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::part::{Names, join, names_of, part_of, problems_of};
use tocsin_domain::id::TeamId;
use tocsin_lambda::problem::{FieldError, Problem};
use utoipa::ToSchema;

/// Writers who changed somebody else's part meanwhile are given way to so often.
const TRIES: u32 = 4;

/// What a team owns.
#[derive(Serialize, ToSchema)]
#[schema(as = TeamConfiguration)]
pub(crate) struct Part {
    /// The version of the whole that it was read from.
    version: u64,
    team: String,
    /// The team, its schedules, policies, services, their heartbeats and maintenance windows, as in the configuration file.
    #[schema(value_type = Object)]
    configuration: Configuration,
    /// What it names and does not own: `users` (id, name, reachable), `teams`, `schedules`, `policies`, `services` (id, name).
    #[schema(value_type = Object)]
    names: Names,
}

/// What a team shall own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedPart {
    /// As it is read: nothing that is not the team's.
    #[schema(value_type = Object)]
    configuration: Configuration,
    /// The version that it was made from: refused if the team's part is another one by now. Without it the last writer wins.
    #[serde(default)]
    expected_version: Option<u64>,
}

/// A team of which the caller may do this. Of a team that they may not look at they learn nothing.
fn own(caller: &Caller, team: &str, configuration: &Configuration, action: Action) -> Result<TeamId, ApiError> {
    let found = team.parse::<TeamId>().ok().filter(|t| configuration.team(t).is_some() && caller.may(Action::ReadConfiguration, t));
    let team = found.ok_or_else(|| Problem::not_found("team of this id"))?;
    if caller.may(action, &team) { Ok(team) } else { Err(Problem::forbidden().into()) }
}

/// Reads what a team owns.
#[utoipa::path(get, path = "/v1/teams/{team}/configuration", params(("team" = String, Path)), responses(
    (status = 200, body = Part),
    refusal::NotFound, refusal::Always,
))]
pub(crate) async fn show_part(State(api): State<Arc<Api>>, caller: Caller, Path(team): Path<String>) -> Result<Json<Part>, ApiError> {
    let (version, whole) = api.configuration.current().await?;
    let id = own(&caller, &team, &whole, Action::ReadConfiguration)?;
    let configuration = part_of(&whole, &id).unwrap_or_default();
    let names = names_of(&whole, &configuration);
    Ok(Json(Part { version, team, configuration, names }))
}

/// Puts another part into force for a team. What it leaves out is removed; what others own stays as it is.
#[utoipa::path(put, path = "/v1/teams/{team}/configuration", params(("team" = String, Path)), request_body = WantedPart, responses(
    (status = 200, body = AppliedView),
    refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Conflict, refusal::Always,
))]
pub(crate) async fn apply_part(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(team): Path<String>,
    Body(wanted): Body<WantedPart>,
) -> Result<Json<AppliedView>, ApiError> {
    // Versions of others are theirs to read about.
    let moved = |current| ApiError::from(AppError::Moved { current: Some(current), meanwhile: Vec::new() });
    let mut tries = 0;
    loop {
        let (version, whole) = api.configuration.current().await?;
        let id = own(&caller, &team, &whole, Action::WriteConfiguration)?;
        if let Some(expected) = wanted.expected_version
            && part_of(&whole, &id).as_ref() != Some(&wanted.configuration)
            && !unmoved(&api, &id, expected, version, &whole).await?
        {
            return Err(moved(version));
        }
        let after = judged(&caller, &id, &whole, &wanted.configuration)?;
        tries += 1;
        match put_into_force(&api, &caller, &after, Some(version)).await {
            // Somebody else wrote: whether it was this team's part is looked at again.
            Err(NotApplied::App(AppError::Moved { .. })) if tries < TRIES => {}
            Err(NotApplied::App(AppError::Moved { current, .. })) => return Err(moved(current.unwrap_or(version))),
            Err(e) => return Err(e.into()),
            Ok(view) => return Ok(Json(view)),
        }
    }
}

/// Whether the team's part is still what it was in a version.
async fn unmoved(api: &Api, team: &TeamId, expected: u64, version: u64, whole: &Configuration) -> Result<bool, ApiError> {
    if expected >= version {
        return Ok(expected == version);
    }
    let then = api.configuration.version(expected).await?;
    Ok(part_of(&then, team) == part_of(whole, team))
}

/// The whole with the part in it, if it is valid and the caller's to write.
fn judged(caller: &Caller, team: &TeamId, whole: &Configuration, part: &Configuration) -> Result<Configuration, ApiError> {
    let field = |field: String, message| FieldError { field: format!("configuration.{field}"), message };
    let problems = problems_of(whole, team, part, |of| caller.may(Action::RespondToIncidents, of));
    if !problems.is_empty() {
        let errors = problems.into_iter().map(|p| {
            let message = p.suggestion.map_or_else(|| p.message.clone(), |s| format!("{} ({s})", p.message));
            if p.path == "configuration" { FieldError { field: p.path, message } } else { field(p.path, message) }
        });
        return Err(Problem::invalid(errors.collect()).into());
    }
    let Ok(joined) = join(whole, team, part) else { return Err(Problem::forbidden().into()) };
    let refused = authorize_change(&caller.0, whole, &joined.whole);
    if !refused.is_empty() {
        let errors = refused.into_iter().map(|r| field(r.field, r.reason));
        return Err(Problem { errors: errors.collect(), ..Problem::forbidden() }.into());
    }
    Ok(joined.whole)
}
