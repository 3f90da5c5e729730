//! What can go wrong with a use case.

use crate::ports::VersionRecord;
use jiff::Timestamp;
use tocsin_domain::flood::until_next_minute_s;
use tocsin_domain::incident::command::Rejected;

/// A port did not do what it was asked. Whether it happened all the same is unknown unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// It may work when tried again: throttled, timed out, unreachable.
    #[error("{port}: {reason} (may work when tried again)")]
    Transient {
        /// Which capability.
        port: &'static str,
        /// What was said.
        reason: String,
    },
    /// It was asked too often just now: nothing happened, and it works again in a moment.
    #[error("{port}: {reason} (throttled: works again in a moment)")]
    Throttled {
        /// Which capability.
        port: &'static str,
        /// What was said.
        reason: String,
    },
    /// It will not work however often it is tried: not allowed, not understood, damaged.
    #[error("{port}: {reason}")]
    Final {
        /// Which capability.
        port: &'static str,
        /// What was said.
        reason: String,
    },
}

/// Why a conditional write did not happen. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Somebody else wrote first: read again and decide again.
    #[error("somebody else wrote first")]
    Conflict,
    /// The store failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl PortError {
    /// Whether it may work when tried again.
    pub fn passes(&self) -> bool {
        match self {
            PortError::Transient { .. } | PortError::Throttled { .. } => true,
            PortError::Final { .. } => false,
        }
    }
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Others kept writing first. Trying again is harmless.
    #[error("too many writers at once on {what}")]
    Contention {
        /// On what.
        what: String,
    },
    /// More of it in this minute than can be taken: nothing happened. Trying again in the next minute is harmless.
    #[error("too many {what} in this minute")]
    TooMany {
        /// Of what.
        what: String,
    },
    /// There is no such thing, or the caller may not know that there is.
    #[error("{what} not found")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The incident's state does not allow it.
    #[error("{reason}")]
    Rejected {
        /// Why.
        reason: Rejected,
        /// Present state.
        status: &'static str,
    },
    /// Configuration moved meanwhile.
    #[error("the configuration is at version {current:?} now")]
    Moved {
        /// The present version; none before the first.
        current: Option<u64>,
        /// What was published since the version that the caller knew, newest first.
        meanwhile: Vec<VersionRecord>,
    },
    /// Something that was asked for is not possible, with the field that says so.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which field.
        field: String,
        /// Why.
        reason: String,
    },
}

impl AppError {
    /// Whether the caller came too often, and shall slow down: nothing is broken.
    pub fn is_too_fast(&self) -> bool {
        match self {
            AppError::TooMany { .. } | AppError::Port(PortError::Throttled { .. }) => true,
            AppError::Port(PortError::Transient { .. } | PortError::Final { .. })
            | AppError::Contention { .. }
            | AppError::NotFound { .. }
            | AppError::Rejected { .. }
            | AppError::Moved { .. }
            | AppError::Invalid { .. } => false,
        }
    }
}

impl AppError {
    /// In how many seconds to come again, where that is known: a flood is counted by minutes. What is throttled works again in a moment, and is not told to wait.
    pub fn retry_after_s(&self, now: Timestamp) -> Option<u64> {
        matches!(self, AppError::TooMany { .. }).then(|| until_next_minute_s(now))
    }
}

impl From<WriteError> for AppError {
    fn from(e: WriteError) -> Self {
        match e {
            WriteError::Conflict => AppError::Contention { what: "an item".to_owned() },
            WriteError::Port(p) => AppError::Port(p),
        }
    }
}
