//! Rotation: how a layer's time is cut into turns.
//!
//! A [`Rotation`] is what people write (`weekly`, `2 weeks`, `12 clock hours`, `[5 days, 2 days]`); a [`Grid`] is the same as arithmetic: the n-th handoff,
//! and the turn that a moment belongs to, both without counting through the turns between. Every handoff is computed from the anchor, never from the
//! handoff before it, so nothing drifts.
//!
//! Days, weeks, months and *clock* hours are steps on the wall clock; plain hours and minutes are elapsed time.

use super::local_time::{Clock, DAY, WEEK, civil_from_days, days_from_civil, days_in_month};
use super::written::{Day, Misread, WallTime, Written};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The longest turn, so that a slip of the finger is not a schedule: 100 years.
pub(super) const LONGEST_S: i64 = 36_525 * DAY;

/// How a layer's time is cut into turns.
///
/// In a document: one word (`hourly`, `daily`, `weekly`, `monthly`), one length (`12 hours`, `12 clock hours`, `90 minutes`, `3 days`, `2 weeks`,
/// `6 months`) or a list of lengths that are gone through again and again (`[5 days, 2 days]`).
///
/// **Hours elapse, unless they are on the clock.** In Chicago the night to Sunday 2026-03-08 has no hour from 02:00 to 03:00. Turns of 6 hours from Saturday
/// 20:00 CST (02:00 UTC) hand off at 08:00 and 14:00 UTC, that is at 03:00 and 09:00 CDT; turns of 6 clock hours at 02:00 (which stands for 03:00 CDT, 08:00
/// UTC) and 08:00 CDT (13:00 UTC).
/// ```
/// # use tocsin_domain::schedule::Schedule;
/// # fn who(zone: &str, layer: &str, at: &str) -> String {
/// #     let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", "layers": [{layer}]}}"#);
/// #     let schedule: Schedule = serde_json::from_str(&text).unwrap();
/// #     schedule.on_call(at.parse().unwrap()).iter().map(|p| p.user.as_str()).collect::<Vec<_>>().join(" ")
/// # }
/// let turns = |length: &str| format!(r#"{{"rotation": "{length}", "start": "2026-03-07T20:00", "members": ["a", "b", "c"]}}"#);
/// let at = ["2026-03-08T07:59:59Z", "2026-03-08T08:00:00Z", "2026-03-08T13:00:00Z", "2026-03-08T14:00:00Z"];
/// assert_eq!(at.map(|at| who("America/Chicago", &turns("6 hours"), at)), ["a", "b", "b", "c"]);
/// assert_eq!(at.map(|at| who("America/Chicago", &turns("6 clock hours"), at)), ["a", "b", "c", "c"]);
/// ```
/// **Months count from the anchor**: from Saturday 31 January 2026 to 28 February, 31 March, 30 April, and never drift to the 28th.
/// ```
/// # use tocsin_domain::schedule::Schedule;
/// # fn who(zone: &str, layer: &str, at: &str) -> String {
/// #     let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", "layers": [{layer}]}}"#);
/// #     let schedule: Schedule = serde_json::from_str(&text).unwrap();
/// #     schedule.on_call(at.parse().unwrap()).iter().map(|p| p.user.as_str()).collect::<Vec<_>>().join(" ")
/// # }
/// let monthly = r#"{"rotation": "monthly", "start": "2026-01-31T09:00", "members": ["a", "b", "c", "d"]}"#;
/// let at = ["2026-02-28T08:59:59Z", "2026-02-28T09:00:00Z", "2026-03-28T09:00:00Z", "2026-03-31T09:00:00Z", "2026-04-30T09:00:00Z"];
/// assert_eq!(at.map(|at| who("UTC", monthly, at)), ["a", "b", "b", "c", "d"]);
/// ```
/// **Custom lengths** are gone through in order: five days from Monday, two days from Saturday.
/// ```
/// # use tocsin_domain::schedule::Schedule;
/// # fn who(zone: &str, layer: &str, at: &str) -> String {
/// #     let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", "layers": [{layer}]}}"#);
/// #     let schedule: Schedule = serde_json::from_str(&text).unwrap();
/// #     schedule.on_call(at.parse().unwrap()).iter().map(|p| p.user.as_str()).collect::<Vec<_>>().join(" ")
/// # }
/// let weeks = r#"{"rotation": ["5 days", "2 days"], "start": "2026-01-05T09:00", "members": ["week", "weekend"]}"#;
/// let at = ["2026-01-10T03:14:59Z", "2026-01-10T03:15:00Z", "2026-01-12T03:15:00Z"];
/// assert_eq!(at.map(|at| who("Asia/Kathmandu", weeks, at)), ["week", "weekend", "week"], "09:00 in Kathmandu is 03:15 UTC");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// Every turn is equally long.
    Every(Written<Length>),
    /// Turns have these lengths in order, from the first again after the last. No months; elapsed units only among themselves.
    Custom(Vec<Written<Length>>),
}

impl Rotation {
    /// Every `count` of a unit.
    pub fn every(count: u32, unit: Unit) -> Self {
        Self::Every(Written::Readable(Length { count, unit }))
    }

    /// How many lengths it names.
    pub fn turns(&self) -> usize {
        self.lengths().len()
    }

    /// All lengths, readable or not.
    pub(super) fn lengths(&self) -> &[Written<Length>] {
        match self {
            Self::Every(one) => std::slice::from_ref(one),
            Self::Custom(many) => many,
        }
    }
}

/// How long a turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Length {
    /// How many, at least 1.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// What turns are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Elapsed minutes.
    Minutes,
    /// Elapsed hours: 8 hours are 8 hours, so handoffs move on the clock when daylight saving begins or ends.
    Hours,
    /// Minutes on the wall clock.
    ClockMinutes,
    /// Hours on the wall clock: handoffs keep their time of day, so a turn can be an hour shorter or longer on a change night.
    ClockHours,
    /// Days on the calendar.
    Days,
    /// Weeks on the calendar.
    Weeks,
    /// Months on the calendar, counted from the anchor: 31 January, 28 February, 31 March.
    Months,
}

impl Unit {
    const NAMES: [(Self, &str, Option<&str>); 7] = [
        (Self::ClockMinutes, "clock minute", None),
        (Self::ClockHours, "clock hour", None),
        (Self::Minutes, "minute", None),
        (Self::Hours, "hour", Some("hourly")),
        (Self::Days, "day", Some("daily")),
        (Self::Weeks, "week", Some("weekly")),
        (Self::Months, "month", Some("monthly")),
    ];

    /// Elapsed time rather than steps on the wall clock.
    pub fn is_elapsed(self) -> bool {
        matches!(self, Self::Minutes | Self::Hours)
    }

    fn names(self) -> (&'static str, Option<&'static str>) {
        Self::NAMES.iter().find(|(unit, ..)| *unit == self).map_or(("", None), |(_, noun, word)| (noun, *word))
    }

    /// Seconds of one; of the longest one for months.
    fn seconds(self) -> i64 {
        match self {
            Self::Minutes | Self::ClockMinutes => 60,
            Self::Hours | Self::ClockHours => 3600,
            Self::Days => DAY,
            Self::Weeks => WEEK,
            Self::Months => 31 * DAY,
        }
    }
}

impl Length {
    /// Seconds; at most, for months.
    pub(super) fn seconds(self) -> i64 {
        i64::from(self.count) * self.unit.seconds()
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.count, self.unit.names()) {
            (1, (_, Some(word))) => f.write_str(word),
            (1, (noun, None)) => write!(f, "1 {noun}"),
            (count, (noun, _)) => write!(f, "{count} {noun}s"),
        }
    }
}

impl FromStr for Length {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let lower = text.trim().to_ascii_lowercase();
        if let Some((unit, ..)) = Unit::NAMES.iter().find(|(.., word)| *word == Some(lower.as_str())) {
            return Ok(Self { count: 1, unit: *unit });
        }
        let form = || Misread::new(format!("{text:?} is no length of a turn"), "write hourly, daily, weekly, monthly, or a length like 2 weeks or 12 hours");
        let rest = lower.strip_prefix("every ").unwrap_or(&lower);
        let (count, noun) = rest.split_once(' ').ok_or_else(form)?;
        let count = if count.bytes().all(|b| b.is_ascii_digit()) { count.parse().map_err(|_| form())? } else { return Err(form()) };
        let noun = noun.trim().strip_suffix('s').unwrap_or(noun.trim());
        let unit = Unit::NAMES.iter().find(|(_, name, _)| *name == noun).ok_or_else(form)?.0;
        Ok(Self { count, unit })
    }
}

impl Serialize for Rotation {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Every(length) => length.serialize(s),
            Self::Custom(lengths) => lengths.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Rotation {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct TextOrList;
        impl<'de> Visitor<'de> for TextOrList {
            type Value = Rotation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rotation like weekly or 2 weeks, or a list of lengths like [5 days, 2 days]")
            }

            fn visit_str<E>(self, text: &str) -> Result<Rotation, E> {
                Ok(Rotation::Every(Written::read(text)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Rotation, A::Error> {
                let mut lengths = Vec::new();
                while let Some(length) = seq.next_element()? {
                    lengths.push(length);
                }
                Ok(Rotation::Custom(lengths))
            }
        }
        d.deserialize_any(TextOrList)
    }
}

/// On which axis the steps of a grid are even.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Elapsed,
    WallClock,
}

#[derive(Debug, Clone)]
enum Steps {
    /// This many seconds each.
    Even(i64),
    /// This many months each, on this day of the month (or the last of a shorter one).
    Months { count: i64, day: i64 },
    /// These ends of steps, in seconds since the cycle began; the last is the cycle's length.
    Cycle(Vec<i64>),
}

/// A rotation as arithmetic. Handoff 0 is the latest one at or before the layer's start.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    axis: Axis,
    base: i64,
    steps: Steps,
}

impl Grid {
    /// Lays a rotation out from a layer's start: `start` in UTC seconds and `reads`, what people wrote for it (or what the clock read then).
    /// `None` if the rotation means nothing (unreadable, zero, empty, months among custom lengths, elapsed ones among others).
    pub(super) fn new(rotation: &Rotation, handoff: Option<WallTime>, start: i64, reads: i64, clock: &Clock) -> Option<Self> {
        let lengths = rotation.lengths().iter().map(|l| l.get().copied().filter(|l| (1..=LONGEST_S).contains(&l.seconds()))).collect::<Option<Vec<_>>>()?;
        let single = if let (Rotation::Every(_), [one]) = (rotation, lengths.as_slice()) { Some(*one) } else { None };
        let unit = single.map(|l| l.unit);
        let elapsed = lengths.iter().all(|l| l.unit.is_elapsed());
        let mixed = !elapsed && lengths.iter().any(|l| l.unit.is_elapsed());
        if lengths.is_empty() || mixed || (single.is_none() && lengths.iter().any(|l| l.unit == Unit::Months)) {
            return None;
        }
        if unit == Some(Unit::Months) {
            return Some(Self::monthly(lengths.first()?.count, handoff, reads));
        }
        let steps = match single {
            Some(length) => Steps::Even(length.seconds()),
            None => Steps::Cycle(
                lengths
                    .iter()
                    .scan(0, |end, l| {
                        *end += l.seconds();
                        Some(*end)
                    })
                    .collect(),
            ),
        };
        let base = latest(handoff, reads, unit == Some(Unit::Weeks));
        if elapsed {
            let base = if handoff.is_some() { clock.first(base) } else { start };
            return Some(Self { axis: Axis::Elapsed, base, steps });
        }
        Some(Self { axis: Axis::WallClock, base, steps })
    }

    fn monthly(count: u32, handoff: Option<WallTime>, reads: i64) -> Self {
        let (year, month, today) = civil_from_days(reads.div_euclid(DAY));
        let day = match handoff.and_then(|h| h.day) {
            Some(Day::OfMonth(day)) => i64::from(day),
            Some(Day::OfWeek(_)) | None => today,
        };
        let time = handoff.map_or(reads.rem_euclid(DAY), |h| i64::from(h.time.seconds()));
        let mut months = year * 12 + month - 1;
        if month_point(months, day) + time > reads {
            months -= 1;
        }
        // The base of a monthly grid packs the month and the time of day; see `point`.
        Self { axis: Axis::WallClock, base: months * DAY + time, steps: Steps::Months { count: i64::from(count), day } }
    }

    /// Whether turns are elapsed time, so that none of them can be lost in a gap of the clock.
    pub(super) fn is_elapsed(&self) -> bool {
        self.axis == Axis::Elapsed
    }

    /// Handoff `n` on the grid's own axis.
    fn point(&self, n: i64) -> i64 {
        match &self.steps {
            Steps::Even(step) => self.base + n * step,
            Steps::Months { count, day } => month_point(self.base.div_euclid(DAY) + n * count, *day) + self.base.rem_euclid(DAY),
            Steps::Cycle(ends) => {
                let turns = i64::try_from(ends.len()).unwrap_or(1);
                let length = ends.last().copied().unwrap_or(1);
                let before = usize::try_from(n.rem_euclid(turns)).ok().and_then(|i| i.checked_sub(1));
                self.base + n.div_euclid(turns) * length + before.and_then(|i| ends.get(i)).copied().unwrap_or(0)
            }
        }
    }

    /// The greatest `n` whose handoff is at or before a place on the grid's own axis.
    fn index(&self, place: i64) -> i64 {
        match &self.steps {
            Steps::Even(step) => (place - self.base).div_euclid(*step),
            Steps::Months { count, .. } => {
                let (year, month, _) = civil_from_days(place.div_euclid(DAY));
                let n = (year * 12 + month - 1 - self.base.div_euclid(DAY)).div_euclid(*count);
                if self.point(n) > place { n - 1 } else { n }
            }
            Steps::Cycle(ends) => {
                let length = ends.last().copied().unwrap_or(1);
                let (cycles, within) = ((place - self.base).div_euclid(length), (place - self.base).rem_euclid(length));
                cycles * i64::try_from(ends.len()).unwrap_or(1) + i64::try_from(ends.partition_point(|end| *end <= within)).unwrap_or(0)
            }
        }
    }

    /// The instant of handoff `n`.
    pub(super) fn handoff(&self, n: i64, clock: &Clock) -> i64 {
        match self.axis {
            Axis::Elapsed => self.point(n),
            Axis::WallClock => clock.first(self.point(n)),
        }
    }

    /// Which turn an instant belongs to: the greatest `n` whose handoff is at or before it.
    pub(super) fn turn_at(&self, at: i64, clock: &Clock) -> i64 {
        match self.axis {
            Axis::Elapsed => self.index(at),
            Axis::WallClock => self.index(clock.high_water(at)),
        }
    }
}

/// The latest local second at or before `reads` that a handoff names; `reads` itself without a handoff. A handoff of whole weeks that names no day is on
/// the weekday of `reads`.
fn latest(handoff: Option<WallTime>, reads: i64, whole_weeks: bool) -> i64 {
    let Some(handoff) = handoff else { return reads };
    let time = i64::from(handoff.time.seconds());
    let (origin, period) = match handoff.day {
        // 1970-01-05 was a Monday.
        Some(Day::OfWeek(day)) => ((4 + i64::from(day.since_monday())) * DAY + time, WEEK),
        None if whole_weeks => (reads.div_euclid(DAY) * DAY + time, WEEK),
        Some(Day::OfMonth(_)) | None => (time, DAY),
    };
    origin + (reads - origin).div_euclid(period) * period
}

/// Local midnight of a day of a month (counted from year 0), or of the last day of a shorter month.
fn month_point(months: i64, day: i64) -> i64 {
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    days_from_civil(year, month, day.min(days_in_month(year, month))) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_read_and_print() {
        for (text, printed) in
            [("weekly", "weekly"), ("Every 2 weeks", "2 weeks"), ("1 day", "daily"), ("12 clock hours", "12 clock hours"), ("90 minutes", "90 minutes")]
        {
            assert_eq!(text.parse::<Length>().map(|l| l.to_string()), Ok(printed.to_owned()));
        }
        for bad in ["", "fortnightly", "2", "two weeks", "-1 days", "+1 days", "1.5 days", "2 clock days"] {
            assert!(bad.parse::<Length>().is_err(), "{bad}");
        }
    }

    #[test]
    fn index_is_the_inverse_of_point() {
        let reads = days_from_civil(2028, 2, 29) * DAY + 9 * 3600;
        let zone = super::super::local_time::Zone::named("UTC").unwrap();
        let clock = zone.clock(reads, reads);
        for text in ["[\"5 days\",\"2 days\",\"36 clock hours\"]", "\"7 hours\"", "\"monthly\"", "\"12 months\"", "\"3 weeks\""] {
            let rotation: Rotation = serde_json::from_str(text).unwrap();
            let grid = Grid::new(&rotation, None, reads, reads, &clock).unwrap();
            assert_eq!(grid.index(reads), 0);
            for n in -50..200 {
                assert_eq!((grid.index(grid.point(n)), grid.index(grid.point(n) - 1)), (n, n - 1), "{text} {n}");
            }
        }
    }
}
