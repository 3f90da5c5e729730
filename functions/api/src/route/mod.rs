//! Routes, a file a subject; handlers are named `<verb>_<subject>`.

pub(crate) mod bulk;
pub(crate) mod commands;
pub(crate) mod configuration;
pub(crate) mod contacts;
pub(crate) mod doctor;
pub(crate) mod feeds;
pub(crate) mod heartbeats;
pub(crate) mod history;
pub(crate) mod incidents;
pub(crate) mod ledger;
pub(crate) mod links;
pub(crate) mod maintenance;
pub(crate) mod merges;
pub(crate) mod on_call;
pub(crate) mod people;
pub(crate) mod rosters;
pub(crate) mod schedules;
pub(crate) mod teams;
pub(crate) mod turns;

use crate::caller::Caller;
use crate::error::ApiError;
use crate::state::Api;
use tocsin_domain::access::Action;
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::Incident;
use tocsin_lambda::problem::Problem;

/// The incident behind an id or a number. Another team's is not found.
pub(crate) async fn find(api: &Api, caller: &Caller, reference: &str, action: Action) -> Result<Incident, ApiError> {
    let not_found = || ApiError::from(Problem::not_found(&format!("incident {}", tocsin_domain::notification::message::cut(reference, 40, "..."))));
    let id = match reference.strip_prefix('#').unwrap_or(reference).parse::<u64>() {
        Ok(number) => api.incidents.incident_numbered(number).await?,
        Err(_) => reference.parse::<IncidentId>().ok(),
    };
    let incident = api.incidents.incident(id.ok_or_else(not_found)?).await?.ok_or_else(not_found)?;
    if !caller.may_see(Action::ReadIncidents, &incident) {
        return Err(not_found());
    }
    if !caller.may_see(action, &incident) {
        return Err(Problem::forbidden().into());
    }
    Ok(incident)
}
