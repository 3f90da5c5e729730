//! `incidents`, `show`, what responders do, and `oncall`.

use super::double::{Answer, Double, Request};
use expect_test::expect;
use serde_json::{Value, json};

fn incident(number: u64, status: &str, title: &str) -> Value {
    json!({
        "id": "inc_00000000010000000000000002", "number": number, "title": title, "status": status, "severity": "critical", "urgency": "high",
        "service": "shop", "team": "web", "opened_at": "2020-01-05T09:00:00Z", "generation": 1, "alerts_open": 1, "alerts_total": 2, "unanswered": false,
    })
}

/// Without the time that passed since, which is another each day.
fn timeless(text: &str) -> String {
    let words = text.split(' ').collect::<Vec<_>>();
    let days = |i: &usize| words.get(i + 1).is_some_and(|w| *w == "days") && words[*i].parse::<u32>().is_ok();
    words.iter().enumerate().map(|(i, w)| if days(&i) { "N" } else { w }).collect::<Vec<_>>().join(" ")
}

#[test]
fn open_incidents_in_a_table() {
    let mut unanswered = incident(13, "triggered", "queue \u{1b}]0;owned\u{7}stuck");
    unanswered["unanswered"] = json!(true);
    unanswered["priority"] = json!("P1");
    let tocsin = Double::answering(200, json!({"incidents": [incident(12, "acknowledged", "Checkout is slow"), unanswered], "next": null}));
    expect![[r#"
        N    STATUS        SEVERITY  PRIORITY  SERVICE  OPENED         ALERTS  TITLE
        #12  acknowledged  critical  -         shop     N days ago  1/2     Checkout is slow
        #13  UNANSWERED    critical  P1        shop     N days ago  1/2     queue ]0;owned stuck
    "#]]
    .assert_eq(&timeless(tocsin.tocsin(&["incidents"]).good()));
    assert_eq!(tocsin.lines(), ["GET /v1/incidents?status=open&limit=50"]);
}

#[test]
fn no_incidents() {
    let tocsin = Double::answering(200, json!({"incidents": [], "next": null}));
    assert_eq!(tocsin.tocsin(&["incidents"]).good(), "No open incidents.\n");
    assert_eq!(tocsin.tocsin(&["incidents", "--all"]).good(), "No incidents yet.\n");
    assert_eq!(tocsin.tocsin(&["incidents", "--json"]).json(), json!({"incidents": []}));
}

#[test]
fn all_incidents_of_a_team_over_several_pages() {
    let tocsin = Double::new(|request: &Request| {
        let page = |number, next: Value| Answer::json(200, json!({"incidents": [incident(number, "resolved", "x")], "next": next}));
        match request.path.as_str() {
            path if path.contains("status=open") => page(1, Value::Null),
            path if path.contains("after=") => page(3, json!("inc_b")),
            _ => page(2, json!("inc_a")),
        }
    });
    let found = tocsin.tocsin(&["incidents", "--all", "--team", "web", "--limit", "2", "--json"]).json();
    let numbers: Vec<u64> = found["incidents"].as_array().unwrap().iter().map(|i| i["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(
        tocsin.lines(),
        [
            "GET /v1/incidents?status=open&limit=2&team=web",
            "GET /v1/incidents?status=resolved&limit=2&team=web",
            "GET /v1/incidents?status=resolved&limit=1&team=web&after=inc_a",
        ]
    );
}

#[test]
fn one_incident_with_its_story() {
    let mut detail = incident(12, "acknowledged", "Checkout is slow");
    detail["acknowledged_by"] = json!("ada");
    detail["priority"] = json!("P2");
    detail["timeline"] = json!([
        {"seq": 1, "at": "2020-01-05T09:00:00Z", "actor": "Tocsin", "type": "triggered", "text": "triggered: Checkout is slow"},
        {"seq": 2, "at": "2020-01-05T09:00:01Z", "actor": "ada", "type": "noted", "text": "on\r\nit \u{202e}"},
    ]);
    detail["changes"] =
        json!([{"at": "2020-01-05T08:41:00Z", "summary": "deployed shop 1.2", "source": "ci", "integration": "ci", "links": [], "details": null}]);
    detail["alerts"] = json!([{"state": "open", "severity": "critical", "dedup_key": "checkout", "summary": "Checkout is slow"}]);
    let tocsin = Double::answering(200, detail.clone());
    expect![[r#"
        #12 Checkout is slow
        acknowledged by ada, critical, P2, service shop, team web, opened N days ago, 1 of 2 alerts open

        ALERT  SEVERITY  KEY       SUMMARY
        open   critical  checkout  Checkout is slow

        UTC                  BY  CHANGED IN THE HOUR BEFORE
        2020-01-05 08:41:00  ci  deployed shop 1.2

        UTC                  WHO     WHAT
        2020-01-05 09:00:00  Tocsin  triggered: Checkout is slow
        2020-01-05 09:00:01  ada     on it
    "#]]
    .assert_eq(&timeless(tocsin.tocsin(&["show", "#12"]).good()));
    assert_eq!(tocsin.lines(), ["GET /v1/incidents/12"]);
    assert_eq!(tocsin.tocsin(&["show", "inc_00000000010000000000000002", "--json"]).json(), detail);
    assert_eq!(tocsin.lines()[1], "GET /v1/incidents/inc_00000000010000000000000002");
}

#[test]
fn what_was_deleted_meanwhile() {
    let mut detail = incident(12, "triggered", "Checkout is slow");
    detail["gone"] = json!([
        {"kind": "service", "id": "billing", "name": "Billing \u{1b}API", "since_version": 3},
        {"kind": "policy", "id": "p", "since_version": 3},
        {"kind": "schedule", "id": "nights", "name": "Nights", "since_version": 3},
        {"kind": "user", "id": "ada"},
        {"kind": "later", "id": "x"},
    ]);
    expect![[r#"
        #12 Checkout is slow
        triggered, critical, service shop, team web, opened N days ago, 1 of 2 alerts open
        gone       service billing ("Billing API") was deleted from the configuration since version 3; the escalation keeps what it began with
        gone       policy p was deleted from the configuration since version 3; the escalation keeps what it began with
        gone       schedule nights ("Nights") was deleted from the configuration since version 3; levels that name it page nobody by it
        gone       user ada is not in the configuration; they are not paged any more
        gone       later x is not in the configuration
    "#]]
    .assert_eq(&timeless(Double::answering(200, detail.clone()).tocsin(&["show", "12"]).good()));
    detail["status"] = json!("resolved");
    detail["gone"].as_array_mut().unwrap().truncate(1);
    let shown = Double::answering(200, detail).tocsin(&["show", "12"]).good().to_owned();
    assert!(shown.ends_with("was deleted from the configuration since version 3\n"), "nothing is paged any more: {shown}");
}

#[test]
fn why_each_page_was_planned() {
    let mut detail = incident(12, "triggered", "Checkout is slow");
    detail["timeline"] = json!([{
        "seq": 2, "at": "2020-01-05T09:00:00Z", "actor": "Tocsin", "type": "level_fired", "text": "level 1: ada by ada-sms",
        "why": ["ada by ada-sms at 2020-01-05 09:00:00 UTC: policy shop of configuration 3, level 1, round 1; named by the level; rule 1 for high urgency"],
    }]);
    let tocsin = Double::answering(200, detail.clone());
    let shown = tocsin.tocsin(&["show", "12", "--why"]).good().to_owned();
    assert!(shown.ends_with(
        "Why each page was planned:\n  ada by ada-sms at 2020-01-05 09:00:00 UTC: policy shop of configuration 3, level 1, round 1; named by the level; rule 1 for high urgency\n"
    ), "{shown}");
    detail["timeline"] = json!([]);
    let tocsin = Double::answering(200, detail);
    assert!(tocsin.tocsin(&["show", "12", "--why"]).good().ends_with("No page was planned yet.\n"));
}

#[test]
fn what_responders_do() {
    let tocsin = Double::answering(200, incident(12, "acknowledged", "Checkout is slow"));
    for (arguments, line, body) in [
        (&["ack", "12"][..], "acknowledge", Value::Null),
        (&["unack", "12"], "unacknowledge", Value::Null),
        (&["resolve", "12"], "resolve", Value::Null),
        (&["reopen", "12"], "reopen", Value::Null),
        (&["escalate", "12"], "escalate", Value::Null),
        (&["note", "12", "looking", "at it"], "notes", json!({"text": "looking at it"})),
        (&["snooze", "12", "1h30m"], "snooze", json!({"duration_s": 5400})),
        (
            &["reassign", "12", "--user", "ada", "--schedule", "weekly", "--team", "web"],
            "reassign",
            json!({"to": [{"user": "ada"}, {"schedule": "weekly"}, {"team": "web"}]}),
        ),
        (&["respond", "12", "--user", "bob", "the", "database"], "responders", json!({"to": [{"user": "bob"}], "message": "the database"})),
        (&["respond", "12", "--team", "db"], "responders", json!({"to": [{"team": "db"}]})),
        (&["title", "12", "Disk", "full"], "title", json!({"title": "Disk full"})),
        (
            &["field", "12", "hit=12", "eu=true", "cause=the disk", "old=", "version=1.10", "ticket=123456789012345678901"],
            "fields",
            json!({"fields": {"hit": 12, "eu": true, "cause": "the disk", "old": null, "version": "1.10", "ticket": "123456789012345678901"}}),
        ),
        (&["bridge", "12", "tel:+1555"], "bridge", json!({"bridge": "tel:+1555"})),
        (&["bridge", "12", "none"], "bridge", json!({"bridge": null})),
        (&["merge", "12", "#13", "14"], "merge", json!({"sources": ["13", "14"]})),
        (&["split", "12", "alt_1", "--title", "Disk"], "split", json!({"alerts": ["alt_1"], "title": "Disk"})),
        (&["accept", "12"], "responders/accept", json!({})),
        (&["decline", "12", "--user", "bob"], "responders/decline", json!({"user": "bob"})),
        (&["priority", "12", "p1"], "priority", json!({"priority": "P1"})),
        (&["urgency", "12", "low"], "urgency", json!({"urgency": "low"})),
        (&["priority", "12", "none"], "priority", json!({"priority": null})),
    ] {
        assert_eq!(tocsin.tocsin(arguments).good(), "#12 acknowledged: Checkout is slow\n", "{arguments:?}");
        let request = tocsin.seen().pop().unwrap();
        assert_eq!((request.line(), request.json()), (format!("POST /v1/incidents/12/{line}"), body), "{arguments:?}");
        assert_eq!(request.header("authorization"), "Bearer SECRET-TOKEN");
    }
}

#[test]
fn many_in_one_request() {
    let tocsin = Double::answering(
        200,
        json!({"results": [{"reference": "12", "status": 200, "incident": incident(12, "resolved", "x")}, {"reference": "13", "status": 404, "problem": {"detail": "incident 13 not found"}}]}),
    );
    let ran = tocsin.tocsin(&["bulk", "resolve", "12", "#13"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(1), "#12 resolved: x\n", "tocsin: 13: incident 13 not found\n"));
    let request = tocsin.seen().pop().unwrap();
    assert_eq!((request.line().as_str(), request.json()), ("POST /v1/incidents/bulk", json!({"incidents": ["12", "13"], "command": {"resolve": {}}})));
}

#[test]
fn one_that_fails_does_not_keep_the_others() {
    let tocsin = Double::new(|request: &Request| match request.path.as_str() {
        "/v1/incidents/12/acknowledge" => Answer::problem(409, "Conflict", "the incident is resolved: only notes and its priority can change"),
        _ => Answer::json(200, incident(13, "acknowledged", "Other")),
    });
    let ran = tocsin.tocsin(&["ack", "12", "13"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.out, "#13 acknowledged: Other\n");
    expect![[r#"
        tocsin: #12: the incident is resolved: only notes and its priority can change
    "#]]
    .assert_eq(&ran.err);
    let json = tocsin.tocsin(&["ack", "12", "13", "--json"]).json();
    assert_eq!((json[0]["error"]["status"].clone(), json[1]["number"].clone()), (json!(409), json!(13)));
    expect![[r#"
        tocsin: the incident is resolved: only notes and its priority can change
          see how it stands: tocsin show N
    "#]]
    .assert_eq(tocsin.tocsin(&["ack", "12"]).failed());
}

#[test]
fn who_is_on_call_and_why() {
    let answer = json!({"at": "2026-01-05T09:00:00Z", "schedules": [
        {"schedule": "weekly", "team": "web", "on_call": [{"user": "ada", "name": "Ada", "reason": "layer 'weekly', turn 12"}]},
        {"schedule": "nights", "team": "web", "on_call": []},
    ]});
    let tocsin = Double::answering(200, answer.clone());
    expect![[r#"
        SCHEDULE  TEAM  ON CALL    WHY
        weekly    web   Ada (ada)  layer 'weekly', turn 12
        nights    web   nobody
    "#]]
    .assert_eq(tocsin.tocsin(&["oncall"]).good());
    assert_eq!(tocsin.tocsin(&["oncall", "--json"]).json(), answer);
    assert_eq!(tocsin.lines()[0], "GET /v1/oncall");
}

#[test]
fn all_that_the_api_does_to_many_is_a_word_of_bulk() {
    let tocsin = Double::answering(200, json!({"results": []}));
    let table: [(&[&str], serde_json::Value); 10] = [
        (&["ack", "12"], json!({"acknowledge": {}})),
        (&["unack", "12"], json!({"unacknowledge": {}})),
        (&["resolve", "12"], json!({"resolve": {}})),
        (&["reopen", "12"], json!({"reopen": {}})),
        (&["escalate", "12"], json!({"escalate": {}})),
        (&["note", "12", "--text", "seen"], json!({"note": {"text": "seen"}})),
        (&["snooze", "12", "--for", "2h"], json!({"snooze": {"duration_s": 7200}})),
        (&["reassign", "12", "--user", "ada", "--team", "db"], json!({"reassign": {"to": [{"user": "ada"}, {"team": "db"}]}})),
        (&["priority", "12", "--to", "P2"], json!({"priority": {"priority": "P2"}})),
        (&["urgency", "12", "--to", "low"], json!({"urgency": {"urgency": "low"}})),
    ];
    let mut keys = std::collections::BTreeSet::new();
    for (arguments, command) in table {
        let arguments: Vec<&str> = ["bulk"].into_iter().chain(arguments.iter().copied()).collect();
        tocsin.tocsin(&arguments).good();
        let request = tocsin.seen().pop().unwrap();
        assert_eq!((request.line().as_str(), request.json()), ("POST /v1/incidents/bulk", json!({"incidents": ["12"], "command": command})));
        assert!(keys.insert(request.header("idempotency-key").to_owned()) && request.header("idempotency-key").len() > 30, "a key of its own each");
    }
    // Every action that the API knows stands in the table.
    let document: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let known = document["components"]["schemas"]["BulkCommand"]["oneOf"].as_array().unwrap().len();
    assert_eq!(known, keys.len());
}

#[test]
fn many_incidents_are_read_from_standard_input() {
    use std::io::Write;
    let tocsin = Double::answering(200, json!({"results": []}));
    let mut command = super::double::tocsin(&["bulk", "ack", "7", "-"]);
    command.env("TOCSIN_URL", &tocsin.address).env("TOCSIN_API_TOKEN", "SECRET-TOKEN").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    // 300 of them: two requests, each with a key of its own.
    let numbers: String = (1..=300).map(|n| format!("#{n}\n")).collect();
    child.stdin.take().unwrap().write_all(numbers.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let seen = tocsin.seen();
    let counts: Vec<usize> = seen.iter().map(|r| r.json()["incidents"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [250, 50], "7 stands twice, and is meant once");
    assert_ne!(seen[0].header("idempotency-key"), seen[1].header("idempotency-key"));
}

#[test]
fn what_a_filter_finds_is_counted_before_it_is_done() {
    let double = || {
        Double::new(|request: &Request| {
            if request.method == "POST" {
                return Answer::json(200, json!({"results": [{"reference": "12", "status": 200, "incident": incident(12, "resolved", "x")}]}));
            }
            let mut other = incident(13, "triggered", "y");
            other["service"] = json!("blog");
            Answer::json(200, json!({"incidents": [incident(12, "triggered", "x"), other, incident(14, "acknowledged", "z")], "next": null}))
        })
    };
    let tocsin = double();
    let ran = tocsin.tocsin(&["bulk", "resolve", "--open", "--service", "shop"]);
    assert!(ran.failed().contains("2 open incidents are meant (#12, #14): nothing was done yet") && ran.err.contains("--yes"), "{ran:?}");
    assert!(!tocsin.lines().iter().any(|l| l.starts_with("POST")));
    let tocsin = double();
    tocsin.tocsin(&["bulk", "resolve", "--open", "--service", "shop", "--triggered", "--yes"]).good();
    assert_eq!(tocsin.seen().pop().unwrap().json()["incidents"], json!(["12"]));
    assert_eq!(tocsin.tocsin(&["bulk", "resolve", "--open", "--service", "nothing", "--yes"]).good(), "");
    for wrong in [&["bulk", "resolve"][..], &["bulk", "resolve", "12", "--open"], &["bulk", "resolve", "12", "--service", "shop"], &["bulk", "note", "12"]] {
        assert_eq!(double().tocsin(wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn what_is_more_than_is_done_at_once_is_said() {
    use std::io::Write;
    use std::process::Stdio;
    let tocsin = Double::new(|request: &Request| {
        let from: u64 = request.line().split_once("after=").and_then(|(_, a)| a.parse().ok()).unwrap_or(1);
        let page: Vec<Value> = (from..from + 100).map(|n| incident(n, "triggered", "x")).collect();
        Answer::json(200, json!({"incidents": page, "next": (from + 100).to_string()}))
    });
    let ran = tocsin.tocsin(&["bulk", "ack", "--open"]);
    assert!(ran.failed().contains("1000 open incidents are meant") && ran.err.contains("more than 1000 incidents are open: the oldest 1000"), "{ran:?}");
    let mut command = super::double::tocsin(&["bulk", "ack", "-"]);
    command.env("TOCSIN_URL", &tocsin.address).env("TOCSIN_API_TOKEN", "SECRET-TOKEN");
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // It may end before all of it is written.
    let _ = child.stdin.take().unwrap().write_all("12345 ".repeat(200_000).as_bytes());
    let ran = child.wait_with_output().unwrap();
    assert!(ran.status.code() == Some(1) && String::from_utf8_lossy(&ran.stderr).contains("more than 1048576 bytes are too many"), "{ran:?}");
}

#[test]
fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let count = std::sync::atomic::AtomicU32::new(0);
    let tocsin = Double::new(move |_: &Request| match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Answer::problem(503, "Unavailable", "trying again is harmless"),
        1 => Answer::text(504, "text/plain", "gateway timeout"),
        _ => Answer::json(200, incident(12, "acknowledged", "x")),
    });
    assert_eq!(tocsin.tocsin(&["ack", "12"]).good(), "#12 acknowledged: x\n");
    let keys: std::collections::BTreeSet<String> = tocsin.seen().iter().map(|r| r.header("idempotency-key").to_owned()).collect();
    assert_eq!((tocsin.seen().len(), keys.len()), (3, 1));
    // What was refused is not asked again; two commands have two keys.
    let tocsin = Double::new(|_: &Request| Answer::problem(409, "Conflict", "the incident is resolved"));
    tocsin.tocsin(&["ack", "12"]).failed();
    tocsin.tocsin(&["resolve", "12"]).failed();
    let keys: std::collections::BTreeSet<String> = tocsin.seen().iter().map(|r| r.header("idempotency-key").to_owned()).collect();
    assert_eq!((tocsin.seen().len(), keys.len()), (2, 2));
}
