//! The handler over the fakes: addresses, methods, sizes, encodings, and what becomes of what was accepted.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod changes;
mod declared;
mod edges;
mod expiry;
mod floods;
mod heartbeats;
mod retries;
mod support;
