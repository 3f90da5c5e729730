//! What the simulation foretells, word for word, feature by feature. 2026-01-05 is a Monday; London is at UTC in winter.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alerts;
mod people;
mod story;
