//! `heartbeats`: which jobs say that they are alive, and which do not.

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use jiff::Timestamp;
use serde::Deserialize;
use std::process::ExitCode;
use tocsin_domain::heartbeat::words;

#[derive(Deserialize)]
struct Answer {
    heartbeats: Vec<Heartbeat>,
}

#[derive(Deserialize)]
struct Heartbeat {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    team: String,
    interval_s: u32,
    #[serde(default)]
    grace_s: u32,
    state: String,
    #[serde(default)]
    last_at: Option<Timestamp>,
    #[serde(default)]
    expected_by: Option<Timestamp>,
}

pub(super) async fn heartbeats(api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = api.send(Request::get("heartbeats", &["v1", "heartbeats"])).await?;
    out.answer(&answer);
    let answer: Answer = api.typed(&answer)?;
    if answer.heartbeats.is_empty() {
        out.say("There are no heartbeats. Write them under heartbeats: in the configuration.");
        return Ok(ExitCode::SUCCESS);
    }
    let instant = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| format!("{at:.0}"));
    let rows = answer.heartbeats.iter().map(|h| {
        let state = match h.state.as_str() {
            "missing" => Cell("MISSING".to_owned(), Look::Bad),
            "alive" => Cell("alive".to_owned(), Look::Good),
            "off" => Cell("off".to_owned(), Look::Dim),
            // Nobody is told of a job that has never run.
            _ => Cell("not pinged yet".to_owned(), Look::Warning),
        };
        let every = format!("{} + {}", words(h.interval_s), words(h.grace_s));
        vec![
            Cell::from(h.id.as_str()),
            state,
            Cell::from(every),
            Cell::from(instant(h.last_at)),
            Cell::from(instant(h.expected_by)),
            Cell::from(h.team.as_str()),
            Cell::from(h.name.as_str()),
        ]
    });
    out.table(&["HEARTBEAT", "STATE", "EVERY", "LAST", "EXPECTED BY", "TEAM", "NAME"], rows.collect());
    Ok(ExitCode::SUCCESS)
}
