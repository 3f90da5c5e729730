//! Whose turn comes next at levels whose targets take turns, for whoever foretells.

use crate::caller::Caller;
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use tocsin_domain::access::Action;
use utoipa::ToSchema;

/// Turns.
#[derive(Serialize, ToSchema)]
pub(crate) struct TurnList {
    turns: Vec<TurnView>,
}

/// The next turn at a level.
#[derive(Serialize, ToSchema)]
#[schema(as = Turn)]
pub(crate) struct TurnView {
    policy: String,
    /// From 1.
    level: u32,
    /// The next incident's turn, counted from 1 and on without end: with three who take turns 4 is the first one's again.
    turn: u64,
}

/// Tells whose turn comes next at each level whose targets take turns, in the policies of the teams that the caller may see. Draws nothing.
#[utoipa::path(get, path = "/v1/turns", responses(
    (status = 200, body = TurnList),
    refusal::Always,
))]
pub(crate) async fn list_turns(State(api): State<Arc<Api>>, caller: Caller) -> Result<Json<TurnList>, ApiError> {
    let (_, configuration) = api.configuration.current().await?;
    let seen = configuration.policies.iter().filter(|p| caller.may(Action::ReadIncidents, &p.team));
    let levels: Vec<_> = seen.flat_map(|p| (0..).zip(&p.levels).filter(|(_, l)| l.round_robin).map(|(level, _)| (p.id.clone(), level))).collect();
    let next = api.incidents.turns(&levels).await?;
    let turns = levels.iter().zip(next).map(|((policy, level), next)| TurnView { policy: policy.to_string(), level: level + 1, turn: next + 1 });
    Ok(Json(TurnList { turns: turns.collect() }))
}
