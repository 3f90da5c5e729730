//! The command as people run it: a process, a deployment that answers from a script, and what is printed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod apply;
mod contact;
mod deployer;
mod double;
mod failures;
mod foresee;
mod heartbeats;
mod history;
mod incidents;
mod ledger;
mod maintenance;
mod me;
mod mistakes;
mod operations;
mod plan;
mod roster;
mod rules;
mod run_time;
mod send;
mod simulate;
mod teams;
mod tokens;
