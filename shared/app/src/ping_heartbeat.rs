//! A job says that it is alive.
//!
//! Called by: `ingest`, for the address of a heartbeat, and [`keep_heartbeats`](crate::keep_heartbeats), for its name. Refuses to know what is expected: that is the sweep's.

use crate::accept_event::AcceptEvent;
use crate::error::AppError;
use crate::ports::{IntegrationKey, Pings};
use std::sync::Arc;
use tocsin_domain::heartbeat::back;

/// The use case.
#[derive(Clone)]
pub struct PingHeartbeat {
    /// Heartbeats.
    pub beats: Arc<dyn Pings>,
    /// The way of all events.
    pub accept: AcceptEvent,
}

impl PingHeartbeat {
    /// The heartbeat of this key is alive.
    ///
    /// # Errors
    /// Where that could not be written; the job may say it again.
    pub async fn run(&self, key: &IntegrationKey) -> Result<(), AppError> {
        ping(&*self.beats, &self.accept, key).await
    }
}

/// Writes the ping; one that was missing is back.
pub(crate) async fn ping(beats: &(impl Pings + ?Sized), accept: &AcceptEvent, key: &IntegrationKey) -> Result<(), AppError> {
    let missed = beats.ping(&key.integration, &key.team, accept.clock.now()).await?;
    let Some(missed) = missed else { return Ok(()) };
    accept.run(key, back()).await?;
    // Before it was told, its alert may be about to open: the mark stays, and the next ping or sweep resolves it.
    if missed.told {
        beats.recovered(&key.integration, missed.found_at).await?;
    }
    Ok(())
}
