//! Counts events for a threshold: whether there were enough of them to page.
//!
//! Called by: `process_alerts`, for an alert whose rule has a threshold. Every event counts, repetitions too: while an alert is held its guard is watched, so that
//! ingest wakes it with each repetition. There are no more of these than the threshold asks for. A window begins with its first event.
//! Refuses to lose an alert: one that is held has an instant at which it is decided again, and one that is handled twice counts once.

use crate::error::{AppError, WriteError};
use crate::ports::{AlertStore, Clock, CountKey, Counted, CountedAlert, ThresholdStore};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tocsin_domain::alert::{Alert, AlertState};
use tocsin_domain::id::AlertId;
use tocsin_domain::rules::Threshold;

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
                return Ok(Reached::NotYet(total(&counted), known.then_some(counted.until)));
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

fn total(counted: &Counted) -> u64 {
    counted.alerts.iter().map(|a| a.seen.saturating_sub(a.from)).sum()
}

/// The count with what is known of `alert` now.
fn count(stored: Option<Counted>, alert: &Alert, watched: Option<u64>, threshold: Threshold, now: Timestamp) -> Counted {
    let revision = stored.as_ref().map_or(0, |s| s.revision) + 1;
    // An alert of a window that was reached pages, however late its turn comes.
    let goes_on = |s: &Counted| now < s.until || (s.reached && s.alerts.iter().any(|a| a.alert == alert.id));
    let within = SignedDuration::from_secs(i64::from(threshold.within_s));
    let later = |at: Timestamp| at.checked_add(within).unwrap_or(Timestamp::MAX);
    let fresh = || Counted { until: later(now), reached: false, alerts: Vec::new(), revision };
    let mut counted = match stored {
        Some(stored) if goes_on(&stored) => Counted { revision, ..stored },
        Some(_) | None => fresh(),
    };
    if counted.reached {
        return counted;
    }
    match counted.alerts.iter_mut().find(|a| a.alert == alert.id) {
        Some(known) => known.seen = known.seen.max(watched.unwrap_or(known.seen)),
        None => {
            // What a window before has counted is over: of an alert that was held then, only the event that woke it counts.
            let seen = watched.unwrap_or(1);
            let from = if alert.outcome.is_some() { seen.saturating_sub(u64::from(alert.has_work())) } else { 0 };
            if from < seen {
                counted.alerts.push(CountedAlert { alert: alert.id, from, seen });
            }
        }
    }
    if total(&counted) >= u64::from(threshold.events) {
        counted.reached = true;
        counted.until = counted.until.max(later(now));
    }
    counted
}
