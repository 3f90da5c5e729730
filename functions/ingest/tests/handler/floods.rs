//! More new alerts than a key may bring: what processes share, and how each protocol's senders hear of it.

use super::support::KEY;
use serde_json::{Value, json};
use std::sync::Arc;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::count_new::CountNew;
use tocsin_app::fakes::{Faults, ManualClock, MemoryStore, SeededIds};
use tocsin_app::ports::{ConfigurationStore, IntegrationKey, SecretHash};
use tocsin_domain::configuration::IntegrationKind;
use tocsin_domain::flood::Limits;
use tocsin_ingest::{Call, Ingest};

const OTHER: &str = "R0UT1NGKEY0000000000000000000002";

struct World {
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    faults: Arc<Faults>,
    /// Over one table, each with a memory of its own.
    processes: Vec<Ingest>,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-21T21:08:00Z".parse().unwrap()));
        let faults = Faults::on(clock.clone());
        let store = Arc::new(MemoryStore::new(faults.clone()));
        for (key, name) in [(KEY, "pager"), (OTHER, "other")] {
            let opens = IntegrationKey {
                integration: name.parse().unwrap(),
                service: "shop".parse().unwrap(),
                team: "web".parse().unwrap(),
                kind: IntegrationKind::Pagerduty,
                limits: Limits { flood_after: 5, refuse_after: 50 },
                mapping: Vec::new(),
            };
            store.put_integration_key(&SecretHash::of(key), &opens).await.unwrap();
        }
        let process = |seed| {
            let count = CountNew::new(store.clone());
            let accept = AcceptEvent { alerts: store.clone(), count, clock: clock.clone(), ids: Arc::new(SeededIds::seeded(seed)) };
            Ingest::new(accept, store.clone(), store.clone(), store.clone())
        };
        let processes = (0..4).map(process).collect();
        Self { store, clock, faults, processes }
    }

    async fn send(&self, process: usize, key: &str, action: &str, dedup_key: &str) -> u16 {
        let payload = json!({"summary": "s", "source": "host", "severity": "error"});
        let body = json!({"routing_key": key, "event_action": action, "dedup_key": dedup_key, "payload": payload});
        self.processes[process].handle("POST", "/v2/enqueue", body.to_string().as_bytes()).await.status
    }
}

#[tokio::test]
async fn processes_share_one_limit_a_key() {
    let world = World::new().await;
    let mut taken = 0;
    for n in 0..100 {
        taken += u32::from(world.send(n % 4, KEY, "trigger", &format!("node {n}")).await == 202);
    }
    assert_eq!(taken, 50, "not fifty a process");
    let floods = world.store.look(|s| s.alerts.values().filter(|a| a.flood.is_some()).count());
    assert_eq!(floods, 45, "the first five of all processes are alerts like any other");
    for (action, key, dedup_key, wanted) in [
        ("trigger", KEY, "node 7", 202),
        ("acknowledge", KEY, "node 8", 202),
        ("resolve", KEY, "node 9", 202),
        ("resolve", KEY, "node 99", 202),
        ("trigger", KEY, "node 99", 429),
        ("trigger", OTHER, "node 99", 202),
    ] {
        assert_eq!(world.send(3, key, action, dedup_key).await, wanted, "{action} {dedup_key}");
    }
    world.clock.advance(jiff::SignedDuration::from_mins(1));
    assert_eq!(world.send(0, KEY, "trigger", "node 99").await, 202, "in the next minute");
}

#[tokio::test]
async fn each_protocol_hears_of_it_as_its_senders_survive_it() {
    let world = World::new().await;
    for n in 0..50 {
        assert_eq!(world.send(0, KEY, "trigger", &format!("node {n}")).await, 202);
    }
    let payload = json!({"summary": "s", "source": "host", "severity": "error"});
    let alert =
        json!({"status": "firing", "labels": {"alertname": "New"}, "annotations": {}, "startsAt": "2026-11-21T21:08:00Z", "fingerprint": "00000000000000ff"});
    let posted = json!([{"labels": {"alertname": "New"}, "endsAt": "2026-11-21T21:18:00Z"}]);
    let hook = |name: &str| format!("/v1/integrations/{name}/{KEY}");
    let cases = [
        ("/v2/enqueue".to_owned(), json!({"routing_key": KEY, "event_action": "trigger", "dedup_key": "new", "payload": payload}), 429),
        (
            "/generic/2010-04-15/create_event.json".to_owned(),
            json!({"service_key": KEY, "event_type": "trigger", "incident_key": "new", "description": "s"}),
            403,
        ),
        (hook("alertmanager"), json!({"version": "4", "status": "firing", "alerts": [alert]}), 503),
        (hook("grafana"), json!({"version": "1", "status": "firing", "alerts": [alert]}), 503),
        (hook("prometheus") + "/api/v2/alerts", posted, 503),
        (hook("generic"), json!({"dedup_key": "new", "summary": "s"}), 503),
        (hook("uptime-kuma"), json!({"monitor": {"id": 1, "name": "web"}, "heartbeat": {"status": 0, "msg": "down"}, "msg": "down"}), 503),
    ];
    let before = world.store.look(|s| s.alerts.len());
    world.clock.advance(jiff::SignedDuration::from_millis(45_200));
    for (path, body, status) in cases {
        let answer = world.processes[1].handle("POST", &path, body.to_string().as_bytes()).await;
        assert_eq!((answer.status, answer.retry_after_s), (status, Some(15)), "{path}: {}", answer.body);
        let said: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(said["message"].as_str().is_some_and(|m| m.contains("send it again")), "{path}: {said}");
    }
    let authorization = format!("GenieKey {KEY}");
    let call = Call { method: "POST", path: "/v2/alerts", authorization: &authorization, ..Call::default() };
    let answer = world.processes[1].opsgenie(&call).unwrap().create(&call, json!({"message": "s", "alias": "new"}).to_string().into_bytes()).await;
    assert_eq!((answer.status, answer.retry_after_s), (429, Some(15)));
    assert!(answer.body["message"].as_str().unwrap().contains("too many requests"));
    assert_eq!(world.store.look(|s| s.alerts.len()), before, "nothing of it is recorded");
}

#[tokio::test]
async fn a_count_that_can_not_be_written_refuses_nobody() {
    let world = World::new().await;
    for n in 0..20 {
        match n % 2 {
            0 => world.faults.heal(),
            _ => world.faults.down("RateStore::count_new"),
        }
        assert_eq!(world.send(0, KEY, "trigger", &format!("node {n}")).await, 202, "{n}");
    }
    let floods = world.store.look(|s| s.alerts.values().filter(|a| a.flood.is_some()).count());
    assert!(floods >= 10, "what was last heard of the minute counts: {floods}");
}
