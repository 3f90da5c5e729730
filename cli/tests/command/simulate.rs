//! `simulate`: who would be paged, word for word.

use super::double::{Answer, Double, Ran, Request, file, run, tocsin};
use expect_test::expect;
use serde_json::json;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/local/example.yaml");

fn simulated(arguments: &[&str]) -> Ran {
    run(tocsin(&["simulate", EXAMPLE]).args(arguments))
}

#[test]
fn an_event_that_nobody_answers_goes_through_all_levels() {
    let ran = simulated(&["--service", "demo", "--at", "2026-01-10T02:00:00Z"]);
    expect![[r#"
        WHEN                     AFTER  INCIDENT  WHO              WHAT
        2026-01-10 02:00:00 UTC  +0 s   #1        sender imagined  triggered: imagined critical of Demonstration (critical, high urgency, policy demo of configuration 0)
        2026-01-10 02:00:00 UTC  +0 s   #1        sender imagined  1 alert joined
        2026-01-10 02:00:00 UTC  +0 s   #1                         level 1: ada by ada-phone at 2026-01-10 02:00:00 UTC (named by the level; rule 1 for high urgency); ada by ada-mail at 2026-01-10 02:00:00 UTC (named by the level; rule 2 for high urgency)
        2026-01-10 02:00:00 UTC  +0 s   #1                         paged ada by e-mail (ada-mail) for level 1 (provider id imagined)
        2026-01-10 02:00:00 UTC  +0 s   #1                         paged ada by text message (ada-phone) for level 1 (provider id imagined)
        2026-01-10 02:00:05 UTC  +5 s   #1                         level 2: grace by grace-phone at 2026-01-10 02:00:05 UTC (named by the level; rule 1 for high urgency); grace by grace-mail at 2026-01-10 02:00:35 UTC (named by the level; rule 2 for high urgency)
        2026-01-10 02:00:05 UTC  +5 s   #1                         paged grace by text message (grace-phone) for level 2 (provider id imagined)
        2026-01-10 02:00:10 UTC  +10 s  #1                         level 3: linus by linus-phone at 2026-01-10 02:00:10 UTC (named by the level; no rule for high urgency: the default)
        2026-01-10 02:00:10 UTC  +10 s  #1                         paged linus by text message (linus-phone) for level 3 (provider id imagined)
        2026-01-10 02:00:15 UTC  +15 s  #1                         every level was paged and nobody answered: the last-resort contact is paged
        2026-01-10 02:00:15 UTC  +15 s  #1                         nobody answered, and the policy has nobody left to page: it stays open until somebody acts
        2026-01-10 02:00:15 UTC  +15 s  #1                         paged the last-resort contact (provider id imagined)
        2026-01-10 02:00:35 UTC  +35 s  #1                         paged grace by e-mail (grace-mail) for level 2 (provider id imagined)
    "#]].assert_eq(ran.good());
}

#[test]
fn an_acknowledgement_stops_it_and_a_snooze_that_ends_begins_again() {
    let ran = simulated(&[
        "--service",
        "shop",
        "--severity",
        "warning",
        "--at",
        "2026-01-12T08:59:30Z",
        "--snooze",
        "grace=40s+1h",
        "--ack",
        "ada=62m",
        "--ends",
        "2h",
    ]);
    expect![[r#"
        WHEN                     AFTER    INCIDENT  WHO              WHAT
        2026-01-12 08:59:30 UTC  +0 s     #1        sender imagined  triggered: imagined warning of Web shop (warning, low urgency, policy web-standard of configuration 0)
        2026-01-12 08:59:30 UTC  +0 s     #1        sender imagined  1 alert joined
        2026-01-12 08:59:30 UTC  +0 s     #1                         level 1: ada by ada-mail at 2026-01-12 08:59:30 UTC (on call in schedule web-weekly: layer 'weekly', turn 1 since 2026-01-05 09:00 Europe/London; rule 1 for low urgency)
        2026-01-12 08:59:30 UTC  +0 s     #1                         paged ada by e-mail (ada-mail) for level 1 (provider id imagined)
        2026-01-12 09:00:10 UTC  +40 s    #1        grace            snoozed until 2026-01-12 10:00:10 UTC
        2026-01-12 10:00:10 UTC  +3640 s  #1                         the snooze ended and nobody had resolved it: triggered again
        2026-01-12 10:00:10 UTC  +3640 s  #1                         level 1: grace by grace-mail at 2026-01-12 10:00:10 UTC (on call in schedule web-weekly: layer 'weekly', turn 2 since 2026-01-12 09:00 Europe/London; rule 1 for low urgency)
        2026-01-12 10:00:10 UTC  +3640 s  #1                         paged grace by e-mail (grace-mail) for level 1 (provider id imagined)
        2026-01-12 10:01:10 UTC  +3700 s  #1                         level 2: ada by ada-mail at 2026-01-12 10:01:10 UTC (named by the level; rule 1 for low urgency); grace by grace-mail at 2026-01-12 10:01:10 UTC (named by the level; rule 1 for low urgency)
        2026-01-12 10:01:10 UTC  +3700 s  #1                         paged ada by e-mail (ada-mail) for level 2 (provider id imagined)
        2026-01-12 10:01:10 UTC  +3700 s  #1                         paged grace by e-mail (grace-mail) for level 2 (provider id imagined)
        2026-01-12 10:01:30 UTC  +3720 s  #1        ada              acknowledged
        2026-01-12 10:59:30 UTC  +7200 s  #1        sender imagined  1 alert resolved, 0 still open
        2026-01-12 10:59:30 UTC  +7200 s  #1        sender imagined  resolved
    "#]].assert_eq(ran.good());
}

#[test]
fn a_recorded_history_is_played_again() {
    let lines = "\
{\"at\": \"2026-01-10T02:00:00Z\", \"do\": \"trigger\", \"service\": \"demo\", \"key\": \"disk\", \"title\": \"Disk full\"}
{\"at\": \"2026-01-10T02:00:03Z\", \"do\": \"acknowledge\", \"by\": \"ada\"}

{\"at\": \"2026-01-10T02:10:00Z\", \"do\": \"end\", \"service\": \"demo\", \"key\": \"disk\"}
{\"at\": \"2026-01-10T02:11:00Z\", \"do\": \"end\", \"service\": \"demo\", \"key\": \"disk\"}
";
    let ran = simulated(&["--events", file("events.jsonl", lines).to_str().unwrap()]);
    expect![[r#"
        WHEN                     AFTER   INCIDENT  WHO              WHAT
        2026-01-10 02:00:00 UTC  +0 s    #1        sender imagined  triggered: Disk full (critical, high urgency, policy demo of configuration 0)
        2026-01-10 02:00:00 UTC  +0 s    #1        sender imagined  1 alert joined
        2026-01-10 02:00:00 UTC  +0 s    #1                         level 1: ada by ada-phone at 2026-01-10 02:00:00 UTC (named by the level; rule 1 for high urgency); ada by ada-mail at 2026-01-10 02:00:00 UTC (named by the level; rule 2 for high urgency)
        2026-01-10 02:00:00 UTC  +0 s    #1                         paged ada by e-mail (ada-mail) for level 1 (provider id imagined)
        2026-01-10 02:00:00 UTC  +0 s    #1                         paged ada by text message (ada-phone) for level 1 (provider id imagined)
        2026-01-10 02:00:03 UTC  +3 s    #1        ada              acknowledged
        2026-01-10 02:10:00 UTC  +600 s  #1        sender imagined  1 alert resolved, 0 still open
        2026-01-10 02:10:00 UTC  +600 s  #1        sender imagined  resolved
          2026-01-10T02:11:00Z: service demo has no open alert of that key: nothing ends
    "#]].assert_eq(ran.good());
    let json = simulated(&["--events", file("events.jsonl", lines).to_str().unwrap(), "--json"]).json();
    assert_eq!(json["entries"][0]["what"]["type"], "triggered");
    let wrong = file("wrong-events.jsonl", "{\"at\": \"2026-01-10T02:00:00Z\", \"do\": \"dance\"}\n");
    assert!(simulated(&["--events", wrong.to_str().unwrap()]).failed().contains("line 1: unknown variant `dance`"));
    let shown = r#"{"number": 7, "service": "demo", "timeline": [
        {"seq": 1, "at": "2026-01-10T02:00:00Z", "type": "triggered", "what": {"severity": "critical", "title": "Disk full"}, "actor": "sender demo-pagerduty"},
        {"seq": 2, "at": "2026-01-10T02:00:00Z", "type": "level_fired", "actor": "Tocsin"},
        {"seq": 3, "at": "2026-01-10T02:00:07Z", "type": "resolved", "actor": "ada"}]}"#;
    let again = simulated(&["--events", file("incident.json", shown).to_str().unwrap()]);
    assert!(again.good().contains("Disk full") && again.out.contains("ada") && again.out.contains("level 2: grace"), "{}", again.out);
    assert_eq!(simulated(&[]).code, Some(2), "neither a service nor events");
}

#[test]
fn what_the_configuration_does_not_have_is_refused() {
    for (wrong, said) in [
        (&["--service", "shpo"][..], "there is no service \"shpo\"\n  did you mean \"shop\"?"),
        (&["--integration", "shop-pagerdty"], "there is no integration \"shop-pagerdty\"\n  did you mean \"shop-pagerduty\"?"),
        (&["--service", "shop", "--ack", "adda=5m"], "there is no user \"adda\"\n  did you mean \"ada\"?"),
        (&["--service", "shop", "--snooze", "grcae=5m+1h"], "there is no user \"grcae\""),
        (&["--service", "shop", "--turn", "web:1=2"], "there is no policy \"web\"\n  did you mean \"web-standard\"?"),
        (&["--service", "shop", "--unverified", "ada-fone"], "there is no contact method \"ada-fone\"\n  did you mean \"ada-phone\"?"),
    ] {
        let ran = simulated(wrong);
        assert!(ran.code == Some(1) && ran.err.contains(said), "{wrong:?}: {}", ran.err);
    }
    assert_eq!(simulated(&["--service", "shop", "--turn", "web-standard:1=18446744073709551615"]).code, Some(2), "no turn is that far");
}

#[test]
fn times_of_a_file_may_count_from_the_first_event() {
    let lines = "\
{\"at\": \"2026-01-10T02:00:00Z\", \"do\": \"trigger\", \"service\": \"demo\", \"key\": \"disk\", \"title\": \"Disk full\"}
{\"at\": \"+3s\", \"do\": \"snooze\", \"by\": \"ada\", \"until\": \"+1h\"}
{\"at\": \"+62m\", \"do\": \"end\", \"service\": \"demo\"}
";
    let ran = simulated(&["--events", file("relative.jsonl", lines).to_str().unwrap()]);
    assert!(ran.good().contains("2026-01-10 02:00:03 UTC  +3 s     #1        ada              snoozed until 2026-01-10 03:00:03 UTC"), "{}", ran.out);
    assert!(ran.out.contains("2026-01-10 03:02:00 UTC  +3720 s"), "{}", ran.out);
    let wrong = file("relative-wrong.jsonl", "{\"at\": \"+soon\", \"do\": \"ping\", \"heartbeat\": \"nightly\"}\n");
    assert!(simulated(&["--events", wrong.to_str().unwrap()]).failed().contains("line 1: at:"));
}

/// A rule, a round robin, and somebody with an unverified phone.
const RULED: &str = "\
version: 1
teams: [{id: web, name: Web}]
users:
  - {id: ada, name: Ada, contact_methods: [{id: ada-sms, kind: sms, to: '+15555550101'}]}
  - {id: grace, name: Grace, contact_methods: [{id: grace-sms, kind: sms, to: '+15555550102'}]}
policies:
  - {id: web, team: web, levels: [{delay_s: 300, targets: [{user: ada}, {user: grace}], round_robin: true}]}
services:
  - id: shop
    name: Shop
    team: web
    policy: web
    rules:
      - {id: test-hosts, when: {field: source, starts_with: test-}, then: {suppress: a test host}}
      - {id: db, when: {field: details.tier, is: db}, then: {severity: warning}}
";

#[test]
fn an_event_with_fields_goes_through_the_rules_and_a_turn_can_be_told() {
    let ruled = file("ruled.yaml", RULED);
    let played = |rest: &[&str]| run(tocsin(&["simulate", ruled.to_str().unwrap(), "--service", "shop", "--at", "2026-01-10T02:00:00Z"]).args(rest));
    expect![[r#"
        WHEN                     AFTER  INCIDENT  WHO              WHAT
        2026-01-10 02:00:00 UTC  +0 s   none      sender imagined  Disk full (service shop): suppressed by rule test-hosts of service shop: a test host
    "#]]
    .assert_eq(played(&["--field", "source=test-1", "--title", "Disk full"]).good());
    let ran = played(&["--field", "details.tier=db", "--title", "Disk full", "--turn", "web:1=2", "--unverified", "grace-sms", "--for", "1m"]);
    expect![[r#"
        WHEN                     AFTER  INCIDENT  WHO              WHAT
        2026-01-10 02:00:00 UTC  +0 s   #1        sender imagined  triggered: Disk full (warning, low urgency, policy web of configuration 0)
        2026-01-10 02:00:00 UTC  +0 s   #1        sender imagined  1 alert joined
        2026-01-10 02:00:00 UTC  +0 s   #1                         applied rule db of service shop on 1 alert: severity warning
        2026-01-10 02:00:00 UTC  +0 s   #1                         level 1: grace by grace-sms at 2026-01-10 02:00:00 UTC (turn 2 of 2: named by the level; no rule for low urgency: the default); not verified: grace-sms: nobody here has a verified way, so the last-resort contact is paged beside them
        2026-01-10 02:00:00 UTC  +0 s   #1                         paged grace by text message (grace-sms) for level 1 (provider id imagined)
        2026-01-10 02:00:00 UTC  +0 s   #1                         paged the last-resort contact (provider id imagined)
    "#]].assert_eq(ran.good());
    assert_eq!(played(&["--field", "colour=red"]).code, Some(2));
    assert_eq!(played(&["--turn", "web:0=1"]).code, Some(2), "levels count from 1");
}

#[test]
fn an_incident_of_the_deployment_is_played_again_against_a_file() {
    let shown = json!({"id": "inc_01KE6P4YM00000000000000001", "number": 7, "service": "shop", "alerts_total": 1,
        "alerts": [{"id": "alr_01KE6P4YM00000000000000001", "integration": "shop-pd", "dedup_key": "disk", "severity": "critical", "summary": "Disk full",
            "source": "web-1", "received_at": "2026-01-10T02:00:00Z", "details": {"tier": "db"}}],
        "timeline": [
            {"seq": 1, "at": "2026-01-10T02:00:00Z", "type": "triggered", "what": {"severity": "critical", "title": "Disk full"}, "actor": "sender shop-pd"},
            {"seq": 2, "at": "2026-01-10T02:00:00Z", "type": "level_fired", "actor": "Tocsin", "what": {"repeat": 0, "level": 0,
                "of": {"policy": "web", "config_version": 3, "level": 0}, "pages": [{"user": "grace", "why": {"turn": {"number": 2, "of": 2}}}]}},
            {"seq": 3, "at": "2026-01-10T02:01:00Z", "type": "acknowledged", "what": {}, "actor": "token tok_1"},
            {"seq": 4, "at": "2026-01-10T02:05:00Z", "type": "alerts_resolved", "what": {"alerts": ["alr_01KE6P4YM00000000000000001"], "still_open": 0}, "actor": "sender shop-pd"},
            {"seq": 5, "at": "2026-01-10T02:05:00Z", "type": "resolved", "what": {}, "actor": "sender shop-pd"}]});
    let double = Double::new(move |request: &Request| match request.line().as_str() {
        "GET /v1/incidents/7" => Answer::json(200, shown.clone()),
        "GET /v1/overrides?from=2026-01-10T02%3A00%3A00Z" => Answer::no_overrides(&[]),
        // It was Grace's turn when the incident began: that counts.
        "GET /v1/turns" => Answer::json(200, json!({"turns": [{"policy": "web", "level": 1, "turn": 9}]})),
        "GET /v1/maintenance?past=true" => Answer::json(200, json!({"windows": []})),
        other => Answer::problem(404, "Not Found", other),
    });
    let ruled = file("ruled-again.yaml", RULED);
    let ran = double.tocsin(&["simulate", ruled.to_str().unwrap(), "--incident", "7"]);
    expect![[r#"
        WHEN                     AFTER   INCIDENT  WHO             WHAT
        2026-01-10 02:00:00 UTC  +0 s    #1        sender shop-pd  triggered: Disk full (warning, low urgency, policy web of configuration 0)
        2026-01-10 02:00:00 UTC  +0 s    #1        sender shop-pd  1 alert joined
        2026-01-10 02:00:00 UTC  +0 s    #1                        applied rule db of service shop on 1 alert: severity warning
        2026-01-10 02:00:00 UTC  +0 s    #1                        level 1: grace by grace-sms at 2026-01-10 02:00:00 UTC (turn 2 of 2: named by the level; no rule for low urgency: the default)
        2026-01-10 02:00:00 UTC  +0 s    #1                        paged grace by text message (grace-sms) for level 1 (provider id imagined)
        2026-01-10 02:01:00 UTC  +60 s   #1        somebody        acknowledged
        2026-01-10 02:05:00 UTC  +300 s  #1        sender shop-pd  1 alert resolved, 0 still open
        2026-01-10 02:05:00 UTC  +300 s  #1        sender shop-pd  resolved
          Maintenance windows of run time are kept for 30 days after their end: which there were then is not known.
    "#]].assert_eq(ran.good());
    assert_eq!(double.lines(), ["GET /v1/incidents/7", "GET /v1/turns", "GET /v1/overrides?from=2026-01-10T02%3A00%3A00Z", "GET /v1/maintenance?past=true"]);
}
