//! Executions of the state machine in memory: the same dumb loop as `infra/escalation.asl.json`.
//!
//! The driver asks which wake-ups are due ([`MemoryClocks::take_due`]), runs `notify` for each, and tells what came of it ([`MemoryClocks::answer`]).

use super::{Faults, ManualClock, lock};
use crate::error::PortError;
use crate::ports::{Clock, Clocks, Started};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tocsin_contract::escalation::{Answer, VERSION, WakeUp, execution_name};
use tocsin_domain::id::IncidentId;

/// What the state machine waits after a failed call, in seconds.
pub const RETRY_S: i64 = 30;

/// Where an execution stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Waits until an instant.
    Waiting(Timestamp),
    /// `notify` is being called.
    Calling,
    /// Ended by itself.
    Succeeded,
    /// Stopped from outside.
    Stopped,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// What the next wake-up says.
    pub input: WakeUp,
    /// Where it stands.
    pub state: State,
    /// Calls of `notify` that were begun.
    pub calls: u32,
}

/// Executions by name.
#[derive(Debug)]
pub struct MemoryClocks {
    clock: Arc<ManualClock>,
    faults: Arc<Faults>,
    executions: Mutex<BTreeMap<String, Execution>>,
}

impl MemoryClocks {
    /// No executions.
    pub fn new(clock: Arc<ManualClock>, faults: Arc<Faults>) -> Self {
        Self { clock, faults, executions: Mutex::default() }
    }

    /// All that were ever started.
    pub fn executions(&self) -> BTreeMap<String, Execution> {
        lock(&self.executions).clone()
    }

    /// Whether one of that name is alive.
    pub fn runs(&self, name: &str) -> bool {
        lock(&self.executions).get(name).is_some_and(|e| matches!(e.state, State::Waiting(_) | State::Calling))
    }

    /// The next instant at which an execution wakes up.
    pub fn next_due(&self) -> Option<Timestamp> {
        lock(&self.executions).values().filter_map(waiting_until).min()
    }

    /// The wake-ups that are due: the driver calls `notify` with each and answers.
    pub fn take_due(&self) -> Vec<(String, WakeUp)> {
        let now = self.clock.now();
        let mut executions = lock(&self.executions);
        let due = executions.iter_mut().filter(|(_, e)| waiting_until(e).is_some_and(|at| at <= now));
        due.map(|(name, e)| {
            e.state = State::Calling;
            e.calls += 1;
            (name.clone(), e.input.clone())
        })
        .collect()
    }

    /// What `notify` answered; nothing where it failed or died.
    pub fn answer(&self, name: &str, answer: Option<&Answer>) {
        let mut executions = lock(&self.executions);
        let Some(e) = executions.get_mut(name).filter(|e| e.state == State::Calling) else { return };
        e.input.wakeups += 1;
        let retry = || self.clock.now().checked_add(SignedDuration::from_secs(RETRY_S)).unwrap_or(Timestamp::MAX);
        e.state = match answer {
            Some(Answer { more: false, .. }) => State::Succeeded,
            Some(Answer { more: true, due: Some(due), .. }) => State::Waiting(*due),
            Some(Answer { more: true, due: None, .. }) | None => State::Waiting(retry()),
        };
    }

    /// An execution that ends without anybody wanting it: an outage, an operator.
    pub fn lose(&self, name: &str) {
        if let Some(e) = lock(&self.executions).get_mut(name) {
            e.state = State::Stopped;
        }
    }

    fn begin(&self, incident: IncidentId, generation: u32, attempt: u32) -> Started {
        let name = execution_name(incident, generation, attempt);
        let mut executions = lock(&self.executions);
        if executions.contains_key(&name) {
            return Started::Before;
        }
        let input = WakeUp { v: VERSION, incident, generation, attempt, wakeups: 0, started: Some(self.clock.now()) };
        executions.insert(name, Execution { input, state: State::Waiting(self.clock.now()), calls: 0 });
        Started::Now
    }
}

fn waiting_until(e: &Execution) -> Option<Timestamp> {
    match e.state {
        State::Waiting(at) => Some(at),
        State::Calling | State::Succeeded | State::Stopped => None,
    }
}

#[async_trait]
impl Clocks for MemoryClocks {
    async fn start(&self, incident: IncidentId, generation: u32, attempt: u32) -> Result<Started, PortError> {
        self.faults.around("Clocks::start", || Ok(self.begin(incident, generation, attempt))).await
    }

    async fn stop(&self, incident: IncidentId, generation: u32, attempt: u32) -> Result<(), PortError> {
        let stop = || {
            if let Some(e) = lock(&self.executions).get_mut(&execution_name(incident, generation, attempt))
                && e.state != State::Succeeded
            {
                e.state = State::Stopped;
            }
            Ok(())
        };
        self.faults.around("Clocks::stop", stop).await
    }
}
