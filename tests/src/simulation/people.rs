//! What people do in the simulated lives: with incidents, with schedules, with maintenance windows.

use crate::samples::slug;
use crate::world::World;
use crate::world::tell::Asked;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tocsin_app::change_roster::{Amend, Asker};
use tocsin_app::fakes::random::Random;
use tocsin_app::keep_maintenance::Start;
use tocsin_domain::alert::Urgency;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::id::{MaintenanceId, ScheduleId, UserId};
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_domain::schedule::roster::{AdHoc, Asked as Wanted, Roster};
use tocsin_domain::schedule::swap::{Offer, Standing};
use tocsin_domain::schedule::{Shift, Span};

/// Somebody commands an incident.
pub(super) fn command(world: &mut World, random: &mut Random) {
    let open: Vec<_> = world.all().into_iter().filter(|i| i.is_open() || random.happens(100)).collect();
    let Some(incident) = random.pick(&open) else { return };
    let later = world.now() + SignedDuration::from_secs(60 + i64::try_from(random.below(3000)).unwrap_or(0));
    let command = match random.below(15) {
        0..3 => Command::Acknowledge,
        3..5 => Command::Resolve,
        5 => Command::Snooze(later),
        6 => Command::Reassign(vec![Target::User(somebody(random))]),
        7 => Command::EscalateNow,
        8 => Command::Unacknowledge,
        9 => Command::Reopen,
        10 => Command::SetUrgency(if random.happens(500) { Urgency::High } else { Urgency::Low }),
        11 => {
            let schedule = ["rota", "short", "both"][random.below(3)];
            let whom = [Target::User(somebody(random)), Target::Team(crate::samples::slug("web")), Target::Schedule(crate::samples::slug(schedule))];
            Command::AskResponders { to: vec![whom[random.below(3)].clone()], message: "please".to_owned() }
        }
        12..14 => Command::AnswerRequest { user: somebody(random), accept: random.happens(500) },
        _ => Command::Note("looking".to_owned()),
    };
    let by = Actor::User(crate::samples::slug("ada"));
    for _ in 0..1 + usize::from(random.happens(200)) {
        world.ask_at(world.now(), 5, Asked::Command(incident.id, command.clone(), by.clone()));
    }
}

/// Incidents become one, sometimes in both directions at once.
pub(super) fn merge(world: &mut World, random: &mut Random) {
    let open: Vec<_> = world.all().into_iter().filter(|i| i.is_open() || random.happens(50)).map(|i| i.id).collect();
    let (Some(target), Some(source)) = (random.pick(&open).copied(), random.pick(&open).copied()) else { return };
    let by = Actor::User(crate::samples::slug("ada"));
    world.ask_at(world.now(), 5, Asked::Merge(target, vec![source], by.clone()));
    if random.happens(200) {
        world.ask_at(world.now(), 5, Asked::Merge(source, vec![target], by));
    }
}

/// Some alerts of an incident become one of their own.
pub(super) fn split(world: &mut World, random: &mut Random) {
    let several: Vec<_> = world.all().into_iter().filter(|i| i.alerts_open > 1).map(|i| i.id).collect();
    let Some(id) = random.pick(&several).copied() else { return };
    let mut alerts: Vec<_> = world.store.look(|s| s.alerts.values().filter(|a| a.incident == Some(id)).map(|a| a.id).collect());
    alerts.retain(|_| random.happens(400));
    for _ in 0..1 + usize::from(random.happens(200)) {
        world.ask_at(world.now(), 5, Asked::Split(id, alerts.clone(), Actor::User(crate::samples::slug("bob"))));
    }
}

pub(super) fn somebody(random: &mut Random) -> UserId {
    crate::samples::slug(["ada", "bob", "carol", "dora", "eve", "finn"][random.below(6)])
}

/// The beginning of a minute, so many from now.
fn minute(now: Timestamp, ahead: i64) -> Timestamp {
    Timestamp::from_second((now.as_second().div_euclid(60) + ahead) * 60).unwrap()
}

fn up_to(random: &mut Random, most: usize) -> i64 {
    i64::try_from(random.below(most)).unwrap_or(0)
}

/// Somebody changes a schedule at run time: stands in or helps out for a while, takes that back, or swaps. Sometimes two do at once.
pub(super) fn amend(world: &mut World, random: &mut Random) {
    let schedule: ScheduleId = slug(["rota", "short", "both", "empty"][random.below(4)]);
    let now = world.now();
    let mine: Vec<AdHoc> = world.store.look(|s| s.roster(&schedule).map(|r| r.overrides.clone())).unwrap_or_default();
    let asked = match random.below(10) {
        0..4 => Some(Amend::Add(wanted(random, now))),
        4..7 => {
            let over = random.happens(100);
            let mine: Vec<_> = mine.iter().filter(|o| over || (o.end > now && o.removed.is_none())).collect();
            random.pick(&mine).map(|o| Amend::Remove(o.id))
        }
        _ => offer(world, random, &schedule),
    };
    let amend = asked.unwrap_or_else(|| Amend::Add(wanted(random, now)));
    let somebody = somebody(random);
    let asker = Asker { by: Actor::User(somebody.clone()), user: Some(somebody), for_anybody: true };
    let at = now + SignedDuration::from_millis(up_to(random, 2000));
    world.ask_at(at, 2, Asked::Amend(schedule.clone(), Box::new(amend), asker.clone()));
    if random.happens(300) {
        world.ask_at(at, 2, Asked::Amend(schedule, Box::new(Amend::Add(wanted(random, now))), asker));
    }
}

/// Somebody answers a swap that is offered, or takes it back; sometimes two do at once, sometimes late.
pub(super) fn answer_swap(world: &mut World, random: &mut Random) {
    let now = world.now();
    let late = random.happens(20);
    let rosters: Vec<Roster> = world.store.look(|s| ["rota", "short", "both"].iter().filter_map(|id| s.roster(&slug(id)).cloned()).collect());
    let swaps = rosters.iter().flat_map(|r| r.swaps.iter().map(|s| (r.schedule.clone(), s)));
    let swaps: Vec<_> = swaps.filter(|(_, s)| late || s.standing(now) == Standing::Open).collect();
    let Some((schedule, swap)) = random.pick(&swaps) else { return };
    let asker = Asker { by: Actor::System, user: None, for_anybody: true };
    for _ in 0..1 + random.below(2) {
        let amend = [Amend::Accept, Amend::Accept, Amend::Decline, Amend::Withdraw][random.below(4)](swap.id);
        world.ask_at(now, 2, Asked::Amend(schedule.clone(), Box::new(amend), asker.clone()));
    }
}

fn wanted(random: &mut Random, now: Timestamp) -> Wanted {
    let (one, other) = (somebody(random), somebody(random));
    let change = match random.below(4) {
        0 => json!({ "with": one }),
        1 => json!({ "add": one }),
        2 => json!({ "person": one, "with": other }),
        _ => json!({ "layer": "1", "with": one }),
    };
    let start = up_to(random, 4);
    let length = 1 + up_to(random, 20);
    Wanted { start: minute(now, start), end: minute(now, start + length), change: serde_json::from_value(change).unwrap(), note: None }
}

/// Somebody offers minutes in which they are on call; one in three wants minutes of the other one in return.
fn offer(world: &World, random: &mut Random, id: &ScheduleId) -> Option<Amend> {
    let now = world.now();
    let configured = world.store.look(|s| s.configurations.values().next_back().and_then(|(_, c)| c.schedule(id).cloned()))?;
    let roster = world.store.look(|s| s.roster(id).cloned());
    let schedule = roster.map_or_else(|| configured.clone(), |r| r.over(&configured));
    let from = 2 + up_to(random, 6);
    let shifts: Vec<Shift> = schedule.shifts(minute(now, from), minute(now, from + 20)).into_iter().filter(|s| s.start < s.end).collect();
    let (give, take) = (random.pick(&shifts)?, random.pick(&shifts)?);
    let span = |s: &Shift| Span { start: s.start, end: s.end };
    let swaps = give.user != take.user && random.happens(500);
    let to = if swaps { take.user.clone() } else { somebody(random) };
    Some(Amend::Offer(Offer { from: give.user.clone(), to, give: span(give), take: swaps.then(|| span(take)), note: None }))
}

/// Somebody's contact methods are not verified any more, or everybody's are.
pub(super) fn move_house(world: &World, random: &mut Random) {
    let Some(document) = world.store.look(|s| s.configurations.values().next_back().map(|(_, c)| c.clone())) else { return };
    if random.happens(200) {
        return world.store.verify_everybody(&document, world.now());
    }
    if let Some(user) = random.pick(&document.users) {
        user.contact_methods.iter().for_each(|m| world.store.forget_verification(&m.id));
    }
}

/// Somebody starts a maintenance window, or ends one: started, configured, or long over. Sometimes two do at once, sometimes while an alert comes in.
/// The answer is when it happens.
pub(super) fn maintain(world: &mut World, random: &mut Random) -> Timestamp {
    let now = world.now();
    let by = Actor::User(somebody(random));
    let at = now + SignedDuration::from_millis(up_to(random, 3000));
    let asked = if random.happens(500) {
        let services = ["shop", "storm", "bank", "lab", "pair", "down", "calm"];
        let named = (0..1 + random.below(2)).map(|_| slug(services[random.below(services.len())])).collect();
        let begin = up_to(random, 4) - 1;
        let end = begin + 1 + up_to(random, 25);
        let teams = if random.happens(100) { vec![slug("web")] } else { Vec::new() };
        let start = Start { services: named, teams, team: slug("web"), reason: "repairs".to_owned(), start: minute(now, begin), end: minute(now, end) };
        let name = random.happens(500).then(|| format!("repairs {}", random.below(6)));
        Asked::Maintain(Box::new(start), name, by)
    } else {
        let over = random.happens(100);
        let goes_on = |r: &MaintenanceRun| over || (!r.configured && r.ended_at.is_none());
        let started: Vec<MaintenanceId> = world.store.look(|s| s.maintenance.values().filter(|r| goes_on(r)).map(|r| r.id.clone()).collect());
        let configured = slug(["move", "daily", "longer"][random.below(3)]);
        let id = if random.happens(850) { random.pick(&started).cloned().unwrap_or(configured) } else { configured };
        Asked::EndMaintenance(id, None, by)
    };
    for _ in 0..1 + usize::from(random.happens(200)) {
        world.ask_at(at, 3, asked.clone());
    }
    at
}
