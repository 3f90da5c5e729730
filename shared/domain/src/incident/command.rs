//! What people ask of an incident. Every command is idempotent: asked twice, the second time is a harmless success.

use super::timeline::{Actor, What};
use super::{Incident, Priority, Status};
use crate::escalation::policy::{LEAST_CYCLE_S, Target};
use crate::escalation::progress::Progress;
use jiff::Timestamp;

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// "I am on it."
    Acknowledge,
    /// "It is over."
    Resolve,
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
}

/// Why a command can not apply; the caller answers 409 with the present state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Resolved incidents take notes only.
    #[error("the incident is resolved: only notes and its priority can change")]
    Resolved,
    /// A snooze has to end later than it begins.
    #[error("the end of the snooze is not in the future")]
    SnoozeInThePast,
}

impl Incident {
    /// Applies a command. An empty list means that nothing had to change.
    pub fn apply(&mut self, command: Command, by: &Actor, now: Timestamp) -> Result<Vec<What>, Rejected> {
        let open = self.is_open();
        match command {
            Command::Acknowledge => match &self.status {
                Status::Triggered => Ok(vec![self.acknowledge(by.clone(), now)]),
                Status::Acknowledged { .. } => Ok(Vec::new()),
                Status::Resolved { .. } => Err(Rejected::Resolved),
            },
            Command::Resolve if !open => Ok(Vec::new()),
            Command::Resolve => {
                self.resolve(by.clone(), now);
                Ok(vec![What::Resolved {}])
            }
            Command::Note(text) => Ok(vec![What::Noted { text }]),
            Command::SetPriority(priority) if priority == self.priority => Ok(Vec::new()),
            Command::SetPriority(priority) => {
                self.priority = priority;
                Ok(vec![What::PrioritySet { priority }])
            }
            Command::Snooze(_) | Command::Reassign(_) | Command::EscalateNow if !open => Err(Rejected::Resolved),
            Command::Snooze(until) if until <= now => Err(Rejected::SnoozeInThePast),
            Command::Snooze(until) => {
                if matches!(&self.status, Status::Acknowledged { until: Some(u), snoozed: true, .. } if *u == until) {
                    return Ok(Vec::new());
                }
                self.answer(Status::Acknowledged { by: by.clone(), at: now, until: Some(until), snoozed: true });
                Ok(vec![What::Snoozed { until }])
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
