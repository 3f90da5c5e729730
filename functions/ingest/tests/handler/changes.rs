//! Changes are kept for their service, and wake nobody.

use super::support::{KEY, World};
use jiff::SignedDuration;
use serde_json::json;
use tocsin_app::ports::Clock;
use tocsin_app::record_change::changes_before;

#[tokio::test]
async fn what_changed_in_the_hour_before_is_found() {
    let world = World::new().await;
    let opened = world.clock.now() + SignedDuration::from_mins(10);
    let change = |summary: &str, at: Option<&str>| {
        let payload = json!({"summary": summary, "source": "ci", "timestamp": at, "custom_details": {"build": 7}});
        json!({"routing_key": KEY, "payload": payload, "links": [{"href": "https://ci/7"}]}).to_string().into_bytes()
    };
    for (summary, at) in [
        ("long before", Some("2026-11-21T20:17:59Z")),
        ("an hour before", Some("2026-11-21T20:18:00Z")),
        ("now", None),
        ("now", None),
        ("later", Some("2026-11-21T21:13:00Z")),
    ] {
        let (status, body) = world.post("/v2/change/enqueue", &change(summary, at)).await;
        assert_eq!((status, body), (202, json!({"status": "success", "message": "Change event processed"})));
        world.clock.advance(SignedDuration::from_secs(1));
    }
    let service = "shop".parse().unwrap();
    let found = changes_before(world.store.as_ref(), &service, opened).await.unwrap();
    let summaries: Vec<&str> = found.iter().map(|c| c.event.summary.as_str()).collect();
    assert_eq!(summaries, ["an hour before", "now", "later"], "oldest first, a repeated delivery once");
    assert_eq!((found[1].event.links.len(), &found[1].event.details, found[1].team.as_str()), (1, &json!({"build": 7}), "web"));
    assert!(world.store.state().alerts.is_empty());
    for (body, status) in [(change("", None), 400), (json!({"routing_key": "A".repeat(32), "payload": {"summary": "s"}}).to_string().into_bytes(), 400)] {
        assert_eq!(world.post("/v2/change/enqueue", &body).await.0, status);
    }
}

#[tokio::test]
async fn a_deployment_that_succeeds_resolves_and_is_a_change() {
    let world = World::new().await;
    let path = format!("/v1/integrations/github/{KEY}");
    let body = |state: &str| {
        let status = json!({"state": state, "environment": "production"});
        json!({"deployment_status": status, "deployment": {"ref": "v1"}, "repository": {"full_name": "example/shop"}}).to_string().into_bytes()
    };
    let key = "github/example/shop/deployment/production";
    assert_eq!(world.post(&path, &body("failure")).await.0, 200);
    assert!(world.guard(key).await.is_some_and(|g| g.open));
    assert_eq!(world.post(&path, &body("success")).await.0, 200);
    assert!(world.guard(key).await.is_some_and(|g| !g.open));
    let found = changes_before(world.store.as_ref(), &"shop".parse().unwrap(), world.clock.now()).await.unwrap();
    assert_eq!(found.iter().map(|c| c.event.summary.as_str()).collect::<Vec<_>>(), ["example/shop: v1 deployed to production"]);
    let (status, said) = world.post(&path, &body("queued")).await;
    assert_eq!((status, &said["ignored"]), (200, &json!(1)));
    let unheard = world.post(&path, br#"{"title": "a shape that nobody knows", "id": "x"}"#).await;
    assert_eq!((unheard.0, world.guard("x").await.is_some_and(|g| g.open)), (200, true), "heard, not lost");
}
