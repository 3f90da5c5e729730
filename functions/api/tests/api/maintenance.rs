//! Maintenance windows: who may, what is refused, and that asking twice is asking once.

use crate::support::{Bench, owner, token};
use serde_json::{Value, json};
use tocsin_domain::configuration::Role;

fn start(bench: &Bench, body: &Value, headers: &[(&str, &str)]) -> (u16, Value) {
    let (status, _, answer) = bench.call_with("POST", "/v1/maintenance", Some(&owner()), Some(&body.to_string()), headers);
    (status.as_u16(), answer)
}

fn listed(bench: &Bench, token: &str) -> Vec<(String, String)> {
    let (_, _, answer) = bench.call("GET", "/v1/maintenance", Some(token), None);
    let text = |w: &Value, field: &str| w[field].as_str().unwrap().to_owned();
    answer["windows"].as_array().unwrap().iter().map(|w| (text(w, "id"), text(w, "state"))).collect()
}

#[test]
fn a_window_is_started_once_listed_and_ended() {
    let bench = Bench::new();
    let body = json!({"services": ["shop"], "reason": "a new disk", "duration_s": 600});
    let (status, window) = start(&bench, &body, &[("idempotency-key", "deploy 17")]);
    assert_eq!((status, &window["state"], &window["team"], &window["by"]), (200, &json!("active"), &json!("ours"), &json!("ada")), "{window}");
    assert_eq!((&window["start"], &window["end"]), (&json!("2026-01-05T09:00:00Z"), &json!("2026-01-05T09:10:00Z")));
    bench.clock.advance(jiff::SignedDuration::from_secs(5));
    assert_eq!(start(&bench, &body, &[("idempotency-key", "deploy 17")]).1, window, "five seconds later under the same key");
    let id = window["id"].as_str().unwrap().to_owned();
    assert_eq!(listed(&bench, &owner()), [("move".to_owned(), "active".to_owned()), (id.clone(), "active".to_owned())]);
    for _ in 0..2 {
        let (status, _, ended) = bench.call("DELETE", &format!("/v1/maintenance/{id}"), Some(&owner()), None);
        assert_eq!((status.as_u16(), &ended["state"], &ended["ended_by"]), (200, &json!("over"), &json!("ada")), "{ended}");
    }
    assert_eq!(bench.call("GET", &format!("/v1/maintenance/{id}"), Some(&owner()), None).2["state"], "over");
    assert_eq!(listed(&bench, &owner()).len(), 1);
    assert_eq!(bench.call("GET", "/v1/maintenance?past=true", Some(&owner()), None).2["windows"].as_array().unwrap().len(), 2);
    let (_, again) = start(&bench, &body, &[("idempotency-key", "deploy 17")]);
    assert_eq!(again["state"], "over", "a repetition does not bring it back");
}

#[test]
fn what_is_wrong_is_told_by_its_field() {
    let bench = Bench::new();
    for (body, field) in [
        (json!({"reason": "x", "duration_s": 60}), "services"),
        (json!({"services": ["shop"], "reason": " ", "duration_s": 60}), "reason"),
        (json!({"services": ["shop"], "reason": "x"}), "end"),
        (json!({"services": ["shop"], "reason": "x", "duration_s": 60, "end": "2026-01-05T10:00:00Z"}), "end"),
        (json!({"services": ["shop"], "reason": "x", "duration_s": 0}), "end"),
        (json!({"services": ["shop"], "reason": "x", "end": "2026-01-05T08:59:00Z"}), "end"),
        (json!({"services": ["shop"], "reason": "x", "end": "2026-03-05T09:00:00Z"}), "end"),
        (json!({"services": ["shop"], "reason": "x", "start": "2028-01-05T09:00:00Z", "duration_s": 60}), "start"),
        (json!({"services": ["shop"], "reason": "x", "duration_s": 60, "colour": "red"}), "colour"),
    ] {
        let (status, answer) = start(&bench, &body, &[]);
        assert_eq!((status, &answer["errors"][0]["field"]), (422, &json!(field)), "{body}: {answer}");
    }
    assert_eq!(start(&bench, &json!({"services": ["shop", "nowhere"], "reason": "x", "duration_s": 60}), &[]).0, 404);
    assert_eq!(bench.call("DELETE", "/v1/maintenance/move?start=tomorrow", Some(&owner()), None).0, 422);
    assert_eq!(bench.call("DELETE", "/v1/maintenance/move?start=2026-01-06T08:30:00Z", Some(&owner()), None).0, 404, "no such occurrence");
}

#[test]
fn a_window_over_two_teams_needs_both() {
    let bench = Bench::new();
    let body = json!({"services": ["shop"], "teams": ["theirs"], "reason": "the data centre", "duration_s": 600});
    let ours = token(Some("ours"), Role::Owner);
    let (status, _, answer) = bench.call("POST", "/v1/maintenance", Some(&ours), Some(&body.to_string()));
    assert_eq!(status, 404, "the other team is none of theirs: {answer}");
    let (_, window) = start(&bench, &body, &[]);
    let path = format!("/v1/maintenance/{}", window["id"].as_str().unwrap());
    for team in ["ours", "theirs"] {
        let token = token(Some(team), Role::Owner);
        assert_eq!(bench.call("GET", &path, Some(&token), None).0, 200, "{team} sees what keeps its alerts");
        assert_eq!(bench.call("DELETE", &path, Some(&token), None).0, 403, "{team} does not end it for the other");
    }
    assert_eq!(bench.call("DELETE", &path, Some(&owner()), None).0, 200);
}
