//! Responders: people whom somebody asked to help, beside the escalation.
//!
//! They are paged by their own rules whether or not somebody has acknowledged, until they answer or the incident is resolved: a request belongs to the incident, not to
//! a generation. Who was asked or has accepted is not paged again; who declined may be asked anew. What a sender asks while its incident waits by a rule is held with it:
//! nobody is paged for what may be over by itself.

use super::clock::{Fired, last_resort};
use super::command::Rejected;
use super::timeline::{Actor, Unreached, What};
use super::{Incident, Status};
use crate::configuration::Channel;
use crate::escalation::policy::{MOST_TARGETS, Target};
use crate::id::UserId;
use crate::notification::page::{Page, PageKey};
use crate::notification::plan::Plan;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Requests whose people have not answered yet; more are refused.
pub const MOST_REQUESTS: usize = 10;
/// People who were asked to help with one incident.
pub const MOST_RESPONDERS: usize = 100;
/// Characters of a request's message: it has to fit into a text message.
pub const MOST_MESSAGE_CHARS: usize = 160;

/// What somebody who was asked said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing yet: their pages go on.
    Asked,
    /// They help.
    Accepted,
    /// They do not: no more pages.
    Declined,
}

/// Somebody who was asked to help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responder {
    /// Who.
    pub user: UserId,
    /// By which request.
    pub request: u32,
    /// What they said.
    pub answer: Answer,
}

/// A request for help. It is kept until everybody answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// From 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Who asks.
    pub by: Actor,
    /// Whom; empty once it is known who that is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Target>,
    /// What for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Incident {
    /// Somebody asks for help; who that is, is found out when the request is called. The same request, asked again before that, is one; so is all that one sender asks
    /// while the incident waits.
    pub(super) fn ask(&mut self, to: Vec<Target>, message: String, by: &Actor, now: Timestamp) -> Result<Vec<What>, Rejected> {
        if self.requests.iter().any(|r| r.by == *by && r.to == to && r.message == message) {
            return Ok(Vec::new());
        }
        let held_until = self.holds_until().filter(|until| is_sender(by) && now < *until);
        let waits = |r: &&mut Request| held_until.is_some() && r.by == *by && r.message == message && !r.to.is_empty();
        if let Some(request) = self.requests.iter_mut().find(waits) {
            let to: Vec<Target> = to.into_iter().filter(|t| !request.to.contains(t)).collect();
            let fits = request.to.len() + to.len() <= MOST_TARGETS;
            if fits && !to.is_empty() {
                request.to.extend(to.iter().cloned());
                return Ok(vec![What::RespondersAsked { request: request.number, to, message, held_until }]);
            }
            return if fits { Ok(Vec::new()) } else { Err(Rejected::TooManyRequests) };
        }
        if self.requests.len() >= MOST_REQUESTS {
            return Err(Rejected::TooManyRequests);
        }
        self.last_request += 1;
        let number = self.last_request;
        self.requests.push(Request { number, at: now, by: by.clone(), to: to.clone(), message: message.clone() });
        // The clock that runs may sleep for long: another one wakes up in time.
        self.next_attempt();
        Ok(vec![What::RespondersAsked { request: number, to, message, held_until }])
    }

    /// From when on a request is called: one of a sender waits for as long as the incident does.
    fn called_at(&self, request: &Request) -> Timestamp {
        self.holds_until().filter(|_| is_sender(&request.by)).map_or(request.at, |until| until.max(request.at))
    }

    /// The request whose people have to be found out and paged now.
    pub fn request_to_call(&self, now: Timestamp) -> Option<&Request> {
        self.requests.iter().find(|r| !r.to.is_empty() && self.called_at(r) <= now)
    }

    /// When the next request is called whose people are not found out yet.
    pub(super) fn next_call(&self) -> Option<Timestamp> {
        self.requests.iter().filter(|r| !r.to.is_empty()).map(|r| self.called_at(r)).min()
    }

    /// A request is called: its plan says who is paged, and which of their contact methods nobody has verified. As at a level, pages to those leave, and where nobody
    /// who is paged now has another, the last-resort contact is paged beside them.
    pub fn call_responders(&mut self, number: u32, plan: Plan) -> Fired {
        let Plan { pages: planned, mut unreached, passed: _, counts_from, mut unverified, last_resort_beside: _ } = plan;
        let Some(request) = self.requests.iter_mut().find(|r| r.number == number) else { return Fired { whats: Vec::new(), pages: Vec::new() } };
        let to = std::mem::take(&mut request.to);
        let mut already: Vec<UserId> = Vec::new();
        let mut pages = Vec::with_capacity(planned.len());
        let mut told = Vec::with_capacity(planned.len());
        for (rule, (p, channel)) in (0u32..).zip(planned) {
            let full = self.responders.len() >= MOST_RESPONDERS;
            match self.responders.iter_mut().find(|r| r.user == p.user) {
                Some(r) if r.answer == Answer::Asked && r.request == number => {}
                Some(r) if r.answer != Answer::Declined => {
                    if !already.contains(&p.user) {
                        already.push(p.user);
                    }
                    continue;
                }
                Some(r) => (r.request, r.answer) = (number, Answer::Asked),
                None if full => {
                    let reason = format!("{} was not asked: {MOST_RESPONDERS} people were asked already", p.user);
                    unreached.extend(to.first().map(|target| Unreached { target: target.clone(), reason }));
                    continue;
                }
                None => self.responders.push(Responder { user: p.user.clone(), request: number, answer: Answer::Asked }),
            }
            pages.push(Page {
                key: PageKey { incident: self.id, generation: self.generation, repeat: 0, level: 0, user: Some(p.user.clone()), rule, request: Some(number) },
                number: self.number,
                contact: p.contact.clone(),
                channel,
                urgency: self.urgency,
                due: p.due,
                tries: 0,
                instead_of: Vec::new(),
            });
            told.push(p);
        }
        unverified.retain(|c| told.iter().any(|p| p.contact == *c));
        let last_resort_beside = !told.is_empty() && told.iter().all(|p| unverified.contains(&p.contact));
        if last_resort_beside {
            pages.push(self.request_beside(number, counts_from));
        }
        self.forget_requests();
        let pages = self.queue(pages);
        Fired { whats: vec![What::RespondersPaged { request: number, pages: told, already, unreached, unverified, last_resort_beside }], pages }
    }

    fn request_beside(&self, number: u32, due: Timestamp) -> Page {
        Page {
            key: PageKey { incident: self.id, generation: self.generation, repeat: 0, level: 0, user: None, rule: 0, request: Some(number) },
            number: self.number,
            contact: last_resort(),
            channel: Channel::LastResort,
            urgency: self.urgency,
            due,
            tries: 0,
            instead_of: Vec::new(),
        }
    }

    /// Somebody who was asked says yes or no: their pages stop.
    pub(super) fn answer_request(&mut self, user: &UserId, answer: Answer) -> Result<Vec<What>, Rejected> {
        let open = self.is_open();
        let Some(responder) = self.responders.iter_mut().find(|r| r.user == *user) else {
            return Err(if open { Rejected::NotAsked } else { Rejected::Resolved });
        };
        if responder.answer == answer {
            return Ok(Vec::new());
        }
        if !open {
            return Err(Rejected::Resolved);
        }
        responder.answer = answer;
        let request = responder.request;
        let waits = self.waits_for(request);
        let over = |key: &PageKey| match &key.user {
            Some(receiver) => key.request.is_some() && receiver == user,
            // The last resort is asked for everybody who was.
            None => key.request == Some(request) && !waits,
        };
        self.pages.retain(|p| !over(&p.key));
        self.overflow.retain(|p| !over(&p.key));
        self.forget_requests();
        Ok(vec![What::ResponderAnswered { request, user: user.clone(), accepted: answer == Answer::Accepted }])
    }

    /// It is over: nobody has to answer any more.
    pub(super) fn end_requests(&mut self) {
        self.requests.clear();
        self.responders.retain(|r| r.answer != Answer::Asked);
    }

    /// Requests that everybody answered are not needed any more.
    fn forget_requests(&mut self) {
        let responders = &self.responders;
        self.requests.retain(|r| !r.to.is_empty() || responders.iter().any(|p| p.request == r.number && p.answer == Answer::Asked));
    }

    /// Whether anybody of a request has not answered.
    fn waits_for(&self, request: u32) -> bool {
        self.responders.iter().any(|r| r.request == request && r.answer == Answer::Asked)
    }

    /// Whether somebody was asked, and has not answered.
    pub fn is_asked(&self, user: &UserId) -> bool {
        self.responders.iter().any(|r| r.user == *user && r.answer == Answer::Asked)
    }

    /// Whether a page may leave: one of a level while its generation is unanswered, one of a request until its receiver answers.
    pub fn wants(&self, key: &PageKey) -> bool {
        match key.request {
            None => self.status == Status::Triggered && self.generation == key.generation,
            Some(request) => {
                let receives = |r: &Responder| key.user.as_ref().is_none_or(|user| *user == r.user);
                self.is_open() && self.responders.iter().any(|r| receives(r) && r.request == request && r.answer == Answer::Asked)
            }
        }
    }
}

fn is_sender(by: &Actor) -> bool {
    match by {
        Actor::Sender(_) => true,
        Actor::User(_) | Actor::Token(_) | Actor::System => false,
    }
}
