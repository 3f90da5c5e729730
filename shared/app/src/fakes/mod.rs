//! Every port in memory, for stories, simulation and unit tests.
//!
//! Purpose: the semantics that [`crate::ports`] documents and nothing else, with every call a numbered point at which a test may let it fail, die or conflict ([`faults`]).
//! The conformance suite in `tests/` holds these fakes and the real adapters to the same rules.
//! Refuses to read the clock, to draw real randomness and to sleep: time is a [`ManualClock`], randomness is seeded.

mod alerts;
mod changes;
mod clock;
pub mod clocks;
mod configuration;
pub mod faults;
mod heartbeats;
mod incidents;
mod lanes;
pub mod messenger;
pub mod outside;
mod quiet;
pub mod random;
mod rates;
mod rosters;
pub mod sns_pages;
pub mod store;
mod verifications;

pub use clock::ManualClock;
pub use clocks::MemoryClocks;
pub use faults::{Fault, Faults};
pub use messenger::MemoryMessenger;
pub use outside::{MemoryBus, MemoryMetrics, MemoryTopics};
pub use random::SeededIds;
pub use sns_pages::MemorySnsPages;
pub use store::MemoryStore;
pub use verifications::MemoryCodes;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also when another test thread panicked while it held the lock: the data is plain and whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
