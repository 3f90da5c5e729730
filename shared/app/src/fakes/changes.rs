//! Changes of services in memory.

use super::MemoryStore;
use super::store::State;
use crate::error::PortError;
use crate::ports::{ChangeStore, Span};
use async_trait::async_trait;
use tocsin_domain::change_event::Change;
use tocsin_domain::id::ServiceId;

#[async_trait]
impl ChangeStore for MemoryStore {
    async fn put_change(&self, change: &Change) -> Result<(), PortError> {
        let key = (change.service.clone(), change.at, change.digest.clone());
        let put = |s: &mut State| {
            s.service_changes.insert(key, change.clone());
            Ok(())
        };
        self.call("ChangeStore::put_change", put).await
    }

    async fn changes(&self, service: &ServiceId, span: Span, limit: usize) -> Result<Vec<Change>, PortError> {
        self.call("ChangeStore::changes", |s| {
            let within = |c: &&Change| c.service == *service && span.from <= c.at && c.at < span.until;
            Ok(s.service_changes.values().filter(within).rev().take(limit).cloned().collect())
        })
        .await
    }
}
