//! What one layer has to be by what people wrote: its hand-offs one after the other on the calendar, and its windows day by day.

use super::clock::{Clock, Odd, on};
use crate::foresight::spans::normal;
use crate::schedule::{Day, Layer, Length, Moment, Restriction, Rotation, Span, TimeOfDay, Unit};
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// No clock is further from UTC, and no change of clocks is larger.
const FAR: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A hand-off as it has to be.
pub(super) struct Handoff {
    /// Its turn's number by the calendar, from 1.
    pub(super) turn: u64,
    /// When.
    pub(super) at: Timestamp,
    /// The time on the clock that it stands for, where the clock reads it never or twice.
    pub(super) odd: Option<(DateTime, Odd)>,
}

/// A layer's life on the calendar.
pub(super) struct Calendar<'a> {
    layer: &'a Layer,
    clock: &'a Clock,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    lengths: Vec<Length>,
    /// The hand-off that the first turn began with, at or before the start.
    anchor: DateTime,
    day_of_month: i8,
}

impl<'a> Calendar<'a> {
    /// Nothing where the layer can not be read.
    pub(super) fn of(layer: &'a Layer, clock: &'a Clock) -> Option<Self> {
        let start = clock.moment(&layer.start)?;
        let end = match &layer.end {
            Some(end) => clock.moment(end)?,
            None => Timestamp::MAX,
        };
        let written = match &layer.rotation {
            Rotation::Every(one) => vec![one.get()?],
            Rotation::Custom(many) => many.iter().map(crate::schedule::Written::get).collect::<Option<Vec<_>>>()?,
        };
        let lengths: Vec<Length> = written.into_iter().copied().collect();
        let reads = match layer.start.get()? {
            Moment::Local(local) => *local,
            Moment::Instant(_) => clock.reads(start),
        };
        let handoff = match &layer.handoff {
            Some(handoff) => Some(*handoff.get()?),
            None => None,
        };
        let day_of_month = match handoff.and_then(|h| h.day) {
            Some(Day::OfMonth(day)) => i8::try_from(day).ok()?,
            Some(Day::OfWeek(_)) | None => reads.day(),
        };
        let mut anchor = reads;
        if let Some(handoff) = handoff {
            // Back from the start, day by day, to one that the hand-off is meant for.
            let unit = (lengths.len() == 1).then(|| lengths[0].unit);
            let mut date = reads.date();
            anchor = loop {
                let fits = match (handoff.day, unit) {
                    (Some(Day::OfWeek(day)), _) => weekday(date) == day.since_monday(),
                    (_, Some(Unit::Weeks)) => date.weekday() == reads.date().weekday(),
                    (_, Some(Unit::Months)) => date.day() == day_of_month.min(date.days_in_month()),
                    (Some(Day::OfMonth(_)) | None, _) => true,
                };
                match on(date, handoff.time).filter(|local| fits && *local <= reads) {
                    Some(local) => break local,
                    None => date = date.yesterday().ok()?,
                }
            };
        }
        Some(Self { layer, clock, start, end, lengths, anchor, day_of_month })
    }

    fn is_elapsed(&self) -> bool {
        self.lengths.iter().all(|l| l.unit.is_elapsed())
    }

    /// How long one round of the lengths is; none for months.
    fn round(&self) -> Option<SignedDuration> {
        self.lengths.iter().try_fold(SignedDuration::ZERO, |sum, l| sum.checked_add(length(*l)?))
    }

    /// Hand-off `n` on the calendar, from 0, or by elapsed time.
    fn handoff(&self, n: u32) -> Option<(Timestamp, Option<(DateTime, Odd)>)> {
        let count = u32::try_from(self.lengths.len()).ok()?;
        let passed = match self.round() {
            None => {
                let months = i64::from(n) * i64::from(self.lengths.first()?.count);
                let first = self.anchor.date().first_of_month().checked_add(months.months()).ok()?;
                let date = first.with().day(self.day_of_month.min(first.days_in_month())).build().ok()?;
                return self.local(DateTime::from_parts(date, self.anchor.time()));
            }
            Some(round) => {
                let rounds = round.checked_mul(i32::try_from(n / count).ok()?)?;
                let within = self.lengths.iter().take((n % count) as usize);
                within.filter_map(|l| length(*l)).try_fold(rounds, SignedDuration::checked_add)?
            }
        };
        if self.is_elapsed() {
            let base = if self.layer.handoff.is_some() { self.clock.first(self.anchor)? } else { self.start };
            return Some((base.checked_add(passed).ok()?, None));
        }
        self.local(self.anchor.checked_add(passed).ok()?)
    }

    fn local(&self, local: DateTime) -> Option<(Timestamp, Option<(DateTime, Odd)>)> {
        let (at, odd) = self.clock.look(local)?;
        Some((at, odd.map(|odd| (local, odd))))
    }

    /// The hand-offs from the one whose turn runs at `from` to the first at or behind `until`. The first turn begins with the layer.
    pub(super) fn handoffs(&self, from: Timestamp, until: Timestamp) -> Vec<Handoff> {
        let at = |n: u32| self.handoff(n).map_or(Timestamp::MAX, |(at, _)| at);
        let mut first = 0;
        while at(first + 1) <= self.start {
            first += 1;
        }
        // Straight to shortly before the range, and from there one by one.
        let ahead = from.duration_since(self.start) - FAR;
        let round = self.round().unwrap_or(SignedDuration::from_hours(31 * 24 * i64::from(self.lengths.first().map_or(1, |l| l.count))));
        let rounds = u32::try_from(ahead.as_secs() / round.as_secs().max(1)).unwrap_or(0).saturating_sub(1);
        let mut n = first + rounds.saturating_mul(u32::try_from(self.lengths.len()).unwrap_or(1));
        while at(n + 1) <= from {
            n += 1;
        }
        let mut found = Vec::new();
        loop {
            let (at, odd) = self.handoff(n).unwrap_or((Timestamp::MAX, None));
            let begins = n == first;
            found.push(Handoff { turn: u64::from(n - first) + 1, at: if begins { self.start } else { at }, odd: odd.filter(|_| !begins) });
            if at >= until && found.len() > 1 {
                return found;
            }
            n += 1;
        }
    }

    /// When the layer is open in `[from, until)`, which lies in its life: every window of every day.
    pub(super) fn open(&self, from: Timestamp, until: Timestamp) -> Option<Vec<Span>> {
        if self.layer.restrictions.is_empty() {
            return Some(normal(vec![Span { start: from, end: until }]));
        }
        let mut windows = Vec::new();
        // The longest window is a week, and the clock is a day off at most.
        let mut date = self.clock.reads(from).date().checked_sub(9.days()).ok()?;
        let last = self.clock.reads(until).date().checked_add(1.day()).ok()?;
        while date <= last {
            for restriction in &self.layer.restrictions {
                if let Some((start, end)) = self.window(restriction, date) {
                    windows.push(Span { start: start.max(from), end: end.min(until) });
                }
            }
            date = date.tomorrow().ok()?;
        }
        Some(normal(windows))
    }

    /// The window that begins on a day.
    fn window(&self, restriction: &Restriction, date: Date) -> Option<(Timestamp, Timestamp)> {
        let (from, to) = (restriction.from.get()?, restriction.to.get()?);
        let days_later = match (from.day, to.day) {
            (Some(Day::OfWeek(first)), Some(Day::OfWeek(last))) => {
                if weekday(date) != first.since_monday() {
                    return None;
                }
                let days = (i32::from(last.since_monday()) - i32::from(first.since_monday())).rem_euclid(7);
                if days == 0 && to.time <= from.time { 7 } else { days }
            }
            _ => {
                let chosen = |d: &crate::schedule::Written<crate::schedule::Weekday>| d.get().is_some_and(|d| d.since_monday() == weekday(date));
                if !restriction.days.is_empty() && !restriction.days.iter().any(chosen) {
                    return None;
                }
                i32::from(to.time <= from.time)
            }
        };
        let last = date.checked_add(i64::from(days_later).days()).ok()?;
        let at = |date: Date, time: TimeOfDay| self.clock.first(on(date, time)?);
        Some((at(date, from.time)?, at(last, to.time)?))
    }
}

fn weekday(date: Date) -> u8 {
    u8::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)
}

/// A length of days of 24 hours on the calendar, or of elapsed time; none for months.
fn length(length: Length) -> Option<SignedDuration> {
    let count = i64::from(length.count);
    match length.unit {
        Unit::Minutes | Unit::ClockMinutes => Some(SignedDuration::from_mins(count)),
        Unit::Hours | Unit::ClockHours => Some(SignedDuration::from_hours(count)),
        Unit::Days => Some(SignedDuration::from_hours(count * 24)),
        Unit::Weeks => Some(SignedDuration::from_hours(count * 24 * 7)),
        Unit::Months => None,
    }
}
