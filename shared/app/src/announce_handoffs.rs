//! Tells people when their time on call begins and ends, in schedules that ask for it, and what the other side of a swap did.
//!
//! Called by: the sweep, each minute, when everything else is done: a notice never delays a page. Each is claimed before it is sent and settled after, so that
//! sweeps that overlap send it once; a sweep that dies between the two leaves it to a later one. After an outage, what is older than an hour is not told any
//! more. Refuses to page: nobody has to answer.

use crate::error::AppError;
use crate::ports::{Clock, Destination, Messenger, NoticeAbout, NoticeClaim, NoticeKey, NoticeStore, SendError};
use crate::rosters::Rosters;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tocsin_domain::configuration::{Channel, Configuration, ContactMethod, User};
use tocsin_domain::id::ScheduleId;
use tocsin_domain::notification::handoff::HandoffNotice;
use tocsin_domain::notification::message::Message;
use tocsin_domain::schedule::Schedule;
use tocsin_domain::schedule::handoff::Handoff;

/// What is older is not told any more.
const LATEST: SignedDuration = SignedDuration::from_hours(1);
/// What this process knows to be settled for as long as anything is told of it.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(25);
/// A claim whose sender died is taken again after it.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// Notices of one sweep. What is left over is the next one's.
const MOST: usize = 100;
/// Work of one schedule; see [`Schedule::effort`]. One that turns over every second is not worth a notice.
const MOST_EFFORT: u64 = 20_000;

/// The use case.
#[derive(Clone)]
pub struct AnnounceHandoffs {
    /// Schedules as they are now.
    pub rosters: Rosters,
    /// Claims.
    pub notices: Arc<dyn NoticeStore>,
    /// Sends.
    pub messenger: Arc<dyn Messenger>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What this process knows to be settled: saves asking again each minute of the hour.
    pub settled: Arc<Mutex<BTreeSet<NoticeKey>>>,
}

impl AnnounceHandoffs {
    /// Tells whoever is to be told. The answer: how many were.
    pub async fn run(&self) -> Result<usize, AppError> {
        let (_, configured) = self.rosters.configuration.current().await?;
        self.forget(self.clock.now());
        let swaps = self.swaps(&configured).await;
        Ok(self.handoffs(&configured).await? + swaps?)
    }

    /// Tells of handoffs.
    async fn handoffs(&self, configured: &Configuration) -> Result<usize, AppError> {
        let asked: Vec<ScheduleId> = configured.schedules.iter().filter(|s| s.handoff_notice).map(|s| s.id.clone()).collect();
        if asked.is_empty() {
            return Ok(0);
        }
        let (_, configuration) = self.rosters.current(&asked).await?;
        let now = self.clock.now();
        let mut told = 0;
        for schedule in configuration.schedules.iter().filter(|s| s.handoff_notice && s.effort(now - LATEST, now) <= MOST_EFFORT) {
            for handoff in schedule.handoffs(now - LATEST, now) {
                for (key, user) in notices(schedule, &handoff, &configuration) {
                    if told == MOST {
                        return Ok(told);
                    }
                    if self.tell(&key, user, || notice(&key, user, schedule, &configuration).compose()).await? {
                        told += 1;
                    }
                }
            }
        }
        Ok(told)
    }

    /// Whether they were told now.
    pub(crate) async fn tell(&self, key: &NoticeKey, user: &User, message: impl FnOnce() -> Message) -> Result<bool, AppError> {
        if self.is_settled(key) {
            return Ok(false);
        }
        let Some(method) = method(user) else { return Ok(false) };
        if !self.claim(key).await? {
            return Ok(false);
        }
        let to = Destination { contact: method.id.clone(), channel: method.kind, to: method.to.clone() };
        match self.messenger.send(&to, &message()).await {
            Ok(_) => {}
            // It will go on to be refused: a notice is not worth another way.
            Err(SendError::Refused(reason)) => tracing::warn!(user = %user.id, reason, "a notice could not be told"),
            // The claim ends by itself; a later sweep tries again.
            Err(SendError::Unavailable(_)) => return Ok(false),
        }
        self.settle(key).await?;
        Ok(true)
    }

    /// Whether this process knows that it was told, or is not to be.
    pub(crate) fn is_settled(&self, key: &NoticeKey) -> bool {
        self.lock().contains(key)
    }

    /// Whether the notice is the caller's to send.
    pub(crate) async fn claim(&self, key: &NoticeKey) -> Result<bool, AppError> {
        let now = self.clock.now();
        Ok(self.notices.claim_notice(key, now, now + LEASE).await? == NoticeClaim::Yours)
    }

    /// Nobody sends it any more.
    pub(crate) async fn settle(&self, key: &NoticeKey) -> Result<(), AppError> {
        self.notices.settle_notice(key, self.clock.now()).await?;
        self.lock().insert(key.clone());
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<NoticeKey>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, now: Timestamp) {
        self.lock().retain(|key| key.at >= now - REMEMBERED);
    }
}

/// Who is to be told of a handoff: people who did not ask to be left alone.
fn notices<'a>(schedule: &Schedule, handoff: &Handoff, configuration: &'a Configuration) -> Vec<(NoticeKey, &'a User)> {
    let incoming = handoff.incoming.iter().map(|u| (u, true));
    let all = incoming.chain(handoff.outgoing.iter().map(|u| (u, false)));
    let known = all.filter_map(|(user, begins)| {
        let user = configuration.user(user).filter(|u| u.handoff_notice != Some(false))?;
        let about = if begins { NoticeAbout::Begins } else { NoticeAbout::Ends };
        Some((NoticeKey { schedule: schedule.id.clone(), at: handoff.at, user: user.id.clone(), about }, user))
    });
    known.collect()
}

fn notice(key: &NoticeKey, user: &User, schedule: &Schedule, configuration: &Configuration) -> HandoffNotice {
    let begins = key.about == NoticeAbout::Begins;
    let name = |id| configuration.user(id).map_or_else(|| id.to_string(), |u| u.name.clone());
    HandoffNotice {
        schedule: if schedule.name.is_empty() { schedule.id.to_string() } else { schedule.name.clone() },
        begins,
        at: key.at,
        until: if begins { schedule.on_call_until(&user.id, key.at) } else { None },
        others: schedule.on_call(key.at).iter().filter(|o| o.user != user.id).map(|o| name(&o.user)).collect(),
        time_zone: user.time_zone.clone(),
    }
}

/// The way that disturbs least: the first rule for low urgency, else a mail, else whatever there is.
fn method(user: &User) -> Option<&ContactMethod> {
    let ruled = user.rules.low.iter().find_map(|rule| user.contact_methods.iter().find(|c| c.id == rule.via));
    ruled.or_else(|| user.contact_methods.iter().find(|c| c.kind == Channel::Email)).or_else(|| user.contact_methods.first())
}
