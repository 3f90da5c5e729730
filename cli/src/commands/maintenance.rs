//! `maintenance`: times in which alerts are recorded and nobody is paged for them.

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use crate::words::Duration;
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(crate) enum MaintenanceCommand {
    /// Start a window now, or plan one: alerts are recorded and page nobody; those still open at its end page then.
    Start(Start),
    /// List windows that go on or are to come; of the configuration's the present and the next occurrence.
    List {
        /// Also what is over or was called off.
        #[arg(long)]
        past: bool,
    },
    /// Show one window.
    Show {
        /// The window's id.
        id: String,
    },
    /// End a window now, or call it off before it begins. What it kept and is still open pages at once.
    End {
        /// The window's id.
        id: String,
        /// Of a window of the configuration: the occurrence that begins at this instant, instead of the one that goes on.
        #[arg(long, value_name = "TIME")]
        occurrence: Option<Timestamp>,
    },
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("of").required(true).multiple(true).args(["service", "team"])))]
#[command(group(clap::ArgGroup::new("how_long").required(true).args(["end", "duration"])))]
pub(crate) struct Start {
    /// Whose alerts (a service's id; may be given several times).
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,
    /// All services of this team.
    #[arg(long, value_name = "TEAM")]
    team: Vec<String>,
    /// From this instant, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
    /// Up to this instant.
    #[arg(long, value_name = "TIME")]
    end: Option<Timestamp>,
    /// For so long: 30m, 2h, 1d; 30 days at most.
    #[arg(long = "for", value_name = "DURATION")]
    duration: Option<Duration>,
    /// Why.
    #[arg(required = true)]
    reason: Vec<String>,
}

#[derive(Deserialize)]
struct Listing {
    windows: Vec<Window>,
}

#[derive(Deserialize)]
struct Window {
    id: String,
    reason: String,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    teams: Vec<String>,
    start: Timestamp,
    end: Timestamp,
    state: String,
    by: String,
    #[serde(default)]
    ended_at: Option<Timestamp>,
    #[serde(default)]
    ended_by: Option<String>,
}

impl Window {
    fn about(&self) -> String {
        let teams = self.teams.iter().map(|t| format!("team {t}"));
        self.services.iter().cloned().chain(teams).collect::<Vec<_>>().join(", ")
    }

    fn until(&self) -> Timestamp {
        self.ended_at.unwrap_or(self.end)
    }

    fn sentence(&self) -> String {
        let Self { id, start, end, .. } = self;
        let about = Cell::from(self.about()).0;
        let by = self.ended_by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
        match self.state.as_str() {
            "planned" => format!("{id}: alerts of {about} page nobody from {start:.0} until {end:.0}."),
            "active" => format!("{id}: alerts of {about} page nobody until {end:.0}. What is open then pages."),
            "called_off" => format!("{id} was called off{by} before it began."),
            _ => format!("{id} is over since {:.0}{}.", self.until(), if self.ended_at.is_some() { format!(", ended early{by}") } else { String::new() }),
        }
    }
}

pub(super) async fn maintenance(command: &MaintenanceCommand, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    match command {
        MaintenanceCommand::Start(which) => start(which, api, out).await,
        MaintenanceCommand::List { past } => list(*past, api, out).await,
        MaintenanceCommand::Show { id } => one(Request::get("maintenance", &["v1", "maintenance", id]), api, out).await,
        MaintenanceCommand::End { id, occurrence } => {
            let segments = ["v1", "maintenance", id];
            let request = Request::delete("maintenance", &segments);
            one(if let Some(at) = occurrence { request.query("start", at.to_string()) } else { request }, api, out).await
        }
    }
}

async fn start(which: &Start, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    // Both ends are told: the same command line answered twice is one window where its times are written down.
    let start = which.start.unwrap_or(out.now);
    let length = |d: &Duration| i64::try_from(d.seconds).ok().and_then(|s| start.checked_add(SignedDuration::from_secs(s)).ok());
    let end = which.end.or(which.duration.as_ref().and_then(length)).unwrap_or(Timestamp::MAX);
    let mut body = Map::new();
    body.insert("services".to_owned(), json!(which.service));
    body.insert("teams".to_owned(), json!(which.team));
    body.insert("reason".to_owned(), json!(which.reason.join(" ")));
    body.insert("start".to_owned(), json!(start));
    body.insert("end".to_owned(), json!(end));
    one(Request::post("maintenance", &["v1", "maintenance"]).body(Value::Object(body)), api, out).await
}

async fn one(request: Request<'_>, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = api.send(request).await?;
    out.answer(&answer);
    out.say(&api.typed::<Window>(&answer)?.sentence());
    Ok(ExitCode::SUCCESS)
}

async fn list(past: bool, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let request = Request::get("maintenance", &["v1", "maintenance"]);
    let answer = api.send(if past { request.query("past", "true") } else { request }).await?;
    out.answer(&answer);
    let listing: Listing = api.typed(&answer)?;
    if listing.windows.is_empty() {
        out.say("No maintenance goes on or is to come.");
        return Ok(ExitCode::SUCCESS);
    }
    let row = |w: &Window| {
        let state = match w.state.as_str() {
            "active" => Cell("ACTIVE".to_owned(), Look::Warning),
            "planned" => Cell::from("planned"),
            "called_off" => Cell("called off".to_owned(), Look::Dim),
            other => Cell(Cell::from(other).0, Look::Dim),
        };
        let instant = |at: Timestamp| Cell::from(format!("{at:.0}"));
        vec![w.id.as_str().into(), state, instant(w.start), instant(w.until()), w.about().into(), w.by.as_str().into(), w.reason.as_str().into()]
    };
    out.table(&["WINDOW", "STATE", "FROM", "UNTIL", "OF", "BY", "REASON"], listing.windows.iter().map(row).collect());
    Ok(ExitCode::SUCCESS)
}
