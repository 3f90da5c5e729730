//! Commits, lists, timelines, groups, numbers, and what is due.

use super::samples::*;
use tocsin_app::error::WriteError;
use tocsin_app::ports::{AlertStore, DueStore, Group, IncidentStore, LaneStore, Overdue, Which};
use tocsin_aws::testing::empty_store;
use tocsin_domain::alert::Severity;
use tocsin_domain::incident::timeline::{Actor, What};

#[tokio::test]
async fn a_commit_is_all_or_nothing_under_its_revision() {
    let store = empty_store().await;
    let first = opening(incident(7));
    store.commit(&first).await.unwrap();
    assert_eq!(store.incident(first.incident.id).await.unwrap().as_ref(), Some(&first.incident));
    assert_eq!(store.incident_numbered(7).await.unwrap(), Some(first.incident.id));
    assert_eq!(store.incident_numbered(8).await.unwrap(), None);
    assert_eq!(store.commit(&first).await, Err(WriteError::Conflict), "there is one of this id");

    let ours = change(&first.incident, |i| i.status = acknowledged());
    let mut theirs = change(&first.incident, |i| i.title = "other".to_owned());
    theirs.entries = theirs.incident.record(at(5), &Actor::System, vec![What::Resolved {}]);
    theirs.queue = vec![page(&first.incident, 0, 0)];
    store.commit(&ours).await.unwrap();
    assert_eq!(store.commit(&theirs).await, Err(WriteError::Conflict));
    assert_eq!(store.incident(first.incident.id).await.unwrap(), Some(ours.incident));
    assert_eq!(store.timeline(first.incident.id, 0, 10).await.unwrap(), first.entries);
    assert!(store.due_pages(&contact(), at(99), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_of_one_number_are_refused() {
    let store = empty_store().await;
    store.commit(&opening(incident(1))).await.unwrap();
    let mut second = opening(incident(2));
    second.incident.number = 1;
    assert_eq!(store.commit(&second).await, Err(WriteError::Conflict));
    assert_eq!((store.next_number().await.unwrap(), store.next_number().await.unwrap()), (1, 2));
}

#[tokio::test]
async fn a_large_commit_fits_and_a_larger_one_is_final() {
    let store = empty_store().await;
    let numbers: Vec<u32> = (1..=80).collect();
    let incident = open_with_alerts(&store, 1, &numbers).await;
    let mut ids: Vec<tocsin_domain::id::AlertId> = Vec::new();
    let mut after = None;
    loop {
        let some = store.alerts_of(incident.id, after, 33).await.unwrap();
        after = some.last().copied();
        ids.extend(&some);
        if some.len() < 33 {
            break;
        }
    }
    assert_eq!(ids, numbers.iter().map(|n| alert_id(*n)).collect::<Vec<_>>());

    let mut large = change(&incident, |_| {});
    large.queue = (0..100).map(|rule| page(&incident, rule, 0)).collect();
    assert!(matches!(store.commit(&large).await, Err(WriteError::Port(tocsin_app::error::PortError::Final { .. }))));
}

#[tokio::test]
async fn alerts_of_several_writes_are_listed_in_pages() {
    let store = empty_store().await;
    let incident = open_with_alerts(&store, 1, &[1, 2]).await;
    let mut more = change(&incident, |_| {});
    for n in [3, 4, 5] {
        store.open_alert(&alert(n, &n.to_string(), Severity::Error)).await.unwrap();
        more.alerts.push(handled(alert_id(n), 1, incident.id, true));
    }
    store.commit(&more).await.unwrap();
    // Handling it again, with its link, is refused; without is what a later change of the alert does.
    store.request_acknowledgement(alert_id(3), at(5)).await.unwrap();
    let mut again = change(&more.incident, |_| {});
    again.alerts = vec![handled(alert_id(3), 2, incident.id, true)];
    assert_eq!(store.commit(&again).await, Err(WriteError::Conflict));
    again.alerts[0].attached = false;
    store.commit(&again).await.unwrap();

    let page = async |after: Option<u32>, limit| store.alerts_of(incident.id, after.map(alert_id), limit).await.unwrap();
    let ids = |ns: &[u32]| ns.iter().map(|n| alert_id(*n)).collect::<Vec<_>>();
    assert_eq!(page(None, 10).await, ids(&[1, 2, 3, 4, 5]));
    assert_eq!(page(None, 3).await, ids(&[1, 2, 3]));
    assert_eq!(page(Some(3), 1).await, ids(&[4]));
    assert_eq!(page(Some(2), 9).await, ids(&[3, 4, 5]));
    assert_eq!(page(Some(5), 9).await, ids(&[]));
}

#[tokio::test]
async fn lists_of_a_team_are_ordered_and_paged() {
    let store = empty_store().await;
    for n in 1..=6 {
        store.commit(&opening(incident(n))).await.unwrap();
    }
    let mut other = opening(incident(20));
    other.incident.team = "db".parse().unwrap();
    store.commit(&other).await.unwrap();
    for (n, seconds) in [(5, 10), (2, 10), (3, 11), (6, 12)] {
        store.commit(&change(&incident(n), |i| i.status = resolved(seconds))).await.unwrap();
    }
    let list = async |which, after: Option<u32>, limit| {
        let found = store.incidents_of(&team(), which, after.map(incident_id), limit).await.unwrap();
        found.iter().map(|i| i.number).collect::<Vec<_>>()
    };
    assert_eq!(list(Which::Open, None, 9).await, [1, 4]);
    assert_eq!(list(Which::Open, Some(1), 9).await, [4]);
    assert_eq!(list(Which::Open, Some(2), 9).await, [4], "one that was resolved meanwhile");
    assert_eq!(list(Which::Open, Some(4), 9).await, [0; 0]);
    assert_eq!(list(Which::Resolved, None, 9).await, [6, 3, 5, 2]);
    assert_eq!(list(Which::Resolved, None, 2).await, [6, 3]);
    assert_eq!(list(Which::Resolved, Some(3), 1).await, [5]);
    assert_eq!(list(Which::Resolved, Some(5), 9).await, [2]);
    assert_eq!(list(Which::Resolved, Some(2), 9).await, [0; 0]);
}

#[tokio::test]
async fn a_long_list_goes_over_several_rounds() {
    let store = empty_store().await;
    for n in 1..=120 {
        store.commit(&opening(incident(n))).await.unwrap();
    }
    let all = store.incidents_of(&team(), Which::Open, None, 500).await.unwrap();
    assert_eq!(all.iter().map(|i| i.number).collect::<Vec<_>>(), (1..=120).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_large_incident_and_a_long_timeline_come_back() {
    let store = empty_store().await;
    let mut first = incident(1);
    let pages: Vec<_> = (0..3000).map(|rule| page(&first, rule, 5)).collect();
    first.overflow = pages;
    let mut commit = opening(first);
    let whats = (0..60).map(|n| What::Noted { text: format!("{n} {}", "x".repeat(40 * n)) }).collect();
    commit.entries.extend(commit.incident.record(at(1), &Actor::System, whats));
    store.commit(&commit).await.unwrap();
    assert_eq!(store.incident(commit.incident.id).await.unwrap().as_ref(), Some(&commit.incident));
    assert_eq!(store.timeline(commit.incident.id, 0, 1000).await.unwrap(), commit.entries);
    assert_eq!(store.timeline(commit.incident.id, 9, 3).await.unwrap(), commit.entries[9..12]);
    assert!(store.timeline(commit.incident.id, u32::MAX, 3).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_group_opens_once_for_each_revision() {
    let store = empty_store().await;
    let service = tocsin_app::ports::GroupKey { service: "shop".parse().unwrap(), values: Some("hash".to_owned()) };
    let group = |n, revision| Group { incident: incident_id(n), until: at(300), revision };
    assert_eq!(store.group(&service).await.unwrap(), None);
    let mut first = opening(incident(1));
    first.group = Some((service.clone(), group(1, 1)));
    store.commit(&first).await.unwrap();
    let mut rival = opening(incident(2));
    rival.group = Some((service.clone(), group(2, 1)));
    assert_eq!(store.commit(&rival).await, Err(WriteError::Conflict));
    assert_eq!(store.incident(rival.incident.id).await.unwrap(), None);
    rival.group = Some((service.clone(), group(2, 2)));
    store.commit(&rival).await.unwrap();
    assert_eq!(store.group(&service).await.unwrap(), Some(group(2, 2)));
}

#[tokio::test]
async fn incidents_are_due_by_their_deadline_and_while_they_close() {
    let store = empty_store().await;
    let first = opening(incident(1));
    store.commit(&first).await.unwrap();
    let id = first.incident.id;
    assert!(store.due_before(at(0), 10).await.unwrap().is_empty(), "due at that instant, not before it");
    assert_eq!(store.due_before(at(1), 10).await.unwrap(), [Overdue::Incident(id, at(0))]);
    let answered = change(&first.incident, |i| i.status = acknowledged());
    store.commit(&answered).await.unwrap();
    assert!(store.due_before(at(9999), 10).await.unwrap().is_empty());
    let closing = change(&answered.incident, |i| {
        i.status = resolved(20);
        i.closing = true;
    });
    store.commit(&closing).await.unwrap();
    assert_eq!(store.due_before(at(21), 10).await.unwrap(), [Overdue::Incident(id, at(20))]);
    store.commit(&change(&closing.incident, |i| i.closing = false)).await.unwrap();
    assert!(store.due_before(at(9999), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_due_comes_oldest_first_from_all_shards() {
    let store = empty_store().await;
    for n in 1..=20 {
        let mut commit = opening(incident(n));
        commit.incident.progress.next = tocsin_domain::escalation::progress::Next::Level { at: at(i64::from(100 - n)) };
        store.commit(&commit).await.unwrap();
    }
    let due = store.due_before(at(1000), 3).await.unwrap();
    assert_eq!(due, [20, 19, 18].map(|n| Overdue::Incident(incident_id(n), at(100 - i64::from(n)))));
    assert_eq!(store.due_before(at(1000), 100).await.unwrap().len(), 20);
}
