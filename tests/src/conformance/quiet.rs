//! What stores of maintenance windows and thresholds promise, and how alerts are watched.

use super::Stores;
use crate::samples::{alert, at, handled, incident, key, opening, slug};
use tocsin_app::error::WriteError;
use tocsin_app::ports::{CountKey, Counted, CountedAlert, Repeated, succession};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::outcome::{RuleRef, RulesOf};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::maintenance::MaintenanceRun;

fn run(id: &str, start: i64) -> MaintenanceRun {
    MaintenanceRun {
        id: slug(id),
        team: slug("web"),
        reason: "moving house".to_owned(),
        services: vec![slug("shop")],
        teams: vec![],
        start: at(start),
        end: at(start + 100_000_000),
        by: Actor::User(slug("ada")),
        at: Some(at(start)),
        ended_at: None,
        ended_by: None,
        configured: false,
    }
}

pub async fn maintenance_is_listed_and_ended_once(s: Stores) {
    assert_eq!(s.maintenance.maintenance().await.unwrap(), vec![]);
    let (a, later, b) = (run("a", 0), run("a", 60), run("b", 0));
    for run in [&b, &later, &a] {
        s.maintenance.put_maintenance(run).await.unwrap();
    }
    assert_eq!(s.maintenance.maintenance().await.unwrap(), vec![a.clone(), later.clone(), b.clone()]);
    s.maintenance.put_maintenance(&a).await.unwrap();
    let ended = MaintenanceRun { ended_at: Some(at(30)), ..a.clone() };
    s.maintenance.put_maintenance(&ended).await.unwrap();
    assert_eq!(s.maintenance.put_maintenance(&ended).await, Err(WriteError::Conflict), "ended once");
    assert_eq!(s.maintenance.put_maintenance(&a).await, Err(WriteError::Conflict), "it does not begin again");
    assert_eq!(s.maintenance.maintenance().await.unwrap(), vec![ended, later, b]);
}

pub async fn thresholds_count_under_a_revision(s: Stores) {
    let key = |rule: &str, of| CountKey { rule: RuleRef { of, rule: slug(rule) }, service: slug("shop") };
    let of_service = key("many", RulesOf::Service(slug("shop")));
    let of_router = key("many", RulesOf::Router(slug("shop")));
    let counted =
        |revision| Counted { until: at(600), reached: false, alerts: vec![CountedAlert { alert: alert(1, "db", 0).id, from: 0, seen: revision }], revision };
    assert_eq!(s.thresholds.counted(&of_service).await.unwrap(), None);
    s.thresholds.put_counted(&of_service, &counted(1)).await.unwrap();
    assert_eq!(s.thresholds.put_counted(&of_service, &counted(1)).await, Err(WriteError::Conflict));
    assert_eq!(s.thresholds.put_counted(&of_service, &counted(3)).await, Err(WriteError::Conflict));
    s.thresholds.put_counted(&of_service, &counted(2)).await.unwrap();
    assert_eq!(s.thresholds.counted(&of_service).await.unwrap(), Some(counted(2)));
    assert_eq!(s.thresholds.counted(&of_router).await.unwrap(), None, "the router of a team with that name has rules of its own");
}

pub async fn a_watched_alert_tells_its_repetitions(s: Stores) {
    let a = alert(1, "db", 0);
    assert_eq!(s.alerts.watch(&a.key, a.id, true).await, Err(WriteError::Conflict), "nothing there");
    s.alerts.open_alert(&a).await.unwrap();
    let repeat = async |seconds| s.alerts.count_repetition(&key("db"), Severity::Error, at(seconds)).await.unwrap();
    assert_eq!(repeat(1).await, Repeated::Counted(a.id));
    assert_eq!(s.alerts.watch(&a.key, a.id, true).await, Ok(2));
    assert_eq!(repeat(2).await, Repeated::Watched(a.id));
    assert_eq!(s.alerts.watch(&a.key, a.id, true).await, Ok(3), "again, with what came since");
    assert_eq!(s.alerts.watch(&a.key, a.id, false).await, Ok(3));
    assert_eq!(repeat(3).await, Repeated::Counted(a.id));
    s.alerts.watch(&a.key, a.id, true).await.unwrap();
    s.alerts.resolve_alert(&a.key, a.id, at(4)).await.unwrap();
    assert_eq!(s.alerts.watch(&a.key, a.id, false).await, Err(WriteError::Conflict), "not open any more");
    let b = alert(2, "db", 5);
    s.alerts.open_alert(&b).await.unwrap();
    assert_eq!(repeat(6).await, Repeated::Counted(b.id), "the next alert of the key is not watched");
}

pub async fn a_guest_is_one(s: Stores) {
    let a = alert(1, "db", 0);
    s.alerts.open_alert(&a).await.unwrap();
    let mut c = opening(incident(1, 0));
    c.alerts = vec![handled(&a, &c.incident)];
    c.alerts[0].guest = true;
    s.incidents.commit(&c).await.unwrap();
    let guest = s.alerts.alerts(&[a.id]).await.unwrap().pop().unwrap();
    assert!(guest.guest && guest.incident == Some(c.incident.id));
    assert!(!succession(&guest, alert(2, "", 0).id, at(9), 1).guest, "what comes behind it is an alert of its own");
}
