//! Each operation of the API that a person would want has a command. One that is new stands here by its command, or by the reason why it has none.

use super::double::{run, tocsin};
use std::collections::BTreeSet;

/// Operation, and the command that asks it.
const COMMANDS: [(&str, &str); 67] = [
    ("get /v1/audit", "audit"),
    ("get /v1/configuration", "export"),
    ("put /v1/configuration", "apply"),
    ("get /v1/configuration/versions", "history"),
    ("get /v1/configuration/versions/{version}", "export"),
    ("post /v1/configuration/versions/{version}/rollback", "rollback"),
    ("post /v1/contacts/{contact}/verification", "me verify"),
    ("post /v1/contacts/{contact}/verification/confirm", "contact verify"),
    ("get /v1/doctor", "doctor"),
    ("get /v1/heartbeats", "heartbeats"),
    ("get /v1/incidents", "incidents"),
    ("get /v1/incidents/{incident}", "show"),
    ("post /v1/incidents/bulk", "bulk ack"),
    ("post /v1/incidents/{incident}/acknowledge", "ack"),
    ("post /v1/incidents/{incident}/bridge", "bridge"),
    ("post /v1/incidents/{incident}/escalate", "escalate"),
    ("post /v1/incidents/{incident}/fields", "field"),
    ("post /v1/incidents/{incident}/merge", "merge"),
    ("post /v1/incidents/{incident}/notes", "note"),
    ("post /v1/incidents/{incident}/priority", "priority"),
    ("post /v1/incidents/{incident}/reassign", "reassign"),
    ("post /v1/incidents/{incident}/reopen", "reopen"),
    ("post /v1/incidents/{incident}/resolve", "resolve"),
    ("post /v1/incidents/{incident}/responders", "respond"),
    ("post /v1/incidents/{incident}/responders/accept", "accept"),
    ("post /v1/incidents/{incident}/responders/decline", "decline"),
    ("post /v1/incidents/{incident}/snooze", "snooze"),
    ("post /v1/incidents/{incident}/split", "split"),
    ("post /v1/incidents/{incident}/title", "title"),
    ("post /v1/incidents/{incident}/unacknowledge", "unack"),
    ("post /v1/incidents/{incident}/urgency", "urgency"),
    ("post /v1/integrations/{integration}/keys", "key"),
    ("post /v1/integrations/{integration}/keys/revoke", "key"),
    ("get /v1/maintenance", "maintenance list"),
    ("post /v1/maintenance", "maintenance start"),
    ("get /v1/maintenance/{window}", "maintenance show"),
    ("delete /v1/maintenance/{window}", "maintenance end"),
    ("get /v1/me", "me"),
    ("get /v1/oncall", "oncall"),
    ("get /v1/overrides", "who"),
    ("get /v1/schedules", "schedules"),
    ("get /v1/schedules/{schedule}/changes", "shifts changes"),
    ("get /v1/schedules/{schedule}/feeds", "calendar list"),
    ("post /v1/schedules/{schedule}/feeds", "calendar make"),
    ("delete /v1/schedules/{schedule}/feeds/{feed}", "calendar revoke"),
    ("get /v1/schedules/{schedule}/hours", "shifts show"),
    ("put /v1/schedules/{schedule}/imports/{source}", "shifts import"),
    ("get /v1/schedules/{schedule}/overrides", "override list"),
    ("post /v1/schedules/{schedule}/overrides", "override add"),
    ("delete /v1/schedules/{schedule}/overrides/{override}", "override remove"),
    ("get /v1/schedules/{schedule}/shifts", "shifts show"),
    ("get /v1/schedules/{schedule}/swaps", "swap list"),
    ("post /v1/schedules/{schedule}/swaps", "swap offer"),
    ("post /v1/schedules/{schedule}/swaps/{swap}/accept", "swap accept"),
    ("post /v1/schedules/{schedule}/swaps/{swap}/decline", "swap decline"),
    ("post /v1/schedules/{schedule}/swaps/{swap}/withdraw", "swap withdraw"),
    ("get /v1/teams/{team}/configuration", "export"),
    ("put /v1/teams/{team}/configuration", "apply"),
    ("get /v1/trace", "trace"),
    ("get /v1/turns", "simulate"),
    ("get /v1/users/{user}/feeds", "calendar list"),
    ("post /v1/users/{user}/feeds", "calendar make"),
    ("delete /v1/users/{user}/feeds/{feed}", "calendar revoke"),
    ("get /v1/users/{user}/reach", "me show"),
    ("put /v1/users/{user}/reach", "me add"),
    // Twice, for its other words.
    ("put /v1/users/{user}/reach", "me rules"),
    ("put /v1/users/{user}/reach", "me quiet"),
];

/// Operation, and why no command asks it.
const WITHOUT: [(&str, &str); 1] =
    [("post /v1/schedules/preview", "for pages that draw a schedule: who, plan and verify look at a file offline, by the same code")];

#[test]
fn each_operation_has_a_command_or_a_reason() {
    let document: serde_json::Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let documented: BTreeSet<String> =
        paths.iter().flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))).collect();
    let told: BTreeSet<String> = COMMANDS.iter().chain(&WITHOUT).map(|(operation, _)| (*operation).to_owned()).collect();
    let missing: Vec<&String> = documented.difference(&told).collect();
    assert!(missing.is_empty(), "no command, and no reason: {missing:#?}");
    let stale: Vec<&String> = told.difference(&documented).collect();
    assert!(stale.is_empty(), "not in docs/openapi.json: {stale:#?}");
    for (operation, _) in WITHOUT {
        assert!(!COMMANDS.iter().any(|(o, _)| *o == operation), "{operation} has both");
    }
}

#[test]
fn each_of_these_commands_is_there() {
    let words: BTreeSet<&str> = COMMANDS.iter().map(|(_, words)| *words).collect();
    for words in words {
        let arguments: Vec<&str> = words.split(' ').chain(["--help"]).collect();
        let ran = run(&mut tocsin(&arguments));
        assert_eq!(ran.code, Some(0), "tocsin {words}: {}", ran.err);
        let called = ran.out.lines().find_map(|l| l.strip_prefix("Usage: tocsin ")).unwrap_or_default().to_owned();
        assert!(called.starts_with(words), "tocsin {words}: {called}");
    }
}
