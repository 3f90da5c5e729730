//! Changes a schedule at run time: overrides, swaps, imported shifts.
//!
//! Called by: the API. Reads the roster, decides on it as it is, writes it if nobody else wrote meanwhile, and looks again otherwise. Each change is
//! recorded with it: who, when, what. Refuses to know grants: the caller says whether the asker may act for others.

use crate::error::{AppError, PortError, WriteError};
use crate::ports::{Clock, IdSource, RosterChange, RosterRecord};
use crate::rosters::Rosters;
use jiff::Timestamp;
use std::sync::Arc;
use tocsin_domain::id::{OverrideId, ScheduleId, SwapId, UserId};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::schedule::Schedule;
use tocsin_domain::schedule::roster::{AdHoc, Asked, Refused, Roster};
use tocsin_domain::schedule::swap::{Offer, Swap};

/// Times that somebody else may write first.
const TRIES: u32 = 10;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// As the record shows them.
    pub by: Actor,
    /// The person, if it is one.
    pub user: Option<UserId>,
    /// Whether they may act for anybody.
    pub for_anybody: bool,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amend {
    /// A new override.
    Add(Asked),
    /// One is taken back.
    Remove(OverrideId),
    /// A swap is offered.
    Offer(Offer),
    /// It is accepted.
    Accept(SwapId),
    /// It is declined.
    Decline(SwapId),
    /// It is taken back.
    Withdraw(SwapId),
    /// What was imported under this name is exactly these shifts (by uid) from now on.
    Import(String, Vec<(String, Asked)>),
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amended {
    /// The override as it is now.
    Override(AdHoc),
    /// The swap as it is now.
    Swap(Swap),
    /// Shifts that are new, gone, and as they were.
    Imported {
        /// New.
        added: usize,
        /// Gone.
        removed: usize,
        /// As they were.
        kept: usize,
    },
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AmendError {
    /// It is not theirs to change.
    #[error("not theirs to change")]
    Forbidden,
    /// The roster refuses it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Something else failed.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<PortError> for AmendError {
    fn from(e: PortError) -> Self {
        Self::App(e.into())
    }
}

/// The use case.
#[derive(Clone)]
pub struct ChangeRoster {
    /// Schedules as they are now.
    pub rosters: Rosters,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn IdSource>,
}

impl ChangeRoster {
    /// Does it, or says why not. Doing it twice is harmless.
    pub async fn run(&self, schedule: &ScheduleId, amend: &Amend, asker: &Asker) -> Result<Amended, AmendError> {
        for _ in 0..TRIES {
            let (_, configuration) = self.rosters.configuration.current().await?;
            let not_found = || AppError::NotFound { what: format!("schedule {schedule}") };
            let configured = configuration.schedule(schedule).ok_or_else(not_found)?;
            let before = self.roster(configured).await?;
            if !allowed(&before, amend, asker) {
                return Err(AmendError::Forbidden);
            }
            let users: Vec<UserId> = configuration.users.iter().map(|u| u.id.clone()).collect();
            let now = self.clock.now();
            let mut after = before.clone();
            let (amended, what) = self.apply(&mut after, amend, configured, &users, &asker.by, now)?;
            if after == before {
                return Ok(amended);
            }
            after.revision += 1;
            after.team = configured.team.clone();
            let record = RosterRecord { revision: after.revision, at: now, by: asker.by.clone(), what };
            match self.rosters.store.save_roster(&after, &record).await {
                Ok(()) => return Ok(amended),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("schedule {schedule}") }.into())
    }

    /// The roster of a schedule as it is stored.
    pub async fn roster(&self, schedule: &Schedule) -> Result<Roster, PortError> {
        Ok(self.rosters.store.rosters(std::slice::from_ref(&schedule.id)).await?.pop().unwrap_or_else(|| Roster::empty(schedule)))
    }

    /// Who changed a schedule, when and how: latest first.
    pub async fn records(&self, schedule: &ScheduleId, before: Option<u64>, limit: usize) -> Result<Vec<RosterRecord>, PortError> {
        self.rosters.store.roster_records(schedule, before, limit).await
    }

    fn apply(
        &self,
        roster: &mut Roster,
        amend: &Amend,
        schedule: &Schedule,
        users: &[UserId],
        by: &Actor,
        now: Timestamp,
    ) -> Result<(Amended, RosterChange), Refused> {
        let next = || OverrideId::new(self.ids.ulid(now));
        Ok(match amend {
            Amend::Add(asked) => {
                let added = roster.add(asked.clone(), schedule, users, next(), by, now)?;
                (Amended::Override(added.clone()), RosterChange::Added(added))
            }
            Amend::Remove(id) => (Amended::Override(roster.remove(*id, by, now)?), RosterChange::Removed(*id)),
            Amend::Offer(offer) => {
                let swap = roster.offer(offer.clone(), schedule, users, SwapId::new(self.ids.ulid(now)), now)?;
                (Amended::Swap(swap.clone()), RosterChange::Offered(swap))
            }
            Amend::Accept(id) => (Amended::Swap(roster.accept(*id, schedule, next, by, now)?), RosterChange::Accepted(*id)),
            Amend::Decline(id) => (Amended::Swap(roster.decline(*id, now)?), RosterChange::Declined(*id)),
            Amend::Withdraw(id) => (Amended::Swap(roster.withdraw(*id, now)?), RosterChange::Withdrawn(*id)),
            Amend::Import(source, shifts) => {
                let (added, removed, kept) = roster.import((source, shifts.clone()), schedule, users, next, by, now)?;
                (Amended::Imported { added, removed, kept }, RosterChange::Imported { source: source.clone(), added, removed, kept })
            }
        })
    }
}

/// Whether it is theirs: people act for themselves, and admins for anybody.
fn allowed(roster: &Roster, amend: &Amend, asker: &Asker) -> bool {
    if asker.for_anybody {
        return true;
    }
    let Some(user) = &asker.user else { return false };
    // What does not exist is told as such.
    let swap = |id: &SwapId, who: fn(&Swap) -> &UserId| roster.swaps.iter().find(|s| s.id == *id).is_none_or(|s| who(s) == user);
    match amend {
        Amend::Add(asked) => asked.change.is_own(user),
        Amend::Remove(id) => roster.overrides.iter().find(|o| o.id == *id).is_none_or(|o| o.by == Actor::User(user.clone()) || o.change.is_own(user)),
        Amend::Offer(offer) => offer.from == *user,
        Amend::Accept(id) | Amend::Decline(id) => swap(id, |s| &s.to),
        Amend::Withdraw(id) => swap(id, |s| &s.from),
        Amend::Import(..) => false,
    }
}
