//! Wakes alerts that wait for the end of a maintenance window that was ended early, or that the configuration in force does not have like that any more.
//!
//! Called by: whoever ends one, at once, and the sweeps of the next minutes. They find what was decided while the window still went on and written when the
//! others had been woken, what the index did not show yet, and what is left where somebody died between ending and waking. Without them such an alert would page
//! nobody until the window's planned end, which may be 30 days away. What a published version changes about windows is found by the sweeps alone: whoever
//! published it may have died right behind it.
//! Refuses to decide: the stream does, about each alert that is woken. One that another window keeps until the same instant is kept again.

use crate::configuration_cache::ConfigurationCache;
use crate::error::{AppError, WriteError};
use crate::ports::{AlertStore, DueStore, MaintenanceStore};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use tocsin_domain::maintenance::ends_replaced;

/// Alerts that are woken at the same time.
const AT_ONCE: usize = 16;
/// Alerts that are looked up at once.
const A_ROUND: usize = 400;
/// Rounds of one call; the index may lag behind what was woken.
const MOST_ROUNDS: u32 = 50;
/// Versions of the configuration that one sweep looks back.
const MOST_VERSIONS: u64 = 20;
/// Sweeps look at windows that were ended, and versions that were published, this long ago at most: much longer than a function runs that had read before, so that a few sweeps may fail.
const LATELY: SignedDuration = SignedDuration::from_mins(10);

/// Wakes the alerts that wait for an instant. The answer: how many there were.
pub async fn release(due: &dyn DueStore, alerts: &dyn AlertStore, end: Timestamp, now: Timestamp) -> Result<usize, AppError> {
    let mut all = 0;
    for _ in 0..MOST_ROUNDS {
        let waiting = due.alerts_due_at(end, A_ROUND).await?;
        let wake = async |id| match alerts.wake_alert(id, now).await {
            Ok(()) => Ok(1),
            // Resolved, or with an incident: nothing keeps it any more.
            Err(WriteError::Conflict) => Ok(0),
            Err(WriteError::Port(e)) => Err(AppError::from(e)),
        };
        let woken: Vec<usize> = stream::iter(waiting.iter().copied()).map(wake).buffer_unordered(AT_ONCE).try_collect().await?;
        let woken = woken.iter().sum::<usize>();
        all += woken;
        if waiting.len() < A_ROUND || woken == 0 {
            break;
        }
    }
    Ok(all)
}

/// The same for all windows that were ended early lately.
pub async fn release_ended(maintenance: &dyn MaintenanceStore, due: &dyn DueStore, alerts: &dyn AlertStore, now: Timestamp) -> Result<usize, AppError> {
    let lately = |at: Timestamp| now.duration_since(at) <= LATELY;
    let mut ends: Vec<Timestamp> =
        maintenance.maintenance().await?.into_iter().filter(|r| r.end > now && r.ended_at.is_some_and(lately)).map(|r| r.end).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut all = 0;
    for end in ends {
        all += release(due, alerts, end, now).await?;
    }
    Ok(all)
}

/// The same for all windows of the configuration that go on and that versions published lately removed, moved, or took services from. Each version that was
/// replaced lately is compared with the one in force, so that one behind it hides nothing.
pub async fn release_replaced(configuration: &ConfigurationCache, due: &dyn DueStore, alerts: &dyn AlertStore, now: Timestamp) -> Result<usize, AppError> {
    let (newest, present) = configuration.current().await?;
    let mut ends = BTreeSet::new();
    for version in (newest.saturating_sub(MOST_VERSIONS) + 1..=newest).rev() {
        if configuration.published_at(version).await?.is_none_or(|at| now.duration_since(at) > LATELY) {
            break;
        }
        ends.extend(ends_replaced(configuration.version(version - 1).await?.as_ref(), &present, now));
    }
    let mut all = 0;
    for end in ends {
        all += release(due, alerts, end, now).await?;
    }
    Ok(all)
}
