//! Every route against every role and owner. A route of the OpenAPI document that is missing here fails.

use crate::schedules::{ADD_ADA, HER_OVERRIDE, HERS_WITHDRAW, OFFER, SCHEDULE_FEED, TO_HER_ACCEPT, TO_HER_DECLINE, USER_FEED};
use crate::support::{Bench, owner, token};
use axum::http::StatusCode;
use std::collections::BTreeSet;
use tocsin_domain::configuration::Role;

/// What team `ours` has, with another name of its service.
const OUR_PART: &str = r#"{"configuration": {"version": 1, "teams": [{"id": "ours", "name": "Ours", "members": [{"user": "ada"}]}],
    "policies": [{"id": "p", "team": "ours", "levels": [{"delay_s": 300, "targets": [{"user": "ada"}]}]}],
    "services": [{"id": "shop", "name": "Shop!", "team": "ours", "policy": "p", "integrations": [{"id": "shop-pd", "kind": "pagerduty"}]}]}}"#;

/// What a route needs, and of what.
enum Needs {
    /// Any token: the answer shows only what its holder may see.
    Any,
    /// This role in the incident's team.
    OfTeam(Role),
    /// This role in the whole deployment.
    OfDeployment(Role),
    /// To be the person whom it is about (as every token of this bench is), in whatever role.
    OfOneself,
}

fn table() -> Vec<(&'static str, &'static str, &'static str, Option<&'static str>, Needs)> {
    use Needs::{Any, OfDeployment, OfOneself, OfTeam};
    use Role::{Admin, Observer, Responder};
    vec![
        ("get", "/v1/incidents", "/v1/incidents", None, Any),
        ("get", "/v1/incidents/{incident}", "/v1/incidents/42", None, OfTeam(Observer)),
        ("post", "/v1/incidents/{incident}/acknowledge", "/v1/incidents/42/acknowledge", None, OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/unacknowledge", "/v1/incidents/42/unacknowledge", None, OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/reopen", "/v1/incidents/42/reopen", None, OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/urgency", "/v1/incidents/42/urgency", Some(r#"{"urgency":"low"}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/resolve", "/v1/incidents/42/resolve", None, OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/escalate", "/v1/incidents/42/escalate", None, OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/notes", "/v1/incidents/42/notes", Some(r#"{"text":"x"}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/snooze", "/v1/incidents/42/snooze", Some(r#"{"duration_s":60}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/reassign", "/v1/incidents/42/reassign", Some(r#"{"to":[{"user":"ada"}]}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/priority", "/v1/incidents/42/priority", Some(r#"{"priority":"P1"}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/responders", "/v1/incidents/42/responders", Some(r#"{"to":[{"user":"ada"}]}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/responders/accept", "/v1/incidents/42/responders/accept", Some(r#"{"user":"bob"}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/responders/decline", "/v1/incidents/42/responders/decline", Some(r#"{"user":"bob"}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/title", "/v1/incidents/42/title", Some(r#"{"title":"x"}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/fields", "/v1/incidents/42/fields", Some(r#"{"fields":{"a":1}}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/bridge", "/v1/incidents/42/bridge", Some(r#"{"bridge":"tel:+15555550100"}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/bulk", "/v1/incidents/bulk", Some(r#"{"incidents":["42"],"command":{"acknowledge":{}}}"#), Any),
        ("post", "/v1/incidents/{incident}/merge", "/v1/incidents/42/merge", Some(r#"{"sources":["41"]}"#), OfTeam(Responder)),
        ("post", "/v1/incidents/{incident}/split", "/v1/incidents/42/split", Some(r#"{"alerts":["alr_01KE6P4YM00000000000000001"]}"#), OfTeam(Responder)),
        ("get", "/v1/oncall", "/v1/oncall", None, Any),
        ("get", "/v1/turns", "/v1/turns", None, Any),
        ("get", "/v1/heartbeats", "/v1/heartbeats", None, Any),
        ("get", "/v1/maintenance", "/v1/maintenance", None, Any),
        ("post", "/v1/maintenance", "/v1/maintenance", Some(r#"{"services":["shop"],"reason":"x","duration_s":60}"#), OfTeam(Responder)),
        ("get", "/v1/maintenance/{window}", "/v1/maintenance/move", None, OfTeam(Observer)),
        ("delete", "/v1/maintenance/{window}", "/v1/maintenance/move", None, OfTeam(Responder)),
        ("get", "/v1/schedules", "/v1/schedules", None, Any),
        ("post", "/v1/schedules/preview", "/v1/schedules/preview", Some(r#"{"schedule":{"id":"s","team":"theirs","time_zone":"UTC"}}"#), Any),
        ("get", "/v1/schedules/{schedule}/shifts", "/v1/schedules/rota/shifts", None, OfTeam(Observer)),
        ("get", "/v1/schedules/{schedule}/hours", "/v1/schedules/rota/hours", None, OfTeam(Observer)),
        ("get", "/v1/schedules/{schedule}/changes", "/v1/schedules/rota/changes", None, OfTeam(Observer)),
        ("get", "/v1/overrides", "/v1/overrides", None, Any),
        ("get", "/v1/schedules/{schedule}/overrides", "/v1/schedules/rota/overrides", None, OfTeam(Observer)),
        // The tokens of this bench are Ada's: she acts for herself as a responder, and for Bob as an admin.
        ("post", "/v1/schedules/{schedule}/overrides", "/v1/schedules/rota/overrides", Some(ADD_ADA), OfTeam(Responder)),
        ("delete", "/v1/schedules/{schedule}/overrides/{override}", HER_OVERRIDE, None, OfTeam(Responder)),
        ("put", "/v1/schedules/{schedule}/imports/{source}", "/v1/schedules/rota/imports/ics", Some(r#"{"shifts":[]}"#), OfTeam(Admin)),
        ("get", "/v1/schedules/{schedule}/swaps", "/v1/schedules/rota/swaps", None, OfTeam(Observer)),
        ("post", "/v1/schedules/{schedule}/swaps", "/v1/schedules/rota/swaps", Some(OFFER), OfTeam(Responder)),
        ("post", "/v1/schedules/{schedule}/swaps/{swap}/accept", TO_HER_ACCEPT, None, OfTeam(Responder)),
        ("post", "/v1/schedules/{schedule}/swaps/{swap}/decline", TO_HER_DECLINE, None, OfTeam(Responder)),
        ("post", "/v1/schedules/{schedule}/swaps/{swap}/withdraw", HERS_WITHDRAW, None, OfTeam(Responder)),
        ("get", "/v1/schedules/{schedule}/feeds", "/v1/schedules/rota/feeds", None, OfTeam(Responder)),
        ("post", "/v1/schedules/{schedule}/feeds", "/v1/schedules/rota/feeds", Some("{}"), OfTeam(Responder)),
        ("delete", "/v1/schedules/{schedule}/feeds/{feed}", SCHEDULE_FEED, None, OfTeam(Responder)),
        ("get", "/v1/users/{user}/feeds", "/v1/users/ada/feeds", None, Any),
        ("post", "/v1/users/{user}/feeds", "/v1/users/ada/feeds", Some("{}"), Any),
        ("delete", "/v1/users/{user}/feeds/{feed}", USER_FEED, None, Any),
        ("get", "/v1/trace", "/v1/trace?of=some-key", None, Any),
        ("get", "/v1/audit", "/v1/audit?from=2026-01-01T00:00:00Z&until=2026-01-06T00:00:00Z", None, Any),
        ("get", "/v1/configuration", "/v1/configuration", None, OfDeployment(Observer)),
        ("put", "/v1/configuration", "/v1/configuration", Some(r#"{"configuration":{"version":1}}"#), OfDeployment(Admin)),
        ("get", "/v1/configuration/versions", "/v1/configuration/versions", None, OfDeployment(Observer)),
        ("get", "/v1/configuration/versions/{version}", "/v1/configuration/versions/1", None, OfDeployment(Observer)),
        ("post", "/v1/configuration/versions/{version}/rollback", "/v1/configuration/versions/1/rollback", Some("{}"), OfDeployment(Admin)),
        ("post", "/v1/integrations/{integration}/keys", "/v1/integrations/shop-new/keys", None, OfTeam(Admin)),
        ("post", "/v1/integrations/{integration}/keys/revoke", "/v1/integrations/shop-pd/keys/revoke", Some(r#"{"key":"first-key"}"#), OfTeam(Admin)),
        ("get", "/v1/teams/{team}/configuration", "/v1/teams/ours/configuration", None, OfTeam(Observer)),
        ("put", "/v1/teams/{team}/configuration", "/v1/teams/ours/configuration", Some(OUR_PART), OfTeam(Admin)),
        ("get", "/v1/me", "/v1/me", None, Any),
        ("get", "/v1/users/{user}/reach", "/v1/users/ada/reach", None, OfOneself),
        ("put", "/v1/users/{user}/reach", "/v1/users/ada/reach", Some(r#"{"locale":"en-GB"}"#), OfOneself),
        ("post", "/v1/contacts/{contact}/verification", "/v1/contacts/ada-sms/verification", None, OfOneself),
        ("post", "/v1/contacts/{contact}/verification/confirm", "/v1/contacts/ada-mail/verification/confirm", Some("{}"), OfOneself),
        ("get", "/v1/doctor", "/v1/doctor", None, OfDeployment(Observer)),
    ]
}

#[test]
fn no_route_is_missing_from_the_matrix() {
    let document = serde_json::to_value(tocsin_api::openapi()).unwrap();
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone())))
        .collect();
    let tested: BTreeSet<(String, String)> = table().into_iter().map(|(m, p, ..)| (m.to_owned(), p.to_owned())).collect();
    assert_eq!(documented, tested);
}

#[test]
fn every_route_against_every_role_and_owner() {
    for (method, _, path, body, needs) in table() {
        for team in [None, Some("ours"), Some("theirs")] {
            for role in [Role::Observer, Role::Responder, Role::Admin, Role::Owner] {
                let (status, kind, answer) = Bench::new().call(&method.to_uppercase(), path, Some(&token(team, role)), body);
                let expected = match needs {
                    Needs::Any | Needs::OfOneself => StatusCode::OK,
                    // Another team's incident does not exist, whatever is asked of it.
                    Needs::OfTeam(_) if team == Some("theirs") => StatusCode::NOT_FOUND,
                    Needs::OfTeam(least) if role >= least => StatusCode::OK,
                    Needs::OfDeployment(least) if team.is_none() && role >= least => StatusCode::OK,
                    Needs::OfTeam(_) | Needs::OfDeployment(_) => StatusCode::FORBIDDEN,
                };
                assert_eq!(status, expected, "{method} {path} as {role:?} of {team:?}: {answer}");
                assert_eq!(kind == "application/problem+json", !expected.is_success(), "{method} {path}: {kind}");
            }
        }
        for nobody in [None, Some(""), Some("wrong")] {
            let (status, _, answer) = Bench::new().call(&method.to_uppercase(), path, nobody, body);
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}: {answer}");
        }
    }
}

#[test]
fn a_list_shows_only_what_its_reader_may_see() {
    let bench = Bench::new();
    let count = |token: &str| bench.call("GET", "/v1/incidents", Some(token), None).2["incidents"].as_array().unwrap().len();
    assert_eq!(count(&owner()), 2);
    assert_eq!(count(&token(Some("ours"), Role::Observer)), 2);
    assert_eq!(count(&token(Some("theirs"), Role::Owner)), 0);
}
