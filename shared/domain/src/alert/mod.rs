//! Alerts: what senders report, under one dedup key of one integration, while it is open.
//!
//! Refuses to know incidents' rules: an alert only says which incident it belongs to.

pub mod ask;
pub mod event;
pub mod mapping;
pub mod outcome;
pub mod request;

use crate::id::{AlertId, IncidentId, IntegrationId, ServiceId, TeamId};
use event::Event;
use jiff::Timestamp;
use outcome::Outcome;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How bad a sender says that it is. Ordered from the worst to the mildest, so `min` is the worse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Down, or losing data.
    Critical,
    /// Broken.
    Error,
    /// Will break.
    Warning,
    /// To know.
    Info,
}

impl Severity {
    /// The word of the wire, as in PagerDuty's Events API.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }

    /// 1 (critical) to 4 (info): the number that the store compares, so that a worse repetition is told from an equal one in the same write.
    pub fn rank(self) -> u8 {
        match self {
            Severity::Critical => 1,
            Severity::Error => 2,
            Severity::Warning => 3,
            Severity::Info => 4,
        }
    }

    /// PagerDuty's default: critical and error are high, warning and info are low.
    pub fn urgency(self) -> Urgency {
        match self {
            Severity::Critical | Severity::Error => Urgency::High,
            Severity::Warning | Severity::Info => Urgency::Low,
        }
    }
}

/// Which notification rules of a person apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Wake somebody.
    High,
    /// Can wait its turn.
    Low,
}

impl Urgency {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
        }
    }
}

/// What makes two events the same alert: the integration and the sender's dedup key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertKey {
    /// The integration whose key the sender used.
    pub integration: IntegrationId,
    /// The sender's key, exactly as sent.
    pub dedup_key: String,
}

impl AlertKey {
    /// SHA-256 of the dedup key in hex: what storage uses, since senders' keys may hold any character and length.
    pub fn digest(&self) -> String {
        crate::hex::hex(&Sha256::digest(self.dedup_key.as_bytes()))
    }
}

/// Whether the problem goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Goes on.
    Open,
    /// Resolved by its sender, or with its incident.
    Resolved,
}

/// The alert that a key had before: from one to the next, the whole history of a key can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Which.
    pub alert: AlertId,
    /// Events that were counted on it in all.
    pub events: u64,
}

/// The stored alert. Its `seq` rises with every change that the incident function has to look at; `handled_seq` is how far that one has come,
/// so that work left over is visible in the alert itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Identity of this alert; a trigger after a resolve has another.
    pub id: AlertId,
    /// Integration and dedup key.
    pub key: AlertKey,
    /// The service the integration belonged to when the alert opened.
    pub service: ServiceId,
    /// Owner of the service.
    pub team: TeamId,
    /// Open or resolved.
    pub state: AlertState,
    /// When Tocsin received the first event.
    pub received_at: Timestamp,
    /// When it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// When its sender last asked to acknowledge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_requested_at: Option<Timestamp>,
    /// The worst severity reported so far.
    pub severity: Severity,
    /// The first event (its `details` may stand apart, when it is large).
    pub event: Event,
    /// The incident it was attached to, once the incident function has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// Whether that incident is another service's, which this alert's own service depends on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
    /// What became of it instead, where a rule or a maintenance window kept it from people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The alert of this key before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// Rises with each change.
    pub seq: u32,
    /// The change up to which the incident function has acted.
    #[serde(default)]
    pub handled_seq: u32,
    /// The latest change that is an [`ask`]; 0 where there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub asked_seq: u32,
    /// The change with which its sender resolved it; none where it was resolved with its incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_seq: Option<u32>,
    /// Its sender deleted it: senders do not see it any more, people do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// It came in a [`flood`](crate::flood): as which of the new alerts of its integration in that minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flood: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Alert {
    /// An alert that opens with this event: `seq` is 1 and nothing is handled.
    pub fn new(id: AlertId, key: AlertKey, service: ServiceId, team: TeamId, event: Event, received_at: Timestamp) -> Self {
        Self {
            id,
            key,
            service,
            team,
            state: AlertState::Open,
            received_at,
            resolved_at: None,
            acknowledge_requested_at: None,
            severity: event.severity,
            event,
            incident: None,
            guest: false,
            outcome: None,
            previous: None,
            seq: 1,
            handled_seq: 0,
            asked_seq: 0,
            resolved_seq: None,
            deleted: false,
            flood: None,
        }
    }

    /// Whether the incident function still has something to do.
    pub fn has_work(&self) -> bool {
        self.seq > self.handled_seq
    }
}
