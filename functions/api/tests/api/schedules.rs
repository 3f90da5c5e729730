//! Schedules at run time through the API: what each route answers, how bad input is told, what a calendar looks like.

use crate::support::{Bench, configuration, owner, token};
use futures::executor::block_on;
use serde_json::{Value, json};
use tocsin_app::fakes::MemoryStore;
use tocsin_app::ports::{ConfigurationStore, Feed, FeedOf, FeedStore, IncidentStore, RosterChange, RosterRecord, RosterStore, SecretHash, VersionRecord};
use tocsin_domain::configuration::Role;
use tocsin_domain::id::{FeedId, OverrideId, SwapId};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::schedule::Span;
use tocsin_domain::schedule::roster::{AdHoc, Origin, Roster};
use tocsin_domain::schedule::swap::{State, Swap};

pub(crate) const ADD_ADA: &str = r#"{"start":"2026-01-06T10:00:00Z","end":"2026-01-06T12:00:00Z","person":"bob","with":"ada","note":"dentist"}"#;
pub(crate) const OFFER: &str = r#"{"to":"bob","give":{"start":"2026-01-07T14:00:00Z","end":"2026-01-07T15:00:00Z"}}"#;
pub(crate) const HER_OVERRIDE: &str = "/v1/schedules/rota/overrides/ovr_00000000010000000000000001";
pub(crate) const TO_HER_ACCEPT: &str = "/v1/schedules/rota/swaps/swp_00000000010000000000000001/accept";
pub(crate) const TO_HER_DECLINE: &str = "/v1/schedules/rota/swaps/swp_00000000010000000000000001/decline";
pub(crate) const HERS_WITHDRAW: &str = "/v1/schedules/rota/swaps/swp_00000000010000000000000002/withdraw";
pub(crate) const SCHEDULE_FEED: &str = "/v1/schedules/rota/feeds/cal_00000000010000000000000001";
pub(crate) const USER_FEED: &str = "/v1/users/ada/feeds/cal_00000000010000000000000002";

fn ulid(n: u128) -> ulid::Ulid {
    ulid::Ulid::from_parts(1, n)
}

/// An override that Ada made, swaps between Bob and her, and a feed of each kind.
pub(crate) async fn prepare(store: &MemoryStore) {
    let at = |text: &str| text.parse().unwrap();
    let ada = Actor::User("ada".parse().unwrap());
    let swap = |n, from: &str, to: &str, day: &str| Swap {
        id: SwapId::new(ulid(n)),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        give: Span { start: at(&format!("{day}T10:00:00Z")), end: at(&format!("{day}T12:00:00Z")) },
        take: None,
        note: None,
        at: at("2026-01-05T08:00:00Z"),
        state: State::Open,
    };
    let roster = Roster {
        schedule: "rota".parse().unwrap(),
        team: "ours".parse().unwrap(),
        revision: 1,
        overrides: vec![AdHoc {
            id: OverrideId::new(ulid(1)),
            start: at("2026-01-09T10:00:00Z"),
            end: at("2026-01-09T12:00:00Z"),
            change: serde_json::from_value(json!({"add": "bob"})).unwrap(),
            note: None,
            by: ada.clone(),
            at: at("2026-01-05T08:00:00Z"),
            origin: Origin::Asked,
            removed: None,
        }],
        swaps: vec![swap(1, "bob", "ada", "2026-01-06"), swap(2, "ada", "bob", "2026-01-07")],
    };
    let record = RosterRecord { revision: 1, at: at("2026-01-05T08:00:00Z"), by: ada.clone(), what: RosterChange::Removed(OverrideId::new(ulid(9))) };
    store.save_roster(&roster, &record).await.unwrap();
    for (n, of, secret) in [(1, FeedOf::Schedule("rota".parse().unwrap()), "ROTA"), (2, FeedOf::User("ada".parse().unwrap()), "ADA")] {
        let team = (n == 1).then(|| "ours".parse().unwrap());
        let feed =
            Feed { id: FeedId::new(ulid(n)), of, team, name: String::new(), by: ada.clone(), at: at("2026-01-05T08:00:00Z"), token: SecretHash::of(secret) };
        store.put_feed(&feed).await.unwrap();
    }
}

/// As a responder of the team, who is Ada.
fn ask(bench: &Bench, method: &str, path: &str, body: &str) -> (u16, Value) {
    let (status, _, answer) = bench.call(method, path, Some(&token(Some("ours"), Role::Responder)), Some(body));
    (status.as_u16(), answer)
}

fn fields(answer: &Value) -> Vec<&str> {
    answer["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect()
}

const WEEK: &str = "from=2026-01-05T09:00:00Z&until=2026-01-12T09:00:00Z";

#[test]
fn an_override_shows_in_shifts_with_its_reason_until_it_is_taken_back() {
    let bench = Bench::new();
    let (status, made) = ask(&bench, "POST", "/v1/schedules/rota/overrides", ADD_ADA);
    assert_eq!(status, 200, "{made}");
    assert_eq!(ask(&bench, "POST", "/v1/schedules/rota/overrides", ADD_ADA).1["id"], made["id"], "asked twice, made once");
    let (_, shifts) = ask(&bench, "GET", &format!("/v1/schedules/rota/shifts?{WEEK}"), "");
    let second_day: Vec<(&str, &str)> =
        shifts["shifts"].as_array().unwrap()[1..4].iter().map(|s| (s["user"].as_str().unwrap(), s["start"].as_str().unwrap())).collect();
    assert_eq!(second_day, [("bob", "2026-01-06T09:00:00Z"), ("ada", "2026-01-06T10:00:00Z"), ("bob", "2026-01-06T12:00:00Z")]);
    assert!(shifts["shifts"][2]["reason"].as_str().unwrap().contains("instead of bob from 2026-01-06 10:00 to 2026-01-06 12:00 UTC (dentist)"));
    assert_eq!(
        (shifts["complete"].as_bool(), shifts["gaps"].as_array().map(Vec::len), shifts["overlaps"].as_array().map(Vec::len)),
        (Some(true), Some(0), Some(1))
    );
    let (_, hours) = ask(&bench, "GET", &format!("/v1/schedules/rota/hours?{WEEK}"), "");
    let ada = hours["people"].as_array().unwrap().iter().find(|p| p["user"] == "ada").unwrap();
    // Four of seven days, and two hours of Bob's.
    assert_eq!((ada["name"].as_str(), ada["total_s"].as_i64()), (Some("Ada"), Some((4 * 24 + 2) * 3600)));
    let path = format!("/v1/schedules/rota/overrides/{}", made["id"].as_str().unwrap());
    assert_eq!(ask(&bench, "DELETE", &path, "").0, 200);
    assert_eq!(ask(&bench, "DELETE", &path, "").0, 200, "twice is harmless");
    assert_eq!(ask(&bench, "GET", "/v1/schedules/rota/overrides", "").1["overrides"].as_array().unwrap().len(), 1);
    assert_eq!(ask(&bench, "GET", "/v1/schedules/rota/overrides?past=true", "").1["overrides"][1]["removed_by"], "ada");
    let (_, changes) = ask(&bench, "GET", "/v1/schedules/rota/changes?limit=2", "");
    assert_eq!((changes["changes"][0]["by"].as_str(), changes["changes"][0]["what"]["removed"].as_str()), (Some("ada"), made["id"].as_str()));
    assert_eq!(changes["next"], 2);
}

#[test]
fn who_is_on_call_now_knows_overrides() {
    let bench = Bench::new();
    let now = r#"{"start":"2026-01-05T08:00:00Z","end":"2026-01-05T12:00:00Z","person":"ada","with":"bob"}"#;
    assert_eq!(ask(&bench, "POST", "/v1/schedules/rota/overrides", now).0, 200);
    assert_eq!(ask(&bench, "GET", "/v1/oncall", "").1["schedules"][0]["on_call"][0]["user"], "bob");
    assert_eq!(ask(&bench, "GET", "/v1/schedules", "").1["schedules"][0]["on_call"], json!(["bob"]));
}

#[test]
fn the_overrides_of_all_schedules_come_in_one_answer() {
    let bench = Bench::new();
    let made = ask(&bench, "POST", "/v1/schedules/rota/overrides", ADD_ADA).1["id"].clone();
    let all = |query: &str| {
        let answer = ask(&bench, "GET", &format!("/v1/overrides{query}"), "").1;
        answer["schedules"][0]["overrides"].as_array().unwrap().iter().map(|o| o["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(all(""), [json!("ovr_00000000010000000000000001"), made.clone()]);
    assert_eq!(all("?from=2026-01-06T12:00:00Z"), [json!("ovr_00000000010000000000000001")], "the other one is over then");
    assert_eq!(ask(&bench, "DELETE", &format!("/v1/schedules/rota/overrides/{}", made.as_str().unwrap()), "").0, 200);
    assert_eq!(all(""), [json!("ovr_00000000010000000000000001")], "taken back before it began: it never counts");
    let theirs = bench.call("GET", "/v1/overrides", Some(&token(Some("theirs"), Role::Owner)), None).2;
    assert_eq!(theirs, json!({"schedules": []}));
    for query in ["from=x", "after=NO", "colour=red"] {
        assert_eq!(ask(&bench, "GET", &format!("/v1/overrides?{query}"), "").0, 422, "{query}");
    }
}

#[test]
fn turns_are_told_and_not_drawn() {
    let bench = Bench::new();
    let mut turning = configuration();
    let level = turning.policies[0].levels[0].clone();
    turning.policies[0].levels = vec![level.clone(), tocsin_domain::escalation::policy::Level { round_robin: true, ..level }];
    let record = VersionRecord::new(2, "2026-01-05T08:30:00Z".parse().unwrap(), Actor::System);
    block_on(bench.store.publish_configuration(&record, &turning)).unwrap();
    let told = |who: &str| bench.call("GET", "/v1/turns", Some(who), None).2["turns"].clone();
    assert_eq!(told(&owner()), json!([{"policy": "p", "level": 2, "turn": 1}]));
    for drawn in 0..2 {
        assert_eq!(block_on(bench.store.next_turn(&turning.policies[0].id, 1)), Ok(drawn));
    }
    assert_eq!(told(&owner()), json!([{"policy": "p", "level": 2, "turn": 3}]));
    assert_eq!(told(&owner()), json!([{"policy": "p", "level": 2, "turn": 3}]));
    assert_eq!(told(&token(Some("theirs"), Role::Owner)), json!([]));
}

#[test]
fn the_overrides_of_many_schedules_come_in_pages() {
    let bench = Bench::new();
    let mut many = configuration();
    many.schedules = (0..120).map(|n| tocsin_domain::schedule::Schedule { id: format!("rota-{n:03}").parse().unwrap(), ..many.schedules[0].clone() }).collect();
    let record = VersionRecord::new(2, "2026-01-05T08:30:00Z".parse().unwrap(), Actor::System);
    block_on(bench.store.publish_configuration(&record, &many)).unwrap();
    let mut seen = Vec::new();
    let mut path = "/v1/overrides".to_owned();
    loop {
        let answer = ask(&bench, "GET", &path, "").1;
        seen.push(answer["schedules"].as_array().unwrap().iter().map(|s| s["schedule"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        let Some(next) = answer["next"].as_str() else { break };
        path = format!("/v1/overrides?after={next}");
    }
    assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [100, 20]);
    assert_eq!(seen.concat(), (0..120).map(|n| format!("rota-{n:03}")).collect::<Vec<_>>());
}

#[test]
fn what_is_not_theirs_is_refused() {
    let bench = Bench::new();
    let bobs = r#"{"start":"2026-01-06T10:00:00Z","end":"2026-01-06T12:00:00Z","add":["ada","bob"]}"#;
    let (status, answer) = ask(&bench, "POST", "/v1/schedules/rota/overrides", bobs);
    assert_eq!(status, 403, "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("only themselves"));
    assert_eq!(bench.call("POST", "/v1/schedules/rota/overrides", Some(&owner()), Some(bobs)).0.as_u16(), 200);
    // Feeds of other people do not exist.
    assert_eq!(ask(&bench, "GET", "/v1/users/bob/feeds", "").0, 404);
    assert_eq!(bench.call("GET", "/v1/users/bob/feeds", Some(&owner()), None).0.as_u16(), 200);
    assert_eq!(bench.call("GET", "/v1/users/nobody/feeds", Some(&owner()), None).0.as_u16(), 404);
}

#[test]
fn wrong_overrides_name_their_fields() {
    let bench = Bench::new();
    for (body, wrong) in [
        (r#"{"start":"2026-01-06T10:00:00Z","end":"2026-01-06T10:00:00Z","with":"ada"}"#, vec!["end"]),
        (r#"{"start":"2026-01-04T10:00:00Z","end":"2026-01-04T11:00:00Z","with":"ada"}"#, vec!["end"]),
        (r#"{"start":"2026-01-06T10:00:00Z","end":"2026-01-06T11:00:00Z","with":"ada","layer":"dayly"}"#, vec!["layer"]),
        (r#"{"start":"2026-01-06T10:00:00Z","end":"2026-01-06T11:00:00Z","person":"carol","with":"ada"}"#, vec!["person"]),
        (r#"{"start":"2026-01-06T10:00:00Z","end":"2026-01-06T11:00:00Z"}"#, vec!["with"]),
        (r#"{"start":"2026-01-06T10:00:00Z","end":"2026-01-06T11:00:00Z","with":"NO"}"#, vec!["with"]),
        (r#"{"start":"2026-01-06T10:00:00Z","end":"2026-01-06T11:00:00Z","with":7}"#, vec!["with"]),
        (r#"{"start":"2026-01-06T10:00:00.5Z","end":"2026-01-06T11:00:00Z","with":"ada"}"#, vec!["start"]),
        (r#"{"start":"soon","end":"2026-01-06T11:00:00Z","with":"ada"}"#, vec!["start"]),
        (r#"{"start":"2026-01-06T10:00:00Z","end":"2026-01-06T11:00:00Z","with":"ada","until":1}"#, vec!["until"]),
    ] {
        let (status, answer) = ask(&bench, "POST", "/v1/schedules/rota/overrides", body);
        assert_eq!(status, 422, "{body}: {answer}");
        assert_eq!(fields(&answer), wrong, "{body}: {answer}");
    }
    for query in ["from=x", "until=2026-01-01T00:00:00Z", "from=2026-01-01T00:00:00Z&until=2028-01-01T00:00:00Z", "from=-000500-01-01T00:00:00Z", "colour=red"]
    {
        assert_eq!(ask(&bench, "GET", &format!("/v1/schedules/rota/shifts?{query}"), "").0, 422, "{query}");
    }
    for path in ["/v1/schedules/none/shifts", "/v1/schedules/NO/hours", "/v1/schedules/rota/overrides/x"] {
        let method = if path.ends_with('x') { "DELETE" } else { "GET" };
        assert_eq!(ask(&bench, method, path, "").0, 404, "{path}");
    }
}

#[test]
fn a_swap_through_the_api() {
    let bench = Bench::new();
    let (status, offered) = ask(&bench, "POST", "/v1/schedules/rota/swaps", OFFER);
    assert_eq!((status, offered["standing"].as_str(), offered["from"].as_str()), (200, Some("open"), Some("ada")), "{offered}");
    let path = |what: &str| format!("/v1/schedules/rota/swaps/{}/{what}", offered["id"].as_str().unwrap());
    assert_eq!(ask(&bench, "POST", &path("accept"), "").0, 403, "not hers to accept");
    let (status, _, accepted) = bench.call("POST", &path("accept"), Some(&owner()), None);
    assert_eq!((status.as_u16(), accepted["standing"].as_str()), (200, Some("accepted")));
    assert_eq!(ask(&bench, "POST", &path("withdraw"), "").0, 409);
    let (_, swaps) = ask(&bench, "GET", "/v1/schedules/rota/swaps", "");
    assert_eq!(swaps["swaps"].as_array().unwrap().len(), 3);
    let (_, overrides) = ask(&bench, "GET", "/v1/schedules/rota/overrides", "");
    assert_eq!((overrides["overrides"][1]["origin"].as_str(), overrides["overrides"][1]["change"]["with"].as_str()), (Some("swap"), Some("bob")));
}

#[test]
fn importing_again_changes_nothing_and_missing_shifts_go() {
    let bench = Bench::new();
    let put = |body: &Value| {
        let (status, _, answer) = bench.call("PUT", "/v1/schedules/rota/imports/google", Some(&owner()), Some(&body.to_string()));
        (status.as_u16(), answer)
    };
    let shift = |n: u32| json!({"uid": format!("e{n}"), "start": format!("2026-01-{:02}T10:00:00Z", n + 9), "end": format!("2026-01-{:02}T11:00:00Z", n + 9), "user": "bob"});
    assert_eq!(put(&json!({"shifts": [shift(1), shift(2)]})), (200, json!({"added": 2, "removed": 0, "kept": 0})));
    assert_eq!(put(&json!({"shifts": [shift(1), shift(2)]})), (200, json!({"added": 0, "removed": 0, "kept": 2})));
    let mut moved = shift(2);
    moved["end"] = json!("2026-01-11T12:00:00Z");
    assert_eq!(put(&json!({"shifts": [moved, shift(3)]})), (200, json!({"added": 2, "removed": 2, "kept": 0})));
    assert_eq!(ask(&bench, "GET", "/v1/schedules/rota/overrides", "").1["overrides"].as_array().unwrap().len(), 3);
    let over = json!({"uid": "old", "start": "2026-01-01T10:00:00Z", "end": "2026-01-01T11:00:00Z", "user": "bob"});
    assert_eq!(put(&json!({"shifts": [over]})), (200, json!({"added": 0, "removed": 2, "kept": 0})), "what is over is left alone");
    let (status, answer) =
        put(&json!({"shifts": [{"uid": "x", "start": "2026-01-10T10:00:00Z", "end": "2026-01-10T09:00:00Z", "user": "carol"}, shift(1), shift(1)]}));
    assert_eq!((status, fields(&answer)), (422, vec!["shifts[0].end", "shifts[0].add", "shifts[2].uid"]), "{answer}");
}

#[test]
fn a_schedule_is_looked_at_before_it_is_saved() {
    let bench = Bench::new();
    let preview = |body: Value| ask(&bench, "POST", "/v1/schedules/preview", &body.to_string());
    let mondays = json!({"id": "m", "team": "ours", "time_zone": "Europe/London", "layers": [{"name": "mondays", "rotation": "daily", "start": "2026-01-05",
        "members": ["a", "b", "c", "d", "e", "f", "g"], "restrictions": [{"days": ["mon"], "from": "00:00", "to": "24:00"}]}]});
    let (status, answer) = preview(json!({"schedule": mondays, "from": "2026-01-05T00:00:00Z", "until": "2026-02-02T00:00:00Z"}));
    assert_eq!(status, 200, "{answer}");
    assert_eq!((answer["shifts"].as_array().unwrap().len(), answer["gaps"].as_array().unwrap().len(), answer["idle"].as_array().unwrap().len()), (4, 4, 6));
    assert_eq!(answer["people"], json!([{"user": "a", "name": "a", "total_s": 4 * 86_400, "night_s": 4 * 8 * 3600, "weekend_s": 0}]));
    let wrong = json!({"id": "m", "team": "ours", "time_zone": "Europe/Londn", "layers": [{"rotation": "0 weeks", "start": "2026-02-30", "members": []}]});
    let (status, answer) = preview(json!({"schedule": wrong}));
    assert_eq!((status, fields(&answer)), (422, vec!["schedule.time_zone", "schedule.layers[0].rotation", "schedule.layers[0].start"]));
    let (status, answer) = preview(json!({"schedule": {"id": "m", "team": "ours", "time_zone": "UTC", "layers": [{"rotation": "weekly"}]}}));
    assert_eq!((status, fields(&answer)), (422, vec!["schedule.layers[0]"]), "{answer}");
}

#[test]
fn a_hostile_schedule_costs_little() {
    let bench = Bench::new();
    let preview = |schedule: Value| {
        let (status, answer) = ask(
            &bench,
            "POST",
            "/v1/schedules/preview",
            &json!({"schedule": schedule, "from": "2026-01-05T00:00:00Z", "until": "2027-01-05T00:00:00Z"}).to_string(),
        );
        assert_eq!(status, 422, "{answer}");
        fields(&answer)[0].to_owned()
    };
    let with = |layers: Value| json!({"id": "s", "team": "ours", "time_zone": "UTC", "layers": layers});
    let layer = |rotation: &str, members: Value| json!({"rotation": rotation, "start": "1950-01-01", "members": members});
    assert_eq!(preview(with(json!([layer("1 minute", json!(["a", "b"]))]))), "until");
    assert_eq!(preview(with((0..51).map(|_| layer("weekly", json!(["a"]))).collect())), "schedule.layers");
    let crowd: Vec<String> = (0..30_000).map(|n| format!("u{n}")).collect();
    assert_eq!(preview(with(json!([layer("weekly", json!([crowd]))]))), "schedule.layers[0].members[0]");
    assert_eq!(preview(with(json!([layer("weekly", json!(crowd))]))), "schedule.layers[0].members");
    assert_eq!(preview(json!({"id": "s", "team": "ours", "time_zone": "x".repeat(500_000)})), "schedule.time_zone");
}

#[test]
fn long_answers_say_where_to_go_on() {
    let bench = Bench::new();
    let schedule = json!({"id": "s", "team": "ours", "time_zone": "UTC", "layers": [{"rotation": "hourly", "start": "2026-01-05", "members": ["a", "b"]}]});
    let from =
        |from: &str| ask(&bench, "POST", "/v1/schedules/preview", &json!({"schedule": schedule, "from": from, "until": "2026-03-06T00:00:00Z"}).to_string()).1;
    let first = from("2026-01-05T00:00:00Z");
    // 60 days of 24 turns are 1440, of which 1000 are told: 41 days and 16 hours.
    assert_eq!(
        (first["shifts"].as_array().unwrap().len(), first["complete"].as_bool(), first["until"].as_str()),
        (1000, Some(false), Some("2026-02-15T16:00:00Z"))
    );
    let second = from("2026-02-15T16:00:00Z");
    assert_eq!((second["shifts"].as_array().unwrap().len(), second["complete"].as_bool()), (440, Some(true)));
}

#[test]
fn a_feed_is_shown_once_and_ends_when_it_is_revoked() {
    let bench = Bench::new();
    let (status, made) = ask(&bench, "POST", "/v1/schedules/rota/feeds", r#"{"name":"phone"}"#);
    assert_eq!(status, 200, "{made}");
    let path = made["path"].as_str().unwrap();
    let secret = path.trim_start_matches("/calendar/").trim_end_matches(".ics");
    assert_eq!(secret.len(), 32);
    assert!(!format!("{:?}", bench.store.state()).contains(secret), "only its hash is stored");
    let (_, list) = ask(&bench, "GET", "/v1/schedules/rota/feeds", "");
    assert_eq!(list["feeds"].as_array().unwrap().len(), 2);
    assert!(!list.to_string().contains(secret));
    let (status, headers, body) = bench.plain("GET", path, &[]);
    assert_eq!((status.as_u16(), headers["content-type"].to_str().unwrap()), (200, "text/calendar; charset=utf-8"));
    assert!(body.contains("SUMMARY:Ada on call (Rota)\r\n"), "{body}");
    let etag = headers["etag"].to_str().unwrap();
    assert_eq!(bench.plain("GET", path, &[("if-none-match", etag)]).0.as_u16(), 304);
    let (status, _, head) = bench.plain("HEAD", path, &[]);
    assert_eq!((status.as_u16(), head.as_str()), (200, ""));
    assert_eq!(bench.plain("POST", path, &[]).0.as_u16(), 405);
    let one = format!("/v1/schedules/rota/feeds/{}", made["id"].as_str().unwrap());
    assert_eq!(ask(&bench, "DELETE", &one, "").0, 200);
    assert_eq!(bench.plain("GET", path, &[]).0.as_u16(), 404);
    assert_eq!(ask(&bench, "DELETE", &one, "").0, 404);
    for wrong in ["/calendar/x.ics", "/calendar/.ics", "/calendar/rota.ics"] {
        assert_eq!(bench.plain("GET", wrong, &[]).0.as_u16(), 404, "{wrong}");
    }
}

#[test]
fn a_calendar_as_programs_read_it() {
    let bench = Bench::new();
    assert_eq!(ask(&bench, "POST", "/v1/schedules/rota/overrides", ADD_ADA).0, 200);
    let (_, _, body) = bench.plain("GET", "/calendar/ADA.ics", &[]);
    let end = body.match_indices("END:VEVENT\r\n").nth(2).unwrap().0;
    expect_test::expect_file!["../golden/calendar.ics"].assert_eq(&body[..end].replace("\r\n", "\n"));
    assert!(!body.contains("Bob on call"), "only hers");
    let uids = |body: &str| body.lines().filter(|l| l.starts_with("UID:")).map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let before = uids(&body);
    assert_eq!(before.len(), body.matches("BEGIN:VEVENT").count(), "each has its own");
    // A day later the same shifts have the same names: programs update instead of adding.
    bench.clock.set("2026-01-06T09:30:00Z".parse().unwrap());
    let after = uids(&bench.plain("GET", "/calendar/ADA.ics", &[]).2);
    assert_eq!((before.difference(&after).count(), after.difference(&before).count() <= 1), (0, true));
}
