//! Starts, lists and ends maintenance windows at run time.
//!
//! Called by: `api`. Ending one early lets the alerts go that wait for its end: each is woken, and decided again by the stream. Whoever dies in between has lost
//! nothing: ending it again goes on, and at the window's planned end the sweep decides what is left.
//! Refuses to page, and to end a window that is over.

use crate::configuration_cache::ConfigurationCache;
use crate::error::{AppError, WriteError};
use crate::ports::{AlertStore, Clock, DueStore, IdSource, MaintenanceStore};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::sync::Arc;
use tocsin_domain::id::{MaintenanceId, ServiceId, TeamId};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::maintenance::{MOST_DURATION_S, MaintenanceRun};

/// Alerts that are woken at the same time.
const AT_ONCE: usize = 16;
/// Alerts that are looked up at once.
const A_ROUND: usize = 400;
/// Rounds of one call; the index may lag behind what was woken.
const MOST_ROUNDS: u32 = 50;
/// The longest reason, in characters.
const MOST_REASON_CHARS: usize = 200;

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
    /// Starts one, now or later.
    pub async fn start(&self, start: Start, by: &Actor) -> Result<MaintenanceRun, AppError> {
        let invalid = |field: &str, reason: &str| AppError::Invalid { field: field.to_owned(), reason: reason.to_owned() };
        let now = self.clock.now();
        if start.services.is_empty() && start.teams.is_empty() {
            return Err(invalid("services", "name services, or teams"));
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
        let id = format!("mnt-{}", self.ids.ulid(now)).to_lowercase();
        let id: MaintenanceId = id.parse().map_err(|_| invalid("id", "it can not be made"))?;
        let Start { services, teams, team, reason, start, end } = start;
        let run = MaintenanceRun { id, team, reason, services, teams, start, end, by: by.clone(), ended_at: None, configured: false };
        self.maintenance.put_maintenance(&run).await?;
        Ok(run)
    }

    /// Windows that are not over at `now`: those of the configuration that are open, and those that were started.
    pub async fn list(&self) -> Result<Vec<MaintenanceRun>, AppError> {
        let now = self.clock.now();
        let (_, configuration) = self.configuration.current().await?;
        let stored = self.maintenance.maintenance().await?;
        let mut windows: Vec<MaintenanceRun> = Vec::new();
        for window in &configuration.maintenance {
            let Some(span) = window.open_at(now) else { continue };
            let ended = stored.iter().find(|r| r.configured && r.id == window.id && r.start == span.start);
            if ended.is_some_and(|r| r.over_at() <= now) {
                continue;
            }
            let of_service = window.services.first().and_then(|s| configuration.service(s)).map(|s| s.team.clone());
            let Some(team) = window.teams.first().cloned().or(of_service) else { continue };
            windows.push(MaintenanceRun {
                id: window.id.clone(),
                team,
                reason: window.reason.clone(),
                services: window.services.clone(),
                teams: window.teams.clone(),
                start: span.start,
                end: span.end,
                by: Actor::System,
                ended_at: None,
                configured: true,
            });
        }
        windows.extend(stored.into_iter().filter(|r| !r.configured && r.over_at() > now));
        windows.sort_by_key(|w| (w.start, w.id.clone()));
        Ok(windows)
    }

    /// Ends one that `may` be ended by whoever asks. One that was ended before is fine: what is left to be done for it is done.
    pub async fn end(&self, id: &MaintenanceId, by: &Actor, may: impl Fn(&MaintenanceRun) -> bool) -> Result<MaintenanceRun, AppError> {
        let now = self.clock.now();
        let not_found = || AppError::NotFound { what: format!("maintenance window {id}") };
        let open = self.list().await?.into_iter().find(|w| w.id == *id);
        let run = match open {
            Some(window) if may(&window) => {
                let ended = MaintenanceRun { ended_at: Some(now), by: if window.configured { by.clone() } else { window.by.clone() }, ..window };
                match self.maintenance.put_maintenance(&ended).await {
                    // Somebody else ended it: that is what was asked for.
                    Ok(()) | Err(WriteError::Conflict) => ended,
                    Err(WriteError::Port(e)) => return Err(e.into()),
                }
            }
            Some(_) => return Err(not_found()),
            None => {
                let stored = self.maintenance.maintenance().await?;
                let ended = stored.into_iter().filter(|r| r.id == *id && r.ended_at.is_some() && r.end > now).max_by_key(|r| r.start);
                ended.filter(|w| may(w)).ok_or_else(not_found)?
            }
        };
        self.release(run.end, now).await?;
        Ok(run)
    }

    /// Wakes the alerts that wait for an instant. One that waits for another window that ends then too is kept again.
    async fn release(&self, end: Timestamp, now: Timestamp) -> Result<(), AppError> {
        for _ in 0..MOST_ROUNDS {
            let waiting = self.due.alerts_due_at(end, A_ROUND).await?;
            let wake = async |id| match self.alerts.wake_alert(id, now).await {
                Ok(()) => Ok(1),
                // Resolved, or with an incident: nothing keeps it any more.
                Err(WriteError::Conflict) => Ok(0),
                Err(WriteError::Port(e)) => Err(AppError::from(e)),
            };
            let woken: Vec<usize> = stream::iter(waiting.iter().copied()).map(wake).buffer_unordered(AT_ONCE).try_collect().await?;
            if waiting.len() < A_ROUND || woken.iter().sum::<usize>() == 0 {
                return Ok(());
            }
        }
        Ok(())
    }
}
