//! Whom it pages, and what people and senders answer.

use crate::story::story;
use expect_test::expect;
use serde_json::json;
use tocsin_domain::foresight::simulate::Around;

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
    story().with(turns).around(around).plays(lines).minutes(15).tells(expect![[r#"
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
    "#]]);
}

#[test]
fn low_urgency_waits_for_the_end_of_quiet_hours() {
    let quiet = json!({"users": [{"id": "ada", "name": "Ada", "time_zone": "Europe/London", "quiet_hours": [{"from": "22:00", "to": "10:00"}],
        "contact_methods": [{"id": "ada-sms", "kind": "sms", "to": "+15555550101"}]}],
        "policies": [{"id": "web", "team": "web", "levels": [{"delay_s": 300, "targets": [{"user": "ada"}]}]}]});
    story()
        .with(quiet)
        .plays(
            r#"0 {"do": "trigger", "service": "shop", "title": "later", "severity": "warning", "key": "a"}
           10 {"do": "trigger", "service": "shop", "title": "now", "severity": "critical", "key": "b"}
           11 {"do": "acknowledge", "by": "ada", "incident": 2}
           62 {"do": "acknowledge", "by": "ada"}"#,
        )
        .minutes(100)
        .tells(expect![[r#"
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
        "#]]);
}

#[test]
fn acknowledgements_lapse_and_a_policy_goes_on_until_somebody_answers() {
    let policies = json!([{"id": "web", "team": "web", "until_acknowledged": true, "levels": [{"delay_s": 300, "targets": [{"user": "ada"}]}]}]);
    story()
        .with(json!({"policies": policies}))
        .shop(json!({"acknowledge_timeout_s": 600, "auto_resolve_s": 3600}))
        .plays(
            r#"0 {"do": "trigger", "service": "shop", "title": "down", "key": "a"}
           6 {"do": "acknowledge", "by": "ada"}
           17 {"do": "snooze", "by": "ada", "until": "2026-01-05T09:30:00Z"}
           33 {"do": "unacknowledge", "by": "ada"}
           32 {"do": "acknowledge", "by": "ada"}
           41 {"do": "snooze", "by": "ada", "until": "2026-01-05T11:00:00Z"}"#,
        )
        .minutes(200)
        .tells(expect![[r#"
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
        "#]]);
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
    story().around(around).plays(lines).minutes(30).tells(expect![[r#"
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
    "#]]);
}

#[test]
fn what_a_sender_says_again_changes_nothing_and_its_acknowledgement_counts() {
    story()
        .plays(
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
        )
        .minutes(30)
        .tells(expect![[r#"
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
        "#]]);
}
