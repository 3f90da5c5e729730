//! `rules test`: what the event rules of a file would do with an event, by the code that decides about real ones.

use super::apply::read;
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use clap::Args;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tocsin_domain::alert::event::Event;
use tocsin_domain::alert::outcome::RulesOf;
use tocsin_domain::alert::{Alert, AlertKey};
use tocsin_domain::configuration::validate::suggest;
use tocsin_domain::configuration::{Configuration, Grouping};
use tocsin_domain::id::{AlertId, IntegrationId, ServiceId, TeamId};
use tocsin_domain::maintenance::Maintenances;
use tocsin_domain::rules::{Decision, Rule, Verdict, decide, meant};

/// What to do with event rules.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Rules {
    /// Say which rules of a configuration file take an event, and what becomes of it, offline.
    Test(TestRules),
}

/// An imagined event.
#[derive(Debug, Args)]
pub(crate) struct TestRules {
    /// The file (YAML) or folder.
    pub(crate) file: PathBuf,
    /// The service whose integration the event comes by.
    #[arg(long, value_name = "SERVICE", required_unless_present = "router", conflicts_with = "router")]
    pub(crate) service: Option<String>,
    /// The team whose router the event comes by.
    #[arg(long, value_name = "TEAM")]
    pub(crate) router: Option<String>,
    /// The event (JSON): its fields (summary, source, severity, component, details ...), or the body that a PagerDuty sender posts.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: PathBuf,
    /// When it comes, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
}

/// The largest event, in bytes: what ingest takes.
const MOST_EVENT_BYTES: u64 = 512 * 1024;

pub(super) fn test(which: &TestRules, out: &Out) -> Result<ExitCode, Failure> {
    let configuration = read(&which.file)?;
    let at = which.at.unwrap_or(out.now);
    let unknown = |what: &str, id: &str, known: Vec<&str>| Failure::Refused {
        what: format!("{} has no {what} {id:?}", which.file.display()),
        next: Some(suggest::among(id, &known)),
    };
    let (integration, service, team): (Option<IntegrationId>, ServiceId, TeamId) = match (&which.router, &which.service) {
        (Some(id), _) => {
            let found = configuration.teams.iter().find(|t| t.id.as_str() == id).and_then(|t| Some((t, t.router.as_ref()?)));
            let (team, router) = found.ok_or_else(|| {
                let known = configuration.teams.iter().filter(|t| t.router.is_some()).map(|t| t.id.as_str());
                unknown("router of a team", id, known.collect())
            })?;
            (team.integrations.first().map(|i| i.id.clone()), router.default.clone(), team.id.clone())
        }
        (None, id) => {
            let id = id.as_deref().unwrap_or_default();
            let found = configuration.services.iter().find(|s| s.id.as_str() == id);
            let found = found.ok_or_else(|| unknown("service", id, configuration.services.iter().map(|s| s.id.as_str()).collect()))?;
            (found.integrations.first().map(|i| i.id.clone()), found.id.clone(), found.team.clone())
        }
    };
    let event = read_event(&which.event)?;
    #[expect(clippy::expect_used, reason = "constants")]
    let (id, none): (AlertId, IntegrationId) = ("alr_00000000000000000000000000".parse().expect("an id"), "none".parse().expect("a slug"));
    let integration = integration.unwrap_or(none);
    let alert = Alert::new(id, AlertKey { integration, dedup_key: event.dedup_key.clone() }, service, team, event, at);
    let decision = decide(&alert, &configuration, &Maintenances::default(), at);
    out.answer(&json!({ "at": at, "decision": decision }));
    out.say(&format!("At {at:.0}:"));
    match looked_at(&alert, &configuration, &decision) {
        none if none.is_empty() => out.say("No rule is asked."),
        rows => out.table(&["RULES OF", "RULE", "TAKES IT", "WHAT IT DOES"], rows),
    }
    for line in becomes(&configuration, &decision, at) {
        out.say(&line);
    }
    Ok(ExitCode::SUCCESS)
}

/// Each rule that was asked, in order, with what it did.
fn looked_at(alert: &Alert, configuration: &Configuration, decision: &Decision) -> Vec<Vec<Cell>> {
    let mut lists: Vec<(RulesOf, &[Rule])> = Vec::new();
    if let Some((team, router)) = configuration.router_of(&alert.key.integration) {
        lists.push((RulesOf::Router(team.id.clone()), &router.rules));
    }
    if let Some(service) = decision.service.as_ref().and_then(|id| configuration.service(id)) {
        lists.push((RulesOf::Service(service.id.clone()), &service.rules));
    }
    let mut rows = Vec::new();
    for (of, rules) in lists {
        let name = match &of {
            RulesOf::Router(team) => format!("router of {team}"),
            RulesOf::Service(service) => format!("service {service}"),
        };
        for rule in rules {
            let applied = decision.applied.iter().find(|a| a.rule.of == of && a.rule.rule == rule.id);
            let takes = if applied.is_some() { Cell("yes".to_owned(), Look::Good) } else { Cell("no".to_owned(), Look::Dim) };
            rows.push(vec![Cell::from(name.as_str()), Cell::from(rule.id.as_str()), takes, Cell::from(applied.map_or("", |a| a.did.as_str()))]);
            if applied.is_some() && !rule.goes_on {
                break;
            }
        }
        if matches!(decision.verdict, Verdict::Keep { .. }) && decision.applied.last().is_some_and(|a| a.rule.of == of) {
            break;
        }
    }
    rows
}

/// What becomes of the event, in sentences.
fn becomes(configuration: &Configuration, decision: &Decision, at: jiff::Timestamp) -> Vec<String> {
    let service = decision.service.as_ref().and_then(|id| configuration.service(id));
    let name = service.map_or("no service", |s| s.id.as_str());
    let mut lines = Vec::new();
    match &decision.verdict {
        Verdict::Keep { outcome } => lines.push(format!("Nobody is paged: it is {outcome}.")),
        Verdict::Count { by, threshold } => {
            lines.push(format!("Nobody is paged before there were {} events within {} s, by {by}.", threshold.events, threshold.within_s));
        }
        Verdict::Page => {
            let urgency = decision.urgency.unwrap_or_else(|| decision.severity.urgency());
            let urgency = if urgency == tocsin_domain::alert::Urgency::High { "high" } else { "low" };
            let policy = service.map_or(String::new(), |s| format!(", paging by policy {}", s.policy));
            lines.push(format!(
                "An incident of service {name}: {} ({}, {urgency} urgency){policy}.",
                Cell::from(decision.summary.as_str()).0,
                decision.severity.as_str()
            ));
            if let Some(priority) = decision.priority {
                lines.push(format!("Its priority is {priority:?}."));
            }
            if let Some(pause_s) = decision.pause_s {
                let until = at.checked_add(jiff::SignedDuration::from_secs(i64::from(pause_s))).unwrap_or(jiff::Timestamp::MAX);
                lines.push(format!("Nobody is paged before {until:.0}, and nobody at all if it is over by then."));
            }
        }
    }
    match service.map(|s| &s.grouping) {
        Some(Grouping::Time { .. }) if decision.group.is_none() => lines.push("It joins the service's open incident while that one's window lasts.".to_owned()),
        Some(Grouping::Time { .. } | Grouping::None | Grouping::Fields { .. }) | None => {
            if let Some(group) = &decision.group {
                lines.push(format!("It joins the open incident of its group ({}).", &group[..12.min(group.len())]));
            }
        }
    }
    if let Some(service) = service.filter(|s| s.attach_to_upstream) {
        let names: Vec<&str> = configuration.upstream_of(service).iter().map(|s| s.id.as_str()).collect();
        lines.push(format!("While an incident of {} is open it joins that one instead.", names.join(" or ")));
    }
    lines
}

/// An event as people write it, and what of it no event has.
#[derive(Deserialize)]
struct Written {
    #[serde(flatten)]
    event: Event,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// An event out of a file: its own fields, or a PagerDuty body, of which senders may write more than is read.
fn read_event(file: &Path) -> Result<Event, Failure> {
    let failed = |reason: String| Failure::File { file: file.display().to_string(), reason };
    if std::fs::metadata(file).map_err(|e| failed(e.to_string()))?.len() > MOST_EVENT_BYTES {
        return Err(failed("an event is 512 KB at most".to_owned()));
    }
    let bytes = std::fs::read(file).map_err(|e| failed(e.to_string()))?;
    let mut fields: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|e| failed(format!("it is no JSON object: {e}")))?;
    let payload = fields.remove("payload");
    let own = payload.is_none();
    if let Some(Value::Object(payload)) = payload {
        let wanted = ["dedup_key", "client", "client_url"];
        fields.retain(|name, _| wanted.contains(&name.as_str()));
        for (name, value) in payload {
            let name = if name == "custom_details" { "details".to_owned() } else { name };
            if name != "timestamp" {
                fields.insert(name, value);
            }
        }
    }
    for (name, value) in [("action", "trigger"), ("dedup_key", "sample"), ("severity", "error")] {
        fields.entry(name).or_insert_with(|| json!(value));
    }
    let Written { event, unknown } = serde_json::from_value(Value::Object(fields)).map_err(|e| failed(format!("it is no event: {e}")))?;
    match unknown.keys().next().filter(|_| own) {
        Some(name) => {
            let what = format!("{}: events have no field {name:?}", file.display());
            Err(Failure::Refused { what, next: Some(meant(name)) })
        }
        None => Ok(event),
    }
}
