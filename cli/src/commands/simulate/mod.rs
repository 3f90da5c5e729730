//! `simulate`: who would be paged when, and why, if something happened.
//!
//! The playing is the domain's ([`play`]), on a clock of its own; here the question is read and the timeline printed. A file alone is played offline; where the
//! deployment is asked for a version or an incident, what people changed about schedules and their maintenance windows there are played too.

mod recorded;

use super::apply::{Present, present, read};
use super::history;
use super::plan::document;
use super::run_time::{self, RunTime};
use crate::arguments::ApiArguments;
use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use crate::words::{Duration, SeverityWord, Which};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use tocsin_domain::alert::Severity;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::validate::suggest;
use tocsin_domain::foresight::simulate::{Act, Around, Imagined, Of, Sent, Story, simulate_in as play};
use tocsin_domain::id::{ContactId, IntegrationId, PolicyId, ServiceId};
use tocsin_domain::incident::timeline::Actor;

/// What to imagine, and against what.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Simulate {
    /// The file (YAML) or folder, offline; where none is given, what is in force in the deployment, with what people changed at run time.
    pub(crate) file: Option<PathBuf>,
    /// This version of the deployment.
    #[arg(long, value_name = "VERSION", conflicts_with = "file")]
    pub(crate) version: Option<u64>,
    /// An event of this service.
    #[arg(long, value_name = "ID", required_unless_present_any = ["events", "incident", "integration"])]
    pub(crate) service: Option<ServiceId>,
    /// It comes by this integration: of a service, or of a team's router.
    #[arg(long, value_name = "ID")]
    pub(crate) integration: Option<IntegrationId>,
    /// How bad it is.
    #[arg(long, value_enum, default_value_t = SeverityWord::Critical)]
    pub(crate) severity: SeverityWord,
    /// What it says: its summary.
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// Any other field of it: source, component, group, class, or a detail of the sender's: component=db, details.host=web-1.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) field: Vec<Field>,
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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["service", "integration", "title", "field", "ack", "snooze", "ends"])]
    pub(crate) events: Option<PathBuf>,
    /// Play again what happened to this incident of the deployment: its alerts, and what people did.
    #[arg(long, value_name = "N", conflicts_with_all = ["service", "integration", "title", "field", "at", "ack", "snooze", "ends", "events"])]
    pub(crate) incident: Option<Which>,
    /// Whose turn it is at a level whose targets take turns: web:2=3 for the third of level 2 of policy web. Without it as it is in the deployment; offline the first
    /// one's.
    #[arg(long, value_name = "POLICY:LEVEL=N")]
    pub(crate) turn: Vec<TurnOf>,
    /// A contact method that nobody has verified.
    #[arg(long, value_name = "CONTACT")]
    pub(crate) unverified: Vec<ContactId>,
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

/// Any field of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    name: String,
    value: String,
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write a field and its value, like component=db")?;
        let known = ["source", "component", "group", "class"].contains(&name) || name.strip_prefix("details.").is_some_and(|n| !n.is_empty());
        if !known {
            return Err(format!("there is no field {name:?}: write source, component, group, class, or details.NAME"));
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// Whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TurnOf {
    policy: PolicyId,
    /// From 0.
    level: u32,
    /// From 0.
    turn: u64,
}

impl TurnOf {
    /// As the domain knows it.
    pub(super) fn drawn(&self) -> ((PolicyId, u32), u64) {
        ((self.policy.clone(), self.level), self.turn)
    }
}

impl FromStr for TurnOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write policy, level and turn, like web:2=3".to_owned();
        let (level, turn) = text.split_once('=').ok_or_else(form)?;
        let (policy, level) = level.rsplit_once(':').ok_or_else(form)?;
        let level = level.parse::<u32>().ok().and_then(|n| n.checked_sub(1)).ok_or_else(form)?;
        let turn = turn.parse::<u32>().ok().and_then(|n| n.checked_sub(1)).ok_or_else(form)?;
        Ok(Self { policy: policy.parse().map_err(|_| form())?, level, turn: turn.into() })
    }
}

/// Plays, and prints the timeline.
pub(super) async fn simulate(which: &Simulate, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    let mut around = Around { unconfirmed: which.unverified.iter().cloned().collect(), ..Around::default() };
    let configuration = match (&which.file, which.version) {
        (Some(file), _) => read(file)?,
        (None, Some(version)) => {
            around.version = version;
            history::version(&Api::new(api)?, version).await?
        }
        (None, None) => {
            let api = Api::new(api)?;
            let Present { version, configuration } = present(&api).await?;
            around.version = version;
            document(&api, version, &configuration)?
        }
    };
    must_be_there(which, &configuration)?;
    let mut notes = Vec::new();
    let events = match (&which.events, &which.incident) {
        (Some(file), _) => recorded::file(file, which.at.unwrap_or(out.now), &mut around, &mut notes)?,
        (None, Some(incident)) => {
            let api = Api::new(api)?;
            let answer = api.send(Request::get("incident", &["v1", "incidents", &incident.to_string()])).await?;
            let shown = answer.get("incident").unwrap_or(&answer);
            recorded::incident(shown, &mut around, &mut notes).map_err(|e| api.strange(200, e))?
        }
        (None, None) => imagined(which, out.now)?,
    };
    let Some(first) = events.iter().map(|e| e.at).min() else {
        return Err(Failure::Refused { what: "there is no event to play".to_owned(), next: None });
    };
    let until = later(first, which.length.seconds);
    // A file alone is played offline.
    let asks = which.file.is_none() || which.incident.is_some();
    let run_time = if asks {
        let api = Api::new(api)?;
        // An incident that is played again begins with its own turns.
        for (level, turn) in run_time::turns(&[&configuration], &api).await? {
            around.turns.entry(level).or_insert(turn);
        }
        Some(RunTime::since(first, &api).await?.about(&[&configuration]).with_windows(&api).await?)
    } else {
        None
    };
    // What is asked for counts more than what was recorded, and than what is so.
    around.turns.extend(which.turn.iter().map(TurnOf::drawn));
    if let Some(run_time) = &run_time {
        around.rosters.clone_from(&run_time.rosters);
        around.maintenance = run_time.windows.clone().unwrap_or_default();
        notes.extend(run_time.told(until).map(|told| format!("played with {told}")));
        notes.extend(run_time.not_known(&configuration, out.now));
    }
    let mut story = play(&configuration, &around, events, until);
    story.notes.splice(0..0, notes);
    let laid_over = run_time.map(|r| r.answer(until));
    out.answer(&json!({ "entries": story.entries, "kept": story.kept, "notes": story.notes, "laid_over": laid_over }));
    show(&story, first, out);
    Ok(ExitCode::SUCCESS)
}

/// Refuses what the command line names and the configuration does not have: a story without it would look like an answer.
fn must_be_there(which: &Simulate, configuration: &Configuration) -> Result<(), Failure> {
    let users = || configuration.users.iter().map(|u| u.id.as_str()).collect::<Vec<_>>();
    let named = |what: &'static str, id: &str, known: Vec<&str>| {
        if known.contains(&id) {
            return Ok(());
        }
        Err(Failure::Refused { what: format!("there is no {what} {id:?}"), next: Some(suggest::among(id, &known)) })
    };
    if let Some(id) = &which.service {
        named("service", id.as_str(), configuration.services.iter().map(|s| s.id.as_str()).collect())?;
    }
    if let Some(id) = &which.integration {
        named("integration", id.as_str(), configuration.keyed().map(|(id, ..)| id.as_str()).collect())?;
    }
    which.ack.iter().chain(&which.snooze).try_for_each(|answered| named("user", answered.by.as_str(), users()))?;
    which.turn.iter().try_for_each(|turn| named("policy", turn.policy.as_str(), configuration.policies.iter().map(|p| p.id.as_str()).collect()))?;
    let contacts = || configuration.users.iter().flat_map(|u| &u.contact_methods).map(|c| c.id.as_str()).collect::<Vec<_>>();
    which.unverified.iter().try_for_each(|id| named("contact method", id.as_str(), contacts()))
}

fn show(story: &Story, first: Timestamp, out: &Out) {
    let row = |at: Timestamp, number: Cell, who: String, words: String| {
        let after = format!("+{} s", at.duration_since(first).as_secs());
        vec![Cell::from(at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()), Cell(after, Look::Dim), number, Cell::from(who), Cell::from(words)]
    };
    let mut rows: Vec<(Timestamp, Vec<Cell>)> = Vec::new();
    for e in &story.entries {
        let who = if e.actor == Actor::System { String::new() } else { e.actor.to_string() };
        rows.push((e.at, row(e.at, Cell(format!("#{}", e.number), Look::Plain), who, e.what.words())));
    }
    rows.extend(story.kept.iter().map(|k| (k.at, row(k.at, Cell("none".to_owned(), Look::Dim), format!("sender {}", k.key.integration), k.words()))));
    // Each of the two is in order; of one instant the incidents come first.
    rows.sort_by_key(|(at, _)| *at);
    out.table(&["WHEN", "AFTER", "INCIDENT", "WHO", "WHAT"], rows.into_iter().map(|(_, row)| row).collect());
    for note in &story.notes {
        out.say(&format!("  {}", out.paint(&Cell::from(note.as_str()).0, Look::Warning)));
    }
}

fn later(at: Timestamp, seconds: u64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))).unwrap_or(Timestamp::MAX)
}

fn imagined(which: &Simulate, now: Timestamp) -> Result<Vec<Imagined>, Failure> {
    let wrong = |what: String| Failure::Refused { what, next: None };
    let at = which.at.unwrap_or(now);
    let severity = match which.severity {
        SeverityWord::Critical => Severity::Critical,
        SeverityWord::Error => Severity::Error,
        SeverityWord::Warning => Severity::Warning,
        SeverityWord::Info => Severity::Info,
    };
    let mut sent = serde_json::Map::new();
    let mut details = serde_json::Map::new();
    for Field { name, value } in &which.field {
        match name.strip_prefix("details.") {
            Some(name) => details.insert(name.to_owned(), Value::from(value.as_str())),
            None => sent.insert(name.clone(), Value::from(value.as_str())),
        };
    }
    if !details.is_empty() {
        sent.insert("details".to_owned(), Value::Object(details));
    }
    let fields: Sent = serde_json::from_value(Value::Object(sent)).map_err(|e| wrong(e.to_string()))?;
    let of = Of { integration: which.integration.clone(), service: which.service.clone().filter(|_| which.integration.is_none()), key: None };
    let sent =
        Sent { integration: which.integration.clone(), service: which.service.clone(), severity, title: which.title.clone().unwrap_or_default(), ..fields };
    let mut events = vec![Imagined { at, act: Act::Trigger(Box::new(sent)) }];
    events.extend(which.ack.iter().map(|a| Imagined { at: later(at, a.after.seconds), act: Act::Acknowledge { by: a.by.clone(), incident: None } }));
    for a in &which.snooze {
        let length = a.length.ok_or_else(|| wrong("--snooze: write who, after how long, and for how long, like ada=5m+2h".to_owned()))?;
        let begins = later(at, a.after.seconds);
        events.push(Imagined { at: begins, act: Act::Snooze { by: a.by.clone(), until: later(begins, length.seconds), incident: None } });
    }
    events.extend(which.ends.map(|after| Imagined { at: later(at, after.seconds), act: Act::End(of) }));
    Ok(events)
}
