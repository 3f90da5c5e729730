//! A router over the fakes, with one incident of team `ours`.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use futures::executor::block_on;
use serde_json::{Value, json};
use std::sync::Arc;
use tocsin_api::Api;
use tocsin_app::apply_configuration::ApplyConfiguration;
use tocsin_app::calendars::Calendars;
use tocsin_app::change::Change;
use tocsin_app::change_roster::ChangeRoster;
use tocsin_app::command_incident::CommandIncident;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::error::PortError;
use tocsin_app::fakes::{Faults, ManualClock, MemoryMessenger, MemoryStore, MemoryTopics, SeededIds};
use tocsin_app::ports::{AlertHandled, AlertStore, ConfigurationStore, ContactCodes, IncidentStore, IntegrationKey, SecretHash, VersionRecord};
use tocsin_app::rosters::Rosters;
use tocsin_app::use_link::UseLink;
use tocsin_app::verify_contact::{SendContactCode, VerifyContact};
use tocsin_domain::access::{Grant, Principal};
use tocsin_domain::alert::{Alert, AlertKey, Severity};
use tocsin_domain::configuration::{Configuration, IntegrationKind, Role};
use tocsin_domain::id::{ContactId, IncidentId};
use tocsin_domain::incident::responders::{Answer, Responder};
use tocsin_domain::incident::timeline::{Actor, What};
use tocsin_domain::incident::{Incident, Opening};
use tower::ServiceExt;

pub(crate) struct Bench {
    router: Router,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) messenger: Arc<MemoryMessenger>,
}

/// As the notify function does it, in the same process.
struct SentAtOnce(SendContactCode);

#[async_trait::async_trait]
impl ContactCodes for SentAtOnce {
    async fn send_code(&self, contact: &ContactId) -> Result<(), PortError> {
        self.0.run(contact).await.map_err(|e| PortError::Transient { port: "ContactCodes", reason: e.to_string() })
    }
}

pub(crate) fn configuration() -> Configuration {
    serde_json::from_value(json!({
        "version": 1,
        "teams": [{"id": "ours", "name": "Ours", "members": [{"user": "ada"}]}, {"id": "theirs", "name": "Theirs"}],
        "users": [{"id": "ada", "name": "Ada", "contact_methods": [{"id": "ada-sms", "kind": "sms", "to": "+15555550101"},
                {"id": "ada-mail", "kind": "email", "to": "ada@example.com"}]},
            {"id": "bob", "name": "Bob", "contact_methods": [{"id": "bob-sms", "kind": "sms", "to": "+15555550102"}]}],
        "schedules": [{"id": "rota", "team": "ours", "name": "Rota", "time_zone": "UTC",
            "layers": [{"name": "daily", "rotation": "daily", "start": "2026-01-05T09:00", "members": ["ada", "bob"]}]}],
        "maintenance": [{"id": "move", "reason": "moving house", "services": ["shop"], "start": "2026-01-05T08:30Z", "end": "2026-01-05T09:30Z"}],
        "policies": [{"id": "p", "team": "ours", "levels": [{"delay_s": 300, "targets": [{"user": "ada"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "ours", "policy": "p", "integrations": [{"id": "shop-pd", "kind": "pagerduty"}, {"id": "shop-new", "kind": "pagerduty"}]}],
    }))
    .unwrap()
}

impl Bench {
    pub(crate) fn new() -> Self {
        let faults = Faults::none();
        let clock = Arc::new(ManualClock::at("2026-01-05T09:00:00Z".parse().unwrap()));
        let store = Arc::new(MemoryStore::new(faults.clone()));
        let topics = Arc::new(MemoryTopics::new(faults.clone()));
        let ids = Arc::new(SeededIds::seeded(1));
        let messenger = Arc::new(MemoryMessenger::new(clock.clone(), faults.clone()));
        let cache = Arc::new(ConfigurationCache::new(store.clone()));
        let command = CommandIncident { incidents: store.clone(), clock: clock.clone() };
        let accept = tocsin_app::accept_event::AcceptEvent {
            alerts: store.clone(),
            count: tocsin_app::count_new::CountNew::new(store.clone()),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let rosters = Rosters { configuration: cache.clone(), store: store.clone() };
        let api = Api {
            amend: ChangeRoster { rosters: rosters.clone(), clock: clock.clone(), ids: ids.clone() },
            calendars: Calendars { store: store.clone(), rosters: rosters.clone(), clock: clock.clone(), ids: ids.clone() },
            rosters,
            trace: tocsin_app::trace_alerts::TraceAlerts { alerts: store.clone(), incidents: store.clone(), configuration: cache.clone() },
            audit: tocsin_app::audit_ledger::AuditLedger {
                alerts: store.clone(),
                incidents: store.clone(),
                configuration: cache.clone(),
                clock: clock.clone(),
            },
            maintenance: tocsin_app::keep_maintenance::KeepMaintenance {
                maintenance: store.clone(),
                alerts: store.clone(),
                due: store.clone(),
                configuration: cache.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            heartbeats: tocsin_app::keep_heartbeats::KeepHeartbeats { beats: store.clone(), accept, configuration: cache.clone() },
            incidents: store.clone(),
            alerts: store.clone(),
            changes: store.clone(),
            access: store.clone(),
            configuration: cache.clone(),
            emails: topics.clone(),
            verify: VerifyContact {
                verifications: store.clone(),
                emails: topics.clone(),
                codes: Arc::new(SentAtOnce(SendContactCode {
                    verifications: store.clone(),
                    configuration: cache.clone(),
                    messenger: messenger.clone(),
                    clock: clock.clone(),
                    ids: ids.clone(),
                })),
                clock: clock.clone(),
            },
            command: command.clone(),
            merge: tocsin_app::merge_incidents::MergeIncidents { incidents: store.clone(), clock: clock.clone() },
            split: tocsin_app::split_incident::SplitIncident { incidents: store.clone(), alerts: store.clone(), clock: clock.clone(), ids: ids.clone() },
            link: UseLink { lanes: store.clone(), incidents: store.clone(), command },
            apply: ApplyConfiguration { store: store.clone(), cache, emails: topics.clone(), clock: clock.clone(), ids },
        };
        topics.confirm(&"ada-mail".parse().unwrap(), "ada@example.com");
        let bench = Self { router: tocsin_api::router(api), store, clock, messenger };
        block_on(async {
            let record = VersionRecord::new(1, "2026-01-05T08:00:00Z".parse().unwrap(), Actor::System);
            bench.store.publish_configuration(&record, &configuration()).await.unwrap();
            for key in ["first-key", "second-key"] {
                let record = IntegrationKey {
                    integration: "shop-pd".parse().unwrap(),
                    service: "shop".parse().unwrap(),
                    team: "ours".parse().unwrap(),
                    kind: IntegrationKind::Pagerduty,
                    limits: tocsin_domain::flood::Limits::default(),
                    mapping: Vec::new(),
                };
                bench.store.put_integration_key(&SecretHash::of(key), &record).await.unwrap();
            }
            let opening = Opening {
                id: IncidentId::new(ulid_of(1)),
                number: 42,
                service: "shop".parse().unwrap(),
                team: "ours".parse().unwrap(),
                policy: "p".parse().unwrap(),
                config_version: 1,
                title: "down".into(),
                severity: Severity::Critical,
                acknowledge_timeout_s: None,
                auto_resolve_s: None,
            };
            let now = "2026-01-05T08:59:00Z".parse().unwrap();
            let mut incident = Incident::open(opening, now);
            // Bob was asked to help.
            incident.responders.push(Responder { user: "bob".parse().unwrap(), request: 1, answer: Answer::Asked });
            let mut change = Change::opening(incident);
            change.tell(&Actor::System, vec![What::Noted { text: "opened by the test".into() }]);
            // With two alerts, and another incident beside it.
            let alerts = [ALERT, "alr_01KE6P4YM00000000000000002"].map(|id| Alert { id: id.parse().unwrap(), ..alert(now) });
            for (n, a) in alerts.iter().enumerate() {
                let key = AlertKey { dedup_key: format!("key {n}"), ..a.key.clone() };
                bench.store.open_alert(&Alert { key, ..a.clone() }).await.unwrap();
            }
            let joining: Vec<_> = alerts.iter().map(|a| (a.id, a.severity)).collect();
            let id = change.incident().id;
            change.incident().attach(&joining, now);
            change.handle(alerts.iter().map(|a| AlertHandled { alert: a.id, seq: 1, incident: id, attached: true, guest: false }).collect());
            let beside = Incident { id: IncidentId::new(ulid_of(2)), number: 41, alerts_open: 0, alerts_total: 0, ..change.incident().clone() };
            bench.store.commit(&change.commit(now)).await.unwrap();
            bench.store.commit(&Change::opening(beside).commit(now)).await.unwrap();
            crate::schedules::prepare(&bench.store).await;
            for team in [None, Some("ours"), Some("theirs")] {
                for role in [Role::Observer, Role::Responder, Role::Admin, Role::Owner] {
                    let principal = Principal {
                        token: "t".parse().unwrap(),
                        user: Some("ada".parse().unwrap()),
                        grants: vec![Grant { team: team.map(|t| t.parse().unwrap()), role }],
                    };
                    bench.store.put_token(&SecretHash::of(&token(team, role)), &principal).await.unwrap();
                }
            }
        });
        bench
    }

    /// Status, headers and body of an answer to somebody without a token.
    pub(crate) fn plain(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
        let request = headers.iter().fold(Request::builder().method(method).uri(path), |r, (name, value)| r.header(*name, *value));
        block_on(async {
            let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = axum::body::to_bytes(body, 1 << 22).await.unwrap();
            (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
        })
    }

    /// Status, content type and JSON body of an answer.
    pub(crate) fn call(&self, method: &str, path: &str, token: Option<&str>, body: Option<&str>) -> (StatusCode, String, Value) {
        self.call_with(method, path, token, body, &[])
    }

    /// The same, with further headers.
    pub(crate) fn call_with(&self, method: &str, path: &str, token: Option<&str>, body: Option<&str>, headers: &[(&str, &str)]) -> (StatusCode, String, Value) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.unwrap_or_default().to_owned())).unwrap();
        block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let kind = response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
            let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
            (status, kind, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
        })
    }
}

pub(crate) fn token(team: Option<&str>, role: Role) -> String {
    format!("token-{}-{role:?}", team.unwrap_or("all"))
}

pub(crate) fn owner() -> String {
    token(None, Role::Owner)
}

/// An alert of incident 42.
pub(crate) const ALERT: &str = "alr_01KE6P4YM00000000000000001";

fn alert(at: jiff::Timestamp) -> Alert {
    serde_json::from_value(json!({
        "id": ALERT, "key": {"integration": "shop-pd", "dedup_key": "x"}, "service": "shop", "team": "ours", "state": "open", "received_at": at, "severity": "critical", "seq": 1,
        "event": {"action": "trigger", "dedup_key": "x", "severity": "critical", "summary": "disk full", "source": "db"},
    }))
    .unwrap()
}

fn ulid_of(n: u128) -> ulid::Ulid {
    ulid::Ulid::from_parts(1_767_603_540_000, n)
}
