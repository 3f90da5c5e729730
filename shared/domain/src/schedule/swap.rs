//! Swaps: one person offers a time in which they are on call to another, who accepts or declines.
//!
//! An accepted swap is one or two overrides, written together with it. It is checked against the schedule as it is then: a shift that changed meanwhile
//! is told, and nothing is swapped. Called by: the use cases of rosters. Refuses to know who asks: `by` must be somebody who may.

use super::roster::{AdHoc, Origin, Refused, Roster, problem};
use super::{Change, Schedule, Span, Turn};
use crate::id::{OverrideId, SwapId, UserId};
use crate::incident::timeline::Actor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Offers of one schedule that wait for an answer, at most.
pub const MOST_OPEN: usize = 100;

/// An offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// Its id.
    pub id: SwapId,
    /// Who offers.
    pub from: UserId,
    /// To whom.
    pub to: UserId,
    /// When the other one would be on call instead.
    pub give: Span,
    /// When the offering one would be on call in return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<Span>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was offered.
    pub at: Timestamp,
    /// What became of it.
    #[serde(default)]
    pub state: State,
}

/// What became of an offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for an answer.
    #[default]
    Open,
    /// The other side took it; these overrides carry it out.
    Accepted {
        /// When.
        at: Timestamp,
        /// What it changed.
        overrides: Vec<OverrideId>,
    },
    /// The other side does not want it.
    Declined {
        /// When.
        at: Timestamp,
    },
    /// It was taken back.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
}

/// An offer as people see it: an open one whose time has come is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits for an answer.
    Open,
    /// The other side took it.
    Accepted,
    /// The other side does not want it.
    Declined,
    /// It was taken back.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
}

impl Standing {
    /// A word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

/// What one side of a swap has not heard of, because the other side, or time, did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// It was offered to them.
    Offered,
    /// What they offered is theirs no more.
    Accepted,
    /// What they offered stays theirs.
    Declined,
    /// What was offered to them is not any more.
    Withdrawn,
    /// Nobody answered what they offered.
    Expired,
}

impl News {
    /// A word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

/// An offer that somebody makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Who offers.
    pub from: UserId,
    /// To whom.
    pub to: UserId,
    /// When the other one would be on call instead.
    pub give: Span,
    /// When the offering one would be on call in return.
    pub take: Option<Span>,
    /// Why, for people.
    pub note: Option<String>,
}

impl Swap {
    /// Nobody can answer from here on: the first of its times begins.
    pub fn expires_at(&self) -> Timestamp {
        self.take.map_or(self.give.start, |take| take.start.min(self.give.start))
    }

    /// How it stands.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match &self.state {
            State::Open if now >= self.expires_at() => Standing::Expired,
            State::Open => Standing::Open,
            State::Accepted { .. } => Standing::Accepted,
            State::Declined { .. } => Standing::Declined,
            State::Withdrawn { .. } => Standing::Withdrawn,
        }
    }

    /// What is to be told of it as it stands: since when, to whom, what.
    ///
    /// ```
    /// # use tocsin_domain::schedule::{Span, swap::{News, State, Swap}};
    /// let t = |s: &str| s.parse::<jiff::Timestamp>().unwrap();
    /// let mut swap = Swap { id: "swp_01KE6P4YM00000000000000001".parse().unwrap(), from: "ada".parse().unwrap(), to: "bob".parse().unwrap(), take: None, note: None,
    ///     give: Span { start: t("2026-01-06T09:00:00Z"), end: t("2026-01-07T09:00:00Z") }, at: t("2026-01-05T10:00:00Z"), state: State::Open };
    /// // Bob hears of it when it is offered; when its time begins and he has said nothing, Ada hears that she is on call after all.
    /// assert_eq!(swap.news(t("2026-01-06T08:59:59Z")), (t("2026-01-05T10:00:00Z"), &swap.to, News::Offered));
    /// assert_eq!(swap.news(t("2026-01-06T09:00:00Z")), (t("2026-01-06T09:00:00Z"), &swap.from, News::Expired));
    /// swap.state = State::Declined { at: t("2026-01-05T11:00:00Z") };
    /// assert_eq!(swap.news(t("2026-01-06T09:00:00Z")), (t("2026-01-05T11:00:00Z"), &swap.from, News::Declined));
    /// ```
    pub fn news(&self, now: Timestamp) -> (Timestamp, &UserId, News) {
        match &self.state {
            State::Open if now >= self.expires_at() => (self.expires_at(), &self.from, News::Expired),
            State::Open => (self.at, &self.to, News::Offered),
            State::Accepted { at, .. } => (*at, &self.from, News::Accepted),
            State::Declined { at } => (*at, &self.from, News::Declined),
            State::Withdrawn { at } => (*at, &self.to, News::Withdrawn),
        }
    }

    /// Its times, each with who is on call then and who would be.
    fn parts(&self) -> impl Iterator<Item = (&UserId, &UserId, Span)> {
        let give = (&self.from, &self.to, self.give);
        [Some(give), self.take.map(|take| (&self.to, &self.from, take))].into_iter().flatten()
    }
}

/// The first stretch of `span` in which `user` is not on call, and who is.
fn absence(schedule: &Schedule, user: &UserId, span: Span) -> Option<(Span, Vec<UserId>)> {
    let mut covered = span.start;
    let mut theirs: Vec<Span> =
        schedule.shifts(span.start, span.end).into_iter().filter(|s| s.user == *user).map(|s| Span { start: s.start, end: s.end }).collect();
    theirs.sort_by_key(|s| s.start);
    for shift in &theirs {
        if shift.start > covered {
            break;
        }
        covered = covered.max(shift.end);
    }
    if covered >= span.end {
        return None;
    }
    let until = theirs.iter().map(|s| s.start).find(|s| *s > covered).unwrap_or(span.end);
    let others = schedule.on_call(covered).into_iter().map(|o| o.user).collect();
    Some((Span { start: covered, end: until }, others))
}

fn told(user: &UserId, (span, others): &(Span, Vec<UserId>)) -> String {
    let others: Vec<&str> = others.iter().map(UserId::as_str).collect();
    let who = if others.is_empty() { "nobody is".to_owned() } else { format!("on call then: {}", others.join(", ")) };
    format!("{user} is not on call from {} to {} ({who})", span.start, span.end)
}

impl Roster {
    /// Writes an offer down. The same offer again, while it waits, is that offer.
    pub fn offer(&mut self, offer: Offer, schedule: &Schedule, users: &[UserId], id: SwapId, now: Timestamp) -> Result<Swap, Refused> {
        let mut problems = Vec::new();
        for (field, user) in [("from", &offer.from), ("to", &offer.to)] {
            if !users.contains(user) {
                problems.push(problem(field, format!("there is no user {user}"), "name a user of the configuration"));
            }
        }
        if offer.from == offer.to {
            problems.push(problem("to", "is who offers", "name somebody else"));
        }
        let laid = self.over(schedule);
        let parts = [Some(("give", &offer.from, offer.give)), offer.take.map(|take| ("take", &offer.to, take))];
        for (field, user, span) in parts.into_iter().flatten() {
            if span.start >= span.end {
                problems.push(problem(&format!("{field}.end"), "is not after the start", "the end is the first instant no more: write a later one"));
            } else if span.start <= now {
                problems.push(problem(&format!("{field}.start"), "has begun already", "offer what is still to come; use an override for what runs"));
            } else if span.end.duration_since(now) > super::roster::days(super::roster::LONGEST_DAYS) {
                problems.push(problem(&format!("{field}.end"), "is too far ahead", format!("swap within the next {} days", super::roster::LONGEST_DAYS)));
            } else if let Some(absence) = absence(&laid, user, span) {
                problems.push(problem(field, told(user, &absence), "look at the schedule's shifts"));
            }
        }
        if offer.take.is_some_and(|take| take.start < offer.give.end && offer.give.start < take.end) {
            problems.push(problem("take", "overlaps with what is given", "swap times that do not overlap"));
        }
        if offer.note.as_ref().is_some_and(|n| n.chars().count() > super::roster::MOST_NOTE_CHARS) {
            problems.push(problem("note", format!("is longer than {} characters", super::roster::MOST_NOTE_CHARS), "say it shorter"));
        }
        let open = |s: &&Swap| s.standing(now) == Standing::Open;
        if self.swaps.iter().filter(open).count() >= MOST_OPEN {
            problems.push(problem("to", format!("{MOST_OPEN} offers wait for an answer already"), "withdraw some"));
        }
        if !problems.is_empty() {
            return Err(Refused::Invalid(problems));
        }
        let Offer { from, to, give, take, note } = offer;
        let swap = Swap { id, from, to, give, take, note, at: now, state: State::Open };
        let same = |s: &&Swap| (&s.from, &s.to, s.give, s.take) == (&swap.from, &swap.to, swap.give, swap.take);
        if let Some(there) = self.swaps.iter().filter(open).find(same) {
            return Ok(there.clone());
        }
        self.swaps.push(swap.clone());
        self.prune(now);
        Ok(swap)
    }

    /// The other side takes the offer: from now on the schedule says so. Accepting twice is harmless.
    pub fn accept(&mut self, id: SwapId, schedule: &Schedule, mut next: impl FnMut() -> OverrideId, by: &Actor, now: Timestamp) -> Result<Swap, Refused> {
        let laid = self.over(schedule);
        let swap = self.swap(id)?;
        match swap.standing(now) {
            Standing::Accepted => return Ok(swap.clone()),
            Standing::Open => {}
            other @ (Standing::Declined | Standing::Withdrawn | Standing::Expired) => {
                return Err(Refused::Moved(format!("this swap is {}", other.as_str())));
            }
        }
        let moved: Vec<String> = swap.parts().filter_map(|(user, _, span)| absence(&laid, user, span).map(|a| told(user, &a))).collect();
        if !moved.is_empty() {
            return Err(Refused::Moved(format!("the schedule changed since this was offered: {}", moved.join("; "))));
        }
        let made: Vec<AdHoc> = swap
            .parts()
            .map(|(person, with, span)| AdHoc {
                id: next(),
                start: span.start,
                end: span.end,
                change: Change::Person { person: person.clone(), with: Turn(vec![with.clone()]) },
                note: Some(format!("swap of {} and {}", swap.from, swap.to)),
                by: by.clone(),
                at: now,
                origin: Origin::Swap(id),
                removed: None,
            })
            .collect();
        swap.state = State::Accepted { at: now, overrides: made.iter().map(|o| o.id).collect() };
        let swap = swap.clone();
        self.overrides.extend(made);
        self.prune(now);
        Ok(swap)
    }

    /// The other side does not want it. Declining twice is harmless.
    pub fn decline(&mut self, id: SwapId, now: Timestamp) -> Result<Swap, Refused> {
        self.close(id, Standing::Declined, State::Declined { at: now }, now)
    }

    /// It is taken back. Doing so twice is harmless.
    pub fn withdraw(&mut self, id: SwapId, now: Timestamp) -> Result<Swap, Refused> {
        self.close(id, Standing::Withdrawn, State::Withdrawn { at: now }, now)
    }

    fn close(&mut self, id: SwapId, wanted: Standing, state: State, now: Timestamp) -> Result<Swap, Refused> {
        let swap = self.swap(id)?;
        match swap.standing(now) {
            Standing::Open => swap.state = state,
            there if there == wanted => {}
            other => return Err(Refused::Moved(format!("this swap is {}", other.as_str()))),
        }
        Ok(swap.clone())
    }

    fn swap(&mut self, id: SwapId) -> Result<&mut Swap, Refused> {
        self.swaps.iter_mut().find(|s| s.id == id).ok_or_else(|| Refused::NotFound(format!("swap {id}")))
    }
}
