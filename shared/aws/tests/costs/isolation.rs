//! A storm on one key does not slow another: latencies of one sender's events alone, and while another sender's storm fills a partition.
//!
//! The table throttles each partition as DynamoDB does ([`tocsin_tests::partitions`]), time is virtual, and the SDK's three tries with their pauses happen in it: nothing
//! depends on the machine. An answered call takes [`CALL_MS`].

use super::key;
use crate::meter::{Meter, body_of, operation_of, written_keys};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::{Response, StatusCode};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::count_new::CountNew;
use tocsin_app::fakes::{ManualClock, SeededIds};
use tocsin_app::ports::{AlertStore, ConfigurationStore, IntegrationKey, SecretHash};
use tocsin_aws::dynamo::DynamoStore;
use tocsin_aws::testing::{Embedded, TABLE, store_on};
use tocsin_domain::alert::AlertKey;
use tocsin_domain::configuration::IntegrationKind;
use tocsin_domain::flood::Limits;
use tocsin_ingest::{Call, Ingest};
use tocsin_tests::partitions::Partitions;

/// What an answered call takes.
const CALL_MS: f64 = 5.0;
/// Pauses before the tries that the functions' client makes.
const TRIES_MS: [f64; 3] = [0.0, 50.0, 100.0];

#[derive(Debug, Default)]
struct Time {
    now_ms: f64,
    partitions: Partitions,
    throttled: u64,
}

/// The metered table with partitions that fill up.
#[derive(Clone, Debug)]
struct Throttling {
    meter: Meter,
    time: Arc<Mutex<Time>>,
}

impl Throttling {
    fn store(&self) -> DynamoStore {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://throttling.invalid")
            // The tries are made here, in virtual time.
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone());
        DynamoStore::new(Client::from_conf(config.build()), TABLE)
    }

    /// Whether one of the tries is let in. Time passes with them.
    fn admits(&self, writes: &[String], reads: &[String]) -> bool {
        let mut time = self.time.lock().unwrap();
        for pause in TRIES_MS {
            time.now_ms += pause;
            let now = time.now_ms;
            if time.partitions.admits(now, writes.iter().map(String::as_str), reads.iter().map(String::as_str)) {
                return true;
            }
        }
        time.throttled += 1;
        false
    }
}

impl HttpConnector for Throttling {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let (operation, body) = (operation_of(&request), body_of(&request));
            let partition = |key: &Value| key["pk"]["S"].as_str().unwrap().to_owned();
            let writes: Vec<String> = written_keys(&operation, &body).iter().map(partition).collect();
            let reads: Vec<String> = if operation == "GetItem" { vec![partition(&body["Key"])] } else { Vec::new() };
            if !this.admits(&writes, &reads) {
                let said =
                    json!({ "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "Throughput exceeds the maximum of the partition" });
                return Ok(Response::new(StatusCode::try_from(400).unwrap(), SdkBody::from(said.to_string())));
            }
            let response = HttpConnector::call(&this.meter, request).await?;
            let mut time = this.time.lock().unwrap();
            let now = time.now_ms;
            for call in this.meter.take() {
                for (partition, units) in &call.partitions {
                    time.partitions.wrote(now, partition, *units as f64);
                }
                for partition in &reads {
                    time.partitions.read(now, partition, call.read_halves as f64 / 2.0);
                }
            }
            time.now_ms += CALL_MS;
            Ok(response)
        })
    }
}

impl HttpClient for Throttling {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

struct World {
    throttling: Throttling,
    store: Arc<DynamoStore>,
    ingest: Ingest,
}

impl World {
    async fn new() -> Self {
        let embedded = Embedded::new();
        store_on(&embedded).await;
        let throttling = Throttling { meter: Meter::on(&embedded), time: Arc::default() };
        let store = Arc::new(throttling.store());
        for name in ["storm", "shop"] {
            let opens = IntegrationKey {
                integration: format!("{name}-pagerduty").parse().unwrap(),
                service: name.parse().unwrap(),
                team: "web".parse().unwrap(),
                kind: IntegrationKind::Pagerduty,
                limits: Limits::default(),
                mapping: Vec::new(),
            };
            store.put_integration_key(&SecretHash::of(&key(name)), &opens).await.unwrap();
        }
        let clock = Arc::new(ManualClock::at("2026-01-05T09:00:00.123Z".parse().unwrap()));
        let accept = AcceptEvent { alerts: store.clone(), count: CountNew::new(store.clone()), clock, ids: Arc::new(SeededIds::seeded(1)) };
        let ingest = Ingest::new(accept, store.clone(), store.clone(), store.clone());
        Self { throttling, store, ingest }
    }

    /// An event that comes at an instant: the status of its answer, and how long it took.
    async fn event(&self, at_ms: f64, service: &str, dedup_key: &str) -> (u16, f64) {
        self.throttling.time.lock().unwrap().now_ms = at_ms;
        let payload = json!({ "summary": "down", "source": "host", "severity": "error" });
        let body = json!({ "routing_key": key(service), "event_action": "trigger", "dedup_key": dedup_key, "payload": payload });
        let answer = self.ingest.handle("POST", "/v2/enqueue", body.to_string().as_bytes()).await;
        (answer.status, self.throttling.time.lock().unwrap().now_ms - at_ms)
    }
}

/// What a sender saw in a second.
#[derive(Debug, Default)]
struct Seen {
    sent: u64,
    taken: u64,
    waited_ms: f64,
}

impl Seen {
    fn count(&mut self, (status, waited_ms): (u16, f64)) {
        assert!([202, 429].contains(&status), "{status}");
        self.sent += 1;
        self.taken += u64::from(status == 202);
        self.waited_ms += waited_ms;
    }

    fn mean_ms(&self) -> f64 {
        self.waited_ms / self.sent as f64
    }
}

/// Repetitions of the storm in its second.
const STORM: u32 = 3000;

/// A sender's second: twenty repetitions of one alert and twenty new ones. Beside it the storm: so many repetitions of one alert, and new ones by the hundred.
async fn second(service: &str, dedup_key: &str, storm: bool) -> (Seen, Seen, World) {
    let world = World::new().await;
    let (mut seen, mut stormed) = (Seen::default(), Seen::default());
    assert_eq!(world.event(0.0, "storm", "hot").await.0, 202);
    assert_eq!(world.event(0.0, service, dedup_key).await.0, 202);
    for n in 0..STORM {
        let at = 1000.0 + f64::from(n) * 1000.0 / f64::from(STORM);
        if storm {
            stormed.count(world.event(at, "storm", "hot").await);
            if n % 20 == 0 {
                stormed.count(world.event(at, "storm", &format!("new {n}")).await);
            }
        }
        if n % (STORM / 20) == 0 {
            seen.count(world.event(at, service, dedup_key).await);
            seen.count(world.event(at, service, &format!("{dedup_key} {n}")).await);
        }
    }
    (seen, stormed, world)
}

#[tokio::test]
async fn a_storm_on_one_key_does_not_slow_another() {
    let (alone, _, _) = second("shop", "quiet", false).await;
    let (beside, storm, world) = second("shop", "quiet", true).await;
    let (ratio, taken) = (beside.mean_ms() / alone.mean_ms(), storm.taken as f64 / storm.sent as f64);
    println!(
        "a sender's events take {:.1} ms alone and {:.1} ms beside a storm of {STORM} events a second: {ratio:.2} times as long",
        alone.mean_ms(),
        beside.mean_ms()
    );
    println!("of the storm's events {:.0} % were taken, each after {:.1} ms; the others were told to come later", taken * 100.0, storm.mean_ms());
    assert_eq!((alone.taken, beside.taken), (alone.sent, beside.sent), "none of its events is refused");
    assert!((0.99..=1.01).contains(&ratio), "{ratio}");
    assert!(world.throttling.time.lock().unwrap().throttled > 200, "the storm was throttled, or the test shows nothing");
    // Whatever was answered 2xx is counted, and nothing else is.
    let hot = AlertKey { integration: "storm-pagerduty".parse().unwrap(), dedup_key: "hot".to_owned() };
    let counted = world.store.guard(&hot).await.unwrap().unwrap().count;
    assert_eq!(counted, 1 + storm.taken - u64::from(STORM / 20), "the first, and each repetition that was answered 202");

    // The measure can fail: whoever shares the storm's own item waits, and is refused.
    let (same, _, _) = second("storm", "hot", true).await;
    println!(
        "a sender that repeats the storm's own alert waits {:.1} ms, and {} of {} of its events are told to come later",
        same.mean_ms(),
        same.sent - same.taken,
        same.sent
    );
    assert!(same.mean_ms() > 2.0 * alone.mean_ms() && same.taken < same.sent, "{same:?}");
}

#[tokio::test]
async fn each_protocol_is_told_to_come_later_as_its_senders_survive_it() {
    let world = World::new().await;
    assert_eq!(world.event(0.0, "storm", "hot").await.0, 202);
    let k = key("storm");
    let payload = json!({ "summary": "down", "source": "host", "severity": "error" });
    let v2 = json!({ "routing_key": k, "event_action": "trigger", "dedup_key": "hot", "payload": payload });
    let v1 = json!({ "service_key": k, "event_type": "trigger", "incident_key": "hot", "description": "down" });
    let alert = json!({ "status": "firing", "labels": { "alertname": "Down" }, "annotations": {}, "startsAt": "2026-01-05T09:00:00Z", "fingerprint": "hot" });
    let batch = |version: &str| json!({ "version": version, "status": "firing", "alerts": [alert] });
    let hook = |name: &str| format!("/v1/integrations/{name}/{k}");
    let cases = [
        ("/v2/enqueue".to_owned(), v2, 429),
        ("/generic/2010-04-15/create_event.json".to_owned(), v1, 403),
        (hook("alertmanager"), batch("4"), 503),
        (hook("grafana"), batch("1"), 503),
        (hook("generic"), json!({ "dedup_key": "hot", "summary": "down" }), 503),
    ];
    for (path, body, later) in cases {
        let full = |world: &World| {
            let mut time = world.throttling.time.lock().unwrap();
            time.now_ms += 60_000.0;
            let now = time.now_ms;
            let integration = "storm-pagerduty".parse().unwrap();
            let guard = AlertKey { integration, dedup_key: "hot".to_owned() };
            time.partitions.wrote(now, &tocsin_aws::dynamo::schema::guard(&guard).pk, 1.0e6);
        };
        full(&world);
        let answer = world.ingest.handle("POST", &path, body.to_string().as_bytes()).await;
        assert_eq!((answer.status, answer.retry_after_s), (later, None), "it works again in a moment; {path}: {}", answer.body);
        assert!(serde_json::from_str::<Value>(&answer.body).unwrap()["message"].as_str().is_some_and(|m| m.contains("later") || m.contains("again")), "{path}");
    }
    let authorization = format!("GenieKey {k}");
    let call = Call { method: "POST", path: "/v2/alerts", authorization: &authorization, ..Call::default() };
    let answer = world.ingest.opsgenie(&call).unwrap().create(&call, json!({ "message": "down", "alias": "hot" }).to_string().into_bytes()).await;
    assert_eq!(answer.status, 429, "{:?}", answer.body);
    // What ends or answers the alert waits for the same item; nothing of it is lost: it is told to come again too, and works when it does.
    world.throttling.time.lock().unwrap().now_ms += 3.0e6;
    assert_eq!(world.event(9.0e6, "storm", "hot").await.0, 202);
}
