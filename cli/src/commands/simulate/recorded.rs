//! What happened, to be played again: lines of JSON, or an incident with its timeline.
//!
//! Of an incident only what came from outside is taken: events of senders, and what people did. What Tocsin did by itself is what the simulation tells anew.

use super::later;
use crate::failure::Failure;
use crate::words::Duration;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use tocsin_domain::foresight::simulate::{Around, Imagined};
use tocsin_domain::id::{PolicyId, UserId};

/// A line of JSON for each event, or an incident as `tocsin show --json` prints it. `begins` is where times like `+5m` count from if no line before has a time.
pub(super) fn file(file: &Path, begins: Timestamp, around: &mut Around, notes: &mut Vec<String>) -> Result<Vec<Imagined>, Failure> {
    let failed = |reason: String| Failure::File { file: file.display().to_string(), reason };
    let text = std::fs::read_to_string(file).map_err(|e| failed(e.to_string()))?;
    if let Ok(shown @ Value::Object(_)) = serde_json::from_str::<Value>(&text) {
        let shown = shown.get("incident").filter(|i| i.is_object()).unwrap_or(&shown);
        if shown.get("timeline").is_some() {
            return incident(shown, around, notes).map_err(failed);
        }
    }
    let mut first = None;
    let mut events = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let wrong = |e: String| failed(format!("line {}: {e}", n + 1));
        let mut event: Value = serde_json::from_str(line).map_err(|e| wrong(e.to_string()))?;
        relative(&mut event, "at", first.unwrap_or(begins)).map_err(wrong)?;
        if let Some(at) = event["at"].as_str().and_then(|at| at.parse().ok()) {
            first.get_or_insert(at);
            relative(&mut event, "until", at).map_err(wrong)?;
        }
        events.push(serde_json::from_value(event).map_err(|e| wrong(e.to_string()))?);
    }
    Ok(events)
}

/// A time like `+5m` becomes the instant so long after another one.
fn relative(event: &mut Value, field: &str, from: Timestamp) -> Result<(), String> {
    if let Some(after) = event.get(field).and_then(Value::as_str).and_then(|text| text.strip_prefix('+')) {
        let after: Duration = after.trim().parse().map_err(|e| format!("{field}: {e}"))?;
        event[field] = json!(later(from, after.seconds));
    }
    Ok(())
}

/// The events and answers of an incident as the API shows it; and whose turn it was at its levels.
pub(super) fn incident(shown: &Value, around: &mut Around, notes: &mut Vec<String>) -> Result<Vec<Imagined>, String> {
    let list = |name: &str| shown[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let (alerts, timeline) = (list("alerts"), list("timeline"));
    let mut events = Vec::new();
    for alert in alerts {
        events.push(json!({
            "at": alert["received_at"], "do": "trigger", "service": shown["service"], "integration": alert["integration"], "key": alert["dedup_key"],
            "severity": alert["severity"], "title": alert["summary"], "source": alert["source"], "details": alert["details"],
        }));
    }
    if let Some(total) = shown["alerts_total"].as_u64().filter(|total| *total > alerts.len() as u64 && !alerts.is_empty()) {
        notes.push(format!("only the first {} of {total} alerts are played: the API shows no more", alerts.len()));
    }
    for entry in timeline {
        turn(entry, around);
        events.extend(outside(shown, alerts, entry));
    }
    let read = |event: Value| serde_json::from_value(event.clone()).map_err(|e| format!("{event}: {e}"));
    events.into_iter().map(read).collect()
}

/// What came from outside.
fn outside(shown: &Value, alerts: &[Value], entry: &Value) -> Vec<Value> {
    let (actor, what) = (entry["actor"].as_str().unwrap_or_default(), &entry["what"]);
    let by_sender = actor.starts_with("sender ");
    // A program with a token of its own acts for somebody.
    let by = actor.parse::<UserId>().map_or_else(|_| "somebody".to_owned(), |u| u.to_string());
    let person = |act: Value| if by_sender || actor == "Tocsin" { Vec::new() } else { vec![act] };
    let ended = |id: &Value| {
        let alert = alerts.iter().find(|a| a["id"] == *id)?;
        Some(json!({ "do": "end", "integration": alert["integration"], "key": alert["dedup_key"] }))
    };
    let mut acts = match entry["type"].as_str().unwrap_or_default() {
        "triggered" if alerts.is_empty() => {
            vec![json!({ "do": "trigger", "service": shown["service"], "severity": what["severity"], "title": what["title"], "key": "recorded" })]
        }
        "acknowledged" if by_sender => vec![json!({ "do": "sender_acknowledge", "integration": actor.trim_start_matches("sender ") })],
        "acknowledged" => person(json!({ "do": "acknowledge", "by": by })),
        "unacknowledged" => person(json!({ "do": "unacknowledge", "by": by })),
        "snoozed" => person(json!({ "do": "snooze", "by": by, "until": what["until"] })),
        "escalated_now" => person(json!({ "do": "escalate", "by": by })),
        "reassigned" => person(json!({ "do": "reassign", "by": by, "to": what["to"] })),
        "urgency_set" => person(json!({ "do": "urgency", "by": by, "urgency": what["urgency"] })),
        "responders_asked" => person(json!({ "do": "respond", "by": by, "to": what["to"], "message": what["message"].as_str().unwrap_or_default() })),
        "responder_answered" => vec![json!({ "do": "answer", "by": what["user"], "accept": what["accepted"] })],
        "resolved" => person(json!({ "do": "resolve", "by": by })),
        "reopened" => person(json!({ "do": "reopen", "by": by, "incident": 1 })),
        "alerts_resolved" if alerts.is_empty() && what["still_open"] == 0 => vec![json!({ "do": "end", "service": shown["service"] })],
        "alerts_resolved" => what["alerts"].as_array().into_iter().flatten().filter_map(ended).collect(),
        _ => Vec::new(),
    };
    acts.iter_mut().for_each(|act| act["at"] = entry["at"].clone());
    acts
}

/// Whose turn it was when a level fired first: the simulation begins with the same one.
fn turn(entry: &Value, around: &mut Around) {
    let what = &entry["what"];
    let first = what["pages"].as_array().into_iter().flatten().find_map(|p| p["why"]["turn"]["number"].as_u64());
    let (Some(number), Some(level)) = (first, what["of"]["level"].as_u64().and_then(|l| u32::try_from(l).ok())) else { return };
    let Some(policy) = what["of"]["policy"].as_str().and_then(|p| p.parse::<PolicyId>().ok()) else { return };
    let drawn = number.saturating_sub(1).saturating_sub(what["repeat"].as_u64().unwrap_or(0));
    around.turns.entry((policy, level)).or_insert(drawn);
}
