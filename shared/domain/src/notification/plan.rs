//! From a level's targets to pages: who is on call, and by which rules each of them wants to be reached.

use crate::alert::Urgency;
use crate::configuration::{Channel, Configuration, ContactMethod, User};
use crate::escalation::policy::{Level, Target};
use crate::id::UserId;
use crate::incident::after;
use crate::incident::timeline::{Planned, Unreached};
use crate::notification::page::Page;
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
        for (user, why) in people {
            if seen.contains(&user) {
                continue;
            }
            match configuration.user(&user) {
                None => unreached.push(Unreached { target: target.clone(), reason: format!("{user} ({why}) is not in the configuration any more") }),
                Some(u) if u.contact_methods.is_empty() => {
                    unreached.push(Unreached { target: target.clone(), reason: format!("{user} ({why}) has no contact method") });
                }
                Some(u) => {
                    pages.extend(ways(u, urgency).into_iter().map(|way| {
                        let planned =
                            Planned { user: user.clone(), contact: way.method.id.clone(), due: after(now, way.after_s), reason: format!("{why}; {}", way.why) };
                        (planned, way.method.kind)
                    }));
                }
            }
            seen.push(user);
        }
    }
    pages.sort_by_key(|(p, _)| p.due);
    (pages, unreached)
}

/// Whom a target means at `now`, each with the reason.
pub fn people(target: &Target, configuration: &Configuration, now: Timestamp) -> Result<Vec<(UserId, String)>, String> {
    match target {
        Target::User(user) => Ok(vec![(user.clone(), "named by the level".to_owned())]),
        Target::Schedule(id) => {
            let schedule = configuration.schedule(id).ok_or_else(|| format!("schedule {id} is not in the configuration any more"))?;
            let on_call = schedule.on_call(now);
            if on_call.is_empty() {
                return Err(format!("nobody is on call in schedule {id}"));
            }
            Ok(on_call.into_iter().map(|o| (o.user, format!("on call in schedule {id}: {}", o.reason))).collect())
        }
        Target::Team(id) => {
            let team = configuration.team(id).ok_or_else(|| format!("team {id} is not in the configuration any more"))?;
            if team.members.is_empty() {
                return Err(format!("team {id} has no members"));
            }
            Ok(team.members.iter().map(|m| (m.user.clone(), format!("member of team {id}"))).collect())
        }
    }
}

struct Way<'a> {
    method: &'a ContactMethod,
    after_s: u32,
    why: String,
}

/// By which methods, and after how long, a person wants to be reached. Rules that name nothing that exists count as no rules:
/// somebody with a contact method is never passed over because of a rule.
fn ways(user: &User, urgency: Urgency) -> Vec<Way<'_>> {
    let (rules, word) = match urgency {
        Urgency::High => (&user.rules.high, "high"),
        Urgency::Low => (&user.rules.low, "low"),
    };
    let ruled: Vec<Way<'_>> = (1u32..)
        .zip(rules)
        .filter_map(|(n, rule)| {
            let method = user.contact_methods.iter().find(|c| c.id == rule.via)?;
            Some(Way { method, after_s: rule.after_s, why: format!("rule {n} for {word} urgency") })
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
    chosen.into_iter().map(|method| Way { method, after_s: 0, why: format!("no rule for {word} urgency: the default") }).collect()
}

/// The contact method to try when that of `page` failed: the first that was not tried for it, SMS before e-mail.
pub fn next_method<'a>(user: &'a User, page: &Page) -> Option<&'a ContactMethod> {
    user.contact_methods.iter().filter(|c| c.id != page.contact && !page.instead_of.contains(&c.id)).min_by_key(|c| c.kind)
}
