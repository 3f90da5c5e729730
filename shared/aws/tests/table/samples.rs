//! Alerts and incidents to test with.

use jiff::Timestamp;
use tocsin_app::ports::{AlertHandled, AlertStore, Commit, IncidentStore};
use tocsin_aws::dynamo::DynamoStore;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::alert::{Alert, AlertKey, Severity};
use tocsin_domain::configuration::Channel;
use tocsin_domain::id::{AlertId, ContactId, IncidentId, TeamId};
use tocsin_domain::incident::timeline::{Actor, What};
use tocsin_domain::incident::{Incident, Opening, Status};
use tocsin_domain::notification::page::{Page, PageKey};

/// 09:00 and so many seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_603_600 + seconds).unwrap()
}

fn ulid(n: u32) -> ulid::Ulid {
    ulid::Ulid::from_parts(1_767_603_600_000, u128::from(n))
}

pub(crate) fn alert_id(n: u32) -> AlertId {
    AlertId::new(ulid(n))
}

pub(crate) fn incident_id(n: u32) -> IncidentId {
    IncidentId::new(ulid(n))
}

pub(crate) fn team() -> TeamId {
    "web".parse().unwrap()
}

pub(crate) fn contact() -> ContactId {
    "ann-phone".parse().unwrap()
}

pub(crate) fn key(dedup_key: &str) -> AlertKey {
    AlertKey { integration: "shop-pd".parse().unwrap(), dedup_key: dedup_key.to_owned() }
}

/// An alert of this key that opened at 09:00:00.
pub(crate) fn alert(n: u32, dedup_key: &str, severity: Severity) -> Alert {
    Alert::new(
        alert_id(n),
        key(dedup_key),
        "shop".parse().unwrap(),
        team(),
        Event {
            summary: "Disk full".to_owned(),
            source: "db1".to_owned(),
            details: serde_json::json!({"free": "0 MB", "quote": "\"#\" :x"}),
            ..Event::bare(Action::Trigger, dedup_key.to_owned(), severity)
        },
        at(0),
    )
}

/// A new incident, triggered at 09:00:00.
pub(crate) fn incident(n: u32) -> Incident {
    let opening = Opening {
        id: incident_id(n),
        number: u64::from(n),
        service: "shop".parse().unwrap(),
        team: team(),
        policy: "shop".parse().unwrap(),
        config_version: 1,
        title: "Disk full".to_owned(),
        severity: Severity::Critical,
        acknowledge_timeout_s: None,
        auto_resolve_s: None,
    };
    Incident { revision: 1, ..Incident::open(opening, at(0)) }
}

/// The first write of an incident, with one entry.
pub(crate) fn opening(mut incident: Incident) -> Commit {
    let entries = incident.record(at(0), &Actor::System, vec![What::Noted { text: "opened".to_owned() }]);
    Commit {
        incident,
        expected: None,
        entries,
        announce: true,
        alerts: Vec::new(),
        moved: Vec::new(),
        group: None,
        queue: Vec::new(),
        unqueue: Vec::new(),
        once: None,
    }
}

/// A further write: the incident as it was read, changed.
pub(crate) fn change(read: &Incident, how: impl FnOnce(&mut Incident)) -> Commit {
    let mut incident = read.clone();
    how(&mut incident);
    incident.revision = read.revision + 1;
    Commit {
        incident,
        expected: Some(read.revision),
        entries: Vec::new(),
        announce: false,
        alerts: Vec::new(),
        moved: Vec::new(),
        group: None,
        queue: Vec::new(),
        unqueue: Vec::new(),
        once: None,
    }
}

pub(crate) fn acknowledged() -> Status {
    Status::Acknowledged { by: Actor::System, at: at(10), until: None, snoozed: false }
}

pub(crate) fn resolved(seconds: i64) -> Status {
    Status::Resolved { by: Actor::System, at: at(seconds) }
}

pub(crate) fn handled(alert: AlertId, seq: u32, incident: IncidentId, attached: bool) -> AlertHandled {
    AlertHandled { alert, seq, incident, attached, guest: false }
}

/// A page of an incident's first generation.
pub(crate) fn page(incident: &Incident, rule: u32, due: i64) -> Page {
    Page {
        key: PageKey { incident: incident.id, generation: incident.generation, repeat: 0, level: 0, user: Some("ann".parse().unwrap()), rule, request: None },
        number: incident.number,
        contact: contact(),
        channel: Channel::Sms,
        urgency: incident.urgency,
        due: at(due),
        tries: 0,
        instead_of: Vec::new(),
    }
}

/// Opens an incident with the alerts numbered so, each under a dedup key that is its number.
pub(crate) async fn open_with_alerts(store: &DynamoStore, n: u32, alerts: &[u32]) -> Incident {
    let mut commit = opening(incident(n));
    for id in alerts {
        store.open_alert(&alert(*id, &id.to_string(), Severity::Critical)).await.unwrap();
        commit.alerts.push(handled(alert_id(*id), 1, commit.incident.id, true));
    }
    store.commit(&commit).await.unwrap();
    commit.incident
}

/// The alert as it is stored.
pub(crate) async fn stored(store: &DynamoStore, n: u32) -> Alert {
    store.alerts(&[alert_id(n)]).await.unwrap().remove(0)
}
