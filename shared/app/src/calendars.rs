//! Calendar feeds: a schedule, or one person's shifts, for whoever holds a secret address.
//!
//! Called by: the API. A feed's token is shown once and kept as its hash; it reads one calendar and nothing else. Refuses to know iCalendar: what is written,
//! and how, is the API's.

use crate::error::{AppError, PortError};
use crate::ports::{Clock, Feed, FeedOf, FeedStore, IdSource, SecretHash};
use crate::rosters::Rosters;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::{FeedId, TeamId, UserId};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::schedule::{Schedule, Shift, Why};

/// Feeds that one schedule or one person may have.
pub const MOST_FEEDS: usize = 20;
/// Days of the past that a feed shows.
const PAST_DAYS: i64 = 30;
/// Days ahead that a feed shows.
const AHEAD_DAYS: i64 = 180;
/// Events of a feed.
const MOST_EVENTS: usize = 5_000;
/// Work of a feed; see [`Schedule::effort`].
const MOST_EFFORT: u64 = 1_000_000;

/// One shift as a calendar shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same for the same shift, whenever the feed is read.
    pub uid: String,
    /// First instant.
    pub start: Timestamp,
    /// First instant no more.
    pub end: Timestamp,
    /// Who is on call, by name.
    pub who: String,
    /// In which schedule, by name.
    pub schedule: String,
    /// Why.
    pub reason: String,
}

/// What a feed shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its title.
    pub title: String,
    /// By start.
    pub events: Vec<Event>,
    /// The day on which it was read: what it shows does not change within one unless somebody changes a schedule.
    pub day: Timestamp,
}

/// The use case.
#[derive(Clone)]
pub struct Calendars {
    /// Feeds.
    pub store: Arc<dyn FeedStore>,
    /// Schedules as they are now.
    pub rosters: Rosters,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub ids: Arc<dyn IdSource>,
}

impl Calendars {
    /// Makes a feed. The answer has its token, which nobody can ask for again.
    pub async fn make(&self, of: FeedOf, team: Option<TeamId>, name: String, by: Actor) -> Result<(Feed, String), AppError> {
        if name.chars().count() > 100 {
            return Err(AppError::Invalid { field: "name".to_owned(), reason: "is longer than 100 characters".to_owned() });
        }
        if self.store.feeds_of(&of).await?.len() >= MOST_FEEDS {
            return Err(AppError::Invalid { field: "name".to_owned(), reason: format!("there are {MOST_FEEDS} feeds already: revoke one first") });
        }
        let now = self.clock.now();
        let token = self.ids.secret();
        let feed = Feed { id: FeedId::new(self.ids.ulid(now)), of, team, name, by, at: now, token: SecretHash::of(&token) };
        self.store.put_feed(&feed).await?;
        Ok((feed, token))
    }

    /// The feeds of a schedule or a person.
    pub async fn list(&self, of: &FeedOf) -> Result<Vec<Feed>, PortError> {
        self.store.feeds_of(of).await
    }

    /// Ends a feed. The answer is the feed as it was; none where there is none (any more).
    pub async fn revoke(&self, of: &FeedOf, id: FeedId, allowed: impl Fn(&Feed) -> bool) -> Result<Option<Feed>, PortError> {
        let Some(feed) = self.store.feeds_of(of).await?.into_iter().find(|f| f.id == id).filter(allowed) else { return Ok(None) };
        self.store.delete_feed(&feed).await?;
        Ok(Some(feed))
    }

    /// What a token shows; none where it opens nothing, or what it showed is gone.
    pub async fn read(&self, token: &str) -> Result<Option<Shown>, AppError> {
        let Some(feed) = self.store.feed(&SecretHash::of(token)).await? else { return Ok(None) };
        let now = self.clock.now();
        let day = Timestamp::from_second(now.as_second().div_euclid(86_400) * 86_400).unwrap_or(now);
        let (title, schedules, only, configuration) = match &feed.of {
            FeedOf::Schedule(id) => {
                let (_, configuration) = self.rosters.current(std::slice::from_ref(id)).await?;
                // A schedule that another team owns now is not shown to those who read it before.
                let Some(schedule) = configuration.schedule(id).filter(|s| feed.team.as_ref() == Some(&s.team)).cloned() else { return Ok(None) };
                (format!("On call: {}", called(&schedule)), vec![schedule], None, configuration)
            }
            FeedOf::User(id) => {
                let (_, configuration) = self.rosters.current_all().await?;
                let Some(user) = configuration.user(id) else { return Ok(None) };
                (format!("On call: {}", user.name), configuration.schedules.clone(), Some(id.clone()), configuration)
            }
        };
        let mut events: Vec<Event> = schedules.iter().flat_map(|s| shown(s, only.as_ref(), &configuration, now, day)).collect();
        events.sort_by(|a, b| (a.start, &a.uid).cmp(&(b.start, &b.uid)));
        events.truncate(MOST_EVENTS);
        Ok(Some(Shown { title, events, day }))
    }
}

fn called(schedule: &Schedule) -> &str {
    if schedule.name.is_empty() { schedule.id.as_str() } else { &schedule.name }
}

/// The shifts of a schedule that a feed shows. One that neither ends nor begins within the range is shown only while it runs.
fn shown(schedule: &Schedule, only: Option<&UserId>, configuration: &Configuration, now: Timestamp, day: Timestamp) -> Vec<Event> {
    let days = |n: i64| SignedDuration::from_hours(24 * n);
    let from = day - days(PAST_DAYS);
    let mut until = day + days(AHEAD_DAYS);
    // A schedule that turns over every few minutes is shown for as long as is bearable.
    while schedule.effort(from, until) > MOST_EFFORT && until > day + days(1) {
        until = day + SignedDuration::from_secs(until.duration_since(day).as_secs() / 2);
    }
    let whole = |s: &Shift| {
        let (cut_before, cut_after) = (s.start == from && since(&s.why) < from, s.end == until);
        (!cut_before && !cut_after) || (s.start <= now && s.end > now)
    };
    let shifts = schedule.shifts(from, until).into_iter().filter(whole).filter(|s| only.is_none_or(|u| s.user == *u)).take(MOST_EVENTS);
    shifts
        .map(|s| Event {
            uid: uid(schedule, &s, if s.start == from { since(&s.why) } else { s.start }),
            start: s.start,
            end: s.end,
            who: configuration.user(&s.user).map_or_else(|| s.user.to_string(), |u| u.name.clone()),
            schedule: called(schedule).to_owned(),
            reason: schedule.reason(&s.why),
        })
        .collect()
}

fn since(why: &Why) -> Timestamp {
    match why {
        Why::Turn { since, .. } | Why::Override { since, .. } => *since,
    }
}

/// Of the schedule, what gives the shift, its start and its person: nothing that changes while the shift stays the same.
fn uid(schedule: &Schedule, shift: &Shift, start: Timestamp) -> String {
    let cause = match &shift.why {
        Why::Turn { layer, .. } => layer.clone(),
        Why::Override { id, override_index, .. } => id.clone().unwrap_or_else(|| format!("override {override_index}")),
    };
    let digest = Sha256::digest(format!("{}\n{cause}\n{}\n{}", schedule.id, start.as_second(), shift.user));
    format!("{}@tocsin", tocsin_domain::hex::hex(&digest[..16]))
}
