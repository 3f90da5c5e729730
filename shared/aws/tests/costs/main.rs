//! What DynamoDB bills for each thing that happens: the functions' own code over the real stores and an embedded database, every request counted (see [`meter`]).
//!
//! The table in docs/PERFORMANCE.md is this test's golden: `TOCSIN_BLESS=1 cargo test -p tocsin-aws --test costs` writes it anew; look at the difference, it is money.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod isolation;
mod meter;
mod sources;
mod storm;

use jiff::{SignedDuration, Timestamp};
use meter::{Call, Cost, Meter};
use serde_json::json;
use std::sync::Arc;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::advance_incident::AdvanceIncident;
use tocsin_app::announce_handoffs::AnnounceHandoffs;
use tocsin_app::audit_ledger::AuditLedger;
use tocsin_app::command_incident::CommandIncident;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::count_new::CountNew;
use tocsin_app::count_threshold::CountThreshold;
use tocsin_app::deliver_pages::DeliverPages;
use tocsin_app::fakes::{Faults, ManualClock, MemoryBus, MemoryClocks, MemoryMessenger, MemoryMetrics, SeededIds};
use tocsin_app::keep_clock::KeepClock;
use tocsin_app::keep_heartbeats::KeepHeartbeats;
use tocsin_app::ports::{Clock, ConfigurationStore, IncidentStore, IntegrationKey, SecretHash, VerificationStore, VersionRecord, Which};
use tocsin_app::process_alerts::ProcessAlerts;
use tocsin_app::publish_timeline::PublishTimeline;
use tocsin_app::rosters::Rosters;
use tocsin_app::sweep::Sweep;
use tocsin_app::use_link::UseLink;
use tocsin_aws::dynamo::DynamoStore;
use tocsin_aws::dynamo::schema::Subject;
use tocsin_aws::testing::{Embedded, store_on};
use tocsin_contract::escalation::{Answer, VERSION, WakeUp};
use tocsin_domain::access::{Grant, Principal};
use tocsin_domain::configuration::{Configuration, IntegrationKind, Role};
use tocsin_domain::flood::Limits;
use tocsin_domain::id::{AlertId, TeamId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::notification::lane::Cap;
use tocsin_domain::notification::verification::Verification;
use tocsin_ingest::Ingest;

/// What a real Alertmanager sent.
const EVENT: &str = include_str!("../../../../functions/ingest/tests/fixtures/pagerduty_v2/alertmanager_trigger.json");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PERFORMANCE.md");
const BEGIN: &str = "<!-- costs: written by shared/aws/tests/costs -->\n";
const END: &str = "<!-- costs: end -->\n";
/// List prices of us-east-1, on demand, in USD for a million units.
const WRITE_UNITS: f64 = 0.625;
const READ_UNITS: f64 = 0.125;

fn key(service: &str) -> String {
    format!("R0UT1NGKEY{service:0>22}").to_uppercase()
}

fn configuration() -> Configuration {
    let people = ["ada", "grace", "linus", "edith", "ken", "barbara", "dennis", "frances", "niklaus", "joan"];
    let user = |(n, id): (usize, &&str)| {
        json!({
            "id": id, "name": id, "time_zone": "Europe/London",
            "contact_methods": [{ "id": format!("{id}-phone"), "kind": "sms", "to": format!("+155555501{n:02}") }],
        })
    };
    let level = |who: &str| json!({ "delay_s": 300, "targets": [{ "user": who }] });
    let service = |id: &str, more: serde_json::Value| {
        let mut service = json!({ "id": id, "name": id, "team": "web", "policy": "web-standard", "integrations": [{ "id": format!("{id}-pagerduty"), "kind": "pagerduty" }] });
        more.as_object().into_iter().flatten().for_each(|(k, v)| service[k] = v.clone());
        service
    };
    let document = json!({
        "version": 1,
        "teams": [{ "id": "web", "name": "Web", "members": people.map(|p| json!({ "user": p })) }],
        "users": people.iter().enumerate().map(user).collect::<Vec<_>>(),
        "policies": [{ "id": "web-standard", "team": "web", "levels": [level("ada"), level("grace"), level("linus")], "repeat": 1 }],
        "heartbeats": [{ "id": "beat", "name": "beat", "service": "shop", "interval_s": 3600 }],
        "services": [service("shop", json!({})), service("storm", json!({ "grouping": { "by": "time", "window_s": 300 } }))],
    });
    serde_json::from_value(document).unwrap()
}

/// Tocsin, with a meter at the table.
struct Deployment {
    meter: Meter,
    store: Arc<DynamoStore>,
    clock: Arc<ManualClock>,
    messenger: Arc<MemoryMessenger>,
    accept: AcceptEvent,
    ingest: Ingest,
    process: ProcessAlerts,
    keep: KeepClock,
    advance: AdvanceIncident,
    link: UseLink,
    publish: PublishTimeline,
    sweep: Sweep,
    bill: Vec<(String, Cost)>,
}

impl Deployment {
    async fn new() -> Self {
        let embedded = Embedded::new();
        store_on(&embedded).await;
        let meter = Meter::on(&embedded);
        let store = Arc::new(meter.store());
        // The real clock shows milliseconds, which are stored with it.
        let clock = Arc::new(ManualClock::at("2026-01-05T09:00:00.123Z".parse().unwrap()));
        let faults = Faults::none();
        let ids = Arc::new(SeededIds::seeded(1));
        let messenger = Arc::new(MemoryMessenger::new(clock.clone(), faults.clone()));
        let cache = Arc::new(ConfigurationCache::new(store.clone()));
        let process = ProcessAlerts {
            alerts: store.clone(),
            incidents: store.clone(),
            configuration: cache.clone(),
            maintenance: store.clone(),
            count: CountThreshold { alerts: store.clone(), thresholds: store.clone(), clock: clock.clone() },
            clock: clock.clone(),
        };
        let clocks = Arc::new(MemoryClocks::new(clock.clone(), faults.clone()));
        let keep = KeepClock { incidents: store.clone(), alerts: store.clone(), clocks, clock: clock.clone(), ids: ids.clone() };
        let deliver = DeliverPages {
            incidents: store.clone(),
            lanes: store.clone(),
            configuration: cache.clone(),
            messenger: messenger.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            cap: Cap::default(),
            public_url: "https://abcdefghij.execute-api.us-east-1.amazonaws.com".to_owned(),
        };
        let rosters = Rosters { configuration: cache.clone(), store: store.clone() };
        let handoffs =
            AnnounceHandoffs { rosters: rosters.clone(), notices: store.clone(), messenger: messenger.clone(), clock: clock.clone(), settled: Arc::default() };
        let advance = AdvanceIncident {
            incidents: store.clone(),
            configuration: cache.clone(),
            verifications: store.clone(),
            emails: None,
            rosters,
            deliver,
            clock: clock.clone(),
        };
        let command = CommandIncident { incidents: store.clone(), clock: clock.clone() };
        let accept = AcceptEvent { alerts: store.clone(), count: CountNew::new(store.clone()), clock: clock.clone(), ids };
        let audit = AuditLedger { alerts: store.clone(), incidents: store.clone(), configuration: cache.clone(), clock: clock.clone() };
        let heartbeats = KeepHeartbeats { beats: store.clone(), accept: accept.clone(), configuration: cache.clone() };
        let this = Self {
            ingest: Ingest::new(accept.clone(), store.clone(), store.clone(), store.clone()),
            accept,
            link: UseLink { lanes: store.clone(), incidents: store.clone(), command },
            publish: PublishTimeline { bus: Arc::new(MemoryBus::new(faults)), configuration: cache },
            sweep: Sweep {
                handoffs,
                due: store.clone(),
                process: process.clone(),
                advance: advance.clone(),
                keep: keep.clone(),
                heartbeats,
                audit,
                metrics: Arc::new(MemoryMetrics::default()),
            },
            process,
            keep,
            advance,
            messenger,
            clock,
            store,
            meter,
            bill: Vec::new(),
        };
        this.configure().await;
        this
    }

    async fn configure(&self) {
        let record = VersionRecord::new(1, self.clock.now(), Actor::System);
        self.store.publish_configuration(&record, &configuration()).await.unwrap();
        for method in configuration().users.iter().flat_map(|u| &u.contact_methods) {
            let mut verification = Verification::default();
            verification.verify(method, self.clock.now());
            verification.revision += 1;
            self.store.put_verification(&method.id, &verification).await.unwrap();
        }
        for service in ["shop", "storm"] {
            let integration = format!("{service}-pagerduty").parse().unwrap();
            let opens = IntegrationKey {
                integration,
                service: service.parse().unwrap(),
                team: "web".parse().unwrap(),
                kind: IntegrationKind::Pagerduty,
                limits: Limits::default(),
                mapping: Vec::new(),
            };
            self.store.put_integration_key(&SecretHash::of(&key(service)), &opens).await.unwrap();
        }
        let beat = IntegrationKey {
            integration: "beat".parse().unwrap(),
            service: "shop".parse().unwrap(),
            team: "web".parse().unwrap(),
            kind: IntegrationKind::Heartbeat,
            limits: Limits::default(),
            mapping: Vec::new(),
        };
        self.store.put_integration_key(&SecretHash::of(&key("beat")), &beat).await.unwrap();
        let somebody =
            Principal { token: "token".parse().unwrap(), user: Some("ada".parse().unwrap()), grants: vec![Grant { team: None, role: Role::Responder }] };
        self.store.put_token(&SecretHash::of("token"), &somebody).await.unwrap();
        self.meter.take();
    }

    /// What was asked since the last look is this on the bill.
    fn charge(&mut self, what: &str) -> Vec<Call> {
        let calls = self.meter.take();
        self.bill.push((what.to_owned(), Cost::of(&calls)));
        calls
    }

    /// Ingest has seen this service's key within the minute, as it has while events come in.
    async fn warm_key(&self, service: &str) {
        self.event(service, "resolve", "nothing-open").await;
        self.meter.take();
    }

    async fn event(&self, service: &str, action: &str, dedup_key: &str) {
        let mut event: serde_json::Value = serde_json::from_str(EVENT).unwrap();
        event["routing_key"] = key(service).into();
        event["event_action"] = action.into();
        event["dedup_key"] = format!("{dedup_key:f>64}").into();
        let answer = self.ingest.handle("POST", "/v2/enqueue", event.to_string().as_bytes()).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    /// The incident function, for the alerts among these records; a batch of the stream.
    async fn alerts(&self, records: &[Call]) {
        let ids: Vec<AlertId> = subjects(records, |s| if let Subject::Alert(id) = s { Some(id) } else { None });
        assert!(!ids.is_empty(), "no alert in the stream");
        assert!(self.process.run(&ids).await.unwrap().is_empty());
    }

    /// The incident function, for the incidents among these records.
    async fn incidents(&self, records: &[Call]) {
        for id in subjects(records, |s| if let Subject::Incident(id) = s { Some(id) } else { None }) {
            self.keep.run(id).await.unwrap();
        }
    }

    /// The publish function, for the entries of one write.
    async fn entries(&self, records: &[Call]) {
        let records = records.iter().flat_map(|c| &c.records);
        let entries: Vec<_> = records.filter(|(s, _)| matches!(s, Subject::Entry(..))).map(|(_, doc)| serde_json::from_str(doc).unwrap()).collect();
        assert!(!entries.is_empty(), "no entry in the stream");
        self.publish.run(&entries).await.unwrap();
    }

    async fn wake(&self, incident: &Incident) -> Answer {
        let wake = WakeUp { v: VERSION, incident: incident.id, generation: incident.generation, attempt: incident.attempt, wakeups: 0, started: None };
        self.advance.wake(&wake).await.unwrap()
    }

    /// The latest incident that is not resolved, without a charge.
    async fn open_incident(&self) -> Incident {
        let found = self.store.incidents_of(&"web".parse::<TeamId>().unwrap(), Which::Open, None, 100).await.unwrap();
        self.meter.take();
        found.into_iter().next_back().unwrap()
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    fn until(&self, at: Timestamp) {
        self.clock.set(at);
    }

    /// A wake-up at which a level fires and one page leaves: three charges, told apart by their transactions.
    async fn level(&mut self, incident: &Incident, names: [&str; 3]) -> Answer {
        let answer = self.wake(incident).await;
        let calls = self.meter.take();
        let writes: Vec<usize> = calls.iter().enumerate().filter(|(_, c)| c.operation == "TransactWriteItems").map(|(n, _)| n).collect();
        let [level, _claim, record] = writes[..] else { panic!("a level, a claim and a record, not {calls:?}") };
        for (name, part) in names.iter().zip([&calls[..=level], &calls[level + 1..=record], &calls[record + 1..]]) {
            self.bill.push(((*name).to_owned(), Cost::of(part)));
        }
        answer
    }

    /// An incident that was opened and paged for.
    async fn paged(&mut self, dedup_key: &str) -> Incident {
        self.warm_key("shop").await;
        self.event("shop", "trigger", dedup_key).await;
        let calls = self.charge("ingest | a new alert");
        self.alerts(&calls).await;
        let calls = self.charge("incident | its incident opens");
        self.incidents(&calls).await;
        self.charge("incident | its clock starts");
        self.entries(&calls).await;
        self.charge("publish | timeline entries of one write");
        let incident = self.open_incident().await;
        self.level(&incident, ["notify | a level fires", "notify | a page: claim, send, record", "notify | end of a wake-up: when is the next due?"]).await;
        self.open_incident().await
    }

    async fn work(&mut self) {
        // Somebody answers by the link; the sender resolves.
        let incident = self.paged("first").await;
        self.event("shop", "trigger", "first").await;
        self.charge("ingest | the same event again (a duplicate)");
        let deadline = incident.deadline().unwrap();
        self.pass(60);
        assert_eq!(self.wake(&incident).await, Answer::again(deadline));
        self.charge("notify | a wake-up that finds nothing due");
        self.until(deadline);
        self.level(&incident, ["notify | the next level fires", "notify | its page", ""]).await;
        self.bill.pop();
        let text = self.messenger.outbox().pop().unwrap().message.text;
        let secret = text.split_once("/a/").unwrap().1.split_whitespace().next().unwrap().to_owned();
        self.meter.take();
        self.link.look(&secret).await.unwrap();
        self.charge("api | the link in a page is opened");
        self.link.act(&secret).await.unwrap();
        let calls = self.charge("api | its button acknowledges");
        self.incidents(&calls).await;
        self.charge("incident | the clock stops after an acknowledgement");
        self.warm_key("shop").await;
        self.event("shop", "resolve", "first").await;
        let calls = self.charge("ingest | the sender resolves");
        self.alerts(&calls).await;
        let calls = self.charge("incident | its incident resolves");
        self.incidents(&calls).await;
        self.charge("incident | the clock stops after a resolve");

        // Somebody answers and resolves by the API.
        self.pass(3600);
        let incident = self.paged("second").await;
        for (command, what, after) in [
            (Command::Acknowledge, "api | a person acknowledges by command", None),
            (Command::Resolve, "api | a person resolves by command", Some("incident | the alert of an incident that a person resolved is closed")),
        ] {
            self.pass(60);
            self.store.token(&SecretHash::of("token")).await.unwrap().unwrap();
            let id = self.store.incident_numbered(incident.number).await.unwrap().unwrap();
            self.store.incident(id).await.unwrap().unwrap();
            self.link.command.run(id, command, &Actor::System, |_| true).await.unwrap();
            let calls = self.charge(what);
            self.incidents(&calls).await;
            match after {
                Some(after) => drop(self.charge(after)),
                None => drop(self.meter.take()),
            }
        }

        // A storm.
        self.event("storm", "trigger", "storm-1").await;
        let calls = self.meter.take();
        self.alerts(&calls).await;
        self.meter.take();
        self.event("storm", "trigger", "storm-2").await;
        let calls = self.meter.take();
        self.alerts(&calls).await;
        self.charge("incident | an alert joins an open incident (grouping by time)");
        for n in 0..40 {
            self.event("storm", "trigger", &format!("storm-of-forty-{n}")).await;
        }
        let calls = self.meter.take();
        self.alerts(&calls).await;
        self.charge("incident | forty alerts of one batch join it");

        self.warm_key("storm").await;
        self.event("storm", "resolve", "storm-2").await;
        let calls = self.meter.take();
        self.alerts(&calls).await;
        self.charge("incident | one alert of several is resolved");

        // Prometheus, straight.
        let path = format!("/v1/integrations/prometheus/{}/api/v2/alerts", key("storm"));
        let body = json!([{"labels": {"alertname": "Held"}, "endsAt": "2100-01-01T00:00:00Z"}]).to_string();
        for what in ["ingest | a new alert of Prometheus, which holds for some minutes", "ingest | Prometheus posts it again (also a duplicate)"] {
            assert_eq!(self.ingest.handle("POST", &path, body.as_bytes()).await.status, 200);
            self.charge(what);
        }

        // What nobody asked for.
        self.quiet().await;
        let cold = Ingest::new(
            AcceptEvent {
                alerts: self.store.clone(),
                count: CountNew::new(self.store.clone()),
                clock: self.clock.clone(),
                ids: Arc::new(SeededIds::seeded(2)),
            },
            self.store.clone(),
            self.store.clone(),
            self.store.clone(),
        );
        let body = json!({ "routing_key": key("shop"), "event_action": "resolve", "dedup_key": "none" });
        assert_eq!(cold.handle("POST", "/v2/enqueue", body.to_string().as_bytes()).await.status, 202);
        self.meter.take().drain(..1).for_each(|call| self.bill.push(("ingest | a key that was not used for a minute".to_owned(), Cost::of(&[call]))));
    }
}

impl Deployment {
    /// Whole minutes of a deployment in which nothing is overdue, with one heartbeat that is well: one in which the ledger is audited, and one in which it is not.
    async fn quiet(&mut self) {
        let mut calm = Deployment::new().await;
        assert_eq!(calm.ingest.handle("GET", &format!("/v1/integrations/heartbeat/{}", key("beat")), b"").await.status, 200);
        calm.until("2026-01-05T09:04:00Z".parse().unwrap());
        calm.sweep.run().await.unwrap();
        for (at, what) in [
            ("2026-01-05T09:05:00Z", "sweep | one minute of five: nothing is overdue, one heartbeat is well, and the ledger is audited"),
            ("2026-01-05T09:06:00Z", "sweep | every other minute: nothing is overdue, and one heartbeat is well"),
        ] {
            calm.until(at.parse().unwrap());
            calm.meter.take();
            let swept = calm.sweep.run().await.unwrap();
            assert_eq!((swept.alerts, swept.incidents, swept.failed), (0, 0, Vec::new()));
            calm.charge(what);
        }
        self.bill.append(&mut calm.bill);
    }
}

fn subjects<T>(calls: &[Call], which: impl Fn(Subject) -> Option<T>) -> Vec<T> {
    calls.iter().flat_map(|c| &c.records).filter_map(|(s, _)| which(*s)).collect()
}

fn price(cost: &Cost) -> f64 {
    cost.writes() as f64 * WRITE_UNITS + cost.read_halves as f64 / 2.0 * READ_UNITS
}

fn row(what: &str, cost: &Cost) -> String {
    let writes = if cost.indexed > 0 { format!("{} ({} of them for indexes)", cost.writes(), cost.indexed) } else { cost.writes().to_string() };
    format!("| {what} | {} | {writes} | {} | {:.3} |\n", cost.calls, cost.reads(), price(cost))
}

fn render(bill: &[(String, Cost)]) -> String {
    let mut page = String::from("| Function | What happens | DynamoDB calls | Write units | Read units | USD a million times |\n|---|---|---|---|---|---|\n");
    bill.iter().for_each(|(what, cost)| page.push_str(&row(what, cost)));
    let find = |what: &str| bill.iter().find(|(w, _)| w.ends_with(what)).map(|(_, c)| c.clone()).unwrap_or_else(|| panic!("no {what}"));
    let sum = |parts: &[&str]| parts.iter().map(|p| find(p)).fold(Cost::default(), |sum, c| sum.plus(&c));
    let publish = "timeline entries of one write";
    let opening = sum(&["its incident opens", "its clock starts", publish]);
    let level = sum(&["a level fires", "when is the next due?", publish]);
    let paging = sum(&["a page: claim, send, record", publish]);
    let acknowledging = sum(&["its button acknowledges", "the clock stops after an acknowledgement", publish]);
    let resolving = sum(&["its incident resolves", "the clock stops after a resolve", publish]);
    page.push_str("\nAdded up, with everything that follows in the other functions (each write with timeline entries is one batch for publish):\n\n");
    page.push_str("| What | DynamoDB calls | Write units | Read units | USD a million times |\n|---|---|---|---|---|\n");
    let life = [find("a new alert"), find("the sender resolves"), opening.clone(), level.clone(), paging.clone(), acknowledging.clone(), resolving.clone()];
    for (what, cost) in [
        ("an incident opens", &opening),
        ("a level fires", &level),
        ("a page leaves", &paging),
        ("somebody acknowledges", &acknowledging),
        ("an incident is resolved by its sender", &resolving),
        ("all of it: alert, incident, one level, one page, acknowledgement, resolve", &life.iter().fold(Cost::default(), |sum, c| sum.plus(c))),
    ] {
        page.push_str(&row(what, cost));
    }
    page
}

#[tokio::test]
async fn the_bill_is_the_one_in_the_documentation() {
    // The first life fills caches, counters and lanes; the bill is the second one's.
    let mut deployment = Deployment::new().await;
    deployment.paged("warm").await;
    deployment.pass(3600);
    deployment.bill.clear();
    deployment.work().await;
    let mut bill: Vec<(String, Cost)> = Vec::new();
    for (what, cost) in std::mem::take(&mut deployment.bill) {
        // Done twice: the first counts.
        if !bill.iter().any(|(w, _)| *w == what) {
            bill.push((what, cost));
        }
    }
    bill.sort_by_key(|(what, _)| ["ingest", "incident", "notify", "api", "publish", "sweep"].iter().position(|f| what.starts_with(f)));

    let duplicates: Vec<&Cost> = bill.iter().filter(|(what, _)| what.contains("duplicate")).map(|(_, cost)| cost).collect();
    let one = Cost { calls: 1, written: 1, indexed: 0, read_halves: 0 };
    assert_eq!(duplicates, [&one, &one], "a duplicate is one call, one write unit, and no read");

    let page = std::fs::read_to_string(PAGE).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap_or_else(|| panic!("docs/PERFORMANCE.md has no {BEGIN}"));
    let (written, tail) = rest.split_once(END).unwrap_or_else(|| panic!("docs/PERFORMANCE.md has no {END}"));
    let wanted = render(&bill) + &sources::table(&Deployment::new().await).await;
    if std::env::var_os("TOCSIN_BLESS").is_some() {
        std::fs::write(PAGE, format!("{head}{BEGIN}{wanted}{END}{tail}")).unwrap();
        return;
    }
    assert_eq!(written, wanted, "what DynamoDB bills has changed: run with TOCSIN_BLESS=1 and look at the difference");
}
