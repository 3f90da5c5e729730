//! The bus.

use super::canned::{Canned, client};
use tocsin_app::error::PortError;
use tocsin_app::ports::EventBus;
use tocsin_aws::eventbridge::EventBridgeBus;
use tocsin_contract::bus::{Detail, SOURCE, VERSION};
use tocsin_domain::incident::timeline::{Actor, What};

fn event(seq: u32, length: usize) -> Detail {
    Detail {
        v: VERSION,
        id: format!("inc/{seq}"),
        incident: "inc_01KAB8S9M0000000000000000A".parse().unwrap(),
        number: 1,
        team: "web".parse().unwrap(),
        service: "shop".parse().unwrap(),
        seq,
        at: "2026-01-05T09:00:00Z".parse().unwrap(),
        actor: Actor::System,
        what: What::Noted { text: "x".repeat(length) },
        stakeholder_text: None,
    }
}

fn bus(canned: &Canned) -> EventBridgeBus {
    EventBridgeBus::new(client!(aws_sdk_eventbridge, canned), "tocsin")
}

fn arrived(count: usize) -> String {
    let entries: Vec<_> = (0..count).map(|n| serde_json::json!({"EventId": n.to_string()})).collect();
    serde_json::json!({"FailedEntryCount": 0, "Entries": entries}).to_string()
}

fn entries(body: &str) -> Vec<serde_json::Value> {
    serde_json::from_str::<serde_json::Value>(body).unwrap()["Entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_event_says_for_itself_whether_it_arrived() {
    let mixed = r#"{"FailedEntryCount":2,"Entries":[{"EventId":"1"},{"ErrorCode":"ThrottlingException","ErrorMessage":"slow"},{"ErrorCode":"MalformedDetail","ErrorMessage":"bad"}]}"#;
    let canned = Canned::answering([(200, mixed)]);
    let results = bus(&canned).publish(&[event(1, 1), event(2, 1), event(3, 1)]).await.unwrap();
    assert_eq!(results[0], Ok(()));
    assert!(matches!(results[1], Err(PortError::Transient { .. })));
    assert!(matches!(results[2], Err(PortError::Final { .. })));
    let sent = entries(&canned.asked()[0]);
    assert_eq!((&sent[0]["Source"], &sent[0]["DetailType"], &sent[0]["EventBusName"]), (&SOURCE.into(), &"incident.noted".into(), &"tocsin".into()));
    assert_eq!(serde_json::from_str::<Detail>(sent[0]["Detail"].as_str().unwrap()).unwrap(), event(1, 1));
}

#[tokio::test]
async fn ten_events_or_256_kb_are_one_call() {
    let (ten, five) = (arrived(10), arrived(5));
    let canned = Canned::answering([(200, &ten), (200, &ten), (200, &five)]);
    let events: Vec<_> = (1..=25).map(|n| event(n, 10)).collect();
    assert!(bus(&canned).publish(&events).await.unwrap().iter().all(Result::is_ok));
    assert_eq!(canned.asked().iter().map(|b| entries(b).len()).collect::<Vec<_>>(), [10, 10, 5]);

    let (two, one) = (arrived(2), arrived(1));
    let canned = Canned::answering([(200, &two), (200, &one)]);
    let events = [event(1, 100_000), event(2, 300_000), event(3, 100_000), event(4, 100_000)];
    let results = bus(&canned).publish(&events).await.unwrap();
    assert!(matches!(&results[1], Err(PortError::Final { .. })), "no call could take it");
    assert!(results[0].is_ok() && results[2].is_ok() && results[3].is_ok());
    assert_eq!(canned.asked().iter().map(|b| entries(b).len()).collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test]
async fn a_call_that_fails_fails_its_own_events_only() {
    let ten = arrived(10);
    let canned = Canned::answering([(200, &ten), (500, "")]);
    let events: Vec<_> = (1..=12).map(|n| event(n, 10)).collect();
    let results = bus(&canned).publish(&events).await.unwrap();
    assert!(results[..10].iter().all(Result::is_ok));
    assert!(results[10..].iter().all(|r| matches!(r, Err(PortError::Transient { .. }))));
    assert_eq!(bus(&canned).publish(&[]).await.unwrap(), []);
}
