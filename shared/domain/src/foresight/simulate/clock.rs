//! What time does to incidents: levels fire, pages leave, acknowledgements lapse. As in the use case that does it, step by step.

use super::{MOST_STEPS, NOTICEABLE, World};
use crate::configuration::Channel;
use crate::escalation::policy::{Level, Policy};
use crate::escalation::step::{Step, next_step};
use crate::id::ContactId;
use crate::incident::clock::Fired;
use crate::incident::timeline::Actor;
use crate::notification::lane::{Cap, Decision};
use crate::notification::page::{LAST_RESORT, Page};
use crate::notification::plan::{Plan, plan_level};
use crate::notification::verification::Verified;
use jiff::Timestamp;

impl World<'_> {
    /// Does everything that is due; the answer is when the next thing is.
    pub(super) fn settle(&mut self, now: Timestamp, steps: &mut usize) -> Option<Timestamp> {
        let mut next: Option<Timestamp> = None;
        for place in 0..self.incidents.len() {
            let policy = self.policy(place);
            let due = loop {
                *steps += 1;
                if *steps >= MOST_STEPS {
                    return None;
                }
                match next_step(&self.incidents[place], &policy, now) {
                    Step::Done => break None,
                    Step::WaitUntil(due) => break Some(due),
                    Step::SendPages => {
                        if let Some(rest) = self.send(place, now) {
                            break Some(rest);
                        }
                    }
                    Step::ResolveByItself => {
                        let whats = self.incidents[place].resolve_by_itself(now);
                        self.tell(place, &Actor::System, whats, now);
                        self.close(place);
                    }
                    Step::TriggerAgain => {
                        let whats = self.incidents[place].trigger_again(now);
                        self.tell(place, &Actor::System, whats, now);
                    }
                    Step::QueueOverflow => {
                        let pages = self.incidents[place].queue_overflow();
                        self.pages.extend(pages);
                    }
                    Step::FireLevel(level) => {
                        let turn = self.turn(place, &level, &policy, now);
                        let mut plan = plan_level(&level, self.configuration, self.incidents[place].urgency, turn, now);
                        plan.beside(&self.verified(&plan));
                        let fired = self.incidents[place].fire_level(&policy, plan, now);
                        self.fired(place, fired, now);
                    }
                    Step::CallResponders(request) => {
                        let mut plan = plan_level(&Level::new(0, request.to), self.configuration, self.incidents[place].urgency, None, now);
                        plan.beside(&self.verified(&plan));
                        let fired = self.incidents[place].call_responders(request.number, plan);
                        self.fired(place, fired, now);
                    }
                    Step::FireLastResort => {
                        let fired = self.incidents[place].fire_last_resort(&policy, now);
                        self.fired(place, fired, now);
                    }
                }
            };
            next = next.into_iter().chain(due).min();
        }
        next
    }

    fn policy(&self, place: usize) -> Policy {
        let incident = &self.incidents[place];
        let pinned = self.configuration.policy(&incident.policy).cloned();
        pinned.unwrap_or_else(|| Policy::without_levels(incident.policy.clone(), incident.team.clone()))
    }

    /// All of a plan's ways but those that are known to be unverified.
    fn verified(&self, plan: &Plan) -> Verified {
        plan.pages.iter().map(|(p, _)| &p.contact).filter(|c| !self.outside.unconfirmed.contains(*c)).cloned().collect()
    }

    fn fired(&mut self, place: usize, fired: Fired, now: Timestamp) {
        self.pages.extend(fired.pages);
        self.tell(place, &Actor::System, fired.whats, now);
    }

    /// Whose turn it is at a level whose targets take turns: the first incident's is the first, or the one that was told.
    fn turn(&mut self, place: usize, level: &Level, policy: &Policy, now: Timestamp) -> Option<u64> {
        let incident = &mut self.incidents[place];
        let own = incident.own_level(incident.progress.level)?;
        if !level.round_robin || level.passes(incident.urgency, now).is_some() {
            return None;
        }
        let repeat = u64::from(incident.progress.repeat);
        let counter = self.turns.entry((policy.id.clone(), own)).or_insert(0);
        let drawn = *incident.turns.entry(own).or_insert_with(|| std::mem::replace(counter, *counter + 1));
        Some(drawn.wrapping_add(repeat))
    }

    /// Sends what is due of an incident, with what else waits in the same lanes. An instant: all of it rests until then.
    fn send(&mut self, place: usize, now: Timestamp) -> Option<Timestamp> {
        let mut due: Vec<ContactId> = self.incidents[place].pages.iter().filter(|p| p.due <= now).map(|p| p.contact.clone()).collect();
        due.sort();
        due.dedup();
        let mut rest: Option<Timestamp> = None;
        for contact in due {
            let cap = if contact.as_str() == LAST_RESORT { Cap::of_last_resort() } else { Cap::default() };
            let lane = self.lanes.entry(contact.clone()).or_default();
            if let Decision::Hold(until) = lane.decide(cap, now) {
                rest = rest.into_iter().chain([until]).min();
                if until.duration_since(now) > NOTICEABLE {
                    let id = self.incidents[place].id;
                    let own: Vec<Page> = self.pages.iter().filter(|p| p.contact == contact && p.key.incident == id).cloned().collect();
                    let whats = self.incidents[place].defer(&own, until);
                    self.tell(place, &Actor::System, whats, now);
                }
                continue;
            }
            lane.sent_at(cap, now);
            self.message(&contact, now);
            return None;
        }
        // What rests in one lane holds up nothing else.
        let ahead = self.incidents[place].deadlines().filter(|at| *at > now).min();
        rest.map(|until| ahead.map_or(until, |at| at.min(until)))
    }

    /// One message: everything that is due in a lane, of every incident.
    fn message(&mut self, contact: &ContactId, now: Timestamp) {
        let with: Vec<usize> = (0..self.incidents.len()).filter(|i| self.incidents[*i].pages.iter().any(|p| p.contact == *contact && p.due <= now)).collect();
        let others = u32::try_from(with.len().saturating_sub(1)).unwrap_or(u32::MAX);
        for place in with {
            let keys: Vec<_> = self.incidents[place].pages.iter().filter(|p| p.contact == *contact && p.due <= now).map(|p| p.key.clone()).collect();
            for key in keys {
                let Some(at) = self.pages.iter().position(|p| p.key == key) else {
                    self.incidents[place].pages.retain(|p| p.key != key);
                    continue;
                };
                let page = self.pages.swap_remove(at);
                let method = self.configuration.contact(contact);
                let provider = if page.channel == Channel::LastResort || method.is_some() { "imagined" } else { "unknown contact" };
                let what = self.incidents[place].page_sent(&page, provider.to_owned(), others);
                self.tell(place, &Actor::System, vec![what], now);
            }
        }
    }
}
