//! New alerts by integration and minute, in memory.

use super::MemoryStore;
use crate::error::PortError;
use crate::ports::{Minute, RateStore};
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_domain::flood::Count;
use tocsin_domain::id::{IntegrationId, TeamId};

#[async_trait]
impl RateStore for MemoryStore {
    async fn count_new(&self, integration: &IntegrationId, _team: &TeamId, minute: Timestamp, more: u64) -> Result<Count, PortError> {
        let count = |s: &mut super::store::State| {
            let count = s.rates.entry((integration.clone(), minute)).or_default();
            count.alerts += more;
            Ok(*count)
        };
        self.call("RateStore::count_new", count).await
    }

    async fn go_on(&self, integration: &IntegrationId, _team: &TeamId, minute: Timestamp) -> Result<(), PortError> {
        let go_on = |s: &mut super::store::State| {
            s.rates.entry((integration.clone(), minute)).or_default().goes_on = true;
            Ok(())
        };
        self.call("RateStore::go_on", go_on).await
    }

    async fn minutes(&self, integration: &IntegrationId, from: Timestamp, limit: usize) -> Result<Vec<Minute>, PortError> {
        let minutes = |s: &mut super::store::State| {
            let of = s.rates.range((integration.clone(), from)..=(integration.clone(), Timestamp::MAX)).rev();
            Ok(of.map(|((_, at), count)| Minute { at: *at, count: *count }).take(limit).collect())
        };
        self.call("RateStore::minutes", minutes).await
    }
}
