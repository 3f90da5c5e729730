//! Escalation: whom to reach next, and when.
//!
//! [`policy`] is what people configure, [`progress`] is how far an incident has come, [`step`] is the whole plan as one pure function.
//! The state machine outside stays a dumb loop: wait until due, ask again.

pub mod policy;
pub mod progress;
pub mod step;
