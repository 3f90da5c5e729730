//! Maintenance windows and thresholds in memory.

use super::MemoryStore;
use super::store::{Logged, State};
use crate::error::{PortError, WriteError};
use crate::ports::{CountKey, Counted, MaintenanceStore, ThresholdStore};
use async_trait::async_trait;
use tocsin_domain::maintenance::MaintenanceRun;

impl State {
    fn put_maintenance(&mut self, run: &MaintenanceRun) -> Result<(), WriteError> {
        let key = (run.id.clone(), run.start);
        if self.maintenance.get(&key).is_some_and(|r| r.ended_at.is_some()) {
            return Err(WriteError::Conflict);
        }
        self.maintenance.insert(key, run.clone());
        self.log.push(Logged::Window { at: self.now, run: run.clone() });
        Ok(())
    }

    fn put_counted(&mut self, key: &CountKey, counted: &Counted) -> Result<(), WriteError> {
        if self.counted.get(key).map_or(0, |c| c.revision) + 1 != counted.revision {
            return Err(WriteError::Conflict);
        }
        self.counted.insert(key.clone(), counted.clone());
        Ok(())
    }
}

#[async_trait]
impl MaintenanceStore for MemoryStore {
    async fn maintenance(&self) -> Result<Vec<MaintenanceRun>, PortError> {
        self.call("MaintenanceStore::maintenance", |s| Ok(s.maintenance.values().cloned().collect())).await
    }

    async fn put_maintenance(&self, run: &MaintenanceRun) -> Result<(), WriteError> {
        self.call("MaintenanceStore::put_maintenance", |s| s.put_maintenance(run)).await
    }
}

#[async_trait]
impl ThresholdStore for MemoryStore {
    async fn counted(&self, key: &CountKey) -> Result<Option<Counted>, PortError> {
        self.call("ThresholdStore::counted", |s| Ok(s.counted.get(key).cloned())).await
    }

    async fn put_counted(&self, key: &CountKey, counted: &Counted) -> Result<(), WriteError> {
        self.call("ThresholdStore::put_counted", |s| s.put_counted(key, counted)).await
    }
}
