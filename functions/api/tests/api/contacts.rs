//! Codes: sent to phones of the configuration only, counted, equal in their answers, and never kept.

use crate::support::{Bench, owner, token};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tocsin_domain::configuration::Role;

fn ask(bench: &Bench, contact: &str) -> (u16, Value) {
    let (status, _, answer) = bench.call("POST", &format!("/v1/contacts/{contact}/verification"), Some(&owner()), None);
    (status.as_u16(), answer)
}

fn confirm(bench: &Bench, contact: &str, code: &str) -> (u16, Value) {
    let body = json!({"code": code}).to_string();
    let (status, _, answer) = bench.call("POST", &format!("/v1/contacts/{contact}/verification/confirm"), Some(&owner()), Some(&body));
    (status.as_u16(), answer)
}

/// The code in the last text message.
fn code(bench: &Bench) -> String {
    let text = bench.messenger.outbox().last().unwrap().message.text.clone();
    assert!(text.starts_with("Tocsin: ") && text.contains("ada-sms") && !text.contains("+1555"), "{text}");
    text.chars().filter(char::is_ascii_digit).take(6).collect()
}

#[test]
fn a_phone_is_verified_by_the_code_that_it_got() {
    let bench = Bench::new();
    let asked = ask(&bench, "ada-sms");
    assert_eq!(asked, (200, json!({"contact": "ada-sms", "kind": "sms", "state": "unverified"})));
    assert_eq!(bench.messenger.outbox().last().unwrap().to.to, "+15555550101");
    let code = code(&bench);
    assert!(!format!("{:?}", bench.store.state().verifications).contains(&code), "only its hash is kept");
    assert_eq!(ask(&bench, "ada-sms"), asked, "the same answer within the minute");
    assert_eq!(bench.messenger.outbox().len(), 1, "and no further code");
    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    let (status, problem) = confirm(&bench, "ada-sms", &wrong);
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("code")), "{problem}");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    for _ in 0..2 {
        assert_eq!(confirm(&bench, "ada-sms", &spaced), (200, json!({"contact": "ada-sms", "kind": "sms", "state": "verified"})));
    }
    // Another number under the same id is unverified again.
    let mut configuration = serde_json::to_value(crate::support::configuration()).unwrap();
    let states = |configuration: &Value| {
        let (_, _, applied) = bench.call("PUT", "/v1/configuration", Some(&owner()), Some(&json!({"configuration": configuration}).to_string()));
        applied["contacts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| format!("{} {}", c["contact"].as_str().unwrap(), c["state"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&configuration), ["ada-mail confirmed", "ada-sms confirmed", "bob-sms unverified"]);
    configuration["users"][0]["contact_methods"][0]["to"] = json!("+15555550199");
    assert_eq!(states(&configuration), ["ada-mail confirmed", "ada-sms unverified", "bob-sms unverified"]);
}

#[test]
fn five_wrong_codes_and_ten_minutes_end_a_code_and_the_answer_is_the_same() {
    let bench = Bench::new();
    ask(&bench, "ada-sms");
    let right = code(&bench);
    let wrong = confirm(&bench, "ada-sms", "000");
    for _ in 0..4 {
        assert_eq!(confirm(&bench, "ada-sms", "nonsense"), wrong);
    }
    assert_eq!(confirm(&bench, "ada-sms", &right), wrong, "tried too often");
    assert_eq!(confirm(&bench, "bob-sms", &right), wrong, "never sent");
    bench.clock.advance(SignedDuration::from_secs(61));
    ask(&bench, "ada-sms");
    let right = code(&bench);
    bench.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(confirm(&bench, "ada-sms", &right), wrong, "expired");
}

#[test]
fn somebody_elses_and_nobodys_contact_methods_are_not_found_alike() {
    let bench = Bench::new();
    let of_team = token(Some("ours"), Role::Owner);
    let answers: Vec<Value> = ["bob-sms", "no-such", "NOT A SLUG"]
        .into_iter()
        .map(|contact| {
            let path = format!("/v1/contacts/{}/verification", contact.replace(' ', "%20"));
            let (status, _, answer) = bench.call("POST", &path, Some(&of_team), None);
            assert_eq!(status.as_u16(), 404, "{contact}");
            answer
        })
        .collect();
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
    assert!(bench.messenger.outbox().is_empty());
    assert_eq!(ask(&bench, "bob-sms").0, 200, "an admin of all may ask for her");
}

#[test]
fn doctor_says_who_is_reached_by_no_verified_way() {
    let bench = Bench::new();
    let findings = || {
        let (_, _, answer) = bench.call("GET", "/v1/doctor", Some(&owner()), None);
        answer["findings"].as_array().unwrap().iter().map(|f| format!("{}: {}", f["level"].as_str().unwrap(), f["what"].as_str().unwrap())).collect::<Vec<_>>()
    };
    assert!(
        findings().contains(&"warning: phone ada-sms of ada is not verified: pages go there, but nobody knows whether they arrive".to_owned()),
        "{:#?}",
        findings()
    );
    assert!(findings().contains(&"error: phone bob-sms of bob is not verified, and bob has no other way: the last-resort contact is paged beside".to_owned()));
    ask(&bench, "ada-sms");
    assert_eq!(confirm(&bench, "ada-sms", &code(&bench)).0, 200);
    assert!(findings().contains(&"ok: phone ada-sms of ada is verified".to_owned()));
}

#[test]
fn people_change_how_they_are_reached_and_nobody_elses() {
    let bench = Bench::new();
    let of_team = token(Some("theirs"), Role::Observer);
    let reach = |user: &str, body: Value| {
        let (status, _, answer) = bench.call("PUT", &format!("/v1/users/{user}/reach"), Some(&of_team), Some(&body.to_string()));
        (status.as_u16(), answer)
    };
    let (status, answer) =
        reach("ada", json!({"contact_methods": [{"id": "ada-new", "kind": "sms", "to": "+15555550177"}], "quiet_hours": [{"from": "22:00", "to": "07:00"}]}));
    assert_eq!((status, &answer["changed"]), (200, &json!(true)), "{answer}");
    assert!(answer["contacts"].as_array().unwrap().contains(&json!({"contact": "ada-new", "kind": "sms", "state": "unverified"})));
    let (_, _, current) = bench.call("GET", "/v1/configuration", Some(&owner()), None);
    assert_eq!(current["configuration"]["users"][0]["contact_methods"][0]["to"], "+15555550177");
    assert_eq!(current["configuration"]["users"][1], serde_json::to_value(&crate::support::configuration().users[1]).unwrap(), "nobody else is touched");
    assert_eq!(reach("bob", json!({"locale": "en-GB"})), reach("nobody", json!({"locale": "en-GB"})), "somebody else's and nobody's alike");
    assert_eq!(reach("bob", json!({})).0, 404);
    let (status, answer) = reach("ada", json!({"contact_methods": [{"id": "bob-sms", "kind": "sms", "to": "0555"}]}));
    assert_eq!(status, 422, "{answer}");
    assert_eq!(reach("ada", json!({"name": "Eve"})).0, 422, "only how they are reached");
}

#[test]
fn admins_of_a_team_change_what_is_theirs_and_are_told_what_is_not() {
    let bench = Bench::new();
    let put = |team: &str, role: Role, configuration: &Value, expected: Option<u64>| {
        let body = json!({"configuration": configuration, "expected_version": expected}).to_string();
        let (status, _, answer) = bench.call("PUT", "/v1/configuration", Some(&token(Some(team), role)), Some(&body));
        (status.as_u16(), answer)
    };
    let mut wanted = serde_json::to_value(crate::support::configuration()).unwrap();
    wanted["policies"][0]["repeat"] = json!(3);
    for (team, role, status) in [("ours", Role::Observer, 403), ("ours", Role::Responder, 403), ("theirs", Role::Owner, 403), ("ours", Role::Admin, 200)] {
        let (got, answer) = put(team, role, &wanted, None);
        assert_eq!(got, status, "{team} {role:?}: {answer}");
        if got == 403 {
            assert_eq!(answer["errors"][0]["field"], "configuration.policies.p", "{answer}");
        }
    }
    let stale = put("ours", Role::Admin, &wanted, Some(1));
    assert_eq!(stale.0, 409, "{}", stale.1);
    wanted["users"][1]["contact_methods"] = json!([]);
    let (status, answer) = put("ours", Role::Owner, &wanted, None);
    assert_eq!((status, &answer["errors"][0]["field"]), (403, &json!("configuration.users.bob")), "contact methods of others are a right of the deployment");
}
