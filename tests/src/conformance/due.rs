//! What the index of what is due promises.

use super::Stores;
use crate::samples::{alert, at, handled, incident, next, opening, suppressed};
use tocsin_app::ports::Overdue;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;

async fn due(s: &Stores, seconds: i64) -> Vec<Overdue> {
    let mut due = s.due.due_before(at(seconds), 100).await.unwrap();
    due.sort_by_key(|o| match o {
        Overdue::Alert(id, at) => (*at, id.to_string()),
        Overdue::Incident(id, at) => (*at, id.to_string()),
    });
    due
}

pub async fn alerts_with_work_are_due_after_a_minute(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    assert_eq!(due(&s, 59).await, vec![]);
    assert!(matches!(due(&s, 61).await[..], [Overdue::Alert(id, _)] if id == a.id));
    let mut c = opening(incident(1, 100_000));
    c.alerts = vec![handled(&a, &c.incident)];
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(due(&s, 1000).await, vec![], "handled");
    s.alerts.request_acknowledgement(a.id, at(100)).await.unwrap();
    assert_eq!(due(&s, 159).await, vec![]);
    assert!(matches!(due(&s, 161).await[..], [Overdue::Alert(id, _)] if id == a.id), "work again");
}

pub async fn alerts_kept_from_people_are_due_again(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    s.alerts.record_outcome(&a, &suppressed(Some(at(600)))).await.unwrap();
    assert_eq!(due(&s, 600).await, vec![]);
    assert!(matches!(due(&s, 601).await[..], [Overdue::Alert(id, _)] if id == a.id));
    s.alerts.resolve_alert(&a.key, a.id, at(20)).await.unwrap();
    let a = s.alerts.alerts(&[a.id]).await.unwrap().pop().unwrap();
    s.alerts.record_outcome(&a, &suppressed(Some(at(600)))).await.unwrap();
    assert_eq!(due(&s, 10_000).await, vec![], "resolved");
}

pub async fn alerts_that_wait_for_one_instant_are_found(s: Stores) {
    let mut waiting = Vec::new();
    for (n, seconds) in (1..).zip([599, 600, 600, 600, 601]) {
        let a = alert(n, &format!("key {n}"), 0);
        s.alerts.open_alert(&a).await.unwrap();
        s.alerts.record_outcome(&a, &suppressed(Some(at(seconds)))).await.unwrap();
        if seconds == 600 {
            waiting.push(a.id);
        }
    }
    s.incidents.commit(&opening(incident(1, 600))).await.unwrap();
    let mut found = s.due.alerts_due_at(at(600), 100).await.unwrap();
    found.sort();
    assert_eq!(found, waiting);
    assert_eq!(s.due.alerts_due_at(at(600), 2).await.unwrap().len(), 2);
    s.alerts.wake_alert(waiting[0], at(5)).await.unwrap();
    assert_eq!(s.due.alerts_due_at(at(600), 100).await.unwrap().len(), 2, "one is at work");
}

pub async fn incidents_are_due_at_their_deadline(s: Stores) {
    let c = opening(incident(1, 50));
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(due(&s, 50).await, vec![]);
    assert_eq!(due(&s, 51).await, vec![Overdue::Incident(c.incident.id, at(50))]);
    let mut c = next(c.incident);
    c.incident.apply(Command::Snooze(at(500)), &Actor::System, at(60)).unwrap();
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(due(&s, 499).await, vec![]);
    assert_eq!(due(&s, 501).await, vec![Overdue::Incident(c.incident.id, at(500))]);
    let mut c = next(c.incident);
    c.incident.apply(Command::Resolve, &Actor::System, at(70)).unwrap();
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(due(&s, 1000).await, vec![]);
}

pub async fn closing_incidents_are_due(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    let mut i = incident(1, 0);
    i.attach(&[(a.id, a.severity)], at(0));
    let mut c = opening(i);
    c.alerts = vec![handled(&a, &c.incident)];
    s.incidents.commit(&c).await.unwrap();
    let mut c = next(c.incident);
    c.incident.apply(Command::Resolve, &Actor::System, at(10)).unwrap();
    assert!(c.incident.closing);
    s.incidents.commit(&c).await.unwrap();
    assert!(matches!(due(&s, 200).await[..], [Overdue::Incident(id, _)] if id == c.incident.id));
    let mut c = next(c.incident);
    c.incident.closing = false;
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(due(&s, 200).await, vec![]);
}

pub async fn limits_hold(s: Stores) {
    for n in 1..=40 {
        s.incidents.commit(&opening(incident(n, 0))).await.unwrap();
    }
    assert_eq!(due(&s, 10).await.len(), 40);
    assert_eq!(s.due.due_before(at(10), 7).await.unwrap().len(), 7);
}
