//! Show the status page: the components of the present configuration, driven by the open incidents and the maintenance behind them.
//!
//! Called by: the status function, for HTML and JSON alike. Refuses to guess: where a store does not answer, or more incidents are open than can be looked
//! through, it fails, so that nobody reads "all operational" when nobody knows.

use crate::configuration_cache::ConfigurationCache;
use crate::error::{AppError, PortError};
use crate::ports::{IncidentStore, MaintenanceStore, Which};
use futures::future::try_join_all;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use tocsin_domain::configuration::{Configuration, StatusPage};
use tocsin_domain::id::TeamId;
use tocsin_domain::incident::Incident;
use tocsin_domain::maintenance::{MaintenanceRun, Maintenances, Standing};
use tocsin_domain::status_page::{Summary, services, summarise};

/// Open incidents are read in portions of this many.
const PORTION: usize = 200;
/// A team with more portions than this of open incidents (10,000) is more than a request can look through.
const MOST_PORTIONS: usize = 50;
/// A view younger than this many seconds is shown again without asking the stores: a busy page costs its owner a few reads a second at most.
const FRESH_S: i64 = 3;

/// What the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusView {
    /// Name, zone and components, as configured.
    pub page: StatusPage,
    /// Their states and the incidents.
    pub summary: Summary,
    /// When the stores were asked.
    pub at: Timestamp,
}

/// The use case, with the latest view that this process read.
pub struct ShowStatus {
    configurations: ConfigurationCache,
    incidents: Arc<dyn IncidentStore>,
    maintenance: Arc<dyn MaintenanceStore>,
    latest: Mutex<Option<Arc<StatusView>>>,
}

impl ShowStatus {
    /// Over these stores, with nothing read yet.
    pub fn new(configurations: ConfigurationCache, incidents: Arc<dyn IncidentStore>, maintenance: Arc<dyn MaintenanceStore>) -> Self {
        Self { configurations, incidents, maintenance, latest: Mutex::default() }
    }

    /// The view at `now`; none where no status page is configured: nothing is public then.
    pub async fn show(&self, now: Timestamp) -> Result<Option<Arc<StatusView>>, AppError> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(view) = latest.filter(|v| (0..FRESH_S).contains(&now.duration_since(v.at).as_secs())) {
            return Ok(Some(view));
        }
        let (_, configuration) = self.configurations.current().await?;
        let Some(page) = configuration.status_page.clone() else { return Ok(None) };
        let open: Vec<Vec<Incident>> = try_join_all(teams(&configuration).into_iter().map(|team| self.open_incidents(team))).await?;
        let windows = self.windows(&configuration, now).await?;
        let view = Arc::new(StatusView { page, summary: summarise(&configuration, &open.concat(), &windows, now), at: now });
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&view));
        Ok(Some(view))
    }

    /// Maintenance that goes on, is to come, or was.
    async fn windows(&self, configuration: &Configuration, now: Timestamp) -> Result<Vec<MaintenanceRun>, AppError> {
        let all = Maintenances { runs: self.maintenance.maintenance().await? };
        let mut windows = all.standing(configuration, now);
        windows.extend(all.runs.into_iter().filter(|r| r.standing(now) == Standing::Over));
        Ok(windows)
    }

    /// All open incidents of a team. Reads on until a portion comes back empty: a short one does not prove that it was the last.
    async fn open_incidents(&self, team: TeamId) -> Result<Vec<Incident>, AppError> {
        let mut all: Vec<Incident> = Vec::new();
        for _ in 0..MOST_PORTIONS {
            let portion = self.incidents.incidents_of(&team, Which::Open, all.last().map(|i| i.id), PORTION).await?;
            if portion.is_empty() {
                return Ok(all);
            }
            all.extend(portion);
        }
        Err(PortError::Final { port: "status", reason: format!("team {team} has more open incidents than can be shown") }.into())
    }
}

/// Teams that own a service behind any component.
fn teams(configuration: &Configuration) -> Vec<TeamId> {
    let mut teams: Vec<TeamId> = services(configuration).iter().filter_map(|s| configuration.service(s)).map(|s| s.team.clone()).collect();
    teams.sort();
    teams.dedup();
    teams
}
