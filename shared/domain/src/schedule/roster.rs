//! Rosters: what people change about a schedule at run time, kept apart from the configuration, so that applying a new one never loses it.
//!
//! A roster lies over its configured schedule ([`Roster::over`]): what it says is newer than every override of the configuration, and so wins. The same
//! engine then answers; nobody who resolves needs to know that there are rosters.
//! Called by: the use cases that change and read rosters. Refuses to know who may change what (that is [`access`](crate::access)) and where it is stored.

use super::swap::Swap;
use super::{Change, Override, Problem, Schedule};
use crate::id::{OverrideId, ScheduleId, TeamId, UserId};
use crate::incident::timeline::Actor;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Changes of one schedule that are not over yet, at most.
pub const MOST_AHEAD: usize = 1000;
/// How long a change is kept after its end: what reports over the last months read.
pub const KEPT_DAYS: i64 = 100;
/// The longest change.
pub const LONGEST_DAYS: i64 = 400;
/// Nothing begins later than this many days from now.
pub const FARTHEST_DAYS: i64 = 800;
/// Characters of a note.
pub const MOST_NOTE_CHARS: usize = 200;

/// Days in hours: a calendar's days are not meant here.
pub(super) fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// What people changed about one schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Which schedule.
    pub schedule: ScheduleId,
    /// Its owner when it was last changed.
    pub team: TeamId,
    /// Rises with each write: the optimistic lock. 0: nothing was written yet.
    pub revision: u64,
    /// From the oldest to the newest, which wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<AdHoc>,
    /// Offers to swap shifts, from the oldest to the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub swaps: Vec<Swap>,
}

/// One change that was made at run time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdHoc {
    /// Its id.
    pub id: OverrideId,
    /// First instant.
    pub start: Timestamp,
    /// First instant no more.
    pub end: Timestamp,
    /// What changes.
    pub change: Change,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who made it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What it came from.
    #[serde(default)]
    pub origin: Origin,
    /// Who took it back, and when. What had begun by then counts up to that instant, which is its end now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removed>,
}

/// Where a change comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Somebody asked for it.
    #[default]
    Asked,
    /// A swap was accepted.
    Swap(crate::id::SwapId),
    /// A calendar was imported.
    Import {
        /// What people call the calendar.
        source: String,
        /// The event there: its UID and the start of this occurrence.
        uid: String,
    },
}

/// Who took a change back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// A change that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// First instant.
    pub start: Timestamp,
    /// First instant no more.
    pub end: Timestamp,
    /// What changes.
    pub change: Change,
    /// Why, for people.
    pub note: Option<String>,
}

/// Why a roster was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// What was asked for makes no sense: each wrong field.
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<Problem>),
    /// There is no such thing.
    #[error("{0} not found")]
    NotFound(String),
    /// Things are not as the asker thinks any more.
    #[error("{0}")]
    Moved(String),
}

pub(super) fn problem(field: &str, message: impl Into<String>, suggestion: impl Into<String>) -> Problem {
    Problem { field: field.to_owned(), message: message.into(), suggestion: suggestion.into() }
}

impl AdHoc {
    /// Whether it counts at all: what was taken back before it began never did.
    pub fn counts(&self) -> bool {
        self.start < self.end && self.removed.as_ref().is_none_or(|r| r.at > self.start)
    }

    fn as_override(&self) -> Override {
        Override { id: Some(self.id.to_string()), start: self.start.into(), end: self.end.into(), change: self.change.clone(), note: self.note.clone() }
    }
}

impl Change {
    /// Whether `user` may ask for it without anybody's leave: they put nobody on call but themselves, or nobody off but themselves.
    ///
    /// ```
    /// use tocsin_domain::schedule::Change;
    /// let ada = "ada".parse().unwrap();
    /// let own = |text: &str| serde_json::from_str::<Change>(text).unwrap().is_own(&ada);
    /// assert!(own(r#"{"person": "bob", "with": "ada"}"#), "takes over from bob");
    /// assert!(own(r#"{"add": "ada"}"#));
    /// assert!(own(r#"{"person": "ada", "with": "bob"}"#), "bob stands in for them");
    /// assert!(!own(r#"{"person": "bob", "with": "carol"}"#));
    /// assert!(!own(r#"{"add": ["ada", "bob"]}"#));
    /// ```
    pub fn is_own(&self, user: &UserId) -> bool {
        let people = self.people();
        let alone = !people.is_empty() && people.iter().all(|u| u == user);
        alone || matches!(self, Change::Person { person, .. } if person == user)
    }
}

impl Roster {
    /// A roster that says nothing.
    pub fn empty(schedule: &Schedule) -> Self {
        Self { schedule: schedule.id.clone(), team: schedule.team.clone(), revision: 0, overrides: Vec::new(), swaps: Vec::new() }
    }

    /// The schedule with what counts of this roster laid over it, newer than everything configured.
    ///
    /// ```
    /// use tocsin_domain::schedule::{Schedule, roster::{Asked, Roster}};
    /// use tocsin_domain::{id::OverrideId, incident::timeline::Actor};
    /// let schedule: Schedule = serde_json::from_str(r#"{"id": "s", "team": "t", "time_zone": "UTC", "layers": [
    ///     {"rotation": "weekly", "start": "2026-01-05", "members": ["ada"]}
    /// ]}"#).unwrap();
    /// let at = |text: &str| text.parse().unwrap();
    /// let asked = Asked {
    ///     start: at("2026-01-06T12:00:00Z"), end: at("2026-01-06T18:00:00Z"),
    ///     change: serde_json::from_str(r#"{"with": "bob"}"#).unwrap(), note: Some("dentist".to_owned()),
    /// };
    /// let mut roster = Roster::empty(&schedule);
    /// roster.add(asked, &schedule, &[], OverrideId::new(ulid::Ulid::from_parts(1, 1)), &Actor::System, at("2026-01-06T10:00:00Z")).unwrap();
    /// let who = |text| roster.over(&schedule).on_call(at(text))[0].user.to_string();
    /// assert_eq!(["2026-01-06T11:59:59Z", "2026-01-06T12:00:00Z", "2026-01-06T18:00:00Z"].map(who), ["ada", "bob", "ada"]);
    /// ```
    pub fn over(&self, schedule: &Schedule) -> Schedule {
        let mut laid = schedule.clone();
        laid.overrides.extend(self.overrides.iter().filter(|o| o.counts()).map(AdHoc::as_override));
        laid
    }

    /// The same for whoever asks about instants from `from` on, which may be over: a change counts from when it was made on, whatever it says of the time before,
    /// for nobody was paged by it then. Whoever asks about now or later gets what [`Roster::over`] says.
    ///
    /// ```
    /// use tocsin_domain::schedule::{Schedule, roster::{Asked, Roster}};
    /// use tocsin_domain::{id::OverrideId, incident::timeline::Actor};
    /// let schedule: Schedule = serde_json::from_str(r#"{"id": "s", "team": "t", "time_zone": "UTC", "layers": [
    ///     {"rotation": "weekly", "start": "2026-01-05", "members": ["ada"]}
    /// ]}"#).unwrap();
    /// let at = |text: &str| text.parse().unwrap();
    /// let asked = Asked {
    ///     start: at("2026-01-06T12:00:00Z"), end: at("2026-01-06T18:00:00Z"),
    ///     change: serde_json::from_str(r#"{"with": "bob"}"#).unwrap(), note: None,
    /// };
    /// let mut roster = Roster::empty(&schedule);
    /// // Asked for at 14:00, from 12:00 on; taken back at 16:00.
    /// let id = OverrideId::new(ulid::Ulid::from_parts(1, 1));
    /// roster.add(asked, &schedule, &[], id, &Actor::System, at("2026-01-06T14:00:00Z")).unwrap();
    /// roster.remove(id, &Actor::System, at("2026-01-06T16:00:00Z")).unwrap();
    /// let then = roster.over_from(&schedule, at("2026-01-06T00:00:00Z"));
    /// let who = |text| then.on_call(at(text))[0].user.to_string();
    /// let times = ["2026-01-06T13:59:59Z", "2026-01-06T14:00:00Z", "2026-01-06T15:59:59Z", "2026-01-06T16:00:00Z"];
    /// assert_eq!(times.map(who), ["ada", "bob", "bob", "ada"], "as it was answered at each of these times");
    /// ```
    pub fn over_from(&self, schedule: &Schedule, from: Timestamp) -> Schedule {
        let mut known = self.clone();
        for o in known.overrides.iter_mut().filter(|o| o.at > from) {
            o.start = o.start.max(o.at);
        }
        known.over(schedule)
    }

    /// Its changes that have a say in `[from, until)`, oldest first.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = &AdHoc> {
        self.overrides.iter().filter(move |o| o.counts() && o.start.max(o.at) < until && o.end > from && o.at < o.end)
    }

    /// Adds a change. One that says the same as another that counts is that other: asking twice is harmless.
    /// `users`: everybody who exists; empty where nobody can tell.
    pub fn add(&mut self, asked: Asked, schedule: &Schedule, users: &[UserId], id: OverrideId, by: &Actor, now: Timestamp) -> Result<AdHoc, Refused> {
        let mut problems = problems(&asked, schedule, now);
        problems.extend(unknown(&asked.change, users));
        let same = |o: &&AdHoc| o.removed.is_none() && (o.start, o.end, &o.change) == (asked.start, asked.end, &asked.change);
        if problems.is_empty()
            && let Some(there) = self.overrides.iter().find(same)
        {
            return Ok(there.clone());
        }
        if problems.is_empty() && self.ahead(now) >= MOST_AHEAD {
            problems.push(problem("start", format!("the schedule has {MOST_AHEAD} changes ahead already"), "remove some, or change the configuration"));
        }
        if !problems.is_empty() {
            return Err(Refused::Invalid(problems));
        }
        let Asked { start, end, change, note } = asked;
        let added = AdHoc { id, start, end, change, note, by: by.clone(), at: now, origin: Origin::Asked, removed: None };
        self.overrides.push(added.clone());
        self.prune(now);
        Ok(added)
    }

    /// Takes a change back: one that has begun ends now. Taking it back twice is harmless; what is over stays.
    pub fn remove(&mut self, id: OverrideId, by: &Actor, now: Timestamp) -> Result<AdHoc, Refused> {
        let found = self.overrides.iter_mut().find(|o| o.id == id).ok_or_else(|| Refused::NotFound(format!("override {id}")))?;
        if found.removed.is_none() {
            if found.end <= now {
                return Err(Refused::Moved(format!("override {id} ended at {}: what was can not be changed", found.end)));
            }
            found.take_back(by, now);
        }
        Ok(found.clone())
    }

    /// Makes what was imported under `source` be exactly `shifts` from now on: new ones are added, missing ones taken back, the others stay as they are.
    /// Shifts that are over are left alone. The answer: how many were added, taken back and kept.
    pub fn import(
        &mut self,
        (source, shifts): (&str, Vec<(String, Asked)>),
        schedule: &Schedule,
        users: &[UserId],
        mut id: impl FnMut() -> OverrideId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(usize, usize, usize), Refused> {
        let mut all = Vec::new();
        for (i, (uid, asked)) in shifts.iter().enumerate() {
            let mut found = problems(asked, schedule, now);
            // A shift that is over is no mistake: calendars keep them.
            found.retain(|p| p.field != "end" || asked.end > now);
            found.extend(unknown(&asked.change, users));
            if uid.is_empty() || uid.len() > 300 {
                found.push(problem("uid", "is empty or too long", "write 1 to 300 characters"));
            } else if shifts.iter().take(i).any(|(other, _)| other == uid) {
                found.push(problem("uid", "another shift has this uid too", "give each shift a uid of its own"));
            }
            all.extend(found.into_iter().map(|p| Problem { field: format!("shifts[{i}].{}", p.field), ..p }));
        }
        if !all.is_empty() {
            return Err(Refused::Invalid(all));
        }
        let (mut kept, mut taken_back) = (Vec::new(), 0);
        for o in self.overrides.iter_mut().filter(|o| o.removed.is_none() && o.end > now) {
            let Origin::Import { source: from, uid } = &o.origin else { continue };
            if from != source {
                continue;
            }
            let wanted = shifts.iter().find(|(u, a)| u == uid && (a.start, a.end, &a.change, &a.note) == (o.start, o.end, &o.change, &o.note));
            match wanted {
                Some((uid, _)) => kept.push(uid.clone()),
                None => {
                    o.take_back(by, now);
                    taken_back += 1;
                }
            }
        }
        let new: Vec<_> = shifts.into_iter().filter(|(uid, a)| a.end > now && !kept.contains(uid)).collect();
        let added = new.len();
        if self.ahead(now) + added > MOST_AHEAD {
            let message = format!("with these the schedule would have more than {MOST_AHEAD} changes ahead");
            return Err(Refused::Invalid(vec![problem("shifts", message, "import fewer days")]));
        }
        self.overrides.extend(new.into_iter().map(|(uid, Asked { start, end, change, note })| {
            let origin = Origin::Import { source: source.to_owned(), uid };
            AdHoc { id: id(), start, end, change, note, by: by.clone(), at: now, origin, removed: None }
        }));
        self.prune(now);
        Ok((added, taken_back, kept.len()))
    }

    fn ahead(&self, now: Timestamp) -> usize {
        self.overrides.iter().filter(|o| o.counts() && o.end > now).count()
    }

    /// Lets go of what nobody asks for any more; the record of who changed what stays elsewhere.
    pub(super) fn prune(&mut self, now: Timestamp) {
        let long_ago = now - days(KEPT_DAYS);
        self.overrides.retain(|o| o.end > long_ago && o.removed.as_ref().is_none_or(|r| o.counts() || r.at > now - days(1)));
        self.swaps.retain(|s| s.expires_at() > long_ago);
    }
}

impl AdHoc {
    fn take_back(&mut self, by: &Actor, now: Timestamp) {
        if self.start < now {
            self.end = self.end.min(now);
        }
        self.removed = Some(Removed { by: by.clone(), at: now });
    }
}

/// What is wrong with a change that somebody asks for.
fn problems(asked: &Asked, schedule: &Schedule, now: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    let alone = Override { id: None, start: asked.start.into(), end: asked.end.into(), change: asked.change.clone(), note: None };
    let only = Schedule { overrides: vec![alone], ..schedule.clone() };
    problems.extend(only.validate().into_iter().filter_map(|p| Some(Problem { field: p.field.strip_prefix("overrides[0].")?.to_owned(), ..p })));
    if asked.start < asked.end {
        if asked.end <= now {
            problems.push(problem("end", format!("{} is over", asked.end), "write a time in the future"));
        }
        if asked.end.duration_since(asked.start) > days(LONGEST_DAYS) {
            problems.push(problem("end", format!("is more than {LONGEST_DAYS} days after the start"), "change the configuration instead"));
        }
        if asked.start > now + days(FARTHEST_DAYS) {
            problems.push(problem("start", format!("is more than {FARTHEST_DAYS} days ahead"), "change the configuration instead"));
        }
    }
    if asked.change.people().len() > 50 {
        problems.push(problem("with", "names more than 50 people", "name those who are needed"));
    }
    if asked.note.as_ref().is_some_and(|n| n.chars().count() > MOST_NOTE_CHARS) {
        problems.push(problem("note", format!("is longer than {MOST_NOTE_CHARS} characters"), "say it shorter"));
    }
    problems
}

/// People who are not in the configuration.
fn unknown(change: &Change, users: &[UserId]) -> Vec<Problem> {
    let replaced = if let Change::Person { person, .. } = change { Some(("person", person)) } else { None };
    let field = if matches!(change, Change::Add { .. }) { "add" } else { "with" };
    let named = change.people().iter().map(|u| (field, u)).chain(replaced);
    let missing = named.filter(|(_, u)| !users.is_empty() && !users.contains(u));
    missing.map(|(field, u)| problem(field, format!("there is no user {u}"), "name a user of the configuration")).collect()
}
