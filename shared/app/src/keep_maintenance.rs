//! Starts, lists and ends maintenance windows at run time.
//!
//! Called by: `api`. Ending one early lets the alerts go that wait for its end: each is woken, and decided again by the stream. Whoever dies in between has lost
//! nothing: ending it again goes on, and the next sweeps look at what is left ([`crate::release_alerts`]).
//! Refuses to page, and to bring back a window that was ended. Who may ask is decided by whoever calls.

use crate::configuration_cache::ConfigurationCache;
use crate::error::{AppError, WriteError};
use crate::ports::{AlertStore, Clock, DueStore, IdSource, MaintenanceStore, SecretHash};
use crate::release_alerts::release;
use jiff::Timestamp;
use std::sync::Arc;
use tocsin_domain::id::{MaintenanceId, ServiceId, TeamId};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::maintenance::{MOST_DURATION_S, MaintenanceRun, Maintenances, Standing};

/// The longest reason, in characters.
const MOST_REASON_CHARS: usize = 200;
/// Services and teams of one window.
const MOST_NAMED: usize = 100;
/// The furthest beginning, in seconds from now.
const MOST_AHEAD_S: i64 = 366 * 24 * 3600;

/// A window to start.
#[derive(Debug, Clone)]
pub struct Start {
    /// Whose alerts.
    pub services: Vec<ServiceId>,
    /// All services of these teams.
    pub teams: Vec<TeamId>,
    /// Who owns the window.
    pub team: TeamId,
    /// Why, for people.
    pub reason: String,
    /// From when on.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
}

/// The use case.
#[derive(Clone)]
pub struct KeepMaintenance {
    /// Windows.
    pub maintenance: Arc<dyn MaintenanceStore>,
    /// Alerts that wait for their end.
    pub alerts: Arc<dyn AlertStore>,
    /// Finds them.
    pub due: Arc<dyn DueStore>,
    /// Windows of the configuration.
    pub configuration: Arc<ConfigurationCache>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdSource>,
}

impl KeepMaintenance {
    /// Starts one, now or later. The same one again is that one: what the caller calls it (`name`) says so, or, without a name, that nothing of it differs.
    pub async fn start(&self, start: Start, name: Option<&str>, by: &Actor) -> Result<MaintenanceRun, AppError> {
        let invalid = |field: &str, reason: &str| AppError::Invalid { field: field.to_owned(), reason: reason.to_owned() };
        let now = self.clock.now();
        let stored = self.maintenance.maintenance().await?;
        let named = name.map(|name| format!("mnt-{}", SecretHash::of(&format!("{by}\n{name}")).0.chars().take(26).collect::<String>()));
        if let Some(id) = &named
            && let Some(run) = stored.iter().find(|r| r.id.as_str() == id)
        {
            return Ok(run.clone());
        }
        if start.services.is_empty() && start.teams.is_empty() {
            return Err(invalid("services", "name services, or teams"));
        }
        if start.services.len() + start.teams.len() > MOST_NAMED {
            return Err(invalid("services", "a window names 100 services and teams at most; a team stands for all of its services"));
        }
        if start.reason.trim().is_empty() || start.reason.chars().count() > MOST_REASON_CHARS {
            return Err(invalid("reason", "say why, in at most 200 characters"));
        }
        if start.end <= start.start || start.end <= now {
            return Err(invalid("end", "it has to end later than it begins, and later than now"));
        }
        if start.end.duration_since(start.start).as_secs() > i64::from(MOST_DURATION_S) {
            return Err(invalid("end", "a window lasts 30 days at most; longer ones belong into the configuration"));
        }
        if start.start.duration_since(now).as_secs() > MOST_AHEAD_S {
            return Err(invalid("start", "a window begins within a year; later ones belong into the configuration"));
        }
        let is_named = named.is_some();
        let id = named.unwrap_or_else(|| format!("mnt-{}", self.ids.ulid(now)).to_lowercase());
        let id: MaintenanceId = id.parse().map_err(|_| invalid("id", "it can not be made"))?;
        let Start { services, teams, team, reason, start, end } = start;
        let run =
            MaintenanceRun { id, team, reason, services, teams, start, end, by: by.clone(), at: Some(now), ended_at: None, ended_by: None, configured: false };
        if let Some(same) = stored.into_iter().find(|r| !is_named && MaintenanceRun { id: run.id.clone(), at: run.at, ..r.clone() } == run) {
            return Ok(same);
        }
        match self.maintenance.put_maintenance(&run).await {
            // Written twice by one who did not hear of the first time, and ended in between.
            Ok(()) | Err(WriteError::Conflict) => Ok(run),
            Err(WriteError::Port(e)) => Err(e.into()),
        }
    }

    /// Windows that go on or are to come: those that were started, and the present and next occurrences of those of the configuration. With `past` also what is
    /// kept of those that are over: started ones, and configured ones that were ended early.
    pub async fn list(&self, past: bool) -> Result<Vec<MaintenanceRun>, AppError> {
        let now = self.clock.now();
        let (_, configuration) = self.configuration.current().await?;
        let all = Maintenances { runs: self.maintenance.maintenance().await? };
        let mut windows = all.standing(&configuration, now);
        if past {
            windows.extend(all.runs.into_iter().filter(|r| matches!(r.standing(now), Standing::Over | Standing::CalledOff)));
            windows.sort_by_key(|w| (w.start, w.id.clone()));
        }
        Ok(windows)
    }

    /// One: as it goes on or, where it does not, as it comes next, or as it was last.
    pub async fn get(&self, id: &MaintenanceId) -> Result<MaintenanceRun, AppError> {
        let now = self.clock.now();
        let rank = |w: &MaintenanceRun| match w.standing(now) {
            Standing::Active => 0,
            Standing::Planned => 1,
            Standing::Over | Standing::CalledOff => 2,
        };
        let of_it: Vec<MaintenanceRun> = self.list(true).await?.into_iter().filter(|w| w.id == *id).collect();
        let best = of_it.iter().map(rank).min();
        let mut of_it = of_it.into_iter().filter(|w| Some(rank(w)) == best);
        // In order of their beginnings: the next one to come is the first, the last one that was is the last.
        let found = if best == Some(2) { of_it.next_back() } else { of_it.next() };
        found.ok_or_else(|| AppError::NotFound { what: format!("maintenance window {id}") })
    }

    /// Ends one, or takes it back before it begins. One that was ended before is fine: what is left to be done for it is done. `start` tells which occurrence of a
    /// configured window is meant; without it the one that goes on, so that whoever ends it twice does not call off the next one.
    pub async fn end(&self, id: &MaintenanceId, start: Option<Timestamp>, by: &Actor) -> Result<MaintenanceRun, AppError> {
        let now = self.clock.now();
        let meant = |w: &MaintenanceRun| w.id == *id && start.is_none_or(|s| w.start == s);
        let endable = |w: &MaintenanceRun| !w.configured || start.is_some() || w.start <= now;
        let mut ended = None;
        // A window that was started twice at the same time under one name is one window.
        for window in self.list(false).await?.into_iter().filter(|w| meant(w) && endable(w)) {
            let run = MaintenanceRun { ended_at: Some(now), ended_by: Some(by.clone()), ..window };
            match self.maintenance.put_maintenance(&run).await {
                // Somebody else ended it: that is what was asked for.
                Ok(()) | Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
            release(self.due.as_ref(), self.alerts.as_ref(), run.end, now).await?;
            ended = Some(run);
        }
        if let Some(run) = ended {
            return Ok(run);
        }
        let stored = self.maintenance.maintenance().await?;
        let before = stored.into_iter().filter(|r| meant(r) && r.over_at() <= now).max_by_key(|r| r.start);
        let run = before.ok_or_else(|| AppError::NotFound { what: format!("maintenance window {id}") })?;
        if run.end > now {
            release(self.due.as_ref(), self.alerts.as_ref(), run.end, now).await?;
        }
        Ok(run)
    }
}
