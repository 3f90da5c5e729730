//! Floods: more new alerts of one integration in a minute than people can be paged for one by one.
//!
//! Called by: whoever accepts events, which counts and notes on an alert that it came in a flood, and the incident function, which lets such alerts join one incident.
//! Refuses to count repetitions: those are one write on their own alert, and page nobody. Refuses to refuse what ends or answers an alert.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// From so many new alerts of one integration in a minute on they join one incident.
pub const FLOOD_AFTER: u32 = 100;
/// Beyond so many new alerts of one integration in a minute its senders are told to come again later. Half of what the partition of one counter takes.
pub const REFUSE_AFTER: u32 = 30_000;
/// What may be written for the first.
pub const FLOOD_BOUNDS: (u32, u32) = (2, 3_000);
/// What may be written for the second: what one counter can count.
pub const MOST_REFUSE_AFTER: u32 = 60_000;
/// The second is at least so many times the first: between them lies what is accepted and grouped.
pub const LEAST_RATIO: u32 = 10;
/// A flood that nothing was heard of for so long is over: the next one is an incident of its own, and pages.
pub const OVER_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// How many new alerts in a minute an integration may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// More than these join one incident.
    pub flood_after: u32,
    /// More than these are refused.
    pub refuse_after: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { flood_after: FLOOD_AFTER, refuse_after: REFUSE_AFTER }
    }
}

/// What an integration has brought in the present minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// New alerts, refused ones included.
    pub alerts: u64,
    /// Whether the minute before was one of a flood.
    pub goes_on: bool,
}

/// What that means for the latest of these alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It is an alert like any other.
    Steady,
    /// It is part of a flood.
    Flood,
    /// It is more than can be taken: its sender shall come again in the next minute.
    TooMany,
}

impl Limits {
    /// What `count` means.
    ///
    /// ```
    /// # use tocsin_domain::flood::{Count, Limits, Pace};
    /// let limits = Limits { flood_after: 100, refuse_after: 30_000 };
    /// let pace = |alerts, goes_on| limits.pace(Count { alerts, goes_on });
    /// assert_eq!([pace(100, false), pace(101, false), pace(30_001, false)], [Pace::Steady, Pace::Flood, Pace::TooMany]);
    /// // The minute behind a flood belongs to it from its first alert on, and the one behind that only if it is as bad.
    /// assert_eq!(pace(1, true), Pace::Flood);
    /// ```
    pub fn pace(self, count: Count) -> Pace {
        match count.alerts {
            n if n > u64::from(self.refuse_after) => Pace::TooMany,
            n if n > u64::from(self.flood_after) || count.goes_on => Pace::Flood,
            _ => Pace::Steady,
        }
    }

    /// Whether the next minute has to hear from this alert that a flood is on: the first one beyond the limit says so and, in case it dies before it has, each
    /// hundredth (or however many the limit is) behind it.
    pub fn tells_next_minute(self, alerts: u64) -> bool {
        let limit = u64::from(self.flood_after.max(1));
        alerts > limit && alerts % limit == 1 % limit
    }

    /// Whether these are the ones that hold where nothing is written.
    pub fn are_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// The minute of an instant: its first instant.
///
/// ```
/// # use tocsin_domain::flood::minute;
/// assert_eq!(minute("2026-01-05T09:00:59.999Z".parse().unwrap()).to_string(), "2026-01-05T09:00:00Z");
/// ```
pub fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

/// The minute behind a minute.
pub fn next_minute(minute: Timestamp) -> Timestamp {
    minute.checked_add(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MAX)
}

/// Seconds after which it is the next minute: at least one.
///
/// ```
/// # use tocsin_domain::flood::until_next_minute_s;
/// let left = |at: &str| until_next_minute_s(at.parse().unwrap());
/// assert_eq!(left("2026-01-05T09:00:00Z"), 60);
/// assert_eq!(left("2026-01-05T09:00:45.5Z"), 15);
/// assert_eq!(left("2026-01-05T09:00:59.999Z"), 1);
/// ```
pub fn until_next_minute_s(now: Timestamp) -> u64 {
    60 - now.as_second().rem_euclid(60).unsigned_abs()
}

/// That an incident is a flood, from when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flood {
    /// When its first alert came.
    pub first_at: Timestamp,
    /// When the latest one came.
    pub last_at: Timestamp,
}

impl Flood {
    /// More of it came.
    pub fn goes_on(&mut self, first: Timestamp, last: Timestamp) {
        self.first_at = self.first_at.min(first);
        self.last_at = self.last_at.max(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_minute_hears_of_every_flood_and_of_no_other_minute() {
        for flood_after in [1, 2, 3, 100] {
            let limits = Limits { flood_after, refuse_after: 30_000 };
            let told: Vec<u64> = (1..=u64::from(flood_after) * 4).filter(|n| limits.tells_next_minute(*n)).collect();
            assert_eq!(told.first(), Some(&(u64::from(flood_after) + 1)), "{flood_after}");
            assert!(told.len() >= 3, "{flood_after}: {told:?}");
        }
    }
}
