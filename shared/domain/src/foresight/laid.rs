//! What people changed at run time, laid over a configuration: over the one in force, an earlier one, or one that is to come.
//!
//! Called by: [`plan`](super::plan), [`simulate`](super::simulate) and whoever asks who is on call then. Refuses to resolve anything: the schedules that it
//! gives are resolved by the engine that pages.

use crate::configuration::Configuration;
use crate::schedule::roster::Roster;
use jiff::Timestamp;

/// The configuration for whoever asks about instants from `from` on: each schedule as people changed it, by [`Roster::over_from`].
pub fn laid(configuration: &Configuration, rosters: &[Roster], from: Timestamp) -> Configuration {
    let mut laid = configuration.clone();
    for schedule in &mut laid.schedules {
        if let Some(roster) = rosters.iter().find(|r| r.schedule == schedule.id) {
            *schedule = roster.over_from(schedule, from);
        }
    }
    laid
}
