//! The API over the fakes: who may do what on every route, what commands answer, how bad input is told.

#![expect(clippy::unwrap_used, reason = "a test that can not go on says where")]
#[path = "api/contacts.rs"]
mod contacts;
#[path = "api/history.rs"]
mod history;
#[path = "api/maintenance.rs"]
mod maintenance;
#[path = "api/matrix.rs"]
mod matrix;
#[path = "api/openapi.rs"]
mod openapi;
#[path = "api/requests.rs"]
mod requests;
#[path = "api/schedules.rs"]
mod schedules;
#[path = "api/support.rs"]
mod support;
#[path = "api/teams.rs"]
mod teams;
