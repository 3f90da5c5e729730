//! What people did in the deployment at run time, for whoever foretells: overrides of schedules, those of swaps and imported shifts among them, and maintenance
//! windows that they started or ended early; and whose turn it is where people take turns.
//!
//! Called by: `who`, `plan` and `simulate`, where they ask the deployment anyway; a file alone is looked at offline. Refuses to lay them over a configuration: that
//! is the domain's ([`tocsin_domain::foresight::laid`]).

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::count;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::{MaintenanceId, OverrideId, PolicyId, ScheduleId, ServiceId, TeamId};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_domain::schedule::Change;
use tocsin_domain::schedule::roster::{AdHoc, KEPT_DAYS, Origin, Roster};

#[derive(Deserialize)]
struct Page {
    schedules: Vec<OfSchedule>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct OfSchedule {
    schedule: ScheduleId,
    team: TeamId,
    overrides: Vec<Made>,
}

/// An override that counts. Who made it and where it comes from is not asked here.
#[derive(Deserialize)]
struct Made {
    id: OverrideId,
    start: Timestamp,
    end: Timestamp,
    change: Change,
    note: Option<String>,
    at: Timestamp,
}

#[derive(Deserialize)]
struct Windows {
    windows: Vec<Window>,
}

/// A maintenance window, as far as it is used here.
#[derive(Deserialize)]
struct Window {
    id: MaintenanceId,
    team: TeamId,
    reason: String,
    #[serde(default)]
    services: Vec<ServiceId>,
    #[serde(default)]
    teams: Vec<TeamId>,
    start: Timestamp,
    end: Timestamp,
    configured: bool,
    at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Turns {
    turns: Vec<Turn>,
}

/// The next turn at a level; both count from 1.
#[derive(Deserialize)]
struct Turn {
    policy: PolicyId,
    level: u32,
    turn: u64,
}

/// Whose turn comes next at levels whose targets take turns, by policy and 0-based level, counted from 0. Nobody is asked where nothing takes turns.
pub(super) async fn turns(configurations: &[&Configuration], api: &Api) -> Result<BTreeMap<(PolicyId, u32), u64>, Failure> {
    let takes_turns = |c: &&Configuration| c.policies.iter().flat_map(|p| &p.levels).any(|l| l.round_robin);
    if !configurations.iter().any(takes_turns) {
        return Ok(BTreeMap::new());
    }
    let Turns { turns } = api.typed(&api.send(Request::get("turns", &["v1", "turns"])).await?)?;
    Ok(turns.into_iter().map(|t| ((t.policy, t.level.saturating_sub(1)), t.turn.saturating_sub(1))).collect())
}

/// How long windows are kept after their end.
const WINDOWS_KEPT_DAYS: i64 = 30;

/// What the deployment tells: a roster for each schedule that is in force there and that the caller may see.
pub(super) struct RunTime {
    /// From this instant on.
    from: Timestamp,
    pub(super) rosters: Vec<Roster>,
    /// None where nobody asked for them.
    pub(super) windows: Option<Vec<MaintenanceRun>>,
}

impl RunTime {
    /// Asks for what has a say from an instant on.
    pub(super) async fn since(from: Timestamp, api: &Api) -> Result<Self, Failure> {
        let (mut rosters, mut after) = (Vec::new(), None);
        loop {
            let mut request = Request::get("overrides", &["v1", "overrides"]).query("from", from.to_string());
            if let Some(after) = after {
                request = request.query("after", after);
            }
            let Page { schedules, next } = api.typed(&api.send(request).await?)?;
            rosters.extend(schedules.into_iter().map(|s| {
                let ad_hoc = |Made { id, start, end, change, note, at }| AdHoc {
                    id,
                    start,
                    end,
                    change,
                    note,
                    by: Actor::System,
                    at,
                    origin: Origin::Asked,
                    removed: None,
                };
                Roster { schedule: s.schedule, team: s.team, revision: 0, overrides: s.overrides.into_iter().map(ad_hoc).collect(), swaps: Vec::new() }
            }));
            after = next;
            if after.is_none() {
                return Ok(Self { from, rosters, windows: None });
            }
        }
    }

    /// Asks for maintenance windows too: those that people started, and occurrences of configured ones that they ended early or called off.
    pub(super) async fn with_windows(self, api: &Api) -> Result<Self, Failure> {
        let request = Request::get("maintenance", &["v1", "maintenance"]).query("past", "true");
        let Windows { windows } = api.typed(&api.send(request).await?)?;
        let theirs = windows.into_iter().filter(|w| (!w.configured || w.ended_at.is_some()) && w.end > self.from);
        let run = |Window { id, team, reason, services, teams, start, end, configured, at, ended_at }| MaintenanceRun {
            id,
            team,
            reason,
            services,
            teams,
            start,
            end,
            by: Actor::System,
            at,
            ended_at,
            ended_by: None,
            configured,
        };
        Ok(Self { windows: Some(theirs.map(run).collect()), ..self })
    }

    /// Windows that have a say before `until`: all but those that were over before, or called off.
    fn windows_before(&self, until: Timestamp) -> impl Iterator<Item = &MaintenanceRun> {
        let has_a_say = move |w: &&MaintenanceRun| w.start < until && (w.configured || (w.over_at() > self.from && w.over_at() > w.start));
        self.windows.iter().flatten().filter(has_a_say)
    }

    /// Only what is about schedules of these configurations.
    pub(super) fn about(mut self, configurations: &[&Configuration]) -> Self {
        self.rosters.retain(|r| configurations.iter().any(|c| c.schedule(&r.schedule).is_some()));
        self
    }

    /// How many have a say before `until`: "2 overrides made at run time (web 1, db 1)", "1 maintenance window started or ended at run time (mnt-1)"; none where
    /// there are none.
    pub(super) fn told(&self, until: Timestamp) -> Option<String> {
        let counts: Vec<(&ScheduleId, usize)> =
            self.rosters.iter().map(|r| (&r.schedule, r.between(self.from, until).count())).filter(|(_, n)| *n > 0).collect();
        let all = counts.iter().map(|(_, n)| n).sum();
        let by_schedule: Vec<String> = counts.iter().map(|(schedule, n)| format!("{schedule} {n}")).collect();
        let overrides = (all > 0).then(|| format!("{} made at run time ({})", count(all, "override"), by_schedule.join(", ")));
        let ids: Vec<&str> = self.windows_before(until).map(|w| w.id.as_str()).collect();
        let windows = (!ids.is_empty()).then(|| format!("{} started or ended at run time ({})", count(ids.len(), "maintenance window"), ids.join(", ")));
        let all: Vec<String> = overrides.into_iter().chain(windows).collect();
        (!all.is_empty()).then(|| all.join(" and "))
    }

    /// The same for machines: the overrides' ids, by schedule, and the windows' where somebody asked for them.
    pub(super) fn answer(&self, until: Timestamp) -> Value {
        let ids = |r: &Roster| r.between(self.from, until).map(|o| o.id.to_string()).collect::<Vec<_>>();
        let some = self.rosters.iter().map(|r| (r.schedule.to_string(), ids(r))).filter(|(_, ids)| !ids.is_empty());
        let mut answer = json!({ "overrides": some.map(|(schedule, ids)| (schedule, json!(ids))).collect::<serde_json::Map<_, _>>() });
        if self.windows.is_some() {
            answer["maintenance"] = self.windows_before(until).map(|w| json!(w.id)).collect();
        }
        answer
    }

    /// What nobody can tell any more about schedules of a configuration.
    pub(super) fn not_known(&self, configuration: &Configuration, now: Timestamp) -> Vec<String> {
        let mut notes = Vec::new();
        let longer_ago = |days: i64| self.from < now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN);
        if self.windows.is_some() && longer_ago(WINDOWS_KEPT_DAYS) {
            notes.push(format!("Maintenance windows of run time are kept for {WINDOWS_KEPT_DAYS} days after their end: which there were then is not known."));
        }
        if !configuration.schedules.is_empty() && longer_ago(KEPT_DAYS) {
            notes.push(format!("Overrides made at run time are kept for {KEPT_DAYS} days after their end: which there were then is not known."));
        }
        let gone = configuration.schedules.iter().filter(|s| self.rosters.iter().all(|r| r.schedule != s.id)).map(|s| s.id.as_str()).collect::<Vec<_>>();
        if !gone.is_empty() {
            notes.push(format!("Overrides made at run time of {} are not known: no such schedule is in force.", gone.join(", ")));
        }
        notes
    }
}
