//! Delivers the pages of an incident that are due: claim, send, record, lane by lane and all lanes at once.
//!
//! Called by: [`AdvanceIncident`](crate::advance_incident::AdvanceIncident). What else waits in the same lane goes into the same message.
//! A claim whose sender died is sent again when its lease ends: a duplicate is better than a lost page.

use crate::configuration_cache::ConfigurationCache;
use crate::error::AppError;
use crate::ports::{AcknowledgeLink, Claim, ClaimError, Clock, Destination, IdSource, IncidentStore, LaneStore, Messenger, SecretHash, SendError};
use crate::record_pages::{Ended, Recorder};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tocsin_domain::configuration::{Channel, Configuration};
use tocsin_domain::id::{ContactId, IncidentId};
use tocsin_domain::incident::Incident;
use tocsin_domain::notification::lane::{Cap, Decision};
use tocsin_domain::notification::locale::Locale;
use tocsin_domain::notification::message::{Content, Line, Message, Plea};
use tocsin_domain::notification::page::{LAST_RESORT, Page};

/// How long a claim lasts. Sending takes seconds; a sender that is silent for longer is dead.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// A link in a page works for this long.
const LINK_LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Pages of one claim: each is an update, and each incident a check, in a transaction of 100.
const MOST_A_CLAIM: usize = 45;
/// Pages of one message.
const MOST_A_MESSAGE: usize = 360;
/// Races with other senders that are tried again.
const TRIES: u32 = 6;
/// A rest shorter than this is waited for; a longer one is told on the timeline, before the sweep takes the page for overdue.
const NOTICEABLE: SignedDuration = SignedDuration::from_secs(10);

/// The use case.
#[derive(Clone)]
pub struct DeliverPages {
    /// Incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// Lanes.
    pub lanes: Arc<dyn LaneStore>,
    /// People and their contact methods, as they are now.
    pub configuration: Arc<ConfigurationCache>,
    /// Sends.
    pub messenger: Arc<dyn Messenger>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Secrets of links.
    pub ids: Arc<dyn IdSource>,
    /// How many messages one contact method of a person gets.
    pub cap: Cap,
    /// Where links of pages lead: `https://...` without a slash at its end.
    pub public_url: String,
}

/// How a lane went.
enum Went {
    /// Something changed: look at the incident again.
    On,
    /// Nothing can be done before this instant.
    Rest(Timestamp),
}

impl DeliverPages {
    /// Sends what is due of this incident. `None`: something was done, look again. An instant: nothing can be done before it.
    pub async fn run(&self, incident: &Incident, now: Timestamp) -> Result<Option<Timestamp>, AppError> {
        let lanes: BTreeSet<&ContactId> = incident.pages.iter().filter(|p| p.due <= now).map(|p| &p.contact).collect();
        let (_, configuration) = self.configuration.current().await?;
        let recorder = Recorder::new(&*self.incidents, &*self.clock, &configuration);
        // All lanes at once: one slow or failing channel never delays another.
        let went = futures::future::join_all(lanes.into_iter().map(|contact| self.lane(incident, contact, &configuration, &recorder))).await;
        let mut rest: Option<Timestamp> = None;
        let mut failed = None;
        let mut on = false;
        for w in went {
            match w {
                Ok(Went::On) => on = true,
                Ok(Went::Rest(until)) => rest = Some(rest.map_or(until, |r| r.min(until))),
                Err(e) => failed = Some(e),
            }
        }
        match (failed, on) {
            (Some(e), _) => Err(e),
            (None, true) => Ok(None),
            (None, false) => Ok(Some(rest.unwrap_or(now + SignedDuration::from_secs(1)))),
        }
    }

    async fn lane(&self, incident: &Incident, contact: &ContactId, configuration: &Configuration, recorder: &Recorder<'_>) -> Result<Went, AppError> {
        let cap = if contact.as_str() == LAST_RESORT { Cap::of_last_resort() } else { self.cap };
        for _ in 0..TRIES {
            let now = self.clock.now();
            let mut lane = self.lanes.lane(contact).await?;
            let queued = self.lanes.due_pages(contact, now, MOST_A_MESSAGE).await?;
            let mut free: Vec<Page> = queued.iter().filter(|q| q.leased_until.is_none_or(|l| l <= now)).map(|q| q.page.clone()).collect();
            // A method that has a new owner may still hold pages for the one before: those fail by themselves, and take nobody else's along.
            if let Some(user) = free.first().map(|p| p.key.user.clone()) {
                free.retain(|p| p.key.user == user);
            }
            if free.is_empty() {
                // Somebody else is sending them. When they die, their lease ends.
                let until = queued.iter().filter_map(|q| q.leased_until).min().unwrap_or(now + SignedDuration::from_secs(1));
                return Ok(Went::Rest(until));
            }
            let decision = lane.decide(cap, now);
            let quiet_until = match decision {
                Decision::Hold(until) => {
                    if until.duration_since(now) > NOTICEABLE {
                        let own: Vec<Page> = free.into_iter().filter(|p| p.key.incident == incident.id).collect();
                        recorder.defer(incident.id, &own, until).await?;
                    }
                    return Ok(Went::Rest(until));
                }
                Decision::Send => None,
                Decision::Summarise { quiet_until } => Some(quiet_until),
            };
            lane.sent_at(cap, now);
            lane.revision += 1;
            match self.claim(contact, lane, free, now).await? {
                Claimed::Conflict => {}
                Claimed::Nothing => return Ok(Went::On),
                Claimed::Pages { pages, link } => {
                    self.send(contact, (pages, link, now), quiet_until, configuration, recorder).await?;
                    return Ok(Went::On);
                }
            }
        }
        Ok(Went::Rest(self.clock.now() + SignedDuration::from_secs(1)))
    }

    /// Leases pages, in as many transactions as it takes. Pages whose incident was answered meanwhile are dropped: they must not be sent.
    async fn claim(&self, contact: &ContactId, lane: tocsin_domain::notification::lane::Lane, pages: Vec<Page>, now: Timestamp) -> Result<Claimed, AppError> {
        let secret = self.ids.secret();
        let user = pages.first().and_then(|p| p.key.user.clone());
        let mut head = Some(lane);
        let mut claimed: Vec<Page> = Vec::new();
        let mut rest = pages;
        while !rest.is_empty() {
            let part: Vec<Page> = rest.drain(..rest.len().min(MOST_A_CLAIM)).collect();
            // The link answers for what is in the message, and for nothing else: it grows with each part that is claimed.
            let both = || claimed.iter().chain(&part);
            let mut incidents: Vec<(IncidentId, u32)> = both().filter(|p| p.key.request.is_none()).map(|p| (p.key.incident, p.key.generation)).collect();
            incidents.sort_unstable();
            incidents.dedup();
            let mut asked: Vec<IncidentId> = both().filter(|p| p.key.request.is_some()).map(|p| p.key.incident).collect();
            asked.sort_unstable();
            asked.dedup();
            let link = AcknowledgeLink { incidents, asked, user: user.clone(), expires_at: now + LINK_LASTS };
            let claim = Claim {
                contact: contact.clone(),
                pages: part.clone(),
                now,
                until: now + LEASE,
                lane: head.clone(),
                link: Some((SecretHash::of(&secret), link)),
            };
            match self.lanes.claim(&claim).await {
                Ok(()) => {
                    head = None;
                    claimed.extend(part);
                }
                Err(ClaimError::TakenBack(keys)) => {
                    for key in &keys {
                        self.lanes.drop_page(contact, key).await?;
                    }
                    let kept: Vec<Page> = part.into_iter().filter(|p| !keys.contains(&p.key)).collect();
                    rest.splice(0..0, kept);
                }
                Err(ClaimError::Conflict) if claimed.is_empty() => return Ok(Claimed::Conflict),
                // What could be claimed is sent; the others belong to a faster sender.
                Err(ClaimError::Conflict) => {}
                Err(ClaimError::Port(e)) if claimed.is_empty() => return Err(e.into()),
                Err(ClaimError::Port(_)) => break,
            }
        }
        Ok(if claimed.is_empty() { Claimed::Nothing } else { Claimed::Pages { pages: claimed, link: format!("{}/a/{secret}", self.public_url) } })
    }

    async fn send(
        &self,
        contact: &ContactId,
        claimed: (Vec<Page>, String, Timestamp),
        quiet_until: Option<Timestamp>,
        configuration: &Configuration,
        recorder: &Recorder<'_>,
    ) -> Result<(), AppError> {
        let (pages, link, counted_at) = claimed;
        let sent = match self.compose(contact, &pages, link, quiet_until, configuration).await {
            Ok((to, message)) => self.messenger.send(&to, &message).await,
            Err(NotSent::Refused(reason)) => Err(SendError::Refused(reason)),
            Err(NotSent::App(e)) => return Err(e),
        };
        if sent.as_ref().is_err_and(|e| gives_back(contact, e)) {
            self.give_back(contact, counted_at).await;
        }
        let mut incidents: BTreeMap<IncidentId, Vec<Page>> = BTreeMap::new();
        for page in pages {
            incidents.entry(page.key.incident).or_default().push(page);
        }
        let others = u32::try_from(incidents.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let records =
            incidents.into_iter().map(|(id, own)| recorder.record(id, own.into_iter().map(|page| Ended { page, sent: sent.clone(), others }).collect()));
        for recorded in futures::future::join_all(records).await {
            recorded?;
        }
        Ok(())
    }

    /// A message that did not leave does not count against the cap. Where this fails, the lane rests longer than it has to.
    async fn give_back(&self, contact: &ContactId, counted_at: Timestamp) {
        for _ in 0..TRIES {
            let Ok(mut lane) = self.lanes.lane(contact).await else { return };
            let Some(position) = lane.sent.iter().position(|t| *t == counted_at) else { return };
            lane.sent.remove(position);
            lane.revision += 1;
            let now = self.clock.now();
            let claim = Claim { contact: contact.clone(), pages: Vec::new(), now, until: now, lane: Some(lane), link: None };
            if self.lanes.claim(&claim).await != Err(ClaimError::Conflict) {
                return;
            }
        }
    }

    async fn compose(
        &self,
        contact: &ContactId,
        pages: &[Page],
        link: String,
        quiet_until: Option<Timestamp>,
        configuration: &Configuration,
    ) -> Result<(Destination, Message), NotSent> {
        let channel = pages.first().map_or(Channel::LastResort, |p| p.channel);
        let (to, time_zone, locale) = if channel == Channel::LastResort {
            (String::new(), "UTC".to_owned(), Locale::default())
        } else {
            let gone = || NotSent::Refused(format!("contact method {contact} is not in the configuration any more"));
            let (user, method) = configuration.contact(contact).ok_or_else(gone)?;
            // A contact method that belongs to somebody else by now must not page the wrong person.
            if pages.iter().any(|p| p.key.user.as_ref() != Some(&user.id)) {
                return Err(NotSent::Refused(format!("contact method {contact} belongs to {} now", user.id)));
            }
            if method.kind != channel {
                return Err(NotSent::Refused(format!("contact method {contact} is of another kind now")));
            }
            (method.to.clone(), user.time_zone.clone(), user.reads())
        };
        let mut lines: Vec<Line> = Vec::new();
        let mut seen: BTreeSet<IncidentId> = BTreeSet::new();
        for page in pages {
            if seen.insert(page.key.incident)
                && let Some(i) = self.incidents.incident(page.key.incident).await.map_err(|e| NotSent::App(e.into()))?
            {
                let service = configuration.service(&i.service).map_or_else(|| i.service.to_string(), |s| s.name.clone());
                let request = pages.iter().filter(|p| p.key.incident == i.id).find_map(|p| p.key.request);
                let asked = request.and_then(|n| i.requests.iter().find(|r| r.number == n)).map(|r| Plea { by: r.by.to_string(), message: r.message.clone() });
                lines.push(Line { number: i.number, severity: i.severity, service, title: i.title, since: i.opened_at, asked, bridge: i.bridge });
            }
        }
        lines.sort_by_key(|l| (l.severity, l.number));
        let acknowledge_url = (channel != Channel::LastResort).then_some(link);
        let message = Content { lines, acknowledge_url, quiet_until, time_zone, locale }.compose(channel);
        Ok((Destination { contact: contact.clone(), channel, to }, message))
    }
}

enum Claimed {
    Pages { pages: Vec<Page>, link: String },
    Nothing,
    Conflict,
}

enum NotSent {
    Refused(String),
    App(AppError),
}

/// Whether a failure leaves the cap as it was: nothing left, or there is no other way to reach anybody. Otherwise the message may have left, and counts.
fn gives_back(contact: &ContactId, error: &SendError) -> bool {
    match error {
        SendError::Refused(_) => true,
        SendError::Unavailable(_) => contact.as_str() == LAST_RESORT,
    }
}
