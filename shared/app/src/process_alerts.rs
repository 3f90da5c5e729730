//! Alerts become incidents: opens, joins, updates and resolves them.
//!
//! Called by: `incident` (from the stream) and `sweep` (what was left over). It decides on the alerts as they are now, not on the order of events, so that
//! repeated and reordered records change nothing. A batch is folded into one write for each incident.
//! Refuses to start clocks: that follows from the incident's own record.

use crate::apply_asks;
use crate::change::Change;
use crate::configuration_cache::ConfigurationCache;
use crate::error::{AppError, WriteError};
use crate::move_alerts::heir;
use crate::ports::{AlertHandled, AlertStore, Clock, Group, IncidentStore};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tocsin_domain::alert::ask::Asked;
use tocsin_domain::alert::{Alert, Severity};
use tocsin_domain::configuration::{Configuration, Grouping, Service};
use tocsin_domain::id::{AlertId, IncidentId, ServiceId};
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::{Actor, What};
use tocsin_domain::incident::{Incident, Opening};

/// Alerts that one write handles at most (each is an alert and a link, and a transaction takes 100 items).
const MOST_A_WRITE: usize = 45;
/// What was asked of one alert that is read at once; its senders are refused more.
const MOST_ASKS: usize = 2_000;
/// How often a write that met another one is decided again.
const TRIES: u32 = 8;

/// The use case.
#[derive(Clone)]
pub struct ProcessAlerts {
    /// Alerts.
    pub alerts: Arc<dyn AlertStore>,
    /// Incidents and groups.
    pub incidents: Arc<dyn IncidentStore>,
    /// Services and their grouping.
    pub configuration: Arc<ConfigurationCache>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Where alerts go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// To the incident that they belong to.
    Incident(IncidentId),
    /// To an incident of its own.
    Own(AlertId),
    /// To the service's group.
    Group(ServiceId),
}

impl ProcessAlerts {
    /// Handles what there is to do for these alerts. The answer names those that could not be handled, with the reason; the others are done.
    pub async fn run(&self, ids: &[AlertId]) -> Result<Vec<(AlertId, AppError)>, AppError> {
        let (version, configuration) = self.configuration.current().await?;
        let mut targets: BTreeMap<Target, Vec<AlertId>> = BTreeMap::new();
        let mut alerts = self.alerts.alerts(ids).await?;
        alerts.sort_by_key(|a| (a.received_at, a.id));
        for alert in alerts.iter().filter(|a| a.has_work()) {
            targets.entry(target(alert, &configuration)).or_default().push(alert.id);
        }
        let asked: BTreeSet<AlertId> = alerts.iter().filter(|a| a.asked_seq > a.handled_seq).map(|a| a.id).collect();
        let mut failed = Vec::new();
        for (target, ids) in targets {
            for part in writes(&ids, &asked) {
                if let Err(e) = self.handle(&target, part, version, &configuration).await {
                    let reason = e.to_string();
                    failed.extend(part.iter().skip(1).map(|id| (*id, AppError::Contention { what: reason.clone() })));
                    failed.extend(part.first().map(|id| (*id, e)));
                }
            }
        }
        Ok(failed)
    }

    async fn handle(&self, target: &Target, ids: &[AlertId], version: u64, configuration: &Configuration) -> Result<(), AppError> {
        for _ in 0..TRIES {
            let mut alerts = self.alerts.alerts(ids).await?;
            // Meanwhile handled by somebody else, or attached elsewhere: then another round of this, or that one, has it.
            alerts.retain(|a| a.has_work() && (a.incident.is_none() || matches!(target, Target::Incident(i) if Some(*i) == a.incident)));
            alerts.sort_by_key(|a| (a.received_at, a.id));
            let Some(first) = alerts.first() else { return Ok(()) };
            let now = self.clock.now();
            let mut change = match target {
                Target::Incident(id) => self.existing(*id).await?,
                Target::Own(_) => self.opening(first, version, configuration).await?,
                Target::Group(service) => self.joining(service, first, version, configuration).await?,
            };
            let asks = self.asks(&alerts).await?;
            fold(&mut change, &alerts, &asks, configuration, now);
            match self.incidents.commit(&change.commit(now)).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("{target:?}") })
    }

    /// What was asked of these alerts that their incident has not heard of.
    async fn asks(&self, alerts: &[Alert]) -> Result<BTreeMap<AlertId, Vec<Asked>>, AppError> {
        let mut asks = BTreeMap::new();
        for alert in alerts {
            let after = if alert.incident.is_some() { alert.handled_seq } else { 0 };
            if alert.asked_seq > after {
                let mut asked = self.alerts.asks(alert.id, after, MOST_ASKS).await?;
                // One that came since is part of the next change.
                asked.retain(|a| a.seq <= alert.seq);
                asks.insert(alert.id, asked);
            }
        }
        Ok(asks)
    }

    async fn existing(&self, id: IncidentId) -> Result<Change, AppError> {
        let incident = self.incidents.incident(id).await?.ok_or_else(|| AppError::NotFound { what: format!("incident {id}") })?;
        Ok(Change::of(incident))
    }

    async fn opening(&self, first: &Alert, version: u64, configuration: &Configuration) -> Result<Change, AppError> {
        // The incident's id follows from the alert's, so that two who open it at once can not both succeed.
        let id = IncidentId::new(first.id.ulid());
        let number = self.incidents.next_number().await?;
        let service = service_of(first, configuration);
        let opening = Opening {
            id,
            number,
            service: service.map_or_else(|| first.service.clone(), |s| s.id.clone()),
            team: service.map_or_else(|| first.team.clone(), |s| s.team.clone()),
            policy: service.map_or_else(no_policy, |s| s.policy.clone()),
            config_version: version,
            title: title(first),
            severity: first.severity,
            acknowledge_timeout_s: service.and_then(|s| s.acknowledge_timeout_s),
            auto_resolve_s: service.and_then(|s| s.auto_resolve_s),
        };
        let incident = Incident::open(opening, first.received_at);
        let triggered = What::Triggered {
            title: incident.title.clone(),
            severity: incident.severity,
            urgency: incident.urgency,
            policy: incident.policy.clone(),
            config_version: version,
        };
        let mut change = Change::opening(incident);
        change.tell(&sender(first), vec![triggered]);
        Ok(change)
    }

    /// Joins the service's open incident while its window is open, or opens the next one with a window of its own.
    async fn joining(&self, service: &ServiceId, first: &Alert, version: u64, configuration: &Configuration) -> Result<Change, AppError> {
        let group = self.incidents.group(service).await?;
        if let Some(group) = &group
            && first.received_at < group.until
            && let Some(incident) = self.incidents.incident(group.incident).await?
            && let Some(incident) = heir(&*self.incidents, incident).await?
            && incident.is_open()
        {
            return Ok(Change::of(incident));
        }
        let mut change = self.opening(first, version, configuration).await?;
        if let Some(Grouping::Time { window_s }) = configuration.service(service).map(|s| s.grouping) {
            let until = first.received_at.checked_add(jiff::SignedDuration::from_secs(i64::from(window_s))).unwrap_or(Timestamp::MAX);
            let revision = group.map_or(0, |g| g.revision) + 1;
            change.open_group(service.clone(), Group { incident: IncidentId::new(first.id.ulid()), until, revision });
        }
        Ok(change)
    }
}

/// Parts that one write can handle. An alert of which something was asked has a write of its own: that may tell many things.
fn writes<'a>(ids: &'a [AlertId], asked: &BTreeSet<AlertId>) -> Vec<&'a [AlertId]> {
    let mut parts = Vec::new();
    let mut rest = ids;
    while let Some(first) = rest.first() {
        let plain = rest.iter().take(MOST_A_WRITE).take_while(|id| !asked.contains(id)).count();
        let (part, behind) = rest.split_at(if asked.contains(first) { 1 } else { plain });
        parts.push(part);
        rest = behind;
    }
    parts
}

fn target(alert: &Alert, configuration: &Configuration) -> Target {
    if let Some(incident) = alert.incident {
        return Target::Incident(incident);
    }
    match service_of(alert, configuration) {
        Some(Service { grouping: Grouping::Time { .. }, id, .. }) => Target::Group(id.clone()),
        Some(Service { grouping: Grouping::None, .. }) | None => Target::Own(alert.id),
    }
}

/// The service that the alert's integration belongs to now; the one it belonged to, where the integration is gone.
fn service_of<'a>(alert: &Alert, configuration: &'a Configuration) -> Option<&'a Service> {
    configuration.service_of(&alert.key.integration).or_else(|| configuration.service(&alert.service))
}

/// A policy without levels: its incidents go to the last resort at once. For alerts of services that are not in the configuration any more.
fn no_policy() -> tocsin_domain::id::PolicyId {
    #[expect(clippy::expect_used, reason = "a constant slug")]
    "none".parse().expect("a slug")
}

fn title(alert: &Alert) -> String {
    let title = tocsin_domain::notification::message::clean(&alert.event.summary);
    if title.is_empty() { format!("Alert {} without a summary", alert.id) } else { title }
}

fn sender(alert: &Alert) -> Actor {
    Actor::Sender(alert.key.integration.clone())
}

/// Puts what these alerts say into one change of their incident.
fn fold(change: &mut Change, alerts: &[Alert], asks: &BTreeMap<AlertId, Vec<Asked>>, configuration: &Configuration, now: Timestamp) {
    let Some(first) = alerts.first() else { return };
    let actor = sender(first);
    let fresh: Vec<(AlertId, Severity)> = alerts.iter().filter(|a| a.incident.is_none()).map(|a| (a.id, a.severity)).collect();
    let id = change.incident().id;
    let mut whats = change.incident().attach(&fresh, now);
    if let Some(worst) = alerts.iter().filter(|a| a.incident.is_some()).map(|a| a.severity).min() {
        whats.extend(change.incident().raise(worst, now));
    }
    change.tell(&actor, whats);
    if let Some(priority) = alerts.iter().filter(|a| a.incident.is_none()).filter_map(|a| a.event.priority).min()
        && change.incident().priority.is_none_or(|p| priority < p)
        && change.incident().is_open()
    {
        let whats = change.incident().apply(Command::SetPriority(Some(priority)), &actor, now).unwrap_or_default();
        change.tell(&actor, whats);
    }
    if let Some((asked_at, by)) = alerts.iter().filter_map(|a| Some((a.acknowledge_requested_at?, sender(a)))).max_by_key(|(at, _)| *at) {
        let whats = change.incident().acknowledge_by_sender(&by, asked_at, now);
        change.tell(&by, whats);
    }
    for alert in alerts {
        if let Some(asks) = asks.get(&alert.id) {
            apply_asks::apply(change, alert, asks, configuration, now);
        }
    }
    let resolved: Vec<AlertId> = alerts.iter().filter(|a| a.has_new_resolution()).map(|a| a.id).collect();
    let whats = change.incident().resolve_alerts(&resolved, &actor, now);
    change.tell(&actor, whats);
    change.handle(alerts.iter().map(|a| AlertHandled { alert: a.id, seq: a.seq, incident: id, attached: a.incident.is_none() }).collect());
}
