//! Keeps the incident's clock: starts the execution of its present attempt, stops the one before, and closes the alerts of an incident that a person resolved.
//!
//! Called by: `incident` (from the incident's own stream record) and `sweep`. Everything here may happen twice.

use crate::change::Change;
use crate::error::{AppError, WriteError};
use crate::ports::{AlertStore, Clock, Clocks, Hold, HoldPlace, IdSource, IncidentStore, succession};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::sync::Arc;
use tocsin_domain::alert::AlertState;
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::{Incident, Status};

/// Alerts that are read at once.
const PAGE: usize = 100;
/// Alerts that are closed at the same time: one after the other, a few thousand would take longer than the function may.
const AT_ONCE: usize = 16;
/// How often a write that met another one is decided again.
const TRIES: u32 = 8;

/// The use case.
#[derive(Clone)]
pub struct KeepClock {
    /// Incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// Alerts.
    pub alerts: Arc<dyn AlertStore>,
    /// Executions.
    pub clocks: Arc<dyn Clocks>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdSource>,
}

impl KeepClock {
    /// Brings executions and alerts in line with the incident as it is now.
    pub async fn run(&self, id: IncidentId) -> Result<(), AppError> {
        let Some(incident) = self.incidents.incident(id).await? else { return Ok(()) };
        if incident.deadline().is_some() {
            self.clocks.start(id, incident.generation, incident.attempt).await?;
        }
        if incident.closing && incident.merged_into.is_some() {
            self.move_alerts(id).await?;
        } else if incident.closing {
            self.close(&incident).await?;
        }
        if let Some((generation, attempt)) = incident.superseded
            && let Err(error) = self.clocks.stop(id, generation, attempt).await
        {
            // It finds itself fenced off when it wakes up: not worth holding the stream back for.
            tracing::warn!(incident = %id, generation, attempt, %error, "the clock that was replaced could not be stopped");
        }
        Ok(())
    }

    /// Closes what the incident's alerts left open, so that the next event of their keys is a new alert. An event that came after the incident was resolved is one already.
    async fn close(&self, incident: &Incident) -> Result<(), AppError> {
        let Status::Resolved { at, .. } = incident.status else { return Ok(()) };
        let mut after = None;
        loop {
            let ids = self.alerts.alerts_of(incident.id, after, PAGE).await?;
            // Somebody else may have come to the end, and a person reopened it since: what joined after that is none of ours.
            if self.incidents.incident(incident.id).await?.is_none_or(|i| !i.closing || i.status != incident.status) {
                return Ok(());
            }
            // What was split off goes on where it is.
            let all = self.alerts.alerts(&ids).await?;
            let own = all.iter().filter(|a| a.incident == Some(incident.id)).map(|a| a.id);
            stream::iter(own).map(|id| self.close_one(id, at)).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
            after = ids.last().copied();
            if ids.len() < PAGE {
                break;
            }
        }
        for _ in 0..TRIES {
            let Some(current) = self.incidents.incident(incident.id).await?.filter(|i| i.closing && i.status == incident.status) else { return Ok(()) };
            let mut change = Change::of(current);
            change.incident().closing = false;
            change.incident().alerts_open = 0;
            match self.incidents.commit(&change.commit(self.clock.now())).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("incident {}", incident.id) })
    }

    pub(crate) async fn close_one(&self, id: AlertId, resolved_at: Timestamp) -> Result<(), AppError> {
        for _ in 0..TRIES {
            let found = self.alerts.alerts(&[id]).await?;
            let Some(alert) = found.first().filter(|a| a.state == AlertState::Open) else { return Ok(()) };
            // A guest's own service is not over with this incident: it goes on as an alert of its own.
            if !alert.guest {
                match self.alerts.close_alert(alert, resolved_at).await {
                    Ok(()) => return Ok(()),
                    Err(WriteError::Port(e)) => return Err(e.into()),
                    Err(WriteError::Conflict) => {}
                }
            }
            // The sender reported it again after the resolve: that report must not vanish with the old alert.
            let now = self.clock.now();
            let guard = self.alerts.guard(&alert.key).await?;
            // The latest one begins the new alert.
            let events = guard.filter(|g| g.alert == alert.id).map_or(1, |g| g.count.saturating_sub(1).max(1));
            let new = succession(alert, AlertId::new(self.ids.ulid(now)), now, events);
            let place = HoldPlace { integration: alert.key.integration.clone(), digest: alert.key.digest() };
            if let Some(hold) = self.alerts.hold(&place).await?.filter(|hold| hold.alert == alert.id) {
                let due = hold.due.max(now.checked_add(hold.length).unwrap_or(hold.due));
                self.alerts.put_hold(&Hold { alert: new.id, due, ..hold }).await?;
            }
            match self.alerts.succeed_alert(alert, &new).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Port(e)) => return Err(e.into()),
                Err(WriteError::Conflict) => {}
            }
        }
        Err(AppError::Contention { what: format!("alert {id}") })
    }
}
