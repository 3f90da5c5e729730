//! Two incidents that are one, and one that is two.

use super::find;
use crate::caller::{Body, Caller};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use crate::view::{IncidentView, MergeBody, SplitBody};
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;
use tocsin_domain::access::Action;
use tocsin_domain::incident::merge::MOST_SPLIT;

/// Incidents that are merged in one request.
const MOST_SOURCES: usize = 50;
/// Characters of a title.
const MOST_TITLE_CHARS: usize = 1024;

/// Makes other open incidents part of this one. They are over by themselves, nobody is paged for them any more, and their alerts follow, with all that their senders will say.
#[utoipa::path(post, path = "/v1/incidents/{incident}/merge", params(("incident" = String, Path, description = "Id or number")), request_body = MergeBody, responses(
    (status = 200, body = IncidentView),
    refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Conflict, refusal::Always,
))]
pub(crate) async fn merge_incidents(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(reference): Path<String>,
    Body(body): Body<MergeBody>,
) -> Result<Json<IncidentView>, ApiError> {
    let target = find(&api, &caller, &reference, Action::RespondToIncidents).await?;
    if body.sources.is_empty() || body.sources.len() > MOST_SOURCES {
        return Err(ApiError::field("sources", format!("has 1 to {MOST_SOURCES} incidents")));
    }
    let mut sources = Vec::with_capacity(body.sources.len());
    for source in &body.sources {
        sources.push(find(&api, &caller, source, Action::RespondToIncidents).await?.id);
    }
    let after = api.merge.run(target.id, &sources, &caller.actor(), |i| caller.may_see(Action::RespondToIncidents, i)).await?;
    Ok(Json(IncidentView::from(&after)))
}

/// Splits alerts off into an incident of their own, with the same service, policy and version of the configuration, whose escalation begins. The answer is the new incident.
#[utoipa::path(post, path = "/v1/incidents/{incident}/split", params(("incident" = String, Path, description = "Id or number")), request_body = SplitBody, responses(
    (status = 200, body = IncidentView),
    refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Conflict, refusal::Always,
))]
pub(crate) async fn split_incident(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(reference): Path<String>,
    Body(body): Body<SplitBody>,
) -> Result<Json<IncidentView>, ApiError> {
    let source = find(&api, &caller, &reference, Action::RespondToIncidents).await?;
    if body.alerts.is_empty() || body.alerts.len() > MOST_SPLIT {
        return Err(ApiError::field("alerts", format!("has 1 to {MOST_SPLIT} alerts")));
    }
    if body.title.as_ref().is_some_and(|t| t.chars().count() > MOST_TITLE_CHARS) {
        return Err(ApiError::field("title", format!("has at most {MOST_TITLE_CHARS} characters")));
    }
    let may = |i: &tocsin_domain::incident::Incident| caller.may_see(Action::RespondToIncidents, i);
    let new = api.split.run(source.id, &body.alerts, body.title.as_deref(), &caller.actor(), may).await?;
    Ok(Json(IncidentView::from(&new)))
}
