//! Who would be paged, before and after a change, and from when to when.
//!
//! At each instant the question is: if an incident's level came due now, whom would it page, by which way, how much later? It is asked of
//! [`plan_level`], at every instant at which the answer may change.

use crate::alert::Urgency;
use crate::configuration::Configuration;
use crate::escalation::policy::{Policy, Target};
use crate::id::{ContactId, PolicyId, ScheduleId, ServiceId, UserId};
use crate::notification::plan::plan_level;
use crate::schedule::{Span, open_spans};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One page of a level.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PageTo {
    /// Whom.
    pub user: UserId,
    /// By which contact method.
    pub contact: ContactId,
    /// Whole seconds after the level fired.
    pub after_s: i64,
}

/// What a level does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelPages {
    /// How long it has to answer, in seconds.
    pub delay_s: u32,
    /// For high urgency; nobody: the level passes at once.
    pub high: Vec<PageTo>,
    /// For low urgency.
    pub low: Vec<PageTo>,
}

impl LevelPages {
    /// Whom it pages, whatever the way: each once.
    pub fn people(&self) -> Vec<&UserId> {
        let mut people: Vec<&UserId> = self.high.iter().chain(&self.low).map(|p| &p.user).collect();
        people.sort();
        people.dedup();
        people
    }
}

/// A level that pages otherwise, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelChange {
    /// 0-based level.
    pub level: usize,
    /// What it did; none if there was no such level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<LevelPages>,
    /// What it will do; none if there is no such level any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<LevelPages>,
    /// When, in order; neighbours are merged.
    pub spans: Vec<Span>,
}

/// Services whose incidents page otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServicePages {
    /// Which.
    pub services: Vec<ServiceId>,
    /// Their policy before.
    pub policy_before: PolicyId,
    /// Their policy after.
    pub policy_after: PolicyId,
    /// Zone of the first schedule in it, for people; UTC if it has none.
    pub time_zone: String,
    /// What is different, by level.
    pub changes: Vec<LevelChange>,
}

/// How services that both configurations have page otherwise in `[from, until)`.
pub fn changes(before: &Configuration, after: &Configuration, from: Timestamp, until: Timestamp) -> Vec<ServicePages> {
    let mut pairs: BTreeMap<(PolicyId, PolicyId), Vec<ServiceId>> = BTreeMap::new();
    for service in &after.services {
        if let Some(old) = before.service(&service.id) {
            pairs.entry((old.policy.clone(), service.policy.clone())).or_default().push(service.id.clone());
        }
    }
    let mut edges = Edges { from, until, known: BTreeMap::new() };
    let mut found = Vec::new();
    for ((policy_before, policy_after), services) in pairs {
        let (Some(old), Some(new)) = (before.policy(&policy_before), after.policy(&policy_after)) else { continue };
        let mut instants = BTreeSet::from([from]);
        instants.extend(edges.of(0, old, before));
        instants.extend(edges.of(1, new, after));
        let mut changes: Vec<LevelChange> = Vec::new();
        let ends = instants.iter().skip(1).copied().chain([until]);
        for (start, end) in instants.iter().copied().zip(ends).filter(|(start, end)| start < end) {
            for (level, before, after) in at(old, before, new, after, start) {
                let alike = changes.iter_mut().find(|c| (c.level, &c.before, &c.after) == (level, &before, &after));
                match alike {
                    None => changes.push(LevelChange { level, before, after, spans: vec![Span { start, end }] }),
                    Some(known) => match known.spans.last_mut().filter(|s| s.end == start) {
                        Some(last) => last.end = end,
                        None => known.spans.push(Span { start, end }),
                    },
                }
            }
        }
        changes.sort_by_key(|c| (c.level, c.spans.first().map(|s| s.start)));
        if !changes.is_empty() {
            let time_zone = zone(new, after).or_else(|| zone(old, before)).unwrap_or_else(|| "UTC".to_owned());
            found.push(ServicePages { services, policy_before, policy_after, time_zone, changes });
        }
    }
    found
}

/// The levels that differ at an instant, before and after.
fn at(old: &Policy, before: &Configuration, new: &Policy, after: &Configuration, now: Timestamp) -> Vec<(usize, Option<LevelPages>, Option<LevelPages>)> {
    let (old, new) = (levels(old, before, now), levels(new, after, now));
    let both = (0..old.len().max(new.len())).map(|level| (level, old.get(level).cloned(), new.get(level).cloned()));
    both.filter(|(_, before, after)| before != after).collect()
}

/// What the levels of a policy would do if they came due at an instant.
pub fn levels(policy: &Policy, configuration: &Configuration, now: Timestamp) -> Vec<LevelPages> {
    let pages = |level, urgency| {
        let planned = plan_level(level, configuration, urgency, None, now).pages;
        let after_s = |due: Timestamp| due.duration_since(now).as_secs();
        let mut pages: Vec<PageTo> = planned.into_iter().map(|(p, _)| PageTo { user: p.user, contact: p.contact, after_s: after_s(p.due) }).collect();
        pages.sort();
        pages
    };
    policy.levels.iter().map(|l| LevelPages { delay_s: l.delay_s, high: pages(l, Urgency::High), low: pages(l, Urgency::Low) }).collect()
}

fn schedules(policy: &Policy) -> impl Iterator<Item = &ScheduleId> {
    policy.levels.iter().flat_map(|l| &l.targets).filter_map(|t| match t {
        Target::Schedule(id) => Some(id),
        Target::User(_) | Target::Team(_) => None,
    })
}

fn zone(policy: &Policy, configuration: &Configuration) -> Option<String> {
    schedules(policy).find_map(|id| configuration.schedule(id)).map(|s| s.time_zone.clone())
}

/// When the answers of schedules change, laid out once.
struct Edges {
    from: Timestamp,
    until: Timestamp,
    known: BTreeMap<(u8, ScheduleId), Vec<Timestamp>>,
}

impl Edges {
    fn of(&mut self, side: u8, policy: &Policy, configuration: &Configuration) -> Vec<Timestamp> {
        let mut edges = Vec::new();
        let hours = policy.levels.iter().filter_map(|l| l.hours.as_ref()).flat_map(|h| open_spans(&h.windows, &h.time_zone, self.from, self.until));
        edges.extend(hours.flat_map(|s| [s.start, s.end]).filter(|t| self.from < *t && *t < self.until));
        for id in schedules(policy) {
            let known = self.known.entry((side, id.clone())).or_insert_with(|| {
                let shifts = configuration.schedule(id).map(|s| s.shifts(self.from, self.until)).unwrap_or_default();
                shifts.iter().flat_map(|s| [s.start, s.end]).filter(|t| self.from < *t && *t < self.until).collect()
            });
            edges.extend(known.iter().copied());
        }
        edges
    }
}
