//! `trace` and `audit`.

use super::double::{Answer, Double, Request};
use expect_test::expect;
use serde_json::json;

#[test]
fn where_an_event_ended_in_words() {
    let tocsin = Double::answering(200, json!({"sentences": ["Alert alr_1 came and opened incident #1."], "alerts": []}));
    assert_eq!(
        tocsin.tocsin(&["trace", "srv/1 #2", "--integration", "shop-pd", "--at", "2026-01-05T09:00:00Z"]).good(),
        "Alert alr_1 came and opened incident #1.\n"
    );
    assert_eq!(tocsin.lines(), ["GET /v1/trace?of=srv%2F1+%232&integration=shop-pd&at=2026-01-05T09%3A00%3A00Z"]);
}

fn page(alerts: u64, violations: serde_json::Value, next: Option<&str>) -> serde_json::Value {
    json!({
        "holds": violations.as_array().unwrap().is_empty(), "alerts": alerts, "events": alerts * 3, "opened": alerts, "joined": 0, "kept": 0, "waiting": 0,
        "lost": 0, "violations": violations, "next": next,
    })
}

const SPAN: [&str; 5] = ["audit", "--from", "2026-01-05T00:00:00Z", "--until", "2026-01-06T00:00:00Z"];

#[test]
fn an_audit_adds_up_all_its_pages() {
    let tocsin = Double::new(|request: &Request| match request.path.contains("after=data%2F") {
        false => Answer::json(200, page(200, json!([]), Some("data/"))),
        true => Answer::json(200, page(7, json!([]), None)),
    });
    expect![[r#"
        207 alerts with 621 events came from 2026-01-05T00:00:00Z to 2026-01-06T00:00:00Z.
        207 opened an incident, 0 joined one, 0 page nobody for a reason, 0 wait to be handled, 0 are lost.
        The ledger holds: everything that came in is accounted for.
    "#]]
    .assert_eq(tocsin.tocsin(&SPAN).good());
    assert_eq!(tocsin.lines().len(), 2);
}

#[test]
fn what_is_wrong_is_said_with_what_to_do_and_fails() {
    let violation = json!({"sentence": "alr_1 is lost. Restore it.", "violation": {"is": "alert_lost", "alert": "alr_1"}});
    let tocsin = Double::answering(200, page(1, json!([violation]), None));
    let ran = tocsin.tocsin(&SPAN);
    assert_eq!(ran.code, Some(1));
    expect![[r#"
        1 alerts with 3 events came from 2026-01-05T00:00:00Z to 2026-01-06T00:00:00Z.
        1 opened an incident, 0 joined one, 0 page nobody for a reason, 0 wait to be handled, 0 are lost.
        WRONG: alr_1 is lost. Restore it.
        The ledger does not hold.
    "#]]
    .assert_eq(&ran.out);
}
