//! A storm: which partitions it loads, and whether another key meets it there. DynamoDB takes 1,000 write units a second in one partition (of the table, and of an index),
//! and throttles whoever writes into a full one.

use super::Deployment;
use crate::meter::Call;
use std::collections::BTreeMap;

/// Write units that one partition takes a second.
const A_SECOND: f64 = 1000.0;
/// Alerts of the storm that is written, and of the one that is meant: 10,000 in a minute.
const WRITTEN: usize = 1000;
const MEANT_A_SECOND: f64 = 10_000.0 / 60.0;

fn add(to: &mut BTreeMap<String, u64>, calls: &[Call]) {
    for (partition, units) in calls.iter().flat_map(|c| &c.partitions) {
        *to.entry(partition.clone()).or_default() += units;
    }
}

/// Units a second in a partition, by those of the storm that was written.
fn load(units: u64) -> f64 {
    units as f64 / WRITTEN as f64 * MEANT_A_SECOND
}

#[tokio::test]
async fn a_storm_fills_no_partition_and_another_key_does_not_wait_for_it() {
    let deployment = Deployment::new().await;
    deployment.warm_key("storm").await;
    deployment.warm_key("shop").await;
    let (mut storm, mut ingest) = (BTreeMap::new(), BTreeMap::new());
    for batch in 0..WRITTEN / 100 {
        let mut calls = Vec::new();
        for n in 0..100 {
            deployment.event("storm", "trigger", &format!("storm-{batch}-{n}")).await;
            calls.extend(deployment.meter.take());
        }
        add(&mut ingest, &calls);
        add(&mut storm, &calls);
        deployment.alerts(&calls).await;
        let calls = deployment.meter.take();
        add(&mut storm, &calls);
        deployment.incidents(&calls).await;
        add(&mut storm, &deployment.meter.take());
    }
    let incident = deployment.open_incident().await;
    assert_eq!(incident.alerts_total as usize, WRITTEN, "all of them are on one incident");
    let (hottest, units) = storm.iter().max_by_key(|(_, units)| **units).unwrap();
    println!("the fullest partition of a storm of 10,000 alerts in a minute is {hottest}: {:.0} of {A_SECOND} write units a second", load(*units));
    assert!(load(*units) < A_SECOND / 3.0, "{hottest} takes {:.0} units a second", load(*units));

    // Somebody else's alert, of the same team, meanwhile.
    deployment.event("shop", "trigger", "quiet").await;
    let mut quiet = BTreeMap::new();
    add(&mut quiet, &deployment.meter.take());
    let shared: BTreeMap<&String, f64> = quiet.keys().filter_map(|p| Some((p, load(*storm.get(p)?)))).collect();
    println!("they meet at {shared:.0?}");
    assert!(shared.keys().all(|p| p.contains(' ')), "two keys meet at parts of indexes only: {shared:?}");
    // A write waits while its partition is full: how many times as long, then, as without the storm? None of them is full, so it does not wait at all.
    let fullest = shared.values().copied().fold(0.0, f64::max);
    assert!(fullest < A_SECOND / 3.0, "{shared:?}");
    println!("a storm would have to be {:.0} times as large before another key waited for it", A_SECOND / fullest);
}
