//! Counting for a threshold: whether there were enough events to page.
//!
//! Called by: the use case that counts in the store, and the simulation. A window begins with its first event; every event counts, repetitions too. Refuses to
//! count an alert twice: what is known of each is how far its own count has come.

use super::Threshold;
use crate::alert::Alert;
use crate::id::AlertId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Events of one alert that a threshold has counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedAlert {
    /// Which alert.
    pub alert: AlertId,
    /// The count on its guard when the window began.
    pub from: u64,
    /// The count on its guard as far as it was looked at.
    pub seen: u64,
}

/// What a threshold has counted in its present window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The first instant behind the window. Reached: until then alerts page at once.
    pub until: Timestamp,
    /// Whether there were enough events.
    pub reached: bool,
    /// Alerts with their events; each has one at least, so there are no more than the threshold asks for.
    pub alerts: Vec<CountedAlert>,
    /// Rises with each write: the optimistic lock.
    pub revision: u64,
}

impl Counted {
    /// How many events.
    pub fn events(&self) -> u64 {
        self.alerts.iter().map(|a| a.seen.saturating_sub(a.from)).sum()
    }
}

/// The count with what is known of `alert` now; `watched` is how many events it has had, none where it is resolved.
pub fn count(stored: Option<Counted>, alert: &Alert, watched: Option<u64>, threshold: Threshold, now: Timestamp) -> Counted {
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
    if counted.events() >= u64::from(threshold.events) {
        counted.reached = true;
        counted.until = counted.until.max(later(now));
    }
    counted
}
