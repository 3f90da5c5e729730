//! From a level's targets to pages: who is on call, and by which rules each of them wants to be reached.

use crate::alert::Urgency;
use crate::configuration::{Channel, Configuration, ContactMethod, Member, User};
use crate::escalation::policy::{Level, Target};
use crate::id::UserId;
use crate::incident::after;
use crate::incident::timeline::{Planned, Unreached};
use crate::notification::page::Page;
use crate::notification::why::{PageWhy, RuleWhy, Via};
use crate::schedule::OnCall;
use jiff::Timestamp;

/// The pages of a level, soonest first, and the targets that nobody came of.
///
/// Each person is paged once a level, however many targets name them. `configuration` is the current one: an override made meanwhile counts.
pub fn plan_level(level: &Level, configuration: &Configuration, urgency: Urgency, now: Timestamp) -> (Vec<(Planned, Channel)>, Vec<Unreached>) {
    let mut pages: Vec<(Planned, Channel)> = Vec::new();
    let mut unreached = Vec::new();
    let mut seen: Vec<UserId> = Vec::new();
    for target in &level.targets {
        let people = match people(target, configuration, now) {
            Ok(people) => people,
            Err(reason) => {
                unreached.push(Unreached { target: target.clone(), reason });
                continue;
            }
        };
        for Meant { user, reason: why, via } in people {
            if seen.contains(&user) {
                continue;
            }
            match configuration.user(&user) {
                None => unreached.push(Unreached { target: target.clone(), reason: format!("{user} ({why}) is not in the configuration any more") }),
                Some(u) if u.contact_methods.is_empty() => {
                    unreached.push(Unreached { target: target.clone(), reason: format!("{user} ({why}) has no contact method") });
                }
                Some(u) => {
                    pages.extend(ways(u, urgency).into_iter().map(|Way { method, rule }| {
                        let (due, reason) = (after(now, rule.after_s), format!("{why}; {}", rule.words()));
                        let why = Some(Box::new(PageWhy { target: target.clone(), via: via.clone(), rule }));
                        (Planned { user: user.clone(), contact: method.id.clone(), due, reason, why }, method.kind)
                    }));
                }
            }
            seen.push(user);
        }
    }
    pages.sort_by_key(|(p, _)| p.due);
    (pages, unreached)
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
