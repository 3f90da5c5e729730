//! I5: who is due when a level fires, by which ways and when: told again from the words of the documentation, with a calendar that counts minutes.
//!
//! Shares the types of the configuration with the code that it checks, and none of its decisions.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeSet;
use tocsin_domain::alert::Urgency;
use tocsin_domain::configuration::{Channel, Configuration, User};
use tocsin_domain::escalation::policy::{Level, Target};
use tocsin_domain::id::{ContactId, UserId};

#[path = "../../../shared/domain/tests/schedule_support/oracle.rs"]
#[allow(dead_code, unreachable_pub, reason = "the schedules' own tests use the rest of it")]
mod calendar;

/// Who is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    /// Whom, by which way, when.
    pub(crate) pages: BTreeSet<(UserId, ContactId, Timestamp)>,
    /// Whether the level does not look at its targets at all.
    pub(crate) passes: bool,
    /// Its delay counts from here.
    pub(crate) counts_from: Timestamp,
}

/// What a level comes to at `at`; `turn` counts turns from 0 where its targets take them.
pub(crate) fn due(level: &Level, configuration: &Configuration, urgency: Urgency, turn: Option<u64>, at: Timestamp) -> Due {
    let mut due = Due { pages: BTreeSet::new(), passes: passes(level, urgency, at), counts_from: at };
    if due.passes {
        return due;
    }
    let mut held_all = true;
    let mut page = |user: &UserId| {
        for (contact, when, held) in ways(configuration, user, urgency, at) {
            held_all &= held;
            due.pages.insert((user.clone(), contact, when));
        }
        !ways(configuration, user, urgency, at).is_empty()
    };
    if level.round_robin {
        // Each slot in turn, from the one whose turn it is, until somebody can be paged.
        let mut slots: Vec<Vec<UserId>> = Vec::new();
        for target in &level.targets {
            match target {
                Target::Team(team) if configuration.team(team).is_some_and(|t| !t.members.is_empty()) => {
                    slots.extend(people(target, configuration, at).into_iter().map(|u| vec![u]));
                }
                Target::Team(_) | Target::User(_) | Target::Schedule(_) => slots.push(people(target, configuration, at)),
            }
        }
        let first = usize::try_from(turn.unwrap_or(0) % slots.len().max(1) as u64).unwrap_or(0);
        for n in 0..slots.len() {
            let mut reached = false;
            for user in &slots[(first + n) % slots.len()] {
                reached |= page(user);
            }
            if reached {
                break;
            }
        }
    } else {
        for user in level.targets.iter().flat_map(|t| people(t, configuration, at)) {
            page(&user);
        }
    }
    if held_all && let Some(first) = due.pages.iter().map(|(_, _, when)| *when).min() {
        due.counts_from = first;
    }
    due
}

/// Whom a target means, whether or not they can be reached.
pub(crate) fn people(target: &Target, configuration: &Configuration, at: Timestamp) -> Vec<UserId> {
    match target {
        Target::User(user) => vec![user.clone()],
        Target::Team(team) => configuration.teams.iter().filter(|t| t.id == *team).flat_map(|t| t.members.iter().map(|m| m.user.clone())).collect(),
        Target::Schedule(id) => {
            let minute = at.as_second().div_euclid(60);
            let schedule = configuration.schedules.iter().find(|s| s.id == *id);
            schedule.map(|s| calendar::Oracle::new(s).answers(minute, minute + 1).concat()).unwrap_or_default()
        }
    }
}

/// A person's contact methods with their times, and whether quiet hours hold them.
fn ways(configuration: &Configuration, id: &UserId, urgency: Urgency, at: Timestamp) -> Vec<(ContactId, Timestamp, bool)> {
    let Some(user) = configuration.users.iter().find(|u| u.id == *id) else { return Vec::new() };
    let rules = if urgency == Urgency::High { &user.rules.high } else { &user.rules.low };
    let has = |contact: &ContactId| user.contact_methods.iter().any(|m| m.id == *contact);
    let mut wishes: Vec<(ContactId, u32)> = rules.iter().filter(|r| has(&r.via)).map(|r| (r.via.clone(), r.after_s)).collect();
    if wishes.is_empty() {
        let mail = user.contact_methods.iter().find(|m| m.kind == Channel::Email);
        let low = mail.or(user.contact_methods.first()).into_iter();
        let chosen: Vec<_> = if urgency == Urgency::High { user.contact_methods.iter().collect() } else { low.collect() };
        wishes = chosen.into_iter().map(|m| (m.id.clone(), 0)).collect();
    }
    let quiet = |when: Timestamp| if urgency == Urgency::Low { quiet_until(user, when) } else { None };
    let begins = quiet(at);
    let from = begins.unwrap_or(at);
    let each = wishes.into_iter().map(|(contact, after)| {
        let when = from + SignedDuration::from_secs(i64::from(after));
        let end = quiet(when);
        (contact, end.unwrap_or(when), begins.is_some() || end.is_some())
    });
    each.collect()
}

fn quiet_until(user: &User, at: Timestamp) -> Option<Timestamp> {
    user.quiet_hours.iter().find_map(|w| window(&serde_json::to_value(w).unwrap(), at))
}

fn passes(level: &Level, urgency: Urgency, at: Timestamp) -> bool {
    let hours = level.hours.as_ref().map(|h| (h.outside, h.windows.iter().any(|w| window(&serde_json::to_value(w).unwrap(), at).is_some())));
    level.urgency.is_some_and(|own| own != urgency) || hours.is_some_and(|(outside, inside)| outside == inside)
}

/// The end of a daily window in UTC, if `at` lies in it.
fn window(window: &Value, at: Timestamp) -> Option<Timestamp> {
    span(window, at).map(|(_, end)| end)
}

/// Beginning and end of a daily window in UTC, if `at` lies in it.
pub(crate) fn span(window: &Value, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let day = at.as_second().div_euclid(86_400) * 86_400;
    let clock = |text: &Value| -> i64 {
        let (hours, minutes) = text.as_str().unwrap().split_once(':').unwrap();
        (hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap()) * 60
    };
    let (from, to) = (clock(&window["from"]), clock(&window["to"]));
    assert!(from < to, "the checker knows windows within a day, not {window}");
    let second = at.as_second() - day;
    let instant = |second: i64| Timestamp::from_second(day + second).unwrap();
    (from <= second && second < to).then(|| (instant(from), instant(to)))
}
