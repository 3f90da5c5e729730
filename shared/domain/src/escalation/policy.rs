//! Escalation policies: levels of targets with delays, repeated, with a last resort behind them.

use crate::id::{PolicyId, ScheduleId, TeamId, UserId};
use serde::{Deserialize, Serialize};

/// The least time that one round of an "until acknowledged" policy takes, so that it can never page in a tight loop.
pub const LEAST_CYCLE_S: u32 = 60;
/// The longest delay of a level: 7 days.
pub const MOST_DELAY_S: u32 = 7 * 24 * 3600;
/// Levels a policy may have.
pub const MOST_LEVELS: usize = 20;
/// Targets a level may have.
pub const MOST_TARGETS: usize = 50;
/// Repeats a policy may have.
pub const MOST_REPEATS: u32 = 20;

/// Whom a level pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// One person.
    User(UserId),
    /// Whoever is on call in a schedule when the level fires.
    Schedule(ScheduleId),
    /// Everybody in a team.
    Team(TeamId),
}

/// One step of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// How long this level has to answer before the next one fires, in whole seconds (0 to 7 days).
    pub delay_s: u32,
    /// Whom it pages.
    pub targets: Vec<Target>,
}

/// An escalation policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// Its owner.
    pub team: TeamId,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// At least one.
    pub levels: Vec<Level>,
    /// How often all levels are gone through again after the first time (0 to 20).
    #[serde(default)]
    pub repeat: u32,
    /// Go on until somebody acknowledges; `repeat` does not count then.
    #[serde(default)]
    pub until_acknowledged: bool,
}
