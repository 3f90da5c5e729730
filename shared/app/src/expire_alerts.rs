//! Ends alerts whose reports held for a while only (Prometheus, vmalert) and were not repeated in it: their sender died, or forgot them.
//!
//! Called by: the sweep. Decides on the guard as it is, and writes only if no event came since: a repetition that arrives meanwhile keeps its alert open. Refuses to
//! know incidents: an alert that ended is work of the incident function, as one that its sender resolved.

use crate::error::{AppError, WriteError};
use crate::ports::{AlertStore, DueStore, HoldPlace};
use jiff::Timestamp;

/// Holds of one run. A hold is due once in each interval for which its sender promises, so many more alerts than these may fire at once.
const MOST: usize = 4000;
/// Holds that are looked at together.
const AT_ONCE: usize = 32;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expired {
    /// Alerts that ended.
    pub ended: usize,
    /// Alerts that had been repeated.
    pub repeated: usize,
    /// What failed: the place, and why. The next run tries again.
    pub failed: Vec<(String, String)>,
}

enum Found {
    Ended,
    Repeated,
    Nothing,
}

/// Looks at every hold that was due before `before`.
pub async fn expire_alerts(due: &dyn DueStore, alerts: &dyn AlertStore, before: Timestamp, now: Timestamp) -> Expired {
    let mut expired = Expired::default();
    let places = match due.holds_before(before, MOST).await {
        Ok(places) => places,
        Err(e) => {
            expired.failed.push(("holds".to_owned(), e.to_string()));
            return expired;
        }
    };
    for part in places.chunks(AT_ONCE) {
        let looked = futures::future::join_all(part.iter().map(|place| look(alerts, place, now))).await;
        for (place, found) in part.iter().zip(looked) {
            match found {
                Ok(Found::Ended) => expired.ended += 1,
                Ok(Found::Repeated) => expired.repeated += 1,
                Ok(Found::Nothing) => {}
                Err(e) => expired.failed.push((format!("{}#{}", place.integration, place.digest), e.to_string())),
            }
        }
    }
    expired
}

async fn look(alerts: &dyn AlertStore, place: &HoldPlace, now: Timestamp) -> Result<Found, AppError> {
    let Some(hold) = alerts.hold(place).await? else { return Ok(Found::Nothing) };
    let guard = alerts.guard(&hold.key).await?.filter(|guard| guard.open && guard.alert == hold.alert);
    let (written, found) = match guard {
        Some(guard) if hold.until(&guard) > now => (alerts.move_hold(&hold, hold.until(&guard)).await, Found::Repeated),
        Some(guard) => match alerts.expire_alert(&hold.key, &guard, now).await {
            Ok(()) => (alerts.drop_hold(&hold).await, Found::Ended),
            // An event came meanwhile. Whatever it was, the next run sees it.
            conflict @ Err(_) => (conflict, Found::Nothing),
        },
        None => (alerts.drop_hold(&hold).await, Found::Nothing),
    };
    match written {
        Ok(()) | Err(WriteError::Conflict) => Ok(found),
        Err(WriteError::Port(e)) => Err(e.into()),
    }
}
