//! `history`, `export`, `rollback`, and configurations in folders.

use super::double::{Answer, Double, Request, run, tocsin};
use expect_test::expect;
use serde_json::{Value, json};
use std::path::PathBuf;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/local/example.yaml");

/// The example as JSON, as a deployment would have it.
fn example() -> Value {
    let seen = Double::answering(200, json!({"version": 0, "configuration": {}}));
    seen.tocsin(&["apply", EXAMPLE]);
    seen.seen()[1].json()["configuration"].clone()
}

fn versions() -> Value {
    json!({"versions": [
        {"version": 3, "at": "2026-01-05T09:00:00Z", "by": "grace", "rollback_to": 1, "summary": "- users/bob", "added": [], "changed": [], "removed": ["users/bob", "services/demo"]},
        {"version": 2, "at": "2026-01-04T09:00:00Z", "by": "ada", "summary": "+ users/bob, ~ services/shop", "added": ["users/bob"], "changed": ["services/shop"], "removed": []},
        {"version": 1, "at": "2026-01-03T09:00:00Z", "by": "token deployer", "summary": "not recorded", "added": [], "changed": [], "removed": []},
    ], "next": null})
}

/// The example is in force as version 3, but without its demonstration service; so was it as version 1.
fn deployment() -> Double {
    let mut present = example();
    present["services"].as_array_mut().unwrap().retain(|s| s["id"] != "demo");
    present["status_page"]["components"].as_array_mut().unwrap().retain(|c| c["id"] != "demonstration");
    Double::new(move |request: &Request| match request.line().split('?').next().unwrap_or_default() {
        "GET /v1/configuration" => Answer::json(200, json!({"version": 3, "configuration": present})),
        "GET /v1/configuration/versions" => Answer::json(200, versions()),
        "GET /v1/overrides" => Answer::no_overrides(&[]),
        "GET /v1/configuration/versions/1" => Answer::json(200, json!({"version": 1, "at": "2026-01-03T09:00:00Z", "by": "x", "configuration": present})),
        "POST /v1/configuration/versions/1/rollback" => Answer::json(200, json!({"version": 4, "changed": true, "created_keys": [], "contacts": []})),
        other => Answer::problem(404, "Not found", other),
    })
}

#[test]
fn history_says_who_changed_what() {
    let tocsin = deployment();
    expect![[r#"
        VERSION  WHEN                     WHO             WHAT
        3        2026-01-05 09:00:00 UTC  grace           back to version 1: - users/bob
        2        2026-01-04 09:00:00 UTC  ada             + users/bob, ~ services/shop
        1        2026-01-03 09:00:00 UTC  token deployer  not recorded
    "#]]
    .assert_eq(tocsin.tocsin(&["history"]).good());
    tocsin.tocsin(&["history", "--before", "3", "--limit", "1"]);
    assert_eq!(tocsin.lines()[1], "GET /v1/configuration/versions?limit=1&before=3");
}

#[test]
fn what_is_exported_changes_nothing_when_it_is_planned() {
    let tocsin = deployment();
    let exported = tocsin.tocsin(&["export"]);
    let file = super::double::file("exported.yaml", exported.good());
    assert!(exported.out.starts_with("# Version 3 of http://"), "{}", exported.out);
    assert!(tocsin.tocsin(&["plan", file.to_str().unwrap()]).good().starts_with("Nothing is different between version 3 and "));
    assert!(tocsin.tocsin(&["plan", file.to_str().unwrap(), "--version", "1"]).good().starts_with("Nothing is different between version 1 and "));
    assert_eq!(tocsin.tocsin(&["export", "--version", "1"]).good().lines().skip(1).collect::<String>(), exported.out.lines().skip(1).collect::<String>());

    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("exported");
    let _ = std::fs::remove_dir_all(&folder);
    let written = tocsin.tocsin(&["export", "--folder", folder.to_str().unwrap()]);
    let names: Vec<&str> = written.good().lines().map(|l| l.rsplit('/').next().unwrap()).collect();
    assert!(["policies.yaml", "schedules.yaml", "status-page.yaml", "users.yaml"].iter().all(|name| names.contains(name)), "{names:?}");
    assert!(tocsin.tocsin(&["plan", folder.to_str().unwrap()]).good().starts_with("Nothing is different between version 3 and "));
    assert_eq!(tocsin.tocsin(&["export", "--version", "9"]).failed(), "tocsin: GET /v1/configuration/versions/9\n  see which there are: tocsin history\n");
}

#[test]
fn an_id_that_comes_back_is_noticed() {
    let tocsin = deployment();
    let ran = tocsin.tocsin(&["plan", EXAMPLE, "--at", "2026-01-05T09:00:00Z"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.out.contains("+ service demo (version 2 had one of this id: it comes back)"), "{}", ran.out);
    assert!(ran.out.contains("+ demo-pagerduty (service demo): a key is made, and shown once"), "{}", ran.out);
}

#[test]
fn rolling_back_is_a_new_version() {
    let tocsin = deployment();
    expect![[r#"
        Version 4 is in force. 1 team, 3 users, 1 schedule, 2 policies, 2 services.
    "#]]
    .assert_eq(tocsin.tocsin(&["rollback", "1"]).good());
    assert_eq!(tocsin.seen()[2].json(), json!({"expected_version": 3}));
}

#[test]
fn a_folder_is_one_configuration_whose_mistakes_keep_their_own_file_and_line() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("folder");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("teams")).unwrap();
    for (name, text) in [
        ("users.yaml", "version: 1\nusers:\n  - { id: ada, name: Ada }\n  - { id: grace, name: Grace }\n"),
        ("teams/ops.yml", "teams:\n  - id: ops\n    name: Ops\n    members: [{ user: ada }, { user: grcae }]\n"),
        (
            "teams/web.yaml",
            "version: 1\nteams:\n  - { id: web, name: Web, members: [{ user: grace }] }\n  - { id: ops, name: Also ops }\nusers:\n  - { id: alan, name: Alan, time_zone: Nowhere }\n",
        ),
        ("page.yaml", "status_page: { name: A }\n"),
        ("page2.yaml", "\nstatus_page: { name: B }\n"),
        (".hidden.yaml", "nonsense: 1\n"),
        ("notes.txt", "nonsense: 1\n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let path = folder.to_str().unwrap();
    let ran = run(&mut tocsin(&["check", path]));
    expect![[r#"
        folder/page2.yaml:2: status_page: "status_page" stands in two files (it is on line 1 of folder/page.yaml already: remove one of them)
        folder/teams/ops.yml:4: teams[0].members[1].user: there is no user "grcae" (did you mean "grace"?)
        folder/teams/web.yaml:4: teams[1].id: team "ops" is there twice (folder/teams/ops.yml:2 has it already: choose another id, or remove one of them)
        folder/teams/web.yaml:6: users[0].time_zone: there is no time zone "Nowhere" (write a name of the IANA database, like Europe/London)
          nothing was changed
    "#]]
    .assert_eq(&ran.failed().replace(path, "folder"));
    std::fs::write(folder.join("teams/ops.yml"), "teams: [{ id: ops, name: Ops, members: [{ user: ada }] }]\n").unwrap();
    std::fs::write(folder.join("teams/web.yaml"), "teams: [{ id: web, name: Web }]\n").unwrap();
    std::fs::write(folder.join("page2.yaml"), "# nothing yet\n").unwrap();
    let ran = run(&mut tocsin(&["check", path]));
    assert!(ran.good().ends_with("good. 2 teams, 2 users, 0 schedules, 0 policies, 0 services.\n"), "{}", ran.out);
    std::fs::write(folder.join("page2.yaml"), "a: [\n").unwrap();
    assert!(run(&mut tocsin(&["check", path])).failed().contains("page2.yaml:2: this is not YAML"));
    let empty = folder.join("empty");
    std::fs::create_dir_all(&empty).unwrap();
    assert!(run(tocsin(&["check"]).arg(&empty)).failed().contains("there is no .yaml file in it"));
}
