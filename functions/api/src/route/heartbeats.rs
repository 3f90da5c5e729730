//! Heartbeats: jobs that say that they are alive.

use crate::caller::Caller;
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;
use tocsin_app::keep_heartbeats::Listed;
use tocsin_domain::access::Action;
use tocsin_domain::heartbeat::Standing;
use utoipa::ToSchema;

/// Heartbeats and how they stand.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeartbeatList {
    heartbeats: Vec<HeartbeatView>,
}

/// A heartbeat.
#[derive(Serialize, ToSchema)]
#[schema(as = Heartbeat)]
pub(crate) struct HeartbeatView {
    id: String,
    name: String,
    team: String,
    service: String,
    interval_s: u32,
    grace_s: u32,
    severity: &'static str,
    /// Whether it stands in the configuration; else a sender made it at run time.
    configured: bool,
    /// off (switched off by the sender that made it), waiting (nobody has pinged it yet: it is not expected before its first ping), alive or missing.
    state: &'static str,
    /// The latest ping.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
    /// Missing from then on, unless it is pinged before.
    #[schema(value_type = Option<String>, format = DateTime)]
    expected_by: Option<Timestamp>,
}

impl From<Listed> for HeartbeatView {
    fn from(l: Listed) -> Self {
        let (state, expected_by) = match l.standing {
            Standing::Off => ("off", None),
            Standing::Waiting => ("waiting", None),
            Standing::Alive { until } => ("alive", Some(until)),
            Standing::Missing { since } => ("missing", Some(since)),
        };
        Self {
            id: l.heartbeat.id.to_string(),
            name: l.heartbeat.name,
            team: l.team.to_string(),
            service: l.heartbeat.service.to_string(),
            interval_s: l.heartbeat.interval_s,
            grace_s: l.heartbeat.grace_s,
            severity: l.heartbeat.severity.as_str(),
            configured: l.made.is_none(),
            state,
            last_at: l.beat.map(|b| b.last_at),
            expected_by,
        }
    }
}

/// Lists the heartbeats of the teams that the caller may see, and how they stand.
#[utoipa::path(get, path = "/v1/heartbeats", responses(
    (status = 200, body = HeartbeatList),
    refusal::Always,
))]
pub(crate) async fn list_heartbeats(State(api): State<Arc<Api>>, caller: Caller) -> Result<Json<HeartbeatList>, ApiError> {
    let listed = api.heartbeats.list().await?;
    Ok(Json(HeartbeatList { heartbeats: listed.into_iter().filter(|l| caller.may(Action::ReadIncidents, &l.team)).map(HeartbeatView::from).collect() }))
}
