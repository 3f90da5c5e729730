//! Schedules: who is on call, at any instant, and why.
//!
//! Purpose: answer "who?" for every instant, in every zone, over every daylight-saving change, exactly and with reasons; and describe whole ranges (shifts,
//! gaps, overlaps, hours). Called by: escalation (when a level fires), the API, and the command's `who`, `plan` and `verify`.
//! Refuses to: read a clock, guess a zone, or know which users exist.
//!
//! The parts: [`written`](self) times as people write them, local time on a zone's clock, rotation, restriction, layer, overrides, resolution, reports and
//! validation, one file each. Layers know nothing of each other; overrides know layers; resolution puts them together.

mod layer;
mod local_time;
mod overrides;
mod report;
mod resolve;
mod restriction;
mod rotation;
mod validate;
mod written;

pub use layer::{Layer, Turn, Turns};
pub use local_time::Zone;
pub use overrides::{Change, Override};
pub use report::{Hours, IdleMember, Overlap, Span};
pub use resolve::{OnCall, Shift, Why};
pub use restriction::Restriction;
pub use rotation::{Length, Rotation, Unit};
pub use validate::Problem;
pub use written::{Day, Misread, Moment, TimeOfDay, WallTime, Weekday, Written};

use crate::id::{ScheduleId, TeamId};
use serde::{Deserialize, Serialize};

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Its owner.
    pub team: TeamId,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// IANA zone of its wall-clock times, or an alias.
    pub time_zone: String,
    /// How several layers make one answer.
    #[serde(default)]
    pub stacking: Stacking,
    /// Rotations; the first one is on top.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Changes of the answer, from the oldest to the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
}

/// How several layers make one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stacking {
    /// The first layer in the list that has somebody answers alone; those below it fill its holes.
    #[default]
    TopWins,
    /// All layers answer together.
    Union,
}
