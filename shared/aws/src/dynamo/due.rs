//! The index of what is due, in shards.

use super::DynamoStore;
use super::read::{Index, Range, key_of};
use super::schema::{self, DUE_INDEX, DUE_PK, DUE_SK, HOLD_SHARDS, SHARDS, Subject};
use async_trait::async_trait;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use tocsin_app::error::PortError;
use tocsin_app::ports::{DueStore, HoldPlace, Overdue};
use tocsin_domain::id::AlertId;

const PORT: &str = "DueStore";
const DUE: Index = Index { name: DUE_INDEX, pk: DUE_PK, sk: DUE_SK };

#[async_trait]
impl DueStore for DynamoStore {
    async fn due_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Overdue>, PortError> {
        let shards = (0..SHARDS).map(|shard| async move {
            // An item that is due at `before` itself has a longer key, and stands behind it.
            let range = Range { index: Some(DUE), pk: schema::due_shard(shard), from: " ".to_owned(), to: schema::sortable(before), backwards: false, limit };
            self.range(PORT, &range).await
        });
        let mut due: Vec<(Timestamp, Overdue)> = Vec::new();
        for item in try_join_all(shards).await?.into_iter().flatten() {
            let at = item.get(DUE_SK).and_then(|v| v.as_s().ok()).and_then(|sk| schema::due_of(sk));
            let subject = key_of(&item).and_then(|key| schema::subject(&key.pk, &key.sk));
            let (Some(at), Some(subject)) = (at, subject) else {
                return Err(PortError::Final { port: PORT, reason: "an item in the index of what is due has damaged keys".to_owned() });
            };
            match subject {
                Subject::Alert(id) => due.push((at, Overdue::Alert(id, at - SignedDuration::from_secs(schema::ALERT_GRACE_S)))),
                Subject::Incident(id) => due.push((at, Overdue::Incident(id, at))),
                Subject::Entry(..) => {}
            }
        }
        due.sort_by_key(|(at, _)| *at);
        due.truncate(limit);
        Ok(due.into_iter().map(|(_, overdue)| overdue).collect())
    }

    async fn holds_before(&self, before: Timestamp, limit: usize) -> Result<Vec<HoldPlace>, PortError> {
        let shards = (0..HOLD_SHARDS).map(|shard| async move {
            let range = Range { index: Some(DUE), pk: schema::hold_shard(shard), from: " ".to_owned(), to: schema::sortable(before), backwards: false, limit };
            self.range(PORT, &range).await
        });
        let places = try_join_all(shards).await?.into_iter().flatten().map(|item| key_of(&item).and_then(|key| schema::hold_place(&key)));
        let damaged = || PortError::Final { port: PORT, reason: "a hold in the index of what is due has damaged keys".to_owned() };
        places.take(limit).map(|place| place.ok_or_else(damaged)).collect()
    }

    async fn alerts_due_at(&self, at: Timestamp, limit: usize) -> Result<Vec<AlertId>, PortError> {
        let shards = (0..SHARDS).map(|shard| async move {
            let from = schema::sortable(at);
            let to = format!("{from}{}", schema::LAST);
            self.range(PORT, &Range { index: Some(DUE), pk: schema::due_shard(shard), from, to, backwards: false, limit }).await
        });
        let mut alerts = Vec::new();
        for item in try_join_all(shards).await?.into_iter().flatten() {
            match key_of(&item).and_then(|key| schema::subject(&key.pk, &key.sk)) {
                Some(Subject::Alert(id)) => alerts.push(id),
                Some(Subject::Incident(_) | Subject::Entry(..)) | None => {}
            }
        }
        alerts.truncate(limit);
        Ok(alerts)
    }
}
