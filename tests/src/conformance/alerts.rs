//! What alert stores promise.

use super::Stores;
use crate::samples::{alert, at, handled, incident, key, opening, slug, suppressed};
use std::collections::BTreeMap;
use tocsin_app::error::WriteError;
use tocsin_app::ports::{Guard, Order, Received, Repeated, Span, succession};
use tocsin_domain::alert::ask::{Ask, Asked};
use tocsin_domain::alert::{Alert, AlertState, Severity};
use tocsin_domain::id::AlertId;

async fn stored(s: &Stores, id: AlertId) -> Alert {
    s.alerts.alerts(&[id]).await.unwrap().pop().unwrap()
}

async fn guard(s: &Stores, dedup_key: &str) -> Guard {
    s.alerts.guard(&key(dedup_key)).await.unwrap().unwrap()
}

pub async fn a_repetition_is_counted_only_on_an_open_alert_at_least_as_bad(s: Stores) {
    let repeat = async |severity, seconds| s.alerts.count_repetition(&key("db"), severity, at(seconds)).await.unwrap();
    assert!(matches!(repeat(Severity::Error, 0).await, Repeated::NotThat(_)), "nothing is open");
    assert_eq!(s.alerts.guard(&key("db")).await.unwrap(), None);
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    assert_eq!(guard(&s, "db").await, Guard { alert: a.id, open: true, count: 1, last_at: at(0), severity: Severity::Error, holds_until: None });
    assert_eq!(repeat(Severity::Error, 5).await, Repeated::Counted(a.id));
    assert_eq!(repeat(Severity::Info, 6).await, Repeated::Counted(a.id));
    assert!(matches!(repeat(Severity::Critical, 7).await, Repeated::NotThat(_)), "worse");
    assert_eq!(guard(&s, "db").await, Guard { alert: a.id, open: true, count: 3, last_at: at(6), severity: Severity::Error, holds_until: None });
    assert_eq!(stored(&s, a.id).await, a, "a repetition does not touch the alert");
    s.alerts.resolve_alert(&a.key, a.id, at(8)).await.unwrap();
    assert!(matches!(repeat(Severity::Error, 9).await, Repeated::NotThat(_)), "closed");
}

pub async fn a_key_has_one_open_alert(s: Stores) {
    let (a, b) = (alert(1, "db", 0), alert(2, "db", 1));
    s.alerts.open_alert(&a).await.unwrap();
    assert_eq!(s.alerts.open_alert(&b).await, Err(WriteError::Conflict));
    assert_eq!(s.alerts.open_alert(&a).await, Err(WriteError::Conflict), "the same one again, too");
    assert_eq!(s.alerts.alerts(&[b.id]).await.unwrap(), vec![], "nothing of the second was written");
    assert_eq!(guard(&s, "db").await.alert, a.id);
    let c = alert(3, "other", 1);
    s.alerts.open_alert(&c).await.unwrap();
    let several = s.alerts.guards(&[c.key.clone(), key("nobody"), a.key.clone(), c.key.clone()]).await.unwrap();
    assert_eq!(several, BTreeMap::from([(a.key, guard(&s, "db").await), (c.key, guard(&s, "other").await)]), "several at once, each once");
    assert_eq!(s.alerts.guards(&[]).await.unwrap(), BTreeMap::new());
}

pub async fn a_resolved_key_opens_anew(s: Stores) {
    let (a, b) = (alert(1, "db", 0), alert(2, "db", 9));
    s.alerts.open_alert(&a).await.unwrap();
    s.alerts.count_repetition(&a.key, a.severity, at(1)).await.unwrap();
    s.alerts.resolve_alert(&a.key, a.id, at(5)).await.unwrap();
    assert!(!guard(&s, "db").await.open);
    let resolved = stored(&s, a.id).await;
    assert_eq!((resolved.state, resolved.resolved_at, resolved.seq, resolved.handled_seq), (AlertState::Resolved, Some(at(5)), 2, 0));
    s.alerts.open_alert(&b).await.unwrap();
    assert_eq!(guard(&s, "db").await, Guard { alert: b.id, open: true, count: 1, last_at: at(9), severity: Severity::Error, holds_until: None });
    assert_eq!(stored(&s, a.id).await, resolved, "the old one is history");
}

pub async fn resolving_is_refused_for_another_alert(s: Stores) {
    let a = alert(1, "db", 0);
    assert_eq!(s.alerts.resolve_alert(&a.key, a.id, at(1)).await, Err(WriteError::Conflict), "nothing there");
    s.alerts.open_alert(&a).await.unwrap();
    assert_eq!(s.alerts.resolve_alert(&a.key, alert(2, "db", 0).id, at(1)).await, Err(WriteError::Conflict));
    s.alerts.resolve_alert(&a.key, a.id, at(1)).await.unwrap();
    assert_eq!(s.alerts.resolve_alert(&a.key, a.id, at(2)).await, Err(WriteError::Conflict), "not open any more");
    assert_eq!(stored(&s, a.id).await.resolved_at, Some(at(1)));
}

pub async fn an_acknowledgement_needs_an_open_alert(s: Stores) {
    let a = alert(1, "db", 0);
    assert_eq!(s.alerts.request_acknowledgement(a.id, at(1)).await, Err(WriteError::Conflict));
    s.alerts.open_alert(&a).await.unwrap();
    s.alerts.request_acknowledgement(a.id, at(1)).await.unwrap();
    let asked = stored(&s, a.id).await;
    assert_eq!((asked.acknowledge_requested_at, asked.seq), (Some(at(1)), 2));
    s.alerts.resolve_alert(&a.key, a.id, at(2)).await.unwrap();
    assert_eq!(s.alerts.request_acknowledgement(a.id, at(3)).await, Err(WriteError::Conflict));
}

pub async fn raising_keeps_the_worst(s: Stores) {
    let a = alert(1, "db", 0);
    assert_eq!(s.alerts.raise_alert(&a.key, a.id, Severity::Critical, at(1)).await, Err(WriteError::Conflict));
    s.alerts.open_alert(&Alert { severity: Severity::Info, ..a.clone() }).await.unwrap();
    s.alerts.raise_alert(&a.key, a.id, Severity::Critical, at(1)).await.unwrap();
    assert_eq!((guard(&s, "db").await.severity, guard(&s, "db").await.count), (Severity::Critical, 2));
    assert_eq!((stored(&s, a.id).await.severity, stored(&s, a.id).await.seq), (Severity::Critical, 2));
    // Somebody who read "info" before and now says "error": whether it is refused or counted, the worst stays.
    let late = s.alerts.raise_alert(&a.key, a.id, Severity::Error, at(2)).await;
    assert!(matches!(late, Ok(()) | Err(WriteError::Conflict)), "{late:?}");
    assert_eq!((guard(&s, "db").await.severity, stored(&s, a.id).await.severity), (Severity::Critical, Severity::Critical));
    s.alerts.resolve_alert(&a.key, a.id, at(3)).await.unwrap();
    assert_eq!(s.alerts.raise_alert(&a.key, a.id, Severity::Critical, at(4)).await, Err(WriteError::Conflict));
}

pub async fn unknown_alerts_are_left_out(s: Stores) {
    let ids: Vec<AlertId> = (1..=130).map(|n| alert(n, "x", 0).id).collect();
    for n in [1, 60, 130] {
        s.alerts.open_alert(&alert(n, &format!("key {n}"), 0)).await.unwrap();
    }
    let mut found: Vec<AlertId> = s.alerts.alerts(&ids).await.unwrap().into_iter().map(|a| a.id).collect();
    found.sort();
    assert_eq!(found, vec![ids[0], ids[59], ids[129]]);
    assert_eq!(s.alerts.alerts(&[]).await.unwrap(), vec![]);
}

pub async fn closing_spares_what_came_later(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    s.alerts.count_repetition(&a.key, a.severity, at(10)).await.unwrap();
    assert_eq!(s.alerts.close_alert(&a, at(10)).await, Err(WriteError::Conflict), "an event came at that instant");
    assert_eq!(s.alerts.close_alert(&a, at(7)).await, Err(WriteError::Conflict));
    assert!(guard(&s, "db").await.open);
    s.alerts.close_alert(&a, at(11)).await.unwrap();
    assert!(!guard(&s, "db").await.open);
    let closed = stored(&s, a.id).await;
    assert_eq!((closed.state, closed.resolved_at), (AlertState::Resolved, Some(at(11))));
    s.alerts.close_alert(&a, at(11)).await.unwrap();
    s.alerts.open_alert(&alert(2, "db", 20)).await.unwrap();
    s.alerts.close_alert(&a, at(11)).await.unwrap();
    assert!(guard(&s, "db").await.open, "the next alert of the key is not touched");
}

pub async fn a_successor_takes_over(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    let i = incident(1, 0);
    let mut c = opening(i.clone());
    c.alerts = vec![handled(&a, &i)];
    s.incidents.commit(&c).await.unwrap();
    let old = stored(&s, a.id).await;
    let new = succession(&old, alert(2, "db", 0).id, at(9), 1);
    s.alerts.succeed_alert(&old, &new).await.unwrap();
    assert_eq!(stored(&s, a.id).await.state, AlertState::Resolved);
    let taken = stored(&s, new.id).await;
    assert_eq!(taken, new);
    assert!(taken.has_work() && taken.incident.is_none());
    assert_eq!((guard(&s, "db").await.alert, guard(&s, "db").await.open), (new.id, true));
    let another = succession(&old, alert(3, "db", 0).id, at(10), 1);
    assert_eq!(s.alerts.succeed_alert(&old, &another).await, Err(WriteError::Conflict), "only once");
    assert_eq!(s.alerts.alerts(&[another.id]).await.unwrap(), vec![]);
}

pub async fn a_large_event_is_kept_whole(s: Stores) {
    let mut a = alert(1, "db", 0);
    // 512 KB that do not compress well.
    let mut noise = tocsin_app::fakes::random::Random::seeded(1);
    let text: String = (0..32 * 1024).map(|_| format!("{:016x}", noise.bits())).collect();
    a.event.details = serde_json::json!({ "text": text, "deep": { "list": [1, 2.5, null, true, "ü\u{1f514}"] } });
    s.alerts.open_alert(&a).await.unwrap();
    assert_eq!(stored(&s, a.id).await, a);
}

pub async fn keys_of_any_characters(s: Stores) {
    for (n, dedup_key) in (1..).zip(["a#b", "ALERT", "é/\u{0}\n", " ", &"x".repeat(255), "alr_", "srv#1|\u{1f514}"]) {
        let a = alert(n, dedup_key, 0);
        s.alerts.open_alert(&a).await.unwrap();
        assert_eq!(guard(&s, dedup_key).await.alert, a.id);
        assert_eq!(stored(&s, a.id).await.key.dedup_key, dedup_key);
    }
}

pub async fn an_overtaken_repetition_does_not_turn_the_clock_back(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    for seconds in [10, 9] {
        assert_eq!(s.alerts.count_repetition(&a.key, a.severity, at(seconds)).await.unwrap(), Repeated::Counted(a.id));
    }
    s.alerts.raise_alert(&a.key, a.id, Severity::Critical, at(8)).await.unwrap();
    assert_eq!((guard(&s, "db").await.last_at, guard(&s, "db").await.count), (at(10), 4));
    assert_eq!(s.alerts.close_alert(&a, at(10)).await, Err(WriteError::Conflict), "the report of that instant is not closed away");
}

pub async fn alerts_are_listed_by_team_and_time(s: Stores) {
    // Two of them in one instant, and one of another team.
    let times = [0, 10, 10, 20, 30, 40, 50];
    let mut all: Vec<Received> = Vec::new();
    for (n, seconds) in (1..).zip(times) {
        let a = alert(n, &format!("key {n}"), seconds);
        s.alerts.open_alert(&a).await.unwrap();
        all.insert(0, Received { at: at(seconds), alert: a.id });
    }
    s.alerts.open_alert(&Alert { team: slug("data"), ..alert(99, "other", 20) }).await.unwrap();
    let ordered = async |from, until, after, limit, order| {
        s.alerts.alerts_received(&slug("web"), Span { from: at(from), until: at(until) }, after, limit, order).await.unwrap()
    };
    let list = async |from, until, after, limit| ordered(from, until, after, limit, Order::NewestFirst).await;
    assert_eq!(list(0, 1000, None, 100).await, all, "newest first");
    assert_eq!(list(10, 40, None, 100).await, all[2..6], "from its first instant, until before its last one");
    assert_eq!(list(40, 40, None, 100).await, []);
    assert_eq!(list(50, 40, None, 100).await, []);
    let mut paged: Vec<Received> = Vec::new();
    loop {
        let page = list(0, 50, paged.last().copied(), 2).await;
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, all[1..], "pages lose nothing and repeat nothing, not even within an instant");
    let mut forwards: Vec<Received> = Vec::new();
    loop {
        let page = ordered(0, 50, forwards.last().copied(), 2, Order::OldestFirst).await;
        if page.is_empty() {
            break;
        }
        forwards.extend(page);
    }
    forwards.reverse();
    assert_eq!(forwards, all[1..], "the same from the other side");
    assert_eq!(ordered(10, 40, None, 2, Order::OldestFirst).await, [all[5], all[4]]);
    assert_eq!(ordered(20, 50, Some(Received { at: at(0), alert: all[0].alert }), 1, Order::OldestFirst).await, [all[3]], "the span holds");
    assert_eq!(list(0, 50, Some(Received { at: at(1000), alert: all[0].alert }), 1).await, all[1..2], "the span holds whatever it goes on behind");
    // What happens to an alert does not move it.
    let a = stored(&s, all[5].alert).await;
    s.alerts.raise_alert(&a.key, a.id, Severity::Critical, at(60)).await.unwrap();
    s.alerts.resolve_alert(&a.key, a.id, at(61)).await.unwrap();
    assert_eq!(list(0, 1000, None, 100).await, all);
    let new = succession(&alert(1, "key 1", 0), alert(8, "", 0).id, at(70), 1);
    s.alerts.succeed_alert(&alert(1, "key 1", 0), &new).await.unwrap();
    assert_eq!(list(60, 1000, None, 100).await, [Received { at: at(70), alert: new.id }], "a successor is an alert of its own");
}

pub async fn an_outcome_takes_the_place_of_an_incident(s: Stores) {
    let a = alert(1, "db", 0);
    assert_eq!(s.alerts.record_outcome(&a, &suppressed(None)).await, Err(WriteError::Conflict), "nothing there");
    s.alerts.open_alert(&a).await.unwrap();
    s.alerts.record_outcome(&a, &suppressed(Some(at(60)))).await.unwrap();
    let kept = stored(&s, a.id).await;
    assert_eq!((kept.outcome.clone(), kept.seq, kept.handled_seq, kept.incident), (Some(suppressed(Some(at(60)))), 1, 1, None));
    assert!(!kept.is_due(at(59)) && kept.is_due(at(60)));
    s.alerts.record_outcome(&kept, &suppressed(Some(at(90)))).await.unwrap();
    assert!(!stored(&s, a.id).await.is_due(at(60)), "decided again");
    // Repetitions count on, a resolve is work, and what became of it stays.
    assert_eq!(s.alerts.count_repetition(&a.key, a.severity, at(61)).await.unwrap(), Repeated::Counted(a.id));
    s.alerts.resolve_alert(&a.key, a.id, at(62)).await.unwrap();
    let resolved = stored(&s, a.id).await;
    assert!(resolved.has_work() && resolved.outcome.is_some());
    s.alerts.record_outcome(&resolved, &suppressed(None)).await.unwrap();
    let done = stored(&s, a.id).await;
    assert!(!done.is_due(at(10_000)) && done.outcome == Some(suppressed(None)), "{done:?}");
    // An incident comes in its place, once.
    let b = alert(2, "other", 0);
    s.alerts.open_alert(&b).await.unwrap();
    s.alerts.record_outcome(&b, &suppressed(Some(at(60)))).await.unwrap();
    let b = stored(&s, b.id).await;
    let (mut one, mut two) = (opening(incident(1, 0)), opening(incident(2, 0)));
    one.alerts = vec![handled(&b, &one.incident)];
    two.alerts = vec![handled(&b, &two.incident)];
    s.incidents.commit(&one).await.unwrap();
    assert_eq!(s.incidents.commit(&two).await, Err(WriteError::Conflict));
    assert_eq!(s.alerts.record_outcome(&b, &suppressed(None)).await, Err(WriteError::Conflict), "it belongs to an incident");
    let b = stored(&s, b.id).await;
    assert_eq!((b.outcome.clone(), b.incident, b.is_due(at(60))), (None, Some(one.incident.id), false));
}

pub async fn an_outcome_of_an_alert_that_changed(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    s.alerts.raise_alert(&a.key, a.id, Severity::Critical, at(1)).await.unwrap();
    assert_eq!(s.alerts.record_outcome(&a, &suppressed(None)).await, Err(WriteError::Conflict));
    assert!(stored(&s, a.id).await.has_work());
}

pub async fn waking_makes_work(s: Stores) {
    let a = alert(1, "db", 0);
    assert_eq!(s.alerts.wake_alert(a.id, at(1)).await, Err(WriteError::Conflict));
    s.alerts.open_alert(&a).await.unwrap();
    s.alerts.record_outcome(&a, &suppressed(Some(at(600)))).await.unwrap();
    s.alerts.wake_alert(a.id, at(5)).await.unwrap();
    let woken = stored(&s, a.id).await;
    assert!(woken.has_work() && woken.seq == 2 && woken.outcome.is_some(), "{woken:?}");
    let mut c = opening(incident(1, 0));
    c.alerts = vec![handled(&woken, &c.incident)];
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(s.alerts.wake_alert(a.id, at(6)).await, Err(WriteError::Conflict), "it belongs to an incident");
    let b = alert(2, "other", 0);
    s.alerts.open_alert(&b).await.unwrap();
    s.alerts.resolve_alert(&b.key, b.id, at(7)).await.unwrap();
    assert_eq!(s.alerts.wake_alert(b.id, at(8)).await, Err(WriteError::Conflict), "it is resolved");
}

fn asked(seq: u32, ask: Ask, seconds: i64) -> Asked {
    Asked { seq, at: at(seconds), ask, user: "ada".to_owned(), source: String::new(), note: "x".repeat(seconds as usize * 1_000) }
}

pub async fn asks_are_changes_in_order(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    let (first, second) = (asked(2, Ask::Note, 1), asked(3, Ask::AddTags { tags: vec!["é".to_owned()] }, 9));
    s.alerts.ask(&a, &first).await.unwrap();
    let once = stored(&s, a.id).await;
    assert_eq!(once, a.after(&first));
    s.alerts.ask(&once, &second).await.unwrap();
    assert_eq!(stored(&s, a.id).await, once.after(&second));
    assert_eq!(s.alerts.asks(a.id, 0, 10).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(s.alerts.asks(a.id, 0, 1).await.unwrap(), [first]);
    assert_eq!(s.alerts.asks(a.id, 2, 10).await.unwrap(), [second]);
    assert_eq!(s.alerts.asks(a.id, 3, 10).await.unwrap(), []);
    assert_eq!(s.alerts.asks(alert(2, "db", 0).id, 0, 10).await.unwrap(), []);
    assert_eq!(guard(&s, "db").await.count, 1, "an ask is no occurrence");
    let due = s.due.due_before(at(60 + 10), 10).await.unwrap();
    assert_eq!(due, [tocsin_app::ports::Overdue::Alert(a.id, at(9))], "it is work for the incident function");
}

pub async fn an_ask_of_an_alert_that_changed(s: Stores) {
    let a = alert(1, "db", 0);
    let note = asked(2, Ask::Note, 1);
    assert_eq!(s.alerts.ask(&a, &note).await, Err(WriteError::Conflict), "there is none");
    s.alerts.open_alert(&a).await.unwrap();
    s.alerts.request_acknowledgement(a.id, at(1)).await.unwrap();
    assert_eq!(s.alerts.ask(&a, &note).await, Err(WriteError::Conflict));
    assert_eq!(s.alerts.asks(a.id, 0, 10).await.unwrap(), [], "nothing of it was written");
    assert_eq!(stored(&s, a.id).await.asked_seq, 0);
}

pub async fn an_ask_that_ends_the_alert_closes_its_key(s: Stores) {
    for (n, key, ask) in [(1, "closed", Ask::Close), (2, "deleted", Ask::Delete)] {
        let a = alert(n, key, 0);
        s.alerts.open_alert(&a).await.unwrap();
        let end = asked(2, ask.clone(), 5);
        s.alerts.ask(&a, &end).await.unwrap();
        let after = stored(&s, a.id).await;
        assert_eq!(after, a.after(&end));
        assert_eq!((after.state, after.resolved_at, after.resolved_seq), (AlertState::Resolved, Some(at(5)), Some(2)));
        assert!(!guard(&s, key).await.open);
        assert!(matches!(s.alerts.count_repetition(&a.key, a.severity, at(6)).await.unwrap(), Repeated::NotThat(_)));
        s.alerts.open_alert(&alert(n + 10, key, 7)).await.unwrap();
    }
}

pub async fn a_closed_alert_still_takes_asks(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    s.alerts.resolve_alert(&a.key, a.id, at(1)).await.unwrap();
    let closed = stored(&s, a.id).await;
    assert!(closed.has_new_resolution());
    s.alerts.open_alert(&alert(2, "db", 2)).await.unwrap();
    s.alerts.ask(&closed, &asked(3, Ask::Delete, 3)).await.unwrap();
    let deleted = stored(&s, a.id).await;
    assert_eq!((deleted.deleted, deleted.resolved_at, deleted.resolved_seq), (true, Some(at(1)), Some(2)));
    assert!(guard(&s, "db").await.open, "the key's next alert is another one");
}
