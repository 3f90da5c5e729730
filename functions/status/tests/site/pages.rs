//! What readers see.

use crate::world::{World, at, plain};
use axum::http::StatusCode;
use expect_test::{ExpectFile, expect_file};
use tocsin_domain::alert::Severity;
use tocsin_domain::configuration::Configuration;

fn check(body: &str, golden: ExpectFile) {
    golden.assert_eq(&plain(body));
}

#[tokio::test]
async fn all_is_well() {
    let world = World::shop().await;
    let answer = world.get("/").await;
    assert_eq!(answer.status, StatusCode::OK);
    check(&answer.body, expect_file!["../golden/operational.html"]);
    assert_eq!(world.get("/status").await.body, answer.body);
}

#[tokio::test]
async fn one_component_is_partly_down_and_worked_on() {
    let mut world = World::shop().await;
    world.incident("pay", "cards", Severity::Error, "2026-11-21T22:04:10Z", Some("2026-11-21T22:09:50Z")).await;
    check(&world.get("/").await.body, expect_file!["../golden/partial.html"]);
}

#[tokio::test]
async fn everything_is_down() {
    let mut world = World::shop().await;
    world.configure(&crate::world::SHOP.replace(r#""name":"Support chat"}"#, r#""name":"Support chat","services":["cards"]}"#)).await;
    world.incident("web", "site", Severity::Critical, "2026-11-21T20:15:00Z", Some("2026-11-21T20:16:00Z")).await;
    world.incident("web", "search", Severity::Warning, "2026-11-20T20:15:00Z", None).await;
    world.incident("pay", "cards", Severity::Critical, "2026-11-21T22:30:30Z", None).await;
    check(&world.get("/").await.body, expect_file!["../golden/down.html"]);
}

#[tokio::test]
async fn nothing_internal_shows() {
    let mut world = World::shop().await;
    world.incident("pay", "cards", Severity::Critical, "2026-11-21T22:04:10Z", Some("2026-11-21T22:09:50Z")).await;
    world.incident("team-x9", "secret", Severity::Critical, "2026-11-21T22:04:10Z", None).await;
    for path in ["/", "/api/v2/summary.json"] {
        let body = world.get(path).await.body;
        for internal in ["INTERNAL", "db-17", "internal-cards", "zoe-q7", "secret", "team-x9"] {
            assert!(!body.contains(internal), "{path} shows {internal}");
        }
    }
}

#[tokio::test]
async fn an_informational_alert_and_a_resolved_incident_affect_nobody() {
    let mut world = World::shop().await;
    world.incident("pay", "cards", Severity::Info, "2026-11-21T22:04:10Z", None).await;
    assert!(world.get("/").await.body.contains("<h1>All systems operational</h1>"));
}

#[tokio::test]
async fn a_store_that_fails_is_never_all_operational() {
    for down in ["IncidentStore", "ConfigurationStore"] {
        let world = World::shop().await;
        world.faults.down(down);
        for path in ["/", "/status", "/subscribe", "/unsubscribe"] {
            let answer = world.get(path).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path} without {down}");
            assert!(answer.body.contains("The status is not known just now") && !answer.body.contains("operational"));
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("retry-after"), "60");
        }
        let answer = world.get("/api/v2/summary.json").await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"the status is not known just now"}"#));
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let world = World::shop().await;
    world.faults.down("IncidentStore");
    check(&world.get("/").await.body, expect_file!["../golden/unknown.html"]);
}

#[tokio::test]
async fn a_change_shows_within_three_seconds_and_a_busy_page_reads_little() {
    let mut world = World::shop().await;
    world.get("/").await;
    let before = world.faults.count();
    for _ in 0..50 {
        world.get("/").await;
    }
    assert_eq!(world.faults.count(), before);
    world.incident("pay", "cards", Severity::Critical, "2026-11-21T22:30:00Z", None).await;
    assert!(world.get("/").await.body.contains("<h1>Checkout is down</h1>"));
}

#[tokio::test]
async fn without_a_page_nothing_is_public() {
    let mut world = World::empty();
    for _ in 0..2 {
        for path in ["/", "/subscribe", "/unsubscribe", "/api/v2/summary.json", "/api/v2/status.json"] {
            assert_eq!(world.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let answer = world.post("/subscribe/email", "email=ada%40example.org").await;
        assert_eq!((answer.status, world.topic.asked().len()), (StatusCode::NOT_FOUND, 0));
        world.configure(r#"{"version":1}"#).await;
    }
    check(&world.get("/").await.body, expect_file!["../golden/no_page.html"]);
}

#[tokio::test]
async fn a_page_without_components_does_not_say_that_all_is_well() {
    let mut world = World::empty();
    world.configure(r#"{"version":1,"status_page":{"name":"New"}}"#).await;
    check(&world.get("/").await.body, expect_file!["../golden/no_components.html"]);
}

#[tokio::test]
async fn hostile_names_are_text() {
    let hostile = r#"</style></title><script>alert(1)</script><img src=x onerror="alert(1)">'"&{{ 7 }}"#;
    let mut configuration: Configuration = serde_json::from_str(crate::world::SHOP).unwrap();
    let page = configuration.status_page.as_mut().unwrap();
    page.name = hostile.to_owned();
    page.components[1].name = hostile.to_owned();
    page.components[1].description = hostile.to_owned();
    let mut world = World::empty();
    world.configure(&serde_json::to_string(&configuration).unwrap()).await;
    world.incident("pay", "cards", Severity::Critical, "2026-11-21T22:04:10Z", None).await;
    let html = world.get("/").await.body;
    check(&html, expect_file!["../golden/hostile.html"]);
    for path in ["/", "/subscribe", "/unsubscribe"] {
        let html = world.get(path).await.body;
        assert!(!html.contains("<script") && !html.contains("<img") && html.matches("</style>").count() == 1, "{path}");
    }
    let typed = "email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    assert!(!world.post("/subscribe/email", typed).await.body.contains("<script"));
    let typed = "phone=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    assert!(!world.post("/subscribe/sms", typed).await.body.contains("<script"));
    assert!(!world.post("/unsubscribe/sms", typed).await.body.contains("<script"));
}

#[tokio::test]
async fn forms_and_small_pages() {
    let world = World::shop().await;
    check(&world.get("/subscribe").await.body, expect_file!["../golden/subscribe.html"]);
    check(&world.get("/unsubscribe").await.body, expect_file!["../golden/unsubscribe.html"]);
    let nowhere = world.get("/nowhere").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    check(&nowhere.body, expect_file!["../golden/not_found.html"]);
}

#[tokio::test]
async fn the_view_is_of_the_minute_but_never_older_than_what_it_shows() {
    let mut world = World::shop().await;
    world.clock.set(at("2026-11-21T22:31:59Z"));
    let first = world.get("/").await;
    assert!(first.body.contains(r#"As of <time datetime="2026-11-21T22:31:00Z">21 Nov 2026, 23:31 CET</time>"#));
    world.incident("pay", "cards", Severity::Critical, "2026-11-21T22:31:58Z", None).await;
    world.clock.set(at("2026-11-21T22:32:03Z"));
    assert!(world.get("/").await.body.contains(r#"As of <time datetime="2026-11-21T22:32:00Z">"#));
}
