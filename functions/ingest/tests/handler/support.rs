//! An ingest function over the fakes, with one integration.

use serde_json::Value;
use std::sync::Arc;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::fakes::{ManualClock, MemoryStore, SeededIds};
use tocsin_app::ports::{AlertStore, ConfigurationStore, Guard, IntegrationKey, SecretHash};
use tocsin_domain::alert::AlertKey;
use tocsin_domain::configuration::IntegrationKind;
use tocsin_ingest::{Call, Ingest};

pub(crate) const KEY: &str = "R0UT1NGKEY0000000000000000000001";
pub(crate) const NOW: &str = "2026-11-21T21:08:00Z";

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ingest: Ingest,
}

impl World {
    pub(crate) async fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        store.put_integration_key(&SecretHash::of(KEY), &integration()).await.unwrap();
        let accept = AcceptEvent {
            alerts: store.clone(),
            count: tocsin_app::count_new::CountNew::new(store.clone()),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::seeded(1)),
        };
        Self { ingest: Ingest::new(accept, store.clone(), store.clone(), store.clone()), store, clock }
    }

    pub(crate) async fn call(&self, call: &Call<'_>, body: &[u8]) -> (u16, Value) {
        let answer = self.ingest.answer(call, body.to_vec()).await;
        let json: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{call:?}: no JSON in {}", answer.body));
        (answer.status, json)
    }

    pub(crate) async fn post(&self, path: &str, body: &[u8]) -> (u16, Value) {
        self.call(&Call { method: "POST", path, ..Call::default() }, body).await
    }

    pub(crate) async fn guard(&self, dedup_key: &str) -> Option<Guard> {
        self.store.guard(&AlertKey { integration: integration().integration, dedup_key: dedup_key.to_owned() }).await.unwrap()
    }
}

fn integration() -> IntegrationKey {
    IntegrationKey {
        integration: "pager".parse().unwrap(),
        service: "shop".parse().unwrap(),
        team: "web".parse().unwrap(),
        kind: IntegrationKind::Pagerduty,
        limits: tocsin_domain::flood::Limits::default(),
        mapping: Vec::new(),
    }
}
