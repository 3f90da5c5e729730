//! Time passes for an incident: levels fire, pages leave, acknowledgements lapse.
//!
//! Called by: `notify` (a wake-up of the state machine) and `sweep` (what is overdue). Does nothing unless something is due, so a wake-up that comes early or
//! twice is harmless. Refuses to decide: the plan is [`next_step`].

use crate::change::Change;
use crate::configuration_cache::ConfigurationCache;
use crate::deliver_pages::DeliverPages;
use crate::error::{AppError, WriteError};
use crate::ports::{Clock, EmailContacts, EmailState, IncidentStore, VerificationStore};
use crate::rosters::Rosters;
use crate::verify_contact::remember;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use tocsin_contract::escalation::{Answer, WakeUp};
use tocsin_domain::configuration::{Channel, Configuration, ContactMethod};
use tocsin_domain::escalation::policy::{Level, Policy};
use tocsin_domain::escalation::step::{Step, next_step};
use tocsin_domain::id::{ContactId, IncidentId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::notification::plan::{Plan, plan_level};
use tocsin_domain::notification::verification::Verified;

/// Steps of one wake-up; more than any policy takes at one instant (20 levels, 20 repeats, their pages).
const MOST_STEPS: u32 = 1000;
/// Wake-ups of one execution: each takes about nine of its 25,000 history events, retries more.
const MOST_WAKEUPS: u32 = 1500;
/// E-mail contacts whose provider is asked when a level fires.
const MOST_ASKED: usize = 10;
/// An execution may last a year; another takes over well before.
const MOST_AGE: SignedDuration = SignedDuration::from_hours(300 * 24);
/// No single wait is longer, so that an execution finds out how old it is.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The use case.
#[derive(Clone)]
pub struct AdvanceIncident {
    /// Incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// Policies (pinned) and people (current).
    pub configuration: Arc<ConfigurationCache>,
    /// Schedules as they are now.
    pub rosters: Rosters,
    /// Which contact methods are verified.
    pub verifications: Arc<dyn VerificationStore>,
    /// How e-mail stands with its provider, where this function may ask; without it what is remembered counts.
    pub emails: Option<Arc<dyn EmailContacts>>,
    /// Sends what is due.
    pub deliver: DeliverPages,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl AdvanceIncident {
    /// A wake-up of an execution. One of an older generation or attempt finds itself fenced off, and ends.
    pub async fn wake(&self, wake: &WakeUp) -> Result<Answer, AppError> {
        let too_old = wake.started.is_some_and(|s| self.clock.now().duration_since(s) > MOST_AGE);
        if too_old || wake.wakeups >= MOST_WAKEUPS {
            self.next_attempt(wake).await?;
            return Ok(Answer::done());
        }
        Ok(match self.advance(wake.incident, Some((wake.generation, wake.attempt))).await? {
            Some(due) => Answer::again(due.min(self.clock.now() + LONGEST_WAIT)),
            None => Answer::done(),
        })
    }

    /// Does everything that is due; the answer is when the next is, if anything ever is. With a fence: only while the incident is at that generation and attempt.
    pub async fn advance(&self, id: IncidentId, fence: Option<(u32, u32)>) -> Result<Option<Timestamp>, AppError> {
        for _ in 0..MOST_STEPS {
            let Some(incident) = self.incidents.incident(id).await? else { return Ok(None) };
            if fence.is_some_and(|f| f != (incident.generation, incident.attempt)) {
                return Ok(None);
            }
            let policy = self.pinned_policy(&incident).await?;
            let now = self.clock.now();
            match next_step(&incident, &policy, now) {
                Step::Done => return Ok(None),
                Step::WaitUntil(due) => return Ok(Some(due)),
                Step::SendPages => {
                    if let Some(rest) = self.deliver.run(&incident, now).await? {
                        let Some(incident) = self.incidents.incident(id).await? else { return Ok(None) };
                        if next_step(&incident, &policy, self.clock.now()) == Step::SendPages {
                            // What rests in its lane holds up nothing else: wake up for whatever lies ahead sooner.
                            return Ok(Some(ahead(&incident, now).map_or(rest, |at| at.min(rest))));
                        }
                    }
                }
                step @ (Step::ResolveByItself
                | Step::TriggerAgain
                | Step::CallResponders(_)
                | Step::FireLevel(_)
                | Step::FireLastResort
                | Step::QueueOverflow) => {
                    self.take(step, incident, &policy, now).await?;
                }
            }
        }
        Err(AppError::Contention { what: format!("incident {id}") })
    }

    /// Takes one step. A conflict means that the world changed: the caller looks again.
    async fn take(&self, step: Step, incident: Incident, policy: &Policy, now: Timestamp) -> Result<(), AppError> {
        let urgency = incident.urgency;
        let mut change = Change::of(incident);
        let whats = match step {
            Step::ResolveByItself => change.incident().resolve_by_itself(now),
            Step::TriggerAgain => change.incident().trigger_again(now),
            Step::QueueOverflow => {
                let pages = change.incident().queue_overflow();
                change.queue(pages);
                Vec::new()
            }
            Step::FireLevel(level) => {
                let (_, configuration) = self.rosters.current_for(&level.targets).await?;
                let turn = self.turn(&mut change, &level, policy, now).await?;
                let mut plan = plan_level(&level, &configuration, urgency, turn, now);
                let verified = self.verified(&plan, &configuration).await?;
                plan.beside(&verified);
                let fired = change.incident().fire_level(policy, plan, now);
                change.queue(fired.pages);
                fired.whats
            }
            Step::CallResponders(request) => {
                let (_, configuration) = self.rosters.current_for(&request.to).await?;
                let mut plan = plan_level(&Level::new(0, request.to), &configuration, urgency, None, now);
                let verified = self.verified(&plan, &configuration).await?;
                plan.beside(&verified);
                let fired = change.incident().call_responders(request.number, plan);
                change.queue(fired.pages);
                fired.whats
            }
            Step::FireLastResort => {
                let fired = change.incident().fire_last_resort(policy, now);
                change.queue(fired.pages);
                fired.whats
            }
            Step::SendPages | Step::WaitUntil(_) | Step::Done => return Ok(()),
        };
        change.tell(&Actor::System, whats);
        match self.incidents.commit(&change.commit(now)).await {
            Ok(()) | Err(WriteError::Conflict) => Ok(()),
            Err(WriteError::Port(e)) => Err(e.into()),
        }
    }

    /// Whose turn it is at a level whose targets take turns. Drawn once an incident and level and remembered with the firing: a crash between the two skips
    /// a turn, and repeats nobody's. A repeat goes on to the next one without drawing.
    async fn turn(&self, change: &mut Change, level: &Level, policy: &Policy, now: Timestamp) -> Result<Option<u64>, AppError> {
        let incident = change.incident();
        let Some(own) = incident.own_level(incident.progress.level) else { return Ok(None) };
        if !level.round_robin || level.passes(incident.urgency, now).is_some() {
            return Ok(None);
        }
        let drawn = match incident.turns.get(&own) {
            Some(drawn) => *drawn,
            None => {
                let drawn = self.incidents.next_turn(&policy.id, own).await?;
                incident.turns.insert(own, drawn);
                drawn
            }
        };
        Ok(Some(drawn.wrapping_add(u64::from(incident.progress.repeat))))
    }

    /// Which contact methods of a plan are verified. Owners of e-mail confirm at the provider's, where nobody tells us: it is asked only where the level would
    /// have no verified way otherwise, and the answer is remembered.
    async fn verified(&self, plan: &Plan, configuration: &Configuration) -> Result<Verified, AppError> {
        let contacts: BTreeSet<&ContactId> = plan.pages.iter().map(|(p, _)| &p.contact).collect();
        let methods: Vec<&ContactMethod> = contacts.into_iter().filter_map(|c| configuration.contact(c).map(|(_, m)| m)).collect();
        let known = futures::future::join_all(methods.iter().map(|m| self.verifications.verification(&m.id))).await;
        let mut verified = Verified::new();
        for (method, known) in methods.iter().zip(known) {
            if known?.holds(method) {
                verified.insert(method.id.clone());
            }
        }
        let Some(emails) = self.emails.as_ref().filter(|_| verified.is_empty()) else { return Ok(verified) };
        let asked = methods.iter().filter(|m| m.kind == Channel::Email).take(MOST_ASKED).map(|m| async move {
            // A provider that does not answer holds up nothing: what is not known to be verified has the last resort paged beside it.
            match emails.state(&m.id, &m.to).await {
                Ok(EmailState::Confirmed) => remember(&*self.verifications, m, &*self.clock).await.is_ok().then(|| m.id.clone()),
                Ok(EmailState::Pending | EmailState::Missing) | Err(_) => None,
            }
        });
        verified.extend(futures::future::join_all(asked).await.into_iter().flatten());
        Ok(verified)
    }

    /// The policy in the version that the incident is pinned to; one without levels where there is none, which leads to the last resort.
    async fn pinned_policy(&self, incident: &Incident) -> Result<Policy, AppError> {
        let configuration = self.configuration.version(incident.config_version).await?;
        let pinned = configuration.policy(&incident.policy).cloned();
        Ok(pinned.unwrap_or_else(|| Policy::without_levels(incident.policy.clone(), incident.team.clone())))
    }

    /// Another execution takes over.
    async fn next_attempt(&self, wake: &WakeUp) -> Result<(), AppError> {
        let Some(incident) = self.incidents.incident(wake.incident).await? else { return Ok(()) };
        if (incident.generation, incident.attempt) != (wake.generation, wake.attempt) || incident.deadline().is_none() {
            return Ok(());
        }
        let mut change = Change::of(incident);
        change.incident().next_attempt();
        Ok(self.incidents.commit(&change.commit(self.clock.now())).await?)
    }
}

/// The next instant behind `now` that an incident has a reason to wake up at.
fn ahead(incident: &Incident, now: Timestamp) -> Option<Timestamp> {
    incident.deadlines().filter(|at| *at > now).min()
}
