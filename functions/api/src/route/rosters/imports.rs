//! Shifts that another calendar has.

use super::{asker, strange};
use crate::caller::{Body, Caller};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::change_roster::{Amend, AmendError, Amended};
use tocsin_domain::id::{IdError, ScheduleId, UserId};
use tocsin_domain::schedule::roster::Asked;
use tocsin_domain::schedule::{Change, Turn};
use utoipa::ToSchema;

/// Shifts of one import.
const MOST_IMPORTED: usize = 1000;

/// Shifts of a calendar.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportBody {
    /// All of them, 1000 at most; what was imported under the same name before and is missing here is taken back.
    #[schema(max_items = 1000)]
    shifts: Vec<ImportedShift>,
}

/// One shift of a calendar.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportedShift {
    /// The same for the same shift at every import.
    #[schema(min_length = 1, max_length = 300)]
    uid: String,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// Who is on call, beside whom the schedule says.
    #[schema(value_type = String)]
    user: UserId,
    /// For people; 200 characters at most.
    #[serde(default)]
    note: Option<String>,
}

/// What an import did.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportView {
    added: usize,
    removed: usize,
    kept: usize,
}

/// Makes the shifts that were imported under a name be exactly these. Importing the same again changes nothing; shifts that are over stay as they were.
#[utoipa::path(put, path = "/v1/schedules/{schedule}/imports/{source}", params(("schedule" = String, Path), ("source" = String, Path)),
    request_body = ImportBody, responses(
    (status = 200, body = ImportView),
    refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn import_shifts(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((schedule, source)): Path<(String, String)>,
    Body(body): Body<ImportBody>,
) -> Result<Json<ImportView>, ApiError> {
    let (schedule, asker) = asker(&api, &caller, &schedule).await?;
    if !asker.for_anybody {
        return Err(AmendError::Forbidden.into());
    }
    // A name as configured ids have.
    let source: ScheduleId = source.parse().map_err(|e: IdError| ApiError::field("source", e.to_string()))?;
    if body.shifts.len() > MOST_IMPORTED {
        return Err(ApiError::field("shifts", format!("are more than {MOST_IMPORTED}: import fewer days")));
    }
    let turn = |user| Turn(vec![user]);
    let asked = |s: ImportedShift| (s.uid, Asked { start: s.start, end: s.end, change: Change::Add { add: turn(s.user) }, note: s.note });
    match api.amend.run(&schedule.id, &Amend::Import(source.to_string(), body.shifts.into_iter().map(asked).collect()), &asker).await? {
        Amended::Imported { added, removed, kept } => Ok(Json(ImportView { added, removed, kept })),
        Amended::Override(_) | Amended::Swap(_) => Err(strange()),
    }
}
