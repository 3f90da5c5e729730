//! Two writers at once: every order is allowed, but only outcomes that some order explains.

use super::Stores;
use super::lanes::{claim, queued, used};
use crate::samples::{alert, at, handled, incident, key, next, opening, slug};
use futures::future::join;
use tocsin_app::error::WriteError;
use tocsin_app::ports::{ClaimError, Repeated};
use tocsin_domain::alert::{AlertState, Severity};
use tocsin_domain::incident::Status;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;

const ROUNDS: u64 = 8;

pub async fn two_openers_of_one_key(s: Stores) {
    for n in 1..=ROUNDS {
        let name = format!("key {n}");
        let (a, b) = (alert(2 * n, &name, 0), alert(2 * n + 1, &name, 0));
        let (first, second) = join(s.alerts.open_alert(&a), s.alerts.open_alert(&b)).await;
        let winner = match (first, second) {
            (Ok(()), Err(WriteError::Conflict)) => &a,
            (Err(WriteError::Conflict), Ok(())) => &b,
            other => panic!("{other:?}"),
        };
        assert_eq!(s.alerts.guard(&key(&name)).await.unwrap().unwrap().alert, winner.id);
        assert_eq!(s.alerts.alerts(&[a.id, b.id]).await.unwrap().len(), 1);
    }
}

pub async fn a_repetition_and_a_resolve(s: Stores) {
    for n in 1..=ROUNDS {
        let a = alert(n, &format!("key {n}"), 0);
        s.alerts.open_alert(&a).await.unwrap();
        let (counted, resolved) = join(s.alerts.count_repetition(&a.key, Severity::Error, at(1)), s.alerts.resolve_alert(&a.key, a.id, at(1))).await;
        resolved.unwrap();
        let guard = s.alerts.guard(&a.key).await.unwrap().unwrap();
        assert!(!guard.open);
        assert_eq!(guard.count, if counted.unwrap() == Repeated::Counted(a.id) { 2 } else { 1 });
    }
}

pub async fn acknowledgement_and_claim(s: Stores) {
    for n in 1..=ROUNDS {
        let (i, pages) = queued(&s, n, &[0]).await;
        let mut c = next(i);
        c.incident.apply(Command::Acknowledge, &Actor::System, at(1)).unwrap();
        let claim = claim(&pages, 1, None);
        let (acknowledged, claimed) = join(s.incidents.commit(&c), s.lanes.claim(&claim)).await;
        acknowledged.unwrap();
        match claimed {
            Ok(()) | Err(ClaimError::TakenBack(_) | ClaimError::Conflict) => {}
            Err(ClaimError::Port(e)) => panic!("{e}"),
        }
        // Whatever happened in the race: after the acknowledgement nothing is claimed any more.
        let later = super::lanes::claim(&pages, 100, None);
        assert_eq!(s.lanes.claim(&later).await, Err(ClaimError::TakenBack(vec![pages[0].key.clone()])));
    }
}

pub async fn two_claimers_of_one_page(s: Stores) {
    for n in 1..=ROUNDS {
        let (_, pages) = queued(&s, n, &[0]).await;
        let lane = used(&s, 0).await;
        let (one, two) = (claim(&pages, 1, Some(lane.clone())), claim(&pages, 1, Some(lane.clone())));
        match join(s.lanes.claim(&one), s.lanes.claim(&two)).await {
            (Ok(()), Err(ClaimError::Conflict)) | (Err(ClaimError::Conflict), Ok(())) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(s.lanes.lane(&slug("ada-sms")).await.unwrap(), lane);
    }
}

pub async fn two_committers(s: Stores) {
    let mut current = opening(incident(1, 0));
    s.incidents.commit(&current).await.unwrap();
    for _ in 0..ROUNDS {
        let (mut one, mut two) = (next(current.incident.clone()), next(current.incident.clone()));
        one.incident.title = "one".to_owned();
        two.incident.title = "two".to_owned();
        current = match join(s.incidents.commit(&one), s.incidents.commit(&two)).await {
            (Ok(()), Err(WriteError::Conflict)) => one,
            (Err(WriteError::Conflict), Ok(())) => two,
            other => panic!("{other:?}"),
        };
        assert_eq!(s.incidents.incident(current.incident.id).await.unwrap().unwrap(), current.incident);
    }
}

pub async fn two_incidents_for_one_alert(s: Stores) {
    for n in 1..=ROUNDS {
        let a = alert(n, &format!("key {n}"), 0);
        s.alerts.open_alert(&a).await.unwrap();
        let (mut one, mut two) = (opening(incident(2 * n, 0)), opening(incident(2 * n + 1, 0)));
        one.alerts = vec![handled(&a, &one.incident)];
        two.alerts = vec![handled(&a, &two.incident)];
        let winner = match join(s.incidents.commit(&one), s.incidents.commit(&two)).await {
            (Ok(()), Err(WriteError::Conflict)) => one.incident.id,
            (Err(WriteError::Conflict), Ok(())) => two.incident.id,
            other => panic!("{other:?}"),
        };
        assert_eq!(s.alerts.alerts(&[a.id]).await.unwrap()[0].incident, Some(winner));
        assert_eq!(s.alerts.alerts_of(winner, None, 10).await.unwrap(), vec![a.id]);
    }
}

pub async fn a_report_and_the_close(s: Stores) {
    for n in 1..=ROUNDS {
        let a = alert(n, &format!("key {n}"), 0);
        s.alerts.open_alert(&a).await.unwrap();
        let mut c = opening(incident(n, 0));
        c.alerts = vec![handled(&a, &c.incident)];
        s.incidents.commit(&c).await.unwrap();
        assert_eq!(c.incident.status, Status::Triggered);
        let a = s.alerts.alerts(&[a.id]).await.unwrap().pop().unwrap();
        let (counted, closed) = join(s.alerts.count_repetition(&a.key, Severity::Error, at(9)), s.alerts.close_alert(&a, at(5))).await;
        // Either the report came first, and the close has to look again, or the close did, and the report is not counted on a closed alert.
        match (counted.unwrap(), closed) {
            (Repeated::Counted(_), Err(WriteError::Conflict)) => assert!(s.alerts.guard(&a.key).await.unwrap().unwrap().open),
            (Repeated::NotThat(_), Ok(())) => assert_eq!(s.alerts.alerts(&[a.id]).await.unwrap()[0].state, AlertState::Resolved),
            other => panic!("{other:?}"),
        }
    }
}
