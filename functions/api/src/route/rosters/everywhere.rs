//! What people changed at run time about all schedules, for programs that lay it over a configuration themselves: in one request, not one a schedule.

use super::overrides::OverrideView;
use crate::caller::{Caller, Params};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_domain::access::Action;
use tocsin_domain::id::ScheduleId;
use utoipa::{IntoParams, ToSchema};

/// Schedules of one answer.
const MOST_SCHEDULES: usize = 100;
/// Overrides of one answer, but for the last schedule's, which are never cut.
const MOST_OVERRIDES: usize = 2000;

/// Overrides of all schedules that the caller may see, those included that swaps and imports made.
#[derive(Serialize, ToSchema)]
pub(crate) struct AllOverrides {
    /// By id, those without overrides too.
    schedules: Vec<OverridesOf>,
    /// For `after`; none at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Overrides of one schedule.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverridesOf {
    schedule: String,
    team: String,
    /// In the order in which they were made; the newest wins. What was taken back before it began is left out; taken back later, it ends then.
    overrides: Vec<OverrideView>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllOverridesParams {
    /// Those that end later than this instant (RFC 3339); now where it is not given. They are kept for 100 days after their end.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// `next` of the answer before.
    #[param(value_type = Option<String>)]
    after: Option<ScheduleId>,
}

/// Lists the overrides of all schedules that the caller may see and that are in force, as levels find them.
#[utoipa::path(get, path = "/v1/overrides", params(AllOverridesParams), responses(
    (status = 200, body = AllOverrides),
    refusal::Invalid, refusal::Always,
))]
pub(crate) async fn list_all_overrides(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Params(p): Params<AllOverridesParams>,
) -> Result<Json<AllOverrides>, ApiError> {
    let (_, configuration) = api.configuration.current().await?;
    let from = p.from.unwrap_or_else(|| api.command.clock.now());
    let seen = configuration.schedules.iter().filter(|s| caller.may(Action::ReadIncidents, &s.team));
    let mut asked: Vec<_> = seen.filter(|s| p.after.as_ref().is_none_or(|after| s.id > *after)).collect();
    asked.sort_by(|a, b| a.id.cmp(&b.id));
    let more = asked.len() > MOST_SCHEDULES;
    asked.truncate(MOST_SCHEDULES);
    let mut rosters = api.rosters.rosters(&asked.iter().map(|s| s.id.clone()).collect::<Vec<_>>()).await?;
    let (mut schedules, mut told) = (Vec::new(), 0);
    for schedule in &asked {
        if told >= MOST_OVERRIDES {
            break;
        }
        let roster = rosters.iter().position(|r| r.schedule == schedule.id).map(|i| rosters.swap_remove(i));
        let overrides: Vec<OverrideView> =
            roster.into_iter().flat_map(|r| r.overrides).filter(|o| o.counts() && o.end > from).map(OverrideView::from).collect();
        told += overrides.len();
        schedules.push(OverridesOf { schedule: schedule.id.to_string(), team: schedule.team.to_string(), overrides });
    }
    let next = schedules.last().filter(|_| more || schedules.len() < asked.len()).map(|s| s.schedule.clone());
    Ok(Json(AllOverrides { schedules, next }))
}
