//! Incidents: what people respond to. One or more alerts of one service, one status, one escalation at a time.
//!
//! The whole lifecycle is pure: [`Incident::open`], the alert changes in [`alerts`], what people ask for in [`command`], what time does in [`clock`], who is asked to
//! help in [`responders`], what makes one of two and two of one in [`merge`], what was deleted meanwhile in [`gone`].
//! Each returns the [`What`](timeline::What)s to put on the timeline, in the order in which they happened.
//! Refuses to send, to store and to read the clock.

pub mod alerts;
pub mod clock;
pub mod command;
pub mod details;
pub mod gone;
pub mod intake;
pub mod merge;
mod pause;
pub mod responders;
pub mod story;
pub mod timeline;

use crate::alert::{Severity, Urgency};
use crate::escalation::policy::Target;
use crate::escalation::progress::Progress;
use crate::flood::Flood;
use crate::id::{ContactId, IncidentId, PolicyId, ServiceId, TeamId};
use crate::notification::page::{Page, PageKey};
use jiff::Timestamp;
use merge::Merged;
use responders::{Request, Responder};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use timeline::Actor;

/// How important an incident is to the business. P1 is the most important one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[allow(missing_docs)]
pub enum Priority {
    P1,
    P2,
    P3,
    P4,
    P5,
}

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Status {
    /// Nobody has answered: the escalation goes on.
    Triggered,
    /// Somebody answered.
    Acknowledged {
        /// Who.
        by: Actor,
        /// Since when.
        at: Timestamp,
        /// Triggered again at this instant (acknowledgement timeout, or end of the snooze); never where none.
        until: Option<Timestamp>,
        /// Whether `until` was chosen by snoozing.
        snoozed: bool,
    },
    /// Over.
    Resolved {
        /// Who, or what, resolved it.
        by: Actor,
        /// When.
        at: Timestamp,
    },
}

impl Status {
    /// The word that the API and the store use.
    pub fn as_str(&self) -> &'static str {
        match self {
            Status::Triggered => "triggered",
            Status::Acknowledged { .. } => "acknowledged",
            Status::Resolved { .. } => "resolved",
        }
    }
}

/// A page that waits in its lane: enough to find it, to know when it is due, and to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingPage {
    /// When to look at it next.
    pub due: Timestamp,
    /// The lane it waits in.
    pub contact: ContactId,
    /// Its key in that lane.
    pub key: PageKey,
}

/// An incident, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Its number, for people: rises, with gaps.
    pub number: u64,
    /// Rises by one with each write: the optimistic lock.
    pub revision: u64,
    /// Number of the latest timeline entry.
    pub last_seq: u32,
    /// What it is about.
    pub service: ServiceId,
    /// Who owns it.
    pub team: TeamId,
    /// The policy, in the pinned version of the configuration.
    pub policy: PolicyId,
    /// Version of the configuration when it opened.
    pub config_version: u64,
    /// One line: the summary of the first alert.
    pub title: String,
    /// The worst severity of its alerts.
    pub severity: Severity,
    /// Which notification rules apply.
    pub urgency: Urgency,
    /// Importance, when somebody set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Where it stands.
    pub status: Status,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Rises whenever the escalation starts over.
    pub generation: u32,
    /// Which execution of this generation is its clock; older ones find themselves fenced off.
    pub attempt: u32,
    /// Generation and attempt of the clock before this one, which has nothing to do any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded: Option<(u32, u32)>,
    /// How far the escalation of this generation has come.
    pub progress: Progress,
    /// Pages that wait to be sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PendingPage>,
    /// Pages that one write could not take in: queued by the next ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overflow: Vec<Page>,
    /// Whom a person reassigned it to: a level of its own before those of the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reassigned_to: Vec<Target>,
    /// Whose turn it is at the policy's levels (0-based) whose targets take turns: drawn when such a level first fires, and kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub turns: BTreeMap<u32, u64>,
    /// Requests for help that somebody still has to answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Request>,
    /// Number of the latest request.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_request: u32,
    /// Who was asked to help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responders: Vec<Responder>,
    /// Whom senders named as responders of its alerts, and who were asked therefore: each once, however many alerts name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named_by_senders: Vec<Target>,
    /// Alerts that go on.
    pub alerts_open: u32,
    /// Alerts that ever belonged to it.
    pub alerts_total: u32,
    /// From the service: seconds after which an acknowledgement lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_timeout_s: Option<u32>,
    /// From the service: open for so many seconds at most. What a reopened incident has again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_resolve_s: Option<u32>,
    /// Resolved by itself at this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_resolve_at: Option<Timestamp>,
    /// The first level was told to wait until this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Timestamp>,
    /// Resolved, but its alerts still have to be closed, or to move to the incident that it is part of.
    #[serde(default)]
    pub closing: bool,
    /// What people keep on it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, details::Value>,
    /// Where those who work on it talk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    /// It is part of another incident now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Merged>,
    /// The incident that its first alerts were split off from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_from: Option<IncidentId>,
    /// Links of generations from this one on still answer; none: of the present one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links_from: Option<u32>,
    /// It is a flood: alerts that came too fast to page for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flood: Option<Flood>,
}

/// What is known when an incident opens.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Its id.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// What it is about.
    pub service: ServiceId,
    /// Who owns it.
    pub team: TeamId,
    /// Who is paged.
    pub policy: PolicyId,
    /// Version of the configuration.
    pub config_version: u64,
    /// One line.
    pub title: String,
    /// The worst severity of its alerts.
    pub severity: Severity,
    /// From the service, seconds.
    pub acknowledge_timeout_s: Option<u32>,
    /// From the service, seconds.
    pub auto_resolve_s: Option<u32>,
}

impl Incident {
    /// A new incident, triggered, whose first level is due now. It has no alerts yet: attach them.
    pub fn open(o: Opening, now: Timestamp) -> Self {
        Self {
            id: o.id,
            number: o.number,
            revision: 0,
            last_seq: 0,
            service: o.service,
            team: o.team,
            policy: o.policy,
            config_version: o.config_version,
            title: o.title,
            severity: o.severity,
            urgency: o.severity.urgency(),
            priority: None,
            status: Status::Triggered,
            opened_at: now,
            generation: 1,
            attempt: 1,
            superseded: None,
            progress: Progress::start(now),
            pages: Vec::new(),
            overflow: Vec::new(),
            reassigned_to: Vec::new(),
            turns: BTreeMap::new(),
            requests: Vec::new(),
            last_request: 0,
            responders: Vec::new(),
            named_by_senders: Vec::new(),
            alerts_open: 0,
            alerts_total: 0,
            acknowledge_timeout_s: o.acknowledge_timeout_s,
            auto_resolve_s: o.auto_resolve_s,
            auto_resolve_at: o.auto_resolve_s.map(|s| after(now, s)),
            paused_until: None,
            closing: false,
            fields: BTreeMap::new(),
            bridge: None,
            merged_into: None,
            split_from: None,
            links_from: None,
            flood: None,
        }
    }

    /// Whether it is not resolved.
    pub fn is_open(&self) -> bool {
        !matches!(self.status, Status::Resolved { .. })
    }

    /// The next instant at which something has to happen by itself; `None` when nothing will.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.deadlines().min()
    }

    /// All instants at which something has to happen by itself.
    pub fn deadlines(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let own = match &self.status {
            Status::Triggered => self.progress.next_at(),
            Status::Acknowledged { until, .. } => *until,
            Status::Resolved { .. } => None,
        };
        let pages = self.pages.iter().map(|p| p.due).chain(self.overflow.iter().map(|p| p.due));
        own.into_iter().chain(self.auto_resolve_at).chain(self.next_call()).chain(pages).filter(|_| self.is_open())
    }

    /// Starts the escalation over: a new generation, whose first attempt has yet to be started.
    fn start_over(&mut self, progress: Progress) {
        self.superseded = Some((self.generation, self.attempt));
        self.generation += 1;
        self.attempt = 1;
        self.links_from = None;
        self.status = Status::Triggered;
        self.progress = progress;
        self.take_back_levels();
    }

    /// From high to low urgency while nobody has answered: pages of levels that still wait are taken back, and the first level that had one fires again by the rules for
    /// low urgency, in a generation of its own. Links that have left stay good: who was called already may answer with what they got. Where nothing waits, nothing is
    /// taken back, and the next level is the first that fires by other rules. The answer: the level that fires again.
    fn calm_down(&mut self, now: Timestamp) -> Option<u32> {
        let waiting = self.pages.iter().map(|p| &p.key).chain(self.overflow.iter().map(|p| &p.key));
        let first = waiting.filter(|k| k.request.is_none() && k.user.is_some()).map(|k| (k.repeat, k.level)).min()?;
        let links_from = self.links_from.unwrap_or(self.generation);
        let round = self.progress.fired.map_or(first.0, |(repeat, _)| repeat);
        self.start_over(self.progress.again_from(round, first.1, now));
        self.links_from = Some(links_from);
        Some(first.1)
    }

    /// Whether a link that was sent in a generation still answers for this one.
    pub fn answers(&self, generation: u32) -> bool {
        (self.links_from.unwrap_or(self.generation)..=self.generation).contains(&generation)
    }

    /// Pages of levels are taken back; those who were asked to help are paged until they answer.
    fn take_back_levels(&mut self) {
        self.pages.retain(|p| p.key.request.is_some());
        self.overflow.retain(|p| p.key.request.is_some());
    }

    /// The clock that ran is fenced off; the next attempt of the same generation takes over.
    pub fn next_attempt(&mut self) {
        self.superseded = Some((self.generation, self.attempt));
        self.attempt += 1;
    }
}

/// `at` plus whole seconds; the last representable instant where that is beyond it.
pub(crate) fn after(at: Timestamp, seconds: u32) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::MAX)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
