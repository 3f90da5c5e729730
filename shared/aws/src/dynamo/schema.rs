//! The table: every key, prefix, attribute and index name. Written down after the access patterns, which stand in [`model`](super::model).
//!
//! Called by: the stores beside it, consumers of the stream ([`Subject`]), the tests that render docs/data-model.md and compare template.yaml.
//! Refuses to take a string of a request into a key: parts of keys are ids, numbers, hashes and instants.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tocsin_app::ports::{CountKey, Feed, FeedOf, GroupKey, HoldPlace, NoticeAbout, NoticeKey, SecretHash};
use tocsin_domain::alert::AlertKey;
use tocsin_domain::alert::outcome::RulesOf;
use tocsin_domain::hex::hex;
use tocsin_domain::id::{AlertId, ContactId, IncidentId, IntegrationId, MaintenanceId, PolicyId, ScheduleId, ServiceId, TeamId, UserId};
use tocsin_domain::notification::page::PageKey;

/// Partition key of the table.
pub const PK: &str = "pk";
/// Sort key of the table.
pub const SK: &str = "sk";
/// Index of what is due.
pub const DUE_INDEX: &str = "due";
/// Its partition key.
pub const DUE_PK: &str = "due_pk";
/// Its sort key.
pub const DUE_SK: &str = "due_sk";
/// Index of a team's incidents and alerts.
pub const TEAM_INDEX: &str = "by_team";
/// Its partition key.
pub const TEAM_PK: &str = "team_pk";
/// Its sort key.
pub const TEAM_SK: &str = "team_sk";
/// When DynamoDB may remove an item, in epoch seconds.
pub const EXPIRES_AT: &str = "expires_at";
/// What a write means to the readers of the stream.
pub const TRANSITION: &str = "transition";
/// Team that owns the item.
pub const TEAM: &str = "team";
/// Form of the item.
pub const FORMAT: &str = "v";
/// The form that this release writes.
pub const FORMAT_VERSION: u32 = 1;
/// A document as JSON text.
pub const DOC: &str = "doc";
/// A larger document: the same JSON, deflated.
pub const PACKED: &str = "packed";

/// Key attributes of the table and its indexes, all strings: (name of the index, empty for the table itself; partition key; sort key).
pub const KEYS: [(&str, &str, &str); 3] = [("", PK, SK), (DUE_INDEX, DUE_PK, DUE_SK), (TEAM_INDEX, TEAM_PK, TEAM_SK)];

/// [`TRANSITION`] of an alert that the incident function has to look at.
pub const ALERT_CHANGED: &str = "alert";
/// [`TRANSITION`] of an incident whose clock or alerts need care.
pub const INCIDENT_CHANGED: &str = "incident";
/// [`TRANSITION`] of a timeline entry.
pub const ENTRY_WRITTEN: &str = "timeline";
/// What the incident function reads.
pub const READ_BY_INCIDENT: [&str; 2] = [ALERT_CHANGED, INCIDENT_CHANGED];
/// What the publish function reads.
pub const READ_BY_PUBLISH: [&str; 1] = [ENTRY_WRITTEN];

/// The team of items that belong to the whole deployment.
pub const DEPLOYMENT: &str = "-";
/// Shards of the index of what is due.
pub const SHARDS: u8 = 8;
/// Shards of the holds in it.
pub const HOLD_SHARDS: u8 = 4;
/// An alert with work is due this long after its change: by then the stream has brought it.
pub const ALERT_GRACE_S: i64 = 60;
/// A closed guard is kept this long.
pub const CLOSED_GUARD_DAYS: i64 = 30;

/// Behind every key that begins with what stands before it.
pub(crate) const LAST: &str = "~";

/// Primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Position in the partition.
    pub sk: String,
}

fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key { pk: pk.into(), sk: sk.into() }
}

/// The guard of an alert key.
pub fn guard(of: &AlertKey) -> Key {
    key(format!("G#{}#{}", of.integration, of.digest()), "G")
}

/// The hold of an alert key.
pub fn hold(of: &HoldPlace) -> Key {
    key(format!("G#{}#{}", of.integration, of.digest), HOLD)
}

const HOLD: &str = "H";

/// The hold that a key is of.
pub(crate) fn hold_place(key: &Key) -> Option<HoldPlace> {
    let (integration, digest) = key.pk.strip_prefix("G#").filter(|_| key.sk == HOLD)?.split_once('#')?;
    Some(HoldPlace { integration: integration.parse().ok()?, digest: digest.to_owned() })
}

/// The head of an alert.
pub fn alert(id: AlertId) -> Key {
    key(format!("A#{id}"), "A")
}

/// A part of an alert that is too large for its head.
pub fn alert_body(id: AlertId, n: usize) -> Key {
    key(format!("A#{id}"), format!("{ALERT_BODY}{n:03}"))
}

/// Sort keys of the parts of an alert begin with it.
pub(crate) const ALERT_BODY: &str = "B#";

/// What was asked of an alert with its change `seq`.
pub fn ask(id: AlertId, seq: u32) -> Key {
    key(format!("A#{id}"), format!("{ASK}{seq:010}"))
}

/// Sort keys of asks begin with it.
pub(crate) const ASK: &str = "N#";

/// An incident.
pub fn incident(id: IncidentId) -> Key {
    key(format!("I#{id}"), "I")
}

/// The alerts that joined an incident with its revision `revision`.
pub fn link(id: IncidentId, revision: u64) -> Key {
    key(format!("I#{id}"), format!("{LINK}{revision:010}"))
}

/// Sort keys of links begin with it.
pub(crate) const LINK: &str = "A#";

/// Element of an incident's attribute `asked`: somebody who was asked to help by this request, and has not answered.
pub fn asked(request: u32, user: &UserId) -> String {
    format!("{request}#{user}")
}

/// Element of the same attribute: anybody of this request has not answered. No person's id is empty.
pub fn asked_anybody(request: u32) -> String {
    format!("{request}#")
}

/// A command of an incident that its caller gave a name.
pub fn once(id: IncidentId, once: &SecretHash) -> Key {
    key(format!("I#{id}"), format!("O#{}", once.0))
}

/// Such a name is kept this long.
pub const ONCE_DAYS: i64 = 7;

/// A timeline entry.
pub fn entry(id: IncidentId, seq: u32) -> Key {
    key(format!("I#{id}"), format!("{ENTRY}{seq:010}"))
}

/// Sort keys of timeline entries begin with it.
pub(crate) const ENTRY: &str = "T#";

/// The incident of a number.
pub fn number(number: u64) -> Key {
    key(format!("N#{number}"), "N")
}

/// The counter of incident numbers.
pub fn counter() -> Key {
    key("C", "C")
}

/// The turns of a policy's level whose targets take turns.
pub fn turns(policy: &PolicyId, level: u32) -> Key {
    key(format!("RR#{policy}"), format!("L#{level:02}"))
}

/// The group that new alerts join: of a service, or of those of its alerts that have the same values.
pub fn group(of: &GroupKey) -> Key {
    match &of.values {
        None => key(format!("R#{}", of.service), "R"),
        Some(hash) => key(format!("R#{}#{hash}", of.service), "R"),
    }
}

/// Partition of maintenance windows.
pub(crate) const MAINTENANCE: &str = "M";
/// Maintenance windows that are over are kept this long.
pub(crate) const QUIET_DAYS: i64 = 30;

/// A maintenance window at run time.
pub fn maintenance(id: &MaintenanceId, start: Timestamp) -> Key {
    key(MAINTENANCE, format!("W#{id}#{}", sortable(start)))
}

/// What a threshold has counted.
pub fn counted(of: &CountKey) -> Key {
    let rules = match &of.rule.of {
        RulesOf::Service(service) => format!("S#{service}"),
        RulesOf::Router(team) => format!("T#{team}"),
    };
    key(format!("H#{rules}#{}#{}", of.rule.rule, of.service), "H")
}

/// New alerts of an integration in a minute (its first instant).
pub fn rate(integration: &IntegrationId, minute: Timestamp) -> Key {
    key(format!("F#{integration}"), format!("{RATE}{}", sortable(minute)))
}

/// Sort keys of such counts begin with it.
pub(crate) const RATE: &str = "M#";
/// They are kept this long.
pub(crate) const RATE_HOURS: i64 = 48;

/// The minute in such a sort key.
pub(crate) fn rate_of(sk: &str) -> Option<Timestamp> {
    sk.strip_prefix(RATE)?.parse().ok()
}

/// What a contact method got lately.
pub fn lane(contact: &ContactId) -> Key {
    key(format!("L#{contact}"), "L")
}

/// A page that waits in a lane. When it is due is an attribute, so that the page is found by its own key alone.
pub fn page(contact: &ContactId, page: &PageKey) -> Key {
    key(format!("L#{contact}"), format!("{PAGE}{page}"))
}

/// Sort keys of waiting pages begin with it.
pub(crate) const PAGE: &str = "P#";

/// An acknowledge link.
pub fn acknowledge_link(hash: &SecretHash) -> Key {
    key(format!("K#{}", hash.0), "K")
}

/// Where the configuration stands.
pub fn current_configuration() -> Key {
    key("CFG", "CURRENT")
}

/// Who published a version of the configuration, when, and in how many parts.
pub fn configuration(version: u64) -> Key {
    key(format!("CFG#{version}"), "R")
}

/// A part of a version's document.
pub fn configuration_part(version: u64, n: usize) -> Key {
    key(format!("CFG#{version}"), format!("D#{n:03}"))
}

/// What an integration key opens.
pub fn integration_key(hash: &SecretHash) -> Key {
    key(format!("KEY#{}", hash.0), "KEY")
}

/// That an integration has a key.
pub fn key_of(integration: &IntegrationId, hash: &SecretHash) -> Key {
    key(format!("KEYS#{integration}"), hash.0.clone())
}

/// An API token.
pub fn token(hash: &SecretHash) -> Key {
    key(format!("TOK#{}", hash.0), "TOK")
}

/// Partition of the list of tokens.
pub(crate) const TOKENS: &str = "TOK";
/// Sort keys of that list begin with it.
pub(crate) const LISTED_TOKEN: &str = "T#";

/// An API token in the list of them.
pub fn listed_token(hash: &SecretHash) -> Key {
    key(TOKENS, format!("{LISTED_TOKEN}{}", hash.0))
}

/// What was changed of a service, when.
pub fn change(service: &ServiceId, at: Timestamp, digest: &str) -> Key {
    key(format!("CH#{service}"), format!("V#{}#{digest}", sortable(at)))
}

/// How a contact method stands: verified, or waiting for its code.
pub fn verification(contact: &ContactId) -> Key {
    key(format!("V#{contact}"), "V")
}

/// A reader who waits to be confirmed. The id may hold anything, so its hash is the key.
pub fn pending_subscriber(id: &str) -> Key {
    key(format!("S#{}", hex(&Sha256::digest(id.as_bytes()))), "S")
}

/// A heartbeat.
pub fn heartbeat(id: &IntegrationId) -> Key {
    key(format!("HB#{id}"), "HB")
}

/// Partition of heartbeats that senders made.
pub(crate) const MADE_HEARTBEATS: &str = "HBM";

/// A heartbeat that a sender made at run time.
pub fn made_heartbeat(id: &IntegrationId) -> Key {
    key(MADE_HEARTBEATS, format!("H#{id}"))
}

/// What people changed about a schedule at run time.
pub fn roster(schedule: &ScheduleId) -> Key {
    key(format!("SCH#{schedule}"), "R")
}

/// The record of the change that made a roster's revision.
pub fn roster_record(schedule: &ScheduleId, revision: u64) -> Key {
    key(format!("SCH#{schedule}"), format!("H#{revision:010}"))
}

/// The calendar feed that a token opens.
pub fn feed(token: &SecretHash) -> Key {
    key(format!("CAL#{}", token.0), "CAL")
}

/// Partition of the feeds of a schedule or a person.
pub fn feeds_of(of: &FeedOf) -> String {
    match of {
        FeedOf::Schedule(id) => format!("CALS#s#{id}"),
        FeedOf::User(id) => format!("CALS#u#{id}"),
    }
}

/// That a schedule or a person has a feed.
pub fn listed_feed(feed: &Feed) -> Key {
    key(feeds_of(&feed.of), format!("F#{}", feed.id))
}

/// A notice of a handoff or of a swap.
pub fn notice(of: &NoticeKey) -> Key {
    let what = match of.about {
        NoticeAbout::Begins => "in".to_owned(),
        NoticeAbout::Ends => "out".to_owned(),
        NoticeAbout::Swap(id, news) => format!("{}#{id}", news.as_str()),
    };
    key(format!("HO#{}", of.schedule), format!("N#{}#{what}#{}", sortable(of.at), of.user))
}

/// An instant as text of one length: sorts as the instants do.
///
/// ```
/// # use tocsin_aws::dynamo::schema::sortable;
/// assert_eq!(sortable("2026-01-05T09:00:00.5Z".parse().unwrap()), "2026-01-05T09:00:00.500000000Z");
/// ```
pub fn sortable(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// Keys of an item in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    /// Partition.
    pub pk: String,
    /// Position in the partition.
    pub sk: String,
}

/// A shard of the index of what is due.
pub fn due_shard(shard: u8) -> String {
    format!("D#{shard}")
}

/// Where an alert with work stands in the index of what is due.
pub fn alert_due(id: AlertId, changed: Timestamp) -> IndexKey {
    let due = changed.checked_add(jiff::SignedDuration::from_secs(ALERT_GRACE_S)).unwrap_or(Timestamp::MAX);
    due_at(id.ulid(), due, &id.to_string())
}

/// Where an alert that is kept from people stands in the index of what is due.
pub fn alert_again(id: AlertId, at: Timestamp) -> IndexKey {
    due_at(id.ulid(), at, &id.to_string())
}

/// Where an incident stands in the index of what is due.
pub fn incident_due(id: IncidentId, due: Timestamp) -> IndexKey {
    due_at(id.ulid(), due, &id.to_string())
}

/// A shard of the holds in the index of what is due.
pub fn hold_shard(shard: u8) -> String {
    format!("H#{shard}")
}

/// Where a hold stands in the index of what is due.
pub fn hold_due(of: &HoldPlace, due: Timestamp) -> IndexKey {
    // The digest is a hash in hex: each of its characters stands for four random bits.
    let shard = of.digest.as_bytes().last().map_or(0, |b| b % HOLD_SHARDS);
    IndexKey { pk: hold_shard(shard), sk: format!("{}#{}#{}", sortable(due), of.integration, of.digest) }
}

fn due_at(ulid: ulid::Ulid, due: Timestamp, id: &str) -> IndexKey {
    // The last bits of a ULID are random: as good as a hash.
    let shard = (ulid.0 % u128::from(SHARDS)) as u8;
    IndexKey { pk: due_shard(shard), sk: format!("{}#{id}", sortable(due)) }
}

/// The instant in a sort key of the index of what is due.
pub(crate) fn due_of(sk: &str) -> Option<Timestamp> {
    sk.split_once('#')?.0.parse().ok()
}

/// Open incidents of a team.
pub fn team_open_list(team: &TeamId) -> String {
    format!("{team}#open")
}

/// Where an open incident stands among them, oldest first: ids begin with the instant.
pub fn team_open(team: &TeamId, id: IncidentId) -> IndexKey {
    IndexKey { pk: team_open_list(team), sk: id.to_string() }
}

/// Resolved incidents of a team.
pub fn team_resolved_list(team: &TeamId) -> String {
    format!("{team}#resolved")
}

/// Where a resolved incident stands among them, by the instant at which it was resolved.
pub fn team_resolved(team: &TeamId, at: Timestamp, id: IncidentId) -> IndexKey {
    IndexKey { pk: team_resolved_list(team), sk: format!("{}#{id}", sortable(at)) }
}

/// Parts of a team's list of alerts: a storm of one team does not meet at one partition of the index.
pub const ALERT_LISTS: u8 = 4;

/// One part of the alerts of a team.
pub fn team_alerts_list(team: &TeamId, part: u8) -> String {
    format!("{team}#alerts#{part}")
}

/// Where an alert stands among its team's, by the instant at which it was received. Written once, when it opens: it never changes, so no later write pays for it.
pub fn team_alert(team: &TeamId, at: Timestamp, id: AlertId) -> IndexKey {
    // The last bits of a ULID are random: as good as a hash.
    let part = (id.ulid().0 % u128::from(ALERT_LISTS)) as u8;
    IndexKey { pk: team_alerts_list(team, part), sk: received(at, id) }
}

/// The sort key of an alert in its team's list.
pub(crate) fn received(at: Timestamp, id: AlertId) -> String {
    format!("{}#{id}", sortable(at))
}

/// Instant and alert of a sort key of such a list.
pub(crate) fn received_of(sk: &str) -> Option<(Timestamp, AlertId)> {
    let (at, id) = sk.split_once('#')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

/// What an item is about, told from its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The head of an alert.
    Alert(AlertId),
    /// An incident.
    Incident(IncidentId),
    /// A timeline entry, with its position.
    Entry(IncidentId, u32),
}

/// Reads keys of the stream and of the indexes; none where the item is about something else.
pub fn subject(pk: &str, sk: &str) -> Option<Subject> {
    if let Some(id) = pk.strip_prefix("A#") {
        return (sk == "A").then(|| id.parse().ok().map(Subject::Alert))?;
    }
    let id: IncidentId = pk.strip_prefix("I#")?.parse().ok()?;
    match sk.strip_prefix(ENTRY) {
        Some(seq) => Some(Subject::Entry(id, seq.parse().ok()?)),
        None => (sk == "I").then_some(Subject::Incident(id)),
    }
}
