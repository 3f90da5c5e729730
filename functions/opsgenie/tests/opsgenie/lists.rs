//! Lists and counts of many alerts: exact however many there are, and honest where one request does not come to all of them.

use super::support::World;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tocsin_app::ports::AlertStore;
use tocsin_domain::alert::{Alert, AlertKey};
use tocsin_domain::id::AlertId;

/// A world with so many alerts, a second apart, each with its number as alias and message; every tenth is closed.
async fn many(count: u32) -> World {
    let world = World::new().await;
    world.create(json!({"message": "0", "alias": "0", "tags": ["all"]})).await;
    let first: Alert = world.store.look(|s| s.alerts.values().next().unwrap().clone());
    for n in 1..count {
        world.clock.advance(SignedDuration::from_secs(1));
        let at = first.received_at + SignedDuration::from_secs(i64::from(n));
        let key = AlertKey { dedup_key: n.to_string(), ..first.key.clone() };
        let id = AlertId::new(ulid::Ulid::from_parts(u64::try_from(at.as_millisecond()).unwrap(), u128::from(n)));
        let mut alert = Alert { id, key, received_at: at, ..first.clone() };
        (alert.event.dedup_key, alert.event.summary) = (n.to_string(), n.to_string());
        world.store.open_alert(&alert).await.unwrap();
        if n % 10 == 0 {
            world.store.resolve_alert(&alert.key, id, at).await.unwrap();
        }
    }
    world
}

async fn read(world: &World, path: &str, query: &str) -> Value {
    let got = world.call("GET", &format!("{path}?{query}"), Value::Null).await;
    assert_eq!(got.status, 200, "{query}: {got:?}");
    got.body
}

fn numbers(body: &Value) -> Vec<u32> {
    body["data"].as_array().unwrap().iter().map(|a| a["message"].as_str().unwrap().parse().unwrap()).collect()
}

/// All pages behind each other, as a client follows them.
async fn followed(world: &World, query: &str) -> Vec<u32> {
    let (mut found, mut next) = (Vec::new(), Some(query.to_owned()));
    while let Some(query) = next {
        let page = read(world, "/v2/alerts", &query).await;
        found.extend(numbers(&page));
        next = page["paging"].get("next").map(|n| n.as_str().unwrap().split_once('?').unwrap().1.to_owned());
    }
    found
}

#[tokio::test]
async fn lists_and_counts_are_exact_beyond_what_one_round_reads() {
    let world = many(3_000).await;
    let all: Vec<u32> = (0..3_000).collect();
    let backwards: Vec<u32> = all.iter().rev().copied().collect();
    assert_eq!(followed(&world, "limit=100").await, backwards);
    assert_eq!(followed(&world, "limit=100&order=asc&sort=createdAt").await, all);
    let closed: Vec<u32> = all.iter().copied().filter(|n| *n > 0 && n % 10 == 0).collect();
    assert_eq!(followed(&world, "limit=100&query=status%3Aclosed&order=asc").await, closed);
    assert_eq!(followed(&world, "limit=90&query=status%3Aclosed&order=asc&sort=alias").await.into_iter().collect::<BTreeSet<_>>().len(), closed.len());
    let count = async |query: &str| read(&world, "/v2/alerts/count", query).await["data"]["count"].clone();
    assert_eq!((count("").await, count("query=status%3Aclosed").await, count("query=message%3A+2999").await), (json!(3_000), json!(299), json!(1)));
    // As clients page that count for themselves, and by a page that ends with the last alert.
    let page = read(&world, "/v2/alerts", "limit=100&offset=2900").await;
    assert_eq!(numbers(&page), backwards[2_900..]);
    assert!(page["paging"].get("next").is_none() && page.get("truncated").is_none(), "{}", page["paging"]);
    let last = page["paging"]["last"].as_str().unwrap();
    assert!(last.ends_with("limit=100&offset=2900"), "{last}");
}

#[tokio::test]
async fn a_list_is_searched_by_who_it_is_for_and_not_by_what_was_saved_elsewhere() {
    let world = World::new().await;
    world.create(json!({"message": "1", "alias": "a", "responders": [{"type": "team", "name": "Ops Berlin"}]})).await;
    world.create(json!({"message": "2", "alias": "b"})).await;
    for (query, wanted) in
        [("teams%3A+%22web+shop%22", vec![2, 1]), ("responders%3A+%22ops+berlin%22", vec![1]), ("teams+%3D+web", vec![2, 1]), ("teams%3A+money", vec![])]
    {
        assert_eq!(numbers(&read(&world, "/v2/alerts", &format!("query={query}")).await), wanted, "{query}");
    }
    for path in ["/v2/alerts", "/v2/alerts/count"] {
        for (query, field) in [("searchIdentifier=mine&searchIdentifierType=name", "searchIdentifier"), ("query=shoe%3A1", "query")] {
            let got = world.call("GET", &format!("{path}?{query}"), Value::Null).await;
            assert_eq!((got.status, got.body["errors"][field].is_string()), (422, true), "{path}?{query}: {got:?}");
        }
    }
}

#[tokio::test]
async fn a_page_is_no_other_one_when_alerts_come_meanwhile() {
    let world = many(30).await;
    let first = read(&world, "/v2/alerts", "limit=10").await;
    world.create(json!({"message": "99", "alias": "new"})).await;
    let next = first["paging"]["next"].as_str().unwrap().split_once('?').unwrap().1;
    assert_eq!(numbers(&read(&world, "/v2/alerts", next).await), (10..20).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_one_request_does_not_come_to_it_says_and_the_next_page_goes_on_there() {
    let world = many(20_150).await;
    let counted = read(&world, "/v2/alerts/count", "").await;
    assert_eq!((&counted["data"]["count"], &counted["truncated"]), (&json!(20_000), &json!(true)));
    assert!(counted["message"].as_str().unwrap().contains("createdAt"), "{counted}");
    // The only alert of that name is among the oldest: the first page has nothing, and says where it stopped.
    let first = read(&world, "/v2/alerts", "query=message%3D+7").await;
    assert_eq!((numbers(&first), &first["truncated"]), (vec![], &json!(true)));
    assert_eq!(followed(&world, "query=message%3D+7").await, [7]);
    assert_eq!(numbers(&read(&world, "/v2/alerts", "query=message%3D+7&order=asc").await), [7], "from the other side it is near");
    let narrowed = read(&world, "/v2/alerts/count", "query=createdAt+%3C+2026-11-22T00%3A00%3A00Z").await;
    assert_eq!((&narrowed["data"]["count"], narrowed.get("truncated")), (&json!(10_127), None));
}

#[tokio::test]
async fn positions_and_numbers_that_make_no_sense_are_named() {
    let world = many(3).await;
    for (query, field) in [("behind=x", "behind"), ("behind=2026-11-21T21:11:13Z_x", "behind"), ("offset=-1", "offset"), ("limit=1e3", "limit")] {
        let got = world.call("GET", &format!("/v2/alerts?{query}"), Value::Null).await;
        assert_eq!(got.status, 422, "{query}");
        assert!(got.body["errors"][field].is_string(), "{query}: {got:?}");
    }
    let most = u64::MAX;
    for query in [format!("offset={most}"), format!("offset={most}&sort=count&behind=2026-11-21T21:11:13Z_alr_01KE6P4YM00000000000000001")] {
        assert_eq!(world.call("GET", &format!("/v2/alerts?{query}"), Value::Null).await.status, 422, "{query}");
    }
    let behind = format!("offset={most}&behind=2026-11-21T21:11:14Z_alr_01KE6P4YM00000000000000001");
    assert_eq!(numbers(&read(&world, "/v2/alerts", &behind).await), [0]);
}
