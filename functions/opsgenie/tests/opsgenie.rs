//! The function over the fakes.

#[path = "opsgenie/asks.rs"]
mod asks;
#[path = "opsgenie/edges.rs"]
mod edges;
#[path = "opsgenie/reads.rs"]
mod reads;
#[path = "opsgenie/replay.rs"]
mod replay;
#[path = "opsgenie/support.rs"]
mod support;
