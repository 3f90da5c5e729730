//! `who`, `plan` and `simulate` with what people changed about schedules at run time: they name whom the engine pages.

use super::double::{Answer, Double, Request, file};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::schedule::roster::Roster;

/// Ada is on call, Grace is not.
fn document() -> Value {
    let person = |id: &str| json!({"id": id, "name": id, "contact_methods": [{"id": format!("{id}-sms"), "kind": "sms", "to": "+15555550101"}]});
    json!({"version": 1, "teams": [{"id": "web", "name": "Web"}], "users": [person("ada"), person("grace")],
        "schedules": [{"id": "office", "team": "web", "time_zone": "UTC", "layers": [{"name": "week", "rotation": "weekly", "start": "2026-01-05", "members": ["ada"]}]}],
        "policies": [{"id": "web", "team": "web", "levels": [{"delay_s": 300, "targets": [{"schedule": "office"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web"}]})
}

/// Grace instead of everybody from 10:00 to 11:00, made at 10:15; none: nobody changed anything.
fn roster(removed_at: Option<&str>) -> Roster {
    let mut made = json!({"id": "ovr_00000000000000000000000001", "start": "2026-01-06T10:00:00Z", "end": "2026-01-06T11:00:00Z", "change": {"with": "grace"},
        "note": "dentist", "by": {"user": "ada"}, "at": "2026-01-06T10:15:00Z"});
    if let Some(at) = removed_at {
        made["removed"] = json!({"by": {"user": "ada"}, "at": at});
        made["end"] = json!(at);
    }
    serde_json::from_value(json!({"schedule": "office", "team": "web", "revision": 1, "overrides": [made]})).unwrap()
}

/// A deployment whose API answers out of a roster: `oncall` by the engine, at `now`.
fn deployment(roster: &Arc<Mutex<Option<Roster>>>, now: &'static str) -> Double {
    let roster = Arc::clone(roster);
    Double::new(move |request: &Request| {
        let roster = roster.lock().unwrap().clone();
        let line = request.line();
        let (path, query) = line.split_once('?').unwrap_or((&line, ""));
        match path {
            "GET /v1/configuration" => Answer::json(200, json!({"version": 3, "configuration": document()})),
            "GET /v1/configuration/versions" => Answer::json(200, json!({"versions": [{"version": 3, "at": "2026-01-01T00:00:00Z", "by": "ada"}]})),
            "GET /v1/configuration/versions/3" => Answer::json(200, json!({"version": 3, "configuration": document()})),
            "GET /v1/teams/web/configuration" => Answer::json(200, json!({"version": 3, "configuration": document(), "names": {}})),
            "GET /v1/oncall" => {
                let configuration: Configuration = serde_json::from_value(document()).unwrap();
                let schedule = &configuration.schedules[0];
                let on_call = roster.map_or_else(|| schedule.clone(), |r| r.over(schedule)).on_call(now.parse().unwrap());
                Answer::json(200, json!({"schedules": [{"schedule": "office", "team": "web", "on_call": on_call}]}))
            }
            "GET /v1/overrides" => {
                let from: Timestamp = query.strip_prefix("from=").unwrap().replace("%3A", ":").parse().unwrap();
                let counting = roster.into_iter().flat_map(|r| r.overrides).filter(|o| o.counts() && o.end > from);
                let overrides: Vec<Value> = counting.map(|o| serde_json::to_value(o).unwrap()).collect();
                Answer::json(200, json!({"schedules": [{"schedule": "office", "team": "web", "overrides": overrides}]}))
            }
            "GET /v1/maintenance" => Answer::json(200, json!({"windows": windows()})),
            other => Answer::problem(404, "Not found", other),
        }
    })
}

/// Deploys on Wednesday: one as planned, one ended early, one called off; and a window of the configuration that was ended early, and one that was not.
fn windows() -> Value {
    let window = |id: &str, start: &str, end: &str, ended_at: Option<&str>, configured: bool| {
        json!({"id": id, "team": "web", "reason": "deploy", "services": ["shop"], "start": format!("2026-01-07T{start}:00Z"), "end": format!("2026-01-07T{end}:00Z"),
            "state": "over", "by": "ada", "at": (!configured).then_some("2026-01-07T08:00:00Z"), "ended_at": ended_at.map(|t| format!("2026-01-07T{t}:00Z")), "configured": configured})
    };
    json!([
        window("mnt-1", "09:00", "10:00", None, false),
        window("mnt-2", "11:00", "12:00", Some("11:15"), false),
        window("mnt-3", "13:00", "14:00", Some("12:30"), false),
        window("nightly", "22:00", "23:00", None, true),
    ])
}

fn on_call(answer: &Value) -> Vec<String> {
    answer["schedules"][0]["on_call"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| format!("{}: {}", o["user"].as_str().unwrap(), o["reason"].as_str().unwrap()))
        .collect()
}

#[test]
fn who_names_whom_oncall_names_and_of_the_past_whom_it_named_then() {
    let roster_of = Arc::new(Mutex::new(Some(roster(None))));
    let now = "2026-01-06T10:30:00Z";
    let tocsin = deployment(&roster_of, now);
    let who = |at: &str| on_call(&tocsin.tocsin(&["who", "--at", at, "--json"]).json());
    expect![[r#"
        At 2026-01-06T10:30:00Z, by version 3 of the configuration and 1 override made at run time (office 1):
        SCHEDULE  ON CALL  WHY
        office    grace    override 'ovr_00000000000000000000000001' instead of everybody from 2026-01-06 10:00 to 2026-01-06 11:00 UTC (dentist)
        Overrides made at run time are kept for 100 days after their end: which there were then is not known.
    "#]]
    .assert_eq(tocsin.tocsin(&["who", "--at", now]).good());
    assert_eq!(who(now), on_call(&tocsin.tocsin(&["oncall", "--json"]).json()));
    // Nobody knew of it before it was made, whatever it says of the time before.
    assert!(who("2026-01-06T10:14:59Z")[0].starts_with("ada: "));
    assert!(who("2026-01-06T10:15:00Z")[0].starts_with("grace: "));
    assert!(who("2026-01-06T11:00:00Z")[0].starts_with("ada: "));
    // Taken back at 10:25.
    *roster_of.lock().unwrap() = Some(roster(Some("2026-01-06T10:25:00Z")));
    assert_eq!(who(now), on_call(&tocsin.tocsin(&["oncall", "--json"]).json()));
    assert!(who(now)[0].starts_with("ada: ") && who("2026-01-06T10:24:59Z")[0].starts_with("grace: "));
    let by_version = tocsin.tocsin(&["who", "--version", "3", "--at", "2026-01-06T10:20:00Z", "--json"]).json();
    assert_eq!(by_version["laid_over"], json!({"overrides": {"office": ["ovr_00000000000000000000000001"]}}));
    let offline = file("run-time-who.yaml", &document().to_string());
    assert!(tocsin.tocsin(&["who", offline.to_str().unwrap(), "--at", "2026-01-06T10:20:00Z"]).good().contains("office    ada"), "a file is looked at offline");
}

#[test]
fn simulate_pages_whom_an_override_puts_on_call() {
    let roster_of = Arc::new(Mutex::new(Some(roster(None))));
    let tocsin = deployment(&roster_of, "2026-01-06T10:30:00Z");
    let ask = ["simulate", "--service", "shop", "--at", "2026-01-06T10:30:00Z", "--for", "1m"];
    let ran = tocsin.tocsin(&ask);
    assert!(ran.good().contains("paged grace by") && ran.out.contains("played with 1 override made at run time (office 1)"), "{}", ran.out);
    assert!(!ran.out.contains("paged ada"), "{}", ran.out);
    *roster_of.lock().unwrap() = Some(roster(Some("2026-01-06T10:25:00Z")));
    let ran = tocsin.tocsin(&ask);
    assert!(ran.good().contains("paged ada by") && !ran.out.contains("grace") && !ran.out.contains("played with"), "{}", ran.out);
    assert_eq!(tocsin.tocsin(&[&ask[..], &["--json"]].concat()).json()["laid_over"], json!({"overrides": {}, "maintenance": []}));
}

#[test]
fn simulate_plays_the_windows_that_people_started() {
    let tocsin = deployment(&Arc::default(), "2026-01-07T09:30:00Z");
    let first_page = |at: &str| {
        let story = tocsin.tocsin(&["simulate", "--service", "shop", "--at", at, "--for", "3h", "--json"]).json();
        let page = story["entries"].as_array().unwrap().iter().find(|e| e["what"]["type"] == "paged").unwrap()["at"].clone();
        (page.as_str().unwrap().to_owned(), story["laid_over"]["maintenance"].clone())
    };
    let told = |at: &str, windows: Value| (format!("2026-01-07T{at}:00Z"), windows);
    assert_eq!(first_page("2026-01-07T09:30:00Z"), told("10:00", json!(["mnt-1", "mnt-2"])));
    assert_eq!(first_page("2026-01-07T11:10:00Z"), told("11:15", json!(["mnt-2"])));
    assert_eq!(first_page("2026-01-07T13:30:00Z"), told("13:30", json!([])), "called off before it began");
    assert_eq!(first_page("2026-01-07T22:30:00Z"), told("22:30", json!([])), "the configuration has it, or not");
    let ran = tocsin.tocsin(&["simulate", "--service", "shop", "--at", "2026-01-07T11:10:00Z", "--for", "1h"]);
    assert!(ran.good().contains("played with 1 maintenance window started or ended at run time (mnt-2)"), "{}", ran.out);
}

#[test]
fn turns_begin_with_the_one_that_comes_next_in_the_deployment() {
    let mut turning = document();
    turning["policies"].as_array_mut().unwrap().push(json!({"id": "turns", "team": "web", "levels": [
        {"delay_s": 300, "targets": [{"user": "ada"}, {"user": "grace"}], "round_robin": true}]}));
    turning["services"][0]["policy"] = json!("turns");
    let tocsin = Double::new(move |request: &Request| match request.line().split('?').next().unwrap() {
        "GET /v1/configuration" => Answer::json(200, json!({"version": 3, "configuration": turning})),
        "GET /v1/overrides" => Answer::no_overrides(&["office"]),
        "GET /v1/maintenance" => Answer::json(200, json!({"windows": []})),
        // The fourth turn of two people who take turns is the second one's.
        "GET /v1/turns" => Answer::json(200, json!({"turns": [{"policy": "turns", "level": 1, "turn": 4}]})),
        other => Answer::problem(404, "Not found", other),
    });
    let ask = ["simulate", "--service", "shop", "--for", "1m"];
    assert!(tocsin.tocsin(&ask).good().contains("paged grace by"));
    assert!(tocsin.tocsin(&[&ask[..], &["--turn", "turns:1=1"]].concat()).good().contains("paged ada by"), "what is asked for counts more");
}

#[test]
fn a_plan_keeps_what_people_changed() {
    let roster_of = Arc::new(Mutex::new(Some(roster(None))));
    let tocsin = deployment(&roster_of, "2026-01-06T10:30:00Z");
    let mut wanted = document();
    wanted["schedules"][0]["layers"][0]["members"] = json!(["grace"]);
    let wanted = file("run-time-plan.yaml", &wanted.to_string());
    let ask = ["plan", wanted.to_str().unwrap(), "--at", "2026-01-06T10:30:00Z"];
    let told = || {
        let ran = tocsin.tocsin(&ask);
        assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""), "{}", ran.out);
        ran.out.replace(wanted.to_str().unwrap(), "wanted.yaml")
    };
    expect![[r#"
        From version 3 to wanted.yaml, looking ahead from 2026-01-06 10:30 UTC to 2026-02-03 10:30 UTC.
        Before and after with 1 override made at run time (office 1): they stay as they are.

        What changes
          ~ schedule office
              layers[week].members: [ada] -> [grace]

        Who is paged otherwise
          ~ shop (policy web)
              level 1 pages grace instead of ada
                  Tuesday 2026-01-06 11:00 UTC and on

        Which contact methods are verified is not known: only admins of the whole deployment may ask for everybody's.
    "#]]
    .assert_eq(&told());
    *roster_of.lock().unwrap() = Some(roster(Some("2026-01-06T10:25:00Z")));
    let after = told();
    assert!(after.contains("level 1 pages grace instead of ada, at all times") && !after.contains("Before and after with"), "{after}");
}
