//! Schedules at run time: nobody's change is lost, what was taken back stays back, and a swap is both of its halves or nothing.

use super::Checker;
use crate::world::tell::{Answer, Asked};
use jiff::Timestamp;
use tocsin_app::change_roster::{Amend, Amended};
use tocsin_domain::id::{ScheduleId, UserId};
use tocsin_domain::schedule::roster::{Origin, Roster};
use tocsin_domain::schedule::swap::{State, Swap};
use tocsin_domain::schedule::{Change, Span};

impl Checker<'_> {
    pub(super) fn rosters(&mut self) {
        let history = self.history.clone();
        for (n, (at, roster)) in history.amended().iter().enumerate() {
            let before = history.amended()[..n].iter().rev().find(|(_, r)| r.schedule == roster.schedule).map(|(_, r)| r);
            if roster.revision != before.map_or(0, |b| b.revision) + 1 {
                self.wrong("rosters", format!("{} went from {:?} to revision {}", roster.schedule, before.map(|b| b.revision), roster.revision));
            }
            if let Some(before) = before {
                self.kept_in(before, roster, *at);
            }
            for swap in &roster.swaps {
                self.halves(roster, swap);
            }
        }
        self.heard();
    }

    /// One write after another: what was there is there, but for what it took back. What began before is not changed any more, only ended.
    fn kept_in(&mut self, before: &Roster, after: &Roster, at: Timestamp) {
        for old in &before.overrides {
            let Some(new) = after.overrides.iter().find(|o| o.id == old.id) else {
                self.wrong("rosters", format!("{} lost {} at {at}", after.schedule, old.id));
                continue;
            };
            let same = (new.start, &new.change, &new.by, &new.origin) == (old.start, &old.change, &old.by, &old.origin);
            let ended = new.removed.as_ref().is_some_and(|r| old.removed.as_ref().is_none_or(|o| o == r)) && (new.end == old.end || new.end >= old.start);
            if !same || (new.end, &new.removed) != (old.end, &old.removed) && !ended {
                self.wrong("rosters", format!("{}: {old:?} became {new:?} at {at}", after.schedule));
            }
        }
        for old in &before.swaps {
            let new = after.swaps.iter().find(|s| s.id == old.id);
            let goes_on = new.is_some_and(|n| n.state == old.state || old.state == State::Open);
            if !goes_on {
                self.wrong("rosters", format!("{}: {old:?} became {new:?} at {at}", after.schedule));
            }
        }
    }

    /// An accepted swap has exactly its halves, any other one none.
    fn halves(&mut self, roster: &Roster, swap: &Swap) {
        let of_it: Vec<_> = roster.overrides.iter().filter(|o| o.origin == Origin::Swap(swap.id)).collect();
        let wanted: Vec<(&UserId, &UserId, Span)> = match &swap.state {
            State::Accepted { .. } => {
                [Some((&swap.from, &swap.to, swap.give)), swap.take.map(|take| (&swap.to, &swap.from, take))].into_iter().flatten().collect()
            }
            State::Open | State::Declined { .. } | State::Withdrawn { .. } => Vec::new(),
        };
        let fits = |(person, with, span): &(&UserId, &UserId, Span)| {
            of_it.iter().any(|o| {
                let theirs = matches!(&o.change, Change::Person { person: p, with: w } if p == *person && w.0 == [(*with).clone()]);
                theirs && o.start == span.start && (o.end == span.end || o.removed.is_some())
            })
        };
        if of_it.len() != wanted.len() || !wanted.iter().all(fits) {
            self.wrong("rosters", format!("{}: {swap:?} is carried out by {of_it:?}", roster.schedule));
        }
    }

    /// Whoever heard that it is done finds it done.
    fn heard(&mut self) {
        let last = |state: &tocsin_app::fakes::store::State, id: &ScheduleId| state.roster(id).cloned();
        for told in &self.world.told {
            let (Asked::Amend(schedule, amend, _), Some(Answer::Amended(amended))) = (&told.asked, &told.answer) else { continue };
            let roster = last(&self.state, schedule);
            let overrides = roster.iter().flat_map(|r| &r.overrides);
            let swaps = roster.iter().flat_map(|r| &r.swaps);
            let (there, what) = match (&**amended, &**amend) {
                (Amended::Override(o), Amend::Remove(_)) => (overrides.clone().any(|s| s.id == o.id && s.removed.is_some()), o.id.to_string()),
                (Amended::Override(o), _) => (overrides.clone().any(|s| s.id == o.id), o.id.to_string()),
                (Amended::Swap(s), Amend::Accept(_)) => {
                    (swaps.clone().any(|stored| stored.id == s.id && matches!(stored.state, State::Accepted { .. })), s.id.to_string())
                }
                (Amended::Swap(s), _) => {
                    (swaps.clone().any(|stored| stored.id == s.id && (s.state == State::Open || stored.state == s.state)), s.id.to_string())
                }
                (Amended::Imported { .. }, _) => (true, String::new()),
            };
            if !there {
                self.found.push(format!("rosters: somebody heard at {:?} that {amend:?} is done, and {what} of {schedule} says otherwise", told.answered_at));
            }
        }
    }
}
