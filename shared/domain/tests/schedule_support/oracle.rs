//! A naive oracle: it looks at every minute in turn, and finds the instant of a local time by watching the clock. It shares nothing with the engine but the
//! types that people's configuration is read into, and is written for clearness, not speed. It works in whole minutes.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{Span, ToSpan};
use std::cell::RefCell;
use std::collections::HashMap;
use tocsin_domain::id::UserId;
use tocsin_domain::schedule::{Change, Day, Layer, Moment, Restriction, Rotation, Schedule, Stacking, TimeOfDay, Turns, Unit, Written};

/// Minutes since 1970-01-01T00:00 UTC.
type Minute = i64;

pub struct Oracle<'a> {
    schedule: &'a Schedule,
    tz: TimeZone,
    readings: RefCell<HashMap<Minute, i64>>,
    firsts: RefCell<HashMap<DateTime, Minute>>,
}

/// What one layer says in one minute: closed, or open with these people.
pub type Says = Option<Vec<UserId>>;

fn local_minutes(local: DateTime) -> i64 {
    Offset::UTC.to_timestamp(local).unwrap().as_second().div_euclid(60)
}

fn clock_time(date: Date, time: TimeOfDay) -> DateTime {
    date.at(0, 0, 0, 0) + Span::new().minutes(i64::from(time.seconds() / 60))
}

fn weekday(date: Date) -> u8 {
    u8::try_from(date.weekday().to_monday_zero_offset()).unwrap()
}

impl<'a> Oracle<'a> {
    pub fn new(schedule: &'a Schedule) -> Self {
        let tz = TimeZoneDatabase::bundled().get(&schedule.time_zone).unwrap();
        Self { schedule, tz, readings: RefCell::default(), firsts: RefCell::default() }
    }

    /// What the clock on the wall reads in this minute, in local minutes.
    fn reading(&self, minute: Minute) -> i64 {
        *self.readings.borrow_mut().entry(minute).or_insert_with(|| {
            let at = Timestamp::from_second(minute * 60).unwrap();
            local_minutes(self.tz.to_datetime(at))
        })
    }

    /// The first minute in which the clock reads this or later: watch the clock, minute by minute, from a time at which it can not have read so much even
    /// if it was as far ahead of UTC as it is on any of these days.
    fn first(&self, local: DateTime) -> Minute {
        if let Some(known) = self.firsts.borrow().get(&local) {
            return *known;
        }
        let wanted = local_minutes(local);
        let ahead = (-2..=2).map(|day| self.reading(wanted + day * 1440) - wanted - day * 1440).max().unwrap();
        let mut minute = wanted - ahead - 60;
        while self.reading(minute) < wanted {
            minute += 1;
        }
        self.firsts.borrow_mut().insert(local, minute);
        minute
    }

    fn moment(&self, written: &Written<Moment>) -> Minute {
        match written.get().unwrap() {
            Moment::Instant(at) => at.as_second().div_euclid(60),
            Moment::Local(local) => self.first(*local),
        }
    }

    /// Who is on call in each minute of `[from, to)`, in the order of the answer.
    pub fn answers(&self, from: Minute, to: Minute) -> Vec<Vec<UserId>> {
        let layers: Vec<Vec<Says>> = self.schedule.layers.iter().map(|l| self.layer(l, from, to)).collect();
        let overrides: Vec<(Minute, Minute)> = self.schedule.overrides.iter().map(|o| (self.moment(&o.start), self.moment(&o.end))).collect();
        (from..to)
            .map(|minute| {
                let i = usize::try_from(minute - from).unwrap();
                let says: Vec<&Says> = layers.iter().map(|l| &l[i]).collect();
                self.answer(&says, minute, &overrides)
            })
            .collect()
    }

    fn answer(&self, says: &[&Says], minute: Minute, overrides: &[(Minute, Minute)]) -> Vec<UserId> {
        let mut by_layer: Vec<Vec<UserId>> = says.iter().map(|s| (*s).clone().unwrap_or_default()).collect();
        let mut without_layer: Vec<UserId> = Vec::new();
        let mut added: Vec<UserId> = Vec::new();
        for (o, (start, end)) in self.schedule.overrides.iter().zip(overrides) {
            if minute < *start || *end <= minute {
                continue;
            }
            match &o.change {
                Change::Add { add } => added.extend(add.0.clone()),
                Change::Everybody { with } => {
                    by_layer.fill(with.0.clone());
                    without_layer.clone_from(&with.0);
                    added = Vec::new();
                }
                Change::Layer { layer, with } => {
                    let place = layer.parse::<usize>().unwrap() - 1;
                    if says[place].is_some() {
                        by_layer[place].clone_from(&with.0);
                    }
                }
                Change::Person { person, with } => {
                    let replace = |list: &Vec<UserId>| {
                        let mut done = false;
                        let mut result = Vec::new();
                        for user in list {
                            if user != person {
                                result.push(user.clone());
                            } else if !done {
                                result.extend(with.0.clone());
                                done = true;
                            }
                        }
                        result
                    };
                    by_layer = by_layer.iter().map(replace).collect();
                    without_layer = replace(&without_layer);
                    added = replace(&added);
                }
            }
        }
        by_layer.push(without_layer);
        let mut heard: Vec<UserId> = match self.schedule.stacking {
            Stacking::Union => by_layer.concat(),
            Stacking::TopWins => by_layer.into_iter().find(|l| !l.is_empty()).unwrap_or_default(),
        };
        heard.extend(added);
        let mut once: Vec<UserId> = Vec::new();
        for user in heard {
            if !once.contains(&user) {
                once.push(user);
            }
        }
        once
    }

    /// What a layer says in each minute of `[from, to)`.
    pub fn layer(&self, layer: &Layer, from: Minute, to: Minute) -> Vec<Says> {
        let start = self.moment(&layer.start);
        let end = layer.end.as_ref().map(|e| self.moment(e));
        let begin = if layer.turns == Turns::Covered { start.min(from) } else { from };
        let windows = self.windows(layer, begin, to);
        let handoffs = self.handoffs(layer, start, begin, to);
        let mut turn = None;
        let mut covered: Vec<usize> = Vec::new();
        let mut says = Vec::new();
        for minute in begin..to {
            while turn.map_or(0, |t| t + 1) < handoffs.len() && handoffs[turn.map_or(0, |t| t + 1)] <= minute {
                turn = Some(turn.map_or(0, |t| t + 1));
            }
            let alive = start <= minute && end.is_none_or(|e| minute < e);
            let open = alive && (layer.restrictions.is_empty() || windows.iter().any(|(a, b)| *a <= minute && minute < *b));
            let answer = open.then(|| {
                let turn = turn.unwrap();
                if covered.last() != Some(&turn) {
                    covered.push(turn);
                }
                let number = if layer.turns == Turns::Covered { covered.len() - 1 } else { turn };
                if layer.members.is_empty() { Vec::new() } else { layer.members[number % layer.members.len()].0.clone() }
            });
            if minute >= from {
                says.push(answer);
            }
        }
        says
    }

    /// The minutes at which turns begin, the first turn's (that is, the start) first. Those far from both the start and
    /// `begin` need not be exact.
    fn handoffs(&self, layer: &Layer, start: Minute, begin: Minute, to: Minute) -> Vec<Minute> {
        let reads = match layer.start.get().unwrap() {
            Moment::Local(local) => *local,
            Moment::Instant(at) => self.tz.to_datetime(*at),
        };
        let lengths: Vec<(i64, Unit)> = match &layer.rotation {
            Rotation::Every(length) => vec![length],
            Rotation::Custom(lengths) => lengths.iter().collect(),
        }
        .into_iter()
        .map(|l| (i64::from(l.get().unwrap().count), l.get().unwrap().unit))
        .collect();
        let unit = lengths[0].1;
        let elapsed = matches!(unit, Unit::Hours | Unit::Minutes);
        let handoff = layer.handoff.as_ref().map(|h| *h.get().unwrap());
        // Walk back day by day to the latest handoff at or before the start.
        let day_of_month = match handoff.and_then(|h| h.day) {
            Some(Day::OfMonth(day)) => i8::try_from(day).unwrap(),
            _ => reads.day(),
        };
        let mut anchor = reads;
        if let Some(handoff) = handoff {
            let mut date = reads.date();
            loop {
                let fits = match handoff.day {
                    Some(Day::OfWeek(day)) => weekday(date) == day.since_monday(),
                    _ if unit == Unit::Weeks && lengths.len() == 1 => weekday(date) == weekday(reads.date()),
                    _ if unit == Unit::Months => date.day() == day_of_month.min(date.days_in_month()),
                    _ => true,
                };
                if fits && clock_time(date, handoff.time) <= reads {
                    break;
                }
                date = date.yesterday().unwrap();
            }
            anchor = clock_time(date, handoff.time);
        }
        let far = |local: DateTime, minute: Minute| local_minutes(local) < minute - 3 * 1440;
        let mut minutes = Vec::new();
        let (mut local, mut minute) = (anchor, if elapsed && handoff.is_none() { start } else { self.first(anchor) });
        for n in 0.. {
            minutes.push(minute);
            if minute >= to {
                break;
            }
            let (count, unit) = lengths[n % lengths.len()];
            match unit {
                Unit::Hours => minute += count * 60,
                Unit::Minutes => minute += count,
                Unit::Months => {
                    let months = i64::try_from(n + 1).unwrap() * count;
                    let month = anchor.date().first_of_month() + months.months();
                    local = DateTime::from_parts(month.with().day(day_of_month.min(month.days_in_month())).build().unwrap(), anchor.time());
                }
                Unit::ClockMinutes => local += count.minutes(),
                Unit::ClockHours => local += count.hours(),
                Unit::Days => local += count.days(),
                Unit::Weeks => local += count.weeks(),
            }
            if !elapsed {
                let exact = !far(local, begin) || (local_minutes(local) - start).abs() <= 3 * 1440;
                minute = if exact { self.first(local) } else { local_minutes(local) };
            }
        }
        // The turn that runs at the start is the first.
        let before = minutes.iter().filter(|m| **m <= start).count();
        minutes.split_off(before - 1)
    }

    /// All windows that can touch `[begin, to)`: try every day.
    fn windows(&self, layer: &Layer, begin: Minute, to: Minute) -> Vec<(Minute, Minute)> {
        let date = |minute: Minute| self.tz.to_datetime(Timestamp::from_second(minute * 60).unwrap()).date();
        let mut windows = Vec::new();
        let mut day = date(begin) - 9.days();
        while day <= date(to) + 1.day() {
            for restriction in &layer.restrictions {
                windows.extend(self.window(restriction, day));
            }
            day = day.tomorrow().unwrap();
        }
        windows
    }

    /// The window that begins on this day, if one does.
    fn window(&self, restriction: &Restriction, day: Date) -> Option<(Minute, Minute)> {
        let (from, to) = (restriction.from.get().unwrap(), restriction.to.get().unwrap());
        let mut last = day;
        match (from.day, to.day) {
            (Some(Day::OfWeek(first)), Some(Day::OfWeek(end))) => {
                if weekday(day) != first.since_monday() {
                    return None;
                }
                while weekday(last) != end.since_monday() || clock_time(last, to.time) <= clock_time(day, from.time) {
                    last = last.tomorrow().unwrap();
                }
            }
            _ => {
                let chosen = restriction.days.iter().any(|d| d.get().unwrap().since_monday() == weekday(day));
                if !restriction.days.is_empty() && !chosen {
                    return None;
                }
                if to.time <= from.time {
                    last = day.tomorrow().unwrap();
                }
            }
        }
        Some((self.first(clock_time(day, from.time)), self.first(clock_time(last, to.time))))
    }
}
