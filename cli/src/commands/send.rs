//! `send`: a test event, by the way that PagerDuty's senders take.

use crate::arguments::{Send, SeverityWord};
use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use serde::Deserialize;
use serde_json::json;
use std::process::ExitCode;

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
