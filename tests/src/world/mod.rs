//! The whole of Tocsin on the fakes: every function as a real concurrent task, with the stream, the executions and the sweep that call them.
//!
//! Called by: stories, which tell what happens and look at what people get, and the simulation, which does so at random. Time moves only by [`World::run_until`].
//! Refuses to know more of the use cases than their functions do.

pub mod configuration;
mod jobs;
mod ledger;
pub mod mutant;
pub mod stream;
pub mod tell;

use crate::executor::{Ended, Executor};
use jiff::{SignedDuration, Timestamp};
use jobs::{Job, Outcome, Ports, UseCases};
use mutant::Mutant;
use std::collections::BTreeMap;
use std::sync::Arc;
use stream::Consumer;
use tell::Told;
use tocsin_app::fakes::random::Random;
use tocsin_app::fakes::{Faults, ManualClock, MemoryBus, MemoryClocks, MemoryMessenger, MemoryMetrics, MemoryStore, MemoryTopics, SeededIds};
use tocsin_app::ports::{Clock, ConfigurationStore, VersionRecord};
use tocsin_app::sweep::Swept;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::incident::timeline::Actor;

/// A function is stopped after so many seconds.
const TIMEOUT_S: i64 = 30;
/// Polls at one instant; more is a loop that never rests.
const MOST_STEPS: u32 = 400_000;

/// How a world is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Decides ids, the order of tasks and batches; none: everything in order.
    pub seed: Option<u64>,
    /// Whether the sweep runs each minute.
    pub sweep: bool,
    /// Shards of the stream.
    pub shards: usize,
    /// Whether executions are kept alive and failed batches are tried for ever, so that nothing needs the sweep.
    pub endless_retries: bool,
    /// The configuration.
    pub configuration: Configuration,
    /// Whether its integrations have keys.
    pub keys: bool,
    /// A mistake to be found.
    pub mutant: Option<Mutant>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { seed: None, sweep: true, shards: 1, endless_retries: false, configuration: configuration::configuration(), keys: false, mutant: None }
    }
}

/// The world.
pub struct World {
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// All stores.
    pub store: Arc<MemoryStore>,
    /// Executions.
    pub clocks: Arc<MemoryClocks>,
    /// The outbox.
    pub messenger: Arc<MemoryMessenger>,
    /// The bus.
    pub bus: Arc<MemoryBus>,
    /// Metrics.
    pub metrics: Arc<MemoryMetrics>,
    /// The reader of alerts and incidents.
    pub incidents: Consumer,
    /// The reader of timelines.
    pub timelines: Consumer,
    /// What senders and people asked for, with the answers.
    pub told: Vec<Told>,
    /// Whether the sweep runs.
    pub sweep: bool,
    /// The reader of alerts and incidents fails while this holds.
    pub consumer_fails: bool,
    /// What each sweep found.
    pub swept: Vec<Swept>,
    /// What happened, line by line.
    pub trace: Vec<String>,
    ports: Ports,
    use_cases: UseCases,
    executor: Executor<Outcome>,
    jobs: BTreeMap<u64, (Job, Timestamp)>,
    random: Option<Random>,
    inputs: Vec<(Timestamp, usize)>,
    next_sweep: Timestamp,
    fed: u64,
    read: usize,
}

impl Default for World {
    fn default() -> Self {
        Self::new(Setup::default())
    }
}

impl World {
    /// A world at 2026-01-05 09:00 UTC with its configuration applied.
    pub fn new(setup: Setup) -> Self {
        let clock = Arc::new(ManualClock::at(crate::samples::at(0)));
        let faults = Faults::on(clock.clone());
        let store = Arc::new(MemoryStore::new(faults.clone()));
        let record = VersionRecord::new(1, clock.now(), Actor::System);
        futures::executor::block_on(store.publish_configuration(&record, &setup.configuration)).unwrap();
        store.verify_everybody(&setup.configuration, clock.now());
        let clocks = Arc::new(MemoryClocks::new(clock.clone(), faults.clone()));
        let messenger = Arc::new(MemoryMessenger::new(clock.clone(), faults.clone()));
        let bus = Arc::new(MemoryBus::new(faults.clone()));
        let metrics = Arc::new(MemoryMetrics::default());
        let ids = Arc::new(SeededIds::seeded(setup.seed.unwrap_or(0)));
        let topics = Arc::new(MemoryTopics::new(faults.clone()));
        let ports = Ports {
            clock: clock.clone(),
            store: store.clone(),
            clocks: clocks.clone(),
            messenger: messenger.clone(),
            bus: bus.clone(),
            metrics: metrics.clone(),
            ids,
            topics,
            mutant: setup.mutant,
        };
        let use_cases = UseCases::new(&ports);
        if setup.keys {
            futures::executor::block_on(use_cases.first(&setup.configuration));
        }
        faults.interleave();
        let mut incidents = Consumer::of_incidents(setup.shards);
        if setup.endless_retries {
            incidents.retries = None;
        }
        Self {
            next_sweep: clock.now() + SignedDuration::from_mins(1),
            timelines: Consumer::of_timelines(setup.shards),
            told: Vec::new(),
            sweep: setup.sweep,
            consumer_fails: false,
            swept: Vec::new(),
            trace: Vec::new(),
            executor: Executor::new(setup.seed.map(|s| Random::seeded(s ^ 1))),
            jobs: BTreeMap::new(),
            random: setup.seed.map(|s| Random::seeded(s ^ 2)),
            inputs: Vec::new(),
            fed: 0,
            read: 0,
            clock,
            faults,
            store,
            clocks,
            messenger,
            bus,
            metrics,
            incidents,
            ports,
            use_cases,
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass; everything that becomes due meanwhile happens at its instant.
    pub fn fast_forward(&mut self, by: SignedDuration) {
        self.run_until(self.now() + by);
    }

    /// Lets everything happen that is due until `end`, at its instant.
    pub fn run_until(&mut self, end: Timestamp) {
        loop {
            self.settle();
            match self.next_instant() {
                Some(next) if next <= end => self.clock.set(next),
                Some(_) | None => break,
            }
        }
        self.clock.set(end);
        self.settle();
    }

    /// Does what can be done without time passing.
    pub fn settle(&mut self) {
        for _ in 0..MOST_STEPS {
            self.start_jobs();
            match self.executor.step(&self.faults) {
                None => return,
                Some(None) => {}
                Some(Some((number, ended))) => {
                    if let Some((job, _)) = self.jobs.remove(&number) {
                        let outcome = match ended {
                            Ended::Returned(outcome) => Some(outcome),
                            Ended::Died => None,
                        };
                        self.finish(job, outcome);
                    }
                }
            }
        }
        let tail = self.trace.iter().rev().take(30).rev().cloned().collect::<Vec<_>>().join("\n");
        panic!("no rest at {}:\n{tail}", self.now());
    }

    fn next_instant(&self) -> Option<Timestamp> {
        let timeout = self.jobs.values().map(|(_, since)| *since + SignedDuration::from_secs(TIMEOUT_S)).min();
        let sweep = self.sweep.then_some(self.next_sweep);
        let input = self.inputs.iter().map(|(at, _)| *at).min();
        let next = [timeout, sweep, input, self.clocks.next_due(), self.incidents.next_retry(), self.timelines.next_retry(), self.clock.next_sleeper()];
        let now = self.now();
        // What could not begin although it is due (a busy shard) goes on when something else ends.
        next.into_iter().flatten().filter(|at| *at > now).min()
    }

    fn start_jobs(&mut self) {
        let now = self.now();
        let overdue = |since: Timestamp| since + SignedDuration::from_secs(TIMEOUT_S) <= now;
        let late: Vec<u64> = self.jobs.iter().filter(|(_, (_, since))| overdue(*since)).map(|(n, _)| *n).collect();
        for number in late {
            self.executor.kill(number);
            if let Some((job, _)) = self.jobs.remove(&number) {
                self.finish(job, None);
            }
        }
        let records = self.store.stream(self.fed);
        self.fed = records.last().map_or(self.fed, |r| r.number);
        self.incidents.feed(&records);
        self.timelines.feed(&records);
        let mut jobs: Vec<Job> = Vec::new();
        jobs.extend(self.incidents.take(now, self.random.as_mut()).into_iter().map(Job::Incident));
        jobs.extend(self.timelines.take(now, self.random.as_mut()).into_iter().map(Job::Publish));
        jobs.extend(self.clocks.take_due().into_iter().map(|(name, wake)| Job::Notify(name, wake)));
        if self.sweep && self.next_sweep <= now {
            self.next_sweep = now + SignedDuration::from_mins(1);
            jobs.push(Job::Sweep);
        }
        let due: Vec<usize> = self.inputs.iter().filter(|(at, _)| *at <= now).map(|(_, n)| *n).collect();
        self.inputs.retain(|(at, _)| *at > now);
        jobs.extend(due.into_iter().map(Job::Input));
        for job in jobs {
            self.start(job);
        }
    }
}
