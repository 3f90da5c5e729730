//! What was changed in the world beside incidents. Part of [`ports`](crate::ports).

use super::alerts::Span;
use crate::error::PortError;
use async_trait::async_trait;
use tocsin_domain::change_event::Change as ChangeEntry;
use tocsin_domain::id::ServiceId;

/// What was changed, by service and time.
#[async_trait]
pub trait ChangeStore: Send + Sync {
    /// Writes a change; the same one again changes nothing.
    async fn put_change(&self, change: &ChangeEntry) -> Result<(), PortError>;
    /// Changes of a service within a span, latest first, at most `limit`.
    async fn changes(&self, service: &ServiceId, span: Span, limit: usize) -> Result<Vec<ChangeEntry>, PortError>;
}
