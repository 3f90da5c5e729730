//! What is asked of alerts, and what their incident makes of it.

use super::support::World;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::incident::timeline::What;
use tocsin_domain::incident::{Priority, Status};

#[tokio::test]
async fn a_sender_is_answered_with_what_it_wrote_before_and_after_the_incident_heard_of_it() {
    let world = World::new().await;
    world.create(json!({"message": "Disk full", "alias": "db/1", "priority": "P4", "tags": ["a"]})).await;
    for settled in [false, true] {
        if settled {
            world.settle().await;
        }
        let ask = async |method: &str, name: &str, body: Value| {
            let got = world.call(method, &format!("/v2/alerts/db/1/{name}?identifierType=alias"), body).await;
            assert_eq!(got.status, 202, "{name}: {got:?}");
            let status = world.request(&got.id).await;
            assert_eq!((&status["isSuccess"], &status["alias"]), (&json!(true), &json!("db/1")), "{name}: {status}");
            if settled {
                world.settle().await;
            }
            world.get("db/1").await
        };
        let note = format!("note {settled}");
        assert_eq!(ask("POST", "acknowledge", json!({"user": "ada", "note": note})).await["acknowledged"], true);
        assert_eq!(ask("POST", "unacknowledge", json!({})).await["acknowledged"], false);
        let snoozed = ask("POST", "snooze", json!({"endTime": "2030-01-01T00:00:00Z"})).await;
        assert_eq!((&snoozed["snoozed"], &snoozed["snoozedUntil"]), (&json!(true), &json!("2030-01-01T00:00:00.000Z")));
        assert_eq!(ask("POST", "tags", json!({"tags": ["late", "a"]})).await["tags"], json!(["a", "late"]));
        assert_eq!(ask("DELETE", "tags", json!({"tags": "late"})).await["tags"], json!(["a"]));
        assert_eq!(ask("POST", "details", json!({"details": {"k": 1, "l": "2"}})).await["details"], json!({"k": "1", "l": "2"}));
        assert_eq!(ask("DELETE", "details", json!({"keys": ["k", "l"]})).await["details"], json!({}));
        assert_eq!(ask("PUT", "message", json!({"message": "Disk fuller"})).await["message"], "Disk fuller");
        assert_eq!(ask("PUT", "description", json!({"description": "why"})).await["description"], "why");
        assert_eq!(ask("PUT", "priority", json!({"priority": "P2"})).await["priority"], "P2");
    }
    let incident = world.incident();
    assert_eq!(incident.priority, Some(Priority::P2));
    assert!(matches!(incident.status, Status::Acknowledged { snoozed: true, .. }));
    let notes: Vec<String> = world.told().into_iter().filter(|t| t.starts_with("noted ada")).collect();
    assert_eq!(notes, ["noted ada: note false", "noted ada: note true"], "each note is told once");
    let listed = world.call("GET", "/v2/alerts/db/1/notes?identifierType=alias", Value::Null).await.body;
    let listed: Vec<&str> = listed["data"].as_array().unwrap().iter().map(|n| n["note"].as_str().unwrap()).collect();
    assert_eq!(listed, ["note true", "note false"], "newest first");
}

#[tokio::test]
async fn what_was_asked_before_the_incident_opened_is_applied_when_it_does() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x", "priority": "P1"})).await;
    world.call("POST", "/v2/alerts/x/acknowledge?identifierType=alias", json!({"user": "ada", "note": "mine"})).await;
    world.call("POST", "/v2/alerts/x/close?identifierType=alias", json!({"user": "ada", "note": "done"})).await;
    world.call("POST", "/v2/alerts/x/notes?identifierType=alias", json!({"note": "too late"})).await;
    world.settle().await;
    assert_eq!(
        world.told(),
        ["triggered", "alerts_attached", "priority_set", "noted ada: mine", "acknowledged", "noted ada: done", "noted too late", "alerts_resolved", "resolved"]
    );
    assert_eq!(world.incident().alerts_open, 0);
}

#[tokio::test]
async fn a_note_on_a_closed_alert_does_not_close_it_again() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x"})).await;
    world.settle().await;
    world.call("POST", "/v2/alerts/x/close?identifierType=alias", json!({"source": "s"})).await;
    world.settle().await;
    let before = world.told().len();
    let note = world.call("POST", "/v2/alerts/x/notes?identifierType=alias", json!({"note": "it was the cable"})).await;
    assert_eq!(world.request(&note.id).await["isSuccess"], true);
    world.settle().await;
    assert_eq!(world.told()[before..], ["noted it was the cable"]);
    let late = world.call("POST", "/v2/alerts/x/acknowledge?identifierType=alias", json!({})).await;
    assert_eq!(late.status, 202);
    let status = world.request(&late.id).await;
    assert_eq!((&status["isSuccess"], &status["status"], &status["action"]), (&json!(false), &json!("Alert is closed"), &json!("Acknowledge")));
}

#[tokio::test]
async fn a_request_that_is_delivered_twice_counts_once() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x"})).await;
    let note = async || world.call("POST", "/v2/alerts/x/notes?identifierType=alias", json!({"note": "hello"})).await;
    assert_eq!(note().await.id, note().await.id);
    world.clock.advance(SignedDuration::from_mins(2));
    note().await;
    let listed = world.call("GET", "/v2/alerts/x/notes?identifierType=alias", Value::Null).await.body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "said again two minutes later it is another note");
    for _ in 0..2 {
        let close = world.call("POST", "/v2/alerts/x/close?identifierType=alias", json!({})).await;
        assert_eq!(world.request(&close.id).await["isSuccess"], true);
    }
}

#[tokio::test]
async fn more_than_one_write_can_tell_is_told_together() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x"})).await;
    for n in 0..60 {
        world.call("POST", "/v2/alerts/x/notes?identifierType=alias", json!({"note": format!("note {n}")})).await;
        world.call("POST", &format!("/v2/alerts/x/{}?identifierType=alias", if n % 2 == 0 { "acknowledge" } else { "unacknowledge" }), json!({})).await;
    }
    world.settle().await;
    let told = world.told();
    assert!(told.len() < 45, "{told:?}");
    for n in 0..60 {
        assert!(told.iter().any(|t| t.lines().any(|l| l.ends_with(&format!("note {n}")))), "note {n}");
    }
    assert_eq!(world.incident().status, Status::Triggered, "the last one asked was to take the acknowledgement back");
}

#[tokio::test]
async fn whatever_is_too_long_is_cut_and_its_note_says_so() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x"})).await;
    let long = |length: usize| "é".repeat(length);
    let details: serde_json::Map<String, Value> = (0..20).map(|n| (format!("k{n:02}"), json!(long(4_997)))).collect();
    for (method, name, body, note) in [
        ("POST", "notes", json!({"note": long(30_000)}), "(note cut from 30000 to 25000 characters)"),
        ("PUT", "message", json!({"message": long(200), "note": "renamed"}), "renamed (message cut from 200 to 130 characters)"),
        ("POST", "tags", json!({"tags": (0..30).map(|n| n.to_string()).collect::<Vec<_>>()}), "(tags cut to 20 of 50 characters)"),
        ("POST", "details", json!({"details": details}), "(details cut from 20 to 10: 50000 characters in all)"),
        ("POST", "assign", json!({"owner": {"username": long(200_000)}}), ""),
    ] {
        assert_eq!(world.call(method, &format!("/v2/alerts/x/{name}?identifierType=alias"), body).await.status, 202, "{name}");
        let listed = world.call("GET", "/v2/alerts/x/notes?identifierType=alias", Value::Null).await.body["data"][0]["note"].clone();
        assert!(listed.as_str().unwrap().ends_with(note), "{name}: {listed}");
    }
    let shown = world.get("x").await;
    assert_eq!((shown["tags"].as_array().unwrap().len(), shown["details"].as_object().unwrap().len()), (20, 10));
    assert!(shown["owner"].as_str().unwrap().chars().count() == 512);
}

#[tokio::test]
async fn a_custom_action_does_nothing_but_be_told_whatever_it_is_called() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x"})).await;
    for action in ["close", "delete", "acknowledge"] {
        let got = world.call("POST", &format!("/v2/alerts/x/actions/{action}?identifierType=alias"), json!({})).await;
        assert_eq!((got.status, &world.request(&got.id).await["action"]), (202, &json!("ExecuteCustomAction")), "{action}");
    }
    world.settle().await;
    let shown = world.get("x").await;
    assert_eq!((&shown["status"], &shown["acknowledged"]), (&json!("open"), &json!(false)));
    assert!(world.told().iter().any(|t| t.contains("the action \"close\"")), "{:?}", world.told());
}

#[tokio::test]
async fn notes_and_logs_have_pages() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x", "note": "0"})).await;
    for n in 1..=7 {
        world.call("POST", "/v2/alerts/x/notes?identifierType=alias", json!({"note": n.to_string()})).await;
    }
    world.call("POST", "/v2/alerts/x/close?identifierType=alias", json!({"note": "8"})).await;
    let followed = async |list: &str, query: &str, field: &str| {
        let (mut found, mut next, mut pages) = (Vec::new(), Some(format!("/v2/alerts/x/{list}?identifierType=alias&{query}")), 0);
        while let Some(address) = next {
            let page = world.call("GET", &address, Value::Null).await.body;
            found.extend(page["data"].as_array().unwrap().iter().map(|e| e[field].as_str().unwrap().to_owned()));
            next = page["paging"].get("next").map(|n| n.as_str().unwrap().trim_start_matches("https://tocsin.example.com").to_owned());
            pages += 1;
        }
        (found.join(" "), pages)
    };
    assert_eq!(followed("notes", "", "note").await, ("8 7 6 5 4 3 2 1 0".to_owned(), 1));
    assert_eq!(followed("notes", "limit=4&offset=0", "note").await, ("8 7 6 5 4 3 2 1 0".to_owned(), 3));
    assert_eq!(followed("notes", "limit=1&order=asc&offset=0", "note").await, ("0 1 2 3 4 5 6 7 8".to_owned(), 9));
    let (logs, pages) = followed("logs", "limit=5", "type").await;
    assert_eq!((logs.split(' ').count(), pages), (10, 2));
    // As large as notes may be: no answer is larger than a function can give.
    for n in 0..60 {
        world.call("POST", "/v2/alerts/x/notes?identifierType=alias", json!({"note": format!("{n}{}", "☃".repeat(24_900))})).await;
    }
    let page = world.call("GET", "/v2/alerts/x/notes?identifierType=alias", Value::Null).await;
    assert!(page.body.to_string().len() < 5_000_000 && page.body["paging"]["next"].is_string());
    assert_eq!(followed("notes", "", "note").await.0.split(' ').count(), 69);
}

#[tokio::test]
async fn assigning_escalating_and_what_nobody_can_do() {
    let world = World::new().await;
    world.create(json!({"message": "m", "alias": "x"})).await;
    let ask =
        async |name: &str, body: Value| assert_eq!(world.call("POST", &format!("/v2/alerts/x/{name}?identifierType=alias"), body).await.status, 202, "{name}");
    ask("assign", json!({"owner": {"username": "Ada@example.com"}})).await;
    ask("assign", json!({"owner": {"username": "eve@example.com"}})).await;
    ask("escalate", json!({"escalation": {"name": "E"}})).await;
    ask("responders", json!({"responder": {"type": "team", "name": "Ops"}})).await;
    ask("actions/Restart", json!({"user": "ada"})).await;
    world.settle().await;
    let told = world.told();
    for wanted in ["reassigned", "escalated_now", "noted its sender asked for help by team Ops, whom the configuration does not know"] {
        assert!(told.iter().any(|t| t == wanted), "{wanted}: {told:?}");
    }
    assert!(told.iter().any(|t| t.contains("eve@example.com")) && told.iter().any(|t| t.contains("Restart")), "{told:?}");
}

#[tokio::test]
async fn responders_are_asked_once_and_nobody_is_lost() {
    let world = World::new().await;
    let responders = json!([{"type": "user", "username": "ADA@example.com"}, {"type": "team", "name": "web"}, {"type": "team", "id": "no-such"},
        {"type": "escalation", "name": "P"}, {"name": "money"}]);
    world.create(json!({"message": "m", "alias": "x", "responders": responders})).await;
    world.settle().await;
    let asked = || {
        world.store.look(|s| {
            s.timeline.values().filter_map(|e| if let What::RespondersAsked { to, .. } = &e.what { Some(to.clone()) } else { None }).collect::<Vec<_>>()
        })
    };
    let (ada, money) = (Target::User("ada".parse().unwrap()), Target::Team("money".parse().unwrap()));
    // Her team and its policy are paged anyhow; of the rest whoever is known is asked, and the rest is told.
    assert_eq!(asked(), [vec![ada.clone(), money.clone()]]);
    assert!(world.told().iter().any(|t| t == "noted its sender names responders whom the configuration does not know: team no-such"), "{:?}", world.told());
    assert_eq!(world.incident().named_by_senders, [ada.clone(), money]);
    // Added later, by hand: always asked.
    let added =
        world.call("POST", "/v2/alerts/x/responders?identifierType=alias", json!({"responder": {"type": "user", "username": "Ada"}, "note": "the disk"})).await;
    assert_eq!((added.status, world.request(&added.id).await["action"].clone()), (202, json!("AddResponder")));
    world.settle().await;
    assert_eq!(asked().last().unwrap(), &[ada]);
    let teams = json!({"team": {"name": "web shop"}});
    world.call("POST", "/v2/alerts/x/teams?identifierType=alias", teams).await;
    world.settle().await;
    assert!(world.told().iter().any(|t| t == "noted its sender asked for help by team web shop: the policy of the incident pages them"), "{:?}", world.told());
}

#[tokio::test]
async fn a_deleted_alert_is_gone_for_senders_and_closed_for_people() {
    let world = World::new().await;
    let created = world.create(json!({"message": "m", "alias": "x"})).await;
    let id = world.get("x").await["id"].clone();
    world.settle().await;
    let deleted = world.call("DELETE", "/v2/alerts/x?identifierType=alias&user=ada", Value::Null).await;
    assert_eq!(deleted.status, 202);
    world.settle().await;
    for address in ["/v2/alerts/x?identifierType=alias".to_owned(), format!("/v2/alerts/{}", id.as_str().unwrap())] {
        assert_eq!(world.call("GET", &address, Value::Null).await.status, 404, "{address}");
    }
    assert_eq!(world.call("GET", "/v2/alerts", Value::Null).await.body["data"], json!([]));
    assert_eq!(world.request(&deleted.id).await["action"], "Delete");
    assert_eq!(world.request(&created.id).await["isSuccess"], true);
    assert_eq!(world.incident().status.as_str(), "resolved");
    world.create(json!({"message": "again", "alias": "x"})).await;
    let again = world.get("x").await;
    assert!(again["id"] != id && again["count"] == 1 && again["message"] == "again");
}
