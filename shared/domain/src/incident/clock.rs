//! What time does to an incident: levels fire, acknowledgements lapse, snoozes end, incidents resolve by themselves.

use super::timeline::{Actor, Planned, Unreached, What};
use super::{Incident, PendingPage, Status};
use crate::configuration::Channel;
use crate::escalation::policy::Policy;
use crate::escalation::progress::Progress;
use crate::id::ContactId;
use crate::notification::page::{LAST_RESORT, Page, PageKey};
use jiff::Timestamp;

/// What firing a level did.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// For the timeline.
    pub whats: Vec<What>,
    /// Pages to put into their lanes, in the same write.
    pub pages: Vec<Page>,
}

impl Incident {
    /// The level that is due fires: `planned` are its pages, `unreached` the targets that nobody came of.
    /// A level without pages passes at once; its delay does not count.
    pub fn fire_level(&mut self, policy: &Policy, planned: Vec<(Planned, Channel)>, unreached: Vec<Unreached>, now: Timestamp) -> Fired {
        let (repeat, level) = (self.progress.repeat, self.progress.level);
        let mut pages = Vec::with_capacity(planned.len());
        for (rule, (p, channel)) in (0u32..).zip(&planned) {
            pages.push(Page {
                key: PageKey { incident: self.id, generation: self.generation, repeat, level, user: Some(p.user.clone()), rule },
                number: self.number,
                contact: p.contact.clone(),
                channel: *channel,
                urgency: self.urgency,
                due: p.due,
                tries: 0,
            });
        }
        self.queue(&pages);
        let reached = !pages.is_empty();
        self.progress = self.progress.fired(&self.levels(policy), policy, reached, now);
        let pages_planned = planned.into_iter().map(|(p, _)| p).collect();
        Fired { whats: vec![What::LevelFired { repeat, level, pages: pages_planned, unreached }], pages }
    }

    /// All levels were gone through: the last-resort contact is paged.
    pub fn fire_last_resort(&mut self, policy: &Policy, now: Timestamp) -> Fired {
        let reason = if self.progress.reached_anybody { "every level was paged and nobody answered" } else { "no level has anybody who can be reached" };
        let page = Page {
            key: PageKey { incident: self.id, generation: self.generation, repeat: self.progress.repeat, level: self.progress.level, user: None, rule: 0 },
            number: self.number,
            contact: last_resort(),
            channel: Channel::LastResort,
            urgency: self.urgency,
            due: now,
            tries: 0,
        };
        let pages = vec![page];
        self.queue(&pages);
        self.progress = self.progress.last_resort_fired(&self.levels(policy), policy, now);
        let mut whats = vec![What::LastResort { reason: reason.to_owned() }];
        if self.progress.next_at().is_none() {
            whats.push(What::Unanswered {});
        }
        Fired { whats, pages }
    }

    /// The acknowledgement lapsed or the snooze ended: the escalation starts over.
    pub fn trigger_again(&mut self, now: Timestamp) -> Vec<What> {
        let snooze_ended = matches!(self.status, Status::Acknowledged { snoozed: true, .. });
        self.start_over(Progress::start(now));
        vec![What::TriggeredAgain { snooze_ended }]
    }

    /// It was open for as long as its service lets it be.
    pub fn resolve_by_itself(&mut self, now: Timestamp) -> Vec<What> {
        self.resolve(Actor::System, now);
        vec![What::Resolved {}]
    }

    /// Puts pages on the list of what waits.
    pub fn queue(&mut self, pages: &[Page]) {
        self.pages.extend(pages.iter().map(|p| PendingPage { due: p.due, contact: p.contact.clone(), key: p.key.clone() }));
    }

    /// Takes a page off the list; whether it was there.
    pub fn unqueue(&mut self, key: &PageKey) -> bool {
        let before = self.pages.len();
        self.pages.retain(|p| p.key != *key);
        self.pages.len() < before
    }
}

/// The contact id that stands for the last-resort topic. Configuration can not use it.
pub fn last_resort() -> ContactId {
    #[expect(clippy::expect_used, reason = "a constant; the test below parses it")]
    LAST_RESORT.parse().expect("a slug")
}

#[cfg(test)]
mod tests {
    #[test]
    fn last_resort_is_a_slug() {
        assert_eq!(super::last_resort().as_str(), super::LAST_RESORT);
    }
}
