//! What is promised of reports that hold for a while only.

use super::Stores;
use crate::samples::{alert, at, key};
use futures::future::join;
use jiff::SignedDuration;
use tocsin_app::error::WriteError;
use tocsin_app::ports::{Hold, HoldPlace, Overdue, Repeated};
use tocsin_domain::alert::{Alert, AlertState, Severity};

fn held(alert: &Alert, due: i64) -> Hold {
    Hold { key: alert.key.clone(), alert: alert.id, team: alert.team.clone(), length: SignedDuration::from_secs(240), due: at(due) }
}

async fn places(s: &Stores, before: i64) -> Vec<HoldPlace> {
    s.due.holds_before(at(before), 100).await.unwrap()
}

pub async fn a_held_repetition_says_until_when(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    let guard = async || s.alerts.guard(&a.key).await.unwrap().unwrap();
    let hold = held(&a, 240);
    assert_eq!((guard().await.holds_until, hold.until(&guard().await)), (None, at(240)), "as long as the first report said");
    s.alerts.count_repetition(&a.key, Severity::Error, at(30)).await.unwrap();
    assert_eq!(hold.until(&guard().await), at(270), "a report that does not say holds as long as the first did");
    assert_eq!(s.alerts.count_held_repetition(&a.key, Severity::Error, at(60), at(600)).await.unwrap(), Repeated::Counted(a.id));
    assert_eq!((guard().await.holds_until, hold.until(&guard().await)), (Some(at(600)), at(600)));
    s.alerts.count_held_repetition(&a.key, Severity::Error, at(50), at(100)).await.unwrap();
    assert_eq!((guard().await.holds_until, guard().await.count), (Some(at(600)), 4), "an overtaken report counts, and says nothing any more");
    s.alerts.count_held_repetition(&a.key, Severity::Error, at(70), at(80)).await.unwrap();
    assert_eq!(guard().await.holds_until, Some(at(80)), "the latest report has the word");
    assert!(matches!(s.alerts.count_held_repetition(&a.key, Severity::Critical, at(75), at(900)).await.unwrap(), Repeated::NotThat(_)), "worse");
    s.alerts.extend_alert(&a.key, a.id, at(900)).await.unwrap();
    assert_eq!(guard().await.holds_until, Some(at(900)));
    assert_eq!(s.alerts.extend_alert(&a.key, alert(2, "db", 0).id, at(1)).await, Err(WriteError::Conflict));
}

pub async fn only_what_nobody_repeated_expires(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    for (seconds, until) in [(10, None), (20, Some(300)), (30, None), (40, Some(310))] {
        let read = s.alerts.guard(&a.key).await.unwrap().unwrap();
        match until {
            None => s.alerts.count_repetition(&a.key, a.severity, at(seconds)).await.unwrap(),
            Some(until) => s.alerts.count_held_repetition(&a.key, a.severity, at(seconds), at(until)).await.unwrap(),
        };
        assert_eq!(s.alerts.expire_alert(&a.key, &read, at(seconds)).await, Err(WriteError::Conflict), "repeated since: {seconds}");
    }
    let read = s.alerts.guard(&a.key).await.unwrap().unwrap();
    s.alerts.expire_alert(&a.key, &read, at(400)).await.unwrap();
    let ended = s.alerts.alerts(&[a.id]).await.unwrap().remove(0);
    assert_eq!((ended.state, ended.resolved_at, ended.seq), (AlertState::Resolved, Some(at(400)), 2));
    assert!(!s.alerts.guard(&a.key).await.unwrap().unwrap().open);
    assert!(matches!(s.due.due_before(at(461), 10).await.unwrap()[..], [Overdue::Alert(id, _)] if id == a.id), "it is work");
    assert_eq!(s.alerts.expire_alert(&a.key, &read, at(401)).await, Err(WriteError::Conflict), "once");
}

pub async fn holds_are_due_and_move(s: Stores) {
    let a = alert(1, "a key # with ☃", 0);
    let hold = held(&a, 240);
    assert_eq!(s.alerts.hold(&hold.place()).await.unwrap(), None);
    s.alerts.put_hold(&hold).await.unwrap();
    assert_eq!(s.alerts.hold(&hold.place()).await.unwrap(), Some(hold.clone()));
    assert_eq!((places(&s, 240).await, places(&s, 241).await), (vec![], vec![hold.place()]));
    assert_eq!(s.due.due_before(at(1000), 10).await.unwrap(), vec![], "apart from incidents");
    s.alerts.move_hold(&hold, at(500)).await.unwrap();
    assert_eq!((places(&s, 500).await, places(&s, 501).await), (vec![], vec![hold.place()]));
    assert_eq!(s.alerts.move_hold(&hold, at(600)).await, Err(WriteError::Conflict), "it was moved");
    assert_eq!(s.alerts.drop_hold(&hold).await, Err(WriteError::Conflict), "it was moved");
    let moved = Hold { due: at(500), ..hold.clone() };
    s.alerts.drop_hold(&moved).await.unwrap();
    assert_eq!((s.alerts.hold(&hold.place()).await.unwrap(), places(&s, 1000).await), (None, vec![]));
    assert_eq!(s.alerts.drop_hold(&moved).await, Err(WriteError::Conflict));
    assert_eq!(s.alerts.move_hold(&moved, at(1)).await, Err(WriteError::Conflict), "it does not come back");
}

pub async fn an_alert_opens_with_its_hold_or_not_at_all(s: Stores) {
    let (a, b) = (alert(1, "db", 0), alert(2, "db", 5));
    s.alerts.open_held_alert(&a, &held(&a, 240)).await.unwrap();
    assert_eq!(s.alerts.open_held_alert(&b, &held(&b, 900)).await, Err(WriteError::Conflict), "the key is open");
    let hold = s.alerts.hold(&held(&a, 240).place()).await.unwrap().unwrap();
    assert_eq!((hold.alert, hold.due), (a.id, at(240)));
    s.alerts.resolve_alert(&a.key, a.id, at(10)).await.unwrap();
    s.alerts.open_held_alert(&b, &held(&b, 900)).await.unwrap();
    assert_eq!(s.alerts.hold(&held(&b, 900).place()).await.unwrap(), Some(held(&b, 900)));
}

pub async fn many_holds_are_limited(s: Stores) {
    for n in 1..=30 {
        s.alerts.put_hold(&held(&Alert { key: key(&format!("k{n}")), ..alert(n, "x", 0) }, 10)).await.unwrap();
    }
    assert_eq!(places(&s, 11).await.len(), 30);
    assert_eq!(s.due.holds_before(at(11), 7).await.unwrap().len(), 7);
}

pub async fn a_repetition_and_an_expiry(s: Stores) {
    for n in 1..=20 {
        let a = alert(n, &format!("k{n}"), 0);
        s.alerts.open_alert(&a).await.unwrap();
        let read = s.alerts.guard(&a.key).await.unwrap().unwrap();
        let (counted, expired) = join(s.alerts.count_held_repetition(&a.key, a.severity, at(9), at(99)), s.alerts.expire_alert(&a.key, &read, at(9))).await;
        let guard = s.alerts.guard(&a.key).await.unwrap().unwrap();
        match (counted.unwrap(), expired) {
            (Repeated::Counted(_), Err(WriteError::Conflict)) => assert_eq!((guard.open, guard.holds_until), (true, Some(at(99)))),
            (Repeated::NotThat(_), Ok(())) => assert!(!guard.open),
            other => panic!("no order explains {other:?}"),
        }
    }
}
