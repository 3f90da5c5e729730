//! Alerts become incidents: opens, joins, updates and resolves them.
//!
//! Called by: `incident` (from the stream) and `sweep` (what was left over). It decides on the alerts as they are now, not on the order of events, so that
//! repeated and reordered records change nothing. A batch is folded into one write for each incident.
//! Refuses to start clocks: that follows from the incident's own record.

use crate::apply_asks;
use crate::change::Change;
use crate::configuration_cache::ConfigurationCache;
use crate::count_threshold::{CountThreshold, Reached};
use crate::error::{AppError, WriteError};
use crate::help_asked;
use crate::move_alerts::heir;
use crate::ports::{AlertHandled, AlertStore, Clock, CountKey, Group, GroupKey, IncidentStore, MaintenanceStore, Which};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tocsin_domain::alert::ask::Asked;
use tocsin_domain::alert::outcome::{Outcome, Suppressor};
use tocsin_domain::alert::{Alert, AlertState};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::flood::OVER_AFTER;
use tocsin_domain::id::{AlertId, IncidentId, TeamId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::intake::{self, Decided};
use tocsin_domain::maintenance::Maintenances;
use tocsin_domain::rules::{Decision, Verdict, decide};

/// Open incidents of one team that are looked through for those of a service that others depend on.
const MOST_UPSTREAM: usize = 200;
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
    /// Maintenance windows.
    pub maintenance: Arc<dyn MaintenanceStore>,
    /// Thresholds.
    pub count: CountThreshold,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Where alerts go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// To the incident that they belong to.
    Incident(IncidentId),
    /// To the open incident of a service that theirs depends on.
    Upstream(IncidentId),
    /// To an incident of its own.
    Own(AlertId),
    /// To the incident of a group.
    Group(GroupKey),
}

/// What becomes of an alert.
enum Place {
    /// It goes there.
    To(Target),
    /// It is kept from people, and that is written.
    Kept,
    /// Its record moved on meanwhile.
    Moved,
}

/// What decisions of one run go by.
struct Around {
    version: u64,
    configuration: Arc<Configuration>,
    maintenance: Maintenances,
}

impl Around {
    /// An alert that was kept from people is decided as of now, any other as of when it came: the same whenever it is asked.
    fn decide(&self, alert: &Alert, now: Timestamp) -> Decision {
        decide(alert, &self.configuration, &self.maintenance, intake::decided_at(alert, now))
    }
}

impl ProcessAlerts {
    /// Handles what there is to do for these alerts. The answer names those that could not be handled, with the reason; the others are done.
    pub async fn run(&self, ids: &[AlertId]) -> Result<Vec<(AlertId, AppError)>, AppError> {
        let (version, configuration) = self.configuration.current().await?;
        let mut alerts = self.alerts.alerts(ids).await?;
        let now = self.clock.now();
        alerts.retain(|a| a.is_due(now));
        alerts.sort_by_key(|a| (a.received_at, a.id));
        // Who belongs to an incident stays there, whatever begins or ends.
        let runs = if alerts.iter().any(|a| a.incident.is_none()) { self.maintenance.maintenance().await? } else { Vec::new() };
        let around = Around { version, configuration, maintenance: Maintenances { runs } };
        let mut failed = Vec::new();
        let mut targets: BTreeMap<Target, Vec<AlertId>> = BTreeMap::new();
        for alert in &alerts {
            match self.placed(alert, &around).await {
                Ok(Some(target)) => targets.entry(target).or_default().push(alert.id),
                Ok(None) => {}
                Err(e) => failed.push((alert.id, e)),
            }
        }
        let asked: BTreeSet<AlertId> = alerts.iter().filter(|a| a.asked_seq > a.handled_seq).map(|a| a.id).collect();
        for (target, ids) in targets {
            for part in writes(&ids, &asked) {
                if let Err(e) = self.handle(&target, part, &around).await {
                    let reason = e.to_string();
                    failed.extend(part.iter().skip(1).map(|id| (*id, AppError::Contention { what: reason.clone() })));
                    failed.extend(part.first().map(|id| (*id, e)));
                }
            }
        }
        Ok(failed)
    }

    /// Where an alert goes; nowhere where it is kept from people, which is recorded. One that changed meanwhile is decided again, as it is now.
    async fn placed(&self, alert: &Alert, around: &Around) -> Result<Option<Target>, AppError> {
        let mut alert = alert.clone();
        for _ in 0..TRIES {
            match self.place(&alert, around).await? {
                Place::To(target) => return Ok(Some(target)),
                Place::Kept => return Ok(None),
                Place::Moved => {}
            }
            match self.alerts.alerts(&[alert.id]).await?.pop().filter(|a| a.is_due(self.clock.now())) {
                Some(now) => alert = now,
                // Somebody else has handled it.
                None => return Ok(None),
            }
        }
        Err(AppError::Contention { what: format!("alert {}", alert.id) })
    }

    async fn place(&self, alert: &Alert, around: &Around) -> Result<Place, AppError> {
        if let Some(incident) = alert.incident {
            return Ok(Place::To(Target::Incident(incident)));
        }
        if let (AlertState::Resolved, Some(outcome)) = (alert.state, &alert.outcome) {
            // It is over before anybody had to know.
            return self.keep(alert, outcome.clone()).await;
        }
        let decision = around.decide(alert, self.clock.now());
        match &decision.verdict {
            Verdict::Keep { outcome } => {
                return self.keep(alert, outcome.clone()).await;
            }
            Verdict::Count { by, threshold } => {
                let service = decision.service.clone().unwrap_or_else(|| alert.service.clone());
                let counted = self.count.run(&CountKey { rule: by.clone(), service }, alert, *threshold).await?;
                if let Reached::NotYet(events, again_at) = counted {
                    let reason = format!("{events} of {} events in {} s", threshold.events, threshold.within_s);
                    let outcome = Outcome::Suppressed { by: Suppressor::Threshold(by.clone()), reason, at: self.clock.now(), again_at };
                    return self.keep(alert, outcome).await;
                }
            }
            Verdict::Page => {}
        }
        if let Some(upstream) = self.upstream(&decision, around).await? {
            return Ok(Place::To(Target::Upstream(upstream)));
        }
        let flood = || intake::flood_of(alert, &decision, &around.configuration);
        Ok(Place::To(intake::group_of(&decision, &around.configuration).or_else(flood).map_or(Target::Own(alert.id), Target::Group)))
    }

    /// Records what became of an alert instead of an incident.
    async fn keep(&self, alert: &Alert, outcome: Outcome) -> Result<Place, AppError> {
        match self.alerts.record_outcome(alert, &outcome).await {
            Ok(()) => Ok(Place::Kept),
            Err(WriteError::Conflict) => Ok(Place::Moved),
            Err(WriteError::Port(e)) => Err(e.into()),
        }
    }

    /// The open incident of a service that the alert's service depends on, the nearest service first, of its incidents the oldest.
    async fn upstream(&self, decision: &Decision, around: &Around) -> Result<Option<IncidentId>, AppError> {
        let service = decision.service.as_ref().and_then(|id| around.configuration.service(id));
        let Some(service) = service.filter(|s| s.attach_to_upstream) else { return Ok(None) };
        let mut lists: BTreeMap<TeamId, Vec<Incident>> = BTreeMap::new();
        for upstream in around.configuration.upstream_of(service) {
            if !lists.contains_key(&upstream.team) {
                let open = self.incidents.incidents_of(&upstream.team, Which::Open, None, MOST_UPSTREAM).await?;
                lists.insert(upstream.team.clone(), open);
            }
            let of_it = |i: &&Incident| i.service == upstream.id && i.is_open();
            if let Some(incident) = lists.get(&upstream.team).into_iter().flatten().find(of_it) {
                return Ok(Some(incident.id));
            }
        }
        Ok(None)
    }

    async fn handle(&self, target: &Target, ids: &[AlertId], around: &Around) -> Result<(), AppError> {
        for _ in 0..TRIES {
            let now = self.clock.now();
            let mut alerts = self.alerts.alerts(ids).await?;
            // Meanwhile handled by somebody else, or attached elsewhere: then another round of this, or that one, has it.
            alerts.retain(|a| a.is_due(now) && (a.incident.is_none() || matches!(target, Target::Incident(i) if Some(*i) == a.incident)));
            alerts.sort_by_key(|a| (a.received_at, a.id));
            let mut decided: Vec<Decided> = alerts.into_iter().map(|a| (around.decide(&a, now), a)).map(|(d, a)| (a, d)).collect();
            // One that changed meanwhile so that it is kept from people comes again, for that change.
            decided.retain(|(a, d)| a.incident.is_some() || !matches!(d.verdict, Verdict::Keep { .. }));
            let Some((first, decision)) = decided.first() else { return Ok(()) };
            let mut change = match target {
                Target::Incident(id) => self.existing(*id).await?,
                Target::Upstream(id) => {
                    let mut change = self.existing(*id).await?;
                    if !change.incident().is_open() {
                        // It was resolved meanwhile: the next round looks again.
                        return Err(AppError::Contention { what: format!("incident {id}") });
                    }
                    change
                }
                Target::Own(_) => self.opening(first, decision, around, now).await?,
                Target::Group(key) if key.is_flood() => self.flooding(key, first, decision, around, now).await?,
                Target::Group(key) => self.joining(key, first, decision, around, now).await?,
            };
            let alerts: Vec<Alert> = decided.iter().map(|(a, _)| a.clone()).collect();
            let asks = self.asks(&alerts).await?;
            fold(&mut change, &decided, &asks, matches!(target, Target::Upstream(_)), &around.configuration, now);
            match self.incidents.commit(&change.commit(now)).await {
                Ok(()) => return self.counted(&decided).await,
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("{target:?}") })
    }

    /// Alerts that a threshold let pass: their repetitions are of no interest any more. Where this fails, ingest finds out with the next one.
    async fn counted(&self, decided: &[Decided]) -> Result<(), AppError> {
        for (alert, _) in decided.iter().filter(|(a, d)| a.incident.is_none() && matches!(d.verdict, Verdict::Count { .. })) {
            if let Err(error) = self.count.forget(alert).await {
                tracing::warn!(alert = %alert.id, %error, "repetitions are still watched");
            }
        }
        Ok(())
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

    async fn opening(&self, first: &Alert, decision: &Decision, around: &Around, now: Timestamp) -> Result<Change, AppError> {
        let number = self.incidents.next_number().await?;
        let (incident, (by, whats)) = intake::open(first, decision, &around.configuration, around.version, number, now);
        let mut change = Change::opening(incident);
        change.tell(&by, whats);
        Ok(change)
    }

    /// Joins the group's open incident while its window is open, or opens the next one with a window of its own.
    async fn joining(&self, key: &GroupKey, first: &Alert, decision: &Decision, around: &Around, now: Timestamp) -> Result<Change, AppError> {
        let group = self.incidents.group(key).await?;
        let begins = intake::begins(first, now);
        if let Some(incident) = self.joinable(group.as_ref(), begins).await? {
            return Ok(Change::of(incident));
        }
        if first.flood.is_some() {
            // What would open one more incident joins the flood's; what its group has an incident for joins that.
            return self.flooding(&GroupKey::flood(key.service.clone()), first, decision, around, now).await;
        }
        let mut change = self.opening(first, decision, around, now).await?;
        let until = intake::joined_until(&key.service, &around.configuration, begins);
        let revision = group.map_or(0, |g| g.revision) + 1;
        change.open_group(key.clone(), Group { incident: IncidentId::new(first.id.ulid()), until, revision });
        Ok(change)
    }

    /// The open incident of a group, for an alert that begins then.
    async fn joinable(&self, group: Option<&Group>, begins: Timestamp) -> Result<Option<Incident>, AppError> {
        let Some(group) = group.filter(|g| begins < g.until) else { return Ok(None) };
        let Some(incident) = self.incidents.incident(group.incident).await? else { return Ok(None) };
        Ok(heir(&*self.incidents, incident).await?.filter(Incident::is_open))
    }

    /// Joins the service's open flood, which goes on with it, or begins one. One of which nothing was heard for a while takes no more alerts: the next one pages.
    async fn flooding(&self, key: &GroupKey, first: &Alert, decision: &Decision, around: &Around, now: Timestamp) -> Result<Change, AppError> {
        let group = self.incidents.group(key).await?;
        let begins = intake::begins(first, now);
        let until = begins.checked_add(OVER_AFTER).unwrap_or(Timestamp::MAX);
        let revision = group.as_ref().map_or(0, |g| g.revision) + 1;
        if let (Some(incident), Some(group)) = (self.joinable(group.as_ref(), begins).await?, group) {
            let mut change = Change::of(incident);
            // Not with each of its writes: some minutes of the time that it may be silent are enough.
            if until.duration_since(group.until) > SignedDuration::from_mins(2) {
                change.open_group(key.clone(), Group { until, revision, ..group });
            }
            return Ok(change);
        }
        let number = self.incidents.next_number().await?;
        let (incident, told) = intake::open_flood(first, decision, &around.configuration, around.version, number, now);
        let mut change = Change::opening(incident);
        for (by, whats) in told {
            change.tell(&by, whats);
        }
        change.open_group(key.clone(), Group { incident: IncidentId::new(first.id.ulid()), until, revision });
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

/// Puts what these alerts say into one change of their incident; `guests` of another service join it there.
fn fold(change: &mut Change, decided: &[Decided], asks: &BTreeMap<AlertId, Vec<Asked>>, guests: bool, configuration: &Configuration, now: Timestamp) {
    let id = change.incident().id;
    let opening = change.is_opening();
    for (by, whats) in intake::take_in(change.incident(), decided, opening, guests, now) {
        change.tell(&by, whats);
    }
    for (alert, _) in decided.iter().filter(|(a, _)| a.incident.is_none() && !guests) {
        help_asked::ask(change, alert, configuration, now);
    }
    for (alert, _) in decided {
        if let Some(asks) = asks.get(&alert.id) {
            apply_asks::apply(change, alert, asks, configuration, now);
        }
    }
    for (by, whats) in intake::let_go(change.incident(), decided, now) {
        change.tell(&by, whats);
    }
    let handled = |a: &Alert| AlertHandled { alert: a.id, seq: a.seq, incident: id, attached: a.incident.is_none(), guest: guests && a.incident.is_none() };
    change.handle(decided.iter().map(|(a, _)| handled(a)).collect());
}
