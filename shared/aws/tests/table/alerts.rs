//! Guards, alerts, large alerts, and the races around closing.

use super::samples::*;
use tocsin_app::error::WriteError;
use tocsin_app::ports::{AlertStore, DueStore, IncidentStore, Overdue, Repeated, succession};
use tocsin_aws::testing::{Embedded, empty_store, store_on};
use tocsin_domain::alert::{AlertState, Severity};

#[tokio::test]
async fn a_repetition_is_one_call_and_news_are_told_apart() {
    let embedded = Embedded::new();
    let store = store_on(&embedded).await;
    let k = key("disk");
    assert!(matches!(store.count_repetition(&k, Severity::Error, at(0)).await.unwrap(), Repeated::NotThat(_)));
    store.open_alert(&alert(1, "disk", Severity::Error)).await.unwrap();

    let before = embedded.called().len();
    assert_eq!(store.count_repetition(&k, Severity::Error, at(5)).await.unwrap(), Repeated::Counted(alert_id(1)));
    assert_eq!(embedded.called()[before..], ["UpdateItem"]);
    assert_eq!(store.count_repetition(&k, Severity::Info, at(6)).await.unwrap(), Repeated::Counted(alert_id(1)));
    assert!(matches!(store.count_repetition(&k, Severity::Critical, at(7)).await.unwrap(), Repeated::NotThat(_)));
    let guard = store.guard(&k).await.unwrap().unwrap();
    assert_eq!((guard.alert, guard.open, guard.count, guard.last_at, guard.severity), (alert_id(1), true, 3, at(6), Severity::Error));
}

#[tokio::test]
async fn a_repetition_that_was_overtaken_does_not_turn_the_clock_back() {
    let store = empty_store().await;
    store.open_alert(&alert(1, "disk", Severity::Error)).await.unwrap();
    for seconds in [20, 10] {
        assert_eq!(store.count_repetition(&key("disk"), Severity::Error, at(seconds)).await.unwrap(), Repeated::Counted(alert_id(1)));
    }
    store.raise_alert(&key("disk"), alert_id(1), Severity::Critical, at(15)).await.unwrap();
    let guard = store.guard(&key("disk")).await.unwrap().unwrap();
    assert_eq!((guard.count, guard.last_at, guard.severity), (4, at(20), Severity::Critical));
}

#[tokio::test]
async fn of_many_first_events_one_opens_the_alert() {
    let store = empty_store().await;
    let mut opened = 0;
    let tries = (1..=8).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.open_alert(&alert(n, "disk", Severity::Error)).await })
    });
    for try_ in tries.collect::<Vec<_>>() {
        match try_.await.unwrap() {
            Ok(()) => opened += 1,
            Err(e) => assert_eq!(e, WriteError::Conflict),
        }
    }
    assert_eq!(opened, 1);
    let guard = store.guard(&key("disk")).await.unwrap().unwrap();
    let ids: Vec<_> = (1..=8).map(alert_id).collect();
    let alerts = store.alerts(&ids).await.unwrap();
    assert_eq!(alerts.iter().map(|a| a.id).collect::<Vec<_>>(), [guard.alert], "the others left nothing behind");
}

#[tokio::test]
async fn an_alert_reads_back_as_it_was_written_through_its_whole_life() {
    let store = empty_store().await;
    let mut expected = alert(1, "disk \u{1F525} #:x", Severity::Error);
    store.open_alert(&expected).await.unwrap();
    assert_eq!(stored(&store, 1).await, expected);

    store.request_acknowledgement(expected.id, at(1)).await.unwrap();
    expected.acknowledge_requested_at = Some(at(1));
    expected.seq = 2;
    assert_eq!(stored(&store, 1).await, expected);

    store.raise_alert(&expected.key, expected.id, Severity::Critical, at(2)).await.unwrap();
    expected.severity = Severity::Critical;
    expected.seq = 3;
    assert_eq!(stored(&store, 1).await, expected);

    let mut commit = opening(incident(1));
    commit.alerts = vec![handled(expected.id, 3, commit.incident.id, true)];
    store.commit(&commit).await.unwrap();
    expected.incident = Some(commit.incident.id);
    expected.handled_seq = 3;
    assert_eq!(stored(&store, 1).await, expected);

    store.resolve_alert(&expected.key, expected.id, at(3)).await.unwrap();
    expected.state = AlertState::Resolved;
    expected.resolved_at = Some(at(3));
    expected.seq = 4;
    expected.resolved_seq = Some(4);
    assert_eq!(stored(&store, 1).await, expected);
    assert!(!store.guard(&expected.key).await.unwrap().unwrap().open);

    for refused in [
        store.resolve_alert(&expected.key, expected.id, at(4)).await,
        store.request_acknowledgement(expected.id, at(4)).await,
        store.raise_alert(&expected.key, expected.id, Severity::Critical, at(4)).await,
    ] {
        assert_eq!(refused, Err(WriteError::Conflict));
    }
    assert_eq!(stored(&store, 1).await, expected);
    store.open_alert(&alert(2, &expected.key.dedup_key, Severity::Info)).await.unwrap();
    let guard = store.guard(&expected.key).await.unwrap().unwrap();
    assert_eq!((guard.alert, guard.open, guard.count), (alert_id(2), true, 1));
}

#[tokio::test]
async fn raising_to_something_milder_only_counts() {
    let store = empty_store().await;
    store.open_alert(&alert(1, "disk", Severity::Critical)).await.unwrap();
    store.raise_alert(&key("disk"), alert_id(1), Severity::Warning, at(5)).await.unwrap();
    let guard = store.guard(&key("disk")).await.unwrap().unwrap();
    assert_eq!((guard.severity, guard.count, guard.last_at), (Severity::Critical, 2, at(5)));
    assert_eq!((stored(&store, 1).await.severity, stored(&store, 1).await.seq), (Severity::Critical, 2));
}

#[tokio::test]
async fn a_large_alert_is_kept_whole() {
    let store = empty_store().await;
    // Text that hardly gets smaller: 512 KB of it do not fit into one item.
    let mut state = 1u64;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b' ' + 1 + ((state >> 33) % 93) as u8)
    })
    .filter(|c| *c != '"' && *c != '\\')
    .take(512 * 1024)
    .collect();
    let mut large = alert(1, "disk", Severity::Error);
    large.event.details = serde_json::json!({ "dump": noise });
    store.open_alert(&large).await.unwrap();
    assert_eq!(stored(&store, 1).await, large);

    store.resolve_alert(&large.key, large.id, at(3)).await.unwrap();
    assert_eq!(stored(&store, 1).await.event, large.event);

    let mut middling = alert(2, "cpu", Severity::Error);
    middling.event.details = serde_json::json!({ "dump": "x".repeat(8_000) });
    store.open_alert(&middling).await.unwrap();
    let both = store.alerts(&[alert_id(2), alert_id(9), alert_id(1), alert_id(2)]).await.unwrap();
    assert_eq!(both.iter().map(|a| a.id).collect::<Vec<_>>(), [alert_id(2), alert_id(1), alert_id(2)]);
    assert_eq!(both[0], middling);
}

#[tokio::test]
async fn more_alerts_than_one_batch_takes() {
    let store = empty_store().await;
    let ids: Vec<_> = (1..=130).map(alert_id).collect();
    for n in 1..=130 {
        store.open_alert(&alert(n, &n.to_string(), Severity::Error)).await.unwrap();
    }
    assert_eq!(store.alerts(&ids).await.unwrap().iter().map(|a| a.id).collect::<Vec<_>>(), ids);
    assert!(store.alerts(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn closing_waits_for_events_at_or_after_the_resolve() {
    let store = empty_store().await;
    let quiet = alert(1, "quiet", Severity::Error);
    let noisy = alert(2, "noisy", Severity::Error);
    for a in [&quiet, &noisy] {
        store.open_alert(a).await.unwrap();
    }
    store.count_repetition(&quiet.key, Severity::Error, at(9)).await.unwrap();
    store.count_repetition(&noisy.key, Severity::Error, at(10)).await.unwrap();

    store.close_alert(&quiet, at(10)).await.unwrap();
    store.close_alert(&quiet, at(10)).await.unwrap();
    let closed = stored(&store, 1).await;
    assert_eq!((closed.state, closed.resolved_at, closed.seq), (AlertState::Resolved, Some(at(10)), 1));
    assert!(!store.guard(&quiet.key).await.unwrap().unwrap().open);

    assert_eq!(store.close_alert(&noisy, at(10)).await, Err(WriteError::Conflict));
    let new = succession(&noisy, alert_id(3), at(11), 1);
    store.succeed_alert(&noisy, &new).await.unwrap();
    assert_eq!(store.succeed_alert(&noisy, &succession(&noisy, alert_id(4), at(12), 1)).await, Err(WriteError::Conflict));
    assert_eq!(stored(&store, 3).await, new);
    assert_eq!(stored(&store, 2).await.state, AlertState::Resolved);
    let guard = store.guard(&noisy.key).await.unwrap().unwrap();
    assert_eq!((guard.alert, guard.open, guard.count, guard.last_at), (alert_id(3), true, 1, at(11)));
    assert!(store.alerts(&[alert_id(4)]).await.unwrap().is_empty());

    // The old one is closed already, and the new one is none of its business.
    store.close_alert(&noisy, at(20)).await.unwrap();
    assert!(store.guard(&noisy.key).await.unwrap().unwrap().open);
    assert_eq!(store.close_alert(&alert(9, "none", Severity::Error), at(10)).await, Err(WriteError::Conflict));
}

#[tokio::test]
async fn an_event_and_the_closing_meet_in_one_order_only() {
    for round in 0..20 {
        let store = empty_store().await;
        let a = alert(1, "disk", Severity::Error);
        store.open_alert(&a).await.unwrap();
        let (events, closing) = (store.clone(), store.clone());
        let (k, closed) = (a.key.clone(), a.clone());
        let counted = tokio::spawn(async move { events.count_repetition(&k, Severity::Error, at(11)).await.unwrap() });
        let close = tokio::spawn(async move { closing.close_alert(&closed, at(10)).await });
        match (counted.await.unwrap(), close.await.unwrap()) {
            (Repeated::Counted(_), Err(WriteError::Conflict)) | (Repeated::NotThat(_), Ok(())) => {}
            both => panic!("round {round}: {both:?}"),
        }
    }
}

#[tokio::test]
async fn alerts_with_work_are_due_until_they_are_handled() {
    let store = empty_store().await;
    store.open_alert(&alert(1, "disk", Severity::Error)).await.unwrap();
    assert!(store.due_before(at(60), 10).await.unwrap().is_empty());
    assert_eq!(store.due_before(at(61), 10).await.unwrap(), [Overdue::Alert(alert_id(1), at(0))]);
    store.request_acknowledgement(alert_id(1), at(30)).await.unwrap();
    assert_eq!(store.due_before(at(91), 10).await.unwrap(), [Overdue::Alert(alert_id(1), at(30))]);

    let mut stale = opening(incident(1));
    stale.incident.progress.next = tocsin_domain::escalation::progress::Next::Exhausted;
    stale.alerts = vec![handled(alert_id(1), 1, stale.incident.id, true)];
    assert_eq!(store.commit(&stale).await, Err(WriteError::Conflict));
    assert!(store.incident(stale.incident.id).await.unwrap().is_none());
    stale.alerts[0].seq = 2;
    store.commit(&stale).await.unwrap();
    assert!(store.due_before(at(9999), 10).await.unwrap().is_empty());
    assert_eq!(store.alerts_of(stale.incident.id, None, 10).await.unwrap(), [alert_id(1)]);
}
