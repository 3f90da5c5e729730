//! Random lives of a world: senders, people, time and faults, all decided by one seed. At the end everything heals, time goes on, and the checker looks.

mod base;
mod edits;
mod people;

use crate::checker::{Lived, check};
use crate::samples::event;
use crate::world::mutant::Mutant;
use crate::world::tell::{Asked, link_of};
use crate::world::{Setup, World};
use base::{COMPONENTS, Features, SENDERS, everything};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use tocsin_app::fakes::faults::{Fault, Rates};
use tocsin_app::fakes::messenger::{Provider, Which};
use tocsin_app::fakes::random::Random;
use tocsin_app::ports::IntegrationKey;
use tocsin_app::sweep::Swept;
use tocsin_contract::escalation::{VERSION, WakeUp};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::Action;
use tocsin_domain::configuration::{Channel, Configuration};
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
    /// Versions of the configuration.
    pub versions: usize,
}

const BUSY_MINUTES: i64 = 25;
/// Lives make a tenth of these port calls.
const MOST_CALLS: u64 = 150_000;

/// Lives a life.
#[must_use]
pub fn live(seed: u64, mode: Mode) -> Life {
    live_with(seed, mode, None)
}

/// What a life does at random, and what it knows.
struct Living {
    random: Random,
    mode: Mode,
    features: Features,
    /// Keys that senders used lately, as ingest remembers them.
    used: BTreeMap<&'static str, (Timestamp, IntegrationKey)>,
}

/// Lives a life in which somebody made a mistake.
#[must_use]
pub fn live_with(seed: u64, mode: Mode, mutant: Option<Mutant>) -> Life {
    let mut random = Random::seeded(seed ^ 0xACE);
    let without_sweep = matches!(mode, Mode::CalmWithoutSweep | Mode::FaultyWithoutSweep);
    let features = Features::draw(&mut random, !without_sweep);
    let configuration: Configuration = serde_json::from_value(everything(features)).unwrap();
    let setup =
        Setup { seed: Some(seed), sweep: !without_sweep, shards: 1 + random.below(4), endless_retries: without_sweep, configuration, keys: true, mutant };
    let mut world = World::new(setup);
    let mut living = Living { random, mode, features, used: BTreeMap::new() };
    let random = &mut living.random;
    match mode {
        Mode::Faulty | Mode::FaultyWithoutSweep => {
            let rate = [5, 15, 40][random.below(3)];
            world.faults.seeded(seed, Rates { slow: rate / 2, ..Rates::all(rate) });
        }
        Mode::Calm | Mode::CalmWithoutSweep | Mode::ConsumerDown | Mode::ProvidersDown => {}
    }
    let end = world.now() + SignedDuration::from_mins(BUSY_MINUTES);
    while world.now() < end && world.faults.count() < MOST_CALLS {
        for _ in 0..living.random.below(4) {
            living.act(&mut world);
        }
        world.fast_forward(SignedDuration::from_secs(1 + i64::try_from(living.random.below(60)).unwrap_or(0)));
    }
    world.faults.heal();
    world.messenger.heal();
    world.consumer_fails = false;
    let calm = matches!(mode, Mode::Calm | Mode::CalmWithoutSweep);
    let healed_at = (!calm).then(|| world.now());
    for _ in 0..18 {
        world.fast_forward(SignedDuration::from_mins(if world.faults.count() < MOST_CALLS { 10 } else { 0 }));
    }
    if world.faults.count() >= MOST_CALLS {
        let last: Vec<String> = world.trace.iter().rev().take(20).rev().cloned().collect();
        let wrong = vec![format!("something goes round in circles:\n{}", last.join("\n"))];
        return Life { wrong, calls: world.faults.count(), messages: 0, incidents: 0, versions: 0, trace: world.trace };
    }
    // Whoever applied last may have heard nothing, and applies again.
    let last = world.store.look(|s| s.configurations.values().next_back().map(|(_, c)| c.clone())).unwrap();
    world.configure(last);
    let faults = world.faults.calls().iter().filter(|c| c.fault.is_some_and(|f| f != Fault::FailBefore && f != Fault::Conflict)).count();
    let mut wrong = check(&world, Lived { healed_at, faults });
    if calm {
        // What a window or a threshold has kept is for the sweep to find.
        let found = |s: &&Swept| s.incidents > 0 || (s.alerts > 0 && !features.waits);
        wrong.extend(world.swept.iter().filter(found).map(|s| format!("the sweep found something: {s:?}")));
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
    Life {
        wrong,
        calls: world.faults.count(),
        messages: world.messenger.outbox().len(),
        incidents,
        versions: world.store.look(|s| s.configurations.len()),
        trace: world.trace,
    }
}

impl Living {
    fn act(&mut self, world: &mut World) {
        if self.features.rosters && self.random.happens(150) {
            people::answer_swap(world, &mut self.random);
        }
        match self.random.below(172) {
            0..55 => self.report(world, Action::Trigger),
            55..65 => self.report(world, Action::Resolve),
            65..69 => self.report(world, Action::Acknowledge),
            69..81 => people::command(world, &mut self.random),
            81..83 => people::merge(world, &mut self.random),
            83..85 => people::split(world, &mut self.random),
            85 => self.burst(world),
            86..89 => {
                if let Some(secret) = self.random.pick(&world.messenger.outbox()).and_then(link_of) {
                    world.ask_at(world.now(), 3, Asked::Link(secret));
                }
            }
            89..93 => {
                let count = 1 + self.random.below(10);
                let batch = world.incidents.again(&mut self.random, count);
                world.redeliver(batch);
            }
            93..95 => out_of_turn(world, &mut self.random),
            95..100 => trouble(world, &mut self.random, self.mode),
            100..125 if self.features.edits => self.configure(world),
            125..131 | 150..166 if self.features.rosters => people::amend(world, &mut self.random),
            131..134 if self.features.heartbeats => {
                let beat = ["backup", "report"][self.random.below(2)];
                if let Some(key) = self.key(world, beat) {
                    world.ask_at(world.now(), 1, Asked::Ping(key));
                }
            }
            134..150 if self.features.waits => {
                let at = people::maintain(world, &mut self.random);
                // Alerts that come at that very instant are decided with it or without it.
                for _ in 0..self.random.below(8) {
                    self.report_at(world, Action::Trigger, at);
                }
            }
            166..172 => people::move_house(world, &mut self.random),
            _ => {}
        }
    }

    /// What the key of an integration opens, as ingest sees it: what it read less than a minute ago, or what is there now. Without one its sender is refused.
    fn key(&mut self, world: &World, integration: &'static str) -> Option<IntegrationKey> {
        let now = world.now();
        if let Some((at, key)) = self.used.get(integration).filter(|(at, _)| now.duration_since(*at).as_secs() < 55)
            && *at <= now
        {
            return Some(key.clone());
        }
        let key = world.store.look(|s| s.keys.values().find(|k| k.integration.as_str() == integration).cloned())?;
        self.used.insert(integration, (now, key.clone()));
        Some(key)
    }

    fn report(&mut self, world: &mut World, action: Action) {
        let at = world.now() + SignedDuration::from_millis(i64::try_from(self.random.below(3000)).unwrap_or(0));
        self.report_at(world, action, at);
    }

    fn report_at(&mut self, world: &mut World, action: Action, at: Timestamp) {
        let sender = SENDERS[self.random.below(SENDERS.len())];
        let severity = [Severity::Critical, Severity::Error, Severity::Error, Severity::Warning][self.random.below(4)];
        let component = COMPONENTS[self.random.below(COMPONENTS.len())];
        let number = self.random.below(3);
        let about = if component.is_empty() { "plain" } else { component };
        let mut event = event(action, &format!("{about} {number}"), severity);
        event.component = (!component.is_empty()).then(|| component.to_owned());
        event.source = format!("host-{}", number % 2);
        let tries = u32::try_from(self.random.below(4)).unwrap_or(0);
        let Some(key) = self.key(world, sender) else { return };
        // Now and then the sender delivers it twice at once.
        for _ in 0..1 + usize::from(self.random.happens(200)) {
            world.ask_at(at, tries, Asked::Event(key.clone(), Box::new(event.clone())));
        }
    }

    /// Many alerts of one service in a moment.
    fn burst(&mut self, world: &mut World) {
        let sender = SENDERS[self.random.below(SENDERS.len())];
        let Some(key) = self.key(world, sender) else { return };
        for n in 0..self.random.below(55) {
            let at = world.now() + SignedDuration::from_millis(i64::try_from(self.random.below(5000)).unwrap_or(0));
            let event = event(Action::Trigger, &format!("burst {n}"), Severity::Error);
            world.ask_at(at, 3, Asked::Event(key.clone(), Box::new(event)));
        }
    }

    /// Somebody edits what is in force, or what was before; now, or at the very instant at which something is due. Sometimes two do, of whom one must be refused.
    fn configure(&mut self, world: &mut World) {
        let versions = world.store.look(|s| s.configurations.iter().map(|(v, (_, c))| (*v, c.clone())).collect::<Vec<_>>());
        let back = if self.random.happens(150) { self.random.below(3) } else { 0 };
        let Some((version, from)) = versions.iter().rev().nth(back) else { return };
        let due: Vec<Timestamp> = world.all().iter().filter_map(tocsin_domain::incident::Incident::deadline).filter(|d| *d > world.now()).collect();
        let soon = world.now() + SignedDuration::from_millis(i64::try_from(self.random.below(30_000)).unwrap_or(0));
        let at = if self.random.happens(400) { self.random.pick(&due).copied().unwrap_or(soon) } else { soon };
        for _ in 0..1 + usize::from(self.random.happens(150)) {
            let Some(document) = edits::edited(&mut self.random, from, self.features) else { continue };
            let expected = self.random.happens(900).then_some(*version);
            if self.random.happens(700) {
                world.store.verify_everybody(&document, world.now());
            }
            world.ask_at(at, 3, Asked::Configure(Box::new(document), expected, Actor::User(crate::samples::slug("ada"))));
        }
    }
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
