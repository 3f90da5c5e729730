//! `plan`, `apply` and `export` of a team's part, by somebody who may not read the whole.

use super::double::{Answer, Double, Request, file};
use serde_json::json;

/// Team web: a rota of Ada and Grace, and a policy of its own; the service's second level is a schedule of another team, of which only the name is known.
const PART: &str = "\
version: 1
teams: [{id: web, name: Web, members: [{user: ada}]}]
schedules:
  - {id: rota, team: web, time_zone: UTC, layers: [{rotation: daily, start: 2026-01-05, members: [ada, grace]}]}
policies:
  - {id: web, team: web, levels: [{delay_s: 300, targets: [{schedule: rota}]}, {delay_s: 300, targets: [{schedule: db-rota}]}]}
services:
  - {id: shop, name: Shop, team: web, policy: web}
";

fn deployment() -> Double {
    let configuration: serde_json::Value = json!({
        "version": 1, "teams": [{"id": "web", "name": "Web", "members": [{"user": "ada"}]}],
        "schedules": [{"id": "rota", "team": "web", "time_zone": "UTC", "layers": [{"rotation": "daily", "start": "2026-01-05", "members": ["ada", "grace"]}]}],
        "policies": [{"id": "web", "team": "web", "levels": [{"delay_s": 300, "targets": [{"schedule": "rota"}]}, {"delay_s": 300, "targets": [{"schedule": "db-rota"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web"}],
    });
    let names = json!({"users": [{"id": "ada", "name": "Ada", "reachable": true}, {"id": "grace", "name": "Grace", "reachable": true}],
        "schedules": [{"id": "db-rota", "name": "Database"}]});
    Double::new(move |request: &Request| match request.line().as_str() {
        "GET /v1/teams/web/configuration" => Answer::json(200, json!({"version": 7, "team": "web", "configuration": configuration, "names": names})),
        "PUT /v1/teams/web/configuration" => Answer::json(200, json!({"version": 8, "changed": true, "created_keys": [], "contacts": []})),
        line if line.starts_with("GET /v1/overrides?from=") => Answer::no_overrides(&["rota"]),
        _ => Answer::problem(403, "Forbidden", "your role does not allow this"),
    })
}

#[test]
fn a_part_is_planned_and_applied_as_if_it_were_whole() {
    let tocsin = deployment();
    let same = file("team-same.yaml", PART);
    let same = same.to_str().unwrap();
    assert!(tocsin.tocsin(&["plan", same, "--team", "web"]).good().starts_with("Nothing is different between version 7"));
    let edited = file("team-edited.yaml", &PART.replace("members: [ada, grace]", "members: [ada, linus]"));
    let (edited, kept) = (edited.to_str().unwrap(), edited.with_extension("json"));
    let ran = tocsin.tocsin(&["plan", edited, "--team", "web", "--at", "2026-01-05T09:00:00Z", "--out", kept.to_str().unwrap()]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.out.contains("rota") && ran.out.contains("linus") && !ran.out.contains("not-shown"), "{}", ran.out);
    assert!(ran.out.contains("--team web"), "{}", ran.out);
    tocsin.tocsin(&["apply", edited, "--team", "web", "--plan", kept.to_str().unwrap()]).good();
    let put = tocsin.seen().into_iter().find(|r| r.method == "PUT").unwrap().json();
    assert_eq!(put["expected_version"], 7);
    assert!(!put.to_string().contains("not-shown"), "what stands in is never sent: {put}");
    assert_eq!(put["configuration"]["users"], json!([]));
    let ran = tocsin.tocsin(&["apply", same, "--team", "web", "--plan", kept.to_str().unwrap()]);
    assert!(ran.failed().contains("it was edited since"), "{ran:?}");
}

#[test]
fn mistakes_of_a_part_stand_in_its_lines_and_what_is_not_the_teams_is_refused() {
    let tocsin = deployment();
    let wrong = file("team-wrong.yaml", &PART.replace("{schedule: db-rota}", "{schedule: ops-rota}"));
    let ran = tocsin.tocsin(&["plan", wrong.to_str().unwrap(), "--team", "web"]);
    assert!(ran.failed().contains("team-wrong.yaml:6: policies[0].levels[1].targets[0].schedule: there is no schedule \"ops-rota\""), "{ran:?}");
    let people = file("team-people.yaml", &format!("{PART}users: [{{id: eve, name: Eve}}]\n"));
    let ran = tocsin.tocsin(&["apply", people.to_str().unwrap(), "--team", "web"]);
    assert!(ran.failed().contains("people belong to no team") && ran.err.contains("tocsin me"), "{ran:?}");
    assert!(!tocsin.lines().iter().any(|l| l.starts_with("PUT")));
}

#[test]
fn a_part_is_exported_and_read_again() {
    let tocsin = deployment();
    let said = tocsin.tocsin(&["export", "--team", "web"]).good().to_owned();
    assert!(said.starts_with("# The part of team web: version 7") && !said.contains("status_page"), "{said}");
    let again = file("team-export.yaml", &said);
    assert!(tocsin.tocsin(&["plan", again.to_str().unwrap(), "--team", "web"]).good().starts_with("Nothing is different"));
    let ran = tocsin.tocsin(&["export"]);
    assert!(ran.failed().contains("an admin of a team adds --team TEAM"), "{ran:?}");
}
