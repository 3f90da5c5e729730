//! The memory behind all stores: one lock, so that each call is atomic, and the stream of what changed.

use super::faults::Failure;
use super::{Faults, lock};
use crate::error::PortError;
use crate::ports::{
    AcknowledgeLink, Beat, CountKey, Counted, DueStore, Group, GroupKey, Guard, Hold, HoldPlace, IntegrationKey, Overdue, PendingSubscriber, QueuedPage,
    SecretHash, VersionRecord,
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tocsin_domain::access::Principal;
use tocsin_domain::alert::ask::Asked;
use tocsin_domain::alert::outcome::Outcome;
use tocsin_domain::alert::{Alert, AlertKey};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::heartbeat::MadeHeartbeat;
use tocsin_domain::id::{AlertId, ContactId, IncidentId, IntegrationId, MaintenanceId, PolicyId, ServiceId, UserId};
use tocsin_domain::incident::timeline::Entry;
use tocsin_domain::incident::{Incident, Status};
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_domain::notification::lane::Lane;
use tocsin_domain::notification::page::PageKey;
use tocsin_domain::notification::verification::Verification;
use tocsin_domain::schedule::roster::Roster;

/// An alert with work is due this long after its change: by then the stream should have brought it.
pub const ALERT_GRACE_S: i64 = 60;

/// What a stream record tells: which item changed. Consumers act on the current item; a timeline entry never changes, so it travels along.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// An alert has work.
    Alert(AlertId),
    /// An incident changed so that its clock or its alerts need care.
    Incident(IncidentId),
    /// An entry was written.
    Timeline(Box<Entry>),
}

/// One record of the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// From 1, in the order of the writes.
    pub number: u64,
    /// What changed.
    pub change: Change,
}

/// Writes that decide whether somebody may be paged, in the order in which they happened: for checkers.
#[derive(Debug, Clone, PartialEq)]
pub enum Logged {
    /// Pages were claimed.
    Claimed {
        /// The claimer's now.
        at: Timestamp,
        /// The lane.
        contact: ContactId,
        /// The pages.
        keys: Vec<PageKey>,
        /// The lane as it was written with it.
        lane: Option<Lane>,
    },
    /// An incident was written.
    Written {
        /// When it really was; none without a clock.
        at: Option<Timestamp>,
        /// Which.
        incident: IncidentId,
        /// The last entry of its timeline from here on.
        last_seq: u32,
        /// Whether it is triggered from here on.
        triggered: bool,
        /// In which generation.
        generation: u32,
        /// Who was asked to help and has not answered, by which request.
        asked: Vec<(UserId, u32)>,
    },
    /// An alert was kept from people.
    Kept {
        /// When it really was.
        at: Option<Timestamp>,
        /// Which.
        alert: AlertId,
        /// What became of it.
        outcome: Outcome,
    },
    /// A version of the configuration came into force.
    Published {
        /// When it really did.
        at: Option<Timestamp>,
        /// Which.
        version: u64,
    },
    /// An address was verified, or is not any more.
    Verified {
        /// When.
        at: Option<Timestamp>,
        /// Of which contact method.
        contact: ContactId,
        /// The address; none: none.
        address: Option<String>,
    },
    /// A maintenance window was started or ended at run time.
    Window {
        /// When it really was.
        at: Option<Timestamp>,
        /// As it is from here on.
        run: MaintenanceRun,
    },
    /// A schedule was changed at run time.
    Amended {
        /// When it really was.
        at: Option<Timestamp>,
        /// What lies over it from here on.
        roster: Roster,
    },
}

/// Everything that is stored. Tests may look at it, checkers do.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Guards by alert key.
    pub guards: BTreeMap<AlertKey, Guard>,
    /// Alerts.
    pub alerts: BTreeMap<AlertId, Alert>,
    /// What senders asked of alerts, by its change.
    pub asks: BTreeMap<(AlertId, u32), Asked>,
    /// When alerts with work last changed.
    pub(super) changed: BTreeMap<AlertId, Timestamp>,
    /// When alerts that are kept from people are decided again.
    pub(super) again: BTreeMap<AlertId, Timestamp>,
    /// Holds by their key.
    pub holds: BTreeMap<AlertKey, Hold>,
    /// Changes by service, time and what they say.
    pub service_changes: BTreeMap<(ServiceId, Timestamp, String), tocsin_domain::change_event::Change>,
    /// Which alerts belong to an incident.
    pub links: BTreeSet<(IncidentId, AlertId)>,
    /// Incidents.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// Incidents by number.
    pub numbers: BTreeMap<u64, IncidentId>,
    pub(super) last_number: u64,
    pub(super) turns: BTreeMap<(PolicyId, u32), u64>,
    /// Timeline entries.
    pub timeline: BTreeMap<(IncidentId, u32), Entry>,
    /// Commands that their callers gave a name.
    pub once: BTreeSet<(IncidentId, SecretHash)>,
    /// Groups.
    pub groups: BTreeMap<GroupKey, Group>,
    /// Guards that are watched.
    pub(super) watched: BTreeSet<AlertKey>,
    /// Maintenance windows at run time.
    pub maintenance: BTreeMap<(MaintenanceId, Timestamp), MaintenanceRun>,
    /// New alerts by integration and minute.
    pub rates: BTreeMap<(IntegrationId, Timestamp), tocsin_domain::flood::Count>,
    /// What thresholds have counted.
    pub counted: BTreeMap<CountKey, Counted>,
    /// Lanes.
    pub lanes: BTreeMap<ContactId, Lane>,
    /// Pages that wait in lanes.
    pub pages: BTreeMap<(ContactId, PageKey), QueuedPage>,
    /// What was claimed and written, in order.
    pub log: Vec<Logged>,
    /// Links of pages.
    pub acknowledge_links: BTreeMap<SecretHash, AcknowledgeLink>,
    /// Heartbeats that senders made.
    pub made: BTreeMap<IntegrationId, MadeHeartbeat>,
    /// Heartbeats that were pinged.
    pub beats: BTreeMap<IntegrationId, Beat>,
    pub(super) current_version: Option<u64>,
    /// Every version of the configuration.
    pub configurations: BTreeMap<u64, (VersionRecord, Configuration)>,
    /// Keys of integrations.
    pub keys: BTreeMap<SecretHash, IntegrationKey>,
    pub(super) keys_of: BTreeSet<(IntegrationId, SecretHash)>,
    pub(super) tokens: BTreeMap<SecretHash, Principal>,
    /// How contact methods stand.
    pub verifications: BTreeMap<ContactId, Verification>,
    pub(super) pending: BTreeMap<String, PendingSubscriber>,
    pub(super) rosters: super::rosters::Rosters,
    /// When the call takes effect that runs.
    pub(super) now: Option<Timestamp>,
    stream: Vec<Record>,
}

impl State {
    pub(super) fn announce(&mut self, change: Change) {
        let number = self.stream.len() as u64 + 1;
        self.stream.push(Record { number, change });
    }

    /// An alert got work at `at`.
    pub(super) fn alert_changed(&mut self, alert: AlertId, at: Timestamp) {
        self.changed.insert(alert, at);
        self.again.remove(&alert);
        self.announce(Change::Alert(alert));
    }

    /// When an incident has to be looked at.
    fn incident_due(incident: &Incident) -> Option<Timestamp> {
        match &incident.status {
            Status::Resolved { at, .. } => incident.closing.then_some(*at),
            Status::Triggered | Status::Acknowledged { .. } => incident.deadline(),
        }
    }

    fn due_before(&self, before: Timestamp, limit: usize) -> Vec<Overdue> {
        let grace = SignedDuration::from_secs(ALERT_GRACE_S);
        let alerts = self.changed.iter().filter_map(|(id, at)| Some((at.checked_add(grace).ok()?, Overdue::Alert(*id, *at))));
        let again = self.again.iter().map(|(id, at)| (*at, Overdue::Alert(*id, *at - grace)));
        let incidents = self.incidents.values().filter_map(|i| Self::incident_due(i).map(|at| (at, Overdue::Incident(i.id, at))));
        let mut due: Vec<(Timestamp, Overdue)> = alerts.chain(again).chain(incidents).filter(|(at, _)| *at < before).collect();
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().take(limit).map(|(_, o)| o).collect()
    }
}

/// All stores in one memory.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<State>,
    pub(super) faults: Arc<Faults>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Faults::none())
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new(faults: Arc<Faults>) -> Self {
        Self { state: Mutex::default(), faults }
    }

    /// A copy of everything.
    pub fn state(&self) -> State {
        lock(&self.state).clone()
    }

    /// Damages what is stored: for tests of what finds damage.
    pub fn damage<T>(&self, how: impl FnOnce(&mut State) -> T) -> T {
        how(&mut lock(&self.state))
    }

    /// Looks at what is stored without copying it.
    pub fn look<T>(&self, at: impl FnOnce(&State) -> T) -> T {
        at(&lock(&self.state))
    }

    /// Stream records behind `after`, which is the number of the last one seen (0 for all).
    pub fn stream(&self, after: u64) -> Vec<Record> {
        lock(&self.state).stream.iter().filter(|r| r.number > after).cloned().collect()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.state));
    }

    pub(super) async fn call<T: Send, E: Failure>(&self, name: &'static str, effect: impl FnOnce(&mut State) -> Result<T, E> + Send) -> Result<T, E> {
        let effect = || {
            let mut state = lock(&self.state);
            state.now = self.faults.now();
            effect(&mut state)
        };
        self.faults.around(name, effect).await
    }
}

#[async_trait]
impl DueStore for MemoryStore {
    async fn due_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Overdue>, PortError> {
        self.call("DueStore::due_before", |s| Ok(s.due_before(before, limit))).await
    }

    async fn holds_before(&self, before: Timestamp, limit: usize) -> Result<Vec<HoldPlace>, PortError> {
        let due = |s: &mut State| Ok(s.holds.values().filter(|h| h.due < before).map(Hold::place).take(limit).collect());
        self.call("DueStore::holds_before", due).await
    }

    async fn alerts_due_at(&self, at: Timestamp, limit: usize) -> Result<Vec<AlertId>, PortError> {
        let due = |s: &mut State| Ok(s.again.iter().filter(|(_, again)| **again == at).map(|(id, _)| *id).take(limit).collect());
        self.call("DueStore::alerts_due_at", due).await
    }
}
