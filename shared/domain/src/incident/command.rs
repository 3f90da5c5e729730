//! What people ask of an incident. Every command is idempotent: asked twice, the second time is a harmless success.

use super::details::Fields;
use super::responders::Answer;
use super::timeline::{Actor, What};
use super::{Incident, Priority, Status};
use crate::alert::Urgency;
use crate::escalation::policy::{LEAST_CYCLE_S, Target};
use crate::escalation::progress::Progress;
use crate::id::UserId;
use jiff::Timestamp;

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// "I am on it."
    Acknowledge,
    /// "I can not do it after all": triggered again, from the first level.
    Unacknowledge,
    /// "It is over."
    Resolve,
    /// "It is not over after all": triggered again, from the first level. Its alerts stay closed; the next event of their keys is a new alert.
    Reopen,
    /// Write something down.
    Note(String),
    /// Acknowledge until an instant.
    Snooze(Timestamp),
    /// Somebody else.
    Reassign(Vec<Target>),
    /// The next level at once.
    EscalateNow,
    /// Set or take away the priority.
    SetPriority(Option<Priority>),
    /// Ask people to help: they are paged by their own rules until they answer, whoever has acknowledged.
    AskResponders {
        /// Whom.
        to: Vec<Target>,
        /// What for.
        message: String,
    },
    /// Somebody who was asked to help says yes or no.
    AnswerRequest {
        /// Who.
        user: UserId,
        /// Yes.
        accept: bool,
    },
    /// Call it something else.
    SetTitle(String),
    /// Write custom fields; the others stay.
    SetFields(Fields),
    /// Say where those who work on it talk, or that they do not any more.
    SetBridge(Option<String>),
    /// Choose which notification rules apply. From low to high the escalation of an unanswered incident starts over, as when a worse alert joins;
    /// from high to low pages of levels that still wait are taken back, and the first level that had any goes on by the rules for low urgency. What has left has left, and its
    /// links still answer. The choice stands until an alert is worse than all there were when it was made.
    SetUrgency(Urgency),
}

impl Command {
    /// Its name: what tells commands apart that their callers gave the same key.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Acknowledge => "acknowledge",
            Command::Unacknowledge => "unacknowledge",
            Command::Resolve => "resolve",
            Command::Reopen => "reopen",
            Command::Note(_) => "note",
            Command::Snooze(_) => "snooze",
            Command::Reassign(_) => "reassign",
            Command::EscalateNow => "escalate",
            Command::SetPriority(_) => "priority",
            Command::AskResponders { .. } => "responders",
            Command::AnswerRequest { .. } => "answer",
            Command::SetTitle(_) => "title",
            Command::SetFields(_) => "fields",
            Command::SetBridge(_) => "bridge",
            Command::SetUrgency(_) => "urgency",
        }
    }
}

/// Why a command can not apply; the caller answers 409 with the present state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Resolved incidents take notes only.
    #[error("the incident is resolved: only notes and its priority can change")]
    Resolved,
    /// A resolved incident is reopened only when its alerts are closed: those that are open then are new ones.
    #[error("the alerts of the resolved incident are still being closed: ask again in a few seconds")]
    Closing,
    /// What is part of another incident goes on there.
    #[error("incident #{number} was merged into #{into}: act there")]
    Merged {
        /// The incident's number.
        number: u64,
        /// The number of the one that it is part of.
        into: u64,
    },
    /// Only open incidents are merged, and only into open ones.
    #[error("incident #{number} is resolved: only open incidents are merged")]
    NotOpen {
        /// Its number.
        number: u64,
    },
    /// A split leaves something behind.
    #[error("at least one alert that goes on has to stay")]
    NothingLeft,
    /// An incident is written whole each time, so it stays small.
    #[error("an incident has at most 20 custom fields")]
    TooManyFields,
    /// Only who was asked can answer.
    #[error("this person was not asked to help")]
    NotAsked,
    /// Requests wait for their answers.
    #[error("ten requests for help wait for answers already")]
    TooManyRequests,
    /// A snooze has to end later than it begins.
    #[error("the end of the snooze is not in the future")]
    SnoozeInThePast,
}

impl Incident {
    /// Applies a command. An empty list means that nothing had to change.
    pub fn apply(&mut self, command: Command, by: &Actor, now: Timestamp) -> Result<Vec<What>, Rejected> {
        self.applied(command, by, now).map_err(|reason| match (reason, self.merged_into) {
            (Rejected::Resolved | Rejected::Closing, Some(merged)) => Rejected::Merged { number: self.number, into: merged.number },
            (reason, _) => reason,
        })
    }

    fn applied(&mut self, command: Command, by: &Actor, now: Timestamp) -> Result<Vec<What>, Rejected> {
        let open = self.is_open();
        match command {
            Command::Acknowledge => match &self.status {
                Status::Triggered => Ok(vec![self.acknowledge(by.clone(), now)]),
                Status::Acknowledged { .. } => Ok(Vec::new()),
                Status::Resolved { .. } => Err(Rejected::Resolved),
            },
            Command::Unacknowledge => match &self.status {
                Status::Triggered => Ok(Vec::new()),
                Status::Acknowledged { .. } => {
                    self.start_over(Progress::start(now));
                    Ok(vec![What::Unacknowledged {}])
                }
                Status::Resolved { .. } => Err(Rejected::Resolved),
            },
            Command::Reopen if open => Ok(Vec::new()),
            Command::Reopen if self.merged_into.is_some() => Err(Rejected::Resolved),
            Command::Reopen if self.closing => Err(Rejected::Closing),
            Command::Reopen => {
                self.open_again(now);
                Ok(vec![What::Reopened {}])
            }
            Command::Resolve if !open => Ok(Vec::new()),
            Command::Resolve => {
                self.resolve(by.clone(), now);
                Ok(vec![What::Resolved {}])
            }
            Command::SetTitle(title) => Ok(self.set_title(title)),
            Command::SetFields(fields) => self.set_fields(fields),
            Command::SetBridge(bridge) => Ok(self.set_bridge(bridge)),
            Command::Note(text) => Ok(vec![What::Noted { text }]),
            Command::SetPriority(priority) if priority == self.priority => Ok(Vec::new()),
            Command::SetPriority(priority) => {
                self.priority = priority;
                Ok(vec![What::PrioritySet { priority }])
            }
            Command::SetUrgency(urgency) if urgency == self.urgency => Ok(Vec::new()),
            Command::Snooze(_) | Command::Reassign(_) | Command::EscalateNow | Command::SetUrgency(_) | Command::AskResponders { .. } if !open => {
                Err(Rejected::Resolved)
            }
            Command::Snooze(until) if until <= now => Err(Rejected::SnoozeInThePast),
            Command::Snooze(until) => {
                if matches!(&self.status, Status::Acknowledged { until: Some(u), snoozed: true, .. } if *u == until) {
                    return Ok(Vec::new());
                }
                self.answer(Status::Acknowledged { by: by.clone(), at: now, until: Some(until), snoozed: true });
                Ok(vec![What::Snoozed { until }])
            }
            Command::AskResponders { to, message } => self.ask(to, message, by, now),
            Command::AnswerRequest { user, accept } => self.answer_request(&user, if accept { Answer::Accepted } else { Answer::Declined }),
            Command::SetUrgency(urgency) => {
                self.urgency = urgency;
                let mut again = None;
                match (urgency, &self.status) {
                    (Urgency::High, Status::Triggered) => self.start_over(Progress::start(now)),
                    (Urgency::Low, Status::Triggered) => again = self.calm_down(now),
                    (Urgency::High | Urgency::Low, Status::Acknowledged { .. } | Status::Resolved { .. }) => {}
                }
                Ok(vec![What::UrgencySet { urgency, again }])
            }
            Command::Reassign(to) => {
                self.reassigned_to = to.clone();
                self.start_over(Progress::start(now));
                Ok(vec![What::Reassigned { to }])
            }
            Command::EscalateNow => {
                // Asked twice within the least cycle, before the level that was asked for has fired, it is the same wish.
                if self.status == Status::Triggered && self.progress.escalated_now && now < super::after(self.progress.generation_started_at, LEAST_CYCLE_S) {
                    return Ok(Vec::new());
                }
                let progress = self.progress.escalated(now);
                let level = progress.level;
                self.start_over(progress);
                Ok(vec![What::EscalatedNow { level }])
            }
        }
    }
}
