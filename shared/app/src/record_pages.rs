//! Puts on incidents what became of their pages: sent, failed and what happens instead, or put off.
//!
//! Called by: [`DeliverPages`](crate::deliver_pages::DeliverPages), by all its lanes at once. Lanes take turns at an incident, and what ended meanwhile shares
//! the next write: a level of fifty people would otherwise be fifty writers who make each other fail.

use crate::change::Change;
use crate::error::{AppError, WriteError};
use crate::ports::{Clock, IncidentStore, SendError};
use futures::lock::Mutex as Turns;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tocsin_domain::configuration::{Channel, Configuration};
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::clock::Fired;
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::notification::page::Page;
use tocsin_domain::notification::plan::next_method;

/// Races with writers elsewhere that are tried again.
const TRIES: u32 = 12;
/// Pages of one write: each is an entry, leaves its lane, and may put two others into theirs, in a transaction of 100.
const MOST_A_WRITE: usize = 24;
/// A provider that does not answer is tried this often by one way.
const MOST_TRIES: u32 = 3;

/// What became of a page.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// The page.
    pub(crate) page: Page,
    /// The provider's id, or why it did not leave.
    pub(crate) sent: Result<String, SendError>,
    /// Other incidents in the same message.
    pub(crate) others: u32,
}

/// The recording side of one delivery.
pub(crate) struct Recorder<'a> {
    incidents: &'a dyn IncidentStore,
    clock: &'a dyn Clock,
    configuration: &'a Configuration,
    desks: Mutex<BTreeMap<IncidentId, Arc<Desk>>>,
}

/// Where the lanes of one incident queue up.
#[derive(Default)]
struct Desk {
    turns: Turns<()>,
    ended: Mutex<VecDeque<Ended>>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(incidents: &'a dyn IncidentStore, clock: &'a dyn Clock, configuration: &'a Configuration) -> Self {
        Self { incidents, clock, configuration, desks: Mutex::default() }
    }

    fn desk(&self, id: IncidentId) -> Arc<Desk> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone()
    }

    /// Notes what became of pages of one incident; returns when it is written, by whichever lane had its turn.
    pub(crate) async fn record(&self, id: IncidentId, ended: Vec<Ended>) -> Result<(), AppError> {
        let desk = self.desk(id);
        desk.ended.lock().unwrap_or_else(PoisonError::into_inner).extend(ended);
        let _turn = desk.turns.lock().await;
        loop {
            let part: Vec<Ended> = {
                let mut waiting = desk.ended.lock().unwrap_or_else(PoisonError::into_inner);
                let count = waiting.len().min(MOST_A_WRITE);
                waiting.drain(..count).collect()
            };
            if part.is_empty() {
                return Ok(());
            }
            self.write(id, &part).await?;
        }
    }

    async fn write(&self, id: IncidentId, ended: &[Ended]) -> Result<(), AppError> {
        for _ in 0..TRIES {
            let Some(incident) = self.incidents.incident(id).await? else { return Ok(()) };
            let now = self.clock.now();
            let mut change = Change::of(incident);
            for Ended { page, sent, others } in ended {
                let waits = change.incident().pages.iter().any(|p| p.key == page.key);
                let Fired { whats, pages } = match sent {
                    Ok(provider_id) => Fired { whats: vec![change.incident().page_sent(page, provider_id.clone(), *others)], pages: Vec::new() },
                    // Answered meanwhile: nobody has to be reached any more.
                    Err(_) if !waits => continue,
                    Err(e) => {
                        let (again, instead) = what_next(page, e, self.configuration, now);
                        change.incident().page_failed(page, e.to_string(), again, instead, now)
                    }
                };
                change.tell(&Actor::System, whats);
                change.queue(pages);
            }
            if change.is_empty() {
                return Ok(());
            }
            match self.incidents.commit(&change.commit(now)).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("incident {id}") })
    }

    /// Pages of one incident wait until `until`, because their lane is full.
    pub(crate) async fn defer(&self, id: IncidentId, pages: &[Page], until: Timestamp) -> Result<(), AppError> {
        let desk = self.desk(id);
        let _turn = desk.turns.lock().await;
        for _ in 0..TRIES {
            let Some(incident) = self.incidents.incident(id).await? else { return Ok(()) };
            let mut change = Change::of(incident);
            let whats = change.incident().defer(pages, until);
            change.tell(&Actor::System, whats);
            if change.is_empty() {
                return Ok(());
            }
            match self.incidents.commit(&change.commit(self.clock.now())).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        // The next look at this incident defers again.
        Ok(())
    }
}

/// The same page again later, and another way at once.
///
/// A refusal moves on. A provider that does not answer is asked again, and with the first silence the person's next way is tried as well.
/// The last resort has no other way: it is tried until somebody answers.
fn what_next(page: &Page, error: &SendError, configuration: &Configuration, now: Timestamp) -> (Option<Page>, Option<Page>) {
    let retry = |wait_s: i64| Some(Page { due: now + SignedDuration::from_secs(wait_s), tries: page.tries.saturating_add(1), ..page.clone() });
    if page.channel == Channel::LastResort {
        return (retry(if page.tries < MOST_TRIES { 5 } else { 60 }), None);
    }
    let user = page.key.user.as_ref().and_then(|id| configuration.user(id));
    let moved_on = || user.and_then(|u| next_method(u, page)).map(|m| page.moved_on(m.id.clone(), m.kind, now));
    match error {
        SendError::Refused(_) => (None, moved_on()),
        SendError::Unavailable(_) if page.tries + 1 >= MOST_TRIES => (None, None),
        SendError::Unavailable(_) => (retry(5 << page.tries), if page.tries == 0 { moved_on() } else { None }),
    }
}
