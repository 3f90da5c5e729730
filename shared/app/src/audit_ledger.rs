//! Audits the ledger: of all alerts that came in a span, each has exactly one end, and both sides of each end say so.
//!
//! Called by: `sweep` (a sliding span) and `api`. What came in is told by the team's list, an index that is written once when an alert opens; what became of it by
//! the alert, by the incident and by the incident's own list of alerts, which are other items: one that is lost, or that was written without the other, is found.
//! What looks wrong is looked at once more, since alerts and incidents change while they are read. Refuses to repair: it says what a person can do.

use crate::configuration_cache::ConfigurationCache;
use crate::error::AppError;
use crate::ports::{AlertStore, Clock, Guard, IncidentStore, Order, Received, Span, Which};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tocsin_domain::alert::{Alert, AlertState};
use tocsin_domain::id::{AlertId, IncidentId, TeamId};
use tocsin_domain::incident::Incident;
use tocsin_domain::ledger::{End, Violation, is_late};

/// Alerts of an incident that are read at once.
const LINKS: usize = 1000;
/// Incidents of a team that one look begins with.
const MOST_INCIDENTS: usize = 100;
/// Items that are looked at together.
const AT_ONCE: usize = 8;

/// The use case.
#[derive(Clone)]
pub struct AuditLedger {
    /// What came in, and what became of it.
    pub alerts: Arc<dyn AlertStore>,
    /// The other side.
    pub incidents: Arc<dyn IncidentStore>,
    /// Whose alerts there are.
    pub configuration: Arc<ConfigurationCache>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// What an audit found. Counts add up: `alerts` is the sum of the ends and of what was found to be lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audited {
    /// Alerts that came.
    pub alerts: u64,
    /// Events that were counted on those whose key is remembered, the first ones included.
    pub events: u64,
    /// Opened an incident.
    pub opened: u64,
    /// Joined one.
    pub joined: u64,
    /// Of those that have an incident: came in a flood, and belong to the incident of one.
    pub flooded: u64,
    /// Kept from people.
    pub kept: u64,
    /// Not handled yet.
    pub waiting: u64,
    /// In no known place.
    pub lost: u64,
    /// What does not hold.
    pub violations: Vec<Violation>,
    /// Where to go on, if there is more.
    pub next: Option<Received>,
}

impl Audited {
    /// Adds what another part of the span has.
    pub fn add(&mut self, other: Audited) {
        self.alerts += other.alerts;
        self.events += other.events;
        self.opened += other.opened;
        self.joined += other.joined;
        self.flooded += other.flooded;
        self.kept += other.kept;
        self.waiting += other.waiting;
        self.lost += other.lost;
        self.violations.extend(other.violations);
        self.violations.sort();
        self.violations.dedup();
    }
}

/// An incident with the alerts that it lists.
struct Other {
    incident: Option<Incident>,
    listed: BTreeSet<AlertId>,
}

impl AuditLedger {
    /// The teams whose alerts there may be.
    pub async fn teams(&self) -> Result<Vec<TeamId>, AppError> {
        let (version, configuration) = self.configuration.current().await?;
        let mut teams: BTreeSet<TeamId> = configuration.teams.iter().map(|t| t.id.clone()).collect();
        // Senders' keys may still stand for a team that the latest version took away.
        if version > 1 {
            teams.extend(self.configuration.version(version - 1).await?.teams.iter().map(|t| t.id.clone()));
        }
        teams.extend(self.configuration.gone_teams(version).await?.iter().cloned());
        Ok(teams.into_iter().collect())
    }

    /// Every team, `limit` alerts each at most. The answer's `next` is set where a team has more.
    pub async fn run(&self, span: Span, limit: usize) -> Result<Audited, AppError> {
        let mut audited = Audited::default();
        for team in self.teams().await? {
            let part = self.team(&team, span, None, limit).await?;
            audited.next = audited.next.or(part.next);
            audited.add(part);
        }
        Ok(audited)
    }

    /// Alerts of a team that came in a span, `limit` behind `after`, newest first.
    pub async fn team(&self, team: &TeamId, span: Span, after: Option<Received>, limit: usize) -> Result<Audited, AppError> {
        let received = self.alerts.alerts_received(team, span, after, limit, Order::NewestFirst).await?;
        let ids: Vec<AlertId> = received.iter().map(|r| r.alert).collect();
        // Once a span, from the other side: incidents that opened in it, although none of their alerts may be left to tell of them.
        let opened = if after.is_none() { self.opened(team, span).await? } else { Vec::new() };
        let mut audited = self.look(&ids, &opened).await?;
        if !audited.violations.is_empty() {
            let again = self.look(&ids, &opened).await?;
            audited = Audited { violations: audited.violations.into_iter().filter(|v| again.violations.contains(v)).collect(), ..again };
        }
        audited.next = received.last().copied().filter(|_| received.len() == limit);
        Ok(audited)
    }

    /// Open incidents of a team that opened in a span.
    async fn opened(&self, team: &TeamId, span: Span) -> Result<Vec<IncidentId>, AppError> {
        // Ids begin with their instant.
        let before = u64::try_from(span.from.as_millisecond()).unwrap_or(0).saturating_sub(1);
        let after = IncidentId::new(ulid::Ulid::from_parts(before, u128::MAX));
        let open = self.incidents.incidents_of(team, Which::Open, Some(after), MOST_INCIDENTS).await?;
        Ok(open.into_iter().filter(|i| i.opened_at < span.until).map(|i| i.id).collect())
    }

    async fn look(&self, ids: &[AlertId], opened: &[IncidentId]) -> Result<Audited, AppError> {
        let now = self.clock.now();
        let alerts: BTreeMap<AlertId, Alert> = self.alerts.alerts(ids).await?.into_iter().map(|a| (a.id, a)).collect();
        let named: BTreeSet<IncidentId> = alerts.values().filter_map(|a| a.incident).chain(opened.iter().copied()).collect();
        let named: Vec<IncidentId> = named.into_iter().collect();
        let mut incidents: BTreeMap<IncidentId, Other> = BTreeMap::new();
        for part in named.chunks(AT_ONCE) {
            for (id, other) in part.iter().zip(futures::future::join_all(part.iter().map(|id| self.other(*id))).await) {
                incidents.insert(*id, other?);
            }
        }
        let read: Vec<&Alert> = alerts.values().collect();
        let mut guards: BTreeMap<AlertId, Option<Guard>> = BTreeMap::new();
        for part in read.chunks(AT_ONCE) {
            for (alert, guard) in part.iter().zip(futures::future::join_all(part.iter().map(|a| self.alerts.guard(&a.key))).await) {
                guards.insert(alert.id, guard?.filter(|g| g.alert == alert.id));
            }
        }
        let mut audited = Audited { alerts: ids.len() as u64, ..Audited::default() };
        for id in ids {
            let Some(alert) = alerts.get(id) else {
                audited.lost += 1;
                audited.violations.push(Violation::AlertLost { alert: *id, incident: None });
                continue;
            };
            let other = alert.incident.and_then(|i| incidents.get(&i));
            let end = End::of(alert, other.and_then(|o| o.incident.as_ref()), None);
            let guard = guards.get(id).copied().flatten();
            audited.events += guard.map_or(1, |g| g.count);
            let in_flood = alert.flood.is_some() && other.and_then(|o| o.incident.as_ref()).is_some_and(|i| i.flood.is_some());
            audited.flooded += u64::from(in_flood);
            match end {
                End::Opened { .. } => audited.opened += 1,
                End::Joined { .. } => audited.joined += 1,
                End::Kept { .. } => audited.kept += 1,
                End::Waiting { .. } => audited.waiting += 1,
                End::Lost { incident } => {
                    audited.lost += 1;
                    audited.violations.push(Violation::IncidentLost { alert: *id, incident });
                }
                End::Nowhere => {
                    audited.lost += 1;
                    audited.violations.push(Violation::NoEnd { alert: *id });
                }
            }
            if let Some(incident) = alert.incident.filter(|_| other.is_some_and(|o| o.incident.is_some() && !o.listed.contains(id))) {
                audited.violations.push(Violation::LinkLost { alert: *id, incident });
            }
            if alert.incident.is_some() && alert.outcome.is_some() {
                audited.violations.push(Violation::TwoEnds { alert: *id });
            }
            if is_late(alert, now) {
                audited.violations.push(Violation::Late { alert: *id, since: tocsin_domain::ledger::changed_at(alert) });
            }
            if alert.state == AlertState::Open && !guard.is_some_and(|g| g.open) {
                audited.violations.push(Violation::GuardLost { alert: *id });
            }
        }
        for (id, other) in &incidents {
            audited.violations.extend(self.incident(*id, other, &alerts).await?);
        }
        Ok(audited)
    }

    /// An incident counts what it lists, and each alert that it lists is there and says the same.
    async fn incident(&self, id: IncidentId, other: &Other, known: &BTreeMap<AlertId, Alert>) -> Result<Vec<Violation>, AppError> {
        let Some(incident) = &other.incident else { return Ok(Vec::new()) };
        let mut violations = Vec::new();
        let (counted, listed) = (u64::from(incident.alerts_total), other.listed.len() as u64);
        if counted != listed {
            violations.push(Violation::CountWrong { incident: id, counted, listed });
        }
        // Of a storm only those that should be among the alerts of this look; the others' turn comes with theirs.
        let small = other.listed.len() <= LINKS;
        let (first, last) = (known.keys().next(), known.keys().next_back());
        let expected = |a: &AlertId| small || first.is_some_and(|f| f <= a) && last.is_some_and(|l| a <= l);
        let unknown: Vec<AlertId> = other.listed.iter().filter(|a| !known.contains_key(a) && expected(a)).copied().collect();
        let read: BTreeMap<AlertId, Alert> = self.alerts.alerts(&unknown).await?.into_iter().map(|a| (a.id, a)).collect();
        let mut elsewhere: BTreeMap<IncidentId, Vec<AlertId>> = BTreeMap::new();
        for alert in &other.listed {
            match known.get(alert).or_else(|| read.get(alert)).map(|found| found.incident) {
                None if expected(alert) => violations.push(Violation::AlertLost { alert: *alert, incident: Some(id) }),
                None => {}
                Some(None) => violations.push(Violation::WrongIncident { alert: *alert, incident: id }),
                Some(Some(named)) if named != id => elsewhere.entry(named).or_default().push(*alert),
                Some(Some(_)) => {}
            }
        }
        // An alert that was merged or split into another incident stays on the list of the one that it came from; its own lists it too.
        for (named, alerts) in elsewhere {
            let own = self.other(named).await?.listed;
            violations.extend(alerts.into_iter().filter(|a| !own.contains(a)).map(|alert| Violation::WrongIncident { alert, incident: id }));
        }
        Ok(violations)
    }

    async fn other(&self, id: IncidentId) -> Result<Other, AppError> {
        let mut listed = BTreeSet::new();
        let mut after = None;
        loop {
            let page = self.alerts.alerts_of(id, after, LINKS).await?;
            after = page.last().copied();
            let more = page.len() == LINKS;
            listed.extend(page);
            if !more {
                break;
            }
        }
        // Read behind its list: what joined in between is found by the second look.
        Ok(Other { incident: self.incidents.incident(id).await?, listed })
    }
}
