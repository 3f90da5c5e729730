//! Notify: a wake-up of an incident's clock. Does what is due, and answers when the next is.
//!
//! Called by: the state machine. Does nothing unless something is due, so that a wake-up which comes early or twice is harmless.
//! Refuses to plan: that is `next_step`.

use tocsin_app::advance_incident::AdvanceIncident;
use tocsin_app::error::AppError;
use tocsin_contract::escalation::{Answer, VERSION, WakeUp};

/// Why a wake-up failed. The state machine tries again.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// A newer release started this execution.
    #[error("this release reads wake-ups of version {VERSION}, not of {0}")]
    Version(u32),
    /// The use case failed.
    #[error(transparent)]
    App(#[from] AppError),
}

/// Handles a wake-up.
pub async fn handle(advance: &AdvanceIncident, wake: &WakeUp) -> Result<Answer, NotifyError> {
    if wake.v != VERSION {
        return Err(NotifyError::Version(wake.v));
    }
    Ok(advance.wake(wake).await?)
}
