//! Readers of the status page who wait to be confirmed.

use super::DynamoStore;
use super::item::{Reader, Writer};
use super::schema;
use super::write::Action;
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_app::error::PortError;
use tocsin_app::ports::{PendingSubscriber, SubscriberStore};

const PORT: &str = "SubscriberStore";

#[async_trait]
impl SubscriberStore for DynamoStore {
    async fn put_pending(&self, id: &str, pending: &PendingSubscriber) -> Result<(), PortError> {
        let item = Writer::of_deployment(schema::pending_subscriber(id)).document(PORT, pending)?.expires(pending.expires_at);
        self.write(PORT, &Action::put(item.build())).await.map_err(|r| r.unexpected(PORT))
    }

    async fn pending(&self, id: &str, now: Timestamp) -> Result<Option<PendingSubscriber>, PortError> {
        let Some(item) = self.get(PORT, schema::pending_subscriber(id)).await? else { return Ok(None) };
        let pending: PendingSubscriber = Reader::new(PORT, "waiting subscriber", &item)?.document()?;
        Ok(Some(pending).filter(|p| p.expires_at > now))
    }
}
