//! Event rules: what is done with an alert before anybody is paged for it.
//!
//! Purpose: route, rewrite, keep from people, wait: ordered rules in the configuration, of a service or of a team's router. [`decide`] is the whole of it.
//! Called by: the incident function for each alert that it handles, and `tocsin rules test`. Refuses to store, to count and to read the clock.
//!
//! The first rule that matches is applied, and the rules behind it are not looked at, unless it says `continue`. A later rule sees what an earlier one changed.

mod condition;
mod decide;
mod field;
pub mod threshold;

pub use condition::{Condition, Figure, MOST_CONDITIONS, MOST_DEPTH, MOST_TEXT_CHARS, OneOf};
pub use decide::{Applied, Decision, Verdict, decide};
pub use field::{FIELDS, MOST_PATH_CHARS, View, is_field, meant, paths_of};

use crate::alert::{Severity, Urgency};
use crate::id::{RuleId, ServiceId};
use crate::incident::Priority;
use serde::{Deserialize, Serialize};

/// Rules of one list.
pub const MOST_RULES: usize = 200;
/// The longest summary that a rule makes, in characters: what events have.
pub const MOST_SUMMARY_CHARS: usize = 1024;
/// The longest reason, in characters.
pub const MOST_REASON_CHARS: usize = 200;
/// The longest pause: a day.
pub const MOST_PAUSE_S: u32 = 24 * 3600;
/// The longest window of a threshold: a day.
pub const MOST_WITHIN_S: u32 = 24 * 3600;
/// Most events of a threshold.
pub const MOST_EVENTS: u32 = 1000;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EventRule"))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id, unique in its list.
    pub id: RuleId,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Which events it is about; none: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// What is done with them.
    pub then: Then,
    /// Whether the rules behind it are looked at too.
    #[serde(default, rename = "continue", skip_serializing_if = "std::ops::Not::not")]
    pub goes_on: bool,
}

/// What is done with an alert.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Then {
    /// Its severity is this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Its incident opens with this urgency, whatever the severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// Its incident opens with this priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Its summary is this; `{{field}}` stands for a field of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// It belongs to this service. For routers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<ServiceId>,
    /// It joins the open incident whose alerts have the same text here; `{{field}}` stands for a field of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Nobody is paged for so many seconds after it came, and nobody at all if it resolves meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_s: Option<u32>,
    /// Nobody is paged before there were so many events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// It is recorded, and nobody is paged; the reason, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppress: Option<String>,
    /// It is nothing: recorded as dropped; the reason, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<String>,
}

/// So many events in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Events of all alerts that the rule is about, repetitions included.
    pub events: u32,
    /// Within so many seconds.
    pub within_s: u32,
}

/// The router of a team: which service an event of the team's own integrations belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Router {
    /// The service of events that no rule routes.
    pub default: ServiceId,
    /// Looked at before the rules of the service.
    #[serde(default)]
    pub rules: Vec<Rule>,
}
