//! What is due, and the clocks that make it so. Part of [`ports`](crate::ports).

use super::alerts::HoldPlace;
use crate::error::PortError;
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_domain::id::{AlertId, IncidentId};

/// Something overdue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overdue {
    /// An alert that the incident function has not handled, received (or changed) at this instant.
    Alert(AlertId, Timestamp),
    /// An incident whose deadline passed, or whose closing is left over.
    Incident(IncidentId, Timestamp),
}

/// The index of what is due.
#[async_trait]
pub trait DueStore: Send + Sync {
    /// Everything due before `before`, oldest first within each shard, at most `limit` in all.
    async fn due_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Overdue>, PortError>;
    /// Alerts that are due at exactly this instant, at most `limit`: those that wait for the end of something.
    async fn alerts_due_at(&self, at: Timestamp, limit: usize) -> Result<Vec<AlertId>, PortError>;
    /// Holds due before `before`, at most `limit`. Apart from the others, so that however many alerts fire, no incident waits behind them.
    async fn holds_before(&self, before: Timestamp, limit: usize) -> Result<Vec<HoldPlace>, PortError>;
}

/// How a start went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It runs.
    Now,
    /// One of that name runs, or ran.
    Before,
}

/// The clocks: one execution of the state machine for each attempt.
#[async_trait]
pub trait Clocks: Send + Sync {
    /// Starts the clock of an attempt.
    async fn start(&self, incident: IncidentId, generation: u32, attempt: u32) -> Result<Started, PortError>;
    /// Stops one; that it does not run is fine.
    async fn stop(&self, incident: IncidentId, generation: u32, attempt: u32) -> Result<(), PortError>;
}
