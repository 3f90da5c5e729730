//! Counts events for a threshold: whether there were enough of them to page. The arithmetic is [`tocsin_domain::rules::threshold`]'s.
//!
//! Called by: `process_alerts`, for an alert whose rule has a threshold. Every event counts, repetitions too: while an alert is held its guard is watched, so that
//! ingest wakes it with each repetition. There are no more of these than the threshold asks for. A window begins with its first event.
//! Refuses to lose an alert: one that is held has an instant at which it is decided again, and one that is handled twice counts once.

use crate::error::{AppError, WriteError};
use crate::ports::{AlertStore, Clock, CountKey, ThresholdStore};
use jiff::Timestamp;
use std::sync::Arc;
use tocsin_domain::alert::{Alert, AlertState};
use tocsin_domain::id::AlertId;
use tocsin_domain::rules::Threshold;
use tocsin_domain::rules::threshold::count;

/// How often a write that met another one is decided again.
const TRIES: u32 = 16;

/// What came of counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reached {
    /// Enough.
    Yes,
    /// So many. The window ends then; none: nothing of the alert is in it, and its next event begins another.
    NotYet(u64, Option<Timestamp>),
}

/// The use case.
#[derive(Clone)]
pub struct CountThreshold {
    /// Alerts and guards.
    pub alerts: Arc<dyn AlertStore>,
    /// Counts.
    pub thresholds: Arc<dyn ThresholdStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl CountThreshold {
    /// Counts the events of `alert`.
    pub(crate) async fn run(&self, key: &CountKey, alert: &Alert, threshold: Threshold) -> Result<Reached, AppError> {
        let watched = match self.alerts.watch(&alert.key, alert.id, true).await {
            Ok(count) => Some(count),
            // It is resolved: its events until now count all the same, once.
            Err(WriteError::Conflict) => None,
            Err(WriteError::Port(e)) => return Err(e.into()),
        };
        for _ in 0..TRIES {
            let stored = self.thresholds.counted(key).await?;
            let now = self.clock.now();
            let counted = count(stored.clone(), alert, watched, threshold, now);
            let before = stored.as_ref().map(|s| (&s.alerts, s.reached));
            if !counted.alerts.is_empty() && before != Some((&counted.alerts, counted.reached)) {
                match self.thresholds.put_counted(key, &counted).await {
                    Ok(()) => {}
                    Err(WriteError::Conflict) => continue,
                    Err(WriteError::Port(e)) => return Err(e.into()),
                }
            }
            if !counted.reached {
                let known = counted.alerts.iter().any(|a| a.alert == alert.id);
                return Ok(Reached::NotYet(counted.events(), known.then_some(counted.until)));
            }
            // Those that were held go on too. Whoever dies here is called again for this alert, which is not handled yet.
            for held in counted.alerts.iter().filter(|a| a.alert != alert.id) {
                self.wake(held.alert, now).await?;
            }
            return Ok(Reached::Yes);
        }
        Err(AppError::Contention { what: format!("the count of {}", key.rule) })
    }

    async fn wake(&self, id: AlertId, now: Timestamp) -> Result<(), AppError> {
        let found = self.alerts.alerts(&[id]).await?;
        let held = |a: &&Alert| a.outcome.is_some() && a.state == AlertState::Open && !a.has_work();
        let Some(alert) = found.first().filter(held) else { return Ok(()) };
        match self.alerts.wake_alert(alert.id, now).await {
            Ok(()) | Err(WriteError::Conflict) => Ok(()),
            Err(WriteError::Port(e)) => Err(e.into()),
        }
    }

    /// Its repetitions are of no interest any more.
    pub(crate) async fn forget(&self, alert: &Alert) -> Result<(), AppError> {
        match self.alerts.watch(&alert.key, alert.id, false).await {
            Ok(_) | Err(WriteError::Conflict) => Ok(()),
            Err(WriteError::Port(e)) => Err(e.into()),
        }
    }
}
