//! What stands beside alerts, read together for all of them: what was asked of them, what their keys counted, where their incidents stand.
//!
//! Refuses to read what nobody wants to know: a search that goes by messages and aliases reads the alerts and nothing else.

use crate::Opsgenie;
use crate::show::Show;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::BitOr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tocsin_app::error::AppError;
use tocsin_app::ports::Guard;
use tocsin_domain::alert::ask::Asked;
use tocsin_domain::alert::{Alert, AlertKey, Previous};
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::Incident;

/// Asks of one alert that are read.
const MOST_ASKS: usize = 2_100;
/// What can not be read together is read so many at a time.
const AT_ONCE: usize = 16;
/// Alerts of a key, from its latest one backwards, that are looked through for the count of an older one.
const MOST_STEPS: usize = 200;
/// Alerts that are read for all the counts of one part of a list.
const MOST_STEPS_IN_ALL: usize = 400;

/// What is wanted beside alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    /// What senders asked since.
    pub(crate) asks: bool,
    /// How many events there were, and when the latest was.
    pub(crate) counts: bool,
    /// Where the incident stands.
    pub(crate) incidents: bool,
}

impl Wanted {
    /// All of it: what an answer shows.
    pub(crate) const ALL: Wanted = Wanted { asks: true, counts: true, incidents: true };
}

impl BitOr for Wanted {
    type Output = Wanted;

    fn bitor(self, other: Wanted) -> Wanted {
        Wanted { asks: self.asks || other.asks, counts: self.counts || other.counts, incidents: self.incidents || other.incidents }
    }
}

/// What a key counted for one of its alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Events, the first included.
    pub(crate) events: u64,
    /// When the latest came, where that is known.
    pub(crate) last_at: Option<Timestamp>,
}

impl Opsgenie {
    /// The alerts in this order, each with what is wanted beside it.
    pub(crate) async fn shows(&self, alerts: Vec<Alert>, wanted: Wanted) -> Result<Vec<Show>, AppError> {
        let (mut asks, counts, incidents) =
            futures::try_join!(self.asks_of(&alerts, wanted), self.counts_of(&alerts, wanted), self.incidents_of(&alerts, wanted))?;
        let show = |alert: Alert| {
            let incident = alert.incident.and_then(|id| incidents.get(&id));
            Show::new(asks.remove(&alert.id).unwrap_or_default(), counts.get(&alert.id).copied(), incident, alert)
        };
        Ok(alerts.into_iter().map(show).collect())
    }

    async fn asks_of(&self, alerts: &[Alert], wanted: Wanted) -> Result<BTreeMap<AlertId, Vec<Asked>>, AppError> {
        let asked = alerts.iter().filter(|a| wanted.asks && a.asked_seq > 0).map(|a| a.id);
        let read = |id| async move { Ok((id, self.alerts.asks(id, 0, MOST_ASKS).await?)) };
        stream::iter(asked).map(read).buffered(AT_ONCE).try_collect().await
    }

    async fn incidents_of(&self, alerts: &[Alert], wanted: Wanted) -> Result<BTreeMap<IncidentId, Incident>, AppError> {
        let ids: BTreeSet<IncidentId> = alerts.iter().filter(|_| wanted.incidents).filter_map(|a| a.incident).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<IncidentId> = ids.into_iter().collect();
        Ok(self.incidents.incidents(&ids).await?.into_iter().map(|i| (i.id, i)).collect())
    }

    /// The guard of a key counts for its latest alert; each alert knows how many events the one before it had.
    async fn counts_of(&self, alerts: &[Alert], wanted: Wanted) -> Result<BTreeMap<AlertId, Counted>, AppError> {
        let mut counts = BTreeMap::new();
        let keys: BTreeSet<&AlertKey> = alerts.iter().filter(|_| wanted.counts).map(|a| &a.key).collect();
        if keys.is_empty() {
            return Ok(counts);
        }
        let keys: Vec<AlertKey> = keys.into_iter().cloned().collect();
        let guards = self.alerts.guards(&keys).await?;
        let known: BTreeMap<AlertId, Option<Previous>> = alerts.iter().map(|a| (a.id, a.previous)).collect();
        for previous in known.values().flatten() {
            counts.insert(previous.alert, Counted { events: previous.events, last_at: None });
        }
        for guard in guards.values() {
            counts.insert(guard.alert, Counted { events: guard.count, last_at: Some(guard.last_at) });
        }
        let mut older: BTreeMap<&AlertKey, BTreeSet<AlertId>> = BTreeMap::new();
        for alert in alerts.iter().filter(|a| !counts.contains_key(&a.id)) {
            older.entry(&alert.key).or_default().insert(alert.id);
        }
        let room = AtomicUsize::new(MOST_STEPS_IN_ALL);
        let looked_for = older.into_iter().filter_map(|(key, wanted)| Some((guards.get(key)?, wanted)));
        let found: Vec<Vec<Previous>> =
            stream::iter(looked_for).map(|(guard, wanted)| self.before(guard, wanted, &known, &room)).buffered(AT_ONCE).try_collect().await?;
        counts.extend(found.into_iter().flatten().map(|p| (p.alert, Counted { events: p.events, last_at: None })));
        Ok(counts)
    }

    /// From the latest alert of a key backwards, until all that are wanted were passed, or there is no room for more reads.
    async fn before(
        &self,
        guard: &Guard,
        mut wanted: BTreeSet<AlertId>,
        known: &BTreeMap<AlertId, Option<Previous>>,
        room: &AtomicUsize,
    ) -> Result<Vec<Previous>, AppError> {
        let (mut found, mut at) = (Vec::new(), guard.alert);
        for _ in 0..MOST_STEPS {
            let previous = match known.get(&at) {
                Some(previous) => *previous,
                None if room.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_err() => break,
                None => self.alerts.alerts(&[at]).await?.pop().and_then(|a| a.previous),
            };
            let Some(previous) = previous else { break };
            at = previous.alert;
            if wanted.remove(&at) {
                found.push(previous);
            }
            if wanted.is_empty() {
                break;
            }
        }
        Ok(found)
    }
}
