//! The function over the fakes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "opsgenie/asks.rs"]
mod asks;
#[path = "opsgenie/edges.rs"]
mod edges;
#[path = "opsgenie/lists.rs"]
mod lists;
#[path = "opsgenie/reads.rs"]
mod reads;
#[path = "opsgenie/replay.rs"]
mod replay;
#[path = "opsgenie/support.rs"]
mod support;
