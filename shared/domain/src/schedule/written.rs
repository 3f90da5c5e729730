//! Times as people write them: `2026-01-05T09:00`, `09:00`, `mon 09:00`, `day 15 09:00`.
//!
//! What can not be read is kept as text ([`Written::Unreadable`]) instead of failing the whole document, so that [`super::Schedule::validate`] can name
//! every mistake at once, each with its field and a suggestion. A layer or override with an unreadable time answers nobody.

use super::local_time::{Clock, floor, local_seconds};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A value as text in the configuration: what it means, or the text that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written<T> {
    /// What it means.
    Readable(T),
    /// The text as written; `validate` says what is wrong with it.
    Unreadable(String),
}

/// Why a text means nothing, and what could have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub suggestion: String,
}

impl Misread {
    pub(super) fn new(message: impl Into<String>, suggestion: impl Into<String>) -> Self {
        Self { message: message.into(), suggestion: suggestion.into() }
    }
}

impl<T> Written<T> {
    /// The meaning, if there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Readable(value) => Some(value),
            Self::Unreadable(_) => None,
        }
    }
}

impl<T: FromStr<Err = Misread>> Written<T> {
    /// Reads a text; never fails.
    pub fn read(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Unreadable(text.to_owned()), Self::Readable)
    }

    /// What is wrong, if it is unreadable.
    pub fn misread(&self) -> Option<Misread> {
        match self {
            Self::Readable(_) => None,
            Self::Unreadable(text) => text.parse::<T>().err(),
        }
    }
}

impl<T> From<T> for Written<T> {
    fn from(value: T) -> Self {
        Self::Readable(value)
    }
}

impl From<Timestamp> for Written<Moment> {
    fn from(at: Timestamp) -> Self {
        Self::Readable(Moment::Instant(at))
    }
}

impl<T: fmt::Display> fmt::Display for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Readable(value) => value.fmt(f),
            Self::Unreadable(text) => f.write_str(text),
        }
    }
}

impl<T: fmt::Display> Serialize for Written<T> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de, T: FromStr<Err = Misread>> Deserialize<'de> for Written<T> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::read(&String::deserialize(d)?))
    }
}

/// A point in time: an instant (`2026-01-05T09:00Z`, `2026-01-05T10:00+01:00`) or a local time of the schedule's zone (`2026-01-05T09:00`, `2026-01-05`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The same for everybody.
    Instant(Timestamp),
    /// The first instant at which the schedule's local clock reads this or later.
    Local(DateTime),
}

impl Moment {
    /// The instant in whole seconds.
    pub(super) fn second(self, clock: &Clock) -> i64 {
        match self {
            Self::Instant(at) => floor(at),
            Self::Local(local) => clock.first(local_seconds(local)),
        }
    }

    /// Within a day of the instant, whatever the zone.
    pub(super) fn about(self) -> i64 {
        match self {
            Self::Instant(at) => floor(at),
            Self::Local(local) => local_seconds(local),
        }
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self::Instant(at)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(at) => at.fmt(f),
            Self::Local(local) if local.second() == 0 => write!(f, "{}", local.strftime("%Y-%m-%dT%H:%M")),
            Self::Local(local) => write!(f, "{}", local.strftime("%Y-%m-%dT%H:%M:%S")),
        }
    }
}

impl FromStr for Moment {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let form = || Misread::new(format!("{text:?} is no date and time"), "write 2026-01-05T09:00 (local) or 2026-01-05T09:00Z (UTC)");
        let (Some(date), Some(rest)) = (text.get(..10), text.get(10..)) else { return Err(form()) };
        let date = read_date(date).ok_or_else(form)??;
        if rest.is_empty() {
            return Ok(Self::Local(date.at(0, 0, 0, 0)));
        }
        let rest = rest.strip_prefix(['T', 't', ' ']).ok_or_else(form)?;
        let clock_ends = rest.find(['Z', 'z', '+', '-', '[']).unwrap_or(rest.len());
        let (clock, zone) = rest.split_at(clock_ends);
        let whole = clock.split_once('.').map_or(clock, |(whole, _)| whole);
        let time: TimeOfDay = whole.parse()?;
        if time == TimeOfDay::END {
            return Err(Misread::new(format!("{text:?} has no such time of day"), "write 00:00 of the next day"));
        }
        if zone.is_empty() && whole == clock {
            return Ok(Self::Local(time.on(date)));
        }
        let seconds = if whole.len() == 5 { ":00" } else { "" };
        let instant = format!("{date}T{whole}{seconds}{}{zone}", clock.strip_prefix(whole).unwrap_or_default());
        instant.parse().map(Self::Instant).map_err(|_| form())
    }
}

/// `None`: not of the form `2026-01-05`; `Some(Err)`: of that form, but no such day.
fn read_date(text: &str) -> Option<Result<Date, Misread>> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let found = i16::try_from(year).ok().zip(i8::try_from(month).ok()).zip(i8::try_from(day).ok()).and_then(|((y, m), d)| Date::new(y, m, d).ok());
    Some(found.ok_or_else(|| {
        let last = if (1..=12).contains(&month) { super::local_time::days_in_month(i64::from(year), i64::from(month)) } else { 0 };
        let suggestion = if last > 0 { format!("that month ends on {year:04}-{month:02}-{last}") } else { "months go from 01 to 12".to_owned() };
        Misread::new(format!("there is no {text}"), suggestion)
    }))
}

fn digits(text: &str, count: usize) -> Option<u32> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// A time of day on the clock, in whole seconds: `09:00`, `17:30:15`, and `24:00` as the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    seconds: u32,
}

impl TimeOfDay {
    /// `24:00`: the end of a day, only for the end of a window.
    pub const END: Self = Self { seconds: 86_400 };

    /// A time of day; `None` if the clock has no such time.
    pub fn new(hour: u32, minute: u32, second: u32) -> Option<Self> {
        let possible = (hour < 24 && minute < 60 && second < 60) || (hour, minute, second) == (24, 0, 0);
        possible.then(|| Self { seconds: hour * 3600 + minute * 60 + second })
    }

    /// Seconds since midnight on the clock, 0 to 86400.
    pub fn seconds(self) -> u32 {
        self.seconds
    }

    fn on(self, date: Date) -> DateTime {
        let part = |n: u32| i8::try_from(n).unwrap_or(0);
        date.at(part(self.seconds / 3600), part(self.seconds / 60 % 60), part(self.seconds % 60), 0)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.seconds / 3600, self.seconds / 60 % 60)?;
        if self.seconds.is_multiple_of(60) { Ok(()) } else { write!(f, ":{:02}", self.seconds % 60) }
    }
}

impl FromStr for TimeOfDay {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let form = || Misread::new(format!("{text:?} is no time of day"), "write hours and minutes like 09:00");
        let mut parts = text.split(':');
        let mut next = || parts.next().map(|p| digits(p, 2).ok_or_else(form)).transpose();
        let (hour, minute) = next()?.zip(next()?).ok_or_else(form)?;
        let second = next()?.unwrap_or(0);
        if parts.next().is_some() {
            return Err(form());
        }
        Self::new(hour, minute, second).ok_or_else(|| Misread::new(format!("the clock never reads {text}"), "times go from 00:00 to 23:59:59"))
    }
}

/// A day of the week; weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Weekday {
    /// Monday to Sunday.
    pub const ALL: [Self; 7] = [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    /// Days since Monday, 0 to 6.
    pub fn since_monday(self) -> u8 {
        self as u8
    }

    fn long(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.long()[..3])
    }
}

impl FromStr for Weekday {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let lower = text.to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|d| d.long() == lower || d.to_string() == lower);
        found.ok_or_else(|| Misread::new(format!("{text:?} is no day of the week"), "write mon, tue, wed, thu, fri, sat or sun"))
    }
}

/// Which days a wall-clock time is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Day {
    /// Every week on this day.
    OfWeek(Weekday),
    /// Every month on this day, 1 to 31; the last day of a shorter month.
    OfMonth(u8),
}

/// A recurring wall-clock time: `09:00`, `mon 09:00`, `day 15 09:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WallTime {
    /// On which days; every day if absent.
    pub day: Option<Day>,
    /// The time of day.
    pub time: TimeOfDay,
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.day {
            None => {}
            Some(Day::OfWeek(day)) => write!(f, "{day} ")?,
            Some(Day::OfMonth(day)) => write!(f, "day {day} ")?,
        }
        self.time.fmt(f)
    }
}

impl FromStr for WallTime {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [time] => Ok(Self { day: None, time: time.parse()? }),
            ["day", number, time] => {
                let day = number.parse().ok().filter(|d| (1..=31).contains(d));
                let day = day.ok_or_else(|| Misread::new(format!("no month has a day {number}"), "days of a month go from 1 to 31"))?;
                Ok(Self { day: Some(Day::OfMonth(day)), time: time.parse()? })
            }
            [day, time] => Ok(Self { day: Some(Day::OfWeek(day.parse()?)), time: time.parse()? }),
            _ => Err(Misread::new(format!("{text:?} is no wall-clock time"), "write 09:00, mon 09:00 or day 15 09:00")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round<T: FromStr<Err = Misread> + fmt::Display>(text: &str) -> String {
        text.parse::<T>().map_or_else(|e| format!("{}: {}", e.message, e.suggestion), |v| v.to_string())
    }

    #[test]
    fn moments_read_and_print() {
        assert_eq!(round::<Moment>("2026-01-05"), "2026-01-05T00:00");
        assert_eq!(round::<Moment>("2026-01-05 09:00"), "2026-01-05T09:00");
        assert_eq!(round::<Moment>("2026-01-05T09:00:07"), "2026-01-05T09:00:07");
        assert_eq!(round::<Moment>("2026-01-05T09:00Z"), "2026-01-05T09:00:00Z");
        assert_eq!(round::<Moment>("2026-01-05T09:00+01:00"), "2026-01-05T08:00:00Z");
        assert_eq!(round::<Moment>("2026-01-05T09:00:00.5Z"), "2026-01-05T09:00:00.5Z");
    }

    #[test]
    fn impossible_times_say_what_to_write() {
        assert_eq!(round::<Moment>("2026-02-30"), "there is no 2026-02-30: that month ends on 2026-02-28");
        assert_eq!(round::<Moment>("2026-13-01"), "there is no 2026-13-01: months go from 01 to 12");
        assert_eq!(round::<Moment>("2026-01-05T25:00"), "the clock never reads 25:00: times go from 00:00 to 23:59:59");
        assert_eq!(round::<Moment>("2026-01-05T24:00"), "\"2026-01-05T24:00\" has no such time of day: write 00:00 of the next day");
        for bad in [
            "",
            "soon",
            "2026-1-5",
            "2026-01-05T",
            "2026-01-05X09:00",
            "2026-01-05T09:00:00.5",
            "2026-01-05T09:00[Europe/London]",
            "2026-01-05T9:00",
            "é026-01-05",
        ] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }

    #[test]
    fn wall_times_read_and_print() {
        assert_eq!(round::<WallTime>("Monday 09:00"), "mon 09:00");
        assert_eq!(round::<WallTime>("day 15 09:00:30"), "day 15 09:00:30");
        assert_eq!(round::<WallTime>("24:00"), "24:00");
        for bad in ["", "9:00", "09:60", "24:01", "mo 09:00", "day 32 09:00", "day 0 09:00", "mon", "09:00 mon", "09:00:00:00", "+9:00"] {
            assert!(bad.parse::<WallTime>().is_err(), "{bad}");
        }
    }
}
