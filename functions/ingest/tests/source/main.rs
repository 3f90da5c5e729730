//! The wire formats: recorded requests of real clients with golden results, tables of every rule, properties.
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod alertmanager;
mod golden;
mod other;
mod pagerduty_v2;
mod properties;
