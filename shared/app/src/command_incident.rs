//! What people ask of an incident: acknowledge, resolve, note, snooze, reassign, escalate now.
//!
//! Called by: `api`, and acknowledge links. Each command and its timeline entry are one write; all effects follow from the stream.

use crate::change::Change;
use crate::error::{AppError, WriteError};
use crate::ports::{Clock, IncidentStore, SecretHash};
use std::sync::Arc;
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;

/// How often a command that meets other writers is tried again: an acknowledgement must not lose against a row of claims.
const TRIES: u32 = 16;

/// The use case.
#[derive(Clone)]
pub struct CommandIncident {
    /// Incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl CommandIncident {
    /// Applies a command; the answer is the incident as it is now. Asked twice, the second time changes nothing.
    /// `allowed` sees the incident first: where it says no, there is none for this caller.
    pub async fn run(&self, id: IncidentId, command: Command, by: &Actor, allowed: impl Fn(&Incident) -> bool + Send + Sync) -> Result<Incident, AppError> {
        self.run_once(id, command, None, by, allowed).await
    }

    /// The same, with a name that the caller gives the command: one that was carried out under it before is not carried out again.
    pub async fn run_once(
        &self,
        id: IncidentId,
        command: Command,
        key: Option<&str>,
        by: &Actor,
        allowed: impl Fn(&Incident) -> bool + Send + Sync,
    ) -> Result<Incident, AppError> {
        let once = key.map(|key| SecretHash::of(&format!("{}\n{key}", command.name())));
        let not_found = || AppError::NotFound { what: format!("incident {id}") };
        for _ in 0..TRIES {
            let incident = self.incidents.incident(id).await?.filter(|i| allowed(i)).ok_or_else(not_found)?;
            let now = self.clock.now();
            let status = incident.status.as_str();
            let mut change = Change::of(incident);
            let whats = match change.incident().apply(command.clone(), by, now) {
                Ok(whats) => whats,
                Err(reason) => match &once {
                    // Carried out before, and not possible any more: that is no reason to say that it was not.
                    Some(once) if self.incidents.done_before(id, once, now).await? => return Ok(change.incident().clone()),
                    Some(_) | None => return Err(AppError::Rejected { reason, status }),
                },
            };
            change.tell(by, whats);
            if change.is_empty() {
                return Ok(change.incident().clone());
            }
            change.once(once.clone());
            let commit = change.commit(now);
            match self.incidents.commit(&commit).await {
                Ok(()) => return Ok(commit.incident),
                Err(WriteError::Conflict) => {
                    if let Some(once) = &once
                        && self.incidents.done_before(id, once, now).await?
                    {
                        return self.incidents.incident(id).await?.filter(|i| allowed(i)).ok_or_else(not_found);
                    }
                }
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("incident {id}") })
    }
}
