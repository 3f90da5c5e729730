//! Effort: about how much work a range of a schedule is, before anybody does it.
//!
//! A schedule that somebody sends to look at may turn over every minute for years. Callers that answer strangers ask here first, and refuse.

use super::layer::Turns;
use super::local_time::WEEK;
use super::written::Written;
use super::{Layer, Schedule};
use jiff::Timestamp;

impl Schedule {
    /// About how many steps it takes to lay `[start, end)` out: at least the number of shifts.
    ///
    /// ```
    /// use tocsin_domain::schedule::Schedule;
    /// let every = |rotation: &str| -> Schedule { serde_json::from_str(&format!(r#"{{"id": "s", "team": "t", "time_zone": "UTC", "layers": [
    ///     {{"rotation": "{rotation}", "start": "2026-01-05", "members": ["ada", "grace"]}}
    /// ]}}"#)).unwrap() };
    /// let year = ("2026-01-05T00:00:00Z".parse().unwrap(), "2027-01-05T00:00:00Z".parse().unwrap());
    /// assert!(every("weekly").effort(year.0, year.1) < 1_000);
    /// assert!(every("1 minute").effort(year.0, year.1) > 500_000);
    /// ```
    pub fn effort(&self, start: Timestamp, end: Timestamp) -> u64 {
        let (from, to) = (start.as_second(), end.as_second());
        let stretches: u64 = self.layers.iter().map(|l| stretches(l, from, to)).fold(0, u64::saturating_add);
        let overrides = self.overrides.len() as u64;
        // Each point is looked at with all layers and the overrides that run then, all of them at worst.
        let points = stretches.saturating_add(overrides.saturating_mul(2)).saturating_add(2);
        points.saturating_mul(1 + self.layers.len() as u64).saturating_add(overrides.saturating_mul(overrides))
    }
}

/// About how many stretches a layer has. Covered turns are counted from the layer's start.
fn stretches(layer: &Layer, from: i64, to: i64) -> u64 {
    let start = layer.start.get().map_or(from, |m| m.about());
    let end = layer.end.as_ref().and_then(Written::get).map_or(to, |m| m.about()).min(to);
    let from = if layer.turns == Turns::Covered { start } else { from.max(start) };
    let length = u64::try_from(end.saturating_sub(from)).unwrap_or(0);
    let lengths: Vec<i64> = layer.rotation.lengths().iter().filter_map(Written::get).map(|l| l.seconds().max(1)).collect();
    let mean = lengths.iter().sum::<i64>() / i64::try_from(lengths.len().max(1)).unwrap_or(1);
    let turns = length / u64::try_from(mean.max(1)).unwrap_or(1) + 1;
    let windows: usize = layer.restrictions.iter().filter_map(super::Restriction::week_windows).map(|w| w.len()).sum();
    let open = (length / WEEK.unsigned_abs() + 2).saturating_mul(windows as u64);
    let widest = layer.members.iter().map(|m| m.0.len()).max().unwrap_or(0).max(1) as u64;
    turns.saturating_add(open).saturating_mul(widest)
}
