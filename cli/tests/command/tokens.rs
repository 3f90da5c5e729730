//! API tokens, made and ended with the deployer's AWS credentials: `init`, `tokens`.

use super::deployer::version_one;
use super::double::{Answer, Double, Request, run, tocsin};
use expect_test::expect;
use serde_json::{Value, json};

/// The list of tokens that a table has: one of the deployer's.
fn listed() -> Value {
    let doc = json!({"token": "deployer", "grants": [{"role": "owner"}]}).to_string();
    json!({"Items": [{"pk": {"S": "TOK"}, "sk": {"S": "T#0123456789abcdef"}, "v": {"N": "1"}, "doc": {"S": doc}}]})
}

fn table(has_tokens: bool) -> Double {
    Double::new(move |request: &Request| match request.header("x-amz-target") {
        "DynamoDB_20120810.Query" if has_tokens => Answer::json(200, listed()),
        "DynamoDB_20120810.Query" => Answer::json(200, json!({"Items": []})),
        _ => Answer::json(200, json!({})),
    })
}

#[test]
fn the_first_token_is_shown_once_and_only_its_hash_is_stored() {
    let aws = table(false);
    let ran = run(&mut aws.deployer(&["init", "--table", "t", "--json"]));
    let answer: Value = serde_json::from_str(ran.good()).unwrap();
    let token = answer["token"].as_str().unwrap();
    assert_eq!((token.len(), answer["name"].as_str(), answer["role"].as_str()), (32, Some("deployer"), Some("owner")));
    assert!(token.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)), "{token}");
    let writes: Vec<Request> = aws.seen().into_iter().filter(|r| !r.header("x-amz-target").ends_with("Query")).collect();
    assert_eq!(writes.len(), 1);
    assert!(writes[0].body.contains("owner") && writes[0].body.contains("\"t\""), "{}", writes[0].body);
    assert!(!writes[0].body.contains(token), "the token itself must not be stored");
    let again = run(&mut aws.deployer(&["init", "--table", "t", "--json"]));
    assert_ne!(again.json()["token"], token);
    let words = run(aws.deployer(&["init", "--name", "ci"]).env("TOCSIN_TABLE", "t"));
    assert!(words.good().contains("API token ci (owner, all teams). It is shown this once:"), "{}", words.out);
}

#[test]
fn a_second_first_token_is_refused() {
    let aws = table(true);
    expect![[r#"
        tocsin: this deployment has an API token already
          use that one, or make one more with --another, or with --user ID for a person
    "#]]
    .assert_eq(run(&mut aws.deployer(&["init", "--table", "t"])).failed());
    assert_eq!(aws.seen().len(), 1, "nothing was written");
    run(&mut aws.deployer(&["init", "--table", "t", "--another"])).good();
}

#[test]
fn tokens_are_listed_and_ended() {
    let aws = table(true);
    expect![[r#"
        ID            NAME      PERSON  MAY
        0123456789ab  deployer          owner of all teams
    "#]]
    .assert_eq(run(&mut aws.deployer(&["tokens", "--table", "t"])).good());
    let unknown = run(&mut aws.deployer(&["tokens", "--table", "t", "--revoke", "ffff"]));
    assert!(unknown.failed().contains("there is no token with the id \"ffff\""), "{}", unknown.err);
    assert!(aws.seen().iter().all(|r| r.header("x-amz-target").ends_with("Query")), "nothing was written");
    let ended = run(&mut aws.deployer(&["tokens", "--table", "t", "--revoke", "0123456789ab"]));
    assert_eq!(ended.good(), "Token deployer (owner of all teams) opens nothing any more; 0 tokens left.\n");
    let write = aws.seen().pop().unwrap();
    assert!(write.body.contains("TOK#0123456789abcdef") && write.body.contains("T#0123456789abcdef"), "{}", write.body);
    assert!(run(&mut table(false).deployer(&["tokens", "--table", "t"])).good().contains("nobody gets in"));
}

/// A table whose configuration has ada and team web.
fn peopled() -> Double {
    let document = json!({"version": 1, "teams": [{"id": "web", "name": "Web"}], "users": [{"id": "ada", "name": "Ada"}]}).to_string();
    Double::new(move |request: &Request| match request.header("x-amz-target") {
        "DynamoDB_20120810.GetItem" if request.body.contains("CFG") => Answer::json(200, json!({"Item": {"v": {"N": "1"}, "version": {"N": "1"}}})),
        "DynamoDB_20120810.GetItem" => Answer::json(200, json!({"Item": {"pk": {"S": "x"}, "sk": {"S": "x"}}})),
        "DynamoDB_20120810.Query" => Answer::json(200, version_one(&document)),
        _ => Answer::json(200, json!({})),
    })
}

/// Nobody but the deployer makes tokens: without these, roles of teams would be words.
#[test]
fn a_person_and_a_team_have_tokens_of_their_own() {
    for (arguments, words, stored) in [
        (&["--user", "ada"][..], "of ada (responder, all teams)", &["ada", "responder"][..]),
        (&["--user", "ada", "--team", "web", "--role", "admin"], "of ada (admin, team web)", &["ada", "web", "admin"]),
        (&["--team", "web", "--role", "observer"], "API token x (observer, team web)", &["web", "observer"]),
    ] {
        let aws = peopled();
        let ran = run(&mut aws.deployer(&[&["init", "--table", "t", "--name", "x"], arguments].concat()));
        assert!(ran.good().contains(words), "{}", ran.out);
        let write = aws.seen().into_iter().rfind(|r| r.header("x-amz-target").ends_with("PutItem") || r.header("x-amz-target").contains("Transact")).unwrap();
        assert!(stored.iter().all(|word| write.body.contains(word)) && !write.body.contains("owner"), "{}", write.body);
    }
    for (arguments, said) in [(["--user", "bob"], "the configuration has no user bob"), (["--team", "app"], "the configuration has no team app")] {
        let aws = peopled();
        let ran = run(&mut aws.deployer(&[&["init", "--table", "t"], &arguments[..]].concat()));
        assert!(ran.failed().contains(said), "{}", ran.err);
        assert!(aws.seen().iter().all(|r| !r.header("x-amz-target").ends_with("PutItem")), "nothing was written");
    }
    assert!(run(&mut tocsin(&["init", "--table", "t", "--role", "king"])).err.contains("observer, responder, admin or owner"));
}

#[test]
fn init_says_what_is_missing() {
    expect![[r#"
        tocsin: no table is named
          set TOCSIN_TABLE or give --table; its name is the stack's output TableName: aws cloudformation describe-stacks --stack-name tocsin --query 'Stacks[0].Outputs'
    "#]].assert_eq(run(&mut tocsin(&["init"])).failed());
    expect![[r#"
        tocsin: --name "Not A Slug": expected 1 to 64 characters of a-z, 0-9, '-' and '_', beginning with a letter or digit
          write it like deployer
    "#]]
    .assert_eq(run(&mut table(false).deployer(&["init", "--table", "t", "--name", "Not A Slug"])).failed());
    let nobody = run(tocsin(&["init", "--table", "t"]).env("AWS_REGION", "eu-west-1"));
    assert!(nobody.failed().contains("aws sts get-caller-identity"), "{}", nobody.err);
    let refusing = Double::new(|_| {
        Answer::json(400, json!({"__type": "com.amazon.coral.service#AccessDeniedException", "message": "not authorized to perform: dynamodb:GetItem"}))
    });
    let denied = run(&mut refusing.deployer(&["init", "--table", "t"]));
    assert!(denied.failed().contains("not authorized to perform: dynamodb:GetItem"), "{}", denied.err);
}
