//! Foresight: what a configuration will do, before it does it.
//!
//! Purpose: [`plan`] says what a change of the configuration means, [`verify`] proves (or refutes) that every minute is covered and
//! every level reachable, [`simulate`](simulate::simulate) plays events against it.
//! Called by: the command (`plan`, `apply`, `verify`) and the API (the summary that is kept with each version). Refuses to read a clock and to know files.
//!
//! Architecture invariant: whom a level pages is asked of the code that pages ([`crate::notification::plan::plan_level`]), never told again here. What is
//! computed over whole ranges instead, because years have too many instants, is held against it by a property test.

pub mod difference;
mod laid;
pub mod pages;
pub mod plan;
pub mod proof;
mod roster;
pub mod simulate;
pub mod spans;
pub mod verify;
pub mod words;

pub use laid::laid;
pub use plan::{Outside, Plan, plan};
pub use verify::{Concern, Verified, verify};
