//! Commands, repetitions and bad input.

use crate::support::{Bench, configuration, owner};
use futures::executor::block_on;
use serde_json::{Value, json};
use tocsin_app::ports::{ConfigurationStore, VersionRecord};
use tocsin_domain::incident::timeline::Actor;

fn post(bench: &Bench, path: &str, body: &str) -> (u16, Value) {
    let (status, _, answer) = bench.call("POST", path, Some(&owner()), Some(body));
    (status.as_u16(), answer)
}

#[test]
fn commands_are_idempotent_and_say_where_they_can_not_apply() {
    let bench = Bench::new();
    let (status, first) = post(&bench, "/v1/incidents/42/acknowledge", "");
    assert_eq!((status, &first["status"], &first["acknowledged_by"]), (200, &json!("acknowledged"), &json!("ada")));
    let (status, second) = post(&bench, "/v1/incidents/42/acknowledge", "");
    assert_eq!((status, &second), (200, &first), "the second one changes nothing");
    assert_eq!(post(&bench, "/v1/incidents/42/resolve", "").0, 200);
    assert_eq!(post(&bench, "/v1/incidents/42/resolve", "").0, 200);
    let (status, problem) = post(&bench, "/v1/incidents/42/acknowledge", "");
    assert_eq!((status, &problem["type"]), (409, &json!("urn:tocsin:problem:conflict")));
    assert!(problem["detail"].as_str().unwrap().contains("resolved"), "{problem}");
    let (_, _, shown) = bench.call("GET", "/v1/incidents/42", Some(&owner()), None);
    let types: Vec<&str> = shown["timeline"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["noted", "acknowledged", "resolved"]);
}

/// Whoever left the configuration left the company: nobody would think of their tokens.
#[test]
fn a_person_who_is_gone_does_not_get_in_any_more() {
    let bench = Bench::new();
    let status = |bench: &Bench| bench.call("GET", "/v1/incidents", Some(&owner()), None).0.as_u16();
    assert_eq!(status(&bench), 200);
    let mut without = configuration();
    without.users.retain(|user| user.id.as_str() != "ada");
    let record = VersionRecord::new(2, "2026-01-05T08:30:00Z".parse().unwrap(), Actor::System);
    block_on(bench.store.publish_configuration(&record, &without)).unwrap();
    assert_eq!(status(&bench), 401);
}

#[test]
fn incidents_are_found_by_id_and_number_and_nothing_else() {
    let bench = Bench::new();
    let (_, _, by_number) = bench.call("GET", "/v1/incidents/42", Some(&owner()), None);
    let id = by_number["id"].as_str().unwrap();
    assert_eq!(bench.call("GET", &format!("/v1/incidents/{id}"), Some(&owner()), None).2, by_number);
    for wrong in ["43", "inc_01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", "-1", "99999999999999999999999", "%F0%9F%94%A5", "inc_"] {
        assert_eq!(bench.call("GET", &format!("/v1/incidents/{wrong}"), Some(&owner()), None).0.as_u16(), 404, "{wrong}");
    }
}

#[test]
fn bad_input_names_the_field() {
    let bench = Bench::new();
    for (path, body, status, field) in [
        ("notes", "{", 400, None),
        ("notes", "[]x", 422, Some(".")),
        ("notes", "{}", 422, Some(".")),
        ("notes", r#"{"text":1}"#, 422, Some("text")),
        ("notes", r#"{"text":""}"#, 422, Some("text")),
        ("notes", r#"{"text":"x","id":"y"}"#, 422, Some("id")),
        ("snooze", "{}", 422, Some("until")),
        ("snooze", r#"{"duration_s":0}"#, 422, Some("duration_s")),
        ("snooze", r#"{"duration_s":-1}"#, 422, Some("duration_s")),
        ("snooze", r#"{"until":"yesterday"}"#, 422, Some("until")),
        ("snooze", r#"{"until":"2020-01-01T00:00:00Z"}"#, 422, Some("until")),
        ("reassign", r#"{"to":[]}"#, 422, Some("to")),
        ("reassign", r#"{"to":[{"user":"nobody"}]}"#, 422, Some("to[0]")),
        ("reassign", r#"{"to":[{"user":"NOT A SLUG"}]}"#, 422, Some("to[0].user")),
        ("priority", r#"{"priority":"P9"}"#, 422, Some("priority")),
        ("urgency", r#"{"urgency":"medium"}"#, 422, Some("urgency")),
        ("urgency", "{}", 422, Some(".")),
        ("title", r#"{"title":" "}"#, 422, Some("title")),
        ("fields", r#"{"fields":{"A b":1}}"#, 422, Some("fields.A b")),
        ("fields", r#"{"fields":{"a":[1]}}"#, 422, Some("fields.a")),
        ("bridge", r#"{"bridge":"javascript:alert(1)"}"#, 422, Some("bridge")),
        ("split", r#"{"alerts":["alr_01KE6P4YM0000000000000000Z"]}"#, 422, Some("alerts[0]")),
        ("merge", r#"{"sources":["42"]}"#, 422, Some("sources[0]")),
        ("responders", r#"{"to":[]}"#, 422, Some("to")),
        ("responders", r#"{"to":[{"user":"nobody"}]}"#, 422, Some("to[0]")),
        ("responders/accept", r#"{"user":"NO"}"#, 422, Some("user")),
    ] {
        let (got, problem) = post(&bench, &format!("/v1/incidents/42/{path}"), body);
        assert_eq!(got, status, "{path} {body}: {problem}");
        if let Some(field) = field {
            let said = problem["errors"][0]["field"].as_str().unwrap();
            assert_eq!(said, field, "{path} {body}: {problem}");
        }
    }
    for query in ["status=closed", "limit=0", "limit=101", "limit=x", "after=x", "team=NO", "colour=red"] {
        assert_eq!(bench.call("GET", &format!("/v1/incidents?{query}"), Some(&owner()), None).0.as_u16(), 422, "{query}");
    }
    assert_eq!(bench.call("GET", "/nothing", None, None).0.as_u16(), 404);
    assert_eq!(bench.call("DELETE", "/v1/incidents", Some(&owner()), None).0.as_u16(), 405);
}

#[test]
fn many_incidents_in_one_request_are_answered_one_by_one() {
    let bench = Bench::new();
    let asked = json!({"incidents": ["42", "7", "41", "#42"], "command": {"resolve": {}}}).to_string();
    let (status, answer) = post(&bench, "/v1/incidents/bulk", &asked);
    assert_eq!(status, 200);
    let told = |answer: &Value| answer["results"].as_array().unwrap().iter().map(|r| r["status"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(told(&answer), [200, 404, 200, 422]);
    assert_eq!(answer["results"][0]["incident"]["status"], "resolved");
    assert_eq!(told(&post(&bench, "/v1/incidents/bulk", &asked).1), [200, 404, 200, 422], "twice is once");
    // Authorization is asked for each: another team's do not exist.
    let (_, _, theirs) =
        bench.call("POST", "/v1/incidents/bulk", Some(&crate::support::token(Some("theirs"), tocsin_domain::configuration::Role::Owner)), Some(&asked));
    assert_eq!(told(&theirs), [404, 404, 404, 404]);
    let (_, _, observer) =
        bench.call("POST", "/v1/incidents/bulk", Some(&crate::support::token(Some("ours"), tocsin_domain::configuration::Role::Observer)), Some(&asked));
    assert_eq!(told(&observer), [403, 404, 403, 403]);
    let many = json!({"incidents": vec!["42"; 251], "command": {"resolve": {}}}).to_string();
    assert_eq!(post(&bench, "/v1/incidents/bulk", &many).0, 422);
}

#[test]
fn a_note_with_a_key_is_written_once() {
    let bench = Bench::new();
    let note = |key: &str, text: &str| {
        bench.call_with("POST", "/v1/incidents/42/notes", Some(&owner()), Some(&json!({ "text": text }).to_string()), &[("idempotency-key", key)]).0.as_u16()
    };
    assert_eq!((note("a", "one"), note("a", "one"), note("b", "two")), (200, 200, 200));
    assert_eq!(note(&"x".repeat(201), "three"), 422);
    let (_, _, shown) = bench.call("GET", "/v1/incidents/42", Some(&owner()), None);
    let noted = shown["timeline"].as_array().unwrap().iter().filter(|e| e["type"] == "noted").count();
    assert_eq!(noted, 3, "the one of the bench, and two");
}

#[test]
fn what_people_keep_on_an_incident() {
    let bench = Bench::new();
    assert_eq!(post(&bench, "/v1/incidents/42/fields", r#"{"fields":{"customers_hit":12,"eu":true,"cause":"disk"}}"#).0, 200);
    assert_eq!(post(&bench, "/v1/incidents/42/fields", r#"{"fields":{"cause":null,"eu":true}}"#).1["fields"], json!({"customers_hit": 12, "eu": true}));
    let fields: serde_json::Map<String, Value> = (0..20).map(|n| (format!("f{n}"), json!(n))).collect();
    assert_eq!(post(&bench, "/v1/incidents/42/fields", &json!({ "fields": fields }).to_string()).0, 409, "too many");
    assert_eq!(post(&bench, "/v1/incidents/42/title", "{\"title\":\"Checkout\\nis slow\"}").1["title"], "Checkout is slow");
    assert_eq!(post(&bench, "/v1/incidents/42/bridge", r#"{"bridge":"https://meet.example.com/x"}"#).1["bridge"], "https://meet.example.com/x");
    assert_eq!(post(&bench, "/v1/incidents/42/bridge", r#"{"bridge":null}"#).1.get("bridge"), None);
}

#[test]
fn who_is_asked_to_help_answers_once() {
    let bench = Bench::new();
    let (status, asked) = post(&bench, "/v1/incidents/42/responders", r#"{"to":[{"user":"ada"}],"message":"the database"}"#);
    assert_eq!((status, &asked["responders"]), (200, &json!([{"user": "bob", "answer": "asked"}])), "Ada is found out when the request is called");
    let long = json!({"to": [{"user": "ada"}], "message": "x".repeat(161)}).to_string();
    assert_eq!(post(&bench, "/v1/incidents/42/responders", &long).0, 422);
    assert_eq!(post(&bench, "/v1/incidents/42/responders/accept", "{}").0, 409, "Ada was not asked yet");
    let (status, declined) = post(&bench, "/v1/incidents/42/responders/decline", r#"{"user":"bob"}"#);
    assert_eq!((status, &declined["responders"]), (200, &json!([{"user": "bob", "answer": "declined"}])));
    assert_eq!(post(&bench, "/v1/incidents/42/responders/decline", r#"{"user":"bob"}"#), (200, declined));
}

#[test]
fn a_configuration_with_errors_tells_all_of_them_and_changes_nothing() {
    let bench = Bench::new();
    let wrong = json!({"configuration": {"version": 1, "policies": [{"id": "p", "team": "nowhere", "levels": []}],
        "services": [{"id": "s", "name": "S", "team": "nowhere", "policy": "q"}]}});
    let (status, _, problem) = bench.call("PUT", "/v1/configuration", Some(&owner()), Some(&wrong.to_string()));
    assert_eq!(status.as_u16(), 422);
    assert!(problem["errors"].as_array().unwrap().len() >= 3, "{problem}");
    let (_, _, current) = bench.call("GET", "/v1/configuration", Some(&owner()), None);
    assert_eq!(current["version"], 1);
}

#[test]
fn keys_are_shown_once_and_two_at_most_and_one_at_least() {
    let bench = Bench::new();
    let apply = |configuration: Value| bench.call("PUT", "/v1/configuration", Some(&owner()), Some(&json!({"configuration": configuration}).to_string())).2;
    let mut configuration = serde_json::to_value(crate::support::configuration()).unwrap();
    configuration["services"][0]["integrations"].as_array_mut().unwrap().push(json!({"id": "shop-am", "kind": "alertmanager"}));
    let created = apply(configuration.clone())["created_keys"].as_array().unwrap().clone();
    let key = created.iter().find(|k| k["integration"] == "shop-am").unwrap()["key"].as_str().unwrap().to_owned();
    assert_eq!(key.len(), 32);
    assert_eq!(apply(configuration)["created_keys"], json!([]));
    assert!(!format!("{:?}", bench.store.state()).contains(&key), "only the hash of a key is stored");
    let revoke = |key: &str| post(&bench, "/v1/integrations/shop-am/keys/revoke", &json!({"key": key}).to_string());
    assert_eq!(revoke(&key).0, 422, "the only one");
    let (status, second) = post(&bench, "/v1/integrations/shop-am/keys", "");
    assert_eq!(status, 200);
    assert_eq!(post(&bench, "/v1/integrations/shop-am/keys", "").0, 422, "a third one");
    assert_eq!(revoke("first-key").0, 404, "of another integration");
    assert_eq!(revoke(&key), (200, json!({"integration": "shop-am", "keys_left": 1})));
    assert_eq!(revoke(second["key"].as_str().unwrap()).0, 422);
    let stale = json!({"configuration": {"version": 1}, "expected_version": 7}).to_string();
    assert_eq!(bench.call("PUT", "/v1/configuration", Some(&owner()), Some(&stale)).0.as_u16(), 409);
}

#[test]
fn an_open_incident_tells_what_was_deleted_meanwhile() {
    let bench = Bench::new();
    let show = || {
        let (status, _, shown) = bench.call("GET", "/v1/incidents/42", Some(&owner()), None);
        (status.as_u16(), shown)
    };
    let (_, before) = show();
    assert_eq!(before.get("gone"), None, "left out where nothing is gone");
    let mut wanted = serde_json::to_value(crate::support::configuration()).unwrap();
    for deleted in ["services", "policies", "maintenance"] {
        wanted[deleted] = json!([]);
    }
    wanted["users"].as_array_mut().unwrap().pop();
    wanted["schedules"][0]["layers"][0]["members"] = json!(["ada"]);
    let (status, _, applied) =
        bench.call("PUT", "/v1/configuration", Some(&owner()), Some(&json!({"configuration": wanted, "expected_version": 1}).to_string()));
    assert_eq!((status.as_u16(), &applied["version"]), (200, &json!(2)), "{applied}");
    let (status, mut shown) = show();
    let gone = shown.as_object_mut().unwrap().remove("gone").unwrap();
    let expected = json!([
        {"kind": "service", "id": "shop", "name": "Shop", "since_version": 1},
        {"kind": "policy", "id": "p", "since_version": 1},
        {"kind": "user", "id": "bob", "name": "Bob", "since_version": 1},
    ]);
    assert_eq!((status, gone, shown), (200, expected, before), "all else is as before");
    let (_, _, list) = bench.call("GET", "/v1/incidents", Some(&owner()), None);
    assert!(list["incidents"].as_array().unwrap().iter().all(|i| i.get("gone").is_none()), "{list}");
}

/// The largest configuration that validation lets through fits into a request.
#[test]
fn a_configuration_of_the_largest_size_is_applied_and_a_larger_one_names_its_size() {
    let bench = Bench::new();
    let put = |components: usize| {
        let mut document = serde_json::to_value(crate::support::configuration()).unwrap();
        let component = |n: usize| json!({"id": format!("c{n:04}"), "name": "C", "description": "d".repeat(1000), "services": ["shop"]});
        document["status_page"] = json!({"name": "Status", "components": (0..components).map(component).collect::<Value>()});
        let bytes = document.to_string().len();
        let (status, _, answer) = bench.call("PUT", "/v1/configuration", Some(&owner()), Some(&json!({ "configuration": document }).to_string()));
        (bytes, status.as_u16(), answer)
    };
    // Each is some 1,060 bytes long.
    let (bytes, status, answer) = put(1878);
    assert!((1_990_000..=2_000_000).contains(&bytes), "{bytes}");
    assert_eq!(status, 200, "{answer}");
    let (bytes, status, answer) = put(1900);
    assert_eq!((status, &answer["errors"][0]["field"]), (422, &json!("configuration.status_page")), "{bytes}: {answer}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("at most 2000000"), "{answer}");
}
