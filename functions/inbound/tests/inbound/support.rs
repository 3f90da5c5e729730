//! The function over the fakes, with one integration that has a key, and sources.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::count_new::CountNew;
use tocsin_app::fakes::{Faults, ManualClock, MemorySnsPages, MemoryStore, SeededIds};
use tocsin_app::ports::{AlertStore, ChangeStore, Clock, ConfigurationStore, Guard, IntegrationKey, SecretHash, Span, VersionRecord};
use tocsin_domain::alert::AlertKey;
use tocsin_domain::change_event::Change;
use tocsin_domain::configuration::{Configuration, IntegrationKind};
use tocsin_domain::flood::Limits;
use tocsin_domain::incident::timeline::Actor;
use tocsin_inbound::Inbound;
use tocsin_ingest::Call;

pub(crate) const KEY: &str = "R0UT1NGKEY0000000000000000000001";
pub(crate) const NOW: &str = "2026-12-01T09:00:00Z";
pub(crate) const CERTIFICATE: &str = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0000000000000000000000000000test.pem";
pub(crate) const ALARM: &str = "arn:aws:cloudwatch:REGION:ACCOUNT_NUMBER:alarm:EXAMPLE";

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) pages: Arc<MemorySnsPages>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) inbound: Inbound,
}

impl World {
    /// With the certificate where it belongs, and these sources.
    pub(crate) async fn new(sources: &[&str]) -> Self {
        let faults = Faults::none();
        let store = Arc::new(MemoryStore::new(faults.clone()));
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        let pages = Arc::new(MemorySnsPages::default());
        pages.put(CERTIFICATE, Some(&fixture("sns/certificate.pem")));
        store.put_integration_key(&SecretHash::of(KEY), &integration("keyed")).await.unwrap();
        let accept = AcceptEvent { alerts: store.clone(), count: CountNew::new(store.clone()), clock: clock.clone(), ids: Arc::new(SeededIds::seeded(1)) };
        let inbound = Inbound::new(accept, store.clone(), store.clone(), store.clone(), pages.clone());
        let world = Self { store, clock, pages, faults, inbound };
        world.configure(sources).await;
        world
    }

    /// A new version, in which the integration `sourced` has these sources.
    pub(crate) async fn configure(&self, sources: &[&str]) {
        let configuration: Configuration =
            serde_json::from_value(json!({"version": 1, "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "standard",
            "integrations": [{"id": "keyed", "kind": "pagerduty"}, {"id": "sourced", "kind": "pagerduty", "sources": sources}]}]}))
            .unwrap();
        let version = self.store.current_version().await.unwrap().unwrap_or(0) + 1;
        let record = VersionRecord::new(version, self.clock.now(), Actor::System);
        self.store.publish_configuration(&record, &configuration).await.unwrap();
    }

    pub(crate) async fn post(&self, name: &str, content_type: &str, body: &[u8]) -> (u16, Value) {
        let call = Call { method: "POST", path: &format!("/v1/integrations/{name}/{KEY}"), content_type, ..Call::default() };
        self.call(&call, body).await
    }

    pub(crate) async fn call(&self, call: &Call<'_>, body: &[u8]) -> (u16, Value) {
        let answer = self.inbound.answer(call, body.to_vec()).await;
        let json = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{call:?}: no JSON in {}", answer.body));
        (answer.status, json)
    }

    /// The guard of an alert of `keyed`.
    pub(crate) async fn guard(&self, dedup_key: &str) -> Option<Guard> {
        self.guard_of("keyed", dedup_key).await
    }

    pub(crate) async fn guard_of(&self, name: &str, dedup_key: &str) -> Option<Guard> {
        self.store.guard(&AlertKey { integration: name.parse().unwrap(), dedup_key: dedup_key.to_owned() }).await.unwrap()
    }

    pub(crate) async fn changes(&self) -> Vec<Change> {
        let now = NOW.parse::<jiff::Timestamp>().unwrap();
        let hour = jiff::SignedDuration::from_hours(2);
        self.store.changes(&"shop".parse().unwrap(), Span { from: now - hour, until: now + hour }, 50).await.unwrap()
    }
}

pub(crate) fn integration(name: &str) -> IntegrationKey {
    IntegrationKey {
        integration: name.parse().unwrap(),
        service: "shop".parse().unwrap(),
        team: "web".parse().unwrap(),
        kind: IntegrationKind::Pagerduty,
        limits: Limits::default(),
        mapping: Vec::new(),
    }
}

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

pub(crate) fn json_fixture(name: &str) -> Value {
    serde_json::from_slice(&fixture(name)).unwrap()
}
