//! Decided alerts come into incidents: which one opens, which they join, and what they do there.
//!
//! Called by: the use case that handles alerts, and the simulation that plays imagined ones; both go by what stands here, so that what is foretold is what
//! happens. Refuses to decide what becomes of an alert ([`crate::rules::decide`]) and to know which incidents there are.

use super::command::Command;
use super::timeline::{Actor, PauseEnd, ReleasedAlert, RuleApplied, What};
use super::{Incident, Opening};
use crate::alert::{Alert, Severity, Urgency};
use crate::configuration::{Configuration, Grouping};
use crate::flood::Flood;
use crate::id::{AlertId, IncidentId, PolicyId, ServiceId};
use crate::rules::{Decision, MOST_SUMMARY_CHARS};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// An alert and what is to be done with it.
pub type Decided = (Alert, Decision);

/// What somebody did to an incident.
pub type Told = (Actor, Vec<What>);

/// When an incident that an alert opens begins: when the alert came or, where it was kept from people until now, now.
pub fn begins(alert: &Alert, now: Timestamp) -> Timestamp {
    if alert.outcome.is_some() { now } else { alert.received_at }
}

/// As of when an alert is decided: when it came, so that the answer is the same whenever it is asked; now, where it was kept from people.
pub fn decided_at(alert: &Alert, now: Timestamp) -> Timestamp {
    begins(alert, now)
}

/// Who sent an alert.
pub fn sender(alert: &Alert) -> Actor {
    Actor::Sender(alert.key.integration.clone())
}

/// The incident that an alert opens, without any alert yet: [`take_in`] attaches this one and others. Its id follows from the alert's, so that two who open
/// it at once can not both succeed.
pub fn open(first: &Alert, decision: &Decision, configuration: &Configuration, version: u64, number: u64, now: Timestamp) -> (Incident, Told) {
    let service = decision.service.as_ref().and_then(|id| configuration.service(id));
    let opening = Opening {
        id: IncidentId::new(first.id.ulid()),
        number,
        service: service.map_or_else(|| first.service.clone(), |s| s.id.clone()),
        team: service.map_or_else(|| first.team.clone(), |s| s.team.clone()),
        policy: service.map_or_else(no_policy, |s| s.policy.clone()),
        config_version: version,
        title: title(first, decision),
        severity: decision.severity,
        acknowledge_timeout_s: service.and_then(|s| s.acknowledge_timeout_s),
        auto_resolve_s: service.and_then(|s| s.auto_resolve_s),
    };
    let mut incident = Incident::open(opening, begins(first, now));
    incident.urgency = decision.urgency.unwrap_or(incident.urgency);
    let triggered = What::Triggered {
        title: incident.title.clone(),
        severity: incident.severity,
        urgency: incident.urgency,
        policy: incident.policy.clone(),
        config_version: version,
        paused_until: None,
    };
    (incident, (sender(first), vec![triggered]))
}

/// A policy without levels: its incidents go to the last resort at once. For alerts of services that are not in the configuration any more.
fn no_policy() -> PolicyId {
    #[expect(clippy::expect_used, reason = "a constant slug")]
    "none".parse().expect("a slug")
}

fn title(alert: &Alert, decision: &Decision) -> String {
    let title = crate::notification::message::clean(&decision.summary);
    if title.is_empty() { format!("Alert {} without a summary", alert.id) } else { title }
}

/// Alerts that join one incident: those of a service or, where they are told apart, those with the same values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// The service.
    pub service: ServiceId,
    /// Hash of the values, in hex.
    pub values: Option<String>,
}

/// What stands for the hash of values in the key of a service's flood: no hash reads so.
const FLOOD: &str = "flood";

impl GroupKey {
    /// The group of alerts of a service that come in a flood.
    pub fn flood(service: ServiceId) -> Self {
        Self { service, values: Some(FLOOD.to_owned()) }
    }

    /// Whether it is that one.
    pub fn is_flood(&self) -> bool {
        self.values.as_deref() == Some(FLOOD)
    }
}

/// The flood that an alert is part of which would open an incident of its own.
pub fn flood_of(alert: &Alert, decision: &Decision, configuration: &Configuration) -> Option<GroupKey> {
    alert.flood?;
    let service = decision.service.as_ref().and_then(|id| configuration.service(id))?;
    Some(GroupKey::flood(service.id.clone()))
}

/// The incident of a flood, as [`open`] makes that of an alert. It says so in its title and on its timeline.
pub fn open_flood(first: &Alert, decision: &Decision, configuration: &Configuration, version: u64, number: u64, now: Timestamp) -> (Incident, Vec<Told>) {
    let integration = first.key.integration.clone();
    let named = format!("Flood of alerts from {integration}, first: {}", title(first, decision));
    let summary = named.chars().take(MOST_SUMMARY_CHARS).collect();
    let (mut incident, told) = open(first, &Decision { summary, ..decision.clone() }, configuration, version, number, now);
    incident.flood = Some(Flood { first_at: first.received_at, last_at: first.received_at });
    let flood_after = configuration.limits_of(&integration).flood_after;
    (incident, vec![told, (Actor::System, vec![What::FloodBegan { integration, flood_after }])])
}

/// The group that an alert belongs to within its own service; none where it has an incident of its own.
pub fn group_of(decision: &Decision, configuration: &Configuration) -> Option<GroupKey> {
    let service = decision.service.as_ref().and_then(|id| configuration.service(id))?;
    let of = |values: Option<String>| Some(GroupKey { service: service.id.clone(), values });
    match (&decision.group, &service.grouping) {
        (Some(values), _) => of(Some(values.clone())),
        (None, Grouping::Time { .. }) => of(None),
        (None, Grouping::None | Grouping::Fields { .. }) => None,
    }
}

/// Until when alerts join the incident of a group that opens at `begins`.
pub fn joined_until(service: &ServiceId, configuration: &Configuration, begins: Timestamp) -> Timestamp {
    let window_s = match configuration.service(service).map(|s| &s.grouping) {
        Some(Grouping::Time { window_s }) => Some(*window_s),
        Some(Grouping::Fields { window_s, .. }) => *window_s,
        // A rule groups them: for as long as the incident is open.
        Some(Grouping::None) | None => None,
    };
    window_s.and_then(|s| begins.checked_add(SignedDuration::from_secs(i64::from(s))).ok()).unwrap_or(Timestamp::MAX)
}

/// Puts alerts into an incident: new ones join it, known ones may have become worse, and their senders may have asked to acknowledge. `opening`: it is new.
/// `guests`: they are of another service, which depends on the incident's.
pub fn take_in(incident: &mut Incident, decided: &[Decided], opening: bool, guests: bool, now: Timestamp) -> Vec<Told> {
    let Some((first, _)) = decided.first() else { return Vec::new() };
    let (actor, mut told) = (sender(first), Vec::new());
    let fresh: Vec<&Decided> = decided.iter().filter(|(a, _)| a.incident.is_none()).collect();
    if let Some(worst) = fresh.iter().map(|(_, d)| d.severity).min() {
        if let (Some(flood), Some((first, _)), Some((last, _))) = (&mut incident.flood, fresh.first(), fresh.last()) {
            flood.goes_on(first.received_at, last.received_at);
        }
        let attached: Vec<(AlertId, Severity)> = fresh.iter().map(|(a, d)| (a.id, d.severity)).collect();
        told.push((actor.clone(), incident.attach_as(&attached, worst, urgency(&fresh), now)));
        told.push((Actor::System, joined(&fresh, guests)));
        told.push((Actor::System, pause(incident, &fresh, opening, now)));
    }
    let known: Vec<&Decided> = decided.iter().filter(|(a, _)| a.incident.is_some()).collect();
    if let Some(worst) = known.iter().map(|(_, d)| d.severity).min() {
        // Whoever changed the urgency since is not overruled by an alert that says nothing new.
        let urgency = urgency(&known).filter(|_| worst < incident.severity);
        told.push((actor.clone(), incident.raise_to(worst, urgency, now)));
    }
    if let Some(priority) = fresh.iter().filter_map(|(a, d)| d.priority.or(a.event.priority)).min()
        && incident.priority.is_none_or(|p| priority < p)
        && incident.is_open()
    {
        told.push((actor.clone(), incident.apply(Command::SetPriority(Some(priority)), &actor, now).unwrap_or_default()));
    }
    if let Some((asked_at, by)) = decided.iter().filter_map(|(a, _)| Some((a.acknowledge_requested_at?, sender(a)))).max_by_key(|(at, _)| *at) {
        let whats = incident.acknowledge_by_sender(&by, asked_at, now);
        told.push((by, whats));
    }
    told
}

/// Takes in that senders resolved some of these alerts.
pub fn let_go(incident: &mut Incident, decided: &[Decided], now: Timestamp) -> Vec<Told> {
    let Some((first, _)) = decided.first() else { return Vec::new() };
    let resolved: Vec<AlertId> = decided.iter().filter(|(a, _)| a.has_new_resolution()).map(|(a, _)| a.id).collect();
    let actor = sender(first);
    let whats = incident.resolve_alerts(&resolved, &actor, now);
    vec![(actor, whats)]
}

/// The most urgent of alerts of which a rule chose the urgency of one at least; none where severities decide.
fn urgency(decided: &[&Decided]) -> Option<Urgency> {
    let chosen = decided.iter().any(|(_, d)| d.urgency.is_some());
    decided.iter().map(|(_, d)| d.urgency.unwrap_or_else(|| d.severity.urgency())).min().filter(|_| chosen)
}

/// Why alerts joined as they did.
fn joined(fresh: &[&Decided], guests: bool) -> Vec<What> {
    let mut whats = Vec::new();
    let mut rules: Vec<RuleApplied> = Vec::new();
    for (alert, decision) in fresh {
        for applied in &decision.applied {
            match rules.iter_mut().find(|r| r.rule == applied.rule && r.did == applied.did) {
                Some(rule) => rule.alerts.push(alert.id),
                None => rules.push(RuleApplied { rule: applied.rule.clone(), did: applied.did.clone(), alerts: vec![alert.id] }),
            }
        }
    }
    if !rules.is_empty() {
        whats.push(What::RulesApplied { rules });
    }
    let released: Vec<ReleasedAlert> = fresh.iter().filter_map(|(a, _)| Some(ReleasedAlert { alert: a.id, was: a.outcome.clone()? })).collect();
    if !released.is_empty() {
        whats.push(What::Released { alerts: released });
    }
    if guests {
        let services: BTreeSet<ServiceId> = fresh.iter().filter_map(|(_, d)| d.service.clone()).collect();
        whats.push(What::DependentsAttached { alerts: fresh.iter().map(|(a, _)| a.id).collect(), services: services.into_iter().collect() });
    }
    whats
}

/// An incident waits only for as long as each alert that opens or joins it lets it.
fn pause(incident: &mut Incident, fresh: &[&Decided], opening: bool, now: Timestamp) -> Vec<What> {
    let until = |(alert, decision): &Decided| {
        let pause = SignedDuration::from_secs(i64::from(decision.pause_s?));
        begins(alert, now).checked_add(pause).ok().filter(|until| *until > now)
    };
    let untils: Option<Vec<Timestamp>> = fresh.iter().map(|one| until(one)).collect();
    match untils.and_then(|all| all.into_iter().min()) {
        Some(until) if opening => incident.pause(until),
        // What joins a wait does not make it longer.
        Some(until) if incident.waits_until().is_none_or(|waits| waits <= until) => Vec::new(),
        Some(_) | None => incident.end_pause(PauseEnd::Joined, now),
    }
}
