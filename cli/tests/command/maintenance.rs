//! `maintenance`.

use super::double::{Answer, Double, Request};
use expect_test::expect;
use serde_json::json;

fn window(state: &str) -> serde_json::Value {
    json!({"id": "mnt-1", "team": "web", "reason": "a new disk\u{1b}[31m", "services": ["shop"], "teams": ["data"], "start": "2026-12-25T09:00:00Z",
        "end": "2026-12-25T11:00:00Z", "state": state, "configured": false, "by": "ada"})
}

#[test]
fn a_window_is_planned_listed_and_called_off() {
    let tocsin = Double::new(|request: &Request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", path) if path.starts_with("/v1/maintenance?") => Answer::json(200, json!({"windows": [window("active"), window("planned")]})),
        ("DELETE", _) => {
            let mut ended = window("called_off");
            ended["ended_by"] = json!("bob");
            Answer::json(200, ended)
        }
        _ => Answer::json(200, window("planned")),
    });
    let start = ["maintenance", "start", "--service", "shop", "--team", "data", "--start", "2026-12-25T09:00:00Z", "--for", "2h", "a", "new", "disk"];
    assert_eq!(tocsin.tocsin(&start).good(), "mnt-1: alerts of shop, team data page nobody from 2026-12-25T09:00:00Z until 2026-12-25T11:00:00Z.\n");
    let sent = &tocsin.seen()[0];
    assert_eq!(sent.line(), "POST /v1/maintenance");
    assert_eq!(
        sent.json(),
        json!({"services": ["shop"], "teams": ["data"], "reason": "a new disk", "start": "2026-12-25T09:00:00Z", "end": "2026-12-25T11:00:00Z"})
    );
    expect![[r#"
        WINDOW  STATE    FROM                  UNTIL                 OF               BY   REASON
        mnt-1   ACTIVE   2026-12-25T09:00:00Z  2026-12-25T11:00:00Z  shop, team data  ada  a new disk [31m
        mnt-1   planned  2026-12-25T09:00:00Z  2026-12-25T11:00:00Z  shop, team data  ada  a new disk [31m
    "#]]
    .assert_eq(tocsin.tocsin(&["maintenance", "list", "--past"]).good());
    assert_eq!(tocsin.tocsin(&["maintenance", "end", "mnt-1"]).good(), "mnt-1 was called off by bob before it began.\n");
    tocsin.tocsin(&["maintenance", "end", "backup", "--occurrence", "2026-12-27T02:00:00Z"]).good();
    tocsin.tocsin(&["maintenance", "show", "mnt-1"]).good();
    assert_eq!(
        tocsin.lines()[1..],
        [
            "GET /v1/maintenance?past=true",
            "DELETE /v1/maintenance/mnt-1",
            "DELETE /v1/maintenance/backup?start=2026-12-27T02%3A00%3A00Z",
            "GET /v1/maintenance/mnt-1"
        ]
    );
    for wrong in [
        &["maintenance", "start", "--for", "1h", "why"][..],
        &["maintenance", "start", "--service", "shop", "why"],
        &["maintenance", "start", "--service", "shop", "--for", "1h"],
    ] {
        assert_eq!(tocsin.tocsin(wrong).code, Some(2), "{wrong:?}");
    }
}
