//! Reads configuration: versions never change, so each is read once a process; which one is current is asked every time.

use crate::configuration_history::{MOST_VERSIONS, versions};
use crate::error::PortError;
use crate::ports::{ConfigurationStore, MOST_GONE_TEAMS, VersionRecord};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::TeamId;

/// How many versions a process keeps.
const MOST_KEPT: usize = 8;

/// Configuration by version.
pub struct ConfigurationCache {
    store: Arc<dyn ConfigurationStore>,
    kept: Kept<Configuration>,
    records: Kept<Option<VersionRecord>>,
    gone: Kept<Vec<TeamId>>,
}

/// By version.
type Kept<T> = Mutex<BTreeMap<u64, Arc<T>>>;

impl ConfigurationCache {
    /// An empty cache before a store.
    pub fn new(store: Arc<dyn ConfigurationStore>) -> Self {
        Self { store, kept: Mutex::default(), records: Mutex::default(), gone: Mutex::default() }
    }

    /// The current version and its document; version 0 is the empty configuration before the first one.
    pub async fn current(&self) -> Result<(u64, Arc<Configuration>), PortError> {
        match self.store.current_version().await? {
            None => Ok((0, Arc::default())),
            Some(version) => Ok((version, self.version(version).await?)),
        }
    }

    /// The document of a version; 0 is the empty one.
    pub async fn version(&self, version: u64) -> Result<Arc<Configuration>, PortError> {
        if version == 0 {
            return Ok(Arc::default());
        }
        if let Some(found) = known(&self.kept, version) {
            return Ok(found);
        }
        let missing = || PortError::Final { port: "configuration", reason: format!("version {version} is not in the table") };
        let document = self.store.configuration(version).await?.ok_or_else(missing)?;
        Ok(keep(&self.kept, version, document))
    }

    /// Who published a version, and what is kept beside its document.
    pub async fn record(&self, version: u64) -> Result<Arc<Option<VersionRecord>>, PortError> {
        if let Some(found) = known(&self.records, version) {
            return Ok(found);
        }
        let record = if version == 0 { None } else { self.store.version_record(version).await? };
        Ok(keep(&self.records, version, record))
    }

    /// Teams that were taken away up to a version and that it does not have, the latest first; [`MOST_GONE_TEAMS`] at most. What they left open is still open.
    /// Where the version was published before it knew, what the hundred newest versions say that they took away.
    pub async fn gone_teams(&self, version: u64) -> Result<Arc<Vec<TeamId>>, PortError> {
        if let Some(found) = known(&self.gone, version) {
            return Ok(found);
        }
        let gone = match &*self.record(version).await? {
            None => Vec::new(),
            Some(VersionRecord { gone_teams: Some(gone), .. }) => gone.clone(),
            // Before the first one there was nothing to take away.
            Some(VersionRecord { gone_teams: None, .. }) if version == 1 => Vec::new(),
            Some(VersionRecord { gone_teams: None, .. }) => {
                let records = versions(self.store.as_ref(), Some(version + 1), MOST_VERSIONS).await?;
                let removed = records.iter().filter_map(|r| r.summary.as_ref()).flat_map(|s| &s.removed);
                let teams = removed.filter_map(|name| name.strip_prefix("teams/")?.parse().ok());
                gone_from(&*self.version(version).await?, teams)
            }
        };
        Ok(keep(&self.gone, version, gone))
    }

    /// When a version was published. None: there is no such version.
    pub async fn published_at(&self, version: u64) -> Result<Option<Timestamp>, PortError> {
        Ok(self.record(version).await?.as_ref().as_ref().map(|r| r.at))
    }
}

/// Those of `teams` that a configuration does not have, each once, as many as are remembered.
pub(crate) fn gone_from(configuration: &Configuration, teams: impl Iterator<Item = TeamId>) -> Vec<TeamId> {
    let mut met: BTreeSet<TeamId> = configuration.teams.iter().map(|t| t.id.clone()).collect();
    teams.filter(|t| met.insert(t.clone())).take(MOST_GONE_TEAMS).collect()
}

fn known<T>(kept: &Kept<T>, version: u64) -> Option<Arc<T>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner).get(&version).cloned()
}

fn keep<T>(kept: &Kept<T>, version: u64, found: T) -> Arc<T> {
    let found = Arc::new(found);
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MOST_KEPT {
        kept.pop_first();
    }
    kept.insert(version, found.clone());
    found
}
