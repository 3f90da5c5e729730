//! What responders do with an incident.

use super::incidents::Incident;
use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Out};
use crate::words::{Duration, Which};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Who answers.
#[derive(Debug, Args)]
pub(crate) struct Somebody {
    /// The id of somebody else who said so.
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
}

/// Whom to give an incident to, or to ask.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Targets {
    /// A user's id.
    #[arg(long)]
    pub(crate) user: Vec<String>,
    /// Whoever is on call in this schedule.
    #[arg(long)]
    pub(crate) schedule: Vec<String>,
    /// Everybody in this team.
    #[arg(long)]
    pub(crate) team: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "verbatim")]
pub(crate) enum PriorityWord {
    #[value(alias = "p1")]
    P1,
    #[value(alias = "p2")]
    P2,
    #[value(alias = "p3")]
    P3,
    #[value(alias = "p4")]
    P4,
    #[value(alias = "p5")]
    P5,
    #[value(name = "none")]
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UrgencyWord {
    High,
    Low,
}

impl PriorityWord {
    /// As the API writes it.
    pub(super) fn word(self) -> Option<&'static str> {
        match self {
            Self::P1 => Some("P1"),
            Self::P2 => Some("P2"),
            Self::P3 => Some("P3"),
            Self::P4 => Some("P4"),
            Self::P5 => Some("P5"),
            Self::None => None,
        }
    }
}

impl UrgencyWord {
    /// As the API writes it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
        }
    }
}

/// Does one thing to one incident.
pub(super) async fn one(which: &Which, verb: &str, body: Option<Value>, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = act(which, verb, body, api).await?;
    out.answer(&answer);
    show(&answer, api, out)?;
    Ok(ExitCode::SUCCESS)
}

/// Does one thing to several incidents: one that fails does not keep the others from it.
pub(super) async fn each(which: &[Which], verb: &str, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    if let [only] = which {
        return one(only, verb, None, api, out).await;
    }
    let mut answers = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for which in which {
        match act(which, verb, None, api).await {
            Ok(answer) => {
                show(&answer, api, out)?;
                answers.push(answer);
            }
            Err(failure) => {
                out.complain(&format!("#{which}: {failure}"));
                answers.push(failure.json());
                code = ExitCode::FAILURE;
            }
        }
    }
    out.answer(&answers);
    Ok(code)
}

pub(super) async fn note(which: &Which, text: &str, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::Refused { what: "the note is empty".to_owned(), next: None });
    }
    one(which, "notes", Some(json!({ "text": text })), api, out).await
}

pub(super) async fn snooze(which: &Which, duration: Duration, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    one(which, "snooze", Some(json!({ "duration_s": duration.seconds })), api, out).await
}

pub(super) async fn reassign(which: &Which, to: &Targets, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    one(which, "reassign", Some(json!({ "to": targets(to) })), api, out).await
}

pub(super) async fn ask(which: &Which, to: &Targets, message: &str, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let mut body = json!({ "to": targets(to) });
    if !message.trim().is_empty() {
        body["message"] = json!(message);
    }
    one(which, "responders", Some(body), api, out).await
}

pub(super) async fn fields(which: &Which, fields: &[String], api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let mut written = serde_json::Map::new();
    for field in fields {
        let form = || Failure::Refused { what: format!("{field}: write NAME=VALUE"), next: None };
        let (name, value) = field.split_once('=').ok_or_else(form)?;
        // What a number would not keep as it is written (1.10, a long ticket number) is a text.
        let as_written = |v: &Value| serde_json::to_string(v).is_ok_and(|again| again == value);
        let plain = serde_json::from_str::<Value>(value).ok().filter(|v| (v.is_number() || v.is_boolean()) && as_written(v));
        written.insert(name.to_owned(), if value.is_empty() { Value::Null } else { plain.unwrap_or_else(|| json!(value)) });
    }
    one(which, "fields", Some(json!({ "fields": written })), api, out).await
}

pub(super) async fn bridge(which: &Which, link: &str, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let link = (link != "none").then_some(link);
    one(which, "bridge", Some(json!({ "bridge": link })), api, out).await
}

pub(super) async fn merge(which: &Which, sources: &[Which], api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let sources: Vec<String> = sources.iter().map(Which::to_string).collect();
    one(which, "merge", Some(json!({ "sources": sources })), api, out).await
}

pub(super) async fn split(which: &Which, alerts: &[String], title: Option<&str>, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let mut body = json!({ "alerts": alerts });
    if let Some(title) = title {
        body["title"] = json!(title);
    }
    one(which, "split", Some(body), api, out).await
}

pub(super) async fn answer(which: &Which, how: &str, who: &Somebody, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    one(which, how, Some(who.user.as_ref().map_or(json!({}), |user| json!({ "user": user }))), api, out).await
}

pub(super) fn targets(to: &Targets) -> Vec<Value> {
    let users = to.user.iter().map(|u| json!({ "user": u }));
    let schedules = to.schedule.iter().map(|s| json!({ "schedule": s }));
    let teams = to.team.iter().map(|t| json!({ "team": t }));
    users.chain(schedules).chain(teams).collect()
}

pub(super) async fn priority(which: &Which, priority: PriorityWord, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let priority = priority.word();
    one(which, "priority", Some(json!({ "priority": priority })), api, out).await
}

pub(super) async fn urgency(which: &Which, urgency: UrgencyWord, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let urgency = urgency.word();
    one(which, "urgency", Some(json!({ "urgency": urgency })), api, out).await
}

async fn act(which: &Which, verb: &str, body: Option<Value>, api: &Api) -> Result<Value, Failure> {
    let which = which.to_string();
    let segments: Vec<&str> = ["v1", "incidents", which.as_str()].into_iter().chain(verb.split('/')).collect();
    let request = Request::once("incident", &segments);
    api.send(match body {
        Some(body) => request.body(body),
        None => request,
    })
    .await
}

pub(super) fn show(answer: &Value, api: &Api, out: &Out) -> Result<(), Failure> {
    let incident: Incident = api.typed(answer.get("incident").unwrap_or(answer))?;
    let standing = incident.standing();
    out.say(&format!("#{} {}: {}", incident.number, out.paint(&standing.0, standing.1), Cell::from(incident.title.as_str()).0));
    Ok(())
}
