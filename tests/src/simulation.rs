//! Random lives of a world: senders, people, time and faults, all decided by one seed. At the end everything heals, time goes on, and the checker looks.

use crate::checker::{Lived, check};
use crate::samples::event;
use crate::world::configuration::{SERVICES, integration};
use crate::world::tell::{Asked, link_of};
use crate::world::{Setup, World};
use jiff::SignedDuration;
use tocsin_app::fakes::faults::{Fault, Rates};
use tocsin_app::fakes::messenger::{Provider, Which};
use tocsin_app::fakes::random::Random;
use tocsin_contract::escalation::{VERSION, WakeUp};
use tocsin_domain::alert::event::Action;
use tocsin_domain::alert::{Severity, Urgency};
use tocsin_domain::configuration::Channel;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::id::UserId;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;

/// What kind of life it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing goes wrong; the sweep must find nothing.
    Calm,
    /// Nothing goes wrong, and there is no sweep.
    CalmWithoutSweep,
    /// Everything goes wrong for a while, executions are lost, records end in the failure queue.
    Faulty,
    /// Port calls go wrong for a while, and there is no sweep: retries alone make it good.
    FaultyWithoutSweep,
    /// The reader of the stream fails for a while; only the sweep works.
    ConsumerDown,
    /// Providers refuse, are away, dawdle, or send and say that they did not.
    ProvidersDown,
}

/// All of them.
pub const MODES: [Mode; 6] = [Mode::Calm, Mode::CalmWithoutSweep, Mode::Faulty, Mode::FaultyWithoutSweep, Mode::ConsumerDown, Mode::ProvidersDown];

/// How a life went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// What does not hold.
    pub wrong: Vec<String>,
    /// What happened, line by line.
    pub trace: Vec<String>,
    /// Port calls.
    pub calls: u64,
    /// Messages.
    pub messages: usize,
    /// Incidents.
    pub incidents: usize,
}

const BUSY_MINUTES: i64 = 25;

/// Lives a life.
#[must_use]
pub fn live(seed: u64, mode: Mode) -> Life {
    let mut random = Random::seeded(seed ^ 0xACE);
    let without_sweep = matches!(mode, Mode::CalmWithoutSweep | Mode::FaultyWithoutSweep);
    let setup = Setup { seed: Some(seed), sweep: !without_sweep, shards: 1 + random.below(4), endless_retries: without_sweep, ..Setup::default() };
    let configuration = setup.configuration.clone();
    let mut world = World::new(setup);
    match mode {
        Mode::Faulty | Mode::FaultyWithoutSweep => {
            let rate = [5, 15, 40][random.below(3)];
            world.faults.seeded(seed, Rates { slow: rate / 2, ..Rates::all(rate) });
        }
        Mode::Calm | Mode::CalmWithoutSweep | Mode::ConsumerDown | Mode::ProvidersDown => {}
    }
    let end = world.now() + SignedDuration::from_mins(BUSY_MINUTES);
    while world.now() < end {
        for _ in 0..random.below(4) {
            act(&mut world, &mut random, mode);
        }
        world.fast_forward(SignedDuration::from_secs(1 + i64::try_from(random.below(60)).unwrap_or(0)));
    }
    world.faults.heal();
    world.messenger.heal();
    world.consumer_fails = false;
    let calm = matches!(mode, Mode::Calm | Mode::CalmWithoutSweep);
    let healed_at = (!calm).then(|| world.now());
    world.fast_forward(SignedDuration::from_hours(3));
    let faults = world.faults.calls().iter().filter(|c| c.fault.is_some_and(|f| f != Fault::FailBefore && f != Fault::Conflict)).count();
    let mut wrong = check(&world, &configuration, Lived { healed_at, faults });
    if calm {
        wrong.extend(world.swept.iter().filter(|s| s.alerts + s.incidents > 0).map(|s| format!("the sweep found something: {s:?}")));
    }
    let audited = world.audit(50);
    wrong.extend(audited.violations.iter().map(|v| format!("ledger: {v}")));
    let received = world.store.look(|s| s.alerts.len()) as u64;
    if [audited.alerts, audited.opened + audited.joined + audited.kept] != [received; 2] {
        wrong.push(format!("ledger: {received} alerts came, and the ledger has {audited:?}"));
    }
    let incidents = world.all().len();
    for i in world.all() {
        let entries = world.timeline(i.id).into_iter().map(|e| format!("#{} {} {} g{} {} {:?}", e.number, e.seq, e.at, e.generation, e.actor, e.what));
        world.trace.extend(entries.collect::<Vec<_>>());
    }
    Life { wrong, calls: world.faults.count(), messages: world.messenger.outbox().len(), incidents, trace: world.trace }
}

fn act(world: &mut World, random: &mut Random, mode: Mode) {
    match random.below(100) {
        0..55 => report(world, random, Action::Trigger),
        55..65 => report(world, random, Action::Resolve),
        65..69 => report(world, random, Action::Acknowledge),
        69..81 => command(world, random),
        81..83 => merge(world, random),
        83..85 => split(world, random),
        85 => burst(world, random),
        86..89 => {
            if let Some(secret) = random.pick(&world.messenger.outbox()).and_then(link_of) {
                world.ask_at(world.now(), 3, Asked::Link(secret));
            }
        }
        89..93 => {
            let count = 1 + random.below(10);
            let batch = world.incidents.again(random, count);
            world.redeliver(batch);
        }
        93..95 => out_of_turn(world, random),
        _ => trouble(world, random, mode),
    }
}

fn report(world: &mut World, random: &mut Random, action: Action) {
    let service = SERVICES[random.below(SERVICES.len())];
    let severity = [Severity::Critical, Severity::Error, Severity::Error, Severity::Warning][random.below(4)];
    let event = event(action, &format!("{service} {}", random.below(5)), severity);
    let tries = u32::try_from(random.below(4)).unwrap_or(0);
    let at = world.now() + SignedDuration::from_millis(i64::try_from(random.below(3000)).unwrap_or(0));
    // Now and then the sender delivers it twice at once.
    for _ in 0..1 + usize::from(random.happens(200)) {
        world.ask_at(at, tries, Asked::Event(integration(service), Box::new(event.clone())));
    }
}

/// Many alerts of one service in a moment.
fn burst(world: &mut World, random: &mut Random) {
    let service = SERVICES[random.below(SERVICES.len())];
    for n in 0..random.below(80) {
        let at = world.now() + SignedDuration::from_millis(i64::try_from(random.below(5000)).unwrap_or(0));
        let event = event(Action::Trigger, &format!("burst {n}"), Severity::Error);
        world.ask_at(at, 3, Asked::Event(integration(service), Box::new(event)));
    }
}

fn command(world: &mut World, random: &mut Random) {
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
            let whom = [Target::User(somebody(random)), Target::Team(crate::samples::slug("web")), Target::Schedule(crate::samples::slug("rota"))];
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
fn merge(world: &mut World, random: &mut Random) {
    let open: Vec<_> = world.all().into_iter().filter(|i| i.is_open() || random.happens(50)).map(|i| i.id).collect();
    let (Some(target), Some(source)) = (random.pick(&open).copied(), random.pick(&open).copied()) else { return };
    let by = Actor::User(crate::samples::slug("ada"));
    world.ask_at(world.now(), 5, Asked::Merge(target, vec![source], by.clone()));
    if random.happens(200) {
        world.ask_at(world.now(), 5, Asked::Merge(source, vec![target], by));
    }
}

/// Some alerts of an incident become one of their own.
fn split(world: &mut World, random: &mut Random) {
    let several: Vec<_> = world.all().into_iter().filter(|i| i.alerts_open > 1).map(|i| i.id).collect();
    let Some(id) = random.pick(&several).copied() else { return };
    let mut alerts: Vec<_> = world.store.look(|s| s.alerts.values().filter(|a| a.incident == Some(id)).map(|a| a.id).collect());
    alerts.retain(|_| random.happens(400));
    for _ in 0..1 + usize::from(random.happens(200)) {
        world.ask_at(world.now(), 5, Asked::Split(id, alerts.clone(), Actor::User(crate::samples::slug("bob"))));
    }
}

fn somebody(random: &mut Random) -> UserId {
    crate::samples::slug(["ada", "bob", "carol", "dora"][random.below(4)])
}

/// A wake-up that nobody expects: of any generation and attempt.
fn out_of_turn(world: &mut World, random: &mut Random) {
    let all = world.all();
    let Some(i) = random.pick(&all) else { return };
    let generation = 1 + u32::try_from(random.below(i.generation as usize + 1)).unwrap_or(0);
    let attempt = 1 + u32::try_from(random.below(i.attempt as usize + 1)).unwrap_or(0);
    world.wake(WakeUp { v: VERSION, incident: i.id, generation, attempt, wakeups: 0, started: Some(world.now()) });
}

fn trouble(world: &mut World, random: &mut Random, mode: Mode) {
    match mode {
        Mode::Calm | Mode::CalmWithoutSweep | Mode::FaultyWithoutSweep => {}
        Mode::ConsumerDown => world.consumer_fails = random.happens(700),
        Mode::Faulty => {
            world.consumer_fails = random.happens(200);
            let names: Vec<String> = world.clocks.executions().into_keys().filter(|n| world.clocks.runs(n)).collect();
            if let Some(name) = random.pick(&names) {
                if random.happens(500) { world.lose_execution(name) } else { world.clocks.lose(name) }
            }
        }
        Mode::ProvidersDown => {
            let contacts = ["ada-sms", "ada-mail", "bob-sms", "bob-mail", "carol-sms", "dora-sms", "dora-mail", "last-resort"];
            let which = match random.below(6) {
                0 => Which::Channel([Channel::Sms, Channel::Email, Channel::LastResort][random.below(3)]),
                _ => Which::Contact(crate::samples::slug(contacts[random.below(contacts.len())])),
            };
            let provider = match random.below(5) {
                0 => Provider::Refuses("opted out".to_owned()),
                1 => Provider::Unavailable("away".to_owned()),
                2 => Provider::SendsAndFails,
                3 => Provider::Slow(1 + u32::try_from(random.below(9)).unwrap_or(0)),
                _ => return world.messenger.heal(),
            };
            world.messenger.script(which, provider);
        }
    }
}
