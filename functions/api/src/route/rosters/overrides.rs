//! Overrides: who is on call instead of, or beside, whom the schedule says.

use super::super::schedules::configured;
use super::{asker, strange};
use crate::caller::{Body, Caller, Params};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::change_roster::{Amend, Amended};
use tocsin_domain::access::Action;
use tocsin_domain::id::{OverrideId, UserId};
use tocsin_domain::schedule::Change;
use tocsin_domain::schedule::roster::{AdHoc, Asked, Origin};
use tocsin_lambda::problem::Problem;
use utoipa::{IntoParams, ToSchema};

/// Who is on call instead, or too. Either `with` (alone: instead of everybody; with `layer` or `person`: instead of these) or `add`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OverrideBody)]
pub(crate) struct OverrideBody {
    /// First instant (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// First instant no more.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// These people (an id, or a list of ids) answer.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    with: Option<serde_json::Value>,
    /// Only in this layer: its name, or its place from 1.
    #[serde(default)]
    layer: Option<String>,
    /// Only wherever this person would.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    person: Option<UserId>,
    /// These people (an id, or a list of ids) answer too.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    add: Option<serde_json::Value>,
    /// Why, for people; 200 characters at most.
    #[serde(default)]
    note: Option<String>,
}

impl OverrideBody {
    fn asked(self) -> Result<Asked, ApiError> {
        let mut change = serde_json::Map::new();
        for (field, value) in [("with", self.with), ("add", self.add)] {
            change.extend(value.filter(|v| !v.is_null()).map(|v| (field.to_owned(), v)));
        }
        change.extend(self.layer.map(|l| ("layer".to_owned(), l.into())));
        change.extend(self.person.map(|p| ("person".to_owned(), p.as_str().into())));
        let field = if change.contains_key("add") && !change.contains_key("with") { "add" } else { "with" };
        let change = serde_json::from_value::<Change>(change.into()).map_err(|e| ApiError::field(field, e.to_string()))?;
        Ok(Asked { start: self.start, end: self.end, change, note: self.note })
    }
}

/// A change of a schedule that was made at run time.
#[derive(Serialize, ToSchema)]
#[schema(as = Override)]
pub(crate) struct OverrideView {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// `with`, `layer`, `person`, `add`, as it was asked for.
    #[schema(value_type = Object)]
    change: Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Who made it.
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// asked, swap or import.
    origin: &'static str,
    /// Who took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_at: Option<Timestamp>,
}

impl From<AdHoc> for OverrideView {
    fn from(o: AdHoc) -> Self {
        let origin = match o.origin {
            Origin::Asked => "asked",
            Origin::Swap(_) => "swap",
            Origin::Import { .. } => "import",
        };
        let (removed_by, removed_at) = o.removed.map_or((None, None), |r| (Some(r.by.to_string()), Some(r.at)));
        Self {
            id: o.id.to_string(),
            start: o.start,
            end: o.end,
            change: o.change,
            note: o.note,
            by: o.by.to_string(),
            at: o.at,
            origin,
            removed_by,
            removed_at,
        }
    }
}

/// Overrides, oldest first; the newest wins.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverrideList {
    overrides: Vec<OverrideView>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PastParams {
    /// Also those that are over or were taken back (kept for 100 days).
    past: Option<bool>,
}

/// Lists the overrides of a schedule that were made at run time and are not over.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/overrides", params(("schedule" = String, Path), PastParams), responses(
    (status = 200, body = OverrideList),
    refusal::Invalid, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn list_overrides(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(schedule): Path<String>,
    Params(p): Params<PastParams>,
) -> Result<Json<OverrideList>, ApiError> {
    let schedule = configured(&api, &caller, &schedule, Action::ReadIncidents).await?;
    let now = api.command.clock.now();
    let roster = api.amend.roster(&schedule).await?;
    let all = p.past.unwrap_or(false);
    let shown = roster.overrides.into_iter().filter(|o| all || (o.removed.is_none() && o.end > now));
    Ok(Json(OverrideList { overrides: shown.map(OverrideView::from).collect() }))
}

/// Puts somebody on call instead of, or beside, whom the schedule says. The same override again is that override.
#[utoipa::path(post, path = "/v1/schedules/{schedule}/overrides", params(("schedule" = String, Path)), request_body = OverrideBody, responses(
    (status = 200, body = OverrideView),
    refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn add_override(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(schedule): Path<String>,
    Body(body): Body<OverrideBody>,
) -> Result<Json<OverrideView>, ApiError> {
    let (schedule, asker) = asker(&api, &caller, &schedule).await?;
    an_override(api.amend.run(&schedule.id, &Amend::Add(body.asked()?), &asker).await?)
}

/// Takes an override back. One that has begun ends now; one that is over stays as it was.
#[utoipa::path(delete, path = "/v1/schedules/{schedule}/overrides/{override}", params(("schedule" = String, Path), ("override" = String, Path)), responses(
    (status = 200, body = OverrideView),
    refusal::Forbidden, refusal::NotFound, refusal::Conflict, refusal::Always,
))]
pub(crate) async fn remove_override(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((schedule, id)): Path<(String, String)>,
) -> Result<Json<OverrideView>, ApiError> {
    let (schedule, asker) = asker(&api, &caller, &schedule).await?;
    let id: OverrideId = id.parse().map_err(|_| Problem::not_found("override of this id"))?;
    an_override(api.amend.run(&schedule.id, &Amend::Remove(id), &asker).await?)
}

fn an_override(amended: Amended) -> Result<Json<OverrideView>, ApiError> {
    match amended {
        Amended::Override(o) => Ok(Json(o.into())),
        Amended::Swap(_) | Amended::Imported { .. } => Err(strange()),
    }
}
