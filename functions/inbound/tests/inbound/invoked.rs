//! What AWS delivers by invoking the function.

use crate::support::{ALARM, World, folder, json_fixture};
use serde_json::{Value, json};
use tocsin_app::fakes::Fault;
use tocsin_inbound::Failure;

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:shop-alarms";

fn record(topic: &str, message: &str) -> Value {
    json!({"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": format!("{topic}:1"),
        "Sns": {"Type": "Notification", "MessageId": "m", "TopicArn": topic, "Subject": null, "Message": message, "Timestamp": "2026-12-01T08:59:59Z", "MessageAttributes": {}}})
}

fn ingests(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder("../../../ingest/tests/fixtures").join(name)).unwrap()).unwrap()
}

#[tokio::test]
async fn the_integration_that_names_the_source_takes_it() {
    let alarm = json_fixture("sns/alarm_v2.json")["Message"].as_str().unwrap().to_owned();
    let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:ServerCpuTooHigh";
    for (sources, event, key) in [
        (&[TOPIC][..], json!({"Records": [record(TOPIC, &alarm)]}), ALARM.to_owned()),
        (&["arn:aws:sns:*:shop-alarms"], json!({"Records": [record(TOPIC, &alarm)]}), ALARM.to_owned()),
        (&[TOPIC], json!({"Records": [record(TOPIC, "disk full")]}), "m".to_owned()),
        (&["aws.cloudwatch"], ingests("aws/cloudwatch_alarm.json"), arn.to_owned()),
        (&[arn], ingests("aws/cloudwatch_alarm.json"), arn.to_owned()),
        (&["aws.health"], ingests("aws/health.json"), "arn:aws:health:eu-west-1::event/EC2/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED/x".to_owned()),
        (&["aws.*"], ingests("aws/guardduty.json"), "guardduty/123456789012/16afba5c5c43e07c9e3e5e2e544e95df".to_owned()),
        (
            &["*"],
            json!({"version": "0", "id": "e", "detail-type": "Import", "source": "com.shop", "resources": ["db1"], "detail": {"status": "failed"}}),
            "com.shop/Import/db1".to_owned(),
        ),
    ] {
        let world = World::new(sources).await;
        world.inbound.invoked(event.clone()).await.unwrap_or_else(|e| panic!("{sources:?} {event}: {e}"));
        assert!(world.guard_of("sourced", &key).await.is_some_and(|guard| guard.open), "{sources:?} {event}");
        assert_eq!(world.guard(&key).await, None);
        // AWS delivers at least once.
        world.inbound.invoked(event).await.unwrap();
        assert_eq!(world.guard_of("sourced", &key).await.unwrap().count, 2);
    }
}

#[tokio::test]
async fn an_alarms_own_action_goes_by_its_arn() {
    let event = ingests("cloudwatch/lambda_action_metric.json");
    let arn = event["alarmArn"].as_str().unwrap().to_owned();
    for source in [arn.as_str(), "aws.cloudwatch", "arn:aws:cloudwatch:*"] {
        let world = World::new(&[source]).await;
        world.inbound.invoked(event.clone()).await.unwrap();
        // The documentation's example has a blank in its ARN, which no ARN has.
        assert!(world.guard_of("sourced", &arn.replace(' ', "")).await.is_some(), "{source}");
    }
}

/// Nothing is lost for want of a line of configuration: it fails, comes again, and waits in the failure queue.
#[tokio::test]
async fn what_nobody_takes_is_an_error_that_says_what_to_write() {
    let world = World::new(&["aws.health"]).await;
    let failure = world.inbound.invoked(json!({"Records": [record(TOPIC, "x")]})).await.unwrap_err();
    assert!(failure.to_string().contains(TOPIC) && failure.to_string().contains("sources"), "{failure}");
    world.configure(&["aws.health", TOPIC]).await;
    world.inbound.invoked(json!({"Records": [record(TOPIC, "x")]})).await.unwrap();
    assert!(world.guard_of("sourced", "m").await.is_some(), "a source that was just written down works at once");
}

#[tokio::test]
async fn what_is_none_of_them_is_an_error() {
    let world = World::new(&["*"]).await;
    for event in [
        json!(null),
        json!([]),
        json!({}),
        json!({"Records": []}),
        json!({"Records": [{"s3": {}}]}),
        json!({"detail-type": "x"}),
        json!({"Records": [{"Sns": {}}]}),
    ] {
        assert!(matches!(world.inbound.invoked(event.clone()).await, Err(Failure::Unknown)), "{event}");
    }
}

#[tokio::test]
async fn a_record_that_fails_keeps_none_of_the_others_back_and_a_second_delivery_mends_it() {
    let world = World::new(&[TOPIC]).await;
    let event = json!({"Records": [record("arn:aws:sns:us-east-1:123456789012:other", "a"), record(TOPIC, "b")]});
    assert!(matches!(world.inbound.invoked(event).await, Err(Failure::Nobody(_))));
    assert!(world.guard_of("sourced", "m").await.is_some());
}

/// Whatever call of the store fails, before or behind its effect: it comes again, and is one alert in the end.
#[tokio::test]
async fn a_store_that_fails_makes_it_come_again() {
    let event = json!({"Records": [record(TOPIC, "x")]});
    let mut failures = 0;
    for nth in 0..8 {
        for fault in [Fault::FailBefore, Fault::FailAfter, Fault::Conflict] {
            let world = World::new(&[TOPIC]).await;
            world.faults.at(world.faults.count() + nth, fault);
            let mut tries = 0;
            while world.inbound.invoked(event.clone()).await.is_err() {
                tries += 1;
                assert!(tries < 3, "{nth} {fault:?}");
            }
            failures += tries;
            world.faults.heal();
            assert!(world.guard_of("sourced", "m").await.unwrap().open, "{nth} {fault:?}");
        }
    }
    assert!(failures > 4, "{failures} deliveries failed: the faults met nothing");
}

/// A repetition costs one call of the store: neither keys nor configuration are read again within the minute.
#[tokio::test]
async fn a_repetition_is_one_call() {
    let world = World::new(&[TOPIC]).await;
    let event = json!({"Records": [record(TOPIC, "x")]});
    world.inbound.invoked(event.clone()).await.unwrap();
    let before = world.faults.count();
    world.inbound.invoked(event).await.unwrap();
    assert_eq!(world.faults.count() - before, 1);
}
