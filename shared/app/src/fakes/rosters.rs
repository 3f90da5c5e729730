//! Rosters, calendar feeds and notices of handoffs, in memory.

use super::MemoryStore;
use super::store::{Logged, State};
use crate::error::{PortError, WriteError};
use crate::ports::{Feed, FeedOf, FeedStore, NoticeClaim, NoticeKey, NoticeStore, RosterRecord, RosterStore, SecretHash};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;
use tocsin_domain::id::{FeedId, ScheduleId};
use tocsin_domain::schedule::roster::Roster;

/// What is stored of schedules at run time.
#[derive(Debug, Clone, Default)]
pub(super) struct Rosters {
    rosters: BTreeMap<ScheduleId, Roster>,
    records: BTreeMap<(ScheduleId, u64), RosterRecord>,
    feeds: BTreeMap<(FeedOf, FeedId), Feed>,
    /// Claimed until then; none: settled.
    notices: BTreeMap<NoticeKey, Option<Timestamp>>,
}

impl State {
    /// What was changed about a schedule at run time.
    pub fn roster(&self, schedule: &ScheduleId) -> Option<&Roster> {
        self.rosters.rosters.get(schedule)
    }
}

#[async_trait]
impl RosterStore for MemoryStore {
    async fn rosters(&self, schedules: &[ScheduleId]) -> Result<Vec<Roster>, PortError> {
        self.call("RosterStore::rosters", |s| Ok(schedules.iter().filter_map(|id| s.rosters.rosters.get(id).cloned()).collect())).await
    }

    async fn save_roster(&self, roster: &Roster, record: &RosterRecord) -> Result<(), WriteError> {
        let save = |s: &mut State| {
            let stored = s.rosters.rosters.get(&roster.schedule).map_or(0, |r| r.revision);
            if stored + 1 != roster.revision {
                return Err(WriteError::Conflict);
            }
            s.rosters.rosters.insert(roster.schedule.clone(), roster.clone());
            s.log.push(Logged::Amended { at: s.now, roster: roster.clone() });
            s.rosters.records.insert((roster.schedule.clone(), record.revision), record.clone());
            Ok(())
        };
        self.call("RosterStore::save_roster", save).await
    }

    async fn roster_records(&self, schedule: &ScheduleId, before: Option<u64>, limit: usize) -> Result<Vec<RosterRecord>, PortError> {
        let records = |s: &mut State| {
            let all = s.rosters.records.iter().rev().filter(|((of, revision), _)| of == schedule && before.is_none_or(|b| *revision < b));
            Ok(all.take(limit).map(|(_, record)| record.clone()).collect())
        };
        self.call("RosterStore::roster_records", records).await
    }
}

#[async_trait]
impl FeedStore for MemoryStore {
    async fn feed(&self, token: &SecretHash) -> Result<Option<Feed>, PortError> {
        self.call("FeedStore::feed", |s| Ok(s.rosters.feeds.values().find(|f| f.token == *token).cloned())).await
    }

    async fn feeds_of(&self, of: &FeedOf) -> Result<Vec<Feed>, PortError> {
        self.call("FeedStore::feeds_of", |s| Ok(s.rosters.feeds.values().filter(|f| f.of == *of).cloned().collect())).await
    }

    async fn put_feed(&self, feed: &Feed) -> Result<(), PortError> {
        let put = |s: &mut State| {
            s.rosters.feeds.insert((feed.of.clone(), feed.id), feed.clone());
            Ok(())
        };
        self.call("FeedStore::put_feed", put).await
    }

    async fn delete_feed(&self, feed: &Feed) -> Result<(), PortError> {
        let delete = |s: &mut State| {
            s.rosters.feeds.remove(&(feed.of.clone(), feed.id));
            Ok(())
        };
        self.call("FeedStore::delete_feed", delete).await
    }
}

#[async_trait]
impl NoticeStore for MemoryStore {
    async fn claim_notice(&self, key: &NoticeKey, now: Timestamp, until: Timestamp) -> Result<NoticeClaim, PortError> {
        let claim = |s: &mut State| {
            let taken = match s.rosters.notices.get(key) {
                None => false,
                Some(None) => true,
                Some(Some(leased_until)) => *leased_until > now,
            };
            if taken {
                return Ok(NoticeClaim::NotYours);
            }
            s.rosters.notices.insert(key.clone(), Some(until));
            Ok(NoticeClaim::Yours)
        };
        self.call("NoticeStore::claim_notice", claim).await
    }

    async fn settle_notice(&self, key: &NoticeKey, _now: Timestamp) -> Result<(), PortError> {
        let settle = |s: &mut State| {
            s.rosters.notices.insert(key.clone(), None);
            Ok(())
        };
        self.call("NoticeStore::settle_notice", settle).await
    }
}
