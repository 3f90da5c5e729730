//! The stores on an embedded DynamoDB: what only the real table can get wrong. One test program; a module for each port.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod alerts;
mod configuration;
mod data_model;
mod incidents;
mod lanes;
mod samples;
mod stream;
