//! What the simulation foretells, word for word, feature by feature. 2026-01-05 is a Monday; London is at UTC in winter.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use jiff::Timestamp;
use serde_json::{Value, json};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::foresight::simulate::{Around, Imagined, simulate_in};
use tocsin_domain::incident::timeline::Actor;

/// Three people, a policy of two levels, one service; `with` is put into it.
fn configuration(with: Value) -> Configuration {
    let person = |id: &str| json!({"id": id, "name": id, "contact_methods": [{"id": format!("{id}-sms"), "kind": "sms", "to": "+15555550101"}]});
    let mut document = json!({
        "version": 1,
        "teams": [{"id": "web", "name": "Web", "members": [{"user": "ada"}, {"user": "grace"}]}],
        "users": [person("ada"), person("grace"), person("linus")],
        "policies": [{"id": "web", "team": "web", "levels": [
            {"delay_s": 300, "targets": [{"user": "ada"}]}, {"delay_s": 300, "targets": [{"user": "grace"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web"}],
    });
    merge(&mut document, with);
    serde_json::from_value(document).unwrap()
}

fn merge(into: &mut Value, with: Value) {
    match (into, with) {
        (Value::Object(into), Value::Object(with)) => with.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value)),
        (into, with) => *into = with,
    }
}

/// Plays lines of `MINUTES JSON` from Monday 09:00 on, for so many minutes.
fn told_in(around: &Around, configuration: &Configuration, lines: &str, minutes: i64) -> String {
    let begins: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    let at = |minutes: f64| begins + jiff::SignedDuration::from_secs_f64(minutes * 60.0);
    let events: Vec<Imagined> = lines
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(|line| {
            let (minutes, act) = line.split_once(' ').unwrap();
            let mut act: Value = serde_json::from_str(act).unwrap();
            act["at"] = json!(at(minutes.parse().unwrap()));
            serde_json::from_value(act).unwrap()
        })
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "minutes of a test")]
    let story = simulate_in(configuration, around, events, at(minutes as f64));
    let clock = |at: Timestamp| at.strftime("%a %H:%M:%S").to_string();
    let mut rows: Vec<(Timestamp, String)> = Vec::new();
    for e in &story.entries {
        let who = if e.actor == Actor::System { String::new() } else { format!("{}: ", e.actor) };
        rows.push((e.at, format!("{} #{} {who}{}", clock(e.at), e.number, e.what.words())));
    }
    rows.extend(story.kept.iter().map(|k| (k.at, format!("{} -- {}", clock(k.at), k.words()))));
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, line)| line).chain(story.notes).map(|line| line + "\n").collect()
}

#[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
fn check(configuration: Configuration, lines: &str, minutes: i64, expected: Expect) {
    expected.assert_eq(&told_in(&Around::default(), &configuration, lines, minutes));
}

#[test]
fn a_router_routes_and_rules_set_what_the_incident_is() {
    let routed = json!({
        "teams": [{"id": "web", "name": "Web", "members": [], "integrations": [{"id": "web-router", "kind": "pagerduty"}], "router": {"default": "shop", "rules": [
            {"id": "db", "when": {"field": "component", "is": "db"}, "then": {"route": "db", "severity": "warning", "summary": "DB: {{summary}}"}, "continue": true},
            {"id": "test", "when": {"field": "source", "starts_with": "test-"}, "then": {"drop": "a test host"}}]}}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web"},
            {"id": "db", "name": "Database", "team": "web", "policy": "web", "rules": [
                {"id": "slow", "when": {"field": "class", "is": "slow"}, "then": {"suppress": "known to be slow"}},
                {"id": "loud", "when": {"field": "severity", "is": "warning"}, "then": {"urgency": "high", "priority": "P2"}}]}],
    });
    check(
        configuration(routed),
        r#"0 {"do": "trigger", "integration": "web-router", "title": "disk full", "component": "db", "key": "a"}
           1 {"do": "trigger", "integration": "web-router", "title": "slow query", "component": "db", "class": "slow", "key": "b"}
           2 {"do": "trigger", "integration": "web-router", "title": "down", "source": "test-1", "key": "c"}
           3 {"do": "trigger", "integration": "web-router", "title": "cart is empty", "key": "d"}
           3.5 {"do": "end", "integration": "web-router"}"#,
        60,
        expect![[r#"
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
        "#]],
    );
}

#[test]
fn a_pause_waits_and_what_is_over_meanwhile_pages_nobody() {
    let paused =
        json!({"services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web", "rules": [{"id": "transient", "then": {"pause_s": 120}}]}]});
    check(
        configuration(paused),
        r#"0 {"do": "trigger", "service": "shop", "title": "first", "key": "a"}
           1 {"do": "end", "service": "shop", "key": "a"}
           10 {"do": "trigger", "service": "shop", "title": "second", "key": "a"}
           13 {"do": "acknowledge", "by": "ada"}"#,
        20,
        expect![[r#"
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
        "#]],
    );
}

#[test]
fn a_threshold_counts_repetitions_and_lets_those_go_that_it_held() {
    let counted = json!({"services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web", "grouping": {"by": "time", "window_s": 600},
        "rules": [{"id": "often", "then": {"threshold": {"events": 3, "within_s": 60}}}]}]});
    check(
        configuration(counted),
        r#"0 {"do": "trigger", "service": "shop", "title": "once", "key": "a"}
           5 {"do": "trigger", "service": "shop", "title": "one", "key": "b"}
           5.2 {"do": "trigger", "service": "shop", "title": "two", "key": "c"}
           5.4 {"do": "trigger", "service": "shop", "title": "two", "key": "c"}
           6 {"do": "acknowledge", "by": "ada"}"#,
        12,
        expect![[r#"
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
        "#]],
    );
}

#[test]
fn maintenance_keeps_alerts_from_people_until_it_ends() {
    let window = json!({"maintenance": [{"id": "backup", "reason": "weekly backup", "services": ["shop"], "time_zone": "Europe/London",
        "weekly": [{"from": "mon 09:00", "to": "mon 10:00"}]}]});
    check(
        configuration(window.clone()),
        r#"10 {"do": "trigger", "service": "shop", "title": "short", "key": "a"}
           20 {"do": "end", "service": "shop", "key": "a"}
           30 {"do": "trigger", "service": "shop", "title": "long", "key": "b"}
           61 {"do": "acknowledge", "by": "ada"}"#,
        100,
        expect![[r#"
            Mon 09:10:00 -- short (service shop): suppressed by maintenance window backup: weekly backup (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 09:20:00 -- short (service shop) is over before anybody had to know
            Mon 09:30:00 -- long (service shop): suppressed by maintenance window backup: weekly backup (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 10:00:00 #1 sender imagined: triggered: long (critical, high urgency, policy web of configuration 0)
            Mon 10:00:00 #1 sender imagined: 1 alert joined
            Mon 10:00:00 #1 1 alert released: alr_01KE6QVWE00000000000000002 was suppressed by maintenance window backup: weekly backup (looked at again at 2026-01-05 10:00:00 UTC)
            Mon 10:00:00 #1 level 1: ada by ada-sms at 2026-01-05 10:00:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 10:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 10:01:00 #1 ada: acknowledged
        "#]],
    );
    check(
        configuration(window),
        r#"30 {"do": "trigger", "service": "shop", "title": "long", "key": "b"}
           40 {"do": "end_maintenance", "id": "backup"}
           41 {"do": "resolve", "by": "ada"}
           50 {"do": "maintain", "id": "move", "reason": "moving house", "services": ["shop"], "until": "2026-01-05T10:00:00Z"}
           55 {"do": "trigger", "service": "shop", "title": "moved", "key": "c"}
           61 {"do": "resolve", "by": "ada"}
           62 {"do": "end_maintenance", "id": "move"}"#,
        100,
        expect![[r#"
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
        "#]],
    );
}

#[test]
fn an_alert_of_a_service_joins_the_incident_of_what_it_depends_on() {
    let depends = json!({"services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web", "depends_on": ["db"], "attach_to_upstream": true},
        {"id": "db", "name": "Database", "team": "web", "policy": "web"}]});
    check(
        configuration(depends),
        r#"0 {"do": "trigger", "service": "db", "title": "disk full", "severity": "warning", "key": "a"}
           1 {"do": "trigger", "service": "shop", "title": "checkout fails", "severity": "critical", "key": "b"}
           2 {"do": "end", "key": "a"}
           3 {"do": "end", "key": "b"}
           4 {"do": "trigger", "service": "shop", "title": "checkout fails again", "key": "b"}
           4.5 {"do": "resolve", "by": "ada"}"#,
        60,
        expect![[r#"
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
        "#]],
    );
}

#[test]
fn alerts_are_grouped_by_time_and_by_fields() {
    let by = |grouping: Value| configuration(json!({"services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web", "grouping": grouping}]}));
    let lines = r#"0 {"do": "trigger", "service": "shop", "title": "x", "component": "db", "key": "a"}
           1 {"do": "trigger", "service": "shop", "title": "x", "component": "db", "key": "b"}
           2 {"do": "trigger", "service": "shop", "title": "x", "component": "web", "key": "c"}
           3 {"do": "acknowledge", "by": "ada"}
           11 {"do": "trigger", "service": "shop", "title": "x", "component": "db", "key": "d"}
           12 {"do": "resolve", "by": "ada"}"#;
    check(
        by(json!({"by": "time", "window_s": 600})),
        lines,
        13,
        expect![[r#"
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
    "#]],
    );
    check(
        by(json!({"by": "fields", "fields": ["component"], "window_s": 600})),
        lines,
        13,
        expect![[r#"
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
    "#]],
    );
}

#[test]
fn a_heartbeat_that_is_missing_opens_an_incident_and_a_ping_closes_it() {
    let beats = json!({"heartbeats": [{"id": "nightly", "name": "Nightly job", "service": "shop", "interval_s": 600, "grace_s": 60}]});
    check(
        configuration(beats),
        r#"0 {"do": "ping", "heartbeat": "nightly"}
           9 {"do": "ping", "heartbeat": "nightly"}
           22 {"do": "ping", "heartbeat": "nightly"}
           23 {"do": "ping", "heartbeat": "daily"}"#,
        30,
        expect![[r#"
            Mon 09:20:00 #1 sender nightly: triggered: Heartbeat Nightly job is missing: the last one came at 2026-01-05T09:09:00Z, one is expected every 10 min (critical, high urgency, policy web of configuration 0)
            Mon 09:20:00 #1 sender nightly: 1 alert joined
            Mon 09:20:00 #1 level 1: ada by ada-sms at 2026-01-05 09:20:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:20:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:22:00 #1 sender nightly: 1 alert resolved, 0 still open
            Mon 09:22:00 #1 sender nightly: resolved
            2026-01-05T09:23:00Z: there is no heartbeat daily: nobody hears the ping
        "#]],
    );
}

#[test]
fn turns_go_on_from_where_the_deployment_is_and_skip_whom_nobody_can_reach() {
    let turns = json!({
        "users": [{"id": "ada", "name": "Ada", "contact_methods": [{"id": "ada-sms", "kind": "sms", "to": "+15555550101"}]}, {"id": "grace", "name": "Grace"},
            {"id": "linus", "name": "Linus", "contact_methods": [{"id": "linus-sms", "kind": "sms", "to": "+15555550103"}]}],
        "policies": [{"id": "web", "team": "web", "repeat": 1, "levels": [{"delay_s": 600, "targets": [{"user": "ada"}, {"user": "grace"}, {"user": "linus"}], "round_robin": true}]}]});
    let around = Around { turns: [(("web".parse().unwrap(), 0), 4)].into(), ..Around::default() };
    let lines = r#"0 {"do": "trigger", "service": "shop", "title": "first", "key": "a"}
           1 {"do": "trigger", "service": "shop", "title": "second", "key": "b"}
           2 {"do": "acknowledge", "by": "ada", "incident": 2}"#;
    expect![[r#"
        Mon 09:00:00 #1 sender imagined: triggered: first (critical, high urgency, policy web of configuration 0)
        Mon 09:00:00 #1 sender imagined: 1 alert joined
        Mon 09:00:00 #1 level 1: linus by linus-sms at 2026-01-05 09:00:00 UTC (turn 3 of 3: named by the level; no rule for high urgency: the default); nobody for user grace: grace (turn 2 of 3: named by the level) has no contact method
        Mon 09:00:00 #1 paged linus by text message (linus-sms) for level 1 (provider id imagined)
        Mon 09:01:00 #2 sender imagined: triggered: second (critical, high urgency, policy web of configuration 0)
        Mon 09:01:00 #2 sender imagined: 1 alert joined
        Mon 09:01:00 #2 level 1: linus by linus-sms at 2026-01-05 09:01:00 UTC (turn 3 of 3: named by the level; no rule for high urgency: the default)
        Mon 09:01:00 #2 paged linus by text message (linus-sms) for level 1 (provider id imagined)
        Mon 09:02:00 #2 ada: acknowledged
        Mon 09:10:00 #1 level 1 (round 2): linus by linus-sms at 2026-01-05 09:10:00 UTC (turn 3 of 3: named by the level; no rule for high urgency: the default)
        Mon 09:10:00 #1 paged linus by text message (linus-sms) for level 1 (provider id imagined)
    "#]].assert_eq(&told_in(&around, &configuration(turns), lines, 15));
}

#[test]
fn low_urgency_waits_for_the_end_of_quiet_hours() {
    let quiet = json!({"users": [{"id": "ada", "name": "Ada", "time_zone": "Europe/London", "quiet_hours": [{"from": "22:00", "to": "10:00"}],
        "contact_methods": [{"id": "ada-sms", "kind": "sms", "to": "+15555550101"}]}],
        "policies": [{"id": "web", "team": "web", "levels": [{"delay_s": 300, "targets": [{"user": "ada"}]}]}]});
    check(
        configuration(quiet),
        r#"0 {"do": "trigger", "service": "shop", "title": "later", "severity": "warning", "key": "a"}
           10 {"do": "trigger", "service": "shop", "title": "now", "severity": "critical", "key": "b"}
           11 {"do": "acknowledge", "by": "ada", "incident": 2}
           62 {"do": "acknowledge", "by": "ada"}"#,
        100,
        expect![[r#"
            Mon 09:00:00 #1 sender imagined: triggered: later (warning, low urgency, policy web of configuration 0)
            Mon 09:00:00 #1 sender imagined: 1 alert joined
            Mon 09:00:00 #1 level 1: ada by ada-sms at 2026-01-05 10:00:00 UTC (named by the level; no rule for low urgency: the default; waits for the end of quiet hours (10:00 GMT))
            Mon 09:10:00 #2 sender imagined: triggered: now (critical, high urgency, policy web of configuration 0)
            Mon 09:10:00 #2 sender imagined: 1 alert joined
            Mon 09:10:00 #2 level 1: ada by ada-sms at 2026-01-05 09:10:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:10:00 #2 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:11:00 #2 ada: acknowledged
            Mon 10:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 10:02:00 #1 ada: acknowledged
        "#]],
    );
}

#[test]
fn acknowledgements_lapse_and_a_policy_goes_on_until_somebody_answers() {
    let lapses = json!({
        "policies": [{"id": "web", "team": "web", "until_acknowledged": true, "levels": [{"delay_s": 300, "targets": [{"user": "ada"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web", "acknowledge_timeout_s": 600, "auto_resolve_s": 3600}]});
    check(
        configuration(lapses),
        r#"0 {"do": "trigger", "service": "shop", "title": "down", "key": "a"}
           6 {"do": "acknowledge", "by": "ada"}
           17 {"do": "snooze", "by": "ada", "until": "2026-01-05T09:30:00Z"}
           33 {"do": "unacknowledge", "by": "ada"}
           32 {"do": "acknowledge", "by": "ada"}
           41 {"do": "snooze", "by": "ada", "until": "2026-01-05T11:00:00Z"}"#,
        200,
        expect![[r#"
            Mon 09:00:00 #1 sender imagined: triggered: down (critical, high urgency, policy web of configuration 0)
            Mon 09:00:00 #1 sender imagined: 1 alert joined
            Mon 09:00:00 #1 level 1: ada by ada-sms at 2026-01-05 09:00:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:05:00 #1 level 1 (round 2): ada by ada-sms at 2026-01-05 09:05:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:05:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:06:00 #1 ada: acknowledged; triggered again at 2026-01-05 09:16:00 UTC unless it is resolved
            Mon 09:16:00 #1 the acknowledgement lapsed: triggered again
            Mon 09:16:00 #1 level 1: ada by ada-sms at 2026-01-05 09:16:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:16:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:17:00 #1 ada: snoozed until 2026-01-05 09:30:00 UTC
            Mon 09:30:00 #1 the snooze ended and nobody had resolved it: triggered again
            Mon 09:30:00 #1 level 1: ada by ada-sms at 2026-01-05 09:30:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:30:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:32:00 #1 ada: acknowledged; triggered again at 2026-01-05 09:42:00 UTC unless it is resolved
            Mon 09:33:00 #1 ada: acknowledgement taken back: triggered again
            Mon 09:33:00 #1 level 1: ada by ada-sms at 2026-01-05 09:33:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:33:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:38:00 #1 level 1 (round 2): ada by ada-sms at 2026-01-05 09:38:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:38:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:41:00 #1 ada: snoozed until 2026-01-05 11:00:00 UTC
            Mon 10:00:00 #1 resolved
        "#]],
    );
}

#[test]
fn an_unverified_way_is_never_the_only_one_and_helpers_are_paged_until_they_answer() {
    let around = Around { version: 7, unconfirmed: ["ada-sms".parse().unwrap()].into(), ..Around::default() };
    let lines = r#"0 {"do": "trigger", "service": "shop", "title": "down", "key": "a"}
           1 {"do": "acknowledge", "by": "ada"}
           2 {"do": "respond", "by": "ada", "to": [{"user": "linus"}, {"user": "grace"}], "message": "need a hand"}
           3 {"do": "answer", "by": "linus", "accept": false}
           4 {"do": "answer", "by": "grace", "accept": true}
           5 {"do": "resolve", "by": "ada"}
           6 {"do": "reopen", "by": "grace", "incident": 1}
           7 {"do": "urgency", "by": "grace", "urgency": "low"}
           8 {"do": "reassign", "by": "grace", "to": [{"user": "linus"}]}
           9 {"do": "escalate", "by": "grace"}
           9.5 {"do": "resolve", "by": "grace"}"#;
    expect![[r#"
        Mon 09:00:00 #1 sender imagined: triggered: down (critical, high urgency, policy web of configuration 7)
        Mon 09:00:00 #1 sender imagined: 1 alert joined
        Mon 09:00:00 #1 level 1: ada by ada-sms at 2026-01-05 09:00:00 UTC (named by the level; no rule for high urgency: the default); not verified: ada-sms: nobody here has a verified way, so the last-resort contact is paged beside them
        Mon 09:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
        Mon 09:00:00 #1 paged the last-resort contact (provider id imagined)
        Mon 09:01:00 #1 ada: acknowledged
        Mon 09:02:00 #1 ada: asked to help: user linus, user grace: need a hand
        Mon 09:02:00 #1 those who were asked to help: linus by linus-sms at 2026-01-05 09:02:00 UTC (named by the level; no rule for high urgency: the default); grace by grace-sms at 2026-01-05 09:02:00 UTC (named by the level; no rule for high urgency: the default)
        Mon 09:02:00 #1 paged grace by text message (grace-sms), who was asked to help (provider id imagined)
        Mon 09:02:00 #1 paged linus by text message (linus-sms), who was asked to help (provider id imagined)
        Mon 09:03:00 #1 linus: linus does not help, and is not paged any more
        Mon 09:04:00 #1 grace: grace helps
        Mon 09:05:00 #1 ada: resolved
        Mon 09:06:00 #1 grace: opened again: triggered again; its alerts stay closed, the next event of their keys is a new alert
        Mon 09:06:00 #1 level 1: ada by ada-sms at 2026-01-05 09:06:00 UTC (named by the level; no rule for high urgency: the default); not verified: ada-sms: nobody here has a verified way, so the last-resort contact is paged beside them
        Mon 09:06:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
        Mon 09:06:00 #1 paged the last-resort contact (provider id imagined)
        Mon 09:07:00 #1 grace: urgency set to low
        Mon 09:08:00 #1 grace: reassigned to user linus
        Mon 09:08:00 #1 level 1: linus by linus-sms at 2026-01-05 09:08:00 UTC (named by the level; no rule for low urgency: the default)
        Mon 09:08:00 #1 paged linus by text message (linus-sms) for level 1 (provider id imagined)
        Mon 09:09:00 #1 grace: escalated to level 2 at once
        Mon 09:09:00 #1 level 2: ada by ada-sms at 2026-01-05 09:09:00 UTC (named by the level; no rule for low urgency: the default); not verified: ada-sms: nobody here has a verified way, so the last-resort contact is paged beside them
        Mon 09:09:00 #1 paged ada by text message (ada-sms) for level 2 (provider id imagined)
        Mon 09:09:00 #1 paged the last-resort contact (provider id imagined)
        Mon 09:09:30 #1 grace: resolved
    "#]].assert_eq(&told_in(&around, &configuration(json!({})), lines, 30));
}

#[test]
fn what_a_sender_says_again_changes_nothing_and_its_acknowledgement_counts() {
    check(
        configuration(json!({})),
        r#"0 {"do": "trigger", "service": "shop", "title": "down", "severity": "warning", "key": "a"}
           1 {"do": "trigger", "service": "shop", "title": "down", "severity": "warning", "key": "a"}
           2 {"do": "trigger", "service": "shop", "title": "down", "severity": "critical", "key": "a"}
           3 {"do": "sender_acknowledge", "service": "shop"}
           4 {"do": "trigger", "service": "gone", "title": "down"}
           5 {"do": "resolve", "by": "ada"}
           6 {"do": "trigger", "service": "shop", "title": "down again", "key": "a"}
           6.5 {"do": "end", "service": "shop", "key": "a"}
           7 {"do": "end", "service": "shop", "key": "a"}
           8 {"do": "acknowledge", "by": "ada"}"#,
        30,
        expect![[r#"
            Mon 09:00:00 #1 sender imagined: triggered: down (warning, low urgency, policy web of configuration 0)
            Mon 09:00:00 #1 sender imagined: 1 alert joined
            Mon 09:00:00 #1 level 1: ada by ada-sms at 2026-01-05 09:00:00 UTC (named by the level; no rule for low urgency: the default)
            Mon 09:00:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:02:00 #1 sender imagined: raised to critical (high urgency)
            Mon 09:02:00 #1 level 1: ada by ada-sms at 2026-01-05 09:02:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:02:00 #1 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:03:00 #1 sender imagined: acknowledged
            Mon 09:05:00 #1 ada: resolved
            Mon 09:06:00 #2 sender imagined: triggered: down again (critical, high urgency, policy web of configuration 0)
            Mon 09:06:00 #2 sender imagined: 1 alert joined
            Mon 09:06:00 #2 level 1: ada by ada-sms at 2026-01-05 09:06:00 UTC (named by the level; no rule for high urgency: the default)
            Mon 09:06:00 #2 paged ada by text message (ada-sms) for level 1 (provider id imagined)
            Mon 09:06:30 #2 sender imagined: 1 alert resolved, 0 still open
            Mon 09:06:30 #2 sender imagined: resolved
            2026-01-05T09:04:00Z: there is no service gone: nothing opens
            2026-01-05T09:07:00Z: service shop has no open alert of that key: nothing ends
            2026-01-05T09:08:00Z: ada finds no open incident
        "#]],
    );
}
