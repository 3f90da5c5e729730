//! Who is on call in each schedule over a range, laid out once, and who of them can be reached.

use super::Outside;
use super::spans::{normal, rest, without};
use crate::configuration::{Configuration, User};
use crate::escalation::policy::{Level, Target};
use crate::id::{ScheduleId, UserId};
use crate::schedule::{Shift, Span, open_spans};
use jiff::Timestamp;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// A configuration over a range.
pub(super) struct Roster<'a> {
    pub(super) configuration: &'a Configuration,
    outside: &'a Outside,
    pub(super) range: Span,
    shifts: BTreeMap<&'a ScheduleId, OnceCell<Vec<Shift>>>,
}

impl<'a> Roster<'a> {
    pub(super) fn new(configuration: &'a Configuration, outside: &'a Outside, from: Timestamp, until: Timestamp) -> Self {
        let shifts = configuration.schedules.iter().map(|s| (&s.id, OnceCell::new())).collect();
        Self { configuration, outside, range: Span { start: from, end: until.max(from) }, shifts }
    }

    /// The shifts of a schedule; none if there is no such schedule.
    pub(super) fn shifts(&self, id: &ScheduleId) -> &[Shift] {
        let (Some(cell), Some(schedule)) = (self.shifts.get(id), self.configuration.schedule(id)) else { return &[] };
        cell.get_or_init(|| schedule.shifts(self.range.start, self.range.end))
    }

    /// Why a person can not be paged; `None` if they can.
    pub(super) fn unreachable(&self, id: &UserId) -> Option<String> {
        match self.configuration.user(id) {
            None => Some("is not in the configuration".to_owned()),
            Some(user) => self.without_way(user),
        }
    }

    fn without_way(&self, user: &User) -> Option<String> {
        if user.contact_methods.is_empty() {
            return Some("has no contact method".to_owned());
        }
        let unconfirmed = user.contact_methods.iter().all(|c| self.outside.unconfirmed.contains(&c.id));
        unconfirmed.then(|| "has only contact methods that nobody has confirmed".to_owned())
    }

    /// When a target means somebody who can be paged.
    fn reached(&self, target: &Target) -> Vec<Span> {
        let always = |yes: bool| if yes { vec![self.range] } else { Vec::new() };
        match target {
            Target::User(id) => always(self.unreachable(id).is_none()),
            Target::Team(id) => always(self.configuration.team(id).is_some_and(|t| t.members.iter().any(|m| self.unreachable(&m.user).is_none()))),
            Target::Schedule(id) => {
                let mut known: BTreeMap<&UserId, bool> = BTreeMap::new();
                let shifts = self.shifts(id).iter().filter(|s| *known.entry(&s.user).or_insert_with(|| self.unreachable(&s.user).is_none()));
                normal(shifts.map(|s| Span { start: s.start, end: s.end }).collect())
            }
        }
    }

    /// When a level fires at all: in its hours.
    pub(super) fn fires(&self, level: &Level) -> Vec<Span> {
        let Some(hours) = &level.hours else { return vec![self.range] };
        let inside = normal(open_spans(&hours.windows, &hours.time_zone, self.range.start, self.range.end));
        if hours.outside { rest(self.range, &inside) } else { inside }
    }

    /// When a level fires and has nobody whom it could page.
    pub(super) fn unreached(&self, level: &Level) -> Vec<Span> {
        without(&self.fires(level), &normal(level.targets.iter().flat_map(|t| self.reached(t)).collect()))
    }

    /// Everybody whom a target may mean in the range.
    pub(super) fn people(&self, target: &Target) -> Vec<UserId> {
        let mut people: Vec<UserId> = match target {
            Target::User(id) => vec![id.clone()],
            Target::Team(id) => self.configuration.team(id).map(|t| t.members.iter().map(|m| m.user.clone()).collect()).unwrap_or_default(),
            Target::Schedule(id) => self.shifts(id).iter().map(|s| s.user.clone()).collect(),
        };
        people.sort();
        people.dedup();
        people
    }

    /// Why a level reaches nobody, target by target.
    pub(super) fn reasons(&self, level: &Level) -> Vec<String> {
        let mut reasons = Vec::new();
        for target in &level.targets {
            let people = self.people(target);
            match target {
                Target::Schedule(id) if people.is_empty() => reasons.push(format!("schedule {id} has nobody on call")),
                Target::Team(id) if people.is_empty() => reasons.push(format!("team {id} has no members")),
                Target::User(_) | Target::Schedule(_) | Target::Team(_) => {
                    reasons.extend(people.iter().filter_map(|u| self.unreachable(u).map(|why| format!("{u} {why}"))));
                }
            }
        }
        reasons.sort();
        reasons.dedup();
        reasons
    }
}
