//! `contact verify`.

use super::double::Double;
use serde_json::json;

#[test]
fn a_code_is_asked_for_and_taken() {
    let tocsin = Double::answering(200, json!({"contact": "ada-sms", "kind": "sms", "state": "unverified"}));
    let said = tocsin.tocsin(&["contact", "verify", "ada-sms"]).good().to_owned();
    assert!(said.contains("tocsin contact verify ada-sms --code CODE"), "{said}");
    let tocsin = Double::answering(200, json!({"contact": "ada-sms", "kind": "sms", "state": "verified"}));
    assert_eq!(tocsin.tocsin(&["contact", "verify", "ada-sms", "--code", "123 456"]).good(), "ada-sms is verified.\n");
    assert_eq!(tocsin.lines(), ["POST /v1/contacts/ada-sms/verification/confirm"]);
    let tocsin = Double::answering(200, json!({"contact": "ada-mail", "kind": "email", "state": "unverified"}));
    assert!(tocsin.tocsin(&["contact", "verify", "ada-mail"]).good().contains("has to open the link"));
}

#[test]
fn a_code_that_does_not_work_is_a_failure_that_names_the_field() {
    let problem = json!({"type": "urn:tocsin:problem:invalid", "title": "Invalid", "status": 422, "detail": "One field is wrong.",
        "errors": [{"field": "code", "message": "this code does not work"}]});
    let tocsin = Double::answering(422, problem);
    let ended = tocsin.tocsin(&["contact", "verify", "ada-sms", "--code", "1"]);
    assert!(ended.failed().contains("this code does not work"), "{ended:?}");
}
