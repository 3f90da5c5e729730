//! Maintenance windows: times in which a service's alerts are recorded and nobody is paged for them.
//!
//! Two kinds, asked together through [`Maintenances`]: those of the configuration, one-off or every week, and those that a person starts at run time. Both can be
//! ended early. Called by: the decision about each alert, the API, the status page. Refuses to lose an alert: whoever asks learns when the window ends, and an alert
//! that is still open then is decided again.

use crate::configuration::{Configuration, Service};
use crate::id::{MaintenanceId, ServiceId, TeamId};
use crate::incident::timeline::Actor;
use crate::schedule::{Moment, Problem, Restriction, Span, Times, Written, Zone, instant, unknown_zone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The longest window that is started at run time: 30 days.
pub const MOST_DURATION_S: u32 = 30 * 24 * 3600;

/// Occurrences of one window that were called off in a row; what is to come behind them is found when they have passed.
const MOST_CALLED_OFF: usize = 20;

const WEEK_S: i64 = 7 * 24 * 3600;
/// 1970-01-05.
const FIRST_MONDAY_S: i64 = 4 * 24 * 3600;
/// What closes every week is open for less than that, whatever clocks do.
const LONGEST_OF_A_WEEK: SignedDuration = SignedDuration::from_hours(8 * 24);

/// A window of the configuration.
///
/// ```yaml
/// maintenance:
///   - {id: move, reason: moving house, services: [shop], time_zone: Europe/London, start: 2026-03-01T22:00, end: 2026-03-02T06:00}
///   - {id: backup, reason: weekly backup, teams: [data], weekly: [{from: sun 02:00, to: sun 04:00}]}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// Its id.
    pub id: MaintenanceId,
    /// Why, for people.
    pub reason: String,
    /// Whose alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceId>,
    /// All services of these teams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<TeamId>,
    /// IANA zone of its local times.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// When it begins; of a weekly one, not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Written<Moment>>,
    /// When it ends; of a weekly one, not behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Written<Moment>>,
    /// It comes back in these windows of the day or of the week.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekly: Vec<Restriction>,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Maintenance {
    /// The occurrence that `at` lies in.
    ///
    /// ```
    /// # use tocsin_domain::maintenance::Maintenance;
    /// let backup: Maintenance = serde_json::from_str(r#"{"id": "backup", "reason": "backup", "services": ["db"], "time_zone": "America/Chicago",
    ///     "weekly": [{"from": "sun 01:00", "to": "sun 03:00"}]}"#)?;
    /// // In Chicago Sunday 2026-03-08 has no time from 02:00 to 03:00: the window is an hour long, from 07:00 to 08:00 UTC.
    /// let span = backup.open_at("2026-03-08T07:30:00Z".parse().unwrap()).unwrap();
    /// assert_eq!((span.start.to_string(), span.end.to_string()), ("2026-03-08T07:00:00Z".to_owned(), "2026-03-08T08:00:00Z".to_owned()));
    /// assert!(backup.open_at("2026-03-08T08:00:00Z".parse().unwrap()).is_none());
    /// // One that never closes comes in weeks of UTC, so that its end is the same whenever it is asked.
    /// let always: Maintenance = serde_json::from_str(r#"{"id": "lab", "reason": "a lab", "services": ["lab"], "weekly": [{"from": "00:00", "to": "24:00"}]}"#)?;
    /// for at in ["2026-03-09T00:00:00Z", "2026-03-15T23:59:59Z"] {
    ///     let span = always.open_at(at.parse().unwrap()).unwrap();
    ///     assert_eq!((span.start.to_string(), span.end.to_string()), ("2026-03-09T00:00:00Z".to_owned(), "2026-03-16T00:00:00Z".to_owned()));
    /// }
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn open_at(&self, at: Timestamp) -> Option<Span> {
        let zone = Zone::named(&self.time_zone)?;
        let bound = |moment: &Option<Written<Moment>>| moment.as_ref().map(|m| instant(m, &zone));
        // What can not be read opens nothing.
        let (start, end) = (bound(&self.start).unwrap_or(Some(Timestamp::MIN))?, bound(&self.end).unwrap_or(Some(Timestamp::MAX))?);
        if at < start || at >= end {
            return None;
        }
        if self.weekly.is_empty() {
            return (self.start.is_some() && self.end.is_some()).then_some(Span { start, end });
        }
        let mut span = Times { time_zone: self.time_zone.clone(), within: self.weekly.clone() }.open_at(at)?;
        if span.end.duration_since(span.start) > LONGEST_OF_A_WEEK {
            // It never closes: an occurrence is a week of UTC, so that whoever asks twice is told the same end.
            let monday = at.as_second() - (at.as_second() - FIRST_MONDAY_S).rem_euclid(WEEK_S);
            span = Span { start: Timestamp::from_second(monday).ok()?, end: Timestamp::from_second(monday + WEEK_S).ok()? };
        }
        Some(Span { start: span.start.max(start), end: span.end.min(end) })
    }

    /// The next occurrence that begins later than `at`.
    ///
    /// ```
    /// # use tocsin_domain::maintenance::Maintenance;
    /// let backup: Maintenance = serde_json::from_str(r#"{"id": "backup", "reason": "backup", "services": ["db"], "time_zone": "Europe/Berlin",
    ///     "weekly": [{"from": "sun 02:00", "to": "sun 04:00"}], "start": "2026-03-10T00:00"}"#)?;
    /// // It does not begin before 2026-03-10, a Tuesday: its first Sunday is 2026-03-15, from 01:00 UTC. A fortnight later the clocks go forward, and it ends at 02:00 UTC.
    /// let next = |at: &str| backup.next_after(at.parse().unwrap()).map(|s| (s.start.to_string(), s.end.to_string())).unwrap();
    /// assert_eq!(next("2026-02-01T00:00:00Z"), ("2026-03-15T01:00:00Z".to_owned(), "2026-03-15T03:00:00Z".to_owned()));
    /// assert_eq!(next("2026-03-22T01:00:00Z"), ("2026-03-29T01:00:00Z".to_owned(), "2026-03-29T02:00:00Z".to_owned()));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn next_after(&self, at: Timestamp) -> Option<Span> {
        let zone = Zone::named(&self.time_zone)?;
        let bound = |moment: &Option<Written<Moment>>| moment.as_ref().map(|m| instant(m, &zone));
        let (start, end) = (bound(&self.start).unwrap_or(Some(Timestamp::MIN))?, bound(&self.end).unwrap_or(Some(Timestamp::MAX))?);
        if self.weekly.is_empty() {
            return (self.start.is_some() && self.end.is_some() && start > at).then_some(Span { start, end });
        }
        let from = at.max(start);
        // A window of the week comes back within a week, but for what a changing clock takes out of it.
        let until = from.checked_add(SignedDuration::from_hours(24 * 15)).unwrap_or(Timestamp::MAX);
        let times = Times { time_zone: self.time_zone.clone(), within: self.weekly.clone() };
        let whole = times.open_between(from, until).into_iter();
        let within = whole.map(|s| Span { start: s.start.max(start), end: s.end.min(end) });
        within.filter(|s| s.start < s.end).find(|s| s.start > at)
    }

    /// Whether it is about a service.
    pub fn covers(&self, service: &Service) -> bool {
        self.services.contains(&service.id) || self.teams.contains(&service.team)
    }

    /// Every mistake that shows without the rest of the configuration.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |field: &str, message: &str, suggestion: &str| {
            problems.push(Problem { field: field.to_owned(), message: message.to_owned(), suggestion: suggestion.to_owned() });
        };
        if self.services.is_empty() && self.teams.is_empty() {
            say("services", "the window is about nothing", "name services, or teams");
        }
        if self.weekly.is_empty() && (self.start.is_none() || self.end.is_none()) {
            say("start", "a window needs a start and an end, or weekly times", "write start and end, or weekly: [{from: sun 02:00, to: sun 04:00}]");
        }
        for (field, moment) in [("start", &self.start), ("end", &self.end)] {
            if let Some(misread) = moment.as_ref().and_then(Written::misread) {
                say(field, &misread.message, &misread.suggestion);
            }
        }
        match Zone::named(&self.time_zone) {
            None => problems.push(unknown_zone(&self.time_zone)),
            Some(zone) => {
                let at = |m: &Option<Written<Moment>>| m.as_ref().and_then(|m| instant(m, &zone));
                if let (Some(start), Some(end)) = (at(&self.start), at(&self.end))
                    && end <= start
                {
                    say("end", "the end is not behind the start", "the end is the first instant no more: write a later one");
                }
            }
        }
        if !self.weekly.is_empty() {
            let times = Times { time_zone: "UTC".to_owned(), within: self.weekly.clone() };
            problems.extend(times.validate().into_iter().map(|p| Problem { field: p.field.replacen("within", "weekly", 1), ..p }));
        }
        problems
    }
}

/// Ends of windows that would go on now as they were configured before, and that do not stand the same any more: they are not there, end at another instant, or
/// leave out a service. Alerts that wait for one of them have to be decided again.
///
/// One that ends later counts too: every alert that a window keeps waits for an end that is in force, so that the next change finds it by that one.
///
/// ```
/// # use tocsin_domain::configuration::Configuration;
/// # use tocsin_domain::maintenance::ends_replaced;
/// let of = |team: &str, windows: &str| -> Configuration {
///     let shop = format!(r#"{{"id": "shop", "name": "Shop", "team": "{team}", "policy": "p"}}"#);
///     serde_json::from_str(&format!(r#"{{"version": 1, "services": [{shop}], "maintenance": [{windows}]}}"#)).unwrap()
/// };
/// let window = |id: &str, end: &str| format!(r#"{{"id": "{id}", "reason": "moving", "teams": ["web"], "start": "2026-03-01T22:00", "end": "{end}"}}"#);
/// let before = of("web", &window("move", "2026-03-09T06:00"));
/// let replaced = |after: &Configuration, now: &str| ends_replaced(&before, after, now.parse().unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>();
/// let during = "2026-03-02T00:00:00Z";
/// assert!(replaced(&before, during).is_empty());
/// // Removed, shortened, lengthened, under another name, and the shop is another team's now.
/// for after in [
///     of("web", ""),
///     of("web", &window("move", "2026-03-03T06:00")),
///     of("web", &window("move", "2026-03-10T06:00")),
///     of("web", &window("transfer", "2026-03-09T06:00")),
///     of("db", &window("move", "2026-03-09T06:00")),
/// ] {
///     assert_eq!(replaced(&after, during), ["2026-03-09T06:00:00Z"]);
/// }
/// // What it did not keep yet, nobody has to let go.
/// assert!(replaced(&of("web", ""), "2026-03-01T21:00:00Z").is_empty());
/// ```
pub fn ends_replaced(before: &Configuration, after: &Configuration, now: Timestamp) -> BTreeSet<Timestamp> {
    let open = before.maintenance.iter().filter_map(|m| Some((m, m.open_at(now)?.end)));
    let stands = |old: &Maintenance, end: Timestamp| {
        let same = after.maintenance.iter().find(|m| m.id == old.id && m.open_at(now).is_some_and(|s| s.end == end));
        let keeps = |m: &Maintenance, s: &Service| after.service(&s.id).is_some_and(|s| m.covers(s));
        same.is_some_and(|m| before.services.iter().filter(|s| old.covers(s)).all(|s| keeps(m, s)))
    };
    open.filter(|(m, end)| !stands(m, *end)).map(|(_, end)| end).collect()
}

/// What is stored of a window at run time: one that a person started, or an occurrence of a configured one that was ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceRun {
    /// Its id: generated, or that of the configured window.
    pub id: MaintenanceId,
    /// Who owns it.
    pub team: TeamId,
    /// Why, for people.
    pub reason: String,
    /// Whose alerts; of a configured window, those of the configuration count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceId>,
    /// All services of these teams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<TeamId>,
    /// When it begins.
    pub start: Timestamp,
    /// When it was meant to end.
    pub end: Timestamp,
    /// Who started it; the system where the configuration did.
    pub by: Actor,
    /// When somebody asked for it; not known of the configuration's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Ended early, at this instant; before its beginning: called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Who ended it early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<Actor>,
    /// Whether it is an occurrence of a window of the configuration.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub configured: bool,
}

impl MaintenanceRun {
    /// The first instant no more.
    pub fn over_at(&self) -> Timestamp {
        self.ended_at.map_or(self.end, |e| e.min(self.end))
    }

    /// How it stands.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.ended_at {
            Some(at) if at <= self.start => Standing::CalledOff,
            Some(_) | None if now >= self.over_at() => Standing::Over,
            Some(_) | None if now >= self.start => Standing::Active,
            Some(_) | None => Standing::Planned,
        }
    }

    /// Whether it is about a service.
    pub fn covers(&self, service: &Service) -> bool {
        self.services.contains(&service.id) || self.teams.contains(&service.team)
    }

    /// Teams whose alerts it keeps: those that it names, those of its services, and its owner.
    pub fn concerns(&self, configuration: &Configuration) -> Vec<TeamId> {
        let of_services = self.services.iter().filter_map(|id| configuration.service(id)).map(|s| s.team.clone());
        let mut teams: Vec<TeamId> = self.teams.iter().cloned().chain(of_services).chain([self.team.clone()]).collect();
        teams.sort();
        teams.dedup();
        teams
    }
}

/// How a window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has not begun.
    Planned,
    /// It goes on.
    Active,
    /// It is over.
    Over,
    /// It was taken back before it began.
    CalledOff,
}

impl Standing {
    /// One word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Active => "active",
            Self::Over => "over",
            Self::CalledOff => "called_off",
        }
    }
}

/// All windows: those of the configuration are in it, these are the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maintenances {
    /// What is stored of windows at run time.
    pub runs: Vec<MaintenanceRun>,
}

impl Maintenances {
    /// Windows that go on or are to come, by their beginning: those that were started, and of each configured one the present and the next occurrence.
    pub fn standing(&self, configuration: &Configuration, now: Timestamp) -> Vec<MaintenanceRun> {
        let mut windows: Vec<MaintenanceRun> = Vec::new();
        for window in &configuration.maintenance {
            let of_service = window.services.first().and_then(|s| configuration.service(s)).map(|s| s.team.clone());
            let Some(team) = window.teams.first().cloned().or(of_service) else { continue };
            let ended = |span: &Span| self.runs.iter().any(|r| r.configured && r.id == window.id && r.start == span.start && r.ended_at.is_some());
            let mut coming = std::iter::successors(window.next_after(now), |span| window.next_after(span.start)).take(MOST_CALLED_OFF);
            for span in window.open_at(now).filter(|s| !ended(s)).into_iter().chain(coming.find(|s| !ended(s))) {
                windows.push(MaintenanceRun {
                    id: window.id.clone(),
                    team: team.clone(),
                    reason: window.reason.clone(),
                    services: window.services.clone(),
                    teams: window.teams.clone(),
                    start: span.start,
                    end: span.end,
                    by: Actor::System,
                    at: None,
                    ended_at: None,
                    ended_by: None,
                    configured: true,
                });
            }
        }
        windows.extend(self.runs.iter().filter(|r| !r.configured && r.over_at() > now && r.standing(now) != Standing::CalledOff).cloned());
        windows.sort_by_key(|w| (w.start, w.id.clone()));
        windows
    }

    /// The window that a service is in at `at`: its id, its end and its reason. Of several the one that ends last.
    pub fn covering(&self, configuration: &Configuration, service: &Service, at: Timestamp) -> Option<(MaintenanceId, Timestamp, String)> {
        let configured = configuration.maintenance.iter().filter(|m| m.covers(service)).filter_map(|m| {
            let span = m.open_at(at)?;
            let cut = self.runs.iter().find(|r| r.configured && r.id == m.id && r.start == span.start);
            let end = cut.map_or(span.end, MaintenanceRun::over_at);
            (at < end).then(|| (m.id.clone(), end, m.reason.clone()))
        });
        let started = self.runs.iter().filter(|r| !r.configured && r.covers(service) && r.start <= at && at < r.over_at());
        configured.chain(started.map(|r| (r.id.clone(), r.over_at(), r.reason.clone()))).max_by_key(|(_, end, _)| *end)
    }
}
