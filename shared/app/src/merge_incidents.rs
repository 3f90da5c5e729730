//! Several incidents are one: the others become part of it. Nobody is paged for them any more, and their alerts follow by themselves.
//!
//! Called by: `api`. Each source and the target change in one write, so that two merges in opposite directions can not both succeed.

use crate::change::Change;
use crate::error::{AppError, WriteError};
use crate::ports::{Clock, IncidentStore};
use std::sync::Arc;
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::timeline::Actor;

/// How often a merge that meets other writers is tried again.
const TRIES: u32 = 16;

/// The use case.
#[derive(Clone)]
pub struct MergeIncidents {
    /// Incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl MergeIncidents {
    /// Merges `sources` into `target`, one after the other; the answer is the target as it is now. Asked twice, the second time changes nothing.
    /// `allowed` sees each incident first: where it says no, there is none for this caller.
    pub async fn run(
        &self,
        target: IncidentId,
        sources: &[IncidentId],
        by: &Actor,
        allowed: impl Fn(&Incident) -> bool + Send + Sync,
    ) -> Result<Incident, AppError> {
        if let Some(at) = sources.iter().position(|s| *s == target) {
            return Err(AppError::Invalid { field: format!("sources[{at}]"), reason: "is the incident itself".to_owned() });
        }
        for source in sources {
            self.one(target, *source, by, &allowed).await?;
        }
        self.read(target, &allowed).await
    }

    async fn read(&self, id: IncidentId, allowed: &(impl Fn(&Incident) -> bool + Send + Sync)) -> Result<Incident, AppError> {
        self.incidents.incident(id).await?.filter(|i| allowed(i)).ok_or_else(|| AppError::NotFound { what: format!("incident {id}") })
    }

    async fn one(&self, target: IncidentId, source: IncidentId, by: &Actor, allowed: &(impl Fn(&Incident) -> bool + Send + Sync)) -> Result<(), AppError> {
        for _ in 0..TRIES {
            let (into, from) = (self.read(target, allowed).await?, self.read(source, allowed).await?);
            let now = self.clock.now();
            let status = into.status.as_str();
            let (mut gives, mut takes) = (Change::of(from), Change::of(into));
            let told = gives.incident().merge_into(takes.incident(), by, now).map_err(|reason| AppError::Rejected { reason, status })?;
            if told.from.is_empty() {
                return Ok(());
            }
            gives.tell(by, told.from);
            takes.tell(by, told.to);
            match self.incidents.commit_both(&gives.commit(now), &takes.commit(now)).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("incident {source}") })
    }
}
