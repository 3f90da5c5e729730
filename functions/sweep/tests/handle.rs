//! What wakes the sweep, and what it answers.

#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::advance_incident::AdvanceIncident;
use tocsin_app::announce_handoffs::AnnounceHandoffs;
use tocsin_app::audit_ledger::AuditLedger;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::count_threshold::CountThreshold;
use tocsin_app::deliver_pages::DeliverPages;
use tocsin_app::fakes::{Fault, Faults, ManualClock, MemoryClocks, MemoryMessenger, MemoryMetrics, MemoryStore, SeededIds};
use tocsin_app::keep_clock::KeepClock;
use tocsin_app::keep_heartbeats::KeepHeartbeats;
use tocsin_app::ports::AlertStore;
use tocsin_app::process_alerts::ProcessAlerts;
use tocsin_app::rosters::Rosters;
use tocsin_app::sweep::Sweep;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::alert::{Alert, AlertKey, Severity};
use tocsin_domain::id::AlertId;
use tocsin_domain::notification::lane::Cap;
use tocsin_sweep::{Wake, handle};

struct World {
    faults: Arc<Faults>,
    store: Arc<MemoryStore>,
    metrics: Arc<MemoryMetrics>,
    sweep: Sweep,
}

/// A world with one alert that came a second ago and that nobody has looked at.
async fn world() -> World {
    let now = "2026-01-05T09:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(now));
    let faults = Faults::on(clock.clone());
    let (store, metrics) = (Arc::new(MemoryStore::new(faults.clone())), Arc::new(MemoryMetrics::default()));
    let clocks = Arc::new(MemoryClocks::new(clock.clone(), faults.clone()));
    let (configuration, ids) = (Arc::new(ConfigurationCache::new(store.clone())), Arc::new(SeededIds::seeded(1)));
    let messenger = Arc::new(MemoryMessenger::new(clock.clone(), faults.clone()));
    let deliver = DeliverPages {
        incidents: store.clone(),
        lanes: store.clone(),
        configuration: configuration.clone(),
        messenger: messenger.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
        cap: Cap::default(),
        public_url: "https://tocsin.example".to_owned(),
    };
    let process = ProcessAlerts {
        alerts: store.clone(),
        incidents: store.clone(),
        configuration: configuration.clone(),
        maintenance: store.clone(),
        count: CountThreshold { alerts: store.clone(), thresholds: store.clone(), clock: clock.clone() },
        clock: clock.clone(),
    };
    let keep = KeepClock { incidents: store.clone(), alerts: store.clone(), clocks, clock: clock.clone(), ids: ids.clone() };
    let rosters = Rosters { configuration: configuration.clone(), store: store.clone() };
    let handoffs =
        AnnounceHandoffs { rosters: rosters.clone(), notices: store.clone(), messenger: messenger.clone(), clock: clock.clone(), settled: Arc::default() };
    let advance = AdvanceIncident {
        incidents: store.clone(),
        configuration: configuration.clone(),
        verifications: store.clone(),
        emails: None,
        rosters,
        deliver,
        clock: clock.clone(),
    };
    let accept = AcceptEvent { alerts: store.clone(), count: tocsin_app::count_new::CountNew::new(store.clone()), clock: clock.clone(), ids: ids.clone() };
    let heartbeats = KeepHeartbeats { beats: store.clone(), accept, configuration: configuration.clone() };
    let audit = AuditLedger { alerts: store.clone(), incidents: store.clone(), configuration: configuration.clone(), clock: clock.clone() };
    let sweep = Sweep { due: store.clone(), handoffs, process, advance, keep, heartbeats, audit, metrics: metrics.clone() };
    let event = Event { summary: "disk is full".to_owned(), source: "host".to_owned(), ..Event::bare(Action::Trigger, "disk".to_owned(), Severity::Error) };
    let alert = Alert::new(
        AlertId::new(ulid::Ulid::from_parts(1, 0)),
        AlertKey { integration: "pager".parse().unwrap(), dedup_key: "disk".to_owned() },
        "shop".parse().unwrap(),
        "web".parse().unwrap(),
        event,
        now,
    );
    store.open_alert(&alert).await.unwrap();
    clock.advance(SignedDuration::from_secs(1));
    World { faults, store, metrics, sweep }
}

impl World {
    /// Invokes it as Lambda does: JSON in, JSON out.
    async fn wake(&self, payload: Value) -> Value {
        let wake: Wake = serde_json::from_value(payload).unwrap();
        serde_json::to_value(handle(&self.sweep, &wake).await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn the_schedule_leaves_alone_what_the_stream_has_had_no_time_for() {
    let w = world().await;
    let scheduled = json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    assert_eq!(w.wake(scheduled).await, json!({"alerts": 0, "incidents": 0, "failed": []}));
    assert!(w.metrics.numbers().contains(&("SweepHeartbeat", 1.0)));
}

#[tokio::test]
async fn a_redrive_takes_it_at_once_and_finds_nothing_twice() {
    let w = world().await;
    assert_eq!(w.wake(json!({"redrive": true})).await, json!({"alerts": 1, "incidents": 0, "failed": []}));
    assert_eq!(w.store.state().incidents.len(), 1);
    assert_eq!(w.wake(json!({"redrive": true})).await["alerts"], 0);
    assert_eq!(w.store.state().incidents.len(), 1);
}

#[tokio::test]
async fn what_fails_again_is_told_with_its_reason() {
    let w = world().await;
    w.faults.next("AlertStore::alerts", Fault::FailBefore);
    let answer = w.wake(json!({"redrive": true})).await;
    assert_eq!((answer["alerts"].clone(), answer["failed"].as_array().unwrap().len()), (json!(1), 1), "{answer}");
    assert!(answer["failed"][0]["id"].is_string() && !answer["failed"][0]["reason"].as_str().unwrap().is_empty(), "{answer}");
}

#[tokio::test]
async fn an_execution_that_ended_badly_is_looked_at_by_name() {
    let w = world().await;
    let ended = json!({"detail-type": "Step Functions Execution Status Change", "detail": {"name": "inc_00000000010000000000000000-g1-a1"}});
    assert_eq!(w.wake(ended).await, json!({"alerts": 0, "incidents": 1, "failed": []}));
    let nonsense = json!({"detail-type": "Step Functions Execution Status Change", "detail": {"name": "something else"}});
    assert_eq!(w.wake(nonsense).await["incidents"], 0, "then it sweeps");
}
