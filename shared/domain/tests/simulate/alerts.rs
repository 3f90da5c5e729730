//! What becomes of alerts: routed, held back, joined, grouped, missed.

use crate::story::story;
use expect_test::expect;
use serde_json::{Value, json};

#[test]
fn a_router_routes_and_rules_set_what_the_incident_is() {
    let routed = json!({
        "teams": [{"id": "web", "name": "Web", "members": [], "integrations": [{"id": "web-router", "kind": "pagerduty"}], "router": {"default": "shop", "rules": [
            {"id": "db", "when": {"field": "component", "is": "db"}, "then": {"route": "db", "severity": "warning", "summary": "DB: {{summary}}"}, "continue": true},
            {"id": "test", "when": {"field": "source", "starts_with": "test-"}, "then": {"drop": "a test host"}}]}}],
    });
    let db = json!({"id": "db", "name": "Database", "team": "web", "policy": "web", "rules": [
        {"id": "slow", "when": {"field": "class", "is": "slow"}, "then": {"suppress": "known to be slow"}},
        {"id": "loud", "when": {"field": "severity", "is": "warning"}, "then": {"urgency": "high", "priority": "P2"}}]});
    story()
        .with(routed)
        .service(db)
        .plays(
            r#"0 {"do": "trigger", "integration": "web-router", "title": "disk full", "component": "db", "key": "a"}
           1 {"do": "trigger", "integration": "web-router", "title": "slow query", "component": "db", "class": "slow", "key": "b"}
           2 {"do": "trigger", "integration": "web-router", "title": "down", "source": "test-1", "key": "c"}
           3 {"do": "trigger", "integration": "web-router", "title": "cart is empty", "key": "d"}
           3.5 {"do": "end", "integration": "web-router"}"#,
        )
        .minutes(60)
        .tells(expect![[r#"
            Mon 09:00:00 #1 sender web-router: triggered: DB: disk full (warning, high urgency, policy web of configuration 0)
            Mon 09:00:00 #1 sender web-router: 1 alert joined
            Mon 09:00:00 #1 applied rule db of team web's router on 1 alert: summary "DB: disk full", severity warning, routed to service db; rule loud of service db on 1 alert: high urgency, priority P2
            Mon 09:00:00 #1 sender web-router: priority set to P2
            Mon 09:00:00 #1 level 1: ada by ada-sms at 2026-01-05 09:00:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:01:00 -- DB: slow query (service db): suppressed by rule slow of service db: known to be slow
            Mon 09:02:00 -- down (service shop): dropped by rule test of team web's router: a test host
            Mon 09:03:00 #2 sender web-router: triggered: cart is empty (critical, high urgency, policy web of configuration 0)
            Mon 09:03:00 #2 sender web-router: 1 alert joined
            Mon 09:03:00 #2 level 1: ada by ada-sms at 2026-01-05 09:03:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:03:00 #2 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:03:30 #1 sender web-router: 1 alert resolved, 0 still open
            Mon 09:03:30 #1 sender web-router: resolved
            Mon 09:03:30 #2 sender web-router: 1 alert resolved, 0 still open
            Mon 09:03:30 #2 sender web-router: resolved
            Mon 09:03:30 -- DB: slow query (service db) is over before anybody had to know
            Mon 09:03:30 -- down (service shop) is over before anybody had to know
        "#]]);
}

#[test]
fn a_pause_waits_and_what_is_over_meanwhile_pages_nobody() {
    story()
        .shop(json!({"rules": [{"id": "transient", "then": {"pause_s": 120}}]}))
        .plays(
            r#"0 {"do": "trigger", "service": "shop", "title": "first", "key": "a"}
           1 {"do": "end", "service": "shop", "key": "a"}
           10 {"do": "trigger", "service": "shop", "title": "second", "key": "a"}
           13 {"do": "acknowledge", "by": "ada"}"#,
        )
        .minutes(20)
        .tells(expect![[r#"
            Mon 09:00:00 #1 sender imagined: triggered: first (critical, high urgency, policy web of configuration 0)
            Mon 09:00:00 #1 sender imagined: 1 alert joined
            Mon 09:00:00 #1 applied rule transient of service shop on 1 alert: paused for 120 s
            Mon 09:00:00 #1 waiting: nobody is paged before 2026-01-05 09:02:00 UTC, and nobody at all if it is over by then
            Mon 09:01:00 #1 sender imagined: 1 alert resolved, 0 still open
            Mon 09:01:00 #1 sender imagined: it was over before anybody was paged
            Mon 09:01:00 #1 sender imagined: resolved
            Mon 09:10:00 #2 sender imagined: triggered: second (critical, high urgency, policy web of configuration 0)
            Mon 09:10:00 #2 sender imagined: 1 alert joined
            Mon 09:10:00 #2 applied rule transient of service shop on 1 alert: paused for 120 s
            Mon 09:10:00 #2 waiting: nobody is paged before 2026-01-05 09:12:00 UTC, and nobody at all if it is over by then
            Mon 09:12:00 #2 level 1: ada by ada-sms at 2026-01-05 09:12:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:12:00 #2 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:13:00 #2 ada: acknowledged
        "#]]);
}

#[test]
fn a_threshold_counts_repetitions_and_lets_those_go_that_it_held() {
    let rules = json!([{"id": "often", "then": {"threshold": {"events": 3, "within_s": 60}}}]);
    story()
        .shop(json!({"rules": rules, "grouping": {"by": "time", "window_s": 600}}))
        .plays(
            r#"0 {"do": "trigger", "service": "shop", "title": "once", "key": "a"}
           5 {"do": "trigger", "service": "shop", "title": "one", "key": "b"}
           5.2 {"do": "trigger", "service": "shop", "title": "two", "key": "c"}
           5.4 {"do": "trigger", "service": "shop", "title": "two", "key": "c"}
           6 {"do": "acknowledge", "by": "ada"}"#,
        )
        .minutes(12)
        .tells(expect![[r#"
            Mon 09:00:00 -- once (service shop): suppressed by rule often of service shop: 1 of 3 events in 60 s (looked at again at 2026-01-05 09:01:00 UTC)
            Mon 09:01:00 -- once (service shop): suppressed by rule often of service shop: 0 of 3 events in 60 s
            Mon 09:05:00 -- one (service shop): suppressed by rule often of service shop: 1 of 3 events in 60 s (looked at again at 2026-01-05 09:06:00 UTC)
            Mon 09:05:12 -- two (service shop): suppressed by rule often of service shop: 2 of 3 events in 60 s (looked at again at 2026-01-05 09:06:00 UTC)
            Mon 09:05:24 #1 sender imagined: triggered: two (critical, high urgency, policy web of configuration 0)
            Mon 09:05:24 #1 sender imagined: 1 alert joined
            Mon 09:05:24 #1 applied rule often of service shop on 1 alert: pages from 3 events in 60 s on
            Mon 09:05:24 #1 1 alert released: alr_01KE6PEFA00000000000000003 was suppressed by rule often of service shop: 2 of 3 events in 60 s (looked at again at 2026-01-05 09:06:00 UTC)
            Mon 09:05:24 #1 sender imagined: 1 alert joined
            Mon 09:05:24 #1 applied rule often of service shop on 1 alert: pages from 3 events in 60 s on
            Mon 09:05:24 #1 1 alert released: alr_01KE6PE3K00000000000000002 was suppressed by rule often of service shop: 1 of 3 events in 60 s (looked at again at 2026-01-05 09:06:00 UTC)
            Mon 09:05:24 #1 level 1: ada by ada-sms at 2026-01-05 09:05:24 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:05:24 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:06:00 #1 ada: acknowledged
        "#]]);
}

#[test]
fn maintenance_keeps_alerts_from_people_until_it_ends() {
    let window = json!({"maintenance": [{"id": "backup", "reason": "weekly backup", "services": ["shop"], "time_zone": "Europe/London",
        "weekly": [{"from": "mon 09:00", "to": "mon 10:00"}]}]});
    story()
        .with(window.clone())
        .plays(
            r#"10 {"do": "trigger", "service": "shop", "title": "short", "key": "a"}
           20 {"do": "end", "service": "shop", "key": "a"}
           30 {"do": "trigger", "service": "shop", "title": "long", "key": "b"}
           61 {"do": "acknowledge", "by": "ada"}"#,
        )
        .minutes(100)
        .tells(expect![[r#"
            Mon 09:10:00 -- short (service shop): suppressed by maintenance window backup: weekly backup (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 09:20:00 -- short (service shop) is over before anybody had to know
            Mon 09:30:00 -- long (service shop): suppressed by maintenance window backup: weekly backup (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 10:00:00 #1 sender imagined: triggered: long (critical, high urgency, policy web of configuration 0)
            Mon 10:00:00 #1 sender imagined: 1 alert joined
            Mon 10:00:00 #1 1 alert released: alr_01KE6QVWE00000000000000002 was suppressed by maintenance window backup: weekly backup (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 10:00:00 #1 level 1: ada by ada-sms at 2026-01-05 10:00:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 10:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 10:01:00 #1 ada: acknowledged
        "#]]);
    story()
        .with(window)
        .plays(
            r#"30 {"do": "trigger", "service": "shop", "title": "long", "key": "b"}
           40 {"do": "end_maintenance", "id": "backup"}
           41 {"do": "resolve", "by": "ada"}
           50 {"do": "maintain", "id": "move", "reason": "moving house", "services": ["shop"], "until": "2026-01-05T10:00:00Z"}
           55 {"do": "trigger", "service": "shop", "title": "moved", "key": "c"}
           61 {"do": "resolve", "by": "ada"}
           62 {"do": "end_maintenance", "id": "move"}"#,
        )
        .minutes(100)
        .tells(expect![[r#"
            Mon 09:30:00 -- long (service shop): suppressed by maintenance window backup: weekly backup (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 09:40:00 #1 sender imagined: triggered: long (critical, high urgency, policy web of configuration 0)
            Mon 09:40:00 #1 sender imagined: 1 alert joined
            Mon 09:40:00 #1 1 alert released: alr_01KE6QVWE00000000000000001 was suppressed by maintenance window backup: weekly backup (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 09:40:00 #1 level 1: ada by ada-sms at 2026-01-05 09:40:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:40:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:41:00 #1 ada: resolved
            Mon 09:55:00 -- moved (service shop): suppressed by maintenance window move: moving house (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 10:00:00 #2 sender imagined: triggered: moved (critical, high urgency, policy web of configuration 0)
            Mon 10:00:00 #2 sender imagined: 1 alert joined
            Mon 10:00:00 #2 1 alert released: alr_01KE6S9N900000000000000002 was suppressed by maintenance window move: moving house (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 10:00:00 #2 level 1: ada by ada-sms at 2026-01-05 10:00:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 10:00:00 #2 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 10:01:00 #2 ada: resolved
            2026-01-05T10:02:00Z: maintenance window move does not run: nothing ends
        "#]]);
}

#[test]
fn an_alert_of_a_service_joins_the_incident_of_what_it_depends_on() {
    story()
        .shop(json!({"depends_on": ["db"], "attach_to_upstream": true}))
        .service(json!({"id": "db", "name": "Database", "team": "web", "policy": "web"}))
        .plays(
            r#"0 {"do": "trigger", "service": "db", "title": "disk full", "severity": "warning", "key": "a"}
           1 {"do": "trigger", "service": "shop", "title": "checkout fails", "severity": "critical", "key": "b"}
           2 {"do": "end", "key": "a"}
           3 {"do": "end", "key": "b"}
           4 {"do": "trigger", "service": "shop", "title": "checkout fails again", "key": "b"}
           4.5 {"do": "resolve", "by": "ada"}"#,
        )
        .minutes(60)
        .tells(expect![[r#"
            Mon 09:00:00 #1 sender imagined: triggered: disk full (warning, low urgency, policy web of configuration 0)
            Mon 09:00:00 #1 sender imagined: 1 alert joined
            Mon 09:00:00 #1 level 1: ada by ada-sms at 2026-01-05 09:00:00 UTC (named by the level; no rule for low urgency: the default)
            Mon 09:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:01:00 #1 sender imagined: 1 alert joined
            Mon 09:01:00 #1 sender imagined: raised to critical (high urgency)
            Mon 09:01:00 #1 1 alert of shop joined: this service is down, and they depend on it
            Mon 09:01:00 #1 level 1: ada by ada-sms at 2026-01-05 09:01:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:01:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:02:00 #1 sender imagined: 1 alert resolved, 1 still open
            Mon 09:03:00 #1 sender imagined: 1 alert resolved, 0 still open
            Mon 09:03:00 #1 sender imagined: resolved
            Mon 09:04:00 #2 sender imagined: triggered: checkout fails again (critical, high urgency, policy web of configuration 0)
            Mon 09:04:00 #2 sender imagined: 1 alert joined
            Mon 09:04:00 #2 level 1: ada by ada-sms at 2026-01-05 09:04:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:04:00 #2 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:04:30 #2 ada: resolved
        "#]]);
}

#[test]
fn alerts_are_grouped_by_time_and_by_fields() {
    let by = |grouping: Value| story().shop(json!({"grouping": grouping}));
    let lines = r#"0 {"do": "trigger", "service": "shop", "title": "x", "component": "db", "key": "a"}
           1 {"do": "trigger", "service": "shop", "title": "x", "component": "db", "key": "b"}
           2 {"do": "trigger", "service": "shop", "title": "x", "component": "web", "key": "c"}
           3 {"do": "acknowledge", "by": "ada"}
           11 {"do": "trigger", "service": "shop", "title": "x", "component": "db", "key": "d"}
           12 {"do": "resolve", "by": "ada"}"#;
    by(json!({"by": "time", "window_s": 600})).plays(lines).minutes(13).tells(expect![[r#"
        Mon 09:00:00 #1 sender imagined: triggered: x (critical, high urgency, policy web of configuration 0)
        Mon 09:00:00 #1 sender imagined: 1 alert joined
        Mon 09:00:00 #1 level 1: ada by ada-sms at 2026-01-05 09:00:00 UTC (named by the level; no rule for high urgency: the default)
        Mon 09:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
        Mon 09:01:00 #1 sender imagined: 1 alert joined
        Mon 09:02:00 #1 sender imagined: 1 alert joined
        Mon 09:03:00 #1 ada: acknowledged
        Mon 09:11:00 #2 sender imagined: triggered: x (critical, high urgency, policy web of configuration 0)
        Mon 09:11:00 #2 sender imagined: 1 alert joined
        Mon 09:11:00 #2 level 1: ada by ada-sms at 2026-01-05 09:11:00 UTC (named by the level; no rule for high urgency: the default)
        Mon 09:11:00 #2 paged ada by text message (ada-sms) for level 1 (provider id imagined)
        Mon 09:12:00 #1 ada: resolved
        Mon 09:12:00 #2 ada: resolved
    "#]]);
    by(json!({"by": "fields", "fields": ["component"], "window_s": 600})).plays(lines).minutes(13).tells(expect![[r#"
        Mon 09:00:00 #1 sender imagined: triggered: x (critical, high urgency, policy web of configuration 0)
        Mon 09:00:00 #1 sender imagined: 1 alert joined
        Mon 09:00:00 #1 level 1: ada by ada-sms at 2026-01-05 09:00:00 UTC (named by the level; no rule for high urgency: the default)
        Mon 09:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
        Mon 09:01:00 #1 sender imagined: 1 alert joined
        Mon 09:02:00 #2 sender imagined: triggered: x (critical, high urgency, policy web of configuration 0)
        Mon 09:02:00 #2 sender imagined: 1 alert joined
        Mon 09:02:00 #2 level 1: ada by ada-sms at 2026-01-05 09:02:00 UTC (named by the level; no rule for high urgency: the default)
        Mon 09:02:00 #2 paged ada by text message (ada-sms) for level 1 (provider id imagined)
        Mon 09:03:00 #1 ada: acknowledged
        Mon 09:03:00 #2 ada: acknowledged
        Mon 09:11:00 #3 sender imagined: triggered: x (critical, high urgency, policy web of configuration 0)
        Mon 09:11:00 #3 sender imagined: 1 alert joined
        Mon 09:11:00 #3 level 1: ada by ada-sms at 2026-01-05 09:11:00 UTC (named by the level; no rule for high urgency: the default)
        Mon 09:11:00 #3 paged ada by text message (ada-sms) for level 1 (provider id imagined)
        Mon 09:12:00 #1 ada: resolved
        Mon 09:12:00 #2 ada: resolved
        Mon 09:12:00 #3 ada: resolved
    "#]]);
}

#[test]
fn a_heartbeat_that_is_missing_opens_an_incident_and_a_ping_closes_it() {
    let beats = json!({"heartbeats": [{"id": "nightly", "name": "Nightly job", "service": "shop", "interval_s": 600, "grace_s": 60}]});
    story()
        .with(beats)
        .plays(
            r#"0 {"do": "ping", "heartbeat": "nightly"}
           9 {"do": "ping", "heartbeat": "nightly"}
           22 {"do": "ping", "heartbeat": "nightly"}
           23 {"do": "ping", "heartbeat": "daily"}"#,
        )
        .minutes(30)
        .tells(expect![[r#"
            Mon 09:20:00 #1 sender nightly: triggered: Heartbeat Nightly job is missing: the last one came at 2026-01-05T09:09:00Z, one is expected every 10 min (critical, high urgency, policy web of configuration 0)
            Mon 09:20:00 #1 sender nightly: 1 alert joined
            Mon 09:20:00 #1 level 1: ada by ada-sms at 2026-01-05 09:20:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:20:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:22:00 #1 sender nightly: 1 alert resolved, 0 still open
            Mon 09:22:00 #1 sender nightly: resolved
            2026-01-05T09:23:00Z: there is no heartbeat daily: nobody hears the ping
        "#]]);
}
