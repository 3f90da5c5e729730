//! What was in force before: versions newest first, with who, when and what.
//!
//! Called by: `api`. Versions never change and never go away, so a list is as good as the numbers in it.

use crate::error::PortError;
use crate::ports::{ConfigurationStore, VersionRecord};
use futures::future::try_join_all;

/// Versions of one list at most.
pub const MOST_VERSIONS: u64 = 100;
/// Versions that a refusal tells about what happened meanwhile.
const MOST_MEANWHILE: u64 = 10;

/// The `limit` newest versions below `below` (all where none is named), newest first.
pub async fn versions(store: &dyn ConfigurationStore, below: Option<u64>, limit: u64) -> Result<Vec<VersionRecord>, PortError> {
    let newest = store.current_version().await?.unwrap_or(0);
    let newest = below.map_or(newest, |b| newest.min(b.saturating_sub(1)));
    records(store, newest.saturating_sub(limit.min(MOST_VERSIONS)) + 1, newest).await
}

/// What was published since `base`, newest first; the newest ten where there are more.
pub(crate) async fn since(store: &dyn ConfigurationStore, base: u64, newest: u64) -> Result<Vec<VersionRecord>, PortError> {
    records(store, (base + 1).max((newest + 1).saturating_sub(MOST_MEANWHILE)), newest).await
}

async fn records(store: &dyn ConfigurationStore, oldest: u64, newest: u64) -> Result<Vec<VersionRecord>, PortError> {
    let numbers = (oldest.max(1)..=newest).rev();
    Ok(try_join_all(numbers.map(|v| store.version_record(v))).await?.into_iter().flatten().collect())
}
