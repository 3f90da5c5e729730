//! Local time: which instant a wall-clock time stands for, in one IANA zone.
//!
//! The one rule: **a local time stands for the first instant at which the local clock reads that time or later.** So a time in a gap is the end of the
//! gap, a time on a skipped day is the next day's first instant, and in an overlap the first occurrence counts. The rule is monotone: a later local time
//! never stands for an earlier instant, which is why turns and windows built on it can neither overlap nor leave a hole.
//!
//! Called by the rest of the schedule engine. Refuses to guess: an unknown zone is `None`, never UTC. Uses the bundled time zone database only, so that
//! a laptop and a Lambda function agree.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Seconds in a day on the clock.
pub(super) const DAY: i64 = 86_400;
/// Seconds in a week on the clock.
pub(super) const WEEK: i64 = 7 * DAY;
/// "Long before anything", with room to add offsets.
pub(super) const EVER: i64 = i64::MIN / 4;
/// "Long after anything", with room to add offsets.
pub(super) const NEVER: i64 = i64::MAX / 4;

/// An IANA time zone, aliases included.
#[derive(Debug, Clone)]
pub struct Zone {
    tz: TimeZone,
}

impl Zone {
    /// Finds a zone by its IANA name or alias (`Europe/London`, `US/Central`), in any case of letters.
    ///
    /// ```
    /// use tocsin_domain::schedule::Zone;
    /// assert!(Zone::named("Europe/London").is_some());
    /// assert!(Zone::named("US/Central").is_some(), "an alias of America/Chicago");
    /// assert!(Zone::named("Europe/Londres").is_none());
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        let tz = TimeZoneDatabase::bundled().get(name).ok()?;
        (!tz.is_unknown()).then_some(Self { tz })
    }

    /// The first instant at which the local clock reads `local` or later. Sub-second parts are dropped.
    ///
    /// Chicago, spring: on Sunday 2026-03-08 the clock goes from 02:00 CST to 03:00 CDT at 08:00 UTC. 02:30 does not exist and stands for 03:00.
    /// ```
    /// # use tocsin_domain::schedule::Zone;
    /// # fn first(zone: &str, local: &str) -> String { Zone::named(zone).unwrap().first_instant(local.parse().unwrap()).to_string() }
    /// assert_eq!(first("America/Chicago", "2026-03-08T01:59"), "2026-03-08T07:59:00Z");
    /// assert_eq!(first("America/Chicago", "2026-03-08T02:30"), "2026-03-08T08:00:00Z");
    /// assert_eq!(first("America/Chicago", "2026-03-08T03:00"), "2026-03-08T08:00:00Z");
    /// ```
    /// London, autumn: on Sunday 2026-10-25 the clock goes from 02:00 BST back to 01:00 GMT at 01:00 UTC. 01:30 is read twice; the first one counts
    /// (00:30 UTC). 02:00 is read once, an hour after the change.
    /// ```
    /// # use tocsin_domain::schedule::Zone;
    /// # fn first(zone: &str, local: &str) -> String { Zone::named(zone).unwrap().first_instant(local.parse().unwrap()).to_string() }
    /// assert_eq!(first("Europe/London", "2026-10-25T01:30"), "2026-10-25T00:30:00Z");
    /// assert_eq!(first("Europe/London", "2026-10-25T02:00"), "2026-10-25T02:00:00Z");
    /// ```
    /// Lord Howe changes by 30 minutes only: on Sunday 2026-10-04 02:00 (+10:30) becomes 02:30 (+11), at 15:30 UTC the day before; on Sunday 2026-04-05
    /// 02:00 (+11) becomes 01:30 (+10:30), at 15:00 UTC the day before, so 01:45 is read twice.
    /// ```
    /// # use tocsin_domain::schedule::Zone;
    /// # fn first(zone: &str, local: &str) -> String { Zone::named(zone).unwrap().first_instant(local.parse().unwrap()).to_string() }
    /// assert_eq!(first("Australia/Lord_Howe", "2026-10-04T02:15"), "2026-10-03T15:30:00Z");
    /// assert_eq!(first("Australia/Lord_Howe", "2026-04-05T01:45"), "2026-04-04T14:45:00Z");
    /// assert_eq!(first("Australia/Lord_Howe", "2026-04-05T02:00"), "2026-04-04T15:30:00Z");
    /// ```
    /// Kathmandu is 5 hours 45 minutes ahead of UTC and never changes: 09:00 there is 03:15 UTC.
    /// ```
    /// # use tocsin_domain::schedule::Zone;
    /// # fn first(zone: &str, local: &str) -> String { Zone::named(zone).unwrap().first_instant(local.parse().unwrap()).to_string() }
    /// assert_eq!(first("Asia/Kathmandu", "2026-01-05T09:00"), "2026-01-05T03:15:00Z");
    /// ```
    /// Apia skipped Friday 2011-12-30: after Thursday 23:59 (-10) came Saturday 00:00 (+14), at 10:00 UTC on the 30th. Every time on the skipped day stands
    /// for Saturday's first instant.
    /// ```
    /// # use tocsin_domain::schedule::Zone;
    /// # fn first(zone: &str, local: &str) -> String { Zone::named(zone).unwrap().first_instant(local.parse().unwrap()).to_string() }
    /// assert_eq!(first("Pacific/Apia", "2011-12-29T23:59"), "2011-12-30T09:59:00Z");
    /// assert_eq!(first("Pacific/Apia", "2011-12-30T00:00"), "2011-12-30T10:00:00Z");
    /// assert_eq!(first("Pacific/Apia", "2011-12-30T17:00"), "2011-12-30T10:00:00Z");
    /// assert_eq!(first("Pacific/Apia", "2011-12-31T00:00"), "2011-12-30T10:00:00Z");
    /// ```
    /// Casablanca is at +1 and goes back to +0 for Ramadan: in 2026 from Sunday 15 February (03:00 becomes 02:00, at 02:00 UTC) to Sunday 22 March (02:00
    /// becomes 03:00, at 02:00 UTC).
    /// ```
    /// # use tocsin_domain::schedule::Zone;
    /// # fn first(zone: &str, local: &str) -> String { Zone::named(zone).unwrap().first_instant(local.parse().unwrap()).to_string() }
    /// assert_eq!(first("Africa/Casablanca", "2026-02-15T02:30"), "2026-02-15T01:30:00Z");
    /// assert_eq!(first("Africa/Casablanca", "2026-02-15T03:00"), "2026-02-15T03:00:00Z");
    /// assert_eq!(first("Africa/Casablanca", "2026-03-22T02:30"), "2026-03-22T02:00:00Z");
    /// ```
    /// Sao Paulo used to lose its midnight: on Sunday 2018-11-04 the clock went from 00:00 (-3) to 01:00 (-2) at 03:00 UTC. On the way back, 2018-02-18
    /// 00:00 (-2) became 23:00 on the 17th (-3), so the last hour of the 17th came twice and the 18th began at 03:00 UTC.
    /// ```
    /// # use tocsin_domain::schedule::Zone;
    /// # fn first(zone: &str, local: &str) -> String { Zone::named(zone).unwrap().first_instant(local.parse().unwrap()).to_string() }
    /// assert_eq!(first("America/Sao_Paulo", "2018-11-04T00:00"), "2018-11-04T03:00:00Z");
    /// assert_eq!(first("America/Sao_Paulo", "2018-11-04T01:00"), "2018-11-04T03:00:00Z");
    /// assert_eq!(first("America/Sao_Paulo", "2018-02-17T23:30"), "2018-02-18T01:30:00Z");
    /// assert_eq!(first("America/Sao_Paulo", "2018-02-18T00:00"), "2018-02-18T03:00:00Z");
    /// ```
    pub fn first_instant(&self, local: DateTime) -> Timestamp {
        let local = local_seconds(local);
        stamp(self.clock(local, local).first(local))
    }

    /// What the local clock reads at an instant.
    pub fn reads(&self, at: Timestamp) -> DateTime {
        self.tz.to_datetime(at)
    }

    /// All of the zone's clock changes from `from` to `to` (in seconds; a margin of three days on both sides is included).
    pub(super) fn clock(&self, from: i64, to: i64) -> Clock {
        let begin = stamp(from.saturating_sub(3 * DAY));
        let end = to.saturating_add(3 * DAY);
        let mut pieces = vec![Piece { start: EVER, offset: i64::from(self.tz.to_offset(begin).seconds()), reach: EVER }];
        for change in self.tz.following(begin) {
            let start = change.timestamp().as_second();
            if let Some(last) = pieces.last_mut() {
                last.reach = last.reach.max(start + last.offset);
            }
            let reach = pieces.last().map_or(EVER, |p| p.reach);
            pieces.push(Piece { start, offset: i64::from(change.offset().seconds()), reach });
            if start > end {
                break;
            }
        }
        if let Some(last) = pieces.last_mut() {
            last.reach = NEVER;
        }
        Clock { pieces }
    }
}

/// A stretch of time with one offset from UTC.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// First second of the stretch.
    start: i64,
    /// Local time minus UTC, in seconds.
    offset: i64,
    /// The first local second that the clock has not yet read when the stretch ends.
    reach: i64,
}

/// A zone's local clock over a limited time, for fast conversion. All values are whole seconds since 1970-01-01T00:00, of UTC or of the local clock.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    pieces: Vec<Piece>,
}

impl Clock {
    /// The first instant at which the clock reads `local` or later.
    pub(super) fn first(&self, local: i64) -> i64 {
        let i = self.pieces.partition_point(|p| p.reach <= local);
        match self.pieces.get(i).or(self.pieces.last()) {
            Some(p) => p.start.max(local.saturating_sub(p.offset)),
            None => local,
        }
    }

    /// What the clock reads at `at`.
    pub(super) fn reads(&self, at: i64) -> i64 {
        let i = self.pieces.partition_point(|p| p.start <= at);
        at + i.checked_sub(1).and_then(|i| self.pieces.get(i)).map_or(0, |p| p.offset)
    }

    /// The latest local second that the clock has read up to `at`; it stands still while an overlap is gone through again.
    ///
    /// For every local time `l`: `first(l) <= at` exactly when `l <= high_water(at)`. So "which turn, which window" at an instant is plain calendar
    /// arithmetic on this value.
    pub(super) fn high_water(&self, at: i64) -> i64 {
        let i = self.pieces.partition_point(|p| p.start <= at);
        let before = i.checked_sub(2).and_then(|i| self.pieces.get(i)).map_or(EVER, |p| p.reach - 1);
        self.reads(at).max(before)
    }
}

/// Seconds of a civil time since 1970-01-01T00:00 on the same clock.
pub(super) fn local_seconds(local: DateTime) -> i64 {
    let days = days_from_civil(i64::from(local.year()), i64::from(local.month()), i64::from(local.day()));
    days * DAY + i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second())
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, without limits on the year.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub(super) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// Days in a month.
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    let next = if month == 12 { days_from_civil(year + 1, 1, 1) } else { days_from_civil(year, month + 1, 1) };
    next - days_from_civil(year, month, 1)
}

/// An instant of whole seconds, held within what a timestamp can say.
pub(super) fn stamp(second: i64) -> Timestamp {
    let within = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(within).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// An instant in whole seconds, rounded down.
pub(super) fn floor(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_days_agree_with_jiff() {
        for days in (-1_000_000..1_000_000).step_by(37) {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m, d), days);
            let (Ok(y), Ok(m), Ok(d)) = (i16::try_from(y), i8::try_from(m), i8::try_from(d)) else { panic!("{days}") };
            assert_eq!(stamp(days * DAY).to_zoned(TimeZone::UTC).date(), jiff::civil::date(y, m, d));
        }
        assert_eq!((days_in_month(2028, 2), days_in_month(2100, 2), days_in_month(2026, 12)), (29, 28, 31));
    }

    #[test]
    fn high_water_is_the_inverse_of_first() {
        for name in ["America/Chicago", "Pacific/Apia", "Australia/Lord_Howe", "Pacific/Kwajalein"] {
            let zone = Zone::named(name).unwrap();
            for day in ["2011-12-30T00:00Z", "2026-03-08T00:00Z", "2026-11-01T00:00Z", "1969-09-30T00:00Z", "1993-08-21T00:00Z", "2026-04-05T00:00Z"] {
                let middle = day.parse::<Timestamp>().unwrap().as_second();
                let clock = zone.clock(middle - 2 * DAY, middle + 2 * DAY);
                for at in (middle - DAY..middle + 2 * DAY).step_by(600) {
                    for local in (at - DAY..at + DAY).step_by(1800) {
                        assert_eq!(clock.first(local) <= at, local <= clock.high_water(at), "{name} {day} {at} {local}");
                    }
                }
            }
        }
    }
}
