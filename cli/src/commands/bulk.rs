//! `bulk`: one thing to many incidents, named one by one, on standard input, or by what they have in common.
//!
//! Each request takes 250 and has a key of its own, so that asking again after a lost answer does nothing twice. What is chosen by a filter is counted first, and done
//! only with `--yes`: a filter that meant something else is seen before anything happens.

use super::incidents::{Incidents, open};
use super::respond::{PriorityWord, Targets, UrgencyWord, show, targets};
use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Out};
use crate::words::{Duration, Which};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io::Read;
use std::process::ExitCode;

/// Incidents of one request.
const MOST: usize = 250;
/// Incidents that a filter finds at most.
const MOST_FOUND: u32 = 1000;
/// The most that may stand on standard input.
const MOST_INPUT_BYTES: u64 = 1024 * 1024;

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Bulk {
    /// Acknowledge.
    Ack(Many),
    /// Take acknowledgements back.
    Unack(Many),
    /// Resolve.
    Resolve(Many),
    /// Open again.
    Reopen(Many),
    /// Page the next level at once.
    Escalate(Many),
    /// Write something down on each.
    Note {
        /// The text.
        #[arg(long, value_name = "TEXT")]
        text: String,
        #[command(flatten)]
        many: Many,
    },
    /// Acknowledge for a while.
    Snooze {
        /// How long: 30m, 2h, 1d12h.
        #[arg(long = "for", value_name = "LENGTH")]
        length: Duration,
        #[command(flatten)]
        many: Many,
    },
    /// Give to somebody else.
    Reassign {
        #[command(flatten)]
        to: Targets,
        #[command(flatten)]
        many: Many,
    },
    /// Set the priority, or take it away.
    Priority {
        /// P1 to P5, or none.
        #[arg(long, value_name = "PRIORITY")]
        to: PriorityWord,
        #[command(flatten)]
        many: Many,
    },
    /// Choose the urgency.
    Urgency {
        /// high or low.
        #[arg(long, value_name = "URGENCY")]
        to: UrgencyWord,
        #[command(flatten)]
        many: Many,
    },
}

/// To which incidents.
#[derive(Debug, Args)]
pub(crate) struct Many {
    /// Numbers (12 or #12) or ids; - reads them from standard input, divided by blanks or lines.
    #[arg(num_args = 0.., value_name = "N", required_unless_present = "open", conflicts_with = "open")]
    incidents: Vec<Named>,
    /// All that are open, as far as the filters let them through.
    #[arg(long)]
    open: bool,
    /// Only of this service.
    #[arg(long, value_name = "ID", requires = "open", conflicts_with = "incidents")]
    service: Option<String>,
    /// Only of the services of this team.
    #[arg(long, value_name = "ID", requires = "open", conflicts_with = "incidents")]
    of_team: Option<String>,
    /// Only those that nobody has acknowledged.
    #[arg(long, requires = "open", conflicts_with = "incidents")]
    triggered: bool,
    /// Do it: what a filter finds is only counted otherwise.
    #[arg(long)]
    yes: bool,
}

/// An incident, or the word for standard input.
#[derive(Debug, Clone)]
enum Named {
    One(Which),
    Input,
}

impl std::str::FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "-" { Ok(Self::Input) } else { text.parse().map(Self::One) }
    }
}

/// Does it.
pub(super) async fn bulk(what: &Bulk, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let (name, body, many) = match what {
        Bulk::Ack(many) => ("acknowledge", json!({}), many),
        Bulk::Unack(many) => ("unacknowledge", json!({}), many),
        Bulk::Resolve(many) => ("resolve", json!({}), many),
        Bulk::Reopen(many) => ("reopen", json!({}), many),
        Bulk::Escalate(many) => ("escalate", json!({}), many),
        Bulk::Note { text, many } => ("note", json!({ "text": text }), many),
        Bulk::Snooze { length, many } => ("snooze", json!({ "duration_s": length.seconds }), many),
        Bulk::Reassign { to, many } => ("reassign", json!({ "to": targets(to) }), many),
        Bulk::Priority { to, many } => ("priority", json!({ "priority": to.word() }), many),
        Bulk::Urgency { to, many } => ("urgency", json!({ "urgency": to.word() }), many),
    };
    let wanted = many.wanted(api, out).await?;
    if many.open && !many.yes {
        let first: Vec<String> = wanted.iter().take(10).map(|n| format!("#{n}")).collect();
        let more = if wanted.len() > first.len() { ", ..." } else { "" };
        if wanted.is_empty() {
            out.say("No open incident is meant: nothing to do.");
            return Ok(ExitCode::SUCCESS);
        }
        let what = format!("{} open incidents are meant ({}{more}): nothing was done yet", wanted.len(), first.join(", "));
        return Err(Failure::Refused { what, next: Some("to do it to all of them, add: --yes".to_owned()) });
    }
    let mut results: Vec<Value> = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for part in wanted.chunks(MOST) {
        let body = json!({ "incidents": part, "command": { name: body } });
        let mut answer = api.send(Request::once("incidents", &["v1", "incidents", "bulk"]).body(body)).await?;
        for result in answer.get("results").and_then(Value::as_array).into_iter().flatten() {
            if let Some(incident) = result.get("incident") {
                show(incident, api, out)?;
            } else {
                let text = |value: Option<&Value>| Cell::from(value.and_then(Value::as_str).unwrap_or("it failed")).0;
                out.complain(&format!("{}: {}", text(result.get("reference")), text(result.pointer("/problem/detail"))));
                code = ExitCode::FAILURE;
            }
        }
        if let Some(Value::Array(some)) = answer.get_mut("results").map(Value::take) {
            results.extend(some);
        }
    }
    out.answer(&json!({ "results": results }));
    Ok(code)
}

impl Many {
    /// The numbers or ids that are meant, each once.
    async fn wanted(&self, api: &Api, out: &Out) -> Result<Vec<String>, Failure> {
        let mut wanted: Vec<String> = Vec::new();
        if self.open {
            // One more than is done says whether these are all.
            let mut all = open(&Incidents { all: false, team: self.of_team.clone(), limit: MOST_FOUND + 1 }, api).await?;
            if all.len() > MOST_FOUND as usize {
                all.truncate(MOST_FOUND as usize);
                out.complain(&format!("more than {MOST_FOUND} incidents are open: the oldest {MOST_FOUND} are looked at; ask again for the others"));
            }
            let meant = all.iter().filter(|i| self.service.as_ref().is_none_or(|s| i.service == *s) && (!self.triggered || i.status == "triggered"));
            wanted.extend(meant.map(|i| i.number.to_string()));
        }
        for named in &self.incidents {
            match named {
                Named::One(which) => wanted.push(which.to_string()),
                Named::Input => wanted.extend(input()?),
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        wanted.retain(|w| seen.insert(w.clone()));
        if wanted.is_empty() && !self.open {
            return Err(Failure::Refused {
                what: "no incident is named on standard input".to_owned(),
                next: Some("write numbers, like 12, divided by blanks or lines".to_owned()),
            });
        }
        Ok(wanted)
    }
}

/// What stands on standard input.
fn input() -> Result<Vec<String>, Failure> {
    let failed = |reason: String| Failure::File { file: "standard input".to_owned(), reason };
    let mut text = String::new();
    let bytes = std::io::stdin().take(MOST_INPUT_BYTES + 1).read_to_string(&mut text).map_err(|e| failed(e.to_string()))?;
    // Cut off, the last number would be another incident's.
    if bytes as u64 > MOST_INPUT_BYTES {
        return Err(failed(format!("more than {MOST_INPUT_BYTES} bytes are too many: divide them")));
    }
    text.split_whitespace().map(|word| word.parse::<Which>().map(|w| w.to_string()).map_err(|e| failed(format!("{word:?}: {e}")))).collect()
}
