//! Schedules: who is on call, at any instant, and why.
//!
//! Purpose: answer "who?" for every instant, in every zone, over every daylight-saving change, exactly and with reasons; and describe whole ranges (shifts,
//! gaps, overlaps, hours). Called by: escalation (when a level fires), the API, and the command's `who`, `plan` and `verify`.
//! Refuses to: read a clock, guess a zone, or know which users exist.
//!
//! The parts, one file each: times as people write them, local time on a zone's clock, rotation, restriction, layer, overrides, resolution, reports,
//! validation. Layers know nothing of each other; overrides know layers; resolution puts them together.
//!
//! A schedule in full, though most need only `rotation`, `start` and `members`:
//!
//! ```yaml
//! id: web
//! team: web
//! name: Web shop
//! time_zone: Europe/London            # an IANA zone or an alias
//! stacking: top_wins                  # or union: all layers answer
//! handoff_notice: true                # optional: tell people when their time on call begins and ends
//! layers:                             # the first is on top
//!   - name: office
//!     rotation: daily                 # hourly, weekly, monthly, 2 weeks, 12 clock hours, [5 days, 2 days] ...
//!     start: 2026-01-05T09:00         # local, or an instant: 2026-01-05T09:00Z
//!     end: 2027-01-04                 # optional
//!     handoff: "09:00"                # optional; "mon 09:00" for weeks, "day 15 09:00" for months
//!     members: [ada, [grace, alan]]   # grace and alan together
//!     turns: covered                  # or calendar, the default
//!     restrictions:
//!       - {days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}
//!   - name: weekend
//!     rotation: weekly
//!     start: 2026-01-05T09:00
//!     members: [edsger, barbara]
//!     restrictions:
//!       - {from: fri 17:00, to: mon 09:00}
//!   - {name: backup, rotation: 2 weeks, start: 2026-01-05T09:00, members: [ada, grace]}
//! overrides:                          # from the oldest to the newest, which wins
//!   - {start: 2026-02-01T09:00, end: 2026-02-02T09:00, with: grace, note: ada travels}    # instead of everybody
//!   - {start: 2026-02-03T09:00, end: 2026-02-04T09:00, layer: backup, with: alan}         # in one layer, while it is open
//!   - {start: 2026-02-05T09:00, end: 2026-02-06T09:00, person: ada, with: [grace, alan]}  # wherever ada would be
//!   - {start: 2026-02-07T09:00, end: 2026-02-08T09:00, add: barbara}                      # beside whoever answers
//! ```

mod effort;
pub mod handoff;
mod hours;
mod layer;
mod local_time;
mod overrides;
mod report;
mod resolve;
mod restriction;
pub mod roster;
mod rotation;
pub mod swap;
mod validate;
mod window;
mod written;

pub use hours::{Open, open, open_spans};
pub use layer::{Layer, Turn, Turns};
pub use local_time::Zone;
pub use overrides::{Change, Override};
pub use report::{Hours, IdleMember, Overlap, Span};
pub use resolve::{LayerTurn, OnCall, Shift, Why};
pub use restriction::Restriction;
pub use rotation::{Length, Rotation, Unit};
pub use validate::{Problem, windows_problems};
pub use window::{Times, instant, unknown_zone};
pub use written::{Day, Misread, Moment, TimeOfDay, WallTime, Weekday, Written};

use crate::id::{ScheduleId, TeamId};
use serde::{Deserialize, Serialize};

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Whether people are told when their time on call begins and ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub handoff_notice: bool,
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
///
/// ```
/// use tocsin_domain::schedule::{Schedule, Stacking};
/// let mut schedule: Schedule = serde_json::from_str(r#"{"id": "s", "team": "t", "time_zone": "UTC", "layers": [
///     {"rotation": "weekly", "start": "2026-01-05", "members": ["day"], "restrictions": [{"from": "09:00", "to": "17:00"}]},
///     {"rotation": "weekly", "start": "2026-01-05", "members": ["always"]}
/// ]}"#).unwrap();
/// let who = |s: &Schedule, at: &str| s.on_call(at.parse().unwrap()).iter().map(|p| p.user.to_string()).collect::<Vec<_>>();
/// assert_eq!(who(&schedule, "2026-01-05T12:00:00Z"), ["day"]);
/// assert_eq!(who(&schedule, "2026-01-05T17:00:00Z"), ["always"], "the lower layer fills the hole");
/// schedule.stacking = Stacking::Union;
/// assert_eq!(who(&schedule, "2026-01-05T12:00:00Z"), ["day", "always"]);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stacking {
    /// The first layer in the list that has somebody answers alone; those below it fill its holes.
    #[default]
    TopWins,
    /// All layers answer together.
    Union,
}
