//! What senders read back.

use super::support::{KEY, OTHER_KEY, ROUTING_KEY, World};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tocsin_ingest::Call;

#[tokio::test]
async fn an_alert_reads_back_as_it_was_sent() {
    let world = World::new().await;
    let sent = json!({"message": "m".repeat(200), "alias": "db 1/café", "description": "d".repeat(16_000), "tags": ["a", "b c", "ü"], "details": {"k": "v", "n": 1},
        "responders": [{"type": "team", "name": "Platform"}, {"type": "user", "username": "ada@example.com"}], "visibleTo": [{"type": "team", "name": "Other"}],
        "actions": ["Restart"], "entity": "db", "source": "conf", "priority": "p1", "user": "ada", "note": "n", "more": {"x": 1}});
    let created = world.create(sent).await;
    let status = world.request(&created.id).await;
    let got = world.get("db 1/café").await;
    assert_eq!(status["alertId"], got["id"]);
    assert_eq!((&status["action"], &status["status"], &status["success"]), (&json!("Create"), &json!("Created alert"), &json!(true)));
    let data = json!({"message": "m".repeat(130), "description": "d".repeat(15_000), "alias": "db 1/café", "status": "open", "acknowledged": false, "isSeen": false,
        "snoozed": false, "count": 1, "tags": ["a", "b c", "ü"], "details": {"k": "v", "n": "1"}, "entity": "db", "source": "conf", "priority": "P1", "owner": "",
        "actions": ["Restart"], "responders": [{"type": "team", "id": "Platform"}, {"type": "user", "id": "ada@example.com"}],
        "integration": {"id": "shop-opsgenie", "name": "shop-opsgenie", "type": "API"}, "createdAt": "2026-11-21T21:11:13.000Z"});
    for (field, wanted) in data.as_object().unwrap() {
        assert_eq!(&got[field], wanted, "{field}");
    }
    for (kind, who) in [("id", &got["id"]), ("tiny", &got["tinyId"])] {
        let by = world.call("GET", &format!("/v2/alerts/{}?identifierType={kind}", who.as_str().unwrap()), Value::Null).await;
        assert_eq!(by.body["data"]["alias"], "db 1/café", "{kind}");
    }
    world.settle().await;
    let number = world.incident().number;
    assert_eq!(
        world.call("GET", &format!("/v2/alerts/{number}?identifierType=tiny"), Value::Null).await.body["data"]["id"],
        got["id"],
        "by the incident's number"
    );
    let stored = world.store.look(|s| s.alerts.values().next().unwrap().clone());
    assert_eq!(stored.event.details["also_sent"]["message"], "m".repeat(200), "what was cut is kept");
    assert_eq!(stored.event.details["also_sent"]["more"], json!({"x": 1}));
    assert_eq!(stored.event.adapted, ["message cut from 200 to 130 characters", "description cut from 16000 to 15000 characters"]);
}

#[tokio::test]
async fn occurrences_are_counted_and_a_closed_alias_opens_anew() {
    let world = World::new().await;
    let first = world.create(json!({"message": "m", "alias": "x"})).await;
    let again = world.create(json!({"message": "again", "alias": "x"})).await;
    assert_eq!(world.request(&first.id).await["alertId"], world.request(&again.id).await["alertId"]);
    let got = world.get("x").await;
    assert_eq!((&got["count"], &got["message"]), (&json!(2), &json!("m")));
    world.call("POST", "/v2/alerts/x/close?identifierType=alias", json!({"user": "ada", "note": "fixed"})).await;
    let closed = world.get("x").await;
    assert_eq!((&closed["status"], &closed["id"], &closed["count"]), (&json!("closed"), &got["id"], &json!(2)));
    world.create(json!({"message": "back", "alias": "x"})).await;
    let back = world.get("x").await;
    assert!(back["id"] != got["id"] && back["status"] == "open" && back["count"] == 1);
}

#[tokio::test]
async fn a_closed_alert_keeps_its_count_when_its_key_opens_again() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for life in 1..=5 {
        for _ in 0..life {
            world.create(json!({"message": format!("life {life}"), "alias": "x"})).await;
        }
        ids.push(world.get("x").await["id"].as_str().unwrap().to_owned());
        world.call("POST", "/v2/alerts/x/close?identifierType=alias", json!({})).await;
    }
    for (id, count) in ids.iter().zip(1..) {
        let got = world.call("GET", &format!("/v2/alerts/{id}"), Value::Null).await.body["data"].clone();
        assert_eq!((&got["message"], &got["count"]), (&json!(format!("life {count}")), &json!(count)));
    }
    let counts = async |query: &str| {
        let listed = world.call("GET", &format!("/v2/alerts?{query}"), Value::Null).await.body["data"].clone();
        listed.as_array().unwrap().iter().map(|a| a["count"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(counts("").await, [5, 4, 3, 2, 1]);
    assert_eq!(counts("limit=2&offset=3").await, [2, 1], "what came later is not on the page");
    assert_eq!(counts("query=count%3A+3").await, [3]);
}

#[tokio::test]
async fn a_key_opens_what_belongs_to_its_team() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x"})).await;
    let id = world.get("x").await["id"].as_str().unwrap().to_owned();
    let trigger = json!({"routing_key": ROUTING_KEY, "event_action": "trigger", "dedup_key": "from pagerduty", "payload": {"summary": "s", "source": "h", "severity": "warning"}});
    world.ingest.handle("POST", "/v2/enqueue", trigger.to_string().as_bytes()).await;
    let other = world.get("from pagerduty").await;
    assert_eq!((&other["message"], &other["priority"], &other["integration"]["id"]), (&json!("s"), &json!("P4"), &json!("shop-pagerduty")));
    let authorization = format!("GenieKey {OTHER_KEY}");
    for (path, query) in [("/v2/alerts/x", "identifierType=alias"), (&*format!("/v2/alerts/{id}"), ""), ("/v2/alerts/x/notes", "identifierType=alias")] {
        let call = Call { method: "GET", path, query, authorization: &authorization, ..Call::default() };
        assert_eq!(world.raw(&call, b"").await.status, 404, "{path}");
    }
    let call = Call { method: "POST", path: &format!("/v2/alerts/{id}/close"), query: "identifierType=id", authorization: &authorization, ..Call::default() };
    assert_eq!(world.raw(&call, b"").await.status, 202, "as for an alert that nobody knows");
    assert_eq!(world.get("x").await["status"], "open");
    let all = world.raw(&Call { method: "GET", path: "/v2/alerts", authorization: &authorization, ..Call::default() }, b"").await;
    assert_eq!(all.body["data"], json!([]));
}

#[tokio::test]
async fn lists_are_searched_and_paged() {
    let world = World::new().await;
    for n in 0..25 {
        world
            .create(json!({"message": format!("alert {n}"), "alias": format!("a{n}"), "priority": if n % 5 == 0 { "P1" } else { "P3" }, "tags": ["all"]}))
            .await;
    }
    world.call("POST", "/v2/alerts/a3/close?identifierType=alias", json!({})).await;
    let list = async |query: &str| {
        let got = world.call("GET", &format!("/v2/alerts?{query}"), Value::Null).await;
        assert_eq!(got.status, 200, "{query}: {got:?}");
        got.body
    };
    let aliases = |body: &Value| -> Vec<String> { body["data"].as_array().unwrap().iter().map(|a| a["alias"].as_str().unwrap().to_owned()).collect() };
    let first = list("limit=10").await;
    assert_eq!(aliases(&first)[..2], ["a24", "a23"], "newest first");
    assert_eq!(first["paging"]["first"], "https://tocsin.example.com/v2/alerts?limit=10&offset=0");
    assert!(first["paging"].get("prev").is_none());
    let mut seen = aliases(&first);
    let mut page = first;
    while let Some(next) = page["paging"].get("next").cloned() {
        page = list(next.as_str().unwrap().split_once('?').unwrap().1).await;
        seen.extend(aliases(&page));
    }
    assert_eq!(seen.len(), 25);
    assert_eq!(page["paging"]["prev"], "https://tocsin.example.com/v2/alerts?limit=10&offset=10");
    assert_eq!(page["paging"]["last"], "https://tocsin.example.com/v2/alerts?limit=10&offset=20");
    assert_eq!(aliases(&list("query=status%3A+open+AND+priority%3DP1&order=asc").await), ["a0", "a5", "a10", "a15", "a20"]);
    assert_eq!(aliases(&list("query=status%3Aclosed").await), ["a3"]);
    assert_eq!(aliases(&list("query=createdAt+%3C+2026-11-21T21%3A11%3A13.150Z").await), ["a1", "a0"]);
    let count = async |query: &str| world.call("GET", &format!("/v2/alerts/count?query={query}"), Value::Null).await.body["data"]["count"].clone();
    assert_eq!((count("").await, count("tag%3Aall+AND+NOT+priority%3AP1").await), (json!(25), json!(20)));
    for bad in ["query=shoe%3A1", "limit=many", "offset=20000"] {
        assert_eq!(world.call("GET", &format!("/v2/alerts?{bad}"), Value::Null).await.status, 422, "{bad}");
    }
}

#[tokio::test]
async fn an_alias_may_be_anything() {
    let world = World::new().await;
    for alias in ["a/b/close", "a b", "☃", "x".repeat(300).as_str(), "y".repeat(600).as_str(), "tags", "50%", "?&#", "../..", "{}"] {
        let created = world.create(json!({"message": "m", "alias": alias})).await;
        assert_eq!(world.request(&created.id).await["alias"], alias);
        assert_eq!(world.get(alias).await["alias"], alias);
        let close = world.call("POST", &format!("/v2/alerts/{alias}/close?identifierType=alias"), json!({})).await;
        assert_eq!(world.request(&close.id).await["isSuccess"], true, "{alias}");
        assert_eq!(world.get(alias).await["status"], "closed", "{alias}");
    }
    let without = world.create(json!({"message": "m"})).await;
    let alias = world.request(&without.id).await["alias"].as_str().unwrap().to_owned();
    assert!(!alias.is_empty());
    assert_eq!(world.get(&alias).await["status"], "open");
}

#[tokio::test]
async fn a_key_is_taken_wherever_it_stands() {
    let world = World::new().await;
    let basic = "Basic OjExMTExMTExLTIyMjItMzMzMy00NDQ0LTU1NTU1NTU1NTU1NQ==";
    for (authorization, query, status) in [
        (format!("GenieKey {KEY}"), "".to_owned(), 202),
        (format!("geniekey {KEY} "), "".to_owned(), 202),
        (basic.to_owned(), "".to_owned(), 202),
        (String::new(), format!("apiKey={KEY}"), 202),
        (KEY.to_owned(), "".to_owned(), 202),
        ("GenieKey 00000000-0000-0000-0000-000000000000".to_owned(), "".to_owned(), 401),
        (String::new(), "".to_owned(), 401),
        ("Basic !".to_owned(), "".to_owned(), 401),
    ] {
        let call = Call { method: "POST", path: "/v2/alerts", query: &query, authorization: &authorization, ..Call::default() };
        let got = world.raw(&call, br#"{"message":"m","alias":"x"}"#).await;
        assert_eq!(got.status, status, "{authorization} {query}: {got:?}");
        assert!(status == 202 || got.body["message"].is_string());
    }
}

#[tokio::test]
async fn heartbeats_are_pinged_by_name_and_shown() {
    let world = World::new().await;
    let call = async |method: &str, path: &str, body: Value| world.call(method, path, body).await;
    let before = call("GET", "/v2/heartbeats/nightly-backup", Value::Null).await.body["data"].clone();
    assert_eq!(
        (&before["name"], &before["interval"], &before["intervalUnit"], &before["expired"]),
        (&json!("Nightly backup"), &json!(1), &json!("days"), &json!(false))
    );
    assert!(before.get("lastPingTime").is_none());
    for (method, name) in [("GET", "nightly-backup"), ("POST", "Nightly backup"), ("PUT", "nightly backup"), ("PATCH", "nobody")] {
        let got = call(method, &format!("/v2/heartbeats/{name}/ping"), Value::Null).await;
        assert_eq!((got.status, &got.body["result"]), (202, &json!("PONG - Heartbeat received")), "{name}");
    }
    let all = call("GET", "/v2/heartbeats", Value::Null).await.body["data"]["heartbeats"].clone();
    assert_eq!((all.as_array().unwrap().len(), &all[0]["lastPingTime"]), (1, &json!("2026-11-21T21:11:13.300Z")));
    assert_eq!(call("GET", "/v2/heartbeats/nobody", Value::Null).await.status, 404);
    assert_eq!(call("POST", "/v2/heartbeats", json!({"name": "nightly-backup", "interval": 5})).await.status, 201);
    assert_eq!(call("POST", "/v2/heartbeats", json!({"name": "other"})).await.body["errors"], json!({"interval": "can not be empty"}));
    for (method, address) in [("DELETE", ""), ("POST", "/disable"), ("PATCH", "")] {
        let got = call(method, &format!("/v2/heartbeats/nightly-backup{address}"), json!({})).await;
        assert_eq!(got.status, 422, "{method} {address}: it stands in the configuration");
    }
    let authorization = format!("GenieKey {OTHER_KEY}");
    let others = world.raw(&Call { method: "GET", path: "/v2/heartbeats", authorization: &authorization, ..Call::default() }, b"").await;
    assert_eq!(others.body["data"]["heartbeats"], json!([]));
}

#[tokio::test]
async fn a_heartbeat_is_made_supervised_switched_and_taken_away() {
    let world = World::new().await;
    let call = async |method: &str, address: &str, body: Value| world.call(method, address, body).await;
    for wrong in [
        json!({"name": "", "interval": 5}),
        json!({"name": "job", "interval": 0}),
        json!({"name": "job", "interval": 5, "intervalUnit": "weeks"}),
        json!({"name": "job", "interval": 400, "intervalUnit": "days"}),
        json!({"name": "job", "interval": 5, "alertPriority": "P9"}),
    ] {
        let got = call("POST", "/v2/heartbeats", wrong.clone()).await;
        assert_eq!((got.status, got.body["errors"].is_object()), (422, true), "{wrong}: {got:?}");
    }
    let job = json!({"name": "Night job", "description": "d", "interval": 10, "intervalUnit": "minutes", "enabled": true, "ownerTeam": {"name": "Web"},
        "alertMessage": "The night job did not run", "alertTags": ["night"], "alertPriority": "P1"});
    for _ in 0..2 {
        let got = call("POST", "/v2/heartbeats", job.clone()).await;
        assert_eq!((got.status, &got.body["data"]["enabled"], &got.body["data"]["interval"]), (201, &json!(true), &json!(10)), "{got:?}");
    }
    let all = call("GET", "/v2/heartbeats", Value::Null).await.body["data"]["heartbeats"].clone();
    assert_eq!(all.as_array().unwrap().len(), 2, "asked twice there is one, beside the configured one");
    let check = async || {
        let checked = world.heartbeats.check().await.unwrap();
        assert_eq!(checked.failed, []);
        world.settle().await;
        (checked.missing, checked.back)
    };
    world.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(check().await, (0, 0), "it is not expected before its first ping");
    assert_eq!(call("GET", "/v2/heartbeats/night%20job/ping".replace("%20", " ").as_str(), Value::Null).await.status, 202);
    world.clock.advance(SignedDuration::from_mins(9));
    assert_eq!(check().await, (0, 0));
    world.clock.advance(SignedDuration::from_mins(1));
    assert_eq!((check().await, check().await), ((1, 0), (0, 0)), "missing once");
    let incident = world.incident();
    assert_eq!((incident.title.as_str(), incident.severity.as_str(), incident.service.as_str()), ("The night job did not run", "critical", "shop"));
    assert_eq!(call("GET", "/v2/heartbeats/Night job", Value::Null).await.body["data"]["expired"], true);
    call("PUT", "/v2/heartbeats/Night job/ping", json!({})).await;
    world.settle().await;
    assert_eq!(world.incident().status.as_str(), "resolved", "the ping closes it");
    // Another team's key sees nothing of it.
    let authorization = format!("GenieKey {OTHER_KEY}");
    let theirs = world.raw(&Call { method: "DELETE", path: "/v2/heartbeats/Night job", authorization: &authorization, ..Call::default() }, b"").await;
    assert_eq!(theirs.status, 404);
    let patched = call("PATCH", "/v2/heartbeats/Night job", json!({"interval": 1, "intervalUnit": "hours"})).await;
    assert_eq!((patched.status, &patched.body["data"]["interval"], &patched.body["data"]["intervalUnit"]), (200, &json!(1), &json!("hours")));
    assert_eq!(patched.body["data"]["alertMessage"], "The night job did not run", "what is not said stays");
    let off = call("POST", "/v2/heartbeats/Night job/disable", json!({})).await;
    assert_eq!((off.status, &off.body["data"]["enabled"]), (200, &json!(false)));
    world.clock.advance(SignedDuration::from_hours(5));
    assert_eq!(check().await, (0, 0), "switched off");
    call("POST", "/v2/heartbeats/Night job/enable", json!({})).await;
    assert_eq!(check().await, (0, 0), "expected after its next ping");
    call("POST", "/v2/heartbeats/Night job/ping", json!({})).await;
    world.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(check().await, (1, 0));
    let open = || world.store.look(|s| s.incidents.values().filter(|i| i.is_open()).count());
    assert_eq!(open(), 1);
    assert_eq!(call("DELETE", "/v2/heartbeats/Night job", Value::Null).await.status, 200);
    world.settle().await;
    assert_eq!(open(), 0, "nobody will ping its alert away any more");
    assert_eq!(call("DELETE", "/v2/heartbeats/Night job", Value::Null).await.status, 404);
    // Made anew, what was pinged before does not count.
    let anew = call("POST", "/v2/heartbeats", job).await;
    assert!(anew.status == 201 && anew.body["data"].get("lastPingTime").is_none(), "{anew:?}");
    assert_eq!(check().await, (0, 0));
}
