//! Reads configuration: versions never change, so each is read once a process; which one is current is asked every time.

use crate::error::PortError;
use crate::ports::ConfigurationStore;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tocsin_domain::configuration::Configuration;

/// How many versions a process keeps.
const MOST_KEPT: usize = 8;

/// Configuration by version.
pub struct ConfigurationCache {
    store: Arc<dyn ConfigurationStore>,
    kept: Mutex<BTreeMap<u64, Arc<Configuration>>>,
}

impl ConfigurationCache {
    /// An empty cache before a store.
    pub fn new(store: Arc<dyn ConfigurationStore>) -> Self {
        Self { store, kept: Mutex::default() }
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
        if let Some(found) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&version) {
            return Ok(found.clone());
        }
        let missing = || PortError::Final { port: "configuration", reason: format!("version {version} is not in the table") };
        let document = Arc::new(self.store.configuration(version).await?.ok_or_else(missing)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.pop_first();
        }
        kept.insert(version, document.clone());
        Ok(document)
    }
}
