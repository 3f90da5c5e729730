//! A sender that repeats, reorders, and is told 5xx for what was accepted creates one alert and one incident.

use super::support::{KEY, NOW};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::count_threshold::CountThreshold;
use tocsin_app::fakes::faults::Rates;
use tocsin_app::fakes::random::Random;
use tocsin_app::fakes::{Faults, ManualClock, MemoryStore, SeededIds};
use tocsin_app::ports::{ConfigurationStore, IntegrationKey, SecretHash};
use tocsin_app::process_alerts::ProcessAlerts;
use tocsin_domain::configuration::IntegrationKind;
use tocsin_domain::id::AlertId;
use tocsin_ingest::Ingest;

const PROBLEMS: usize = 5;

/// One delivery of some of the problems: as PagerDuty's senders do, or a batch of Alertmanager's.
fn delivery(random: &mut Random) -> (String, Value) {
    let first = random.below(PROBLEMS);
    if random.happens(500) {
        let body = json!({
            "routing_key": KEY, "event_action": "trigger", "dedup_key": format!("pd {first}"),
            "payload": { "summary": "down", "source": "host", "severity": "critical" },
        });
        return ("/v2/enqueue".to_owned(), body);
    }
    let alert = |n: usize| {
        json!({
            "status": "firing", "labels": { "alertname": "Down", "n": n.to_string(), "severity": "critical" }, "annotations": {},
            "startsAt": NOW, "endsAt": "0001-01-01T00:00:00Z", "fingerprint": format!("{n:016x}"),
        })
    };
    let mut alerts: Vec<Value> = (first..PROBLEMS).map(alert).collect();
    if random.happens(500) {
        alerts.reverse();
    }
    let body = json!({ "version": "4", "groupKey": "g", "receiver": "r", "status": "firing", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0, "alerts": alerts });
    (format!("/v1/integrations/alertmanager/{KEY}"), body)
}

async fn lives(seed: u64) {
    let mut random = Random::seeded(seed);
    let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
    let faults = Faults::on(clock.clone());
    let store = Arc::new(MemoryStore::new(faults.clone()));
    let key = IntegrationKey {
        integration: "pager".parse().unwrap(),
        service: "shop".parse().unwrap(),
        team: "web".parse().unwrap(),
        kind: IntegrationKind::Pagerduty,
        limits: tocsin_domain::flood::Limits::default(),
        mapping: Vec::new(),
    };
    store.put_integration_key(&SecretHash::of(KEY), &key).await.unwrap();
    let ids = Arc::new(SeededIds::seeded(seed));
    // Two processes over one table.
    let process = || {
        Ingest::new(
            AcceptEvent { alerts: store.clone(), count: tocsin_app::count_new::CountNew::new(store.clone()), clock: clock.clone(), ids: ids.clone() },
            store.clone(),
            store.clone(),
            store.clone(),
        )
    };
    let processes = [process(), process()];
    let incident = ProcessAlerts {
        alerts: store.clone(),
        incidents: store.clone(),
        configuration: Arc::new(ConfigurationCache::new(store.clone())),
        maintenance: store.clone(),
        count: CountThreshold { alerts: store.clone(), thresholds: store.clone(), clock: clock.clone() },
        clock: clock.clone(),
    };
    faults.interleave();
    faults.seeded(seed, Rates { fail_before: 60, fail_after: 120, conflict: 60, crash_before: 0, crash_after: 0, slow: 0 });
    let mut deliveries: Vec<(String, Value)> = (0..40).map(|_| delivery(&mut random)).collect();
    let (mut refused, mut rounds) = (0, 0);
    while !deliveries.is_empty() {
        rounds += 1;
        assert!(rounds < 1000, "seed {seed}: a sender is told 5xx for ever");
        // Two at once, in any order; whoever is told 5xx comes again.
        let mut next = || (!deliveries.is_empty()).then(|| deliveries.swap_remove(random.below(deliveries.len())));
        let (a, b) = (next(), next());
        let send = async |ingest: &Ingest, delivery: &Option<(String, Value)>| match delivery {
            Some((path, body)) => ingest.handle("POST", path, body.to_string().as_bytes()).await.status,
            None => 200,
        };
        let (one, two) = futures::join!(send(&processes[0], &a), send(&processes[1], &b));
        for (status, delivery) in [(one, a), (two, b)] {
            assert!(!(300..500).contains(&status), "seed {seed}: {status} for what may be sent again");
            if status >= 500 {
                refused += 1;
                deliveries.extend(delivery);
            }
        }
        // The stream brings some alerts meanwhile, again and again.
        let known: Vec<AlertId> = store.look(|s| s.alerts.keys().copied().filter(|id| id.ulid().0 % 2 == u128::from(rounds % 2_u64)).collect());
        let _failed = incident.run(&known).await;
    }
    assert!(refused > 0, "seed {seed}: nothing went wrong");
    faults.heal();
    let known: Vec<AlertId> = store.look(|s| s.alerts.keys().copied().collect());
    assert!(incident.run(&known).await.unwrap().is_empty());
    store.look(|s| {
        let mut alerts: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for alert in s.alerts.values() {
            alerts.entry(alert.key.dedup_key.as_str()).or_default().push(alert.incident);
        }
        for (key, incidents) in &alerts {
            assert!(matches!(incidents[..], [Some(_)]), "seed {seed}: {key} has {incidents:?}");
        }
        assert_eq!(s.incidents.len(), alerts.len(), "seed {seed}");
        assert!(s.incidents.values().all(|i| i.alerts_total == 1), "seed {seed}");
    });
}

#[tokio::test]
async fn whatever_is_repeated_reordered_and_refused_is_one_alert_and_one_incident() {
    for seed in 0..100 {
        lives(seed).await;
    }
}
