//! Sweeps: everything overdue goes through the same code as everybody else. Also what `redrive` runs.
//!
//! Called by: `sweep`, every minute and when an execution ended badly. Refuses to have rules of its own.

use crate::advance_incident::AdvanceIncident;
use crate::announce_handoffs::AnnounceHandoffs;
use crate::audit_ledger::AuditLedger;
use crate::change::Change;
use crate::error::{AppError, WriteError};
use crate::expire_alerts::expire_alerts;
use crate::keep_clock::KeepClock;
use crate::keep_heartbeats::KeepHeartbeats;
use crate::ports::{DueStore, Metrics, Overdue, Span};
use crate::process_alerts::ProcessAlerts;
use crate::release_alerts::{release_ended, release_replaced};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tocsin_domain::id::{AlertId, IncidentId};

/// Executions and the stream have this long before the sweep steps in.
pub const GRACE: SignedDuration = SignedDuration::from_secs(20);
/// Items of one sweep. What is left over is the next one's.
const MOST: usize = 400;
/// Incidents that are looked at together.
const AT_ONCE: usize = 8;
/// The ledger is audited once in so many minutes,
const AUDIT_EVERY_MINUTES: i64 = 5;
/// for alerts that came this long ago: each is looked at twice, so that a sweep that did not run leaves no hole.
const AUDITED: [SignedDuration; 2] = [SignedDuration::from_mins(15), SignedDuration::from_mins(5)];
/// Alerts of each team that it looks at; `tocsin audit` looks at all.
const MOST_AUDITED: usize = 500;

/// What a sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Alerts that were left over.
    pub alerts: usize,
    /// Incidents that were overdue.
    pub incidents: usize,
    /// What still failed: the id, and why.
    pub failed: Vec<(String, String)>,
}

/// The use case.
#[derive(Clone)]
pub struct Sweep {
    /// What is due.
    pub due: Arc<dyn DueStore>,
    /// For alerts.
    pub process: ProcessAlerts,
    /// For incidents.
    pub advance: AdvanceIncident,
    /// For who begins and ceases to be on call.
    pub handoffs: AnnounceHandoffs,
    /// For their clocks.
    pub keep: KeepClock,
    /// For jobs that do not say that they are alive.
    pub heartbeats: KeepHeartbeats,
    /// For what nobody is waiting for: that nothing was lost.
    pub audit: AuditLedger,
    /// Heartbeat, the violations of the ledger, and the age of the oldest overdue item.
    pub metrics: Arc<dyn Metrics>,
}

impl Sweep {
    /// Every minute: what is overdue by more than [`GRACE`].
    pub async fn run(&self) -> Result<Swept, AppError> {
        let now = self.advance.clock.now();
        // Those first: what is overdue can wait for a second, and whoever is to hear of a silent job has waited for long enough.
        let heartbeats = self.heartbeats.check().await;
        let mut swept = self.before(now - GRACE, now).await?;
        match heartbeats {
            Ok(checked) => swept.failed.extend(checked.failed),
            Err(e) => swept.failed.push(("heartbeats".to_owned(), e.to_string())),
        }
        // What a window kept that somebody ended meanwhile: the stream decides it again.
        let (due, alerts) = (self.due.as_ref(), self.process.alerts.as_ref());
        if let Err(e) = release_ended(self.process.maintenance.as_ref(), due, alerts, now).await {
            swept.failed.push(("windows that were ended".to_owned(), e.to_string()));
        }
        // Or that the configuration does not have any more.
        if let Err(e) = release_replaced(&self.heartbeats.configuration, due, alerts, now).await {
            swept.failed.push(("windows that are not configured any more".to_owned(), e.to_string()));
        }
        let swept = told(swept);
        if now.as_second() / 60 % AUDIT_EVERY_MINUTES == 0
            && let Err(e) = self.audit(now).await
        {
            tracing::error!(error = %e, "the ledger could not be audited; the next sweeps do it");
        }
        // The heartbeat says that a whole sweep came to its end.
        self.metrics.put("SweepHeartbeat", 1.0);
        // Last of all, and of no consequence for the rest: nobody is paged by it.
        if let Err(error) = self.handoffs.run().await {
            tracing::warn!(%error, "handoffs could not be told; the next sweep tries again");
        }
        Ok(swept)
    }

    /// Whether everything that came in lately has come to an end. An alarm looks at the number.
    async fn audit(&self, now: Timestamp) -> Result<(), AppError> {
        let [from, until] = AUDITED.map(|ago| now - ago);
        let audited = self.audit.run(Span { from, until }, MOST_AUDITED).await?;
        for violation in &audited.violations {
            tracing::error!(%violation, "the ledger does not hold");
        }
        self.metrics.put("LedgerViolations", audited.violations.len() as f64);
        Ok(())
    }

    /// Everything that is due, without grace: after an outage, by hand.
    pub async fn redrive(&self) -> Result<Swept, AppError> {
        let now = self.advance.clock.now();
        // Alerts are due a while after they changed; take the young ones too.
        Ok(told(self.before(now + SignedDuration::from_secs(60), now).await?))
    }

    /// An execution ended badly. If it was the incident's present clock, another takes over at once; one that was replaced before left nothing to do.
    pub async fn execution_ended(&self, id: IncidentId, generation: u32, attempt: u32) -> Result<(), AppError> {
        match self.advance.incidents.incident(id).await? {
            Some(i) if (i.generation, i.attempt) == (generation, attempt) => self.incident(id).await,
            Some(_) | None => Ok(()),
        }
    }

    async fn incident(&self, id: IncidentId) -> Result<(), AppError> {
        self.advance.advance(id, None).await?;
        self.replace_clock(id).await
    }

    async fn before(&self, before: Timestamp, now: Timestamp) -> Result<Swept, AppError> {
        let mut swept = Swept::default();
        let overdue = self.due.due_before(before, MOST).await?;
        let since = |o: &Overdue| match o {
            Overdue::Alert(_, at) | Overdue::Incident(_, at) => *at,
        };
        let oldest = overdue.iter().map(since).min().map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0));
        self.metrics.put("OldestOverdueSeconds", oldest);
        let alerts: Vec<AlertId> = overdue.iter().filter_map(|o| if let Overdue::Alert(id, _) = o { Some(*id) } else { None }).collect();
        let mut incidents: Vec<IncidentId> = overdue.iter().filter_map(|o| if let Overdue::Incident(id, _) = o { Some(*id) } else { None }).collect();
        (swept.alerts, swept.incidents) = (alerts.len(), incidents.len());
        if !alerts.is_empty() {
            match self.process.run(&alerts).await {
                Ok(failed) => swept.failed.extend(failed.into_iter().map(|(id, e)| (id.to_string(), e.to_string()))),
                // One failing part never keeps the others from being swept.
                Err(e) => swept.failed.push(("alerts".to_owned(), e.to_string())),
            }
            // Who is to be paged for them has waited for long enough.
            match self.incidents_of(&alerts, now).await {
                Ok(found) => incidents.extend(found),
                Err(e) => swept.failed.push(("incidents of alerts".to_owned(), e.to_string())),
            }
        }
        incidents.sort_unstable();
        incidents.dedup();
        for part in incidents.chunks(AT_ONCE) {
            let results = futures::future::join_all(part.iter().map(|id| self.incident(*id))).await;
            swept.failed.extend(part.iter().zip(results).filter_map(|(id, r)| r.err().map(|e| (id.to_string(), e.to_string()))));
        }
        // Last: an alert that ends late harms nobody.
        let expired = expire_alerts(self.due.as_ref(), self.process.alerts.as_ref(), before.min(now), now).await;
        if expired.ended > 0 {
            tracing::info!(ended = expired.ended, repeated = expired.repeated, "alerts ended because nobody repeated them");
        }
        swept.failed.extend(expired.failed);
        Ok(swept)
    }

    /// Incidents of these alerts that are due, or have alerts to close.
    async fn incidents_of(&self, alerts: &[AlertId], now: Timestamp) -> Result<Vec<IncidentId>, AppError> {
        let mut ids: Vec<IncidentId> = self.process.alerts.alerts(alerts).await?.into_iter().filter_map(|a| a.incident).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut due = Vec::new();
        for part in ids.chunks(AT_ONCE) {
            for found in futures::future::join_all(part.iter().map(|id| self.advance.incidents.incident(*id))).await {
                due.extend(found?.filter(|i| i.closing || i.deadline().is_some_and(|d| d <= now)).map(|i| i.id));
            }
        }
        Ok(due)
    }

    /// The execution that should have looked at this incident did not: the next attempt takes over.
    async fn replace_clock(&self, id: IncidentId) -> Result<(), AppError> {
        if let Some(incident) = self.advance.incidents.incident(id).await?.filter(|i| i.deadline().is_some()) {
            let mut change = Change::of(incident);
            change.incident().next_attempt();
            match self.advance.incidents.commit(&change.commit(self.advance.clock.now())).await {
                // Somebody else is at it: then it is looked after.
                Ok(()) | Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        self.keep.run(id).await
    }
}

/// Logs what still failed.
fn told(swept: Swept) -> Swept {
    for (id, error) in &swept.failed {
        tracing::error!(id, error, "sweep could not handle this; the next one tries again");
    }
    swept
}
