//! Who would be paged, before and after a change, and from when to when.
//!
//! At each instant the question is: if an incident's level came due now, whom would it page, by which way, how much later? It is asked of
//! [`plan_level`], at every instant at which the answer may change: where a shift or an override begins or ends, the hours of a level, and the quiet hours of
//! somebody whom it pages.

use crate::alert::Urgency;
use crate::configuration::{Configuration, User};
use crate::escalation::policy::{Level, Policy, Target};
use crate::id::{ContactId, PolicyId, ScheduleId, ServiceId, UserId};
use crate::notification::plan::plan_level;
use crate::schedule::{Span, Zone, open_spans};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One page of a level.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PageTo {
    /// Whom.
    pub user: UserId,
    /// By which contact method.
    pub contact: ContactId,
    /// Whole seconds after the level fired, or after their quiet hours ended.
    pub after_s: i64,
    /// It waits for the end of their quiet hours, which is then on their clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<String>,
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
    /// Where the targets take turns: who is paged for the next incident, the one after, and so on, each time those who share a turn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Vec<UserId>>,
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

/// Whose turn it is at levels whose targets take turns, by policy and 0-based level: the next incident's, counted from 0.
pub type Drawn = BTreeMap<(PolicyId, u32), u64>;

/// How services that both configurations have page otherwise in `[from, until)`.
pub fn changes(before: &Configuration, after: &Configuration, drawn: &Drawn, from: Timestamp, until: Timestamp) -> Vec<ServicePages> {
    let mut pairs: BTreeMap<(PolicyId, PolicyId), Vec<ServiceId>> = BTreeMap::new();
    for service in &after.services {
        if let Some(old) = before.service(&service.id) {
            pairs.entry((old.policy.clone(), service.policy.clone())).or_default().push(service.id.clone());
        }
    }
    let mut edges = Edges { from, until, shifts: BTreeMap::new(), quiet: BTreeMap::new() };
    let mut found = Vec::new();
    for ((policy_before, policy_after), services) in pairs {
        let (Some(old), Some(new)) = (before.policy(&policy_before), after.policy(&policy_after)) else { continue };
        let mut changes: Vec<LevelChange> = Vec::new();
        for level in 0..old.levels.len().max(new.levels.len()) {
            let sides = [(old, before), (new, after)];
            if old.id == new.id && same(old.levels.get(level), new.levels.get(level), before, after) {
                continue;
            }
            let mut instants = BTreeSet::from([from]);
            for (side, (policy, configuration)) in (0..).zip(sides) {
                instants.extend(policy.levels.get(level).into_iter().flat_map(|l| edges.of(side, l, configuration)));
            }
            let ends = instants.iter().skip(1).copied().chain([until]);
            for (start, end) in instants.iter().copied().zip(ends).filter(|(start, end)| start < end) {
                let [before, after] = sides.map(|(policy, configuration)| pages_of(policy, level, configuration, drawn, start));
                if before != after {
                    note(&mut changes, level, before, after, Span { start, end });
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

fn note(changes: &mut Vec<LevelChange>, level: usize, before: Option<LevelPages>, after: Option<LevelPages>, span: Span) {
    match changes.iter_mut().find(|c| (c.level, &c.before, &c.after) == (level, &before, &after)) {
        None => changes.push(LevelChange { level, before, after, spans: vec![span] }),
        Some(known) => match known.spans.last_mut().filter(|s| s.end == span.start) {
            Some(last) => last.end = span.end,
            None => known.spans.push(span),
        },
    }
}

/// Whether a level can not page otherwise, because it and all that it names is the same.
fn same(old: Option<&Level>, new: Option<&Level>, before: &Configuration, after: &Configuration) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return false };
    let alike = |target: &Target| match target {
        Target::User(_) => true,
        Target::Schedule(id) => before.schedule(id) == after.schedule(id),
        Target::Team(id) => before.team(id).map(|t| &t.members) == after.team(id).map(|t| &t.members),
    };
    old == new && old.targets.iter().all(alike) && old.targets.iter().flat_map(|t| named(t, after)).all(|u| before.user(&u) == after.user(&u))
}

/// Everybody whom a target may ever mean.
fn named(target: &Target, configuration: &Configuration) -> Vec<UserId> {
    match target {
        Target::User(id) => vec![id.clone()],
        Target::Team(id) => configuration.team(id).map(|t| t.members.iter().map(|m| m.user.clone()).collect()).unwrap_or_default(),
        Target::Schedule(id) => {
            let Some(schedule) = configuration.schedule(id) else { return Vec::new() };
            let members = schedule.layers.iter().flat_map(|l| &l.members).flat_map(|t| &t.0);
            members.chain(schedule.overrides.iter().flat_map(|o| o.change.people())).cloned().collect::<BTreeSet<_>>().into_iter().collect()
        }
    }
}

/// What the levels of a policy would do if they came due at an instant.
pub fn levels(policy: &Policy, configuration: &Configuration, drawn: &Drawn, now: Timestamp) -> Vec<LevelPages> {
    (0..policy.levels.len()).filter_map(|level| pages_of(policy, level, configuration, drawn, now)).collect()
}

fn pages_of(policy: &Policy, place: usize, configuration: &Configuration, drawn: &Drawn, now: Timestamp) -> Option<LevelPages> {
    let level = policy.levels.get(place)?;
    let pages = |urgency| {
        let planned = plan_level(level, configuration, urgency, None, now).pages;
        let mut pages: Vec<PageTo> = planned
            .into_iter()
            .map(|(p, _)| {
                let quiet = p.why.as_ref().and_then(|w| w.quiet_until);
                let clock = |end: Timestamp| {
                    let zone = configuration.user(&p.user).and_then(|u| Zone::named(&u.time_zone));
                    zone.map_or_else(|| end.to_string(), |z| z.reads(end).strftime("%H:%M").to_string())
                };
                PageTo { after_s: p.due.duration_since(quiet.unwrap_or(now)).as_secs(), quiet_until: quiet.map(clock), user: p.user, contact: p.contact }
            })
            .collect();
        pages.sort();
        pages
    };
    let next = u32::try_from(place).ok().and_then(|place| drawn.get(&(policy.id.clone(), place))).copied().unwrap_or(0);
    Some(LevelPages { delay_s: level.delay_s, high: pages(Urgency::High), low: pages(Urgency::Low), turns: turns(level, configuration, next, now) })
}

/// Who is paged for the next incidents, until everybody had a turn.
fn turns(level: &Level, configuration: &Configuration, next: u64, now: Timestamp) -> Vec<Vec<UserId>> {
    if !level.round_robin {
        return Vec::new();
    }
    let urgency = level.urgency.unwrap_or(Urgency::High);
    let mut turns = Vec::new();
    for turn in next.. {
        let plan = plan_level(level, configuration, urgency, Some(turn), now);
        let of = plan.pages.iter().find_map(|(p, _)| p.why.as_ref()?.turn).map_or(0, |t| t.of as usize);
        let mut people: Vec<UserId> = plan.pages.into_iter().map(|(p, _)| p.user).collect();
        people.sort();
        people.dedup();
        turns.push(people);
        if turns.len() >= of {
            break;
        }
    }
    turns
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

/// When answers change, laid out once.
struct Edges {
    from: Timestamp,
    until: Timestamp,
    shifts: BTreeMap<(u8, ScheduleId), Vec<Timestamp>>,
    quiet: BTreeMap<(u8, UserId), Vec<Timestamp>>,
}

impl Edges {
    fn of(&mut self, side: u8, level: &Level, configuration: &Configuration) -> Vec<Timestamp> {
        let (from, until) = (self.from, self.until);
        let mut edges = Vec::new();
        edges.extend(level.hours.iter().flat_map(|h| open_spans(&h.windows, &h.time_zone, from, until)).flat_map(|s| [s.start, s.end]));
        for target in &level.targets {
            if let Target::Schedule(id) = target {
                let known = self.shifts.entry((side, id.clone())).or_insert_with(|| {
                    let shifts = configuration.schedule(id).map(|s| s.shifts(from, until)).unwrap_or_default();
                    shifts.iter().flat_map(|s| [s.start, s.end]).collect()
                });
                edges.extend(known.iter().copied());
            }
            for user in named(target, configuration) {
                let known =
                    self.quiet.entry((side, user)).or_insert_with_key(|(_, id)| configuration.user(id).map(|u| quiet(u, from, until)).unwrap_or_default());
                edges.extend(known.iter().copied());
            }
        }
        edges.retain(|t| from < *t && *t < until);
        edges
    }
}

/// When a person's quiet hours begin and end, and when a rule that waits would fall into them.
fn quiet(user: &User, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let waits: BTreeSet<u32> = user.rules.low.iter().map(|r| r.after_s).chain([0]).collect();
    let most = SignedDuration::from_secs(waits.last().copied().unwrap_or(0).into());
    let spans = open_spans(&user.quiet_hours, &user.time_zone, from, until.checked_add(most).unwrap_or(Timestamp::MAX));
    let edges = spans.iter().flat_map(|s| [s.start, s.end]);
    edges.flat_map(|edge| waits.iter().filter_map(move |wait| edge.checked_sub(SignedDuration::from_secs(i64::from(*wait))).ok())).collect()
}
