//! What Tocsin is about: alerts, incidents, escalation, schedules, notification, status.
//!
//! Purpose: every rule of the product as pure functions over plain data, so that each can be tested by tables and properties and replayed at any instant.
//! Called by: `tocsin-app` (use cases), the functions (parsing), the command (`plan`, `who`).
//!
//! Architecture invariant: nothing here is async, does IO, knows AWS, reads the clock or draws randomness. `now` and fresh ids are arguments.

pub mod access;
pub mod alert;
pub mod change_event;
pub mod configuration;
pub mod escalation;
pub mod flood;
pub mod foresight;
pub mod heartbeat;
pub mod hex;
pub mod id;
pub mod incident;
pub mod ledger;
pub mod maintenance;
pub mod notification;
pub mod rules;
pub mod schedule;
#[cfg(feature = "schema")]
mod schema;
pub mod status_page;
