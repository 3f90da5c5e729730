//! Reports over a range: gaps, overlaps, hours per person, and members who never get a shift.
//!
//! All of them read the same sweep as [`Schedule::shifts`]. The range is `[start, end)`; everything is exact to the second.

use super::Schedule;
use super::layer::Turns;
use super::local_time::{DAY, WEEK, floor, stamp};
use super::resolve::Layout;
use super::restriction::Windows;
use crate::id::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First instant.
    pub start: Timestamp,
    /// First instant no more.
    pub end: Timestamp,
}

/// A time at which several people are on call at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// First instant.
    pub start: Timestamp,
    /// First instant no more.
    pub end: Timestamp,
    /// Who, in the order of the answer.
    pub users: Vec<UserId>,
}

/// How long a person is on call, in seconds of elapsed time (a night on which the clock goes back is longer).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// In all.
    pub total_s: i64,
    /// Of it between 22:00 and 06:00 on the schedule's clock.
    pub night_s: i64,
    /// Of it between Saturday 00:00 and Monday 00:00 on the schedule's clock. Weekend nights count under both.
    pub weekend_s: i64,
}

/// A member of a layer who has turns, but never while the layer is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleMember {
    /// Who.
    pub user: UserId,
    /// The layer, as people call it: "layer 'weekly'", "layer 2".
    pub layer: String,
    /// Place of the layer in the schedule's list, from 0.
    pub layer_index: usize,
}

impl Schedule {
    /// When nobody is on call.
    ///
    /// Office hours only, in a week without clock changes: 168 hours less 5 times 8 are five gaps.
    /// ```
    /// use tocsin_domain::schedule::Schedule;
    /// let office: Schedule = serde_json::from_str(r#"{"id": "s", "team": "t", "time_zone": "Asia/Kathmandu", "layers": [{
    ///     "rotation": "weekly", "start": "2026-01-05", "members": ["ada"],
    ///     "restrictions": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]
    /// }]}"#).unwrap();
    /// // Monday 2026-01-05 09:00 in Kathmandu is 03:15 UTC, and 17:00 is 11:15 UTC.
    /// let gaps = office.gaps("2026-01-05T03:15:00Z".parse().unwrap(), "2026-01-12T03:15:00Z".parse().unwrap());
    /// assert_eq!(gaps.len(), 5);
    /// assert_eq!(gaps[0].start.to_string(), "2026-01-05T11:15:00Z");
    /// assert_eq!(gaps[4].start.to_string(), "2026-01-09T11:15:00Z", "the weekend begins");
    /// assert_eq!(gaps[4].end.to_string(), "2026-01-12T03:15:00Z");
    /// ```
    pub fn gaps(&self, start: Timestamp, end: Timestamp) -> Vec<Span> {
        let (from, to) = (floor(start), floor(end));
        match Layout::new(self, from, to) {
            None if from < to => vec![Span { start: stamp(from), end: stamp(to) }],
            None => Vec::new(),
            Some(layout) => layout.segments().iter().filter(|s| s.people.is_empty()).map(|s| Span { start: stamp(s.start), end: stamp(s.end) }).collect(),
        }
    }

    /// When more than one person is on call, and who.
    pub fn overlaps(&self, start: Timestamp, end: Timestamp) -> Vec<Overlap> {
        let Some(layout) = Layout::new(self, floor(start), floor(end)) else { return Vec::new() };
        let mut overlaps: Vec<Overlap> = Vec::new();
        for segment in layout.segments().iter().filter(|s| s.people.len() > 1) {
            let users: Vec<UserId> = segment.people.iter().map(|(user, _)| (*user).clone()).collect();
            match overlaps.last_mut().filter(|last| last.end == stamp(segment.start) && last.users == users) {
                Some(last) => last.end = stamp(segment.end),
                None => overlaps.push(Overlap { start: stamp(segment.start), end: stamp(segment.end), users }),
            }
        }
        overlaps
    }

    /// How long each person is on call.
    ///
    /// ```
    /// use tocsin_domain::schedule::Schedule;
    /// let schedule: Schedule = serde_json::from_str(r#"{"id": "s", "team": "t", "time_zone": "Europe/London", "layers": [
    ///     {"rotation": "weekly", "start": "2026-10-19", "members": ["ada", "grace"]}
    /// ]}"#).unwrap();
    /// // The week from Monday 2026-10-19 00:00 BST to Monday 2026-10-26 00:00 GMT has 169 hours: the clock goes back on Sunday at 01:00 UTC.
    /// let hours = schedule.hours("2026-10-18T23:00:00Z".parse().unwrap(), "2026-10-26T00:00:00Z".parse().unwrap());
    /// let ada = hours[&"ada".parse().unwrap()];
    /// assert_eq!(ada.total_s, 169 * 3600);
    /// assert_eq!(ada.night_s, (7 * 8 + 1) * 3600, "the night to Sunday has nine hours");
    /// assert_eq!(ada.weekend_s, 49 * 3600);
    /// ```
    pub fn hours(&self, start: Timestamp, end: Timestamp) -> BTreeMap<UserId, Hours> {
        let mut hours = BTreeMap::<UserId, Hours>::new();
        let Some(layout) = Layout::new(self, floor(start), floor(end)) else { return hours };
        let nights: Vec<(i64, i64)> = (0..7).map(|day| (day * DAY + 22 * 3600, day * DAY + 30 * 3600)).collect();
        let mut nights = Within::new(Windows::weekly(nights).open(&layout.clock, layout.from, layout.to));
        let mut weekends = Within::new(Windows::weekly(vec![(5 * DAY, WEEK)]).open(&layout.clock, layout.from, layout.to));
        for segment in layout.segments() {
            let (night_s, weekend_s) = (nights.seconds(segment.start, segment.end), weekends.seconds(segment.start, segment.end));
            for (user, _) in segment.people {
                if !hours.contains_key(user) {
                    hours.insert(user.clone(), Hours::default());
                }
                if let Some(sum) = hours.get_mut(user) {
                    sum.total_s += segment.end - segment.start;
                    sum.night_s += night_s;
                    sum.weekend_s += weekend_s;
                }
            }
        }
        hours
    }

    /// Members who have whole turns in the range, but not a second of open time in their layer. Take a range that is long against the rotation; over
    /// years, such a member is left out for good.
    ///
    /// Two people who swap every day, in a layer that is open on Mondays only, a day of every fourteen for each: fine. But a week of seven daily turns
    /// among seven people gives every Monday to the same one:
    /// ```
    /// use tocsin_domain::schedule::Schedule;
    /// let mondays: Schedule = serde_json::from_str(r#"{"id": "s", "team": "t", "time_zone": "UTC", "layers": [{
    ///     "name": "mondays", "rotation": "daily", "start": "2026-01-05", "members": ["a", "b", "c", "d", "e", "f", "g"],
    ///     "restrictions": [{"days": ["mon"], "from": "00:00", "to": "24:00"}]
    /// }]}"#).unwrap();
    /// let year = ("2026-01-05T00:00:00Z".parse().unwrap(), "2027-01-05T00:00:00Z".parse().unwrap());
    /// let idle: Vec<String> = mondays.idle_members(year.0, year.1).into_iter().map(|m| m.user.to_string()).collect();
    /// assert_eq!(idle, ["b", "c", "d", "e", "f", "g"]);
    /// let mut covered = mondays.clone();
    /// covered.layers[0].turns = tocsin_domain::schedule::Turns::Covered;
    /// assert!(covered.idle_members(year.0, year.1).is_empty());
    /// ```
    pub fn idle_members(&self, start: Timestamp, end: Timestamp) -> Vec<IdleMember> {
        let Some(layout) = Layout::new(self, floor(start), floor(end)) else { return Vec::new() };
        let mut idle = Vec::new();
        for (layer_index, layer) in self.layers.iter().enumerate().filter(|(_, l)| l.turns == Turns::Calendar) {
            let whole = layout.whole_turns(layer_index);
            let busy: Vec<&UserId> = layout.stretches_of(layer_index).iter().flat_map(|s| layer.members_of(s.turn)).collect();
            let round = whole.clone().take(layer.members.len());
            for user in round.flat_map(|turn| layer.members_of(turn)) {
                if !busy.contains(&user) && !idle.iter().any(|i: &IdleMember| i.layer_index == layer_index && i.user == *user) {
                    idle.push(IdleMember { user: user.clone(), layer: layer.label(layer_index), layer_index });
                }
            }
        }
        idle
    }
}

/// Sums up how much of consecutive stretches lies within windows.
struct Within {
    windows: Vec<(i64, i64)>,
    next: usize,
}

impl Within {
    fn new(windows: Vec<(i64, i64)>) -> Self {
        Self { windows, next: 0 }
    }

    /// Seconds of `[start, end)` within the windows; each call's `start` is the `end` of the one before, or later.
    fn seconds(&mut self, start: i64, end: i64) -> i64 {
        let mut sum = 0;
        while let Some((begin, stop)) = self.windows.get(self.next) {
            sum += (end.min(*stop) - start.max(*begin)).max(0);
            if *stop > end {
                break;
            }
            self.next += 1;
        }
        sum
    }
}
