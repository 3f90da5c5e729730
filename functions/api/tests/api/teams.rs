//! A team's part of the configuration and its keys: what its admins see and change, and that others learn nothing.

use crate::support::{Bench, owner, token};
use serde_json::{Value, json};
use tocsin_domain::configuration::Role;

const OURS: &str = "/v1/teams/ours/configuration";

fn admin() -> String {
    token(Some("ours"), Role::Admin)
}

fn get(bench: &Bench, token: &str) -> Value {
    let (status, _, answer) = bench.call("GET", OURS, Some(token), None);
    assert_eq!(status.as_u16(), 200, "{answer}");
    answer
}

fn put(bench: &Bench, token: &str, part: &Value, expected: Option<u64>) -> (u16, Value) {
    let body = json!({"configuration": part, "expected_version": expected}).to_string();
    let (status, _, answer) = bench.call("PUT", OURS, Some(token), Some(&body));
    (status.as_u16(), answer)
}

/// Another team with a service and a key of its own, and somebody without any contact method.
fn with_theirs(bench: &Bench) {
    let mut whole = serde_json::to_value(crate::support::configuration()).unwrap();
    whole["users"].as_array_mut().unwrap().push(json!({"id": "cy", "name": "Cy"}));
    whole["policies"].as_array_mut().unwrap().push(json!({"id": "their-policy", "team": "theirs", "levels": [{"delay_s": 60, "targets": [{"user": "bob"}]}]}));
    whole["services"].as_array_mut().unwrap().push(
        json!({"id": "their-shop", "name": "Theirs", "team": "theirs", "policy": "their-policy", "integrations": [{"id": "their-pd", "kind": "pagerduty"}]}),
    );
    let (status, _, answer) = bench.call("PUT", "/v1/configuration", Some(&owner()), Some(&json!({"configuration": whole}).to_string()));
    assert_eq!(status.as_u16(), 200, "{answer}");
}

#[test]
fn a_team_admin_reads_and_changes_the_part_and_sees_nothing_else() {
    let bench = Bench::new();
    with_theirs(&bench);
    let read = get(&bench, &admin());
    assert!(!read.to_string().contains("their"), "{read}");
    assert!(!read.to_string().contains("+1555"), "nobody's number: {read}");
    assert_eq!(read["names"]["users"], json!([{"id": "ada", "name": "Ada", "reachable": true}, {"id": "bob", "name": "Bob", "reachable": true}]));
    let mut part = read["configuration"].clone();
    part["services"][0]["integrations"].as_array_mut().unwrap().push(json!({"id": "shop-am", "kind": "alertmanager"}));
    // By Cy, whom the part did not name: an admin of a team may put people on it.
    part["teams"][0]["members"].as_array_mut().unwrap().push(json!({"user": "cy", "role": "responder"}));
    let (status, applied) = put(&bench, &admin(), &part, read["version"].as_u64());
    assert_eq!((status, &applied["changed"]), (200, &json!(true)), "{applied}");
    // `shop-new` of this bench has no key yet either.
    let keys: Vec<&str> = applied["created_keys"].as_array().unwrap().iter().map(|k| k["integration"].as_str().unwrap()).collect();
    assert_eq!(keys, ["shop-am"], "{applied}");
    assert_eq!(
        applied["contacts"],
        json!([{"contact": "ada-mail", "kind": "email", "state": "confirmed"}, {"contact": "ada-sms", "kind": "sms", "state": "unverified"}]),
        "their own ways only"
    );
    let again = get(&bench, &admin());
    assert_eq!(again["configuration"], part);
    assert!(again["names"]["users"].as_array().unwrap().contains(&json!({"id": "cy", "name": "Cy", "reachable": false})));
    let (status, told) = put(&bench, &admin(), &part, Some(1));
    assert_eq!((status, &told["changed"]), (200, &json!(false)), "what is in force already is a success, whatever was expected: {told}");
}

#[test]
fn what_others_change_meanwhile_is_no_conflict_and_what_this_team_changes_is() {
    let bench = Bench::new();
    let read = get(&bench, &admin());
    with_theirs(&bench);
    let mut part = read["configuration"].clone();
    part["services"][0]["name"] = json!("Shop!");
    let (status, answer) = put(&bench, &admin(), &part, read["version"].as_u64());
    assert_eq!(status, 200, "{answer}");
    part["services"][0]["name"] = json!("Shop?");
    let (status, answer) = put(&bench, &admin(), &part, read["version"].as_u64());
    assert_eq!((status, &answer["type"]), (409, &json!("urn:tocsin:problem:configuration-moved")), "{answer}");
    assert!(!answer.to_string().contains("their"), "{answer}");
    let (status, _) = put(&bench, &admin(), &part, Some(99));
    assert_eq!(status, 409, "a version that is not there yet");
    assert_eq!(put(&bench, &admin(), &part, None).0, 200);
    let (_, _, whole) = bench.call("GET", "/v1/configuration", Some(&owner()), None);
    assert!(whole.to_string().contains("their-shop"), "others keep what they have: {whole}");
}

#[test]
fn nothing_tells_another_teams_things_from_what_is_not_there() {
    let bench = Bench::new();
    with_theirs(&bench);
    let of_ours = token(Some("ours"), Role::Owner);
    for method in ["GET", "PUT"] {
        let ask = |team: &str| {
            let path = format!("/v1/teams/{team}/configuration");
            let (status, _, answer) = bench.call(method, &path, Some(&of_ours), (method == "PUT").then_some(r#"{"configuration":{"version":1}}"#));
            (status.as_u16(), answer)
        };
        assert_eq!(ask("theirs"), ask("nobodys"));
        assert_eq!((ask("theirs").0, ask("NO%20SLUG").0), (404, 404));
    }
    for (method, rest, body) in [("POST", "keys", None), ("POST", "keys/revoke", Some(r#"{"key":"x"}"#))] {
        let ask = |integration: &str| bench.call(method, &format!("/v1/integrations/{integration}/{rest}"), Some(&of_ours), body);
        assert_eq!(ask("their-pd"), ask("no-such"));
        assert_eq!(ask("their-pd").0.as_u16(), 404);
    }
    let mut part = get(&bench, &of_ours)["configuration"].clone();
    let mut said = Vec::new();
    for policy in ["their-policy", "those-policy"] {
        part["services"][0]["policy"] = json!(policy);
        let (status, answer) = put(&bench, &of_ours, &part, None);
        assert_eq!(status, 422, "{answer}");
        said.push(answer.to_string().replace("those", "their"));
    }
    assert_eq!(said[0], said[1]);
    part["services"][0]["policy"] = json!("p");
    part["teams"][0]["members"][0]["role"] = json!("owner");
    let (status, answer) = put(&bench, &admin(), &part, None);
    assert_eq!((status, &answer["errors"][0]["field"]), (403, &json!("configuration.teams.ours")), "owners are named by owners");
}

#[test]
fn admins_of_a_team_rotate_its_keys_two_at_once() {
    let bench = Bench::new();
    let call = |rest: &str, body: Option<&str>| bench.call("POST", &format!("/v1/integrations/{rest}"), Some(&admin()), body);
    let (_, _, first) = call("shop-new/keys", None);
    let (_, _, second) = call("shop-new/keys", None);
    assert_ne!(first["key"], second["key"]);
    assert_eq!((&first["integration"], first["key"].as_str().unwrap().len()), (&json!("shop-new"), 32), "{first}");
    let (status, _, third) = call("shop-new/keys", None);
    assert_eq!((status.as_u16(), &third["errors"][0]["field"]), (422, &json!("integration")), "two at once are the most: {third}");
    let (status, _, ended) = call("shop-new/keys/revoke", Some(&json!({"key": first["key"]}).to_string()));
    assert_eq!((status.as_u16(), &ended["keys_left"]), (200, &json!(1)), "{ended}");
    let (status, _, last) = call("shop-new/keys/revoke", Some(&json!({"key": second["key"]}).to_string()));
    assert_eq!(status.as_u16(), 422, "the last one stays: {last}");
    let (status, _, answer) = call("shop-new/keys/revoke", Some(r#"{"key":"first-key"}"#));
    assert_eq!(status.as_u16(), 404, "a key of another integration: {answer}");
}

#[test]
fn one_sees_who_one_is_and_how_one_is_reached() {
    let bench = Bench::new();
    let (_, _, me) = bench.call("GET", "/v1/me", Some(&admin()), None);
    assert_eq!(me, json!({"token": "t", "user": "ada", "name": "Ada", "roles": [{"team": "ours", "role": "admin"}]}));
    let (_, _, reach) = bench.call("GET", "/v1/users/ada/reach", Some(&token(Some("theirs"), Role::Observer)), None);
    assert_eq!(
        reach["contact_methods"],
        json!([{"id": "ada-sms", "kind": "sms", "to": "+15555550101", "state": "unverified"}, {"id": "ada-mail", "kind": "email", "to": "ada@example.com", "state": "verified"}])
    );
    let ask = |user: &str| bench.call("GET", &format!("/v1/users/{user}/reach"), Some(&admin()), None);
    assert_eq!(ask("bob"), ask("nobody"), "somebody else's and nobody's alike");
    assert_eq!(ask("bob").0.as_u16(), 404);
    // What is told of a change is about oneself only.
    let (_, _, answer) = bench.call("PUT", "/v1/users/ada/reach", Some(&admin()), Some(r#"{"locale":"en-GB"}"#));
    assert!(!answer.to_string().contains("bob"), "{answer}");
    let (_, _, answer) = bench.call("PUT", "/v1/users/ada/reach", Some(&admin()), Some(r#"{"locale":""}"#));
    assert_eq!(answer["changed"], true);
    assert_eq!(bench.call("GET", "/v1/users/ada/reach", Some(&admin()), None).2["locale"], Value::Null);
}
