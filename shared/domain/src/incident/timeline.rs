//! The timeline: immutable entries, numbered per incident, from which the incident's story (and its state) can be told again.

use super::Priority;
use super::details::Fields;
use crate::alert::outcome::{Outcome, RuleRef};
use crate::alert::{Severity, Urgency};
use crate::configuration::Channel;
use crate::escalation::policy::Target;
use crate::id::{AlertId, ContactId, IncidentId, IntegrationId, PolicyId, ServiceId, TeamId, TokenId, UserId};
use crate::notification::why::{LevelOf, PageWhy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Form of a serialized entry.
pub const ENTRY_FORMAT: u32 = 1;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Tocsin itself: time passed.
    System,
    /// An alert source.
    Sender(IntegrationId),
    /// A person.
    User(UserId),
    /// A program with an API token that stands for no person.
    Token(TokenId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::System => f.write_str("Tocsin"),
            Actor::Sender(i) => write!(f, "sender {i}"),
            Actor::User(u) => write!(f, "{u}"),
            Actor::Token(t) => write!(f, "token {t}"),
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Form of this entry: 1.
    pub v: u32,
    /// Whose timeline.
    pub incident: IncidentId,
    /// The incident's number, for people.
    pub number: u64,
    /// Position on the timeline, from 1, without gaps.
    pub seq: u32,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The incident's team.
    pub team: TeamId,
    /// The incident's service.
    pub service: ServiceId,
    /// Generation of the escalation when it was written.
    pub generation: u32,
    /// What happened.
    pub what: What,
}

/// A page that a level planned, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Whom.
    pub user: UserId,
    /// By which contact method.
    pub contact: ContactId,
    /// No earlier than.
    pub due: Timestamp,
    /// Target, schedule and rule that led here, as a sentence fragment.
    pub reason: String,
    /// The same as data; entries of before it was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Box<PageWhy>>,
}

/// Somebody, or some target, that a level could not reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreached {
    /// What the level named.
    pub target: Target,
    /// Why nobody came of it.
    pub reason: String,
}

/// Which page of the escalation: the same words in planning, sending and failing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageOf {
    /// 0-based round.
    pub repeat: u32,
    /// 0-based level.
    pub level: u32,
    /// Whom; nobody for the last resort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// By which contact method.
    pub contact: ContactId,
    /// The channel.
    pub channel: Channel,
    /// For somebody who was asked to help: by which request; round and level say nothing then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<u32>,
}

/// An event rule with the alerts that it was applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleApplied {
    /// Which rule.
    pub rule: RuleRef,
    /// What it did, for people.
    pub did: String,
    /// To which alerts.
    pub alerts: Vec<AlertId>,
}

/// An alert that was kept from people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedAlert {
    /// Which.
    pub alert: AlertId,
    /// What became of it before.
    pub was: Outcome,
}

/// Why a pause ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseEnd {
    /// It got worse.
    Worse,
    /// An alert joined that waits for nothing.
    Joined,
    /// It was over before anybody was paged.
    Transient,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum What {
    /// It began.
    Triggered {
        /// One line.
        title: String,
        /// How bad.
        severity: Severity,
        /// Which rules apply.
        urgency: Urgency,
        /// Whose turn it is.
        policy: PolicyId,
        /// Version of the configuration that is pinned.
        config_version: u64,
        /// Nobody is paged before, because it may be over by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paused_until: Option<Timestamp>,
    },
    /// Alerts joined it.
    AlertsAttached {
        /// Which.
        alerts: Vec<AlertId>,
    },
    /// Alerts of it were resolved by their sender.
    AlertsResolved {
        /// Which.
        alerts: Vec<AlertId>,
        /// How many go on.
        still_open: u32,
    },
    /// A worse alert joined it, or one got worse.
    Raised {
        /// The worst severity now.
        severity: Severity,
        /// Which rules apply now.
        urgency: Urgency,
    },
    /// Somebody answered.
    Acknowledged {
        /// Lapses then.
        until: Option<Timestamp>,
    },
    /// A person gave it back: triggered again.
    Unacknowledged {},
    /// Put aside.
    Snoozed {
        /// Triggered again then.
        until: Timestamp,
    },
    /// The acknowledgement lapsed, or the snooze ended.
    TriggeredAgain {
        /// Whether a snooze ended.
        snooze_ended: bool,
    },
    /// Over.
    Resolved {},
    /// It was not over after all: triggered again. Its alerts stay closed.
    Reopened {},
    /// A person wrote something down.
    Noted {
        /// What.
        text: String,
    },
    /// Somebody else shall take it.
    Reassigned {
        /// Whom.
        to: Vec<Target>,
    },
    /// A person asked for the next level at once.
    EscalatedNow {
        /// 0-based level that comes next.
        level: u32,
    },
    /// A priority was set.
    PrioritySet {
        /// Which; none takes it away.
        priority: Option<Priority>,
    },
    /// A person chose which notification rules apply.
    UrgencySet {
        /// Which.
        urgency: Urgency,
        /// 0-based level that fires again, by the rules for low urgency: pages of it that waited were taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<u32>,
    },
    /// A person, or the sender of an alert, asked others to help.
    RespondersAsked {
        /// Number of the request.
        request: u32,
        /// Whom.
        to: Vec<Target>,
        /// What for.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
        /// They are not asked before this instant, unless the pause of the incident ends sooner; not at all where the incident is over by then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held_until: Option<Timestamp>,
    },
    /// Those who were asked are paged.
    RespondersPaged {
        /// Number of the request.
        request: u32,
        /// The pages that follow.
        pages: Vec<Planned>,
        /// Who had been asked before, or helps already: they are not paged again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        already: Vec<UserId>,
        /// Targets that nobody came of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unreached: Vec<Unreached>,
        /// Contact methods of these pages that nobody has verified.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unverified: Vec<ContactId>,
        /// Nobody of them has a verified way: the last-resort contact is paged beside.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        last_resort_beside: bool,
    },
    /// Somebody who was asked to help said yes or no.
    ResponderAnswered {
        /// Number of the request.
        request: u32,
        /// Who.
        user: UserId,
        /// Yes.
        accepted: bool,
    },
    /// It is called something else.
    TitleSet {
        /// What.
        title: String,
    },
    /// Custom fields were written.
    FieldsSet {
        /// Those that changed; none takes one away.
        fields: Fields,
    },
    /// Where those who work on it talk.
    BridgeSet {
        /// The address or number; nowhere any more.
        bridge: Option<String>,
    },
    /// It is part of another incident from here on, and over by itself. Its alerts follow.
    Merged {
        /// The other incident.
        into: IncidentId,
        /// Its number.
        number: u64,
    },
    /// Another incident is part of this one from here on.
    MergedIn {
        /// The other incident.
        incident: IncidentId,
        /// Its number.
        number: u64,
    },
    /// Alerts went to another incident.
    AlertsMovedOut {
        /// The other incident.
        to: IncidentId,
        /// Its number.
        number: u64,
        /// Which.
        alerts: Vec<AlertId>,
    },
    /// Alerts came from another incident.
    AlertsMovedIn {
        /// The other incident.
        from: IncidentId,
        /// Its number.
        number: u64,
        /// Which.
        alerts: Vec<AlertId>,
    },
    /// Event rules were applied to alerts that joined it.
    RulesApplied {
        /// Which, to which alerts.
        rules: Vec<RuleApplied>,
    },
    /// Alerts joined it that were kept from people until now.
    Released {
        /// Which, and what kept them.
        alerts: Vec<ReleasedAlert>,
    },
    /// Alerts of services that depend on this one joined it instead of paging people of their own.
    DependentsAttached {
        /// Which.
        alerts: Vec<AlertId>,
        /// Of which services.
        services: Vec<ServiceId>,
    },
    /// More new alerts come in a minute than people are paged for one by one: this incident takes them.
    FloodBegan {
        /// Which integration brings them.
        integration: IntegrationId,
        /// How many in a minute are paged for one by one.
        flood_after: u32,
    },
    /// Nobody is paged before an instant, and nobody at all if it is over by then.
    Paused {
        /// Which instant.
        until: Timestamp,
    },
    /// The pause ended early.
    PauseEnded {
        /// Why.
        why: PauseEnd,
    },
    /// A level came due.
    LevelFired {
        /// 0-based round.
        repeat: u32,
        /// 0-based level.
        level: u32,
        /// Policy and pinned version that the level comes from; entries of before it was kept have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<LevelOf>,
        /// The pages that follow.
        pages: Vec<Planned>,
        /// Targets that nobody came of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unreached: Vec<Unreached>,
        /// Why it passed without looking at its targets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        passed: Option<String>,
        /// Contact methods of these pages that nobody has verified.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unverified: Vec<ContactId>,
        /// Nobody of the level has a verified way, so the last-resort contact is paged beside them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        last_resort_beside: bool,
    },
    /// All levels were gone through: the last-resort contact is paged.
    LastResort {
        /// Why.
        reason: String,
    },
    /// Nobody answered, and the policy has nobody left. It stays open and visible.
    Unanswered {},
    /// A message left.
    Paged {
        /// Which page.
        page: PageOf,
        /// What the provider called it.
        provider_id: String,
        /// Other incidents in the same message.
        bundled_with: u32,
    },
    /// A message did not leave.
    PageFailed {
        /// Which page.
        page: PageOf,
        /// What the provider said.
        reason: String,
        /// What happens next.
        next: String,
    },
    /// A message waits, because its receiver had as many as the cap allows.
    PageDeferred {
        /// Which page.
        page: PageOf,
        /// Until when.
        until: Timestamp,
    },
}

impl What {
    /// The name of the event on the bus: `incident.` and this.
    pub fn name(&self) -> &'static str {
        match self {
            What::Triggered { .. } => "triggered",
            What::AlertsAttached { .. } => "alerts_attached",
            What::AlertsResolved { .. } => "alerts_resolved",
            What::Raised { .. } => "raised",
            What::Acknowledged { .. } => "acknowledged",
            What::Unacknowledged {} => "unacknowledged",
            What::Snoozed { .. } => "snoozed",
            What::TriggeredAgain { .. } => "triggered_again",
            What::Resolved {} => "resolved",
            What::Reopened {} => "reopened",
            What::Noted { .. } => "noted",
            What::Reassigned { .. } => "reassigned",
            What::EscalatedNow { .. } => "escalated_now",
            What::PrioritySet { .. } => "priority_set",
            What::UrgencySet { .. } => "urgency_set",
            What::RespondersAsked { .. } => "responders_asked",
            What::RespondersPaged { .. } => "responders_paged",
            What::ResponderAnswered { .. } => "responder_answered",
            What::TitleSet { .. } => "title_set",
            What::FieldsSet { .. } => "fields_set",
            What::BridgeSet { .. } => "bridge_set",
            What::Merged { .. } => "merged",
            What::MergedIn { .. } => "merged_in",
            What::AlertsMovedOut { .. } => "alerts_moved_out",
            What::AlertsMovedIn { .. } => "alerts_moved_in",
            What::RulesApplied { .. } => "rules_applied",
            What::Released { .. } => "released",
            What::DependentsAttached { .. } => "dependents_attached",
            What::FloodBegan { .. } => "flood_began",
            What::Paused { .. } => "paused",
            What::PauseEnded { .. } => "pause_ended",
            What::LevelFired { .. } => "level_fired",
            What::LastResort { .. } => "last_resort",
            What::Unanswered {} => "unanswered",
            What::Paged { .. } => "paged",
            What::PageFailed { .. } => "page_failed",
            What::PageDeferred { .. } => "page_deferred",
        }
    }
}

impl super::Incident {
    /// Numbers what happened and makes entries of it.
    pub fn record(&mut self, at: Timestamp, actor: &Actor, whats: Vec<What>) -> Vec<Entry> {
        let waits = self.waits_until();
        whats
            .into_iter()
            .map(|mut what| {
                // Known only when all alerts of the batch were looked at.
                if let What::Triggered { paused_until, .. } = &mut what {
                    *paused_until = waits;
                }
                self.last_seq += 1;
                Entry {
                    v: ENTRY_FORMAT,
                    incident: self.id,
                    number: self.number,
                    seq: self.last_seq,
                    at,
                    actor: actor.clone(),
                    team: self.team.clone(),
                    service: self.service.clone(),
                    generation: self.generation,
                    what,
                }
            })
            .collect()
    }
}
