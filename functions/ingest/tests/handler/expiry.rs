//! Alerts of Prometheus end when nobody posts them again, and only then.

use super::support::{KEY, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tocsin_app::expire_alerts::{Expired, expire_alerts};
use tocsin_app::ports::Clock;
use tocsin_domain::alert::{Alert, AlertState};

impl World {
    async fn report(&self, labels: serde_json::Value, holds_s: Option<i64>) {
        let end = holds_s.map(|s| (self.clock.now() + SignedDuration::from_secs(s)).to_string());
        let body = json!([{"labels": labels, "startsAt": "2026-11-21T21:00:00Z", "endsAt": end}]).to_string();
        let path = format!("/v1/integrations/prometheus/{KEY}/api/v2/alerts");
        assert_eq!(self.post(&path, body.as_bytes()).await.0, 200);
    }

    async fn sweep_after(&self, seconds: i64) -> Expired {
        self.clock.advance(SignedDuration::from_secs(seconds));
        let now = self.clock.now();
        expire_alerts(self.store.as_ref(), self.store.as_ref(), now, now).await
    }

    fn alerts(&self) -> Vec<Alert> {
        self.store.state().alerts.into_values().collect()
    }
}

fn ended(n: usize) -> Expired {
    Expired { ended: n, ..Expired::default() }
}

fn repeated(n: usize) -> Expired {
    Expired { repeated: n, ..Expired::default() }
}

#[tokio::test]
async fn a_sender_that_died_resolves_nothing_and_its_alerts_end() {
    let world = World::new().await;
    world.report(json!({"alertname": "A"}), Some(240)).await;
    world.report(json!({"alertname": "B"}), Some(240)).await;
    assert_eq!(world.sweep_after(239).await, Expired::default());
    world.report(json!({"alertname": "B"}), Some(240)).await;
    let mut seen = world.sweep_after(2).await;
    assert_eq!(std::mem::take(&mut seen.ended), 1, "A");
    assert_eq!(seen, repeated(1), "B");
    let states: Vec<_> = world.alerts().iter().map(|a| (a.event.class.clone().unwrap_or_default(), a.state, a.resolved_at.map(Timestamp::as_second))).collect();
    let ended_at = world.clock.now().as_second();
    assert_eq!(states, [("A".to_owned(), AlertState::Resolved, Some(ended_at)), ("B".to_owned(), AlertState::Open, None)]);
    assert_eq!(world.sweep_after(237).await, Expired::default(), "B was posted at 239 and holds until 479");
    assert_eq!(world.sweep_after(2).await, ended(1));
    assert_eq!(world.sweep_after(100_000).await, Expired::default(), "nothing is left");
    assert!(world.store.state().holds.is_empty());
}

#[tokio::test]
async fn a_repetition_may_hold_for_longer_or_shorter_than_the_first() {
    let world = World::new().await;
    world.report(json!({"alertname": "A"}), Some(10)).await;
    world.report(json!({"alertname": "A"}), Some(600)).await;
    assert_eq!(world.sweep_after(60).await, repeated(1));
    world.report(json!({"alertname": "A"}), Some(30)).await;
    assert_eq!(world.sweep_after(545).await, ended(1), "looked at when the longer one would have ended");
}

#[tokio::test]
async fn worse_reports_hold_too() {
    let world = World::new().await;
    world.report(json!({"alertname": "A", "severity": "warning"}), Some(60)).await;
    world.clock.advance(SignedDuration::from_secs(55));
    let labels = json!({"alertname": "A", "severity": "warning"});
    let worse = json!([{"labels": labels, "fingerprint": "f", "endsAt": "2026-11-21T21:12:00Z"}]);
    let again = json!([{"labels": {"alertname": "A", "severity": "critical"}, "fingerprint": "f", "endsAt": "2026-11-21T21:20:00Z"}]);
    let path = format!("/v1/integrations/prometheus/{KEY}/api/v2/alerts");
    for body in [worse, again] {
        assert_eq!(world.post(&path, body.to_string().as_bytes()).await.0, 200);
    }
    let both = Expired { ended: 1, repeated: 1, failed: Vec::new() };
    assert_eq!(world.sweep_after(240).await, both, "the first one ends; the other was raised, and holds until 21:20");
    assert_eq!(world.sweep_after(420).await, Expired::default());
    assert_eq!(world.sweep_after(10).await, ended(1));
}

#[tokio::test]
async fn what_does_not_say_when_it_ends_stays() {
    let world = World::new().await;
    world.report(json!({"alertname": "A"}), None).await;
    world.report(json!({"alertname": "B"}), Some(60)).await;
    world.report(json!({"alertname": "B"}), Some(-1)).await;
    let webhook = json!({"alerts": [{"status": "firing", "labels": {"alertname": "B"}}]}).to_string();
    assert_eq!(world.post(&format!("/v1/integrations/alertmanager/{KEY}"), webhook.as_bytes()).await.0, 200);
    assert_eq!(world.sweep_after(100_000).await, Expired::default(), "the hold was of the alert before");
    let open = world.alerts().iter().filter(|a| a.state == AlertState::Open).count();
    assert_eq!((world.alerts().len(), open), (3, 2));
}
