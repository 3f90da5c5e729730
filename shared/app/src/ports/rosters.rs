//! What schedules at run time need of the world: rosters, calendar feeds, notices of handoffs. A part of [`ports`](crate::ports).

use crate::error::{PortError, WriteError};
use crate::ports::SecretHash;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tocsin_domain::id::{FeedId, OverrideId, ScheduleId, SwapId, TeamId, UserId};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::schedule::roster::{AdHoc, Roster};
use tocsin_domain::schedule::swap::{News, Swap};

/// One change of a roster, as it is kept for the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterRecord {
    /// The revision that it made.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub what: RosterChange,
}

/// What somebody did to a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterChange {
    /// Added an override.
    Added(AdHoc),
    /// Took one back.
    Removed(OverrideId),
    /// Offered a swap.
    Offered(Swap),
    /// Accepted a swap.
    Accepted(SwapId),
    /// Declined a swap.
    Declined(SwapId),
    /// Took a swap back.
    Withdrawn(SwapId),
    /// Imported a calendar.
    Imported {
        /// Which.
        source: String,
        /// Shifts that are new.
        added: usize,
        /// Shifts that are gone.
        removed: usize,
        /// Shifts that stay as they are.
        kept: usize,
    },
}

/// Rosters: what people changed about schedules at run time.
#[async_trait]
pub trait RosterStore: Send + Sync {
    /// Rosters of these schedules, read consistently; those that do not exist are left out.
    async fn rosters(&self, schedules: &[ScheduleId]) -> Result<Vec<Roster>, PortError>;
    /// Writes a roster, whose revision is already the new one, and the record of what changed, together. Conflict: the stored revision is not the one before.
    async fn save_roster(&self, roster: &Roster, record: &RosterRecord) -> Result<(), WriteError>;
    /// Records of a schedule before revision `before` (none: from the latest), latest first, at most `limit`. Kept for 400 days.
    async fn roster_records(&self, schedule: &ScheduleId, before: Option<u64>, limit: usize) -> Result<Vec<RosterRecord>, PortError>;
}

/// What a calendar feed shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedOf {
    /// Everybody's shifts in a schedule.
    Schedule(ScheduleId),
    /// One person's shifts in all schedules.
    User(UserId),
}

/// A calendar feed: who holds its token reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// Its id.
    pub id: FeedId,
    /// What it shows.
    pub of: FeedOf,
    /// The team that owns the schedule; none for a person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// What its maker calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Who made it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Its token's hash: the token is shown once and kept nowhere.
    pub token: SecretHash,
}

/// Calendar feeds.
#[async_trait]
pub trait FeedStore: Send + Sync {
    /// The feed that a token opens.
    async fn feed(&self, token: &SecretHash) -> Result<Option<Feed>, PortError>;
    /// The feeds of a schedule or a person, oldest first.
    async fn feeds_of(&self, of: &FeedOf) -> Result<Vec<Feed>, PortError>;
    /// Writes a feed.
    async fn put_feed(&self, feed: &Feed) -> Result<(), PortError>;
    /// Its token opens nothing any more; that there is none is fine.
    async fn delete_feed(&self, feed: &Feed) -> Result<(), PortError>;
}

/// What a person is told of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeAbout {
    /// Their time begins.
    Begins,
    /// Their time ends.
    Ends,
    /// Something about a swap.
    Swap(SwapId, News),
}

/// One person is told something of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoticeKey {
    /// In which schedule.
    pub schedule: ScheduleId,
    /// When it begins, ends or was done.
    pub at: Timestamp,
    /// Who is told.
    pub user: UserId,
    /// What.
    pub about: NoticeAbout,
}

/// How a claim on a notice went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeClaim {
    /// The caller sends it.
    Yours,
    /// Somebody else is sending it, or it was sent.
    NotYours,
}

/// Notices of handoffs: each is claimed before it is sent.
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// Claims a notice until `until`, unless it was sent or somebody's claim runs beyond `now`.
    async fn claim_notice(&self, key: &NoticeKey, now: Timestamp, until: Timestamp) -> Result<NoticeClaim, PortError>;
    /// It was sent (or can not be): nobody claims it any more.
    async fn settle_notice(&self, key: &NoticeKey, now: Timestamp) -> Result<(), PortError>;
}
