//! The proof that a schedule does what people wrote: each hand-off, each edge of a window and each answer, one by one, against the calendar.
//!
//! The schedule engine lays time out with arithmetic of its own, because it has to be fast. Here the same is worked out again by other means (the calendar
//! library's days and months, its own way through gaps and overlaps, lists instead of sweeps) and compared: a mistake in one of them shows. Called by:
//! [`super::verify`]. Refuses to share a line with what it proves; all that it takes from there are the types that people's words are read into.

mod answer;
mod clock;
mod layers;
mod words;

pub use clock::Odd;

use super::spans::{normal, without};
use crate::id::{ScheduleId, UserId};
use crate::schedule::{LayerTurn, Schedule, Shift, Span, Turns, Why};
use clock::{Clock, whole};
use jiff::Timestamp;
use jiff::civil::DateTime;
use layers::Calendar;
use serde::Serialize;

/// Disagreements of one schedule that are told: the first of them tell enough.
const MOST_WRONG: usize = 20;

/// What was looked at in one schedule, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Which.
    pub schedule: ScheduleId,
    /// Its zone.
    pub time_zone: String,
    /// Hand-offs, each at its time on the clock.
    pub handoffs: usize,
    /// Stretches in which a layer is open, each with both of its ends.
    pub windows: usize,
    /// Stretches with one answer, each with everybody in it.
    pub answers: usize,
    /// Hand-offs at times that the clock reads never or twice, and where they are instead.
    pub odd: Vec<OddHandoff>,
    /// When more than one person is on call.
    pub overlaps: Vec<Span>,
    /// Where the engine and the calendar do not agree: a fault of Tocsin's, not of the configuration.
    pub wrong: Vec<Wrong>,
}

/// A hand-off at a time that the clock reads never or twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OddHandoff {
    /// In which layer, as people call it.
    pub layer: String,
    /// The time on the clock.
    pub local: DateTime,
    /// How often the clock reads it.
    pub read: Odd,
    /// The instant that it stands for.
    pub at: Timestamp,
}

/// Two answers to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// When.
    pub at: Timestamp,
    /// What, for people.
    pub what: String,
}

/// What the engine says about `[from, until)`.
#[derive(Debug, Clone)]
pub(super) struct Claims<'a> {
    pub(super) turns: Vec<Vec<LayerTurn>>,
    pub(super) shifts: &'a [Shift],
}

/// Compares what the engine claims with what people wrote.
pub(super) fn prove(schedule: &Schedule, claims: &Claims<'_>, range: Span) -> Proof {
    let mut proof = Proof {
        schedule: schedule.id.clone(),
        time_zone: schedule.time_zone.clone(),
        handoffs: 0,
        windows: 0,
        answers: 0,
        odd: Vec::new(),
        overlaps: Vec::new(),
        wrong: Vec::new(),
    };
    let range = Span { start: whole(range.start).unwrap_or(range.start), end: whole(range.end).unwrap_or(range.end) };
    let Some(clock) = Clock::named(&schedule.time_zone).filter(|_| range.start < range.end) else { return proof };
    for (place, layer) in schedule.layers.iter().enumerate() {
        let turns = claims.turns.get(place).map_or(&[][..], Vec::as_slice);
        let label = if layer.name.is_empty() { format!("layer {}", place + 1) } else { format!("layer '{}'", layer.name) };
        // A layer that can not be read answers nobody; the configuration is refused for it anyway.
        let Some(calendar) = Calendar::of(layer, &clock) else { continue };
        Layer { label, covered: layer.turns == Turns::Covered, calendar, turns, range }.prove(&mut proof);
    }
    answers(schedule, claims, &clock, range, &mut proof);
    proof.wrong.sort_by_key(|w| w.at);
    proof.wrong.truncate(MOST_WRONG);
    proof
}

/// One layer on its own.
struct Layer<'a> {
    label: String,
    covered: bool,
    calendar: Calendar<'a>,
    turns: &'a [LayerTurn],
    range: Span,
}

impl Layer<'_> {
    fn prove(&self, proof: &mut Proof) {
        let (from, until) = (self.range.start.max(self.calendar.start), self.range.end.min(self.calendar.end));
        let mut say = |at: Timestamp, what: String| proof.wrong.push(Wrong { at, what: format!("{}: {what}", self.label) });
        let claimed = normal(self.turns.iter().map(|t| Span { start: t.start, end: t.end }).collect());
        if from >= until {
            claimed.iter().for_each(|s| say(s.start, "it is open before its start or behind its end".to_owned()));
            return;
        }
        let Some(open) = self.calendar.open(from, until) else { return };
        for missing in without(&open, &claimed) {
            say(missing.start, format!("it is closed until {}, and has to be open", missing.end));
        }
        for extra in without(&claimed, &open) {
            say(extra.start, format!("it is open until {}, and has to be closed", extra.end));
        }
        let handoffs = self.calendar.handoffs(from, until);
        let mut now = 0;
        let mut last: Option<&LayerTurn> = None;
        for turn in self.turns {
            while handoffs.get(now + 1).is_some_and(|next| next.at <= turn.start) {
                now += 1;
            }
            let (Some(begun), Some(next)) = (handoffs.get(now), handoffs.get(now + 1)) else {
                say(turn.start, "a turn runs that no hand-off began".to_owned());
                break;
            };
            let (since, ends) = (begun.at.max(self.calendar.start), next.at.min(self.calendar.end));
            if (turn.since, turn.until) != (since, ends) {
                say(since, format!("a turn has to run from {since} to {ends}, and runs from {} to {}", turn.since, turn.until));
            }
            if turn.start < since || turn.end > ends || last.is_some_and(|l| l.end > turn.start) {
                say(turn.start, format!("somebody is on call from {} to {} by a turn from {since} to {ends}", turn.start, turn.end));
            }
            // Counting covered turns is held against the one before: nobody is left out, nobody comes twice.
            let number = match (self.covered, last) {
                (false, _) => Some(begun.turn),
                (true, Some(last)) => Some(last.turn + u64::from(last.since != since)),
                (true, None) => (since == self.calendar.start).then_some(1),
            };
            if number.is_some_and(|n| n != turn.turn) {
                say(turn.start, format!("it is turn {}, and has to be turn {}", turn.turn, number.unwrap_or_default()));
            }
            last = Some(turn);
        }
        proof.windows += open.len();
        for handoff in handoffs.iter().filter(|h| from <= h.at && h.at < until) {
            proof.handoffs += 1;
            if let Some((local, read)) = handoff.odd {
                proof.odd.push(OddHandoff { layer: self.label.clone(), local, read, at: handoff.at });
            }
        }
    }
}

/// Who answers, out of all layers and overrides.
fn answers(schedule: &Schedule, claims: &Claims<'_>, clock: &Clock, range: Span, proof: &mut Proof) {
    let overrides: Vec<Option<(Timestamp, Timestamp)>> = schedule.overrides.iter().map(|o| Some((clock.moment(&o.start)?, clock.moment(&o.end)?))).collect();
    let mut edges: Vec<Timestamp> = claims.turns.iter().flatten().flat_map(|t| [t.start, t.end]).collect();
    edges.extend(overrides.iter().flatten().flat_map(|(start, end)| [*start, *end]));
    edges.extend(claims.shifts.iter().flat_map(|s| [s.start, s.end]));
    edges.retain(|at| range.start < *at && *at < range.end);
    edges.extend([range.start, range.end]);
    edges.sort_unstable();
    edges.dedup();
    let mut next_turn = vec![0; claims.turns.len()];
    let mut next_shift = 0;
    let mut running: Vec<&Shift> = Vec::new();
    for span in edges.windows(2) {
        let [start, end] = span else { continue };
        let turns: Vec<Option<&LayerTurn>> = claims
            .turns
            .iter()
            .zip(&mut next_turn)
            .map(|(turns, next)| {
                while turns.get(*next).is_some_and(|t| t.end <= *start) {
                    *next += 1;
                }
                turns.get(*next).filter(|t| t.start <= *start)
            })
            .collect();
        let says: Vec<Option<&[UserId]>> = turns.iter().zip(&schedule.layers).map(|(turn, layer)| turn.map(|t| members(layer, t.turn))).collect();
        let in_force: Vec<usize> =
            (0..overrides.len()).filter(|place| overrides[*place].is_some_and(|(begin, stop)| begin <= *start && *start < stop)).collect();
        running.retain(|s| s.end > *start);
        while let Some(shift) = claims.shifts.get(next_shift).filter(|s| s.start <= *start) {
            running.push(shift);
            next_shift += 1;
        }
        let mut found: Vec<&UserId> = running.iter().map(|s| &s.user).collect();
        found.sort_unstable();
        let wanted = answer::answer(schedule, &says, &in_force);
        if found != wanted {
            let names =
                |people: &[&UserId]| if people.is_empty() { "nobody".to_owned() } else { people.iter().map(|u| u.as_str()).collect::<Vec<_>>().join(", ") };
            proof.wrong.push(Wrong { at: *start, what: format!("on call until {end} is {}, and has to be {}", names(&found), names(&wanted)) });
        }
        for shift in &running {
            let true_reason = match &shift.why {
                Why::Turn { layer_index, turn, since, until, .. } => {
                    turns.get(*layer_index).copied().flatten().is_some_and(|t| (t.turn, t.since, t.until) == (*turn, *since, *until))
                        && says[*layer_index].is_some_and(|people| people.contains(&shift.user))
                }
                Why::Override { override_index, .. } => {
                    in_force.contains(override_index) && schedule.overrides.get(*override_index).is_some_and(|o| o.change.people().contains(&shift.user))
                }
            };
            if !true_reason {
                proof.wrong.push(Wrong { at: *start, what: format!("{} is on call until {end} for a reason that is not so", shift.user) });
            }
        }
        proof.answers += 1;
        if wanted.len() > 1 {
            match proof.overlaps.last_mut().filter(|last| last.end == *start) {
                Some(last) => last.end = *end,
                None => proof.overlaps.push(Span { start: *start, end: *end }),
            }
        }
    }
}

/// Who takes turn `number`, from 1.
fn members(layer: &crate::schedule::Layer, number: u64) -> &[UserId] {
    let place = usize::try_from(number.saturating_sub(1)).unwrap_or(0).checked_rem(layer.members.len());
    place.map_or(&[], |place| layer.members[place].0.as_slice())
}

#[cfg(test)]
mod tests;
