//! Changes of services, by the time at which they happened.

use super::DynamoStore;
use super::item::{Reader, Writer};
use super::read::Range;
use super::schema;
use super::write::Action;
use async_trait::async_trait;
use tocsin_app::error::PortError;
use tocsin_app::ports::{ChangeStore, Span};
use tocsin_domain::change_event::{Change, KEPT};
use tocsin_domain::id::ServiceId;

const PORT: &str = "ChangeStore";

#[async_trait]
impl ChangeStore for DynamoStore {
    async fn put_change(&self, change: &Change) -> Result<(), PortError> {
        let key = schema::change(&change.service, change.at, &change.digest);
        let item = Writer::of_team(key, &change.team).document(PORT, change)?.expires(change.at.checked_add(KEPT).unwrap_or(change.at));
        self.write(PORT, &Action::put(item.build())).await.map_err(|r| r.unexpected(PORT))
    }

    async fn changes(&self, service: &ServiceId, span: Span, limit: usize) -> Result<Vec<Change>, PortError> {
        let (from, to) = (schema::change(service, span.from, ""), schema::change(service, span.until, ""));
        let range = Range { index: None, pk: from.pk, from: from.sk, to: to.sk, backwards: true, limit };
        let items = self.range(PORT, &range).await?;
        items.iter().map(|item| Reader::new(PORT, "change", item)?.document()).collect()
    }
}
