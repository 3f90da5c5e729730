//! Versions of the configuration: who changed what, and the way back.

use crate::support::{Bench, configuration, owner};
use serde_json::{Value, json};

/// Version 1 of the bench, then a second user, then neither the user nor one integration.
fn three_versions() -> Bench {
    let bench = Bench::new();
    let mut wanted = serde_json::to_value(configuration()).unwrap();
    wanted["users"].as_array_mut().unwrap().push(json!({"id": "grace", "name": "Grace"}));
    apply(&bench, &wanted, 1);
    wanted["users"].as_array_mut().unwrap().pop();
    wanted["services"][0]["integrations"].as_array_mut().unwrap().pop();
    apply(&bench, &wanted, 2);
    bench
}

fn apply(bench: &Bench, configuration: &Value, expected: u64) -> (u16, Value) {
    let body = json!({"configuration": configuration, "expected_version": expected}).to_string();
    let (status, _, answer) = bench.call("PUT", "/v1/configuration", Some(&owner()), Some(&body));
    (status.as_u16(), answer)
}

fn get(bench: &Bench, path: &str) -> (u16, Value) {
    let (status, _, answer) = bench.call("GET", path, Some(&owner()), None);
    (status.as_u16(), answer)
}

fn roll_back(bench: &Bench, to: &str, body: &str) -> (u16, Value) {
    let (status, _, answer) = bench.call("POST", &format!("/v1/configuration/versions/{to}/rollback"), Some(&owner()), Some(body));
    (status.as_u16(), answer)
}

#[test]
fn versions_say_who_changed_what() {
    let bench = three_versions();
    let (_, list) = get(&bench, "/v1/configuration/versions");
    let said: Vec<(u64, &str, &str)> = list["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["version"].as_u64().unwrap(), v["by"].as_str().unwrap(), v["summary"].as_str().unwrap()))
        .collect();
    assert_eq!(said, [(3, "ada", "~ services/shop, - users/grace"), (2, "ada", "+ users/grace"), (1, "Tocsin", "not recorded")]);
    assert_eq!(list["next"], Value::Null);
    let (_, page) = get(&bench, "/v1/configuration/versions?limit=2");
    assert_eq!((page["versions"].as_array().unwrap().len(), &page["next"]), (2, &json!(2)));
    let (_, rest) = get(&bench, "/v1/configuration/versions?limit=2&before=2");
    assert_eq!((&rest["versions"][0]["version"], &rest["next"]), (&json!(1), &Value::Null));
    for wrong in ["limit=0", "limit=101", "before=x", "after=1"] {
        assert_eq!(get(&bench, &format!("/v1/configuration/versions?{wrong}")).0, 422, "{wrong}");
    }
    let (_, second) = get(&bench, "/v1/configuration/versions/2");
    assert_eq!((&second["version"], &second["configuration"]["users"][2]["id"], &second["added"]), (&json!(2), &json!("grace"), &json!(["users/grace"])));
    for none in ["0", "4", "x", "-1"] {
        assert_eq!(get(&bench, &format!("/v1/configuration/versions/{none}")).0, 404, "{none}");
        assert_eq!(roll_back(&bench, none, "{}").0, 404, "{none}");
    }
}

#[test]
fn a_rollback_is_a_new_version_and_may_be_repeated() {
    let bench = three_versions();
    let (status, applied) = roll_back(&bench, "2", r#"{"expected_version":3}"#);
    assert_eq!((status, &applied["version"], &applied["changed"]), (200, &json!(4), &json!(true)));
    let keys: Vec<&str> = applied["created_keys"].as_array().unwrap().iter().map(|k| k["integration"].as_str().unwrap()).collect();
    assert_eq!(keys, ["shop-new"], "the integration that comes back gets a key anew");
    let (_, same) = apply(&bench, &get(&bench, "/v1/configuration").1["configuration"], 4);
    assert!(same["contacts"].as_array().unwrap().iter().any(|c| c["kind"] == "sms"), "{same}");
    assert_eq!(applied["contacts"], same["contacts"], "whoever comes back may not be verified: that is told as for any other change");
    let (_, versions) = get(&bench, "/v1/configuration/versions");
    assert_eq!((&versions["versions"][0]["rollback_to"], versions["versions"].as_array().unwrap().len()), (&json!(2), 4));
    assert_eq!(get(&bench, "/v1/configuration").1["configuration"], get(&bench, "/v1/configuration/versions/2").1["configuration"]);
    let (status, again) = roll_back(&bench, "2", r#"{"expected_version":3}"#);
    assert_eq!((status, &again["version"], &again["changed"]), (200, &json!(4), &json!(false)), "the answer to the first time was lost");
}

#[test]
fn who_applies_to_another_version_is_told_what_moved_meanwhile() {
    let bench = three_versions();
    let mut wanted = serde_json::to_value(configuration()).unwrap();
    wanted["teams"][0]["name"] = json!("Renamed");
    let (status, problem) = apply(&bench, &wanted, 1);
    assert_eq!((status, &problem["type"]), (409, &json!("urn:tocsin:problem:configuration-moved")));
    let detail = problem["detail"].as_str().unwrap();
    let expected = "The configuration is at version 3 now: read it, and apply your change to that. \
        Meanwhile: version 3 by ada at 2026-01-05 09:00:00 UTC: ~ services/shop, - users/grace; version 2 by ada at 2026-01-05 09:00:00 UTC: + users/grace.";
    assert_eq!(detail, expected);
    assert_eq!(roll_back(&bench, "1", r#"{"expected_version":1}"#).0, 409);
    assert_eq!(get(&bench, "/v1/configuration").1["version"], 3);
}
