//! Alerts, their guards and holds. Part of [`ports`](crate::ports).

use crate::error::{PortError, WriteError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use tocsin_domain::alert::ask::Asked;
use tocsin_domain::alert::event::Event;
use tocsin_domain::alert::outcome::Outcome;
use tocsin_domain::alert::{Alert, AlertKey, Previous, Severity};
use tocsin_domain::id::{AlertId, IncidentId, IntegrationId, TeamId};

/// What happened to a trigger that was taken for a repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// An alert with this key is open: counted on it.
    Counted(AlertId),
    /// Counted, and the incident function wants to hear of each event of this alert: [wake](AlertStore::wake_alert) it.
    Watched(AlertId),
    /// No alert with this key is open, or this one is worse than the open one: take the slow path. With the guard that said so.
    NotThat(Option<Guard>),
}

/// The guard of an open (or lately closed) alert key: all that a duplicate touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The alert it guards.
    pub alert: AlertId,
    /// Whether that alert is open.
    pub open: bool,
    /// Events so far, the first included.
    pub count: u64,
    /// When the latest one came.
    pub last_at: Timestamp,
    /// The worst severity so far.
    pub severity: Severity,
    /// Until when its latest report holds without being repeated; none where the sender does not say, or has not repeated it yet.
    pub holds_until: Option<Timestamp>,
}

/// That the reports of a key hold for a while only: an alert that nobody repeats within it is over. One for a key, due in the index when it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Which key.
    pub key: AlertKey,
    /// The alert that it is about: another one of the same key may hold for ever.
    pub alert: AlertId,
    /// The team that owns its service.
    pub team: TeamId,
    /// How long the first report held.
    pub length: SignedDuration,
    /// When to look whether it was repeated.
    pub due: Timestamp,
}

/// Where a [`Hold`] is kept: its integration, and the digest of its dedup key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoldPlace {
    /// The integration.
    pub integration: IntegrationId,
    /// As [`AlertKey::digest`] makes it.
    pub digest: String,
}

impl Hold {
    /// Where it is kept.
    pub fn place(&self) -> HoldPlace {
        HoldPlace { integration: self.key.integration.clone(), digest: self.key.digest() }
    }

    /// Until when the alert that `guard` guards holds. A repetition says so; without one it is as long as the first report said.
    pub fn until(&self, guard: &Guard) -> Timestamp {
        guard.holds_until.unwrap_or_else(|| guard.last_at.checked_add(self.length).unwrap_or(Timestamp::MAX))
    }
}

/// A span of time: from an instant on, until before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant in it.
    pub from: Timestamp,
    /// The first instant behind it.
    pub until: Timestamp,
}

/// From which side a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Backwards in time.
    NewestFirst,
    /// Forwards in time.
    OldestFirst,
}

impl Order {
    /// Whether `one` comes behind `other` in this order.
    pub fn is_behind(self, one: Received, other: Received) -> bool {
        match self {
            Order::NewestFirst => one < other,
            Order::OldestFirst => one > other,
        }
    }

    /// Puts a list into this order.
    pub fn sort(self, received: &mut [Received]) {
        received.sort_unstable();
        if self == Order::NewestFirst {
            received.reverse();
        }
    }
}

/// An alert's place in its team's list. Ordered by time, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Received {
    /// When Tocsin received its first event.
    pub at: Timestamp,
    /// Which alert.
    pub alert: AlertId,
}

/// Alerts and their guards.
#[async_trait]
pub trait AlertStore: Send + Sync {
    /// One unconditional-looking write that tells repetition from news: counts on the guard if an alert with this key is open and at least as bad.
    /// One call, one write unit, no read.
    async fn count_repetition(&self, key: &AlertKey, severity: Severity, at: Timestamp) -> Result<Repeated, PortError>;
    /// The same for a report that holds until an instant, which the same write notes on the guard.
    async fn count_held_repetition(&self, key: &AlertKey, severity: Severity, at: Timestamp, until: Timestamp) -> Result<Repeated, PortError>;
    /// Notes on the guard until when the alert holds. Conflict: it does not guard this alert as an open one.
    async fn extend_alert(&self, key: &AlertKey, alert: AlertId, until: Timestamp) -> Result<(), WriteError>;
    /// Closes the guard and marks the alert resolved, together, because nobody repeated it. Conflict: an event came since `guard` was read.
    async fn expire_alert(&self, key: &AlertKey, guard: &Guard, at: Timestamp) -> Result<(), WriteError>;
    /// Writes or replaces the hold of a key.
    async fn put_hold(&self, hold: &Hold) -> Result<(), PortError>;
    /// A hold.
    async fn hold(&self, place: &HoldPlace) -> Result<Option<Hold>, PortError>;
    /// A hold is due later. Conflict: it is not due any more when it was read to be.
    async fn move_hold(&self, hold: &Hold, due: Timestamp) -> Result<(), WriteError>;
    /// A hold is not needed any more. Conflict: as above.
    async fn drop_hold(&self, hold: &Hold) -> Result<(), WriteError>;
    /// The guard of a key, read consistently.
    async fn guard(&self, key: &AlertKey) -> Result<Option<Guard>, PortError>;
    /// Guards of several keys, read consistently; keys without one are left out.
    async fn guards(&self, keys: &[AlertKey]) -> Result<BTreeMap<AlertKey, Guard>, PortError>;
    /// Writes guard and alert together (`alert.seq` 1, nothing handled). [`WriteError::Conflict`]: the key has an open alert already.
    async fn open_alert(&self, alert: &Alert) -> Result<(), WriteError>;
    /// The same with the hold of the key, together.
    async fn open_held_alert(&self, alert: &Alert, hold: &Hold) -> Result<(), WriteError>;
    /// Closes the guard and marks the alert resolved, together. Conflict: the guard does not guard this alert as an open one any more.
    async fn resolve_alert(&self, key: &AlertKey, alert: AlertId, at: Timestamp) -> Result<(), WriteError>;
    /// Notes that the sender asks to acknowledge. Conflict: the alert is not open.
    async fn request_acknowledgement(&self, alert: AlertId, at: Timestamp) -> Result<(), WriteError>;
    /// Writes what the sender asks of `alert` (as it was read) as its next change: `asked.seq` is `alert.seq` + 1. One that ends an open alert closes the guard, together.
    /// Conflict: the alert has changed since, or the guard does not guard it as an open one any more.
    async fn ask(&self, alert: &Alert, asked: &Asked) -> Result<(), WriteError>;
    /// What was asked of an alert behind the change `after`, in order, at most `limit`; read consistently.
    async fn asks(&self, alert: AlertId, after: u32, limit: usize) -> Result<Vec<Asked>, PortError>;
    /// A worse repetition: counts it on the guard and raises severity on guard and alert, together. Conflict: not open any more.
    async fn raise_alert(&self, key: &AlertKey, alert: AlertId, severity: Severity, at: Timestamp) -> Result<(), WriteError>;
    /// What became of an alert (as it was read) without an incident: its change is handled, and while it is open it is due again at [`Outcome::again_at`].
    /// Conflict: it changed since it was read, or belongs to an incident.
    async fn record_outcome(&self, alert: &Alert, outcome: &Outcome) -> Result<(), WriteError>;
    /// From now on, or no more, repetitions of an open alert answer [`Repeated::Watched`]. The answer is the count of its events until now.
    /// Conflict: the guard does not guard this alert as an open one.
    async fn watch(&self, key: &AlertKey, alert: AlertId, watched: bool) -> Result<u64, WriteError>;
    /// The alert has work although its sender said nothing new: what kept it from people is over, or counted as far as it was to.
    /// Conflict: it is not open, or belongs to an incident.
    async fn wake_alert(&self, alert: AlertId, at: Timestamp) -> Result<(), WriteError>;
    /// Alerts by id, whole, read consistently; those that do not exist are left out.
    async fn alerts(&self, ids: &[AlertId]) -> Result<Vec<Alert>, PortError>;
    /// Alerts that ever joined an incident (ids), at most `limit`, beginning behind `after`: what has moved to another one since is among them.
    async fn alerts_of(&self, incident: IncidentId, after: Option<AlertId>, limit: usize) -> Result<Vec<AlertId>, PortError>;
    /// Alerts that a team received in a span, in this order, at most `limit` behind `after` (the last one that an earlier answer gave). May lag a moment behind.
    async fn alerts_received(&self, team: &TeamId, span: Span, after: Option<Received>, limit: usize, order: Order) -> Result<Vec<Received>, PortError>;
    /// After a person resolved the incident at `resolved_at`: closes the guard and the alert, together, unless an event came at or after that instant (Conflict).
    /// Already closed is fine.
    async fn close_alert(&self, alert: &Alert, resolved_at: Timestamp) -> Result<(), WriteError>;
    /// An event came after the incident of `old` was resolved: `new` (a copy with its own id, seq 1) takes over the guard, `old` is resolved, together.
    async fn succeed_alert(&self, old: &Alert, new: &Alert) -> Result<(), WriteError>;
}

/// Helper for adapters and fakes: the event of an alert that another alert succeeds, with the events that were counted on it.
pub fn succession(old: &Alert, id: AlertId, at: Timestamp, events: u64) -> Alert {
    let mut event: Event = old.event.clone();
    event.adapted.push(format!("reported again while the incident of {} was being resolved", old.id));
    Alert {
        id,
        state: tocsin_domain::alert::AlertState::Open,
        received_at: at,
        resolved_at: None,
        acknowledge_requested_at: None,
        event,
        incident: None,
        outcome: None,
        guest: false,
        seq: 1,
        handled_seq: 0,
        previous: Some(Previous { alert: old.id, events }),
        asked_seq: 0,
        resolved_seq: None,
        deleted: false,
        ..old.clone()
    }
}
