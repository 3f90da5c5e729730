//! One command for many incidents: each is authorized, carried out and answered by itself.

use super::commands::{known, note, snooze};
use super::find;
use crate::caller::{Body, Caller, Key};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use crate::view::{BulkBody, BulkCommand, BulkResult, BulkResults, IncidentView};
use axum::Json;
use axum::extract::State;
use std::collections::BTreeSet;
use std::sync::Arc;
use tocsin_domain::access::Action;
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::command::Command;

/// Incidents of one request.
const MOST: usize = 250;
/// Incidents that are worked on together.
const AT_ONCE: usize = 16;

/// Does one thing to up to 250 incidents. The answer says what became of each; one that fails does not keep the others from it, and asking again is harmless.
#[utoipa::path(post, path = "/v1/incidents/bulk", params(
    ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters: a command that was carried out under this key in the last week is not carried out again")
), request_body = BulkBody, responses(
    (status = 200, body = BulkResults),
    refusal::Body, refusal::Always,
))]
pub(crate) async fn command_incidents(
    State(api): State<Arc<Api>>,
    caller: Caller,
    key: Key,
    Body(body): Body<BulkBody>,
) -> Result<Json<BulkResults>, ApiError> {
    if body.incidents.is_empty() || body.incidents.len() > MOST {
        return Err(ApiError::field("incidents", format!("has 1 to {MOST} incidents")));
    }
    let command = match body.command {
        BulkCommand::Acknowledge {} => Command::Acknowledge,
        BulkCommand::Unacknowledge {} => Command::Unacknowledge,
        BulkCommand::Resolve {} => Command::Resolve,
        BulkCommand::Reopen {} => Command::Reopen,
        BulkCommand::Escalate {} => Command::EscalateNow,
        BulkCommand::Note(body) => note(body)?,
        BulkCommand::Snooze(body) => snooze(&api, &body)?,
        BulkCommand::Reassign(body) => {
            known(&api, &body.to).await?;
            Command::Reassign(body.to)
        }
        BulkCommand::Priority(body) => Command::SetPriority(body.priority),
        BulkCommand::Urgency(body) => Command::SetUrgency(body.urgency),
    };
    let mut results = Vec::with_capacity(body.incidents.len());
    let mut seen: BTreeSet<IncidentId> = BTreeSet::new();
    for part in body.incidents.chunks(AT_ONCE) {
        let found = futures::future::join_all(part.iter().map(|reference| find(&api, &caller, reference, Action::RespondToIncidents))).await;
        let wanted = found.into_iter().map(|found| match found {
            Ok(i) if seen.insert(i.id) => Ok(i.id),
            Ok(_) => Err(ApiError::field("incidents", "names it twice: it is answered above")),
            Err(e) => Err(e),
        });
        let wanted: Vec<Result<IncidentId, ApiError>> = wanted.collect();
        let done = wanted.into_iter().map(|id| one(&api, &caller, &command, key.0.as_deref(), id));
        let done = futures::future::join_all(done).await;
        results.extend(part.iter().zip(done).map(|(reference, done)| match done {
            Ok(incident) => BulkResult { reference: reference.clone(), status: 200, incident: Some(incident), problem: None },
            Err(e) => {
                let problem = e.into_problem();
                BulkResult { reference: reference.clone(), status: problem.status, incident: None, problem: Some(problem) }
            }
        }));
    }
    Ok(Json(BulkResults { results }))
}

async fn one(api: &Api, caller: &Caller, command: &Command, key: Option<&str>, id: Result<IncidentId, ApiError>) -> Result<IncidentView, ApiError> {
    let may = |i: &tocsin_domain::incident::Incident| caller.may_see(Action::RespondToIncidents, i);
    let after = api.command.run_once(id?, command.clone(), key, &caller.actor(), may).await?;
    Ok(IncidentView::from(&after))
}
