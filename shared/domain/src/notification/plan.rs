//! From a level's targets to pages: who is on call, and by which rules each of them wants to be reached.

use crate::alert::Urgency;
use crate::configuration::{Channel, Configuration, ContactMethod, Member, User};
use crate::escalation::policy::{Level, Target};
use crate::id::{ContactId, UserId};
use crate::incident::after;
use crate::incident::timeline::{Planned, Unreached};
use crate::notification::page::Page;
use crate::notification::verification::Verified;
use crate::notification::why::{PageWhy, RuleWhy, TurnWhy, Via};
use crate::schedule::{OnCall, Open, open};
use jiff::Timestamp;

/// What a level that fires comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Its pages, soonest first.
    pub pages: Vec<(Planned, Channel)>,
    /// Targets that nobody came of.
    pub unreached: Vec<Unreached>,
    /// Why the level passes without looking at its targets: it is for another urgency, or for other hours.
    pub passed: Option<String>,
    /// The level's delay counts from here: now, or the first instant at which anybody is paged where all of them have quiet hours.
    pub counts_from: Timestamp,
    /// Contact methods of its pages that nobody has verified. [`Plan::beside`] fills it.
    pub unverified: Vec<ContactId>,
    /// Nobody of it has a verified way: the last-resort contact is paged beside.
    pub last_resort_beside: bool,
}

impl Plan {
    /// Nobody, for no reason that is told.
    pub fn nobody(now: Timestamp) -> Self {
        Self { pages: Vec::new(), unreached: Vec::new(), passed: None, counts_from: now, unverified: Vec::new(), last_resort_beside: false }
    }

    /// Takes in which of its contact methods are verified. Pages to the others leave all the same: better one too many. But they may reach nobody, so where
    /// there is no verified way to anybody, the last-resort contact is paged beside them.
    pub fn beside(&mut self, verified: &Verified) {
        let mut contacts: Vec<ContactId> = self.pages.iter().map(|(p, _)| p.contact.clone()).collect();
        contacts.sort_unstable();
        contacts.dedup();
        self.last_resort_beside = !contacts.is_empty() && !contacts.iter().any(|c| verified.contains(c));
        contacts.retain(|c| !verified.contains(c));
        self.unverified = contacts;
    }
}

/// The pages of a level.
///
/// Each person is paged once a level, however many targets name them. `configuration` is the current one: an override made meanwhile counts.
/// `turn` is whose turn it is at a level whose targets take turns, counted from 0 and for ever.
pub fn plan_level(level: &Level, configuration: &Configuration, urgency: Urgency, turn: Option<u64>, now: Timestamp) -> Plan {
    let mut plan = Plan { passed: level.passes(urgency, now), ..Plan::nobody(now) };
    if plan.passed.is_some() {
        return plan;
    }
    let mut planner = Planner { configuration, urgency, now, seen: Vec::new(), plan: &mut plan };
    match turn.filter(|_| level.round_robin) {
        Some(turn) => planner.take_turns(level, turn),
        None => level.targets.iter().for_each(|target| planner.target(target, people(target, configuration, now), None)),
    }
    plan.pages.sort_by_key(|(p, _)| p.due);
    let held = |p: &Planned| p.why.as_ref().is_some_and(|w| w.quiet_until.is_some());
    if plan.pages.iter().all(|(p, _)| held(p)) {
        // Nobody hears of it before then, so nobody can answer before then.
        plan.counts_from = plan.pages.first().map_or(now, |(p, _)| p.due);
    }
    plan
}

struct Planner<'a> {
    configuration: &'a Configuration,
    urgency: Urgency,
    now: Timestamp,
    seen: Vec<UserId>,
    plan: &'a mut Plan,
}

impl Planner<'_> {
    /// One after the other from `turn` on, until somebody can be paged. Those before are told as skipped.
    fn take_turns(&mut self, level: &Level, turn: u64) {
        let slots: Vec<(&Target, Result<Vec<Meant>, String>)> = level
            .targets
            .iter()
            .flat_map(|target| match (target, people(target, self.configuration, self.now)) {
                // Each member of a team has a turn of their own; everybody who is on call in a schedule shares one.
                (Target::Team(_), Ok(members)) => members.into_iter().map(|m| (target, Ok(vec![m]))).collect(),
                (_, meant) => vec![(target, meant)],
            })
            .collect();
        let of = slots.len();
        let first = usize::try_from(turn % u64::try_from(of.max(1)).unwrap_or(1)).unwrap_or(0);
        for step in 0..of {
            let place = (first + step) % of;
            let (target, meant) = &slots[place];
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            self.target(target, meant.clone(), Some(TurnWhy { number: number(place + 1), of: number(of) }));
            if !self.plan.pages.is_empty() {
                return;
            }
        }
    }

    /// Pages whom a target means.
    fn target(&mut self, target: &Target, meant: Result<Vec<Meant>, String>, turn: Option<TurnWhy>) {
        let their_turn = turn.map_or_else(String::new, |t| format!("turn {} of {}: ", t.number, t.of));
        let people = match meant {
            Ok(people) => people,
            Err(reason) => {
                self.plan.unreached.push(Unreached { target: target.clone(), reason: format!("{their_turn}{reason}") });
                return;
            }
        };
        for Meant { user, reason: why, via } in people {
            if self.seen.contains(&user) {
                continue;
            }
            let why = format!("{their_turn}{why}");
            match self.configuration.user(&user) {
                None => self.unreached(target, format!("{user} ({why}) is not in the configuration any more")),
                Some(u) if u.contact_methods.is_empty() => self.unreached(target, format!("{user} ({why}) has no contact method")),
                Some(u) => {
                    for Way { method, rule } in ways(u, self.urgency) {
                        let Due { at: due, quiet_until } = self.due(u, rule.after_s);
                        let quiet = quiet_until.map_or_else(String::new, |end| format!("; waits for the end of quiet hours ({})", u.clock(end)));
                        let reason = format!("{why}; {}{quiet}", rule.words());
                        let why = Some(Box::new(PageWhy { target: target.clone(), via: via.clone(), turn, rule, quiet_until }));
                        self.plan.pages.push((Planned { user: user.clone(), contact: method.id.clone(), due, reason, why }, method.kind));
                    }
                }
            }
            self.seen.push(user);
        }
    }

    fn unreached(&mut self, target: &Target, reason: String) {
        self.plan.unreached.push(Unreached { target: target.clone(), reason });
    }

    /// When a rule's page leaves. Low urgency waits for the end of the person's quiet hours, from which their rules then count; high never waits.
    fn due(&self, user: &User, after_s: u32) -> Due {
        let quiet = |at: Timestamp| match self.urgency {
            Urgency::High => None,
            Urgency::Low => match open(&user.quiet_hours, &user.time_zone, at) {
                // Hours without an end would hold a page for ever: they hold nothing.
                Open::No | Open::Always => None,
                Open::Until(end) => Some(end),
            },
        };
        let begins = quiet(self.now);
        let at = after(begins.unwrap_or(self.now), after_s);
        let ends = quiet(at);
        Due { at: ends.unwrap_or(at), quiet_until: ends.or(begins) }
    }
}

struct Due {
    at: Timestamp,
    quiet_until: Option<Timestamp>,
}

/// One of those whom a target means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// Who.
    pub user: UserId,
    /// Why, as a sentence fragment.
    pub reason: String,
    /// Why, as data.
    pub via: Via,
}

/// Whom a target means at `now`, each with the reason.
pub fn people(target: &Target, configuration: &Configuration, now: Timestamp) -> Result<Vec<Meant>, String> {
    match target {
        Target::User(user) => Ok(vec![Meant { user: user.clone(), reason: "named by the level".to_owned(), via: Via::Named }]),
        Target::Schedule(id) => {
            let schedule = configuration.schedule(id).ok_or_else(|| format!("schedule {id} is not in the configuration any more"))?;
            let on_call = schedule.on_call(now);
            if on_call.is_empty() {
                return Err(format!("nobody is on call in schedule {id}"));
            }
            let meant = |o: OnCall| Meant { user: o.user, reason: format!("on call in schedule {id}: {}", o.reason), via: Via::OnCall { on_call: o.why } };
            Ok(on_call.into_iter().map(meant).collect())
        }
        Target::Team(id) => {
            let team = configuration.team(id).ok_or_else(|| format!("team {id} is not in the configuration any more"))?;
            if team.members.is_empty() {
                return Err(format!("team {id} has no members"));
            }
            let meant = |m: &Member| Meant { user: m.user.clone(), reason: format!("member of team {id}"), via: Via::Member };
            Ok(team.members.iter().map(meant).collect())
        }
    }
}

struct Way<'a> {
    method: &'a ContactMethod,
    rule: RuleWhy,
}

/// By which methods, and after how long, a person wants to be reached. Rules that name nothing that exists count as no rules:
/// somebody with a contact method is never passed over because of a rule.
fn ways(user: &User, urgency: Urgency) -> Vec<Way<'_>> {
    let rules = match urgency {
        Urgency::High => &user.rules.high,
        Urgency::Low => &user.rules.low,
    };
    let ruled: Vec<Way<'_>> = (1u32..)
        .zip(rules)
        .filter_map(|(n, rule)| {
            let method = user.contact_methods.iter().find(|c| c.id == rule.via)?;
            Some(Way { method, rule: RuleWhy { urgency, number: Some(n), after_s: rule.after_s } })
        })
        .collect();
    if !ruled.is_empty() {
        return ruled;
    }
    let all = || user.contact_methods.iter();
    let chosen: Vec<&ContactMethod> = match urgency {
        Urgency::High => all().collect(),
        Urgency::Low => all().find(|c| c.kind == Channel::Email).or_else(|| all().next()).into_iter().collect(),
    };
    chosen.into_iter().map(|method| Way { method, rule: RuleWhy { urgency, number: None, after_s: 0 } }).collect()
}

/// The contact method to try when that of `page` failed: the first that was not tried for it, SMS before e-mail.
pub fn next_method<'a>(user: &'a User, page: &Page) -> Option<&'a ContactMethod> {
    user.contact_methods.iter().filter(|c| c.id != page.contact && !page.instead_of.contains(&c.id)).min_by_key(|c| c.kind)
}
