//! `schedules`, `shifts`, `override`, `swap`, `calendar`.

use super::double::{Answer, Double, Request, file};
use expect_test::expect;
use serde_json::json;

fn an_override() -> serde_json::Value {
    json!({"id": "ovr_1", "start": "2026-12-25T09:00:00Z", "end": "2026-12-26T09:00:00Z", "change": {"person": "bob", "with": "ada"}, "by": "ada",
        "at": "2026-12-01T09:00:00Z", "origin": "asked", "note": "travels\u{1b}[31m"})
}

#[test]
fn an_override_is_added_listed_and_removed() {
    let tocsin = Double::new(|request: &Request| match request.method.as_str() {
        "GET" => Answer::json(200, json!({"overrides": [an_override()]})),
        _ => Answer::json(200, an_override()),
    });
    let add = ["override", "add", "web", "--with", "ada", "--instead-of", "bob", "--start", "2026-12-25T09:00:00Z", "--for", "1d", "--note", "travels"];
    assert_eq!(tocsin.tocsin(&add).good(), "ovr_1: ada instead of bob from 2026-12-25T09:00:00Z until 2026-12-26T09:00:00Z\n");
    let sent = &tocsin.seen()[0];
    assert_eq!(sent.line(), "POST /v1/schedules/web/overrides");
    assert_eq!(sent.json(), json!({"start": "2026-12-25T09:00:00Z", "end": "2026-12-26T09:00:00Z", "with": ["ada"], "person": "bob", "note": "travels"}));
    expect![[r#"
        ID     FROM                  UNTIL                 WHO                 BY   NOTE
        ovr_1  2026-12-25T09:00:00Z  2026-12-26T09:00:00Z  ada instead of bob  ada  travels [31m
    "#]]
    .assert_eq(tocsin.tocsin(&["override", "list", "web", "--past"]).good());
    assert_eq!(tocsin.tocsin(&["override", "remove", "web", "ovr_1"]).good(), "ovr_1 is taken back: ada instead of bob\n");
    assert_eq!(tocsin.lines()[1..], ["GET /v1/schedules/web/overrides?past=true", "DELETE /v1/schedules/web/overrides/ovr_1"]);
    for wrong in [
        &["override", "add", "web", "--for", "1d"][..],
        &["override", "add", "web", "--with", "ada"],
        &["override", "add", "web", "--add", "a", "--for", "1h", "--layer", "x"],
    ] {
        assert_eq!(tocsin.tocsin(wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn a_swap_is_offered_and_accepted() {
    let tocsin = Double::new(|request: &Request| {
        let swap = |standing: &str| {
            json!({"id": "swp_1", "from": "ada", "to": "bob", "give": {"start": "2026-12-25T09:00:00Z", "end": "2026-12-26T09:00:00Z"},
            "at": "2026-12-01T09:00:00Z", "expires_at": "2026-12-25T09:00:00Z", "standing": standing})
        };
        match request.line().as_str() {
            "GET /v1/schedules/web/swaps" => Answer::json(200, json!({"swaps": [swap("open")]})),
            "POST /v1/schedules/web/swaps" => Answer::json(200, swap("open")),
            line if line.ends_with("/accept") => Answer::json(200, swap("accepted")),
            _ => Answer::problem(409, "Not possible now", "the schedule changed since this was offered"),
        }
    });
    let offer = ["swap", "offer", "web", "--to", "bob", "--give", "2026-12-25T09:00:00Z/2026-12-26T09:00:00Z"];
    assert_eq!(tocsin.tocsin(&offer).good(), "swp_1 is offered to bob, who may accept it until 2026-12-25T09:00:00Z\n");
    assert_eq!(tocsin.seen()[0].json(), json!({"to": "bob", "give": {"start": "2026-12-25T09:00:00Z", "end": "2026-12-26T09:00:00Z"}}));
    assert!(tocsin.tocsin(&["swap", "list", "web"]).good().contains("swp_1  ada   bob  open"));
    assert_eq!(tocsin.tocsin(&["swap", "accept", "web", "swp_1"]).good(), "swp_1 of ada and bob is accepted\n");
    assert!(tocsin.tocsin(&["swap", "withdraw", "web", "swp_1"]).failed().contains("the schedule changed since this was offered"));
}

#[test]
fn shifts_and_gaps_on_the_schedules_clock() {
    let tocsin = Double::new(|request: &Request| {
        if request.path.contains("/hours") {
            return Answer::json(200, json!({"people": [{"user": "ada", "name": "Ada", "total_s": 93_600, "night_s": 28_800, "weekend_s": 0}]}));
        }
        Answer::json(
            200,
            json!({"schedule": "web", "time_zone": "Europe/Berlin", "from": "2026-12-25T08:00:00Z", "until": "2026-12-26T08:00:00Z", "complete": false,
            "shifts": [{"start": "2026-12-25T08:00:00Z", "end": "2026-12-25T16:00:00Z", "user": "ada", "name": "Ada", "reason": "layer 'day', turn 3", "why": {}}],
            "gaps": [{"start": "2026-12-25T16:00:00Z", "end": "2026-12-26T08:00:00Z"}], "overlaps": []}),
        )
    });
    expect![[r#"
        FROM                  UNTIL                 WHO     WHY
        Fri 2026-12-25 09:00  Fri 2026-12-25 17:00  ada     layer 'day', turn 3
        Fri 2026-12-25 17:00  Sat 2026-12-26 09:00  nobody
        There is more: go on with --from 2026-12-26T08:00:00Z
    "#]]
    .assert_eq(tocsin.tocsin(&["shifts", "show", "web", "--from", "2026-12-25T08:00:00Z"]).good());
    expect![[r#"
        WHO  HOURS  NIGHTS  WEEKENDS  NAME
        ada  26:00  8:00    0:00      Ada
    "#]]
    .assert_eq(tocsin.tocsin(&["shifts", "show", "web", "--hours"]).good());
    assert_eq!(tocsin.lines()[0], "GET /v1/schedules/web/shifts?from=2026-12-25T08%3A00%3A00Z");
}

#[test]
fn a_calendar_file_becomes_shifts() {
    let tocsin = Double::new(|request: &Request| match request.method.as_str() {
        "PUT" => Answer::json(200, json!({"added": 2, "removed": 1, "kept": 0})),
        _ => Answer::json(200, json!({"time_zone": "Europe/Berlin"})),
    });
    let path = file(
        "Team Rota.ics",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:always\r\nDTSTART;TZID=Europe/Berlin:20200101T090000\r\n\
         DTEND;TZID=Europe/Berlin:20200101T170000\r\nRRULE:FREQ=DAILY\r\nATTENDEE:mailto:ada@example.com\r\nSUMMARY:On call\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    );
    let path = path.to_str().unwrap();
    let said = tocsin.tocsin(&["shifts", "import", "web", path, "--map", "ada@example.com=ada.l", "--days", "2"]);
    assert_eq!(said.code, Some(2), "no id has a dot");
    let said = tocsin.tocsin(&["shifts", "import", "web", path, "--days", "2"]);
    assert!(said.good().ends_with("2 shifts added, 1 taken back, 0 as they were.\n"), "{said:?}");
    let put = tocsin.seen().pop().unwrap();
    assert_eq!(put.line(), "PUT /v1/schedules/web/imports/team-rota");
    let shifts = put.json()["shifts"].as_array().unwrap().clone();
    assert!((2..=3).contains(&shifts.len()), "{shifts:?}");
    assert!(shifts.iter().all(|s| s["user"] == "ada" && s["note"] == "On call" && s["uid"].as_str().unwrap().starts_with("always/")), "{shifts:?}");
    let dry = tocsin.tocsin(&["shifts", "import", "web", path, "--days", "2", "--dry-run"]);
    assert!(dry.good().contains("nothing was sent"), "{dry:?}");
    assert_eq!(tocsin.lines().iter().filter(|l| l.starts_with("PUT")).count(), 1);
}

#[test]
fn a_calendar_address_is_shown_once() {
    let tocsin = Double::new(|request: &Request| match request.method.as_str() {
        "POST" => Answer::json(200, json!({"id": "cal_1", "name": "phone", "by": "ada", "at": "2020-01-05T09:00:00Z", "path": "/calendar/SECRET.ics"})),
        "GET" => Answer::json(200, json!({"feeds": [{"id": "cal_1", "name": "phone", "by": "ada", "at": "2020-01-05T09:00:00Z"}]})),
        _ => Answer::json(200, json!({"id": "cal_1", "name": "phone", "by": "ada", "at": "2020-01-05T09:00:00Z"})),
    });
    let made = tocsin.tocsin(&["calendar", "make", "--schedule", "web", "--name", "phone"]);
    assert!(made.good().ends_with(&format!("{}/calendar/SECRET.ics\n", tocsin.address)), "{made:?}");
    assert!(tocsin.tocsin(&["calendar", "list", "--user", "ada"]).good().contains("cal_1  ada"));
    assert_eq!(tocsin.tocsin(&["calendar", "revoke", "--user", "ada", "cal_1"]).good(), "cal_1 opens nothing any more.\n");
    assert_eq!(tocsin.lines(), ["POST /v1/schedules/web/feeds", "GET /v1/users/ada/feeds", "DELETE /v1/users/ada/feeds/cal_1"]);
    assert_eq!(tocsin.tocsin(&["calendar", "list"]).code, Some(2));
}
