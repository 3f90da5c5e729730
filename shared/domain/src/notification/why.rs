//! Explain: why a page is planned, as data and as a sentence.
//!
//! Policy, version, round and level are the same for all pages of a level: [`LevelOf`] holds them once an entry, and [`PageWhy`] what differs from page to page.
//! Written by [`plan_level`](super::plan::plan_level) and by what else plans pages; shown by the API and `tocsin show --why`. Entries of before either existed
//! have neither: their reason is the sentence alone.

use crate::alert::Urgency;
use crate::escalation::policy::Target;
use crate::id::PolicyId;
use crate::incident::timeline::{Actor, Planned};
use crate::schedule;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a level comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelOf {
    /// The policy.
    pub policy: PolicyId,
    /// Version of the configuration that the incident is pinned to.
    pub config_version: u64,
    /// 0-based place among the policy's own levels; none where a person reassigned the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u32>,
}

/// Why one page is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageWhy {
    /// What the level names.
    pub target: Target,
    /// How that means this person.
    #[serde(flatten)]
    pub via: Via,
    /// Whose turn it was, where the level's targets take turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnWhy>,
    /// By which wish of theirs.
    pub rule: RuleWhy,
    /// End of the person's quiet hours, which the page waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<Timestamp>,
}

/// The turn of a level whose targets take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnWhy {
    /// Whose, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

/// How a target means a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "via", rename_all = "snake_case")]
pub enum Via {
    /// The level names the person.
    Named,
    /// On call in the schedule that the level names.
    OnCall {
        /// Layer and turn, or override.
        on_call: schedule::Why,
    },
    /// Member of the team that the level names.
    Member,
    /// Somebody asked for this person.
    Requested {
        /// Who.
        by: Actor,
    },
}

/// Which notification rule chose contact method and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleWhy {
    /// Which rules apply.
    pub urgency: Urgency,
    /// Number of the rule among those of this urgency, from 1; none where the person has no rule and the default applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Seconds that the rule waits.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after_s: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl RuleWhy {
    /// A sentence fragment.
    pub fn words(&self) -> String {
        let urgency = self.urgency.as_str();
        match self.number {
            Some(n) => format!("rule {n} for {urgency} urgency"),
            None => format!("no rule for {urgency} urgency: the default"),
        }
    }
}

/// The whole chain of one page in a sentence, for a person who asks "why me?".
///
/// ```
/// # use tocsin_domain::notification::why::{LevelOf, sentence};
/// # use tocsin_domain::incident::timeline::Planned;
/// let page: Planned = serde_json::from_str(
///     r#"{"user": "ada", "contact": "ada-sms", "due": "2026-01-05T09:00:00Z", "reason": "named by the level; rule 1 for high urgency"}"#).unwrap();
/// let of = LevelOf { policy: "shop".parse().unwrap(), config_version: 3, level: Some(1) };
/// assert_eq!(sentence(Some(&of), (0, 1), &page), "ada by ada-sms at 2026-01-05 09:00:00 UTC: policy shop of configuration 3, level 2, round 1; \
///     named by the level; rule 1 for high urgency");
/// let of = LevelOf { level: None, ..of };
/// assert_eq!(sentence(Some(&of), (0, 0), &page), "ada by ada-sms at 2026-01-05 09:00:00 UTC: a person reassigned it, round 1; named by the level; \
///     rule 1 for high urgency");
/// ```
pub fn sentence(of: Option<&LevelOf>, (repeat, level): (u32, u32), page: &Planned) -> String {
    let from = match of {
        Some(LevelOf { policy, config_version, level: Some(own) }) => format!("policy {policy} of configuration {config_version}, level {}", own + 1),
        Some(LevelOf { level: None, .. }) => "a person reassigned it".to_owned(),
        None => format!("level {}", level + 1),
    };
    format!("{} by {} at {}: {from}, round {}; {}", page.user, page.contact, at(page.due), repeat + 1, page.reason)
}

fn at(t: Timestamp) -> String {
    t.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
