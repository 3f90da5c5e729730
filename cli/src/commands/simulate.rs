//! `simulate`: who would be paged when, and why, if something happened.
//!
//! The playing is the domain's ([`play`]), on a clock of its own; here the question is read and the timeline printed. With a file, offline.

use super::apply::{Present, present, read};
use super::history;
use super::plan::document;
use crate::arguments::ApiArguments;
use crate::client::Api;
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use crate::words::{Duration, SeverityWord};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use tocsin_domain::alert::Severity;
use tocsin_domain::foresight::simulate::{Act, Imagined, simulate as play};
use tocsin_domain::incident::timeline::Actor;

/// What to imagine, and against what.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Simulate {
    /// The file (YAML) or folder; what is in force in the deployment where none is given.
    pub(crate) file: Option<PathBuf>,
    /// This version of the deployment.
    #[arg(long, value_name = "VERSION", conflicts_with = "file")]
    pub(crate) version: Option<u64>,
    /// An event of this service.
    #[arg(long, value_name = "ID", required_unless_present = "events")]
    pub(crate) service: Option<String>,
    /// How bad it is.
    #[arg(long, value_enum, default_value_t = SeverityWord::Critical)]
    pub(crate) severity: SeverityWord,
    /// When it comes, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// Somebody acknowledges after a while: ada=5m.
    #[arg(long, value_name = "WHO=AFTER")]
    pub(crate) ack: Vec<Answered>,
    /// Somebody snoozes after a while, for a while: ada=5m+2h.
    #[arg(long, value_name = "WHO=AFTER+LENGTH")]
    pub(crate) snooze: Vec<Answered>,
    /// The source says after a while that it is over.
    #[arg(long, value_name = "AFTER")]
    pub(crate) ends: Option<Duration>,
    /// Play this instead: a line of JSON for each event, or an incident as `tocsin show --json` prints it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["service", "at", "ack", "snooze", "ends"])]
    pub(crate) events: Option<PathBuf>,
    /// Stop so long after the first event.
    #[arg(long = "for", value_name = "LENGTH", default_value = "1d")]
    pub(crate) length: Duration,
}

/// Who answers after how long, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) by: tocsin_domain::id::UserId,
    pub(crate) after: Duration,
    pub(crate) length: Option<Duration>,
}

impl FromStr for Answered {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write who and after how long, like ada=5m".to_owned();
        let (by, rest) = text.split_once('=').ok_or_else(form)?;
        let (after, length) = rest.split_once('+').map_or((rest, None), |(after, length)| (after, Some(length)));
        Ok(Self { by: by.parse().map_err(|_| form())?, after: after.parse()?, length: length.map(str::parse).transpose()? })
    }
}

/// Plays, and prints the timeline.
pub(super) async fn simulate(which: &Simulate, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    let configuration = match (&which.file, which.version) {
        (Some(file), _) => read(file)?,
        (None, Some(version)) => history::version(&Api::new(api)?, version).await?,
        (None, None) => {
            let api = Api::new(api)?;
            let Present { version, configuration } = present(&api).await?;
            document(&api, version, &configuration)?
        }
    };
    let events = match &which.events {
        Some(file) => recorded(file)?,
        None => imagined(which, out.now)?,
    };
    let Some(first) = events.iter().map(|e| e.at).min() else {
        return Err(Failure::Refused { what: "there is no event to play".to_owned(), next: None });
    };
    let story = play(&configuration, events, later(first, which.length.seconds));
    out.answer(&json!({ "entries": story.entries, "notes": story.notes }));
    let rows = story.entries.iter().map(|e| {
        let who = if e.actor == Actor::System { String::new() } else { e.actor.to_string() };
        let after = e.at.duration_since(first).as_secs();
        let words = e.what.words();
        vec![
            Cell::from(e.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
            Cell(format!("+{after} s"), Look::Dim),
            Cell(format!("#{}", e.number), Look::Plain),
            Cell::from(who),
            Cell::from(words),
        ]
    });
    out.table(&["WHEN", "AFTER", "INCIDENT", "WHO", "WHAT"], rows.collect());
    for note in &story.notes {
        out.say(&format!("  {}", out.paint(&Cell::from(note.as_str()).0, Look::Warning)));
    }
    Ok(ExitCode::SUCCESS)
}

fn later(at: Timestamp, seconds: u64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))).unwrap_or(Timestamp::MAX)
}

fn imagined(which: &Simulate, now: Timestamp) -> Result<Vec<Imagined>, Failure> {
    let wrong = |what: String| Failure::Refused { what, next: None };
    let at = which.at.unwrap_or(now);
    let text = which.service.as_deref().unwrap_or_default();
    let service: tocsin_domain::id::ServiceId = text.parse().map_err(|e| wrong(format!("--service {text:?}: {e}")))?;
    let severity = match which.severity {
        SeverityWord::Critical => Severity::Critical,
        SeverityWord::Error => Severity::Error,
        SeverityWord::Warning => Severity::Warning,
        SeverityWord::Info => Severity::Info,
    };
    let mut events = vec![Imagined { at, act: Act::Trigger { service: service.clone(), severity, title: String::new(), key: None } }];
    events.extend(which.ack.iter().map(|a| Imagined { at: later(at, a.after.seconds), act: Act::Acknowledge { by: a.by.clone(), incident: None } }));
    for a in &which.snooze {
        let length = a.length.ok_or_else(|| wrong("--snooze: write who, after how long, and for how long, like ada=5m+2h".to_owned()))?;
        let begins = later(at, a.after.seconds);
        events.push(Imagined { at: begins, act: Act::Snooze { by: a.by.clone(), until: later(begins, length.seconds), incident: None } });
    }
    events.extend(which.ends.map(|after| Imagined { at: later(at, after.seconds), act: Act::End { service, key: None } }));
    Ok(events)
}

/// A line of JSON for each event, or an incident with its timeline.
fn recorded(file: &Path) -> Result<Vec<Imagined>, Failure> {
    let failed = |reason: String| Failure::File { file: file.display().to_string(), reason };
    let text = std::fs::read_to_string(file).map_err(|e| failed(e.to_string()))?;
    if let Ok(Value::Object(incident)) = serde_json::from_str::<Value>(&text)
        && let Some(timeline) = incident.get("timeline").and_then(Value::as_array)
    {
        let incident = Value::Object(incident.clone());
        return timeline.iter().filter_map(|entry| from_timeline(&incident, entry)).map(|e| e.map_err(failed)).collect();
    }
    let lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
    lines.map(|(n, line)| serde_json::from_str(line).map_err(|e| failed(format!("line {}: {e}", n + 1)))).collect()
}

/// What came from outside: events and people. What Tocsin did by itself is what the simulation tells anew.
fn from_timeline(incident: &Value, entry: &Value) -> Option<Result<Imagined, String>> {
    let (by, what) = (entry["actor"].as_str().unwrap_or_default(), &entry["what"]);
    let act = match entry["type"].as_str()? {
        "triggered" => json!({ "do": "trigger", "service": incident["service"], "severity": what["severity"], "title": what["title"], "key": "recorded" }),
        "acknowledged" => json!({ "do": "acknowledge", "by": by }),
        "snoozed" => json!({ "do": "snooze", "by": by, "until": what["until"] }),
        "escalated_now" => json!({ "do": "escalate", "by": by }),
        "reassigned" => json!({ "do": "reassign", "by": by, "to": what["to"] }),
        "alerts_resolved" if what["still_open"] == 0 => json!({ "do": "end", "service": incident["service"] }),
        "resolved" if !by.starts_with("sender ") && by != "Tocsin" => json!({ "do": "resolve", "by": by }),
        _ => return None,
    };
    let mut event = act;
    event["at"] = entry["at"].clone();
    Some(serde_json::from_value(event).map_err(|e| format!("entry {}: {e}", entry["seq"])))
}
