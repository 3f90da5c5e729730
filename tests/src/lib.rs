//! Tests that cross crates: the conformance suite of the stores, and the world that stories and simulation run in.
//!
//! Purpose: one place that knows how the parts play together. Called by: the tests beside it. Refuses to be linked into anything that ships.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "this package is tests: what is not as it should be stops them, and the names of the cases say what they hold"
)]

pub mod checker;
pub mod conformance;
pub mod executor;
pub mod partitions;
pub mod samples;
pub mod simulation;
pub mod world;
