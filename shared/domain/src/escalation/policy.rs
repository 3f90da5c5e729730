//! Escalation policies: levels of targets with delays, repeated, with a last resort behind them.

use crate::alert::Urgency;
use crate::id::{PolicyId, ScheduleId, TeamId, UserId};
use crate::schedule::{Open, Restriction, Zone, open};
use jiff::Timestamp;
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
///
/// ```yaml
/// - {delay_s: 300, targets: [{schedule: primary}], hours: {time_zone: Europe/London, windows: [{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}]}}
/// - {delay_s: 600, targets: [{user: ada}, {user: grace}, {team: web}], round_robin: true}
/// - {delay_s: 600, targets: [{user: barbara}], urgency: high}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// How long this level has to answer before the next one fires, in whole seconds (0 to 7 days).
    pub delay_s: u32,
    /// Whom it pages.
    pub targets: Vec<Target>,
    /// The targets take turns: each new incident goes to the next one alone (a team: to its next member), and whoever can not be reached is skipped.
    /// A repeat of the same incident goes on to the one after; an incident that is triggered again begins with the same one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub round_robin: bool,
    /// Fires for incidents of this urgency only, and passes at once for others; for all where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// Fires in (or outside) these hours only, and passes at once otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

impl Level {
    /// A level that always fires and pages all of its targets.
    pub fn new(delay_s: u32, targets: Vec<Target>) -> Self {
        Self { delay_s, targets, ..Self::default() }
    }

    /// Why this level does not fire at `now` for an incident of this urgency; nothing where it does.
    ///
    /// ```
    /// # use tocsin_domain::{alert::Urgency, escalation::policy::Level};
    /// let level: Level = serde_json::from_str(r#"{"delay_s": 300, "targets": [{"user": "ada"}], "urgency": "high",
    ///     "hours": {"time_zone": "Europe/London", "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]}}"#).unwrap();
    /// let t = |s: &str| s.parse::<jiff::Timestamp>().unwrap();
    /// // Monday 2026-07-06: 09:00 in London is 08:00 UTC in summer.
    /// assert_eq!(level.passes(Urgency::High, t("2026-07-06T08:00:00Z")), None);
    /// assert_eq!(level.passes(Urgency::High, t("2026-07-06T07:59:59Z")).unwrap(), "it is outside the level's hours (08:59 Europe/London)");
    /// assert_eq!(level.passes(Urgency::Low, t("2026-07-06T08:00:00Z")).unwrap(), "the level is for high urgency only");
    /// ```
    pub fn passes(&self, urgency: Urgency, now: Timestamp) -> Option<String> {
        if let Some(own) = self.urgency.filter(|own| *own != urgency) {
            return Some(format!("the level is for {} urgency only", own.as_str()));
        }
        let hours = self.hours.as_ref()?;
        let clock = || Zone::named(&hours.time_zone).map_or_else(String::new, |z| format!(" ({} {})", z.reads(now).strftime("%H:%M"), hours.time_zone));
        match (open(&hours.windows, &hours.time_zone, now) != Open::No, hours.outside) {
            (true, false) | (false, true) => None,
            (false, false) => Some(format!("it is outside the level's hours{}", clock())),
            (true, true) => Some(format!("the level is for outside of its hours only{}", clock())),
        }
    }
}

/// Hours in which a level fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// IANA zone of the windows.
    pub time_zone: String,
    /// Windows of the day or the week, as in a schedule's restrictions.
    pub windows: Vec<Restriction>,
    /// Fires outside of the windows instead of inside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
}

/// An escalation policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

impl Policy {
    /// What stands for a policy that there is not: nobody is paged by its levels, so the last-resort contact is, at once.
    pub fn without_levels(id: PolicyId, team: TeamId) -> Self {
        Self { id, team, name: String::new(), levels: Vec::new(), repeat: 0, until_acknowledged: false }
    }
}
