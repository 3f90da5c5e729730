//! Two incidents that are one, and one that is two: alerts move between incidents, with everything that their senders will say of them.
//!
//! A source that is merged is resolved at once, so that nobody is paged for it any more; its alerts follow in parts, as those of a resolved incident are closed in parts.

use super::command::Rejected;
use super::timeline::{Actor, What};
use super::{Incident, Opening, Status};
use crate::alert::Severity;
use crate::escalation::progress::Progress;
use crate::id::{AlertId, IncidentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Alerts that are split off at once: it is one write.
pub const MOST_SPLIT: usize = 30;

/// Where the alerts of a merged incident go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The incident that it is part of now.
    pub into: IncidentId,
    /// Its number.
    pub number: u64,
}

/// What happened to both sides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Both {
    /// For the timeline of the incident that gives.
    pub from: Vec<What>,
    /// For the timeline of the one that takes.
    pub to: Vec<What>,
}

impl Incident {
    /// This incident becomes part of `target`: it is over, and its alerts will follow. Nothing where it is part of it already.
    /// Only open incidents are merged, and only into open ones, so that no circle can come about.
    pub fn merge_into(&mut self, target: &Incident, by: &Actor, now: Timestamp) -> Result<Both, Rejected> {
        match self.merged_into {
            Some(merged) if merged.into == target.id => return Ok(Both::default()),
            Some(merged) => return Err(Rejected::Merged { number: self.number, into: merged.number }),
            None if !self.is_open() => return Err(Rejected::NotOpen { number: self.number }),
            None => {}
        }
        if let Some(merged) = target.merged_into {
            return Err(Rejected::Merged { number: target.number, into: merged.number });
        }
        if !target.is_open() {
            return Err(Rejected::NotOpen { number: target.number });
        }
        self.resolve(by.clone(), now);
        self.merged_into = Some(Merged { into: target.id, number: target.number });
        Ok(Both { from: vec![What::Merged { into: target.id, number: target.number }], to: vec![What::MergedIn { incident: self.id, number: self.number }] })
    }

    /// Alerts leave for another incident.
    pub fn release(&mut self, alerts: &[AlertId], to: &Incident) -> Vec<What> {
        let count = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
        self.alerts_open = self.alerts_open.saturating_sub(count);
        vec![What::AlertsMovedOut { to: to.id, number: to.number, alerts: alerts.to_vec() }]
    }

    /// Alerts of another incident join: a worse one raises severity and urgency. An incident whose last own alert was resolved by its sender meanwhile goes on with them.
    pub fn take_over(&mut self, alerts: &[(AlertId, Severity)], from: &Incident, now: Timestamp) -> Vec<What> {
        let Some(worst) = alerts.iter().map(|(_, s)| *s).min() else { return Vec::new() };
        let mut whats = Vec::new();
        if !self.is_open() {
            self.open_again(now);
            whats.push(What::Reopened {});
        }
        let count = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
        self.alerts_open = self.alerts_open.saturating_add(count);
        self.alerts_total = self.alerts_total.saturating_add(count);
        whats.push(What::AlertsMovedIn { from: from.id, number: from.number, alerts: alerts.iter().map(|(id, _)| *id).collect() });
        whats.extend(self.raise(worst, now));
        whats
    }

    /// Whether alerts that go on can join: it is open, or only its senders said that it was over.
    pub fn takes_alerts(&self) -> bool {
        match &self.status {
            Status::Triggered | Status::Acknowledged { .. } => true,
            Status::Resolved { by, .. } => matches!(by, Actor::Sender(_)) && !self.closing && self.merged_into.is_none(),
        }
    }

    /// Alerts of this incident become one of their own, with the same service, policy and version of the configuration; its escalation begins.
    /// At least one alert that goes on has to stay.
    pub fn split(&mut self, id: IncidentId, number: u64, title: String, alerts: &[(AlertId, Severity)], now: Timestamp) -> Result<(Incident, Both), Rejected> {
        if !self.is_open() {
            return Err(Rejected::Resolved);
        }
        let Some(worst) = alerts.iter().map(|(_, s)| *s).min().filter(|_| alerts.len() < self.alerts_open as usize) else {
            return Err(Rejected::NothingLeft);
        };
        let opening = Opening {
            id,
            number,
            service: self.service.clone(),
            team: self.team.clone(),
            policy: self.policy.clone(),
            config_version: self.config_version,
            title,
            severity: worst,
            acknowledge_timeout_s: self.acknowledge_timeout_s,
            auto_resolve_s: self.auto_resolve_s,
        };
        let mut new = Incident::open(opening, now);
        new.split_from = Some(self.id);
        let triggered = What::Triggered {
            title: new.title.clone(),
            severity: new.severity,
            urgency: new.urgency,
            policy: new.policy.clone(),
            config_version: new.config_version,
            paused_until: None,
        };
        let mut to = vec![triggered];
        to.extend(new.take_over(alerts, self, now));
        let ids: Vec<AlertId> = alerts.iter().map(|(id, _)| *id).collect();
        let from = self.release(&ids, &new);
        Ok((new, Both { from, to }))
    }

    /// Triggered again after it was over, with its service's longest time.
    pub(super) fn open_again(&mut self, now: Timestamp) {
        self.auto_resolve_at = self.auto_resolve_s.map(|s| super::after(now, s));
        self.start_over(Progress::start(now));
    }
}
