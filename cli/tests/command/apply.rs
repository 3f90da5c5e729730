//! `apply`, `check` and `key`.

use super::double::{Answer, Double, Request, file, run, tocsin};
use expect_test::expect;
use serde_json::{Value, json};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/local/example.yaml");

fn deployment(applied: Value) -> Double {
    Double::new(move |request: &Request| match request.line().as_str() {
        "GET /v1/configuration" => Answer::json(200, json!({"version": 3, "configuration": {"version": 1, "users": [{"id": "bob"}]}})),
        "PUT /v1/configuration" => Answer::json(200, applied.clone()),
        other => Answer::problem(404, "Not found", other),
    })
}

#[test]
fn applying_says_what_it_did_and_shows_the_keys_once() {
    let tocsin = deployment(json!({
        "version": 4,
        "changed": true,
        "created_keys": [
            {"integration": "shop-pagerduty", "service": "shop", "kind": "pagerduty", "key": "KEYPD"},
            {"integration": "shop-alertmanager", "service": "shop", "kind": "alertmanager", "key": "KEYAM"},
        ],
        "contacts": [{"contact": "ada-mail", "kind": "email", "state": "pending"}, {"contact": "grace-mail", "kind": "email", "state": "confirmed"}],
    }));
    let ran = tocsin.tocsin(&["apply", EXAMPLE]);
    let expected = expect![[r#"
        Version 4 is in force. 1 team, 3 users, 1 schedule, 2 policies, 3 services.
          + teams: web
          + users: ada
          + users: grace
          + users: linus
          - users: bob
          + schedules: web-weekly
          + policies: demo
          + policies: web-standard
          + services: demo
          + services: payments
          + services: shop
          ~ status_page
          ada-mail: was asked to confirm: no page goes there until then.

        New keys. They are shown this once: put them into your senders now.
        INTEGRATION        KEY    ADDRESS
        shop-pagerduty     KEYPD  URL/v2/enqueue
        shop-alertmanager  KEYAM  URL/v1/integrations/alertmanager/KEYAM
    "#]];
    expected.assert_eq(&ran.good().replace(&tocsin.address, "URL"));
    let put = &tocsin.seen()[1];
    assert_eq!(put.header("authorization"), "Bearer SECRET-TOKEN");
    assert_eq!(put.json()["expected_version"], 3);
    assert_eq!(put.json()["configuration"]["users"][0]["id"], "ada");
}

#[test]
fn machines_get_the_answer_itself() {
    let answer =
        json!({"version": 1, "changed": true, "created_keys": [{"integration": "i", "service": "s", "kind": "pagerduty", "key": "K"}], "contacts": []});
    let tocsin = deployment(answer.clone());
    assert_eq!(tocsin.tocsin(&["apply", EXAMPLE, "--json"]).json(), answer);
    assert_eq!(tocsin.tocsin(&["--json", "apply", EXAMPLE, "--expect", "0"]).json(), answer);
    assert_eq!(tocsin.seen()[3].json()["expected_version"], 0);
}

#[test]
fn the_same_configuration_changes_nothing() {
    let tocsin = deployment(json!({"version": 3, "changed": false, "created_keys": [], "contacts": []}));
    expect![[r#"
        Nothing is different: version 3 stays in force. 1 team, 3 users, 1 schedule, 2 policies, 3 services.
    "#]]
    .assert_eq(tocsin.tocsin(&["apply", EXAMPLE]).good());
}

#[test]
fn a_wrong_file_changes_nothing_and_needs_neither_network_nor_token() {
    let wrong = file("wrong.yaml", "version: 1\nteams:\n  - { id: web, name: Web, members: [{ user: ada }] }\nuser: []\n");
    let tocsin = deployment(json!({}));
    let ran = tocsin.tocsin(&["apply", wrong.to_str().unwrap()]);
    expect![[r#"
        wrong.yaml:3: teams[0].members[0].user: there is no user "ada" (none is defined yet: add it first)
        wrong.yaml:4: user: unknown field "user" (did you mean "users"?)
          nothing was changed
    "#]]
    .assert_eq(&ran.failed().replace(wrong.to_str().unwrap(), "wrong.yaml"));
    assert_eq!(tocsin.lines(), Vec::<String>::new());

    let json = run(super::double::tocsin(&["apply", "--json"]).arg(&wrong));
    assert_eq!(json.code, Some(1));
    let rows = json.json()["error"]["findings"].clone();
    assert_eq!((rows[0]["line"].clone(), rows[0]["field"].clone()), (json!(3), json!("teams[0].members[0].user")));
    assert_eq!((rows[1]["line"].clone(), rows[1]["suggestion"].clone()), (json!(4), json!("did you mean \"users\"?")));
}

#[test]
fn a_file_is_checked_offline() {
    let ran = run(&mut tocsin(&["check", EXAMPLE]));
    expect![[r#"
        example.yaml: good. 1 team, 3 users, 1 schedule, 2 policies, 3 services.
    "#]]
    .assert_eq(&ran.good().replace(EXAMPLE, "example.yaml"));
    assert_eq!(run(&mut tocsin(&["check", EXAMPLE, "--json"])).json()["good"], true);
    let missing = run(&mut tocsin(&["check", "no-such-file.yaml"]));
    expect![[r#"
        tocsin: cannot read no-such-file.yaml: No such file or directory (os error 2)
    "#]]
    .assert_eq(missing.failed());
    let odd = file("latin1.yaml", "");
    std::fs::write(&odd, b"version: 1 # caf\xe9\n").unwrap();
    assert!(run(tocsin(&["check"]).arg(&odd)).failed().contains("it is not UTF-8 text"));
}

#[test]
fn what_the_api_refuses_is_said_by_field() {
    let refusing = |status: u16, body: Value| {
        Double::new(move |request: &Request| match request.method.as_str() {
            "GET" => Answer::json(200, json!({"version": 3, "configuration": {}})),
            _ => Answer::json(status, body.clone()),
        })
    };
    let moved = refusing(409, json!({"title": "Conflict", "status": 409, "detail": "the configuration is at version 4 now"}));
    expect![[r#"
        tocsin: the configuration is at version 4 now
          somebody else applied a configuration meanwhile: look at what changed, then apply again
    "#]]
    .assert_eq(moved.tocsin(&["apply", EXAMPLE]).failed());
    let invalid =
        refusing(422, json!({"title": "Invalid", "detail": "1 field is wrong", "errors": [{"field": "configuration.users[0].id", "message": "taken"}]}));
    expect![[r#"
        tocsin: 1 field is wrong
          configuration.users[0].id: taken
          nothing was changed; correct the file and apply again
    "#]]
    .assert_eq(invalid.tocsin(&["apply", EXAMPLE]).failed());
}

#[test]
fn a_further_key_for_an_integration() {
    let tocsin = Double::answering(200, json!({"integration": "shop-pagerduty", "service": "shop", "kind": "pagerduty", "key": "NEWKEY"}));
    let ran = tocsin.tocsin(&["key", "shop-pagerduty"]);
    expect![[r#"

        New keys. They are shown this once: put them into your senders now.
        INTEGRATION     KEY     ADDRESS
        shop-pagerduty  NEWKEY  URL/v2/enqueue
        The keys that it had stay valid.
    "#]]
    .assert_eq(&ran.good().replace(&tocsin.address, "URL"));
    assert_eq!(tocsin.lines(), ["POST /v1/integrations/shop-pagerduty/keys"]);
    tocsin.tocsin(&["key", "../tokens?x=#"]);
    assert_eq!(tocsin.lines()[1], "POST /v1/integrations/..%2Ftokens%3Fx=%23/keys", "an id can not reach another route");
}
