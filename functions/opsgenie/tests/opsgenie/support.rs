//! The function over the fakes, with the incident function beside it.

use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::count_threshold::CountThreshold;
use tocsin_app::fakes::{ManualClock, MemoryStore, SeededIds};
use tocsin_app::keep_heartbeats::KeepHeartbeats;
use tocsin_app::ports::{ConfigurationStore, IntegrationKey, SecretHash, VersionRecord};
use tocsin_app::process_alerts::ProcessAlerts;
use tocsin_domain::configuration::{Configuration, IntegrationKind};
use tocsin_domain::id::AlertId;
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::timeline::{Actor, What};
use tocsin_ingest::{Call, Ingest};
use tocsin_opsgenie::Opsgenie;

pub(crate) const KEY: &str = "11111111-2222-3333-4444-555555555555";
/// Of another team.
pub(crate) const OTHER_KEY: &str = "99999999-2222-3333-4444-555555555555";
/// PagerDuty's, of the same service.
pub(crate) const ROUTING_KEY: &str = "R0UT1NGKEY0000000000000000000001";
pub(crate) const NOW: &str = "2026-11-21T21:11:13Z";

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ingest: Ingest,
    pub(crate) opsgenie: Opsgenie,
    pub(crate) heartbeats: KeepHeartbeats,
    process: ProcessAlerts,
}

/// An answer: status, `X-Request-ID`, body.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) id: String,
    pub(crate) body: Value,
}

impl World {
    pub(crate) async fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        for (key, integration, service, team) in
            [(KEY, "shop-opsgenie", "shop", "web"), (ROUTING_KEY, "shop-pagerduty", "shop", "web"), (OTHER_KEY, "bank-opsgenie", "bank", "money")]
        {
            let opens = IntegrationKey {
                integration: integration.parse().unwrap(),
                service: service.parse().unwrap(),
                team: team.parse().unwrap(),
                kind: IntegrationKind::Opsgenie,
                limits: tocsin_domain::flood::Limits::default(),
                mapping: Vec::new(),
            };
            store.put_integration_key(&SecretHash::of(key), &opens).await.unwrap();
        }
        let service = |id: &str, team: &str, integrations: Value| json!({"id": id, "name": id, "team": team, "policy": "p", "integrations": integrations});
        let document: Configuration = serde_json::from_value(json!({
            "version": 1,
            "teams": [{"id": "web", "name": "Web Shop"}, {"id": "money", "name": "Money"}],
            "users": [{"id": "ada", "name": "Ada", "contact_methods": [{"id": "ada-mail", "kind": "email", "to": "ada@example.com"}]}],
            "policies": [{"id": "p", "team": "web", "name": "P", "levels": []}],
            "services": [
                service("shop", "web", json!([{"id": "shop-opsgenie", "kind": "opsgenie"}, {"id": "shop-pagerduty", "kind": "pagerduty"}])),
                service("bank", "money", json!([{"id": "bank-opsgenie", "kind": "opsgenie"}])),
            ],
            "heartbeats": [{"id": "nightly-backup", "name": "Nightly backup", "service": "shop", "interval_s": 86400}],
        }))
        .unwrap();
        store.publish_configuration(&VersionRecord::new(1, NOW.parse().unwrap(), Actor::System), &document).await.unwrap();
        let accept = AcceptEvent {
            alerts: store.clone(),
            count: tocsin_app::count_new::CountNew::new(store.clone()),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::seeded(1)),
        };
        let configuration = Arc::new(ConfigurationCache::new(store.clone()));
        let heartbeats = KeepHeartbeats { beats: store.clone(), accept: accept.clone(), configuration: configuration.clone() };
        Self {
            ingest: Ingest::new(accept.clone(), store.clone(), store.clone(), store.clone()),
            opsgenie: Opsgenie::new(
                Ingest::new(accept, store.clone(), store.clone(), store.clone()),
                store.clone(),
                store.clone(),
                heartbeats.clone(),
                "https://tocsin.example.com".to_owned(),
            ),
            heartbeats,
            process: ProcessAlerts {
                alerts: store.clone(),
                incidents: store.clone(),
                configuration,
                maintenance: store.clone(),
                count: CountThreshold { alerts: store.clone(), thresholds: store.clone(), clock: clock.clone() },
                clock: clock.clone(),
            },
            store,
            clock,
        }
    }

    /// A request, decoded as the gateway does it, without the incident function having run.
    pub(crate) async fn raw(&self, call: &Call<'_>, body: &[u8]) -> Got {
        let answer = match self.ingest.opsgenie(call).filter(|_| matches!(call.method, "POST" | "PUT")) {
            Some(door) => door.create(call, body.to_vec()).await,
            None => self.opsgenie.answer(call, body.to_vec()).await,
        };
        let text = answer.text(self.opsgenie.now());
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{call:?}: {e} in {text}"));
        assert_eq!(body["requestId"], answer.request_id.as_str(), "{call:?}");
        assert!(body["took"].is_number(), "{call:?}: {body}");
        Got { status: answer.status, id: answer.request_id, body }
    }

    /// The same with the usual key; the body is none where it is null.
    pub(crate) async fn call(&self, method: &str, address: &str, body: Value) -> Got {
        let (path, query) = address.rsplit_once('?').unwrap_or((address, ""));
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let authorization = format!("GenieKey {KEY}");
        let got = self.raw(&Call { method, path, query, authorization: &authorization, ..Call::default() }, &body).await;
        self.clock.advance(SignedDuration::from_millis(100));
        got
    }

    pub(crate) async fn create(&self, body: Value) -> Got {
        let got = self.call("POST", "/v2/alerts", body).await;
        assert_eq!((got.status, &got.body["result"]), (202, &json!("Request will be processed")), "{got:?}");
        got
    }

    /// The alert of an alias.
    pub(crate) async fn get(&self, alias: &str) -> Value {
        let got = self.call("GET", &format!("/v2/alerts/{alias}?identifierType=alias"), Value::Null).await;
        assert_eq!(got.status, 200, "{alias}: {got:?}");
        got.body["data"].clone()
    }

    pub(crate) async fn request(&self, id: &str) -> Value {
        let got = self.call("GET", &format!("/v2/alerts/requests/{id}"), Value::Null).await;
        assert_eq!(got.status, 200, "{id}: {got:?}");
        got.body["data"].clone()
    }

    /// The incident function handles what there is to do.
    pub(crate) async fn settle(&self) {
        let ids: Vec<AlertId> = self.store.look(|s| s.alerts.values().filter(|a| a.has_work()).map(|a| a.id).collect());
        assert!(self.process.run(&ids).await.unwrap().is_empty());
        // What comes twice changes nothing.
        let before = self.store.look(|s| s.timeline.len());
        assert!(self.process.run(&ids).await.unwrap().is_empty());
        assert_eq!(self.store.look(|s| s.timeline.len()), before);
    }

    /// The only incident.
    pub(crate) fn incident(&self) -> Incident {
        let all: Vec<Incident> = self.store.look(|s| s.incidents.values().cloned().collect());
        assert_eq!(all.len(), 1);
        all.into_iter().next().unwrap()
    }

    /// Names of what its timeline tells.
    pub(crate) fn told(&self) -> Vec<String> {
        let word = |what: &What| match what {
            What::Noted { text } => format!("noted {text}"),
            other => other.name().to_owned(),
        };
        self.store.look(|s| s.timeline.values().map(|e| word(&e.what)).collect())
    }
}
