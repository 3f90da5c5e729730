//! What happens from outside, as one writes it in a file: a line of JSON each.

use crate::alert::event::{Action, Event};
use crate::alert::{Severity, Urgency};
use crate::escalation::policy::Target;
use crate::id::{IntegrationId, MaintenanceId, ServiceId, TeamId, UserId};
use crate::incident::Priority;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that happens from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imagined {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// What happens from outside.
///
/// ```
/// use tocsin_domain::foresight::simulate::{Act, Imagined};
/// let read = |text: &str| serde_json::from_str::<Imagined>(text).map(|i| i.act);
/// assert!(matches!(read(r#"{"at": "2026-01-05T03:00:00Z", "do": "trigger", "service": "shop", "severity": "warning", "component": "db"}"#), Ok(Act::Trigger(_))));
/// assert!(matches!(read(r#"{"at": "2026-01-05T03:05:00Z", "do": "acknowledge", "by": "ada"}"#), Ok(Act::Acknowledge { .. })));
/// assert!(read(r#"{"at": "2026-01-05T03:00:00Z", "do": "trigger", "servise": "shop"}"#).is_err(), "what is not known is refused");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
pub enum Act {
    /// An alert source says that something is wrong.
    Trigger(Box<Sent>),
    /// An alert source says that it is over.
    End(Of),
    /// An alert source says that somebody is on it.
    SenderAcknowledge(Of),
    /// A heartbeat comes. From its first ping on it is expected.
    Ping {
        /// Which.
        heartbeat: IntegrationId,
    },
    /// Somebody starts a maintenance window.
    Maintain {
        /// What it is called.
        id: MaintenanceId,
        /// Why.
        #[serde(default)]
        reason: String,
        /// Whose alerts.
        #[serde(default)]
        services: Vec<ServiceId>,
        /// All services of these teams.
        #[serde(default)]
        teams: Vec<TeamId>,
        /// Until when.
        until: Timestamp,
    },
    /// Somebody ends a maintenance window early, one of the configuration or one of these.
    EndMaintenance {
        /// Which.
        id: MaintenanceId,
    },
    /// A person takes it.
    Acknowledge {
        /// Who.
        by: UserId,
        /// Number of the incident, from 1; every open one where none is named.
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person gives it back.
    Unacknowledge {
        /// Who.
        by: UserId,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person takes it for a while.
    Snooze {
        /// Who.
        by: UserId,
        /// Until when.
        until: Timestamp,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person says that it is over.
    Resolve {
        /// Who.
        by: UserId,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person says that it is not over after all.
    Reopen {
        /// Who.
        by: UserId,
        /// Number of the incident, from 1.
        incident: u64,
    },
    /// A person asks for the next level.
    Escalate {
        /// Who.
        by: UserId,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person gives it to somebody else.
    Reassign {
        /// Who.
        by: UserId,
        /// To whom.
        to: Vec<Target>,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person chooses the urgency.
    Urgency {
        /// Who.
        by: UserId,
        /// Which.
        urgency: Urgency,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person asks others to help.
    Respond {
        /// Who.
        by: UserId,
        /// Whom.
        to: Vec<Target>,
        /// What for.
        #[serde(default)]
        message: String,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// Somebody who was asked to help says yes or no.
    Answer {
        /// Who.
        by: UserId,
        /// Yes.
        accept: bool,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
}

/// An event as a source sends it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// By which integration: of a service, or of a team's router. Its rules are gone through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<IntegrationId>,
    /// About which service, where the integration does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// How bad.
    #[serde(default = "critical")]
    pub severity: Severity,
    /// One line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Events of one key are one alert; each is its own where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where: a host, a service.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Part of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Grouping of the sender's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Kind of the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Importance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Everything else.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

fn critical() -> Severity {
    Severity::Critical
}

impl Sent {
    /// A critical event about a service, and nothing else.
    pub fn about(service: ServiceId) -> Self {
        Self {
            integration: None,
            service: Some(service),
            severity: critical(),
            title: String::new(),
            key: None,
            source: String::new(),
            component: None,
            group: None,
            class: None,
            priority: None,
            details: Value::Null,
        }
    }

    /// The canonical event.
    pub(super) fn event(self, summary: String, dedup_key: String) -> Event {
        Event {
            summary,
            source: self.source,
            priority: self.priority,
            component: self.component,
            group: self.group,
            class: self.class,
            details: self.details,
            ..Event::bare(Action::Trigger, dedup_key, self.severity)
        }
    }
}

/// Which open alerts are meant: those that fit all that is named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Of {
    /// Of which integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<IntegrationId>,
    /// Of which service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// The alert's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}
