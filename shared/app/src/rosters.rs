//! Rosters laid over the configuration: what everybody asks who resolves who is on call.
//!
//! Called by: the level that fires, the API, handoffs, calendars. One read for each schedule that is asked for, none where none is.
//! A roster that can not be understood does not silence its schedule: the configured answer counts then, and it is logged. One that can not be read now is an
//! error, which the caller's caller tries again.

use crate::configuration_cache::ConfigurationCache;
use crate::error::PortError;
use crate::ports::RosterStore;
use std::sync::Arc;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::id::ScheduleId;
use tocsin_domain::schedule::roster::Roster;

/// Reads schedules as they are now.
#[derive(Clone)]
pub struct Rosters {
    /// What is configured.
    pub configuration: Arc<ConfigurationCache>,
    /// What was changed at run time.
    pub store: Arc<dyn RosterStore>,
}

impl Rosters {
    /// The current configuration, in which these schedules are as people changed them at run time.
    pub async fn current(&self, schedules: &[ScheduleId]) -> Result<(u64, Arc<Configuration>), PortError> {
        let (version, configuration) = self.configuration.current().await?;
        let laid = self.lay(&configuration, schedules).await?;
        Ok((version, laid.map_or(configuration, Arc::new)))
    }

    /// The same for every schedule there is.
    pub async fn current_all(&self) -> Result<(u64, Arc<Configuration>), PortError> {
        let (version, configuration) = self.configuration.current().await?;
        let all: Vec<ScheduleId> = configuration.schedules.iter().map(|s| s.id.clone()).collect();
        let laid = self.lay(&configuration, &all).await?;
        Ok((version, laid.map_or(configuration, Arc::new)))
    }

    /// The same for the schedules that targets name.
    pub async fn current_for(&self, targets: &[Target]) -> Result<(u64, Arc<Configuration>), PortError> {
        let named = targets.iter().filter_map(|t| match t {
            Target::Schedule(id) => Some(id.clone()),
            Target::User(_) | Target::Team(_) => None,
        });
        self.current(&named.collect::<Vec<_>>()).await
    }

    /// A copy of the configuration with what was changed; none where nothing was.
    async fn lay(&self, configuration: &Configuration, schedules: &[ScheduleId]) -> Result<Option<Configuration>, PortError> {
        let rosters = self.rosters(schedules).await?;
        if rosters.iter().all(|r| r.overrides.is_empty()) {
            return Ok(None);
        }
        let mut laid = configuration.clone();
        for schedule in &mut laid.schedules {
            if let Some(roster) = rosters.iter().find(|r| r.schedule == schedule.id) {
                *schedule = roster.over(schedule);
            }
        }
        Ok(Some(laid))
    }

    /// What people changed about these schedules; nothing of those that nobody changed.
    pub async fn rosters(&self, schedules: &[ScheduleId]) -> Result<Vec<Roster>, PortError> {
        if schedules.is_empty() {
            return Ok(Vec::new());
        }
        match self.store.rosters(schedules).await {
            Err(error @ PortError::Final { .. }) => {
                tracing::error!(%error, "what was changed about schedules at run time can not be read: they answer as configured");
                Ok(Vec::new())
            }
            answer => answer,
        }
    }
}
