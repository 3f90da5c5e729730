//! Keeps what was changed, and finds what was changed before an incident.
//!
//! Called by: `ingest` to record, `api` to look. Refuses to page: a change is no alert.

use crate::error::{AppError, PortError};
use crate::ports::{ChangeStore, IntegrationKey, Span};
use jiff::{SignedDuration, Timestamp};
use tocsin_domain::change_event::{Change, ChangeEvent, LOOK_BACK, distinct};
use tocsin_domain::id::ServiceId;

/// Changes that are shown beside an incident at most: the latest.
const MOST: usize = 50;

/// Keeps a change. A delivery that is repeated is found to be one when changes are looked at, or overwrites itself.
pub async fn record_change(store: &dyn ChangeStore, by: &IntegrationKey, event: ChangeEvent, now: Timestamp) -> Result<(), AppError> {
    let change = Change::received(event, by.integration.clone(), by.service.clone(), by.team.clone(), now);
    Ok(store.put_change(&change).await?)
}

/// What was changed in the hour before `at` (and at it), oldest first.
pub async fn changes_before(store: &dyn ChangeStore, service: &ServiceId, at: Timestamp) -> Result<Vec<Change>, PortError> {
    let span = Span { from: at - LOOK_BACK, until: at + SignedDuration::from_nanos(1) };
    let mut found = store.changes(service, span, MOST).await?;
    found.reverse();
    Ok(distinct(found))
}
