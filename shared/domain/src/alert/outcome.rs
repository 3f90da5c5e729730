//! What became of an alert that pages nobody: the record that takes the place of an incident.
//!
//! Called by: the incident function, which writes it, and everybody who looks an alert up. An alert has an incident, or an outcome, or is still to be handled;
//! never an incident and an outcome. Refuses to be the last word: an open alert with [`Outcome::again_at`] is decided again at that instant.

use super::{Alert, AlertState};
use crate::id::{MaintenanceId, RuleId, ServiceId, TeamId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a list of rules stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesOf {
    /// With a service.
    Service(ServiceId),
    /// With the router of a team.
    Router(TeamId),
}

/// One rule, by its id within its list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleRef {
    /// Whose rules.
    pub of: RulesOf,
    /// Which of them.
    pub rule: RuleId,
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            RulesOf::Service(service) => write!(f, "rule {} of service {service}", self.rule),
            RulesOf::Router(team) => write!(f, "rule {} of team {team}'s router", self.rule),
        }
    }
}

/// What keeps an alert from people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppressor {
    /// A rule says so, for as long as the alert is open.
    Rule(RuleRef),
    /// A rule wants more events before it pages.
    Threshold(RuleRef),
    /// A maintenance window, until it ends.
    Maintenance(MaintenanceId),
}

impl fmt::Display for Suppressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Suppressor::Rule(rule) | Suppressor::Threshold(rule) => rule.fmt(f),
            Suppressor::Maintenance(window) => write!(f, "maintenance window {window}"),
        }
    }
}

/// What became of an alert without an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// Recorded, and kept from people.
    Suppressed {
        /// By what.
        by: Suppressor,
        /// Why, for people.
        reason: String,
        /// Since when.
        at: Timestamp,
        /// An alert that is still open then is decided again; none: as long as it is open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_at: Option<Timestamp>,
    },
    /// A rule says that it is nothing. Recorded all the same.
    Dropped {
        /// Which.
        by: RuleRef,
        /// Why, for people.
        reason: String,
        /// Since when.
        at: Timestamp,
    },
}

impl Outcome {
    /// When an alert that is still open has to be decided again.
    pub fn again_at(&self) -> Option<Timestamp> {
        match self {
            Outcome::Suppressed { again_at, .. } => *again_at,
            Outcome::Dropped { .. } => None,
        }
    }

    /// Why, for people.
    pub fn reason(&self) -> &str {
        match self {
            Outcome::Suppressed { reason, .. } | Outcome::Dropped { reason, .. } => reason,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Suppressed { by, reason, again_at, .. } => {
                write!(f, "suppressed by {by}: {reason}")?;
                again_at.map_or(Ok(()), |at| write!(f, " (looked at again at {})", at.strftime("%Y-%m-%d %H:%M:%S UTC")))
            }
            Outcome::Dropped { by, reason, .. } => write!(f, "dropped by {by}: {reason}"),
        }
    }
}

impl Alert {
    /// Whether it has to be handled at `now`: it changed, or what kept it from people is over and it is still open.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let over = self.state == AlertState::Open && self.incident.is_none() && self.outcome.as_ref().and_then(Outcome::again_at).is_some_and(|at| at <= now);
        self.has_work() || over
    }
}
