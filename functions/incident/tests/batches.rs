//! What one batch of the stream may and may not hold up.

#![expect(clippy::unwrap_used, reason = "tests")]

use futures::FutureExt;
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::count_threshold::CountThreshold;
use tocsin_app::fakes::{Fault, Faults, ManualClock, MemoryClocks, MemoryStore, SeededIds};
use tocsin_app::keep_clock::KeepClock;
use tocsin_app::ports::IncidentStore;
use tocsin_app::process_alerts::ProcessAlerts;
use tocsin_domain::incident::Incident;
use tocsin_incident::IncidentFunction;
use tocsin_lambda::stream::BatchAnswer;
use tocsin_tests::samples::{at, incident, opening};

struct World {
    clock: Arc<ManualClock>,
    faults: Arc<Faults>,
    clocks: Arc<MemoryClocks>,
    function: IncidentFunction,
}

/// A world with these incidents, whose clocks nobody has started.
async fn world(incidents: &[Incident]) -> World {
    let clock = Arc::new(ManualClock::at(at(1)));
    let faults = Faults::on(clock.clone());
    let store = Arc::new(MemoryStore::new(faults.clone()));
    let clocks = Arc::new(MemoryClocks::new(clock.clone(), faults.clone()));
    let process = ProcessAlerts {
        alerts: store.clone(),
        incidents: store.clone(),
        configuration: Arc::new(ConfigurationCache::new(store.clone())),
        maintenance: store.clone(),
        count: CountThreshold { alerts: store.clone(), thresholds: store.clone(), clock: clock.clone() },
        clock: clock.clone(),
    };
    let ids = Arc::new(SeededIds::seeded(1));
    let keep = KeepClock { incidents: store.clone(), alerts: store.clone(), clocks: clocks.clone(), clock: clock.clone(), ids };
    for incident in incidents {
        store.commit(&opening(incident.clone())).await.unwrap();
    }
    World { clock, faults, clocks, function: IncidentFunction { process, keep } }
}

/// The records of these incidents, numbered from 1.
fn batch(incidents: &[Incident]) -> aws_lambda_events::event::dynamodb::Event {
    let record = |(n, incident): (usize, &Incident)| {
        json!({"eventID": n.to_string(), "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "dynamodb": {"ApproximateCreationDateTime": 1_767_603_600, "SizeBytes": 1, "SequenceNumber": (n + 1).to_string(),
            "Keys": {"pk": {"S": format!("incident#{}", incident.id)}}, "NewImage": {"transition": {"S": "incident"}}}})
    };
    serde_json::from_value(json!({"Records": incidents.iter().enumerate().map(record).collect::<Vec<_>>()})).unwrap()
}

#[tokio::test]
async fn an_incident_that_takes_long_holds_up_nobody_elses_clock() {
    let incidents = [incident(1, 0), incident(2, 0)];
    let world = world(&incidents).await;
    let records = batch(&incidents);
    world.faults.next("Clocks::start", Fault::Slow(20));
    let mut handled = Box::pin(world.function.handle(&records));
    assert!((&mut handled).now_or_never().is_none(), "the first one is slow");
    let started: Vec<_> = world.clocks.executions().into_values().map(|e| e.input.incident).collect();
    assert_eq!(started, [incidents[1].id]);
    world.clock.advance(SignedDuration::from_secs(20));
    assert_eq!(handled.await, BatchAnswer::default());
    assert_eq!(world.clocks.executions().len(), 2);
}

#[tokio::test]
async fn only_the_records_of_what_failed_are_named() {
    let incidents = [incident(1, 0), incident(2, 0), incident(3, 0)];
    let world = world(&incidents).await;
    world.faults.next("Clocks::start", Fault::FailBefore);
    assert_eq!(world.function.handle(&batch(&incidents)).await, BatchAnswer::failed(["1".to_owned()]));
    assert_eq!(world.clocks.executions().len(), 2);
    assert_eq!(world.function.handle(&batch(&incidents)).await, BatchAnswer::default());
    assert_eq!(world.clocks.executions().len(), 3);
}
