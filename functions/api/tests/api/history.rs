//! Versions of the configuration: who changed what, and the way back.

use crate::support::{Bench, configuration, owner, token};
use futures::executor::block_on;
use serde_json::{Value, json};
use tocsin_app::ports::{ConfigurationStore, VersionRecord};
use tocsin_domain::configuration::{Configuration, Role};
use tocsin_domain::foresight::difference::Summary;
use tocsin_domain::incident::timeline::Actor;

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
fn incidents_of_a_team_that_is_gone_are_listed_for_whoever_may_read_all_teams() {
    let bench = Bench::new();
    let listed = |query: &str, token: &str| -> Vec<u64> {
        let (status, _, answer) = bench.call("GET", &format!("/v1/incidents{query}"), Some(token), None);
        assert_eq!(status.as_u16(), 200, "{answer}");
        answer["incidents"].as_array().unwrap().iter().map(|i| i["number"].as_u64().unwrap()).collect()
    };
    let before = listed("", &owner());
    assert_eq!(before, [42, 41]);
    let without = |name: &str| json!({"version": 1, "teams": [{"id": "theirs", "name": name}], "users": [{"id": "ada", "name": "Ada"}]});
    assert_eq!(apply(&bench, &without("Theirs"), 1).0, 200);
    assert_eq!(listed("", &owner()), before);
    // Whatever is published behind the version that took it away.
    for version in 2..5 {
        assert_eq!(apply(&bench, &without(&format!("Theirs {version}")), version).0, 200);
        assert_eq!(listed("", &owner()), before, "version {}", version + 1);
    }
    assert_eq!(listed("?limit=1", &owner()), [42]);
    assert_eq!(listed("?team=ours", &owner()), before);
    assert_eq!(listed("?team=theirs", &owner()), [0_u64; 0]);
    for one_team in ["ours", "theirs"] {
        assert_eq!(listed("", &token(Some(one_team), Role::Owner)), [0_u64; 0], "{one_team}");
    }
    assert_eq!(roll_back(&bench, "1", "{}").0, 200);
    assert_eq!(listed("", &owner()), before, "once, now that the team is back");
    assert_eq!(listed("", &token(Some("ours"), Role::Owner)), before);
}

#[test]
fn a_team_that_went_before_versions_knew_what_is_gone_is_found_by_what_they_took_away() {
    let bench = Bench::new();
    let without: Configuration =
        serde_json::from_value(json!({"version": 1, "teams": [{"id": "theirs", "name": "Theirs"}], "users": [{"id": "ada", "name": "Ada"}]})).unwrap();
    let summary = Summary { removed: vec!["users/bob".to_owned(), "teams/ours".to_owned()], ..Summary::default() };
    for (version, summary) in [(2, Some(summary)), (3, None)] {
        let record = VersionRecord { summary, ..VersionRecord::new(version, "2026-01-05T08:30:00Z".parse().unwrap(), Actor::System) };
        block_on(bench.store.publish_configuration(&record, &without)).unwrap();
    }
    let open = || get(&bench, "/v1/incidents").1["incidents"].as_array().unwrap().len();
    assert_eq!(open(), 2);
    assert_eq!(apply(&bench, &json!({"version": 1, "teams": [{"id": "new", "name": "New"}], "users": [{"id": "ada", "name": "Ada"}]}), 3).0, 200);
    assert_eq!(open(), 2, "the next version knows it");
    let gone = block_on(bench.store.version_record(4)).unwrap().unwrap().gone_teams.unwrap();
    assert_eq!(gone.iter().map(|t| t.as_str()).collect::<Vec<_>>(), ["theirs", "ours"], "the latest first");
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
