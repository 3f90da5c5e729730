//! The alerts of a merged incident follow it, in parts: whatever dies in between, the next look goes on where it stopped.
//!
//! Called by: [`KeepClock`], from the stream record of the merged incident and by the sweep. Each part leaves one incident and joins the other in one write, under the
//! revisions of both, so that no report of a sender falls between them.

use crate::change::Change;
use crate::error::{AppError, PortError, WriteError};
use crate::keep_clock::KeepClock;
use crate::ports::{AlertMoved, IncidentStore};
use tocsin_domain::alert::{Alert, AlertState};
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::incident::{Incident, Status};

/// Alerts of one part: each is an alert and its place in a link, and a transaction takes 100 items.
const PART: usize = 40;
/// How often a write that met another one is decided again.
const TRIES: u32 = 8;
/// Merges that follow each other.
const MOST_HOPS: u32 = 64;

/// The end of a row of merges: the incident itself where it is part of no other.
pub(crate) async fn heir(incidents: &dyn IncidentStore, incident: Incident) -> Result<Option<Incident>, PortError> {
    let mut heir = incident;
    for _ in 0..MOST_HOPS {
        let Some(merged) = heir.merged_into else { return Ok(Some(heir)) };
        let Some(next) = incidents.incident(merged.into).await? else { return Ok(None) };
        heir = next;
    }
    Ok(None)
}

/// Whether an alert still counts as open for its incident: its resolution, if there is one, was not told yet.
fn goes_on(alert: &Alert) -> bool {
    alert.state == AlertState::Open || alert.has_new_resolution()
}

impl KeepClock {
    /// Moves what the merged incident's alerts left open to the incident that it is part of.
    pub(crate) async fn move_alerts(&self, source: IncidentId) -> Result<(), AppError> {
        let mut after = None;
        loop {
            let ids = self.alerts.alerts_of(source, after, PART).await?;
            if !self.part(source, &ids).await? {
                return Ok(());
            }
            after = ids.last().copied();
            if ids.len() < PART {
                break;
            }
        }
        for _ in 0..TRIES {
            let Some(merged) = self.merged(source).await? else { return Ok(()) };
            let mut change = Change::of(merged);
            change.incident().closing = false;
            change.incident().alerts_open = 0;
            match self.incidents.commit(&change.commit(self.clock.now())).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("incident {source}") })
    }

    /// The source, while its alerts have to move.
    async fn merged(&self, source: IncidentId) -> Result<Option<Incident>, AppError> {
        Ok(self.incidents.incident(source).await?.filter(|i| i.closing && i.merged_into.is_some()))
    }

    /// Moves one part. The answer is whether there is anything to go on with.
    async fn part(&self, source: IncidentId, ids: &[AlertId]) -> Result<bool, AppError> {
        for _ in 0..TRIES {
            let Some(merged) = self.merged(source).await? else { return Ok(false) };
            let mut alerts = self.alerts.alerts(ids).await?;
            alerts.retain(|a| a.incident == Some(source) && goes_on(a));
            if alerts.is_empty() {
                return Ok(true);
            }
            let missing = || AppError::NotFound { what: format!("the incident that {source} was merged into") };
            let target = heir(&*self.incidents, merged.clone()).await?.ok_or_else(missing)?;
            if let Status::Resolved { at, .. } = target.status
                && !target.takes_alerts()
            {
                // A person, or its longest time, ended the whole of it: what goes on ends with it, unless its sender has reported it since.
                for alert in &alerts {
                    self.close_one(alert.id, at).await?;
                }
                return Ok(true);
            }
            let now = self.clock.now();
            let (mut gives, mut takes) = (Change::of(merged), Change::of(target));
            let leaving: Vec<AlertId> = alerts.iter().map(|a| a.id).collect();
            let joining: Vec<_> = alerts.iter().map(|a| (a.id, a.severity)).collect();
            let told = takes.incident().take_over(&joining, gives.incident(), now);
            takes.tell(&Actor::System, told);
            let told = gives.incident().release(&leaving, takes.incident());
            gives.tell(&Actor::System, told);
            takes.take_over(alerts.iter().map(|a| AlertMoved { alert: a.id, seq: a.seq, from: source }).collect());
            match self.incidents.commit_both(&gives.commit(now), &takes.commit(now)).await {
                Ok(()) => return Ok(true),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("alerts of incident {source}") })
    }
}
