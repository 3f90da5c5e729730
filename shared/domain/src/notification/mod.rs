//! Notification: which pages a level makes, when a lane may send, and what a message says.
//!
//! Refuses to send. A *lane* is the queue of one contact method: what is due for one person by one way at one time leaves as one message.

pub mod handoff;
pub mod lane;
pub mod locale;
pub mod message;
pub mod page;
pub mod plan;
pub mod swap;
pub mod verification;
pub mod why;
