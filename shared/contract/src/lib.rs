//! Wire types between Tocsin's own parts: the state machine's input and output, events on the bus.
//!
//! Architecture invariant: everything here carries a version, and a fixture of each released version must still be read: executions outlive deployments.

pub mod bus;
pub mod escalation;
pub mod verification;
