//! Ports of what keeps alerts from people: maintenance windows and thresholds. Part of [`crate::ports`].

use crate::error::{PortError, WriteError};
use async_trait::async_trait;
use tocsin_domain::alert::outcome::RuleRef;
use tocsin_domain::id::ServiceId;
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_domain::rules::threshold::Counted;

/// Maintenance windows at run time.
#[async_trait]
pub trait MaintenanceStore: Send + Sync {
    /// All that are stored: those of the last days, running ones and coming ones; in order of id and start. Read consistently.
    async fn maintenance(&self) -> Result<Vec<MaintenanceRun>, PortError>;
    /// Writes one, under its id and start. Conflict: it was ended early already.
    async fn put_maintenance(&self, run: &MaintenanceRun) -> Result<(), WriteError>;
}

/// What a threshold counts for: a rule, and the service that its alerts belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountKey {
    /// The rule.
    pub rule: RuleRef,
    /// The service.
    pub service: ServiceId,
}

/// Counts of thresholds.
#[async_trait]
pub trait ThresholdStore: Send + Sync {
    /// What is counted, read consistently.
    async fn counted(&self, key: &CountKey) -> Result<Option<Counted>, PortError>;
    /// Writes the next revision (1 for the first). Conflict: somebody else did.
    async fn put_counted(&self, key: &CountKey, counted: &Counted) -> Result<(), WriteError>;
}
