//! Heartbeats. Part of [`ports`](crate::ports).

use crate::error::{PortError, WriteError};
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_domain::heartbeat::MadeHeartbeat;
use tocsin_domain::id::{IntegrationId, TeamId};

/// That a heartbeat was found missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// When that was found; tells one absence from the next.
    pub found_at: Timestamp,
    /// Whether its alert was opened.
    pub told: bool,
}

/// What is known of a heartbeat that was pinged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Which heartbeat.
    pub heartbeat: IntegrationId,
    /// The latest ping.
    pub last_at: Timestamp,
    /// Whether it is known to be missing; stays so until its alert is resolved.
    pub missed: Option<Missed>,
}

/// Heartbeats. Each is one item that a ping touches once, in no index: who is missing is found by reading those of the configuration.
#[async_trait]
pub trait HeartbeatStore: Send + Sync {
    /// A ping; one that was overtaken does not turn the clock back. One write. The answer is what was known to be missing.
    async fn ping(&self, heartbeat: &IntegrationId, team: &TeamId, at: Timestamp) -> Result<Option<Missed>, PortError>;
    /// Those of these heartbeats that were ever pinged.
    async fn beats(&self, heartbeats: &[IntegrationId]) -> Result<Vec<Beat>, PortError>;
    /// It is missing, found at `at`. Conflict: it was pinged since, or somebody else found it.
    async fn miss(&self, seen: &Beat, at: Timestamp) -> Result<(), WriteError>;
    /// Its alert was opened. Conflict: it was pinged since `seen`.
    async fn told(&self, seen: &Beat, found_at: Timestamp) -> Result<(), WriteError>;
    /// Those that senders made at run time, by their ids. Read consistently.
    async fn made_heartbeats(&self) -> Result<Vec<MadeHeartbeat>, PortError>;
    /// Writes one that a sender made; the last writer wins.
    async fn put_made(&self, made: &MadeHeartbeat) -> Result<(), PortError>;
    /// Takes one away. That it is not there is fine.
    async fn remove_made(&self, id: &IntegrationId) -> Result<(), PortError>;
    /// Its alert was resolved: it is not missing any more. That it is so already, or missing anew, is fine.
    async fn recovered(&self, heartbeat: &IntegrationId, found_at: Timestamp) -> Result<(), PortError>;
}
