//! The whole plan of an escalation as one pure function.

use super::policy::{Level, Policy};
use super::progress::Next;
use crate::incident::responders::Request;
use crate::incident::{Incident, Status};
use jiff::Timestamp;

/// What an incident's clock has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The service's longest open time is over.
    ResolveByItself,
    /// The acknowledgement lapsed, or the snooze ended.
    TriggerAgain,
    /// Resolve this level's targets and plan their pages.
    FireLevel(Level),
    /// Find out who is asked to help, and plan their pages.
    CallResponders(Request),
    /// Page the last-resort contact.
    FireLastResort,
    /// Pages that one write could not take in go into their lanes.
    QueueOverflow,
    /// Pages that wait in their lanes are due.
    SendPages,
    /// Nothing before this instant.
    WaitUntil(Timestamp),
    /// Nothing will happen by itself any more.
    Done,
}

/// What to do at `now`. Asking again after doing it, until it answers [`Step::WaitUntil`] or [`Step::Done`], does everything that is due; asking early does nothing.
///
/// Worked example: one level with 300 s to answer, then the last resort.
///
/// ```
/// # use tocsin_domain::{notification::plan::Plan, escalation::{policy::{Level, Policy, Target}, step::{next_step, Step}}, incident::{Incident, Opening}, alert::Severity, id::IncidentId};
/// # let policy = Policy { id: "p".parse()?, team: "t".parse()?, name: String::new(), repeat: 0, until_acknowledged: false,
/// #     levels: vec![Level::new(300, vec![Target::User("ada".parse()?)])] };
/// # let opening = Opening { id: IncidentId::new(ulid::Ulid::from_parts(1, 1)), number: 1, service: "s".parse()?, team: "t".parse()?, policy: "p".parse()?, config_version: 1,
/// #     title: "down".into(), severity: Severity::Critical, acknowledge_timeout_s: None, auto_resolve_s: None };
/// let nine: jiff::Timestamp = "2026-01-05T09:00:00Z".parse()?;
/// let five_past: jiff::Timestamp = "2026-01-05T09:05:00Z".parse()?;
/// let mut incident = Incident::open(opening, nine);
/// assert_eq!(next_step(&incident, &policy, nine), Step::FireLevel(policy.levels[0].clone()));
/// // The level reached nobody here, so it passes at once; with a page it would answer WaitUntil(09:05) after sending.
/// incident.fire_level(&policy, Plan::nobody(nine), nine);
/// assert_eq!(next_step(&incident, &policy, nine), Step::FireLastResort);
/// # let _ = five_past;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn next_step(incident: &Incident, policy: &Policy, now: Timestamp) -> Step {
    if !incident.is_open() {
        return Step::Done;
    }
    if incident.auto_resolve_at.is_some_and(|at| at <= now) {
        return Step::ResolveByItself;
    }
    if let Some(request) = incident.request_to_call(now) {
        return Step::CallResponders(request.clone());
    }
    if !incident.overflow.is_empty() {
        return Step::QueueOverflow;
    }
    match &incident.status {
        Status::Acknowledged { until: Some(until), .. } if *until <= now => return Step::TriggerAgain,
        Status::Acknowledged { .. } | Status::Resolved { .. } => {}
        Status::Triggered => match incident.progress.next {
            Next::Level { at } if at <= now => {
                return match incident.levels(policy).into_iter().nth(incident.progress.level as usize) {
                    Some(level) => Step::FireLevel(level),
                    // The policy has fewer levels than this incident went through: it was edited by hand, or is empty.
                    None => Step::FireLastResort,
                };
            }
            Next::LastResort { at } if at <= now => return Step::FireLastResort,
            Next::Level { .. } | Next::LastResort { .. } | Next::Exhausted => {}
        },
    }
    if incident.pages.iter().any(|p| p.due <= now) {
        return Step::SendPages;
    }
    incident.deadline().map_or(Step::Done, Step::WaitUntil)
}

impl Incident {
    /// The levels of this incident: whom a person reassigned it to first, with the delay of the policy's first level, and then the policy's own.
    pub fn levels(&self, policy: &Policy) -> Vec<Level> {
        let mut levels = Vec::with_capacity(policy.levels.len() + 1);
        if !self.reassigned_to.is_empty() {
            let delay_s = policy.levels.first().map_or(300, |l| l.delay_s);
            levels.push(Level::new(delay_s, self.reassigned_to.clone()));
        }
        levels.extend(policy.levels.iter().cloned());
        levels
    }

    /// The place among the policy's own levels of a place among [`Incident::levels`]; none for the level of those whom a person reassigned it to.
    pub fn own_level(&self, level: u32) -> Option<u32> {
        if self.reassigned_to.is_empty() { Some(level) } else { level.checked_sub(1) }
    }
}
