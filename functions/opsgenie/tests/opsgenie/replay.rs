//! Recorded requests of real clients, byte for byte, against the handlers. What changes from run to run (ids of alerts and requests) is put into the addresses as the
//! answers gave it; the bodies are sent as they were.

use super::support::World;
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tocsin_ingest::Call;

/// Fields of an alert that the requests decide alone.
const FIXED: [&str; 12] = ["alias", "message", "description", "status", "count", "priority", "tags", "details", "entity", "source", "actions", "acknowledged"];

async fn replay(capture: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/captures").join(capture);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let world = World::new().await;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut replayed = 0;
    for file in files {
        let recorded: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let text = |field: &str| recorded[field].as_str().unwrap_or_default().to_owned();
        if recorded["injected"] == "reply" || text("path").starts_with("/v2/change/") {
            continue; // never reached a server; no alert
        }
        let header = |name: &str| {
            let found = recorded["headers"].as_array().unwrap().iter().find(|h| h[0].as_str().unwrap().eq_ignore_ascii_case(name));
            found.map(|h| h[1].as_str().unwrap().to_owned()).unwrap_or_default()
        };
        let mut path = percent_decoded(&text("path"));
        for (theirs, ours) in &names {
            if path.ends_with(&format!("/{theirs}")) {
                path = path.replace(theirs, ours);
            }
        }
        let (method, query, authorization, content_type) = (text("method"), text("query"), header("authorization"), header("content-type"));
        let call = Call { method: &method, path: &path, query: &query, authorization: &authorization, content_type: &content_type, ..Call::default() };
        let (status, body) = if path.starts_with("/v2/alerts") || path.starts_with("/v2/heartbeats") {
            let got = world.raw(&call, text("body").as_bytes()).await;
            (got.status, got.body)
        } else {
            let answer = world.ingest.answer(&call, text("body").into_bytes()).await;
            (answer.status, serde_json::from_str(&answer.body).unwrap())
        };
        world.clock.advance(SignedDuration::from_millis(200));
        world.settle().await;
        let theirs = &recorded["resp_json"];
        if path.starts_with("/v1/integrations/") {
            // The contract of a webhook is no more than 2xx with a JSON body.
            assert!((200..300).contains(&status) && body.is_object(), "{}: {status} {body}", file.display());
            replayed += 1;
            continue;
        }
        assert_eq!(status, u16::try_from(recorded["status"].as_u64().unwrap()).unwrap(), "{}: {body}", file.display());
        same_form(&format!("{}", file.display()), theirs, &body);
        remember(&mut names, &theirs["requestId"], &body["requestId"]);
        for field in ["id", "alertId", "tinyId"] {
            remember(&mut names, &theirs["data"][field], &body["data"][field]);
        }
        replayed += 1;
    }
    replayed
}

fn remember(names: &mut BTreeMap<String, String>, theirs: &Value, ours: &Value) {
    if let (Some(theirs), Some(ours)) = (theirs.as_str().filter(|t| !t.is_empty()), ours.as_str()) {
        names.insert(theirs.to_owned(), ours.to_owned());
    }
}

/// Every member of the recorded answer is there, of the same kind; and equal, where the requests alone decide it.
fn same_form(at: &str, theirs: &Value, ours: &Value) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (name, value) in theirs {
                let place = format!("{at}.{name}");
                let Some(own) = ours.get(name) else {
                    // What a person's company has, and an empty one has not.
                    assert!(value.as_array().is_some_and(Vec::is_empty), "{place} is missing in {ours:?}");
                    continue;
                };
                if FIXED.contains(&name.as_str()) || ["result", "dedup_key", "incident_key", "isSuccess", "action"].contains(&name.as_str()) {
                    if name == "dedup_key" && value.as_str().is_some_and(|v| v.len() == 32) {
                        continue; // made by the server
                    }
                    if name == "status" && at.ends_with("json.data") && !["open", "closed"].contains(&value.as_str().unwrap_or_default()) {
                        continue; // words of a request's status
                    }
                    match (value, own) {
                        (Value::Array(a), Value::Array(b)) => {
                            let set = |list: &[Value]| list.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
                            assert_eq!(set(a), set(b), "{place}");
                        }
                        _ => assert_eq!(value, own, "{place}"),
                    }
                } else {
                    same_form(&place, value, own);
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            if let (Some(first), Some(own)) = (theirs.first(), ours.first()) {
                same_form(&format!("{at}[0]"), first, own);
            }
        }
        (theirs, ours) => assert_eq!(std::mem::discriminant(theirs), std::mem::discriminant(ours), "{at}: {theirs} and {ours}"),
    }
}

/// As an HTTP API does it before a function sees the path.
fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let hex: Vec<u8> = rest.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn opsgenie_sdk_python() {
    assert_eq!(replay("opsgenie-sdk-python").await, 31);
}

#[tokio::test]
async fn alertmanager() {
    assert_eq!(replay("alertmanager-0.25").await, 20);
}

#[tokio::test]
async fn pagerduty_python() {
    assert!(replay("pagerduty-python").await >= 14);
}
