//! What time does to an incident: levels fire, acknowledgements lapse, snoozes end, incidents resolve by themselves.

use super::timeline::{Actor, What};
use super::{Incident, PendingPage, Status};
use crate::configuration::Channel;
use crate::escalation::policy::Policy;
use crate::escalation::progress::Progress;
use crate::id::ContactId;
use crate::notification::page::{LAST_RESORT, Page, PageKey};
use crate::notification::plan::Plan;
use crate::notification::why::LevelOf;
use jiff::Timestamp;

/// Pages that one write puts into their lanes at most; a transaction takes 100 items.
pub const MOST_QUEUED: usize = 80;

/// The rule of a last-resort page that leaves beside those of a level, so that it is another one than that behind the last level.
const BESIDE: u32 = 1;

/// What firing a level did.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// For the timeline.
    pub whats: Vec<What>,
    /// Pages to put into their lanes, in the same write.
    pub pages: Vec<Page>,
}

impl Incident {
    /// The level that is due fires. One without pages passes at once; its delay does not count.
    pub fn fire_level(&mut self, policy: &Policy, plan: Plan, now: Timestamp) -> Fired {
        let Plan { pages: planned, unreached, passed, counts_from, unverified, last_resort_beside } = plan;
        let (repeat, level) = (self.progress.repeat, self.progress.level);
        let mut pages = Vec::with_capacity(planned.len());
        for (rule, (p, channel)) in (0u32..).zip(&planned) {
            pages.push(Page {
                key: PageKey { incident: self.id, generation: self.generation, repeat, level, user: Some(p.user.clone()), rule, request: None },
                number: self.number,
                contact: p.contact.clone(),
                channel: *channel,
                urgency: self.urgency,
                due: p.due,
                tries: 0,
                instead_of: Vec::new(),
            });
        }
        let reached = !pages.is_empty();
        if last_resort_beside {
            pages.push(self.last_resort_page(BESIDE, counts_from.max(now)));
        }
        let pages = self.queue(pages);
        self.progress = self.progress.fired(&self.levels(policy), policy, reached, counts_from.max(now));
        let of = LevelOf { policy: self.policy.clone(), config_version: self.config_version, level: self.own_level(level) };
        let pages_planned = planned.into_iter().map(|(p, _)| p).collect();
        Fired { whats: vec![What::LevelFired { repeat, level, of: Some(of), pages: pages_planned, unreached, passed, unverified, last_resort_beside }], pages }
    }

    /// All levels were gone through: the last-resort contact is paged.
    pub fn fire_last_resort(&mut self, policy: &Policy, now: Timestamp) -> Fired {
        let reason = if self.progress.reached_anybody { "every level was paged and nobody answered" } else { "no level has anybody who can be reached" };
        let page = self.last_resort_page(0, now);
        let pages = self.queue(vec![page]);
        self.progress = self.progress.last_resort_fired(&self.levels(policy), policy, now);
        let mut whats = vec![What::LastResort { reason: reason.to_owned() }];
        if self.progress.next_at().is_none() {
            whats.push(What::Unanswered {});
        }
        Fired { whats, pages }
    }

    fn last_resort_page(&self, rule: u32, due: Timestamp) -> Page {
        Page {
            key: PageKey {
                incident: self.id,
                generation: self.generation,
                repeat: self.progress.repeat,
                level: self.progress.level,
                user: None,
                rule,
                request: None,
            },
            number: self.number,
            contact: last_resort(),
            channel: Channel::LastResort,
            urgency: self.urgency,
            due,
            tries: 0,
            instead_of: Vec::new(),
        }
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

    /// Puts pages on the list of what waits, and returns those to put into their lanes in the same write; what one write can not take in waits in `overflow`.
    pub fn queue(&mut self, mut pages: Vec<Page>) -> Vec<Page> {
        self.overflow.extend(pages.split_off(pages.len().min(MOST_QUEUED)));
        self.pages.extend(pages.iter().map(|p| PendingPage { due: p.due, contact: p.contact.clone(), key: p.key.clone() }));
        pages
    }

    /// The next part of what one write could not take in.
    pub fn queue_overflow(&mut self) -> Vec<Page> {
        let pages = std::mem::take(&mut self.overflow);
        self.queue(pages)
    }

    /// A message of `page` left: it waits no more.
    pub fn page_sent(&mut self, page: &Page, provider_id: String, bundled_with: u32) -> What {
        self.pages.retain(|p| p.key != page.key);
        // A message of an older generation was on its way when this one began: it reached nobody of this level.
        if page.key.generation == self.generation && self.progress.is_current(&page.key) {
            self.progress.sent = true;
        }
        What::Paged { page: page.page_of(), provider_id, bundled_with }
    }

    /// A message of `page` did not leave. `again` is the same page later, `instead` another way at once.
    /// Where neither is left, nothing of its level was sent and nothing of it waits, the next level is due at once.
    pub fn page_failed(&mut self, page: &Page, reason: String, again: Option<Page>, instead: Option<Page>, now: Timestamp) -> Fired {
        self.pages.retain(|p| p.key != page.key);
        let mut next: Vec<String> = Vec::new();
        next.extend(instead.iter().map(|p| format!("{} at once", p.contact)));
        next.extend(again.iter().map(|p| format!("{} again at {}", p.contact, p.due.strftime("%H:%M:%S UTC"))));
        let pages = self.queue(instead.into_iter().chain(again).collect());
        if next.is_empty() && self.progress.is_current(&page.key) && !self.progress.sent && !self.pages.iter().any(|p| self.progress.is_current(&p.key)) {
            self.progress.hurry(now);
            next.push("nobody else at this level can be reached: what follows comes at once".to_owned());
        }
        let next = if next.is_empty() { "no other way to reach this person".to_owned() } else { next.join(", ") };
        Fired { whats: vec![What::PageFailed { page: page.page_of(), reason, next }], pages }
    }

    /// Pages of this incident in a lane that must rest until `until`.
    pub fn defer(&mut self, pages: &[Page], until: Timestamp) -> Vec<What> {
        let mut whats = Vec::new();
        for page in pages {
            for p in self.pages.iter_mut().filter(|p| p.key == page.key && p.due < until) {
                p.due = until;
                whats.push(What::PageDeferred { page: page.page_of(), until });
            }
        }
        whats
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
