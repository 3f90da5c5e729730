//! Counts new alerts by integration and minute, so that a flood is known as one whichever process its alerts come to.
//!
//! Called by: `accept_event`, for alerts that are new. A repetition is never counted here: it is one write on its own alert.
//! Refuses to fail: where the count can not be written, what this process last heard of it counts, and an alert is taken rather than refused.
//!
//! Cost: one write unit a new alert; one more for each `flood_after` of them beyond that. Once a minute is known to be over the limit, what else comes in it is
//! refused without another write, but for every [`TOGETHER`]th, so that the count still tells how many there were.

use crate::error::PortError;
use crate::ports::{IntegrationKey, RateStore};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tocsin_domain::flood::{Count, Pace, minute, next_minute};
use tocsin_domain::id::IntegrationId;

/// Refused alerts that are counted with one write.
const TOGETHER: u64 = 32;
/// Integrations that a process remembers at once.
const MOST: usize = 1000;

/// What a process knows of an integration's minute.
#[derive(Debug, Clone, Copy)]
struct Known {
    minute: Timestamp,
    count: Count,
    /// Refused, and not counted yet.
    uncounted: u64,
    /// Whether the log was told of the flood.
    told: bool,
    /// Whether it was told that some are refused.
    told_refused: bool,
}

impl Known {
    fn of(minute: Timestamp) -> Self {
        Self { minute, count: Count::default(), uncounted: 0, told: false, told_refused: false }
    }
}

/// The use case. Its clones share what they know.
#[derive(Clone)]
pub struct CountNew {
    rates: Arc<dyn RateStore>,
    known: Arc<Mutex<BTreeMap<IntegrationId, Known>>>,
}

/// What became of one new alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) pace: Pace,
    /// As which of the new alerts of its integration in that minute.
    pub(crate) nth: u64,
}

impl CountNew {
    /// Knows nothing yet.
    pub fn new(rates: Arc<dyn RateStore>) -> Self {
        Self { rates, known: Arc::default() }
    }

    /// Counts a new alert of an integration.
    pub(crate) async fn run(&self, key: &IntegrationKey, now: Timestamp) -> Counted {
        let minute = minute(now);
        let Some(more) = self.due(key, minute) else {
            return Counted { pace: Pace::TooMany, nth: self.look(key, minute).map_or(0, |k| k.count.alerts) };
        };
        let count = match self.rates.count_new(&key.integration, &key.team, minute, more).await {
            Ok(count) => count,
            Err(error) => self.guess(key, minute, more, &error),
        };
        let before = self.remember(key, minute, count);
        if key.limits.tells_next_minute(count.alerts)
            && let Err(error) = self.rates.go_on(&key.integration, &key.team, next_minute(minute)).await
        {
            tracing::warn!(integration = %key.integration, %error, "the next minute does not know of this flood yet");
        }
        let pace = key.limits.pace(count);
        if pace != Pace::Steady && !before {
            let (flood_after, refuse_after) = (key.limits.flood_after, key.limits.refuse_after);
            tracing::warn!(integration = %key.integration, new_alerts = count.alerts, flood_after, refuse_after, "flood: new alerts join one incident");
        }
        Counted { pace, nth: count.alerts }
    }

    /// One is refused, for whatever reason: whether that is the first of this minute, so that the log hears of it once and not with each.
    pub fn refused(&self, key: &IntegrationKey, now: Timestamp) -> bool {
        let minute = minute(now);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(key.integration.clone()).or_insert(Known::of(minute));
        if known.minute != minute {
            *known = Known::of(minute);
        }
        !std::mem::replace(&mut known.told_refused, true)
    }

    /// How many to count now; none where it is known that there are too many, and others are counted together later.
    fn due(&self, key: &IntegrationKey, minute: Timestamp) -> Option<u64> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = known.get_mut(&key.integration).filter(|k| k.minute == minute && key.limits.pace(k.count) == Pace::TooMany) else { return Some(1) };
        known.uncounted += 1;
        if known.uncounted < TOGETHER {
            return None;
        }
        Some(std::mem::take(&mut known.uncounted))
    }

    fn look(&self, key: &IntegrationKey, minute: Timestamp) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key.integration).filter(|k| k.minute == minute).copied()
    }

    /// The count could not be written, most likely because so many come that its item is full: what was last heard of this minute, and these.
    fn guess(&self, key: &IntegrationKey, minute: Timestamp, more: u64, error: &PortError) -> Count {
        let known = self.look(key, minute);
        if known.is_none_or(|k| !k.told) {
            tracing::warn!(integration = %key.integration, %error, "new alerts could not be counted; they are taken all the same");
        }
        let count = known.map(|k| k.count).unwrap_or_default();
        Count { alerts: count.alerts + more, ..count }
    }

    /// Whether the log heard of this minute before.
    fn remember(&self, key: &IntegrationKey, minute: Timestamp, count: Count) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST && !known.contains_key(&key.integration) {
            known.clear();
        }
        let told = key.limits.pace(count) != Pace::Steady;
        let before = known.get(&key.integration).filter(|k| k.minute == minute);
        let before = before.copied().unwrap_or(Known::of(minute));
        // Answers may come out of order: the highest count is the latest.
        let highest = Count { alerts: before.count.alerts.max(count.alerts), goes_on: before.count.goes_on || count.goes_on };
        known.insert(key.integration.clone(), Known { count: highest, told: told || before.told, ..before });
        before.told
    }
}
