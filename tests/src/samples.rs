//! Small values for tests, all of one team and one service.

use jiff::Timestamp;
use tocsin_app::ports::{AlertHandled, Commit};
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::alert::outcome::{Outcome, RuleRef, RulesOf, Suppressor};
use tocsin_domain::alert::{Alert, AlertKey, Severity};
use tocsin_domain::configuration::Channel;
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::timeline::{Actor, What};
use tocsin_domain::incident::{Incident, Opening};
use tocsin_domain::notification::page::{Page, PageKey};

/// A slug that is known to be one.
///
/// # Panics
/// If it is none.
#[must_use]
#[expect(clippy::expect_used, reason = "a constant of a test")]
pub fn slug<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a slug")
}

/// 2026-01-05 09:00 UTC, a Monday, and so many seconds.
#[must_use]
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_603_600 + seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// An event.
#[must_use]
pub fn event(action: Action, dedup_key: &str, severity: Severity) -> Event {
    Event { summary: format!("{dedup_key} is broken"), source: "host".to_owned(), ..Event::bare(action, dedup_key.to_owned(), severity) }
}

/// The key of an alert.
#[must_use]
pub fn key(dedup_key: &str) -> AlertKey {
    AlertKey { integration: slug("pager"), dedup_key: dedup_key.to_owned() }
}

/// A fresh alert, error, received at `at(seconds)`; `n` makes its id.
#[must_use]
pub fn alert(n: u64, dedup_key: &str, seconds: i64) -> Alert {
    Alert::new(
        AlertId::new(ulid::Ulid::from_parts(n, 0)),
        key(dedup_key),
        slug("shop"),
        slug("web"),
        event(Action::Trigger, dedup_key, Severity::Error),
        at(seconds),
    )
}

/// A fresh incident that opened at `at(seconds)`, in revision 1; `n` makes id and number.
#[must_use]
pub fn incident(n: u64, seconds: i64) -> Incident {
    let opening = Opening {
        id: IncidentId::new(ulid::Ulid::from_parts(n, 0)),
        number: n,
        service: slug("shop"),
        team: slug("web"),
        policy: slug("default"),
        config_version: 1,
        title: "broken".to_owned(),
        severity: Severity::Error,
        acknowledge_timeout_s: None,
        auto_resolve_s: None,
    };
    let mut incident = Incident::open(opening, at(seconds));
    incident.revision = 1;
    incident
}

/// The write that makes a new incident; it has one timeline entry.
#[must_use]
pub fn opening(mut incident: Incident) -> Commit {
    let entries = incident.record(incident.opened_at, &Actor::System, vec![What::Noted { text: "opened".to_owned() }]);
    commit(incident, None, entries)
}

/// The next write of an incident: the caller has changed it.
#[must_use]
pub fn next(mut incident: Incident) -> Commit {
    let before = incident.revision;
    incident.revision += 1;
    commit(incident, Some(before), Vec::new())
}

fn commit(incident: Incident, expected: Option<u64>, entries: Vec<tocsin_domain::incident::timeline::Entry>) -> Commit {
    Commit {
        incident,
        expected,
        entries,
        announce: false,
        alerts: Vec::new(),
        moved: Vec::new(),
        group: None,
        queue: Vec::new(),
        unqueue: Vec::new(),
        once: None,
    }
}

/// An alert's part in a write of `incident`.
#[must_use]
pub fn handled(alert: &Alert, incident: &Incident) -> AlertHandled {
    AlertHandled { alert: alert.id, seq: alert.seq, incident: incident.id, attached: alert.incident.is_none(), guest: false }
}

/// A page of an incident's present generation by SMS, due at `at(seconds)`; `rule` tells it from others.
#[must_use]
pub fn page(incident: &Incident, contact: &str, rule: u32, seconds: i64) -> Page {
    Page {
        key: PageKey { incident: incident.id, generation: incident.generation, repeat: 0, level: 0, user: Some(slug("ada")), rule, request: None },
        number: incident.number,
        contact: slug(contact),
        channel: Channel::Sms,
        urgency: incident.urgency,
        due: at(seconds),
        tries: 0,
        instead_of: Vec::new(),
    }
}

/// That a rule keeps an alert from people, since `at(0)`.
#[must_use]
pub fn suppressed(again_at: Option<Timestamp>) -> Outcome {
    let by = Suppressor::Rule(RuleRef { of: RulesOf::Service(slug("shop")), rule: slug("known") });
    Outcome::Suppressed { by, reason: "known noise".to_owned(), at: at(0), again_at }
}
