//! Use cases, a file a verb, over ports.
//!
//! Purpose: everything that Tocsin does, as functions over capabilities ([`ports`]), so that the same code runs on AWS, on the local stack and in the simulation.
//! Called by: the functions, which only translate. Refuses to know AWS, HTTP and wire formats.

pub mod accept_event;
pub mod advance_incident;
pub mod announce_handoffs;
mod announce_swaps;
mod apply_asks;
pub mod apply_configuration;
pub mod ask_alert;
pub mod audit_ledger;
pub mod calendars;
pub mod change;
pub mod change_roster;
pub mod command_incident;
pub mod configuration_cache;
pub mod configuration_history;
pub mod count_new;
pub mod count_threshold;
pub mod deliver_pages;
pub mod error;
pub mod expire_alerts;
#[cfg(feature = "fakes")]
pub mod fakes;
mod help_asked;
pub mod keep_clock;
pub mod keep_heartbeats;
pub mod keep_maintenance;
pub mod make_heartbeats;
pub mod merge_incidents;
mod move_alerts;
pub mod ping_heartbeat;
pub mod ports;
pub mod process_alerts;
pub mod publish_timeline;
pub mod record_change;
mod record_pages;
pub mod release_alerts;
pub mod rosters;
pub mod show_status;
pub mod sns_pages;
pub mod split_incident;
pub mod subscribe;
pub mod sweep;
pub mod trace_alerts;
pub mod use_link;
pub mod verify_contact;
