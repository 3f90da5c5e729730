//! Incidents, timelines and groups. Part of [`ports`](crate::ports).

use super::keys::SecretHash;
use crate::error::{PortError, WriteError};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tocsin_domain::id::{AlertId, ContactId, IncidentId, PolicyId, TeamId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::intake::GroupKey;
use tocsin_domain::incident::timeline::Entry;
use tocsin_domain::notification::page::{Page, PageKey};

/// An alert's part in a [`Commit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertHandled {
    /// Which alert.
    pub alert: AlertId,
    /// Its `seq` when it was read: the write does not happen if it has changed since.
    pub seq: u32,
    /// The incident it belongs to from now on (and did before, where it is not `attached`), in place of any [`Outcome`](tocsin_domain::alert::outcome::Outcome) (written on the alert, and as a link under the incident).
    pub incident: IncidentId,
    /// Whether the link is new.
    pub attached: bool,
    /// Whether the incident is that of another service, which the alert's own service depends on.
    pub guest: bool,
}

/// An alert that comes from another incident, in a [`Commit`] of the one that takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertMoved {
    /// Which alert.
    pub alert: AlertId,
    /// Its `seq` when it was read: the write does not happen if it has changed since.
    pub seq: u32,
    /// Where it was: the write does not happen if it has moved since. What there is left to do for it stays to be done.
    pub from: IncidentId,
}

/// Which open incident new alerts of a group join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The incident that opened the group.
    pub incident: IncidentId,
    /// Alerts received before this instant join it.
    pub until: Timestamp,
    /// Rises with each write: the optimistic lock.
    pub revision: u64,
}

/// One atomic change of one incident: its new state, what goes on its timeline, and everything that must not happen without it.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The new state; its `revision` is already the new one.
    pub incident: Incident,
    /// The revision that was read; none when the incident is new.
    pub expected: Option<u64>,
    /// New timeline entries.
    pub entries: Vec<Entry>,
    /// Whether the incident function shall look at it (clock to start or stop, alerts to close).
    pub announce: bool,
    /// Alerts that this change handles (80 at most).
    pub alerts: Vec<AlertHandled>,
    /// Alerts that come from another incident, with a link under this one; the other keeps its link.
    pub moved: Vec<AlertMoved>,
    /// A group that this incident opens: its key, and the group with its new revision (1 for the first).
    pub group: Option<(GroupKey, Group)>,
    /// Pages to put into their lanes.
    pub queue: Vec<Page>,
    /// Pages to take out of their lanes: sent, failed or taken back.
    pub unqueue: Vec<(ContactId, PageKey)>,
    /// What the caller calls this command: written once for an incident, kept for a week, and a Conflict where it was written before.
    pub once: Option<SecretHash>,
}

/// Which incidents to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Not resolved, oldest first.
    Open,
    /// Resolved, latest first.
    Resolved,
}

/// Incidents, timelines, groups.
#[async_trait]
pub trait IncidentStore: Send + Sync {
    /// An incident, read consistently.
    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, PortError>;
    /// Incidents by id, in this order, read consistently; those that do not exist are left out.
    async fn incidents(&self, ids: &[IncidentId]) -> Result<Vec<Incident>, PortError>;
    /// The incident with a number.
    async fn incident_numbered(&self, number: u64) -> Result<Option<IncidentId>, PortError>;
    /// The next number.
    async fn next_number(&self) -> Result<u64, PortError>;
    /// The next turn at a level (0-based) of a policy whose targets take turns: 0, 1, 2 and so on, each told once. May skip some.
    async fn next_turn(&self, policy: &PolicyId, level: u32) -> Result<u64, PortError>;
    /// What `next_turn` would tell of these levels, in this order. Draws nothing.
    async fn turns(&self, levels: &[(PolicyId, u32)]) -> Result<Vec<u64>, PortError>;
    /// Writes all of it or nothing. Retries what conflicts with other transactions by itself; a condition that does not hold is a Conflict.
    async fn commit(&self, commit: &Commit) -> Result<(), WriteError>;
    /// Whether a command of this name was carried out (in the last week at least).
    async fn done_before(&self, id: IncidentId, once: &SecretHash, now: Timestamp) -> Result<bool, PortError>;
    /// Writes two incidents together, all of it or nothing: alerts that leave one join the other, merges do not cross.
    async fn commit_both(&self, first: &Commit, second: &Commit) -> Result<(), WriteError>;
    /// Entries behind `after`, in order, at most `limit`.
    async fn timeline(&self, id: IncidentId, after: u32, limit: usize) -> Result<Vec<Entry>, PortError>;
    /// A team's incidents, at most `limit` behind `after` (an id that an earlier answer ended with). May lag a moment behind.
    async fn incidents_of(&self, team: &TeamId, which: Which, after: Option<IncidentId>, limit: usize) -> Result<Vec<Incident>, PortError>;
    /// A group.
    async fn group(&self, key: &GroupKey) -> Result<Option<Group>, PortError>;
}
