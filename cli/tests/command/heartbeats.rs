//! `heartbeats`.

use super::double::Double;
use expect_test::expect;
use serde_json::json;

#[test]
fn heartbeats_and_how_they_stand() {
    let heartbeat = |id: &str, state: &str, last: Option<&str>, by: Option<&str>| {
        json!({
            "id": id, "name": "Nightly backup", "team": "web", "service": "shop", "interval_s": 86400, "grace_s": 600, "severity": "critical",
            "state": state, "last_at": last, "expected_by": by,
        })
    };
    let tocsin = Double::answering(
        200,
        json!({"heartbeats": [
            heartbeat("backup", "missing", Some("2026-01-05T09:00:00.123Z"), Some("2026-01-06T09:10:00.123Z")),
            heartbeat("import", "alive", Some("2026-01-06T09:00:00Z"), Some("2026-01-07T09:10:00Z")),
            heartbeat("new", "waiting", None, None),
        ]}),
    );
    expect![[r#"
        HEARTBEAT  STATE           EVERY          LAST                  EXPECTED BY           TEAM  NAME
        backup     MISSING         24 h + 10 min  2026-01-05T09:00:00Z  2026-01-06T09:10:00Z  web   Nightly backup
        import     alive           24 h + 10 min  2026-01-06T09:00:00Z  2026-01-07T09:10:00Z  web   Nightly backup
        new        not pinged yet  24 h + 10 min  -                     -                     web   Nightly backup
    "#]]
    .assert_eq(tocsin.tocsin(&["heartbeats"]).good());
    assert_eq!(tocsin.lines(), ["GET /v1/heartbeats"]);
    let none = Double::answering(200, json!({"heartbeats": []}));
    assert_eq!(none.tocsin(&["heartbeats"]).good(), "There are no heartbeats. Write them under heartbeats: in the configuration.\n");
}
