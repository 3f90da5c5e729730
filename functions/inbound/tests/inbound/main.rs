//! The function over the fakes: what SNS signed and what it did not, what AWS delivers by invoking it, and mail on each of its ways.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod golden;
mod https;
mod invoked;
mod mail;
mod properties;
mod support;
