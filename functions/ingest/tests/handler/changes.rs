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
