//! Port of floods: how many new alerts an integration brings in a minute.

use crate::error::PortError;
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_domain::flood::Count;
use tocsin_domain::id::{IntegrationId, TeamId};

/// What an integration brought in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    /// Its first instant.
    pub at: Timestamp,
    /// What came.
    pub count: Count,
}

/// New alerts by integration and minute. Shared by all processes; kept for some days.
#[async_trait]
pub trait RateStore: Send + Sync {
    /// So many more in a minute (its first instant): the answer is the count with them, which nobody else is told for the same alert. One write.
    async fn count_new(&self, integration: &IntegrationId, team: &TeamId, minute: Timestamp, more: u64) -> Result<Count, PortError>;
    /// A flood goes on in this minute, whatever it brings itself. One write.
    async fn go_on(&self, integration: &IntegrationId, team: &TeamId, minute: Timestamp) -> Result<(), PortError>;
    /// Minutes from one on, the latest first, at most `limit`; those in which nothing came are left out.
    async fn minutes(&self, integration: &IntegrationId, from: Timestamp, limit: usize) -> Result<Vec<Minute>, PortError>;
}
