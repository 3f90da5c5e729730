//! One incident is two: chosen alerts become an incident of their own, whose escalation begins.
//!
//! Called by: `api`. One write; asked twice, the second time finds the alerts where they went.

use crate::change::Change;
use crate::error::{AppError, WriteError};
use crate::ports::{AlertMoved, AlertStore, Clock, IdSource, IncidentStore};
use std::sync::Arc;
use tocsin_domain::alert::{Alert, AlertState, Severity};
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::merge::MOST_SPLIT;
use tocsin_domain::incident::timeline::Actor;

/// How often a split that meets other writers is tried again.
const TRIES: u32 = 16;

/// The use case.
#[derive(Clone)]
pub struct SplitIncident {
    /// Incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// Alerts.
    pub alerts: Arc<dyn AlertStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdSource>,
}

impl SplitIncident {
    /// Splits `alerts` off `id`; the answer is the new incident. `allowed` sees the incident first: where it says no, there is none for this caller.
    pub async fn run(
        &self,
        id: IncidentId,
        alerts: &[AlertId],
        title: Option<&str>,
        by: &Actor,
        allowed: impl Fn(&Incident) -> bool + Send + Sync,
    ) -> Result<Incident, AppError> {
        let mut wanted = alerts.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() || wanted.len() > MOST_SPLIT {
            return Err(AppError::Invalid { field: "alerts".to_owned(), reason: format!("has 1 to {MOST_SPLIT} alerts") });
        }
        for _ in 0..TRIES {
            let source = self.incidents.incident(id).await?.filter(|i| allowed(i)).ok_or_else(|| AppError::NotFound { what: format!("incident {id}") })?;
            let found = self.alerts.alerts(&wanted).await?;
            if let Some(done) = self.done(id, &wanted, &found).await? {
                return Ok(done);
            }
            for alert in &wanted {
                let theirs = found.iter().find(|a| a.id == *alert && a.incident == Some(id));
                let at = alerts.iter().position(|a| a == alert).unwrap_or(0);
                let wrong = |reason: &str| Err(AppError::Invalid { field: format!("alerts[{at}]"), reason: reason.to_owned() });
                match theirs {
                    None => return wrong("is not an alert of this incident"),
                    Some(a) if a.state != AlertState::Open => return wrong("is resolved: only alerts that go on are split off"),
                    Some(_) => {}
                }
            }
            let now = self.clock.now();
            let status = source.status.as_str();
            let moving: Vec<(AlertId, Severity)> = found.iter().map(|a| (a.id, a.severity)).collect();
            let title = title.map_or_else(|| found.first().map_or_else(|| source.title.clone(), |a| clean(&a.event.summary)), clean);
            let title = if title.is_empty() { source.title.clone() } else { title };
            let mut gives = Change::of(source);
            let new = IncidentId::new(self.ids.ulid(now));
            // A number that is not used leaves a gap: ask for it only once it is clear that there is something to do.
            let mut trial = gives.incident().clone();
            trial.split(new, 0, title.clone(), &moving, now).map_err(|reason| AppError::Rejected { reason, status })?;
            let number = self.incidents.next_number().await?;
            let (new, told) = gives.incident().split(new, number, title, &moving, now).map_err(|reason| AppError::Rejected { reason, status })?;
            let mut takes = Change::opening(new);
            gives.tell(by, told.from);
            takes.tell(by, told.to);
            takes.take_over(found.iter().map(|a| AlertMoved { alert: a.id, seq: a.seq, from: id }).collect());
            let taken = takes.commit(now);
            match self.incidents.commit_both(&gives.commit(now), &taken).await {
                Ok(()) => return Ok(taken.incident),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("incident {id}") })
    }

    /// The incident that all of these alerts were split off into before.
    async fn done(&self, id: IncidentId, wanted: &[AlertId], found: &[Alert]) -> Result<Option<Incident>, AppError> {
        let Some(elsewhere) = found.first().and_then(|a| a.incident).filter(|i| *i != id) else { return Ok(None) };
        if found.len() < wanted.len() || found.iter().any(|a| a.incident != Some(elsewhere)) {
            return Ok(None);
        }
        Ok(self.incidents.incident(elsewhere).await?.filter(|i| i.split_from == Some(id)))
    }
}

fn clean(text: &str) -> String {
    tocsin_domain::notification::message::clean(text)
}
