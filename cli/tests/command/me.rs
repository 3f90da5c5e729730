//! `me`: what one reads of oneself, and that each change sends that change alone.

use super::double::{Answer, Double, Request};
use expect_test::expect;
use serde_json::{Value, json};

/// Ada of team web, with a verified phone, an unconfirmed mail and rules.
fn ada() -> Double {
    Double::new(|request: &Request| match request.line().as_str() {
        "GET /v1/me" => Answer::json(200, json!({"token": "t", "user": "ada", "name": "Ada", "roles": [{"team": "web", "role": "admin"}]})),
        "GET /v1/users/ada/reach" => Answer::json(
            200,
            json!({"user": "ada", "name": "Ada", "time_zone": "Europe/London", "locale": null,
                "contact_methods": [{"id": "ada-sms", "kind": "sms", "to": "+15555550100", "state": "verified"},
                    {"id": "ada-mail", "kind": "email", "to": "ada@example.com", "state": "unverified"}],
                "rules": {"high": [{"via": "ada-sms", "after_s": 0}, {"via": "ada-mail", "after_s": 300}], "low": []},
                "quiet_hours": [{"from": "22:00", "to": "07:00"}]}),
        ),
        "PUT /v1/users/ada/reach" => Answer::json(200, json!({"version": 2, "changed": true, "created_keys": [], "contacts": []})),
        line if line.ends_with("/verification") => Answer::json(200, json!({"contact": "ada-sms-2", "kind": "sms", "state": "unverified"})),
        line => Answer::problem(404, "Not found", line),
    })
}

/// What a change sends.
fn sent(arguments: &[&str]) -> Value {
    let tocsin = ada();
    tocsin.tocsin(arguments).good();
    tocsin.seen().into_iter().find(|r| r.method == "PUT").unwrap().json()
}

#[test]
fn one_reads_who_one_is_and_what_to_do_next() {
    let expected = expect![[r#"
        admin of team web
        Ada (ada), clock of Europe/London, dates as in ISO
        high urgency: ada-sms after 0 s, ada-mail after 300 s
        low urgency: the first mail
        quiet: 22:00 to 07:00
        ID        KIND   TO               STATE
        ada-sms   sms    +15555550100     verified
        ada-mail  email  ada@example.com  unverified
        Show that ada-mail reaches you: tocsin me verify ada-mail
    "#]];
    expected.assert_eq(ada().tocsin(&["me"]).good());
    assert_eq!(ada().tocsin(&["me", "show", "--json"]).json()["contact_methods"][0]["id"], "ada-sms");
}

#[test]
fn each_change_sends_itself_and_nothing_else() {
    assert_eq!(sent(&["me", "zone", "Europe/Berlin"]), json!({"time_zone": "Europe/Berlin"}));
    assert_eq!(sent(&["me", "locale", "none"]), json!({"locale": ""}));
    assert_eq!(
        sent(&["me", "quiet", "22:30-06:00", "fri 18:00 - mon 08:00"]),
        json!({"quiet_hours": [{"from": "22:30", "to": "06:00"}, {"from": "fri 18:00", "to": "mon 08:00"}]})
    );
    assert_eq!(sent(&["me", "quiet", "--none"]), json!({"quiet_hours": []}));
    assert_eq!(
        sent(&["me", "rules", "low", "ada-mail", "ada-sms=1h"]),
        json!({"rules": {"high": [{"via": "ada-sms", "after_s": 0}, {"via": "ada-mail", "after_s": 300}], "low": [{"via": "ada-mail", "after_s": 0}, {"via": "ada-sms", "after_s": 3600}]}})
    );
}

#[test]
fn a_new_way_is_added_beside_the_others_and_asked_at_once() {
    let tocsin = ada();
    let said = tocsin.tocsin(&["me", "add", "sms", "+15555550199"]).good().to_owned();
    let put = tocsin.seen().into_iter().find(|r| r.method == "PUT").unwrap().json();
    let ways: Vec<&str> = put["contact_methods"].as_array().unwrap().iter().map(|w| w["id"].as_str().unwrap()).collect();
    assert_eq!(ways, ["ada-sms", "ada-mail", "ada-sms-2"]);
    assert!(put["contact_methods"][0].get("state").is_none() && put.get("rules").is_none(), "{put}");
    assert!(said.contains("Your rules do not name it yet: tocsin me rules high ... ada-sms-2") && said.contains("--code CODE"), "{said}");
    assert_eq!(tocsin.lines().last().unwrap(), "POST /v1/contacts/ada-sms-2/verification");
    // The same number again is no further way.
    let tocsin = ada();
    assert!(tocsin.tocsin(&["me", "add", "sms", "+15555550100"]).out.contains("ada-sms is that already."));
    assert!(!tocsin.lines().iter().any(|l| l.starts_with("PUT")));
    let ran = ada().tocsin(&["me", "add", "sms", "+15555550199", "--id", "ada-mail"]);
    assert!(ran.failed().contains("would take the old one away"), "{ran:?}");
}

#[test]
fn a_way_that_goes_takes_its_rules_with_it_and_the_last_one_stays() {
    assert_eq!(
        sent(&["me", "remove", "ada-mail"]),
        json!({"contact_methods": [{"id": "ada-sms", "kind": "sms", "to": "+15555550100"}], "rules": {"high": [{"via": "ada-sms", "after_s": 0}], "low": []}})
    );
    assert!(ada().tocsin(&["me", "remove", "nothing"]).failed().contains("see which there are: tocsin me"));
    let one = Double::new(|request: &Request| match request.path.as_str() {
        "/v1/me" => Answer::json(200, json!({"token": "t", "user": "bob"})),
        _ => Answer::json(
            200,
            json!({"user": "bob", "name": "Bob", "time_zone": "UTC", "contact_methods": [{"id": "bob-sms", "kind": "sms", "to": "+15555550101"}]}),
        ),
    });
    let ran = one.tocsin(&["me", "remove", "bob-sms"]);
    assert!(ran.failed().contains("nobody could page you any more") && ran.err.contains("--last"), "{ran:?}");
    assert!(!one.lines().iter().any(|l| l.starts_with("PUT")));
}

#[test]
fn a_token_of_nobody_and_people_of_others_are_told() {
    let nobody = Double::answering(200, json!({"token": "deployer", "user": null, "roles": [{"team": null, "role": "owner"}]}));
    let ran = nobody.tocsin(&["me"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), "owner of the whole deployment\n"));
    assert!(ran.err.contains("tocsin me --user ID"), "{ran:?}");
    let ran = ada().tocsin(&["me", "--user", "bob"]);
    assert!(ran.failed().contains("only admins of the whole deployment change how others are reached"), "{ran:?}");
}
