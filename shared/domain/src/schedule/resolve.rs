//! Resolution: the final answer of a schedule, over any range of time, with the reason of each person.
//!
//! One sweep over the instants at which anything changes: a layer's stretch or an override begins or ends. [`Schedule::on_call`] is the same sweep over one
//! second, so the answer at an instant and the shifts of a range can not disagree.

use super::layer::{Plan, Stretch, on_the_clock};
use super::local_time::{Clock, DAY, Zone, floor, stamp};
use super::overrides::{Answer, Cause};
use super::{Change, Schedule};
use crate::id::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One person on call and the chain of reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCall {
    /// Who.
    pub user: UserId,
    /// Why, as a sentence fragment ("layer 'weekly', turn 12 since 2026-01-05 09:00 Europe/London").
    pub reason: String,
    /// Why, as data.
    pub why: Why,
}

/// Why a person is on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Why {
    /// It is their turn.
    Turn {
        /// The layer, as people call it: "layer 'weekly'", "layer 2".
        layer: String,
        /// Place of the layer in the schedule's list, from 0.
        layer_index: usize,
        /// Number of the turn in this layer, from 1.
        turn: u64,
        /// When the turn began.
        since: Timestamp,
        /// When the turn ends.
        until: Timestamp,
    },
    /// Somebody changed the answer.
    Override {
        /// Place of the override in the schedule's list, from 0.
        override_index: usize,
        /// The override's own id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Whom it replaces: "everybody", "layer 'weekly'", "ada"; none if it adds.
        #[serde(skip_serializing_if = "Option::is_none")]
        instead_of: Option<String>,
        /// When it began.
        since: Timestamp,
        /// When it ends.
        until: Timestamp,
        /// What its author said.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

/// One person on call during `[start, end)` for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// First instant.
    pub start: Timestamp,
    /// First instant no more.
    pub end: Timestamp,
    /// Who.
    pub user: UserId,
    /// Why.
    pub why: Why,
}

/// A stretch `[start, end)` in which one layer is open and one turn of it runs, whatever other layers and overrides say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LayerTurn {
    /// First instant of the stretch.
    pub start: Timestamp,
    /// First instant no more.
    pub end: Timestamp,
    /// Number of the turn, from 1.
    pub turn: u64,
    /// When the turn begins, whether the layer is open then or not.
    pub since: Timestamp,
    /// When the turn ends.
    pub until: Timestamp,
}

/// A stretch of time with the same answer for all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) people: Vec<(&'a UserId, Cause)>,
}

/// A schedule laid out on its zone's clock for one range of time.
pub(super) struct Layout<'a> {
    schedule: &'a Schedule,
    pub(super) zone: Zone,
    pub(super) clock: Clock,
    pub(super) from: i64,
    pub(super) to: i64,
    /// By layer; none for a layer that means nothing.
    plans: Vec<Option<Plan>>,
    /// By layer.
    stretches: Vec<Vec<Stretch>>,
    /// Place, start and end of the overrides that touch the range, oldest first.
    overrides: Vec<(usize, i64, i64)>,
}

impl<'a> Layout<'a> {
    /// Lays a schedule out for `[from, to)`; `None` if its zone is unknown.
    pub(super) fn new(schedule: &'a Schedule, from: i64, to: i64) -> Option<Self> {
        let zone = Zone::named(&schedule.time_zone)?;
        let to = to.max(from);
        let mut known = (from - DAY, to + DAY);
        for (begin, end) in schedule.layers.iter().map(|l| l.needs(from, to)) {
            known = (known.0.min(begin), known.1.max(end));
        }
        let clock = zone.clock(known.0, known.1);
        let plans: Vec<Option<Plan>> = schedule.layers.iter().map(|l| l.plan(&clock)).collect();
        let stretches = plans.iter().map(|p| p.as_ref().map_or_else(Vec::new, |p| p.stretches(&clock, from, to))).collect();
        let spans = schedule.overrides.iter().enumerate().filter_map(|(i, o)| {
            let about = |m: &super::Written<super::Moment>| m.get().map_or(from, |m| m.about());
            let far = about(&o.start) > to + 2 * DAY || about(&o.end) < from - 2 * DAY;
            let (start, end) = if far { None } else { o.span(&zone.clock(about(&o.start), about(&o.end))) }?;
            (start < to && end > from).then_some((i, start, end))
        });
        let overrides = spans.collect();
        Some(Self { schedule, zone, clock, from, to, plans, stretches, overrides })
    }

    /// What one layer has on its own.
    pub(super) fn stretches_of(&self, layer: usize) -> &[Stretch] {
        self.stretches.get(layer).map_or(&[], Vec::as_slice)
    }

    /// The numbers of one layer's calendar turns that lie wholly within the range.
    pub(super) fn whole_turns(&self, layer: usize) -> std::ops::Range<u64> {
        self.plans.get(layer).and_then(Option::as_ref).map_or(0..0, |p| p.whole_turns(&self.clock, self.from, self.to))
    }

    /// One layer as if there were nothing else.
    pub(super) fn alone(mut self, layer: usize) -> Self {
        self.overrides.clear();
        self.stretches.iter_mut().enumerate().filter(|(i, _)| *i != layer).for_each(|(_, s)| s.clear());
        self
    }

    /// The whole range in stretches of one answer, in order, without holes; neighbours differ in people or causes.
    pub(super) fn segments(&self) -> Vec<Segment<'a>> {
        let layers = self.schedule.layers.len();
        let mut points: Vec<i64> = self.stretches.iter().flatten().flat_map(|s| [s.start, s.end]).collect();
        points.extend(self.overrides.iter().flat_map(|(_, start, end)| [*start, *end]).filter(|p| (self.from..self.to).contains(p)));
        points.extend([self.from, self.to]);
        points.sort_unstable();
        points.dedup();
        let mut starting: Vec<&(usize, i64, i64)> = self.overrides.iter().collect();
        starting.sort_by_key(|(_, start, _)| std::cmp::Reverse(*start));
        let mut active: Vec<&(usize, i64, i64)> = Vec::new();
        let mut next_stretch = vec![0; layers];
        let mut answer = Answer::default();
        let mut segments: Vec<Segment<'a>> = Vec::with_capacity(points.len());
        let mut people = Vec::new();
        for (&start, &end) in points.iter().zip(points.iter().skip(1)) {
            active.retain(|(_, _, end)| *end > start);
            while let Some(o) = starting.pop_if(|(_, begin, _)| *begin <= start) {
                active.push(o);
                active.sort_unstable();
            }
            answer.clear(layers);
            for (layer, next) in next_stretch.iter_mut().enumerate() {
                let all = &self.stretches[layer];
                while all.get(*next).is_some_and(|s| s.end <= start) {
                    *next += 1;
                }
                if let Some(s) = all.get(*next).filter(|s| s.start <= start) {
                    let users = self.schedule.layers[layer].members_of(s.turn);
                    answer.layer_says(layer, users, Cause::Turn { layer, turn: s.turn, since: s.turn_start, until: s.turn_end });
                }
            }
            for (place, ..) in &active {
                answer.apply(*place, &self.schedule.overrides[*place].change, &self.schedule.layers);
            }
            answer.people(self.schedule.stacking, &mut people);
            match segments.last_mut() {
                Some(last) if last.people == people => last.end = end,
                _ => segments.push(Segment { start, end, people: people.clone() }),
            }
        }
        segments
    }

    /// The reason behind a cause.
    fn why(&self, cause: Cause) -> Why {
        match cause {
            Cause::Turn { layer, turn, since, until } => {
                Why::Turn { layer: self.schedule.layers[layer].label(layer), layer_index: layer, turn, since: stamp(since), until: stamp(until) }
            }
            Cause::Override(place) => {
                let o = &self.schedule.overrides[place];
                let (_, start, end) = self.overrides.iter().find(|(i, ..)| *i == place).copied().unwrap_or((place, self.from, self.to));
                let instead_of = match &o.change {
                    Change::Everybody { .. } => Some("everybody".to_owned()),
                    Change::Layer { layer, .. } => super::overrides::find_layer(&self.schedule.layers, layer).map(|i| self.schedule.layers[i].label(i)),
                    Change::Person { person, .. } => Some(person.to_string()),
                    Change::Add { .. } => None,
                };
                Why::Override { override_index: place, id: o.id.clone(), instead_of, since: stamp(start), until: stamp(end), note: o.note.clone() }
            }
        }
    }

    /// The shifts of segments, in order of their start, then of the answer.
    pub(super) fn shifts(&self, segments: &[Segment<'a>]) -> Vec<Shift> {
        let mut running: Vec<(&UserId, Cause, usize)> = Vec::new();
        let mut shifts: Vec<Shift> = Vec::new();
        for segment in segments {
            running.retain(|(user, cause, _)| segment.people.contains(&(*user, *cause)));
            for (user, cause) in &segment.people {
                match running.iter().find(|(u, c, _)| u == user && c == cause) {
                    Some((.., shift)) => shifts[*shift].end = stamp(segment.end),
                    None => {
                        running.push((user, *cause, shifts.len()));
                        shifts.push(Shift { start: stamp(segment.start), end: stamp(segment.end), user: (*user).clone(), why: self.why(*cause) });
                    }
                }
            }
        }
        shifts
    }
}

impl Why {
    /// A sentence fragment for people, times on the schedule's clock.
    fn sentence(&self, zone: &Zone, zone_name: &str) -> String {
        let clock = |at: &Timestamp| on_the_clock(zone, at.as_second());
        match self {
            Self::Turn { layer, turn, since, .. } => format!("{layer}, turn {turn} since {} {zone_name}", clock(since)),
            Self::Override { id, instead_of, since, until, note, .. } => {
                let id = id.as_ref().map(|id| format!(" '{id}'")).unwrap_or_default();
                let change = instead_of.as_ref().map_or_else(|| "in addition".to_owned(), |whom| format!("instead of {whom}"));
                let note = note.as_ref().map(|n| format!(" ({n})")).unwrap_or_default();
                format!("override{id} {change} from {} to {} {zone_name}{note}", clock(since), clock(until))
            }
        }
    }
}

impl Schedule {
    /// Who is on call at `at`, in the order of the layers; empty when nobody is, and when the schedule means nothing (unknown zone; see
    /// [`Schedule::validate`]). The grain is a second.
    ///
    /// ```
    /// use tocsin_domain::schedule::Schedule;
    /// let schedule: Schedule = serde_json::from_str(r#"{
    ///     "id": "web", "team": "web", "name": "Web", "time_zone": "Europe/London",
    ///     "layers": [{"name": "weekly", "rotation": "weekly", "start": "2026-01-05T09:00", "members": ["ada", "grace"]}]
    /// }"#).unwrap();
    /// let who = |at: &str| schedule.on_call(at.parse().unwrap()).into_iter().map(|p| format!("{}: {}", p.user, p.reason)).collect::<Vec<_>>();
    /// assert_eq!(who("2026-01-12T08:59:59Z"), ["ada: layer 'weekly', turn 1 since 2026-01-05 09:00 Europe/London"]);
    /// assert_eq!(who("2026-01-12T09:00:00Z"), ["grace: layer 'weekly', turn 2 since 2026-01-12 09:00 Europe/London"]);
    /// assert!(who("2026-01-05T08:59:59Z").is_empty(), "nobody before the start");
    /// // In summer 09:00 in London is 08:00 UTC: the handoff stays at 09:00 on the clock. 2026-03-30 is 12 weeks after the start.
    /// assert_eq!(who("2026-03-30T08:00:00Z"), ["ada: layer 'weekly', turn 13 since 2026-03-30 09:00 Europe/London"]);
    /// ```
    pub fn on_call(&self, at: Timestamp) -> Vec<OnCall> {
        let at = floor(at);
        let Some(layout) = Layout::new(self, at, at + 1) else { return Vec::new() };
        let people = layout.segments().into_iter().flat_map(|s| s.people);
        people
            .map(|(user, cause)| {
                let why = layout.why(cause);
                OnCall { user: user.clone(), reason: why.sentence(&layout.zone, &self.time_zone), why }
            })
            .collect()
    }

    /// A reason as a sentence fragment, times on the schedule's clock: what [`OnCall::reason`] says.
    pub fn reason(&self, why: &Why) -> String {
        Zone::named(&self.time_zone).map_or_else(String::new, |zone| why.sentence(&zone, &self.time_zone))
    }

    /// The final schedule of `[start, end)`: who is on call when, and why, ordered by start. Shifts are cut at the range's ends; a shift ends where its
    /// reason does, so one person can have two in a row.
    pub fn shifts(&self, start: Timestamp, end: Timestamp) -> Vec<Shift> {
        let layout = Layout::new(self, floor(start), floor(end));
        layout.map_or_else(Vec::new, |l| l.shifts(&l.segments()))
    }

    /// The turns of each layer on its own in `[start, end)`, in order; cut at the range's ends.
    pub fn layer_turns(&self, start: Timestamp, end: Timestamp) -> Vec<Vec<LayerTurn>> {
        let turn = |s: &Stretch| LayerTurn { start: stamp(s.start), end: stamp(s.end), turn: s.turn, since: stamp(s.turn_start), until: stamp(s.turn_end) };
        let layout = Layout::new(self, floor(start), floor(end));
        layout.map_or_else(Vec::new, |l| l.stretches.iter().map(|stretches| stretches.iter().map(turn).collect()).collect())
    }

    /// The shifts that one layer (by its place, from 0) has on its own in `[start, end)`, without overrides and other layers.
    pub fn layer_shifts(&self, layer: usize, start: Timestamp, end: Timestamp) -> Vec<Shift> {
        let layout = Layout::new(self, floor(start), floor(end));
        layout.map(|l| l.alone(layer)).map_or_else(Vec::new, |l| l.shifts(&l.segments()))
    }
}
