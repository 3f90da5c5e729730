//! What is said when a command can not do its work: each message names the next step.

use super::double::{Answer, Double, run, tocsin};
use expect_test::expect;
use serde_json::json;

#[test]
fn settings_that_are_missing_or_wrong() {
    expect![[r#"
        tocsin: no deployment is named
          set TOCSIN_URL to the stack's output ApiUrl (local stack: source .tocsin/local.env), or give --url
    "#]]
    .assert_eq(run(&mut tocsin(&["incidents"])).failed());
    expect![[r#"
        tocsin: no API token is set
          set TOCSIN_API_TOKEN; the first token of a deployment is made by: tocsin init
    "#]]
    .assert_eq(run(tocsin(&["incidents"]).env("TOCSIN_URL", "http://localhost:1")).failed());
    let url = |url: &str| run(tocsin(&["incidents"]).env("TOCSIN_API_TOKEN", "t").env("TOCSIN_URL", url)).failed().to_owned();
    expect![[r#"
        tocsin: "tocsin.example.com" is no address of a deployment
          write it like https://example.execute-api.eu-west-1.amazonaws.com
    "#]]
    .assert_eq(&url("tocsin.example.com"));
    expect![[r#"
        tocsin: "file:///etc/passwd" is no address of a deployment
          write it like https://example.execute-api.eu-west-1.amazonaws.com
    "#]]
    .assert_eq(&url("file:///etc/passwd"));
    assert_eq!(url("  ").lines().next(), Some("tocsin: no deployment is named"));
}

#[test]
fn nobody_there() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/");
    let ran = run(&mut tocsin(&["incidents", "--url", &url, "--token", "SECRET-TOKEN"]));
    expect![[r#"
        tocsin: cannot reach http://127.0.0.1:PORT: Connection refused (os error 111)
          check TOCSIN_URL and the network; is the local stack up? (make start)
    "#]]
    .assert_eq(&ran.failed().replace(&port.to_string(), "PORT"));
}

#[test]
fn answers_that_refuse() {
    for (status, expected) in [
        (
            401,
            expect![[r#"
        tocsin: what the API says
          the token is not known there: check TOCSIN_API_TOKEN and TOCSIN_URL, or make another one: tocsin init --another
    "#]],
        ),
        (
            403,
            expect![[r#"
        tocsin: what the API says
          this token may not do that: use one with a higher role, or ask an administrator
    "#]],
        ),
        (
            404,
            expect![[r#"
        tocsin: what the API says
          see which there are: tocsin incidents --all
    "#]],
        ),
        (
            429,
            expect![[r#"
        tocsin: what the API says
          nothing is known to have changed; try again in a moment, then look into the logs of the api function
    "#]],
        ),
        (
            503,
            expect![[r#"
        tocsin: what the API says
          nothing is known to have changed; try again in a moment, then look into the logs of the api function
    "#]],
        ),
    ] {
        let tocsin = Double::new(move |_| Answer::problem(status, "Title", "what the API says"));
        let ran = tocsin.tocsin(&["show", "12"]);
        expected.assert_eq(ran.failed());
        assert!(!ran.err.contains("SECRET-TOKEN"));
        let json = run(super::double::tocsin(&["show", "12", "--json"]).env("TOCSIN_URL", &tocsin.address).env("TOCSIN_API_TOKEN", "t"));
        assert_eq!((json.code, json.json()["error"]["status"].clone()), (Some(1), json!(status)));
    }
}

#[test]
fn answers_that_are_not_tocsins() {
    let page = Double::new(|_| Answer::text(200, "text/html", "<html>Welcome</html>"));
    expect![[r#"
        tocsin: URL answered 200 with something that is not Tocsin's: expected value at line 1 column 1
          check TOCSIN_URL: it should be the stack's output ApiUrl, without a path
    "#]]
    .assert_eq(&page.tocsin(&["incidents"]).failed().replace(&page.address, "URL"));
    let elsewhere = Double::new(|_| Answer::text(302, "text/html", ""));
    expect![[r#"
        tocsin: URL answered 302 with something that is not Tocsin's: no problem document
          check TOCSIN_URL: it should be the stack's output ApiUrl, without a path
    "#]]
    .assert_eq(&elsewhere.tocsin(&["incidents"]).failed().replace(&elsewhere.address, "URL"));
    let gateway = Double::answering(404, json!({"message": "Not Found"}));
    expect![[r#"
        tocsin: Not Found
          check TOCSIN_URL: it should be the stack's output ApiUrl, without a path
    "#]]
    .assert_eq(&gateway.tocsin(&["incidents"]).failed().replace(&gateway.address, "URL"));
    let odd = Double::answering(200, json!({"incidents": [{"number": "twelve"}]}));
    assert!(odd.tocsin(&["incidents"]).err.contains("with something that is not Tocsin's"));
    let down = Double::new(|_| Answer::text(502, "text/html", "<html>Bad gateway</html>"));
    expect![[r#"
        tocsin: the API answered 502
          nothing is known to have changed; try again in a moment, then look into the logs of the api function
    "#]]
    .assert_eq(down.tocsin(&["incidents"]).failed());
}

#[test]
fn a_command_line_that_can_not_be_understood_is_2() {
    for arguments in [
        &[][..],
        &["ack"],
        &["ack", "one"],
        &["snooze", "12", "soon"],
        &["reassign", "12"],
        &["incidents", "--limit", "0"],
        &["priority", "1", "P6"],
        &["nothing"],
    ] {
        assert_eq!(run(&mut tocsin(arguments)).code, Some(2), "{arguments:?}");
    }
    let help = run(&mut tocsin(&["--help"]));
    for word in ["TOCSIN_URL", "TOCSIN_API_TOKEN", "Exit codes", "apply", "doctor", "redrive"] {
        assert!(help.good().contains(word), "{word}");
    }
    let secret = run(tocsin(&["--help"]).env("TOCSIN_API_TOKEN", "SECRET-TOKEN"));
    assert!(!secret.out.contains("SECRET-TOKEN"));
}
