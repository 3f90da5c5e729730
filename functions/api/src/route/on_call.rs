//! Who is on call.

use crate::caller::Caller;
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use crate::view::{OnCallList, OnCallPerson, OnCallSchedule};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;
use tocsin_domain::access::Action;

/// Who is on call now, in each schedule that the caller may see, and why.
#[utoipa::path(get, path = "/v1/oncall", responses(
    (status = 200, body = OnCallList),
    refusal::Always,
))]
pub(crate) async fn who_is_on_call(State(api): State<Arc<Api>>, caller: Caller) -> Result<Json<OnCallList>, ApiError> {
    let (_, configuration) = api.rosters.current_all().await?;
    let at = api.command.clock.now();
    let schedules = configuration
        .schedules
        .iter()
        .filter(|s| caller.may(Action::ReadIncidents, &s.team))
        .map(|s| OnCallSchedule {
            schedule: s.id.to_string(),
            team: s.team.to_string(),
            on_call: s
                .on_call(at)
                .into_iter()
                .map(|o| OnCallPerson {
                    name: configuration.user(&o.user).map_or_else(|| o.user.to_string(), |u| u.name.clone()),
                    user: o.user.to_string(),
                    reason: o.reason,
                })
                .collect(),
        })
        .collect();
    Ok(Json(OnCallList { at, schedules }))
}
