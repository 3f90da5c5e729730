//! Local times by the calendar library alone: no line of it is the schedule engine's, so that the two can be held against each other.

use crate::schedule::{Moment, TimeOfDay, Written};
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// How often the clock reads a local time, if not once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Odd {
    /// Never: it stands for the end of the gap.
    Never,
    /// Twice: it stands for the first time.
    Twice,
}

/// A zone's clock.
pub(super) struct Clock {
    tz: TimeZone,
}

impl Clock {
    pub(super) fn named(zone: &str) -> Option<Self> {
        TimeZoneDatabase::bundled().get(zone).ok().filter(|tz| !tz.is_unknown()).map(|tz| Self { tz })
    }

    /// What the clock reads.
    pub(super) fn reads(&self, at: Timestamp) -> DateTime {
        self.tz.to_datetime(at)
    }

    /// The first instant at which the clock reads `local` or later.
    pub(super) fn first(&self, local: DateTime) -> Option<Timestamp> {
        self.look(local).map(|(at, _)| at)
    }

    /// The same, and whether the clock reads it never or twice.
    pub(super) fn look(&self, local: DateTime) -> Option<(Timestamp, Option<Odd>)> {
        let second = SignedDuration::from_secs(1);
        let (at, odd) = match self.tz.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset.to_timestamp(local).ok()?, None),
            // The offset of before the change gives the first of the two.
            AmbiguousOffset::Fold { before, .. } => (before.to_timestamp(local).ok()?, Some(Odd::Twice)),
            // By the offset of after the change it would have been before the change, which comes next.
            AmbiguousOffset::Gap { after, .. } => (self.tz.following(after.to_timestamp(local).ok()?).next()?.timestamp(), Some(Odd::Never)),
        };
        // The library takes Greenland's 2023-10-29, when the law changed and the clock did not, for a fold: its word is taken if the clock itself says so.
        let reads = self.reads(at);
        if self.reads(at.checked_sub(second).ok()?) < local && (reads == local || (reads > local && odd == Some(Odd::Never))) {
            return Some((at, odd));
        }
        self.watch(local)
    }

    /// The same by trying: the first instant is one at which the clock changes, or one that reads the time by one of the offsets of those days.
    fn watch(&self, local: DateTime) -> Option<(Timestamp, Option<Odd>)> {
        let near = TimeZone::UTC.to_timestamp(local).ok()?;
        let days = SignedDuration::from_hours(48);
        let (from, until) = (near.checked_sub(days).ok()?, near.checked_add(days).ok()?);
        let changes: Vec<Timestamp> = self.tz.following(from).map(|c| c.timestamp()).take_while(|at| *at < until).collect();
        let offsets = changes.iter().copied().chain([from]).map(|at| self.tz.to_offset(at));
        let read_then: Vec<Timestamp> = offsets.filter_map(|o| o.to_timestamp(local).ok()).collect();
        let first = changes.into_iter().chain(read_then.iter().copied()).filter(|at| self.reads(*at) >= local).min()?;
        let mut read: Vec<Timestamp> = read_then.into_iter().filter(|at| self.reads(*at) == local).collect();
        read.sort_unstable();
        read.dedup();
        Some((first, [Some(Odd::Never), None].get(read.len()).copied().unwrap_or(Some(Odd::Twice))))
    }

    /// The instant that somebody wrote down.
    pub(super) fn moment(&self, written: &Written<Moment>) -> Option<Timestamp> {
        match written.get()? {
            Moment::Instant(at) => whole(*at),
            Moment::Local(local) => self.first(*local),
        }
    }
}

/// Without a fraction of a second.
pub(super) fn whole(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(at.as_nanosecond().div_euclid(1_000_000_000).try_into().ok()?).ok()
}

/// A time of a day; 24:00 is the next day's first.
pub(super) fn on(date: Date, time: TimeOfDay) -> Option<DateTime> {
    date.at(0, 0, 0, 0).checked_add(SignedDuration::from_secs(i64::from(time.seconds()))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Zone;

    /// The definition of design.md, watched: at this instant the clock reads the time or later, and never did before.
    fn is_first(clock: &Clock, local: DateTime, at: Timestamp) -> bool {
        let before = |minutes: i64| clock.reads(at - SignedDuration::from_mins(minutes));
        clock.reads(at) >= local && clock.reads(at - SignedDuration::from_secs(1)) < local && (1..=26 * 6).all(|n| before(n * 10) < local)
    }

    #[test]
    fn every_change_of_every_zone_by_its_definition_and_as_the_engine_has_it() {
        let (from, until): (Timestamp, Timestamp) = ("1990-01-01T00:00:00Z".parse().unwrap(), "2038-01-01T00:00:00Z".parse().unwrap());
        let (mut zones, mut changes) = (0, 0);
        for name in TimeZoneDatabase::bundled().available() {
            let (clock, zone) = (Clock::named(name.as_str()).unwrap(), Zone::named(name.as_str()).unwrap());
            zones += 1;
            for (n, change) in clock.tz.following(from).take_while(|c| c.timestamp() < until).enumerate() {
                changes += 1;
                let at = change.timestamp();
                let (before, after) = (clock.reads(at - SignedDuration::from_secs(1)), clock.reads(at));
                for anchor in [before, after] {
                    for minutes in [-60, -30, 0, 1, 30, 60] {
                        let local = anchor + SignedDuration::from_mins(minutes);
                        let found = clock.first(local).unwrap();
                        assert_eq!(found, zone.first_instant(local), "{local} in {}", name.as_str());
                        // Watching is slow: every seventh change of each zone, another one in each.
                        if n % 7 == zones % 7 {
                            assert_eq!(clock.look(local), clock.watch(local), "{local} in {}", name.as_str());
                            assert!(is_first(&clock, local, found), "{local} in {} is not {found}", name.as_str());
                        }
                    }
                }
            }
        }
        assert!(zones > 400 && changes > 10_000, "{zones} zones, {changes} changes");
    }
}
