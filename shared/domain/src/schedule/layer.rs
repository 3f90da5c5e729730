//! Layers: one rotation of people, from a start to an end, open always or in some windows.
//!
//! [`Layer`] is what people write; a [`Plan`] is the same laid out on one zone's clock, and answers with the stretches in which the layer is open and the
//! turn of each. Knows nothing of other layers or overrides.

use super::local_time::{Clock, DAY, NEVER, stamp};
use super::restriction::{Restriction, Windows};
use super::rotation::{Grid, Rotation};
use super::written::{Moment, TimeOfDay, WallTime, Written};
use crate::id::UserId;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::Range;

/// One rotation of people.
///
/// The shortest one is `{rotation: weekly, start: 2026-01-05T09:00, members: [ada, grace]}`: turns of a week that hand off on Mondays (the day of the
/// start) at 09:00 in the schedule's zone.
///
/// **A handoff keeps its time on the clock, and each local time happens once.** London's clock goes from 02:00 back to 01:00 on Sunday 2026-10-25 at 01:00
/// UTC. A daily handoff at 01:30 is at the first 01:30 (00:30 UTC), not again at the second (01:30 UTC), and on Monday at 01:30 UTC.
/// ```
/// # use tocsin_domain::schedule::Schedule;
/// # fn who(zone: &str, layer: &str, at: &str) -> String {
/// #     let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", "layers": [{layer}]}}"#);
/// #     let schedule: Schedule = serde_json::from_str(&text).unwrap();
/// #     schedule.on_call(at.parse().unwrap()).iter().map(|p| p.user.as_str()).collect::<Vec<_>>().join(" ")
/// # }
/// let daily = r#"{"rotation": "daily", "start": "2026-10-24T01:30", "members": ["a", "b", "c"]}"#;
/// let at = ["2026-10-25T00:29:59Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:29:59Z", "2026-10-26T01:30:00Z"];
/// assert_eq!(at.map(|at| who("Europe/London", daily, at)), ["a", "b", "b", "b", "c"]);
/// ```
/// **A time that the clock never reads is the next one it does.** Sao Paulo's clock went from 24:00 on Saturday 2018-11-03 to 01:00 at 03:00 UTC; the
/// handoff at 00:00 was then.
/// ```
/// # use tocsin_domain::schedule::Schedule;
/// # fn who(zone: &str, layer: &str, at: &str) -> String {
/// #     let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", "layers": [{layer}]}}"#);
/// #     let schedule: Schedule = serde_json::from_str(&text).unwrap();
/// #     schedule.on_call(at.parse().unwrap()).iter().map(|p| p.user.as_str()).collect::<Vec<_>>().join(" ")
/// # }
/// let midnight = r#"{"rotation": "daily", "start": "2018-11-03", "members": ["a", "b", "c"]}"#;
/// let at = ["2018-11-04T02:59:59Z", "2018-11-04T03:00:00Z", "2018-11-05T01:59:59Z", "2018-11-05T02:00:00Z"];
/// assert_eq!(at.map(|at| who("America/Sao_Paulo", midnight, at)), ["a", "b", "b", "c"]);
/// ```
/// **A start on a skipped day is the next day's first instant.** Apia had no Friday 2011-12-30; Saturday began at 10:00 UTC.
/// ```
/// # use tocsin_domain::schedule::Schedule;
/// # fn who(zone: &str, layer: &str, at: &str) -> String {
/// #     let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", "layers": [{layer}]}}"#);
/// #     let schedule: Schedule = serde_json::from_str(&text).unwrap();
/// #     schedule.on_call(at.parse().unwrap()).iter().map(|p| p.user.as_str()).collect::<Vec<_>>().join(" ")
/// # }
/// let skipped = r#"{"rotation": "weekly", "start": "2011-12-30T12:00", "members": ["a"]}"#;
/// assert_eq!(["2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z"].map(|at| who("Pacific/Apia", skipped, at)), ["", "a"]);
/// ```
/// **The handoff may be another time than the start.** From Wednesday 2026-01-07 12:00 with handoffs on Mondays at 09:00, the first turn ends on the 12th.
/// ```
/// # use tocsin_domain::schedule::Schedule;
/// # fn who(zone: &str, layer: &str, at: &str) -> String {
/// #     let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", "layers": [{layer}]}}"#);
/// #     let schedule: Schedule = serde_json::from_str(&text).unwrap();
/// #     schedule.on_call(at.parse().unwrap()).iter().map(|p| p.user.as_str()).collect::<Vec<_>>().join(" ")
/// # }
/// let mondays = r#"{"rotation": "weekly", "start": "2026-01-07T12:00", "handoff": "mon 09:00", "members": ["a", "b"]}"#;
/// let at = ["2026-01-07T11:59:59Z", "2026-01-07T12:00:00Z", "2026-01-12T09:00:00Z", "2026-01-19T09:00:00Z"];
/// assert_eq!(at.map(|at| who("UTC", mondays, at)), ["", "a", "b", "a"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// What people call it; unique in the schedule. A layer without a name is known by its place in the list, from 1.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How its time is cut into turns.
    pub rotation: Rotation,
    /// Nobody is on call in this layer before. The first turn begins here.
    pub start: Written<Moment>,
    /// Nobody is on call in this layer from here on; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Written<Moment>>,
    /// When turns hand off, if not at the start's own time (and day): `09:00`, `mon 09:00` for weeks, `day 15 09:00` for months. Turns are then laid out
    /// from the latest such time at or before the start; the first turn is the one that runs at the start, and may be shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Written<WallTime>>,
    /// Who takes the turns, in this order, from the first again after the last. Empty: the layer answers nobody.
    #[serde(default)]
    pub members: Vec<Turn>,
    /// Windows in which the layer is open; none: always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restrictions: Vec<Restriction>,
    /// Which turns count for whose turn it is.
    #[serde(default, skip_serializing_if = "Turns::is_calendar")]
    pub turns: Turns,
}

/// Who takes one turn: one person (`ada`) or several at once (`[ada, grace]`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn(pub Vec<UserId>);

/// Which turns count for whose turn it is.
///
/// Daily turns of three people, open on weekdays only. By calendar, Monday 2026-01-12 is the eighth turn, which is the second member's; counting covered
/// turns only, it is the sixth, the third member's.
/// ```
/// # use tocsin_domain::schedule::Schedule;
/// # fn who(zone: &str, layer: &str, at: &str) -> String {
/// #     let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", "layers": [{layer}]}}"#);
/// #     let schedule: Schedule = serde_json::from_str(&text).unwrap();
/// #     schedule.on_call(at.parse().unwrap()).iter().map(|p| p.user.as_str()).collect::<Vec<_>>().join(" ")
/// # }
/// let days = |turns: &str| format!(r#"{{"rotation": "daily", "start": "2026-01-05", "members": ["a", "b", "c"], "turns": "{turns}",
///     "restrictions": [{{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "00:00", "to": "24:00"}}]}}"#);
/// assert_eq!(who("UTC", &days("calendar"), "2026-01-12T12:00:00Z"), "b");
/// assert_eq!(who("UTC", &days("covered"), "2026-01-12T12:00:00Z"), "c");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Turns {
    /// Every turn of the calendar. A member whose turns all fall outside the layer's windows is never on call
    /// (`tocsin verify` names them).
    #[default]
    Calendar,
    /// Only turns in which the layer is open for at least a second, so that each member comes round equally often.
    Covered,
}

impl Turns {
    fn is_calendar(&self) -> bool {
        *self == Self::Calendar
    }
}

impl Serialize for Turn {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(s),
            several => several.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Turn {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;
        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Turn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a user, or a list of users who take the turn together")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Turn, E> {
                text.parse().map(|user| Turn(vec![user])).map_err(|e| E::custom(format!("{text:?}: {e}")))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Turn, A::Error> {
                let mut users = Vec::new();
                while let Some(user) = seq.next_element()? {
                    users.push(user);
                }
                Ok(Turn(users))
            }
        }
        d.deserialize_any(OneOrSeveral)
    }
}

/// A stretch in which a layer is open and one turn runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: i64,
    pub(super) end: i64,
    /// The turn's number, from 1.
    pub(super) turn: u64,
    /// When the turn began and ends, whether the layer is open then or not.
    pub(super) turn_start: i64,
    pub(super) turn_end: i64,
}

/// A layer laid out on its zone's clock.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    start: i64,
    end: i64,
    grid: Grid,
    /// The grid's turn that runs at the start: turn 1.
    first: i64,
    windows: Option<Windows>,
    turns: Turns,
}

impl Layer {
    /// The earliest and latest seconds that the layer's clock must know to answer for `[from, to)`.
    pub(super) fn needs(&self, from: i64, to: i64) -> (i64, i64) {
        let start = self.start.get().map_or(from, |m| m.about());
        let end = self.end.as_ref().and_then(Written::get).map_or(to, |m| m.about());
        let turn = self.rotation.lengths().iter().filter_map(Written::get).map(|l| l.seconds()).max().unwrap_or(0);
        let margin = 2 * DAY + turn.clamp(0, super::rotation::LONGEST_S);
        (start.min(from) - 40 * DAY, to.min(end).max(start) + margin)
    }

    /// Lays the layer out; `None` if it means nothing, as `validate` says.
    pub(super) fn plan(&self, clock: &Clock) -> Option<Plan> {
        let written = *self.start.get()?;
        let start = written.second(clock);
        let reads = match written {
            Moment::Instant(_) => clock.reads(start),
            Moment::Local(local) => super::local_time::local_seconds(local),
        };
        let end = match &self.end {
            Some(end) => end.get()?.second(clock),
            None => NEVER,
        };
        let handoff = match &self.handoff {
            Some(handoff) => Some(*handoff.get().filter(|h| h.time != TimeOfDay::END)?),
            None => None,
        };
        let grid = Grid::new(&self.rotation, handoff, start, reads, clock)?;
        let first = grid.turn_at(start, clock);
        let windows = Windows::new(&self.restrictions)?;
        // Always open, and no turn can be empty: every turn is covered, and need not be counted.
        let turns = if windows.is_none() && grid.is_elapsed() { Turns::Calendar } else { self.turns };
        Some(Plan { start, end, grid, first, windows, turns })
    }

    /// What people call the layer at this place of the list (from 0), as in "layer 'weekly'" or "layer 2".
    pub(super) fn label(&self, place: usize) -> String {
        if self.name.is_empty() { format!("layer {}", place + 1) } else { format!("layer '{}'", self.name) }
    }

    /// The members of turn `number` (from 1).
    pub(super) fn members_of(&self, number: u64) -> &[UserId] {
        let count = u64::try_from(self.members.len()).unwrap_or(u64::MAX);
        let place = number.saturating_sub(1).checked_rem(count).and_then(|i| usize::try_from(i).ok());
        place.and_then(|i| self.members.get(i)).map_or(&[], |turn| turn.0.as_slice())
    }
}

impl Plan {
    /// The numbers (from 1) of the calendar turns that lie wholly within `[from, to)`.
    pub(super) fn whole_turns(&self, clock: &Clock, from: i64, to: i64) -> Range<u64> {
        let (from, to) = (from.max(self.start), to.min(self.end));
        if from >= to {
            return 0..0;
        }
        let number = |n: i64| u64::try_from(n - self.first + 1).unwrap_or(1);
        number(self.grid.turn_at((from - 1).max(self.start), clock) + i64::from(from > self.start))..number(self.grid.turn_at(to, clock))
    }

    /// The stretches within `[from, to)`, in order. They never overlap, and together they are exactly the layer's open time.
    pub(super) fn stretches(&self, clock: &Clock, from: i64, to: i64) -> Vec<Stretch> {
        let (from, to) = (from.max(self.start), to.min(self.end));
        let mut found = Vec::new();
        if from >= to {
            return found;
        }
        // Covered turns are counted from the start, calendar turns need no counting.
        let count_from = if self.turns == Turns::Covered { self.start } else { from };
        let open = self.windows.as_ref().map_or_else(|| vec![(count_from, to)], |w| w.open(clock, count_from, to));
        let mut covered = 0;
        let mut last_counted = None;
        for (open_start, open_end) in open {
            let mut n = self.grid.turn_at(open_start, clock);
            let mut turn_start = self.grid.handoff(n, clock);
            loop {
                let turn_end = self.grid.handoff(n + 1, clock);
                let (start, end) = (open_start.max(turn_start), open_end.min(turn_end));
                if start < end {
                    if last_counted != Some(n) {
                        covered += 1;
                        last_counted = Some(n);
                    }
                    let turn = if self.turns == Turns::Covered { covered } else { u64::try_from(n - self.first + 1).unwrap_or(1) };
                    if end > from {
                        let (turn_start, turn_end) = (turn_start.max(self.start), turn_end.min(self.end));
                        found.push(Stretch { start: start.max(from), end, turn, turn_start, turn_end });
                    }
                }
                if turn_end >= open_end {
                    break;
                }
                n += 1;
                turn_start = turn_end;
            }
        }
        found
    }
}

/// For people: an instant on the zone's clock, `2026-01-05 09:00`.
pub(super) fn on_the_clock(zone: &super::local_time::Zone, second: i64) -> String {
    let local = zone.reads(stamp(second));
    let form = if local.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    local.strftime(form).to_string()
}
