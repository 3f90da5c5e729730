//! `send`: a test event, by the way that PagerDuty's senders take.

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use crate::words::SeverityWord;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The integration's key.
    #[arg(long)]
    pub(crate) key: String,
    /// How bad.
    #[arg(long, value_enum, default_value_t = SeverityWord::Critical)]
    pub(crate) severity: SeverityWord,
    /// One line that says what is wrong.
    #[arg(long, default_value = "Test event sent by hand")]
    pub(crate) summary: String,
    /// Where: a host, a service.
    #[arg(long, default_value = "tocsin send")]
    pub(crate) source: String,
    /// Events with the same key belong to the same alert; made up by Tocsin if absent.
    #[arg(long, value_name = "KEY", required_if_eq_any([("resolve", "true"), ("acknowledge", "true")]))]
    pub(crate) dedup_key: Option<String>,
    /// The problem is over.
    #[arg(long, conflicts_with = "acknowledge")]
    pub(crate) resolve: bool,
    /// Somebody works on it.
    #[arg(long)]
    pub(crate) acknowledge: bool,
}

#[derive(Deserialize)]
struct Accepted {
    dedup_key: String,
    #[serde(default)]
    message: String,
}

pub(super) async fn send(event: &Send, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let severity = match event.severity {
        SeverityWord::Critical => "critical",
        SeverityWord::Error => "error",
        SeverityWord::Warning => "warning",
        SeverityWord::Info => "info",
    };
    let action = match (event.resolve, event.acknowledge) {
        (true, _) => "resolve",
        (false, true) => "acknowledge",
        (false, false) => "trigger",
    };
    let mut body = json!({ "routing_key": event.key, "event_action": action, "client": "tocsin send" });
    if let Some(key) = &event.dedup_key {
        body["dedup_key"] = json!(key);
    }
    if action == "trigger" {
        body["payload"] = json!({ "summary": event.summary, "source": event.source, "severity": severity });
    }
    let answer = api.send(Request::post("event", &["v2", "enqueue"]).body(body)).await?;
    out.answer(&answer);
    let accepted: Accepted = api.typed(&answer)?;
    let key = Cell::from(accepted.dedup_key.as_str()).0;
    out.say(&format!("{} {} (dedup key {key})", out.paint("Accepted.", Look::Good), Cell::from(accepted.message.as_str()).0));
    if action == "trigger" {
        out.say(&format!("See what comes of it: tocsin incidents\nEnd it: tocsin send --key ... --resolve --dedup-key '{key}'"));
    }
    Ok(ExitCode::SUCCESS)
}
