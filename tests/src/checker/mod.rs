//! Invariants of design.md, checked on what a world left behind: stores, timelines, outbox and the answers that people heard.
//!
//! Written from the promises, not from the code: it shares the data types with it and none of its decisions.

mod accounts;
mod decisions;
mod due;
mod escalations;
mod history;
mod messages;
mod replay;
mod rosters;
mod rules;
mod versions;

use crate::world::World;
use history::History;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use tocsin_app::fakes::store::State;
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::timeline::{Entry, What};

/// No function runs for longer: what it read is at most so old when it writes.
const SLOWEST: SignedDuration = SignedDuration::from_secs(30);

/// What a world went through.
#[derive(Debug, Clone, Copy)]
pub struct Lived {
    /// When faults healed; none where there were none.
    pub healed_at: Option<Timestamp>,
    /// Faults that were injected: each explains one message too many.
    pub faults: usize,
}

pub(crate) struct Checker<'a> {
    world: &'a World,
    state: State,
    history: Arc<History>,
    lived: Lived,
    now: Timestamp,
    timelines: BTreeMap<IncidentId, Vec<Entry>>,
    found: Vec<String>,
}

/// Everything that does not hold.
#[must_use]
pub fn check(world: &World, lived: Lived) -> Vec<String> {
    let state = world.store.state();
    let mut timelines: BTreeMap<IncidentId, Vec<Entry>> = state.incidents.keys().map(|id| (*id, Vec::new())).collect();
    for entry in state.timeline.values() {
        timelines.entry(entry.incident).or_default().push(entry.clone());
    }
    let history = Arc::new(History::of(&state));
    let mut checker = Checker { world, state, history, lived, now: world.now(), timelines, found: Vec::new() };
    checker.accounts();
    checker.decisions();
    checker.versions();
    checker.rosters();
    checker.escalations();
    checker.messages();
    checker.replays();
    checker.found
}

impl Checker<'_> {
    fn wrong(&mut self, invariant: &str, what: impl AsRef<str>) {
        self.found.push(format!("{invariant}: {}", what.as_ref()));
    }

    /// The latest instant at which something due at `due` may happen.
    fn deadline(&self, due: Timestamp) -> Timestamp {
        match self.lived.healed_at {
            None => due + SignedDuration::from_secs(5),
            Some(healed) => due.max(healed) + SignedDuration::from_secs(150),
        }
    }
}

/// A generation of an incident, as its timeline tells it.
#[derive(Debug, Clone)]
pub(crate) struct Generation {
    number: u32,
    started_at: Timestamp,
    /// Somebody answered, or the next generation began.
    ended_at: Option<Timestamp>,
    entries: Vec<Entry>,
}

/// Cuts a timeline into generations.
pub(crate) fn generations(entries: &[Entry]) -> Vec<Generation> {
    let mut all: Vec<Generation> = Vec::new();
    for entry in entries {
        if all.last().is_none_or(|g| g.number != entry.generation) {
            if let Some(last) = all.last_mut() {
                last.ended_at.get_or_insert(entry.at);
            }
            all.push(Generation { number: entry.generation, started_at: entry.at, ended_at: None, entries: Vec::new() });
        }
        if let Some(last) = all.last_mut() {
            last.entries.push(entry.clone());
            if matches!(entry.what, What::Acknowledged { .. } | What::Snoozed { .. } | What::Resolved {} | What::Merged { .. }) {
                last.ended_at.get_or_insert(entry.at);
            }
        }
    }
    all
}
