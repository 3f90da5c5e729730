//! Rosters, calendar feeds and notices of handoffs.
//!
//! A roster is one item, so that everything about one schedule changes at once; the record of each change is written with it and never changes.

use super::DynamoStore;
use super::item::{Reader, Writer, instant, number};
use super::read::Range;
use super::schema;
use super::write::{Action, Refused};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use tocsin_app::error::{PortError, WriteError};
use tocsin_app::ports::{Feed, FeedOf, FeedStore, NoticeClaim, NoticeKey, NoticeStore, RosterRecord, RosterStore, SecretHash};
use tocsin_domain::escalation::policy::MOST_TARGETS;
use tocsin_domain::id::ScheduleId;
use tocsin_domain::schedule::roster::Roster;

const PORT: &str = "RosterStore";
const FEEDS: &str = "FeedStore";
const NOTICES: &str = "NoticeStore";
/// Schedules that are read one by one, side by side: as many as a level has targets. `notify` may read single items only.
const MOST_SINGLE: usize = MOST_TARGETS;
/// How long the record of a change is kept.
const RECORD_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
/// How long a claim on a notice is kept: longer than anybody looks back.
const NOTICE_KEPT: SignedDuration = SignedDuration::from_hours(48);

#[async_trait]
impl RosterStore for DynamoStore {
    async fn rosters(&self, schedules: &[ScheduleId]) -> Result<Vec<Roster>, PortError> {
        let keys: Vec<_> = schedules.iter().map(schema::roster).collect();
        let items = if keys.len() <= MOST_SINGLE {
            let found = futures::future::try_join_all(keys.into_iter().map(|key| self.get(PORT, key))).await?;
            found.into_iter().flatten().collect()
        } else {
            let mut found = self.batch(PORT, &keys).await?;
            keys.iter().filter_map(|k| found.remove(k)).collect::<Vec<_>>()
        };
        items.iter().map(|item| Reader::new(PORT, "roster", item)?.document()).collect()
    }

    async fn save_roster(&self, roster: &Roster, record: &RosterRecord) -> Result<(), WriteError> {
        let item = Writer::of_team(schema::roster(&roster.schedule), &roster.team).document(PORT, roster)?.with("revision", number(roster.revision)).build();
        let Some(before) = roster.revision.checked_sub(1) else { return Err(WriteError::Conflict) };
        let write = if before == 0 { Action::put(item).when_new() } else { Action::put(item).when("#revision = :before").with(":before", number(before)) };
        let told = Writer::of_team(schema::roster_record(&roster.schedule, record.revision), &roster.team)
            .document(PORT, record)?
            .expires(record.at + RECORD_KEPT)
            .build();
        Ok(self.transact(PORT, vec![write, Action::put(told)]).await?)
    }

    async fn roster_records(&self, schedule: &ScheduleId, before: Option<u64>, limit: usize) -> Result<Vec<RosterRecord>, PortError> {
        let Some(last) = before.unwrap_or(u64::from(u32::MAX)).checked_sub(1) else { return Ok(Vec::new()) };
        let (first, last) = (schema::roster_record(schedule, 0), schema::roster_record(schedule, last));
        let range = Range { index: None, pk: first.pk, from: first.sk, to: last.sk, backwards: true, limit };
        self.range(PORT, &range).await?.iter().map(|item| Reader::new(PORT, "record of a roster", item)?.document()).collect()
    }
}

impl DynamoStore {
    fn feed_writer(key: schema::Key, feed: &Feed) -> Writer {
        feed.team.as_ref().map_or_else(|| Writer::of_deployment(key.clone()), |team| Writer::of_team(key.clone(), team))
    }
}

#[async_trait]
impl FeedStore for DynamoStore {
    async fn feed(&self, token: &SecretHash) -> Result<Option<Feed>, PortError> {
        self.get(FEEDS, schema::feed(token)).await?.map(|item| Reader::new(FEEDS, "calendar feed", &item)?.document()).transpose()
    }

    async fn feeds_of(&self, of: &FeedOf) -> Result<Vec<Feed>, PortError> {
        let items = self.range(FEEDS, &Range::of(schema::feeds_of(of), "", usize::MAX)).await?;
        items.iter().map(|item| Reader::new(FEEDS, "calendar feed", item)?.document()).collect()
    }

    async fn put_feed(&self, feed: &Feed) -> Result<(), PortError> {
        let opens = Self::feed_writer(schema::feed(&feed.token), feed).document(FEEDS, feed)?.build();
        let listed = Self::feed_writer(schema::listed_feed(feed), feed).document(FEEDS, feed)?.build();
        self.transact(FEEDS, vec![Action::put(opens), Action::put(listed)]).await.map_err(|r| r.unexpected(FEEDS))
    }

    async fn delete_feed(&self, feed: &Feed) -> Result<(), PortError> {
        let both = vec![Action::delete(schema::feed(&feed.token)), Action::delete(schema::listed_feed(feed))];
        self.transact(FEEDS, both).await.map_err(|r| r.unexpected(FEEDS))
    }
}

#[async_trait]
impl NoticeStore for DynamoStore {
    async fn claim_notice(&self, key: &NoticeKey, now: Timestamp, until: Timestamp) -> Result<NoticeClaim, PortError> {
        let item = Writer::of_deployment(schema::notice(key)).with("leased_until", instant(until)).with("settled", AttributeValue::Bool(false));
        let free = "attribute_not_exists(#pk) OR (#settled = :no AND #leased_until <= :now)";
        let put = Action::put(item.expires(now + NOTICE_KEPT).build()).when(free).with(":no", AttributeValue::Bool(false)).with(":now", instant(now));
        match self.write(NOTICES, &put).await {
            Ok(()) => Ok(NoticeClaim::Yours),
            Err(Refused::Conditions(_)) => Ok(NoticeClaim::NotYours),
            Err(Refused::Port(e)) => Err(e),
        }
    }

    async fn settle_notice(&self, key: &NoticeKey, now: Timestamp) -> Result<(), PortError> {
        let item = Writer::of_deployment(schema::notice(key)).with("leased_until", instant(now)).with("settled", AttributeValue::Bool(true));
        self.write(NOTICES, &Action::put(item.expires(now + NOTICE_KEPT).build())).await.map_err(|r| r.unexpected(NOTICES))
    }
}
