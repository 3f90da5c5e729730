//! `incidents` and `show`.

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use crate::words::Which;
use clap::Args;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct Incidents {
    /// Resolved ones too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Only of this team.
    #[arg(long)]
    pub(crate) team: Option<String>,
    /// At most so many of each kind.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

/// An incident as the API answers it; what a list needs.
#[derive(Deserialize)]
pub(super) struct Incident {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) status: String,
    severity: String,
    #[serde(default)]
    priority: Option<String>,
    pub(super) service: String,
    team: String,
    opened_at: Timestamp,
    #[serde(default)]
    alerts_open: u32,
    #[serde(default)]
    alerts_total: u32,
    #[serde(default)]
    acknowledged_by: Option<Value>,
    #[serde(default)]
    next_deadline: Option<Timestamp>,
    #[serde(default)]
    unanswered: bool,
    #[serde(default)]
    paused_until: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Entry {
    at: Timestamp,
    #[serde(default)]
    actor: Value,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    why: Vec<String>,
}

#[derive(Deserialize)]
struct Alert {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    dedup_key: String,
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct Change {
    at: Timestamp,
    #[serde(default)]
    source: String,
    #[serde(default)]
    summary: String,
}

/// Something that is not in the configuration any more.
#[derive(Deserialize)]
struct Gone {
    kind: String,
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    since_version: Option<u64>,
}

impl Gone {
    /// What is gone, and what that means while the incident is open.
    fn sentence(&self, open: bool) -> String {
        let name = self.name.as_ref().map_or(String::new(), |n| format!(" (\"{n}\")"));
        let fate = match self.since_version {
            Some(version) => format!("was deleted from the configuration since version {version}"),
            None => "is not in the configuration".to_owned(),
        };
        let meaning = match self.kind.as_str() {
            "service" | "policy" if open => "; the escalation keeps what it began with",
            // Who is on call, and who belongs to a team, is always asked of the version in force.
            "schedule" | "team" if open => "; levels that name it page nobody by it",
            "user" if open => "; they are not paged any more",
            _ => "",
        };
        format!("{} {}{name} {fate}{meaning}", self.kind, self.id)
    }
}

#[derive(Deserialize)]
struct Listing {
    incidents: Vec<Value>,
    #[serde(default)]
    next: Option<String>,
}

impl Incident {
    /// The status, as it matters to people.
    pub(super) fn standing(&self) -> Cell {
        match self.status.as_str() {
            // Nobody is paged: it may be over by itself.
            "triggered" if self.paused_until.is_some() => Cell("paused".to_owned(), Look::Warning),
            "triggered" if self.unanswered => Cell("UNANSWERED".to_owned(), Look::Bad),
            "triggered" => Cell("triggered".to_owned(), Look::Bad),
            "acknowledged" => Cell("acknowledged".to_owned(), Look::Warning),
            "resolved" => Cell("resolved".to_owned(), Look::Good),
            other => Cell::from(other),
        }
    }
}

/// Lists incidents: open ones, oldest first; with `--all` the resolved ones, latest first, behind them.
pub(super) async fn list(which: &Incidents, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let mut found = Vec::new();
    for status in if which.all { &["open", "resolved"][..] } else { &["open"][..] } {
        found.append(&mut pages(status, which, api).await?);
    }
    out.answer(&json!({ "incidents": found }));
    let incidents: Vec<Incident> = found.iter().map(|i| api.typed(i)).collect::<Result<_, _>>()?;
    if incidents.is_empty() {
        out.say(if which.all { "No incidents yet." } else { "No open incidents." });
        return Ok(ExitCode::SUCCESS);
    }
    let rows = incidents.iter().map(|i| {
        vec![
            Cell(format!("#{}", i.number), Look::Bold),
            i.standing(),
            Cell::from(i.severity.as_str()),
            Cell::from(i.priority.as_deref().unwrap_or("-")),
            Cell::from(i.service.as_str()),
            Cell::from(out.ago(i.opened_at)),
            Cell::from(format!("{}/{}", i.alerts_open, i.alerts_total)),
            Cell::from(i.title.as_str()),
        ]
    });
    out.table(&["N", "STATUS", "SEVERITY", "PRIORITY", "SERVICE", "OPENED", "ALERTS", "TITLE"], rows.collect());
    Ok(ExitCode::SUCCESS)
}

/// Open incidents, oldest first.
pub(super) async fn open(which: &Incidents, api: &Api) -> Result<Vec<Incident>, Failure> {
    pages("open", which, api).await?.iter().map(|i| api.typed(i)).collect()
}

/// Follows the pages of a list until there are enough.
async fn pages(status: &str, which: &Incidents, api: &Api) -> Result<Vec<Value>, Failure> {
    let limit = which.limit as usize;
    let mut found: Vec<Value> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut request = Request::get("incidents", &["v1", "incidents"]).query("status", status).query("limit", (limit - found.len()).min(100).to_string());
        if let Some(team) = &which.team {
            request = request.query("team", team.as_str());
        }
        if let Some(after) = after {
            request = request.query("after", after);
        }
        let mut page: Listing = api.typed(&api.send(request).await?)?;
        let empty = page.incidents.is_empty();
        found.append(&mut page.incidents);
        found.truncate(limit);
        after = page.next;
        if after.is_none() || empty || found.len() >= limit {
            return Ok(found);
        }
    }
}

/// Shows one incident; with `why`, the chain of reasons of each page.
pub(super) async fn show(which: &Which, why: bool, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = api.send(Request::get("incident", &["v1", "incidents", &which.to_string()])).await?;
    out.answer(&answer);
    let incident: Incident = api.typed(answer.get("incident").unwrap_or(&answer))?;
    let standing = incident.standing();
    let title = Cell::from(incident.title.as_str()).0;
    out.say(&format!("{} {title}", out.paint(&format!("#{}", incident.number), Look::Bold)));
    let mut about = out.paint(&standing.0, standing.1);
    if let Some(by) = &incident.acknowledged_by {
        about += &format!(" by {}", actor(by));
    }
    let priority = incident.priority.as_ref().map_or(String::new(), |p| format!(", {p}"));
    out.say(&format!(
        "{about}, {}{priority}, service {}, team {}, opened {}, {} of {} alerts open",
        Cell::from(incident.severity.as_str()).0,
        incident.service,
        incident.team,
        out.ago(incident.opened_at),
        incident.alerts_open,
        incident.alerts_total
    ));
    match incident.next_deadline {
        _ if incident.paused_until.is_some() => {
            let until = incident.paused_until.map(|at| format!("{at:.0}")).unwrap_or_default();
            out.say(&format!("Nobody is paged before {until}: it may be over by itself."));
        }
        Some(at) => out.say(&format!("Something happens by itself {}.", out.ago(at))),
        None if incident.unanswered => out.say(&out.paint("Everybody was paged and nobody answered: nothing more happens by itself.", Look::Bad)),
        None => {}
    }
    let gone: Vec<Gone> = answer.get("gone").map_or(Ok(Vec::new()), |g| api.typed(g))?;
    for one in &gone {
        let sentence = Cell::from(one.sentence(incident.status != "resolved").as_str()).0;
        out.say(&format!("{}       {sentence}", out.paint("gone", Look::Warning)));
    }
    let alerts: Vec<Alert> = answer.get("alerts").map_or(Ok(Vec::new()), |a| api.typed(a))?;
    if !alerts.is_empty() {
        out.say("");
        let rows = alerts.iter().map(|a| [&a.state, &a.severity, &a.dedup_key, &a.summary].map(|t| Cell::from(t.as_str())).into_iter().collect());
        out.table(&["ALERT", "SEVERITY", "KEY", "SUMMARY"], rows.collect());
    }
    let changes: Vec<Change> = answer.get("changes").map_or(Ok(Vec::new()), |c| api.typed(c))?;
    if !changes.is_empty() {
        out.say("");
        let rows = changes.iter().map(|c| {
            let at = Cell(c.at.strftime("%Y-%m-%d %H:%M:%S").to_string(), Look::Dim);
            vec![at, Cell::from(c.source.as_str()), Cell::from(c.summary.as_str())]
        });
        out.table(&["UTC", "BY", "CHANGED IN THE HOUR BEFORE"], rows.collect());
    }
    let entries: Vec<Entry> = answer.get("timeline").map_or(Ok(Vec::new()), |t| api.typed(t))?;
    if !entries.is_empty() {
        out.say("");
        let rows = entries.iter().map(|e| {
            let text = if e.text.is_empty() { &e.kind } else { &e.text };
            vec![Cell(e.at.strftime("%Y-%m-%d %H:%M:%S").to_string(), Look::Dim), Cell::from(actor(&e.actor)), Cell::from(text.as_str())]
        });
        out.table(&["UTC", "WHO", "WHAT"], rows.collect());
    }
    if why {
        out.say("");
        let reasons: Vec<&String> = entries.iter().flat_map(|e| &e.why).collect();
        out.say(if reasons.is_empty() { "No page was planned yet." } else { "Why each page was planned:" });
        for reason in reasons {
            out.say(&format!("  {}", Cell::from(reason.as_str()).0));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `{"user": "ada"}` and `"system"` as words.
fn actor(value: &Value) -> String {
    let words = match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let named = fields.iter().find_map(|(kind, id)| id.as_str().map(|id| if kind == "user" { id.to_owned() } else { format!("{kind} {id}") }));
            named.unwrap_or_default()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    };
    Cell::from(words).0
}
