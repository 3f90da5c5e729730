//! What the use cases need of the world, as capabilities.
//!
//! Every call may fail before or after its effect ([`PortError`]), and every process may die between two calls: use cases are written so that repeating them is harmless.
//! Writes that decide are conditional and atomic; [`WriteError::Conflict`] means that nothing was written and that the caller has to look again.

pub use crate::ports_quiet::{CountKey, MaintenanceStore, ThresholdStore};
pub use tocsin_domain::incident::intake::GroupKey;
pub use tocsin_domain::rules::threshold::{Counted, CountedAlert};

use crate::error::{PortError, WriteError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tocsin_domain::access::Principal;
use tocsin_domain::alert::ask::Asked;
use tocsin_domain::alert::event::Event;
use tocsin_domain::alert::outcome::Outcome;
use tocsin_domain::alert::{Alert, AlertKey, Previous, Severity};
use tocsin_domain::change_event::Change as ChangeEntry;
use tocsin_domain::configuration::{Channel, Configuration, IntegrationKind};
use tocsin_domain::foresight::difference::Summary;
use tocsin_domain::id::{AlertId, ContactId, IncidentId, IntegrationId, PolicyId, ServiceId, TeamId, UserId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::timeline::{Actor, Entry};
use tocsin_domain::notification::lane::Lane;
use tocsin_domain::notification::message::Message;
use tocsin_domain::notification::page::{Page, PageKey};
use tocsin_domain::notification::verification::Verification;

pub use crate::roster_ports::{Feed, FeedOf, FeedStore, NoticeClaim, NoticeKey, NoticeStore, RosterChange, RosterRecord, RosterStore};

/// The one clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The one source of randomness.
pub trait IdSource: Send + Sync {
    /// A fresh ULID of this instant.
    fn ulid(&self, now: Timestamp) -> ulid::Ulid;
    /// A fresh secret of 160 random bits as 32 characters of `A-Z2-7`.
    fn secret(&self) -> String;
}

/// A secret's SHA-256 in hex: what is stored instead of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(pub String);

impl SecretHash {
    /// Hashes a secret. Secrets are long and random, so one round is enough; comparing hashes by looking them up reveals nothing of the secret.
    pub fn of(secret: &str) -> Self {
        // The digest of an alert key is exactly this hash; secrets and dedup keys never share a key space in the table.
        use sha2::Digest;
        Self(tocsin_domain::hex::hex(&sha2::Sha256::digest(secret.as_bytes())))
    }
}

/// What an integration key opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationKey {
    /// Which integration.
    pub integration: IntegrationId,
    /// Its service when the configuration was last applied.
    pub service: ServiceId,
    /// The service's team then.
    pub team: TeamId,
    /// What it is meant for.
    pub kind: IntegrationKind,
}

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
    /// Alerts that a team received in a span, newest first, at most `limit` behind `after` (the last one that an earlier answer gave). May lag a moment behind.
    async fn alerts_received(&self, team: &TeamId, span: Span, after: Option<Received>, limit: usize) -> Result<Vec<Received>, PortError>;
    /// After a person resolved the incident at `resolved_at`: closes the guard and the alert, together, unless an event came at or after that instant (Conflict).
    /// Already closed is fine.
    async fn close_alert(&self, alert: &Alert, resolved_at: Timestamp) -> Result<(), WriteError>;
    /// An event came after the incident of `old` was resolved: `new` (a copy with its own id, seq 1) takes over the guard, `old` is resolved, together.
    async fn succeed_alert(&self, old: &Alert, new: &Alert) -> Result<(), WriteError>;
}

/// An alert's part in a [`Commit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertHandled {
    /// Which alert.
    pub alert: AlertId,
    /// Its `seq` when it was read: the write does not happen if it has changed since.
    pub seq: u32,
    /// The incident it belongs to from now on (and did before, where it is not `attached`), in place of any [`Outcome`] (written on the alert, and as a link under the incident).
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
    /// The incident with a number.
    async fn incident_numbered(&self, number: u64) -> Result<Option<IncidentId>, PortError>;
    /// The next number.
    async fn next_number(&self) -> Result<u64, PortError>;
    /// The next turn at a level (0-based) of a policy whose targets take turns: 0, 1, 2 and so on, each told once. May skip some.
    async fn next_turn(&self, policy: &PolicyId, level: u32) -> Result<u64, PortError>;
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

/// A page with the lease that somebody holds on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedPage {
    /// The page.
    pub page: Page,
    /// Claimed until then; a claim whose sender died is taken again after it.
    pub leased_until: Option<Timestamp>,
}

/// A link that a page carries, as it is stored: bound to what it may do, and to when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcknowledgeLink {
    /// Incidents and the generation that it may acknowledge.
    pub incidents: Vec<(IncidentId, u32)>,
    /// Incidents that its holder was asked to help with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<IncidentId>,
    /// Who acknowledges; nobody in person for the last resort.
    pub user: Option<UserId>,
    /// No longer than.
    pub expires_at: Timestamp,
}

/// A claim on pages of one lane.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Which lane.
    pub contact: ContactId,
    /// The pages (45 at most); each must be free: not leased beyond `now`.
    pub pages: Vec<Page>,
    /// Now.
    pub now: Timestamp,
    /// Leased until.
    pub until: Timestamp,
    /// The lane with the new message on it and its new revision; none for the second and further parts of one message.
    pub lane: Option<Lane>,
    /// The link to store with it.
    pub link: Option<(SecretHash, AcknowledgeLink)>,
}

/// Why a claim did not happen. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// These pages are not wanted any more ([`Incident::wants`]): they must not be sent.
    #[error("{} pages were taken back", .0.len())]
    TakenBack(Vec<PageKey>),
    /// Somebody else claimed some of them, or used the lane: look again.
    #[error("somebody else was faster")]
    Conflict,
    /// The store failed; whether it was written is unknown.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Lanes and the pages that wait in them.
#[async_trait]
pub trait LaneStore: Send + Sync {
    /// What a contact method got lately.
    async fn lane(&self, contact: &ContactId) -> Result<Lane, PortError>;
    /// Pages of a lane that are due at `now` (`page.due <= now`), leased ones included, oldest due first, at most `limit`.
    async fn due_pages(&self, contact: &ContactId, now: Timestamp, limit: usize) -> Result<Vec<QueuedPage>, PortError>;
    /// Leases pages in one transaction which checks that each is still wanted ([`Incident::wants`]): its incident triggered in its generation, or its receiver asked to help.
    async fn claim(&self, claim: &Claim) -> Result<(), ClaimError>;
    /// Removes a page that must not be sent any more.
    async fn drop_page(&self, contact: &ContactId, key: &PageKey) -> Result<(), PortError>;
    /// A link by its hash; expired ones do not exist.
    async fn link(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<AcknowledgeLink>, PortError>;
}

/// What a published version of the configuration was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// Its number, from 1.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What it changed. Versions of before this was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The version whose document it put into force again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_to: Option<u64>,
}

impl VersionRecord {
    /// A version of which nothing more is said.
    pub fn new(version: u64, at: Timestamp, by: Actor) -> Self {
        Self { version, at, by, summary: None, rollback_to: None }
    }

    /// On one line: who, when, what.
    pub fn words(&self) -> String {
        let what = match (&self.rollback_to, &self.summary) {
            (Some(v), Some(s)) => format!("back to version {v} ({})", s.words()),
            (Some(v), None) => format!("back to version {v}"),
            (None, Some(s)) => s.words(),
            (None, None) => "not recorded".to_owned(),
        };
        format!("version {} by {} at {}: {what}", self.version, self.by, self.at.strftime("%Y-%m-%d %H:%M:%S UTC"))
    }
}

/// Configuration, keys and tokens.
#[async_trait]
pub trait ConfigurationStore: Send + Sync {
    /// The present version; none before the first.
    async fn current_version(&self) -> Result<Option<u64>, PortError>;
    /// Who published a version, when, and what it changed.
    async fn version_record(&self, version: u64) -> Result<Option<VersionRecord>, PortError>;
    /// A version's document. Versions never change and never go away.
    async fn configuration(&self, version: u64) -> Result<Option<Configuration>, PortError>;
    /// Writes version `record.version` and flips the pointer to it, if the pointer still stands at `record.version - 1` (Conflict).
    async fn publish_configuration(&self, record: &VersionRecord, configuration: &Configuration) -> Result<(), WriteError>;
    /// What a key opens.
    async fn integration_key(&self, hash: &SecretHash) -> Result<Option<IntegrationKey>, PortError>;
    /// Hashes of the keys that an integration has (two at once during rotation).
    async fn keys_of(&self, integration: &IntegrationId) -> Result<Vec<SecretHash>, PortError>;
    /// Writes or replaces what a key opens.
    async fn put_integration_key(&self, hash: &SecretHash, key: &IntegrationKey) -> Result<(), PortError>;
    /// A key opens nothing any more.
    async fn delete_integration_key(&self, hash: &SecretHash, integration: &IntegrationId) -> Result<(), PortError>;
    /// Whom an API token stands for.
    async fn token(&self, hash: &SecretHash) -> Result<Option<Principal>, PortError>;
    /// Writes a token.
    async fn put_token(&self, hash: &SecretHash, principal: &Principal) -> Result<(), PortError>;
    /// Whether any token exists.
    async fn has_tokens(&self) -> Result<bool, PortError>;
}

/// What was changed, by service and time.
#[async_trait]
pub trait ChangeStore: Send + Sync {
    /// Writes a change; the same one again changes nothing.
    async fn put_change(&self, change: &ChangeEntry) -> Result<(), PortError>;
    /// Changes of a service within a span, latest first, at most `limit`.
    async fn changes(&self, service: &ServiceId, span: Span, limit: usize) -> Result<Vec<ChangeEntry>, PortError>;
}

/// Something overdue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overdue {
    /// An alert that the incident function has not handled, received (or changed) at this instant.
    Alert(AlertId, Timestamp),
    /// An incident whose deadline passed, or whose closing is left over.
    Incident(IncidentId, Timestamp),
}

/// The index of what is due.
#[async_trait]
pub trait DueStore: Send + Sync {
    /// Everything due before `before`, oldest first within each shard, at most `limit` in all.
    async fn due_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Overdue>, PortError>;
    /// Alerts that are due at exactly this instant, at most `limit`: those that wait for the end of something.
    async fn alerts_due_at(&self, at: Timestamp, limit: usize) -> Result<Vec<AlertId>, PortError>;
    /// Holds due before `before`, at most `limit`. Apart from the others, so that however many alerts fire, no incident waits behind them.
    async fn holds_before(&self, before: Timestamp, limit: usize) -> Result<Vec<HoldPlace>, PortError>;
}

/// That a heartbeat was found missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// When that was found; tells one absence from the next.
    pub found_at: Timestamp,
    /// Whether its alert was opened.
    pub told: bool,
}

/// What is known of a heartbeat that was pinged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Which heartbeat.
    pub heartbeat: IntegrationId,
    /// The latest ping.
    pub last_at: Timestamp,
    /// Whether it is known to be missing; stays so until its alert is resolved.
    pub missed: Option<Missed>,
}

/// Heartbeats. Each is one item that a ping touches once, in no index: who is missing is found by reading those of the configuration.
#[async_trait]
pub trait HeartbeatStore: Send + Sync {
    /// A ping; one that was overtaken does not turn the clock back. One write. The answer is what was known to be missing.
    async fn ping(&self, heartbeat: &IntegrationId, team: &TeamId, at: Timestamp) -> Result<Option<Missed>, PortError>;
    /// Those of these heartbeats that were ever pinged.
    async fn beats(&self, heartbeats: &[IntegrationId]) -> Result<Vec<Beat>, PortError>;
    /// It is missing, found at `at`. Conflict: it was pinged since, or somebody else found it.
    async fn miss(&self, seen: &Beat, at: Timestamp) -> Result<(), WriteError>;
    /// Its alert was opened. Conflict: it was pinged since `seen`.
    async fn told(&self, seen: &Beat, found_at: Timestamp) -> Result<(), WriteError>;
    /// Its alert was resolved: it is not missing any more. That it is so already, or missing anew, is fine.
    async fn recovered(&self, heartbeat: &IntegrationId, found_at: Timestamp) -> Result<(), PortError>;
}

/// A reader of the status page who asked to be told, until they confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSubscriber {
    /// A phone number in E.164 form.
    pub phone: String,
    /// Hash of the code that was sent.
    pub code: SecretHash,
    /// Wrong codes so far.
    pub wrong: u32,
    /// No longer than.
    pub expires_at: Timestamp,
}

/// Readers who wait to be confirmed.
#[async_trait]
pub trait SubscriberStore: Send + Sync {
    /// Writes or replaces what waits under an id.
    async fn put_pending(&self, id: &str, pending: &PendingSubscriber) -> Result<(), PortError>;
    /// What waits under an id; expired ones do not exist.
    async fn pending(&self, id: &str, now: Timestamp) -> Result<Option<PendingSubscriber>, PortError>;
}

/// How a start went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It runs.
    Now,
    /// One of that name runs, or ran.
    Before,
}

/// The clocks: one execution of the state machine for each attempt.
#[async_trait]
pub trait Clocks: Send + Sync {
    /// Starts the clock of an attempt.
    async fn start(&self, incident: IncidentId, generation: u32, attempt: u32) -> Result<Started, PortError>;
    /// Stops one; that it does not run is fine.
    async fn stop(&self, incident: IncidentId, generation: u32, attempt: u32) -> Result<(), PortError>;
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The contact method; names the topic for e-mail.
    pub contact: ContactId,
    /// The channel.
    pub channel: Channel,
    /// Phone number or address; empty for the last resort.
    pub to: String,
}

/// Why a message did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The provider refuses it, and will go on to: opted out, no such number, no such topic.
    #[error("{0}")]
    Refused(String),
    /// It may work later; whether this one left is unknown.
    #[error("{0} (may work when tried again)")]
    Unavailable(String),
}

/// Sends messages to people.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Sends one; the answer is the provider's id.
    async fn send(&self, to: &Destination, message: &Message) -> Result<String, SendError>;
}

/// How an e-mail contact stands with the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailState {
    /// Their owner confirmed.
    Confirmed,
    /// A confirmation was sent and waits.
    Pending,
    /// No subscription.
    Missing,
}

/// The e-mail side of contact methods: a topic and a subscription for each.
#[async_trait]
pub trait EmailContacts: Send + Sync {
    /// Makes sure that the topic is there and that the address is asked to confirm; harmless when repeated.
    async fn ensure(&self, contact: &ContactId, address: &str) -> Result<EmailState, PortError>;
    /// How it stands.
    async fn state(&self, contact: &ContactId, address: &str) -> Result<EmailState, PortError>;
}

/// How contact methods stand: whether their owners have verified them.
#[async_trait]
pub trait VerificationStore: Send + Sync {
    /// How a contact method stands, read consistently; the default where nothing is known of it.
    async fn verification(&self, contact: &ContactId) -> Result<Verification, PortError>;
    /// Writes it with its new revision (1 for the first). Conflict: somebody else wrote first.
    async fn put_verification(&self, contact: &ContactId, verification: &Verification) -> Result<(), WriteError>;
}

/// Has codes sent to phones of the configuration. Whoever holds this can name a contact method, and neither a number nor a text.
#[async_trait]
pub trait ContactCodes: Send + Sync {
    /// A code goes to the contact method, if it is a phone and has had none for a while.
    async fn send_code(&self, contact: &ContactId) -> Result<(), PortError>;
}

/// Stakeholders' subscriptions to the topic of this deployment.
#[async_trait]
pub trait StakeholderTopic: Send + Sync {
    /// Asks an address to confirm (the provider sends the question).
    async fn subscribe_email(&self, address: &str) -> Result<(), PortError>;
    /// Subscribes a phone that has confirmed by code; the answer is the subscription's id.
    async fn subscribe_sms(&self, phone: &str) -> Result<String, PortError>;
    /// Ends the subscription of a phone; that there is none is fine.
    async fn unsubscribe_sms(&self, phone: &str) -> Result<(), PortError>;
    /// Sends a confirmation code to a phone.
    async fn send_code(&self, phone: &str, text: &str) -> Result<(), PortError>;
}

/// The event bus.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Publishes entries; the answer says for each, in order, whether it arrived.
    async fn publish(&self, events: &[tocsin_contract::bus::Detail]) -> Result<Vec<Result<(), PortError>>, PortError>;
}

/// A number for an alarm or a graph.
pub trait Metrics: Send + Sync {
    /// Puts one number of namespace `Tocsin`.
    fn put(&self, name: &'static str, value: f64);
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
