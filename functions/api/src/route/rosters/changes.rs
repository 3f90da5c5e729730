//! The record of who changed a schedule at run time.

use super::super::schedules::configured;
use crate::caller::{Caller, Params};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::ports::{RosterChange, RosterRecord};
use tocsin_domain::access::Action;
use utoipa::{IntoParams, ToSchema};

/// Who changed a schedule at run time.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeList {
    changes: Vec<ChangeView>,
    /// For `before`; none at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// One change.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleChange)]
pub(crate) struct ChangeView {
    revision: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
    /// added, removed, offered, accepted, declined, withdrawn or imported, with what.
    #[schema(value_type = Object)]
    what: RosterChange,
}

impl From<RosterRecord> for ChangeView {
    fn from(r: RosterRecord) -> Self {
        Self { revision: r.revision, at: r.at, by: r.by.to_string(), what: r.what }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeParams {
    /// 1 to 100; 50 where it is not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the answer before.
    before: Option<u64>,
}

/// Lists who changed a schedule at run time, when and how: latest first, kept for 400 days.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/changes", params(("schedule" = String, Path), ChangeParams), responses(
    (status = 200, body = ChangeList),
    refusal::Invalid, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn list_changes(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(schedule): Path<String>,
    Params(p): Params<ChangeParams>,
) -> Result<Json<ChangeList>, ApiError> {
    let schedule = configured(&api, &caller, &schedule, Action::ReadIncidents).await?;
    let limit = p.limit.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::field("limit", "is 1 to 100"));
    }
    let changes: Vec<ChangeView> = api.amend.records(&schedule.id, p.before, limit).await?.into_iter().map(ChangeView::from).collect();
    let next = changes.last().filter(|c| changes.len() == limit && c.revision > 1).map(|c| c.revision);
    Ok(Json(ChangeList { changes, next }))
}
