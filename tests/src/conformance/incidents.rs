//! What incident stores promise.

use super::Stores;
use crate::samples::{alert, at, handled, incident, next, opening, page, slug};
use tocsin_app::error::WriteError;
use tocsin_app::ports::{AlertHandled, AlertMoved, Group, GroupKey, SecretHash, Which};
use tocsin_domain::alert::Alert;
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::{Actor, What};

/// The group of the service `shop`.
fn shop() -> GroupKey {
    GroupKey { service: slug("shop"), values: None }
}

async fn opened(s: &Stores, n: u64) -> Alert {
    let a = alert(n, &format!("key {n}"), 0);
    s.alerts.open_alert(&a).await.unwrap();
    a
}

pub async fn what_is_written_is_read(s: Stores) {
    let a = opened(&s, 1).await;
    let mut i = incident(7, 0);
    i.attach(&[(a.id, a.severity)], at(0));
    let mut c = opening(i);
    let waiting = page(&c.incident, "ada-sms", 0, 0);
    c.incident.queue(vec![waiting.clone()]);
    c.alerts = vec![handled(&a, &c.incident)];
    c.queue = vec![waiting.clone()];
    c.announce = true;
    s.incidents.commit(&c).await.unwrap();
    let id = c.incident.id;
    assert_eq!(s.incidents.incident(id).await.unwrap(), Some(c.incident.clone()));
    assert_eq!(s.incidents.incident_numbered(7).await.unwrap(), Some(id));
    assert_eq!(s.incidents.timeline(id, 0, 10).await.unwrap(), c.entries);
    assert_eq!(s.alerts.alerts_of(id, None, 10).await.unwrap(), vec![a.id]);
    let stored = s.alerts.alerts(&[a.id]).await.unwrap().pop().unwrap();
    assert_eq!((stored.incident, stored.seq, stored.handled_seq), (Some(id), 1, 1));
    let lane = s.lanes.due_pages(&waiting.contact, at(0), 10).await.unwrap();
    assert_eq!(lane.iter().map(|q| (&q.page, q.leased_until)).collect::<Vec<_>>(), vec![(&waiting, None)]);
    let mut c = next(c.incident);
    c.unqueue = vec![(waiting.contact.clone(), waiting.key.clone())];
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(s.lanes.due_pages(&waiting.contact, at(0), 10).await.unwrap(), vec![]);
    let nobody = incident(8, 0).id;
    let other = opening(incident(9, 0));
    s.incidents.commit(&other).await.unwrap();
    let several = s.incidents.incidents(&[other.incident.id, nobody, id]).await.unwrap();
    assert_eq!(several, vec![other.incident, c.incident], "several at once, in the order that was asked for");
    assert_eq!(s.incidents.incidents(&[]).await.unwrap(), vec![]);
    assert_eq!(s.incidents.incident(nobody).await.unwrap(), None);
    assert_eq!(s.incidents.incident_numbered(8).await.unwrap(), None);
}

pub async fn a_stale_revision_writes_nothing(s: Stores) {
    let c = opening(incident(1, 0));
    s.incidents.commit(&c).await.unwrap();
    let mut first = next(c.incident.clone());
    first.incident.title = "first".to_owned();
    s.incidents.commit(&first).await.unwrap();
    let mut second = next(c.incident.clone());
    second.entries = second.incident.record(at(1), &Actor::System, vec![What::Noted { text: "second".to_owned() }]);
    second.queue = vec![page(&second.incident, "ada-sms", 0, 0)];
    second.group = Some((shop(), Group { incident: c.incident.id, until: at(60), revision: 1 }));
    assert_eq!(s.incidents.commit(&second).await, Err(WriteError::Conflict));
    assert_eq!(s.incidents.incident(c.incident.id).await.unwrap().unwrap().title, "first");
    assert_eq!(s.incidents.timeline(c.incident.id, 0, 10).await.unwrap().len(), 1);
    assert_eq!(s.lanes.due_pages(&slug("ada-sms"), at(0), 10).await.unwrap(), vec![]);
    assert_eq!(s.incidents.group(&shop()).await.unwrap(), None);
    assert_eq!(s.incidents.commit(&next(incident(9, 0))).await, Err(WriteError::Conflict), "there is no such incident");
}

pub async fn a_new_incident_is_new(s: Stores) {
    let c = opening(incident(1, 0));
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(s.incidents.commit(&c).await, Err(WriteError::Conflict));
}

pub async fn an_alert_changed_meanwhile_stops_the_commit(s: Stores) {
    let a = opened(&s, 1).await;
    s.alerts.request_acknowledgement(a.id, at(1)).await.unwrap();
    let mut c = opening(incident(1, 0));
    c.alerts = vec![handled(&a, &c.incident)];
    assert_eq!(s.incidents.commit(&c).await, Err(WriteError::Conflict));
    assert_eq!(s.incidents.incident(c.incident.id).await.unwrap(), None);
    let now = s.alerts.alerts(&[a.id]).await.unwrap().pop().unwrap();
    assert!(now.has_work());
    c.alerts = vec![handled(&now, &c.incident)];
    s.incidents.commit(&c).await.unwrap();
    let done = s.alerts.alerts(&[a.id]).await.unwrap().pop().unwrap();
    assert_eq!((done.seq, done.handled_seq, done.has_work()), (2, 2, false));
    // Later work on it goes to the same incident.
    s.alerts.resolve_alert(&a.key, a.id, at(3)).await.unwrap();
    let again = s.alerts.alerts(&[a.id]).await.unwrap().pop().unwrap();
    assert!(again.has_work() && again.incident == Some(c.incident.id));
    let mut c = next(c.incident);
    c.alerts = vec![handled(&again, &c.incident)];
    assert!(!c.alerts[0].attached);
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(s.alerts.alerts_of(c.incident.id, None, 10).await.unwrap(), vec![a.id]);
}

pub async fn two_incidents_can_not_take_one_alert(s: Stores) {
    let a = opened(&s, 1).await;
    let (mut one, mut two) = (opening(incident(1, 0)), opening(incident(2, 0)));
    one.alerts = vec![handled(&a, &one.incident)];
    two.alerts = vec![handled(&a, &two.incident)];
    s.incidents.commit(&one).await.unwrap();
    assert_eq!(s.incidents.commit(&two).await, Err(WriteError::Conflict), "its seq did not change, but it was handled");
    assert_eq!(s.incidents.incident(two.incident.id).await.unwrap(), None);
}

pub async fn a_group_is_opened_once(s: Stores) {
    let group = |n: u64, revision| (shop(), Group { incident: incident(n, 0).id, until: at(300), revision });
    let with = |n, revision| {
        let mut c = opening(incident(n, 0));
        c.group = Some(group(n, revision));
        c
    };
    s.incidents.commit(&with(1, 1)).await.unwrap();
    assert_eq!(s.incidents.group(&shop()).await.unwrap(), Some(group(1, 1).1));
    assert_eq!(s.incidents.commit(&with(2, 1)).await, Err(WriteError::Conflict));
    assert_eq!(s.incidents.incident(incident(2, 0).id).await.unwrap(), None);
    s.incidents.commit(&with(2, 2)).await.unwrap();
    assert_eq!(s.incidents.group(&shop()).await.unwrap(), Some(group(2, 2).1));
    assert_eq!(s.incidents.group(&GroupKey { values: Some("other".to_owned()), ..shop() }).await.unwrap(), None);
}

pub async fn turns_are_counted_apart(s: Stores) {
    let (web, shop) = (slug("web"), slug("shop"));
    let mut drawn = Vec::new();
    for (policy, level) in [(&web, 0), (&web, 0), (&web, 1), (&shop, 0), (&web, 0), (&web, 12)] {
        drawn.push(s.incidents.next_turn(policy, level).await.unwrap());
    }
    assert_eq!(drawn, [0, 1, 0, 0, 2, 0]);
    let levels = [(shop.clone(), 0), (web.clone(), 0), (web.clone(), 7), (web.clone(), 12)];
    for _ in 0..2 {
        assert_eq!(s.incidents.turns(&levels).await.unwrap(), [1, 3, 0, 1], "looking draws nothing");
    }
    assert_eq!(s.incidents.turns(&[]).await.unwrap(), [0; 0]);
    let both = futures::future::join_all((0..20).map(|_| s.incidents.next_turn(&web, 3))).await;
    let mut both: Vec<u64> = both.into_iter().map(Result::unwrap).collect();
    both.sort_unstable();
    assert_eq!(both, (0..20).collect::<Vec<u64>>(), "each turn is told once");
}

pub async fn numbers_rise(s: Stores) {
    let first = s.incidents.next_number().await.unwrap();
    let second = s.incidents.next_number().await.unwrap();
    assert!(first >= 1 && second > first, "{first} {second}");
}

pub async fn lists_are_ordered_and_paged(s: Stores) {
    let team = slug("web");
    let mut ids = Vec::new();
    for n in 1..=6 {
        let c = opening(incident(n, i64::try_from(n).unwrap()));
        s.incidents.commit(&c).await.unwrap();
        ids.push(c.incident.id);
        if n > 3 {
            let mut c = next(c.incident);
            c.incident.apply(Command::Resolve, &Actor::System, at(100 + i64::try_from(n).unwrap())).unwrap();
            s.incidents.commit(&c).await.unwrap();
        }
    }
    let list = async |which, after, limit| -> Vec<IncidentId> {
        s.incidents.incidents_of(&team, which, after, limit).await.unwrap().into_iter().map(|i| i.id).collect()
    };
    assert_eq!(list(Which::Open, None, 10).await, ids[..3], "oldest first");
    assert_eq!(list(Which::Open, None, 2).await, ids[..2]);
    assert_eq!(list(Which::Open, Some(ids[1]), 2).await, ids[2..3]);
    assert_eq!(list(Which::Resolved, None, 10).await, [ids[5], ids[4], ids[3]], "latest first");
    assert_eq!(list(Which::Resolved, Some(ids[5]), 1).await, [ids[4]]);
    assert_eq!(s.incidents.incidents_of(&slug("other"), Which::Open, None, 10).await.unwrap(), vec![]);
}

pub async fn timelines_are_paged(s: Stores) {
    let c = opening(incident(1, 0));
    s.incidents.commit(&c).await.unwrap();
    let mut c = next(c.incident);
    c.entries = c.incident.record(at(1), &Actor::User(slug("ada")), (2..=12).map(|n| What::Noted { text: n.to_string() }).collect());
    s.incidents.commit(&c).await.unwrap();
    let seqs = async |after, limit| -> Vec<u32> { s.incidents.timeline(c.incident.id, after, limit).await.unwrap().iter().map(|e| e.seq).collect() };
    assert_eq!(seqs(0, 100).await, (1..=12).collect::<Vec<_>>());
    assert_eq!(seqs(8, 3).await, vec![9, 10, 11]);
    assert_eq!(seqs(12, 3).await, Vec::<u32>::new());
}

pub async fn alerts_of_an_incident_are_paged(s: Stores) {
    let mut c = opening(incident(1, 0));
    let mut ids: Vec<AlertId> = Vec::new();
    for n in 1..=5 {
        let a = opened(&s, n).await;
        c.alerts.push(handled(&a, &c.incident));
        ids.push(a.id);
    }
    s.incidents.commit(&c).await.unwrap();
    let id = c.incident.id;
    assert_eq!(s.alerts.alerts_of(id, None, 3).await.unwrap(), ids[..3]);
    assert_eq!(s.alerts.alerts_of(id, Some(ids[2]), 3).await.unwrap(), ids[3..]);
    assert_eq!(s.alerts.alerts_of(incident(2, 0).id, None, 3).await.unwrap(), Vec::<AlertId>::new());
}

pub async fn forty_five_alerts_fit(s: Stores) {
    let mut c = opening(incident(1, 0));
    for n in 1..=45 {
        let a = opened(&s, n).await;
        c.alerts.push(handled(&a, &c.incident));
    }
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(s.alerts.alerts_of(c.incident.id, None, 200).await.unwrap().len(), 45);
    // Alerts that belong to it already cost no link.
    let mut again = next(c.incident);
    for n in 1..=45 {
        let a = alert(n, &format!("key {n}"), 0);
        s.alerts.request_acknowledgement(a.id, at(1)).await.unwrap();
        let a = s.alerts.alerts(&[a.id]).await.unwrap().pop().unwrap();
        again.alerts.push(handled(&a, &again.incident));
    }
    s.incidents.commit(&again).await.unwrap();
}

/// Two incidents in their first revision; the first one has alerts with these numbers.
async fn two_with(s: &Stores, numbers: std::ops::RangeInclusive<u64>) -> (Incident, Incident, Vec<Alert>) {
    let mut c = opening(incident(1, 0));
    let mut alerts = Vec::new();
    for n in numbers {
        let a = alert(n, &format!("key {n}"), 0);
        s.alerts.open_alert(&a).await.unwrap();
        c.alerts.push(handled(&a, &c.incident));
        alerts.push(a);
    }
    s.incidents.commit(&c).await.unwrap();
    let other = opening(incident(2, 0));
    s.incidents.commit(&other).await.unwrap();
    (c.incident, other.incident, alerts)
}

fn moved(alert: &Alert, from: &Incident) -> AlertMoved {
    AlertMoved { alert: alert.id, seq: alert.seq, from: from.id }
}

pub async fn alerts_move_with_both_incidents_or_not_at_all(s: Stores) {
    let (one, other, alerts) = two_with(&s, 1..=5).await;
    let mut takes = next(other.clone());
    takes.moved = alerts[1..3].iter().map(|a| moved(a, &one)).collect();
    // The incident that gives has changed since: nothing moves.
    let stale = tocsin_app::ports::Commit { expected: Some(7), ..next(one.clone()) };
    assert_eq!(s.incidents.commit_both(&stale, &takes).await, Err(WriteError::Conflict));
    assert_eq!(s.alerts.alerts(&[alerts[1].id]).await.unwrap()[0].incident, Some(one.id));
    s.incidents.commit_both(&next(one.clone()), &takes).await.unwrap();
    let found = s.alerts.alerts(&alerts.iter().map(|a| a.id).collect::<Vec<_>>()).await.unwrap();
    let at: Vec<_> = found.iter().map(|a| a.incident.unwrap()).collect();
    assert_eq!(at, [one.id, other.id, other.id, one.id, one.id]);
    assert_eq!(s.alerts.alerts_of(other.id, None, 10).await.unwrap(), [alerts[1].id, alerts[2].id]);
    // It is told where they ever joined, also to somebody who reads on behind one that has moved.
    let all: Vec<_> = alerts.iter().map(|a| a.id).collect();
    assert_eq!(s.alerts.alerts_of(one.id, None, 10).await.unwrap(), all);
    assert_eq!(s.alerts.alerts_of(one.id, Some(all[1]), 10).await.unwrap(), all[2..]);
    assert_eq!(s.alerts.alerts_of(one.id, Some(all[1]), 2).await.unwrap(), all[2..4]);
    // What has moved can not be moved from where it was, nor handled there.
    let again = tocsin_app::ports::Commit { moved: vec![moved(&alerts[1], &one)], ..next(takes.incident.clone()) };
    assert_eq!(s.incidents.commit_both(&next(next(one.clone()).incident), &again).await, Err(WriteError::Conflict));
}

pub async fn the_work_of_an_alert_moves_with_it(s: Stores) {
    let (one, other, alerts) = two_with(&s, 1..=2).await;
    s.alerts.resolve_alert(&alerts[0].key, alerts[0].id, at(1)).await.unwrap();
    let changed = s.alerts.alerts(&[alerts[0].id]).await.unwrap().remove(0);
    let mut takes = next(other.clone());
    takes.moved = vec![moved(&changed, &one)];
    s.incidents.commit_both(&next(one.clone()), &takes).await.unwrap();
    let here = s.alerts.alerts(&[changed.id]).await.unwrap().remove(0);
    assert_eq!((here.incident, here.has_work()), (Some(other.id), true));
    let mut handles = next(next(one.clone()).incident);
    handles.alerts = vec![AlertHandled { alert: here.id, seq: here.seq, incident: one.id, attached: false, guest: false }];
    assert_eq!(s.incidents.commit(&handles).await, Err(WriteError::Conflict), "it belongs to the other one");
    let mut handles = next(takes.incident);
    handles.alerts = vec![AlertHandled { alert: here.id, seq: here.seq, incident: other.id, attached: false, guest: false }];
    s.incidents.commit(&handles).await.unwrap();
    assert!(!s.alerts.alerts(&[here.id]).await.unwrap()[0].has_work());
}

pub async fn a_named_command_is_carried_out_once(s: Stores) {
    let c = opening(incident(1, 0));
    s.incidents.commit(&c).await.unwrap();
    let once = SecretHash::of("note\nkey");
    assert!(!s.incidents.done_before(c.incident.id, &once, at(0)).await.unwrap());
    let mut named = next(c.incident.clone());
    named.once = Some(once.clone());
    named.entries = named.incident.record(at(1), &Actor::System, vec![What::Noted { text: "one".to_owned() }]);
    s.incidents.commit(&named).await.unwrap();
    assert!(s.incidents.done_before(c.incident.id, &once, at(2)).await.unwrap());
    let mut again = next(named.incident.clone());
    again.once = Some(once.clone());
    again.entries = again.incident.record(at(2), &Actor::System, vec![What::Noted { text: "one".to_owned() }]);
    assert_eq!(s.incidents.commit(&again).await, Err(WriteError::Conflict));
    // The name belongs to this incident alone.
    let other = opening(incident(2, 0));
    s.incidents.commit(&other).await.unwrap();
    assert!(!s.incidents.done_before(other.incident.id, &once, at(2)).await.unwrap());
}
