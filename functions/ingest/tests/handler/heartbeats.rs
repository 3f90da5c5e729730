//! Pings: any method, whatever the body; a key of another kind is none.

use super::support::{KEY, World};
use tocsin_app::ports::{ConfigurationStore, HeartbeatStore, IntegrationKey, SecretHash};
use tocsin_domain::configuration::IntegrationKind;
use tocsin_ingest::Call;

const PING: &str = "P1NGK3Y0000000000000000000000001";

#[tokio::test]
async fn a_heartbeat_takes_every_plausible_ping() {
    let world = World::new().await;
    let key = IntegrationKey {
        integration: "backup".parse().unwrap(),
        service: "shop".parse().unwrap(),
        team: "web".parse().unwrap(),
        kind: IntegrationKind::Heartbeat,
        limits: tocsin_domain::flood::Limits::default(),
        mapping: Vec::new(),
    };
    world.store.put_integration_key(&SecretHash::of(PING), &key).await.unwrap();
    let path = |key: &str| format!("/v1/integrations/heartbeat/{key}");
    let beats = async || world.store.beats(&["backup".parse().unwrap()]).await.unwrap().len();
    for (method, path, status) in [
        ("DELETE", path(PING), 405),
        ("GET", path("unknown"), 404),
        // Whoever may send alerts may not keep a job alive with the same key.
        ("GET", path(KEY), 404),
    ] {
        let answer = world.call(&Call { method, path: &path, ..Call::default() }, b"").await;
        assert_eq!((answer.0, beats().await), (status, 0), "{method} {path}");
    }
    for (method, path, body) in
        [("GET", path(PING), ""), ("HEAD", path(PING), ""), ("POST", path(PING), "{\"any\": [\"body\"]"), ("PUT", format!("{}/", path(PING)), "\u{0}")]
    {
        let (status, answer) = world.call(&Call { method, path: &path, ..Call::default() }, body.as_bytes()).await;
        assert_eq!((status, beats().await), (200, 1), "{method} {path}");
        assert_eq!(answer, serde_json::json!({"status": "ok", "heartbeat": "backup"}));
    }
}
