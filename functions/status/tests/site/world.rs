//! A site with its world in memory.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use jiff::Timestamp;
use std::sync::Arc;
use tocsin_app::fakes::{Faults, ManualClock, MemoryStore, MemoryTopics, SeededIds};
use tocsin_app::ports::{Commit, ConfigurationStore, IncidentStore, MaintenanceStore, VersionRecord};
use tocsin_domain::alert::Severity;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::incident::{Incident, Opening};
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_status::{Ports, router};
use tower::ServiceExt;

/// Where readers reach the page.
pub(crate) const URL: &str = "https://status.example.org";

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) topic: Arc<MemoryTopics>,
    site: Router,
    opened: u64,
    version: u64,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Three components, of two teams; times in Berlin.
pub(crate) const SHOP: &str = r#"{"version":1,
  "teams":[{"id":"web","name":"Web"},{"id":"pay","name":"Pay"},{"id":"team-x9","name":"Lab"}],
  "policies":[],
  "services":[
    {"id":"site","name":"internal-site-7","team":"web","policy":"p"},
    {"id":"search","name":"internal-search","team":"web","policy":"p"},
    {"id":"cards","name":"internal-cards","team":"pay","policy":"p"},
    {"id":"secret","name":"secret","team":"team-x9","policy":"p"}],
  "status_page":{"name":"Example Shop","time_zone":"Europe/Berlin","components":[
    {"id":"website","name":"Website","description":"Browsing and search","services":["site","search"]},
    {"id":"checkout","name":"Checkout","description":"Baskets and payment","services":["cards"]},
    {"id":"support","name":"Support chat"}]}}"#;

impl World {
    /// Nothing is configured yet.
    pub(crate) fn empty() -> Self {
        let clock = Arc::new(ManualClock::at(at("2026-11-21T22:30:40Z")));
        let faults = Faults::on(clock.clone());
        let store = Arc::new(MemoryStore::new(faults.clone()));
        let topic = Arc::new(MemoryTopics::new(faults.clone()));
        let ports = Ports {
            clock: clock.clone(),
            ids: Arc::new(SeededIds::seeded(7)),
            configurations: store.clone(),
            incidents: store.clone(),
            maintenance: store.clone(),
            subscribers: store.clone(),
            topic: topic.clone(),
            url: URL.to_owned(),
        };
        Self { clock, faults, store, topic, site: router(ports), opened: 0, version: 0 }
    }

    /// The shop's page.
    pub(crate) async fn shop() -> Self {
        let mut world = Self::empty();
        world.configure(SHOP).await;
        world
    }

    pub(crate) async fn configure(&mut self, json: &str) {
        let configuration: Configuration = serde_json::from_str(json).unwrap();
        self.version += 1;
        let record = VersionRecord::new(self.version, at("2026-11-01T00:00:00Z"), Actor::System);
        self.store.publish_configuration(&record, &configuration).await.unwrap();
        // The site shows a view for three seconds again.
        self.clock.advance(jiff::SignedDuration::from_secs(3));
    }

    /// An incident of a service, opened some minutes before 22:30 UTC, perhaps acknowledged.
    pub(crate) async fn incident(&mut self, team: &str, service: &str, severity: Severity, opened_at: &str, acknowledged_at: Option<&str>) -> IncidentId {
        self.opened += 1;
        let opening = Opening {
            id: IncidentId::new(ulid::Ulid::from_parts(1_000 + self.opened, u128::from(self.opened))),
            number: self.opened,
            service: service.parse().unwrap(),
            team: team.parse().unwrap(),
            policy: "p".parse().unwrap(),
            config_version: 1,
            title: "INTERNAL db-17 is down <script>".to_owned(),
            severity,
            acknowledge_timeout_s: None,
            auto_resolve_s: None,
        };
        let mut incident = Incident::open(opening, at(opened_at));
        if let Some(then) = acknowledged_at {
            incident.apply(Command::Acknowledge, &Actor::User("zoe-q7".parse().unwrap()), at(then)).unwrap();
        }
        incident.revision = 1;
        let id = incident.id;
        let commit = Commit {
            incident,
            expected: None,
            entries: vec![],
            announce: false,
            alerts: vec![],
            moved: vec![],
            group: None,
            queue: vec![],
            unqueue: vec![],
            once: None,
        };
        self.store.commit(&commit).await.unwrap();
        self.clock.advance(jiff::SignedDuration::from_secs(3));
        id
    }

    /// A window that somebody started.
    pub(crate) async fn maintenance(&mut self, id: &str, services: &[&str], start: &str, end: &str) {
        let run = MaintenanceRun {
            id: id.parse().unwrap(),
            team: "web".parse().unwrap(),
            reason: "canary".to_owned(),
            services: services.iter().map(|s| s.parse().unwrap()).collect(),
            teams: vec![],
            start: at(start),
            end: at(end),
            by: Actor::User("zoe-q7".parse().unwrap()),
            at: Some(at("2026-11-19T12:00:00Z")),
            ended_at: None,
            ended_by: None,
            configured: false,
        };
        self.store.put_maintenance(&run).await.unwrap();
        self.clock.advance(jiff::SignedDuration::from_secs(3));
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.site.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn method(&self, method: Method, path: &str) -> Answer {
        self.ask(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.method(Method::GET, path).await
    }

    /// A form of this site, as a browser sends it.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").header(header::ORIGIN, URL);
        self.ask(request.header("sec-fetch-site", "same-origin").body(Body::from(form.to_owned())).unwrap()).await
    }

    /// The code of the latest message.
    pub(crate) fn code(&self) -> String {
        let (_, text) = self.topic.codes().pop().unwrap();
        text.split_whitespace().nth(1).unwrap().to_owned()
    }
}

/// A page without its style sheet, which is a file of its own.
pub(crate) fn plain(html: &str) -> String {
    html.replace(include_str!("../../templates/style.css"), "/* templates/style.css */")
}
