//! The wire formats: recorded requests of real clients with golden results, tables of every rule, properties.

mod alertmanager;
mod golden;
mod pagerduty_v2;
mod properties;
