//! The documents of the Statuspage API v2, against the form in which its readers know them.

use crate::world::World;
use expect_test::expect_file;
use serde_json::Value;
use std::collections::BTreeSet;
use tocsin_domain::alert::Severity;

async fn world() -> World {
    let mut world = World::shop().await;
    world.incident("pay", "cards", Severity::Error, "2026-11-21T22:04:10Z", Some("2026-11-21T22:09:50Z")).await;
    world.incident("web", "site", Severity::Warning, "2026-11-21T22:20:00Z", None).await;
    world
}

async fn document(world: &World, name: &str) -> Value {
    let answer = world.get(&format!("/api/v2/{name}.json")).await;
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    serde_json::from_str(&answer.body).unwrap()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn has(value: &Value, wanted: &str) {
    let wanted: BTreeSet<&str> = wanted.split(',').collect();
    assert_eq!(keys(value), wanted);
}

#[tokio::test]
async fn the_summary_as_a_whole() {
    let summary = document(&world().await, "summary").await;
    expect_file!["../golden/summary.json"].assert_eq(&format!("{summary:#}\n"));
}

#[tokio::test]
async fn every_object_has_the_fields_of_the_api() {
    let summary = document(&world().await, "summary").await;
    has(&summary, "page,status,components,incidents,scheduled_maintenances");
    has(&summary["page"], "id,name,url,time_zone,updated_at");
    has(&summary["status"], "indicator,description");
    let component = "id,name,status,created_at,updated_at,position,description,showcase,start_date,group_id,page_id,group,only_show_if_degraded";
    has(&summary["components"][0], component);
    let incident = &summary["incidents"][0];
    has(incident, "id,name,status,created_at,updated_at,monitoring_at,resolved_at,impact,shortlink,started_at,page_id,incident_updates,components");
    has(&incident["components"][0], component);
    has(&incident["incident_updates"][0], "id,status,body,incident_id,created_at,updated_at,display_at,affected_components");
    has(&incident["incident_updates"][0]["affected_components"][0], "code,name,old_status,new_status");
    assert_eq!(summary["scheduled_maintenances"], Value::Array(vec![]));
}

#[tokio::test]
async fn each_document_says_the_same_as_the_summary() {
    let world = world().await;
    let summary = document(&world, "summary").await;
    for (name, fields) in [
        ("status", "page,status"),
        ("components", "page,components"),
        ("incidents/unresolved", "page,incidents"),
        ("scheduled-maintenances", "page,scheduled_maintenances"),
        ("scheduled-maintenances/upcoming", "page,scheduled_maintenances"),
        ("scheduled-maintenances/active", "page,scheduled_maintenances"),
    ] {
        let part = document(&world, name).await;
        has(&part, fields);
        for field in fields.split(',') {
            assert_eq!(part[field], summary[field], "{name} {field}");
        }
    }
}

/// The checkout is worked on now and a week later, the website was; what these windows are called and why is nobody's business.
async fn maintained() -> World {
    let mut world = World::shop().await;
    let weekly = r#""maintenance":[{"id":"canary-backup","reason":"canary","services":["cards"],"weekly":[{"from":"sat 22:00","to":"sat 23:00"}]}],"policies""#;
    world.configure(&crate::world::SHOP.replace(r#""policies""#, weekly)).await;
    world.maintenance("canary-disk", &["site"], "2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z").await;
    world.maintenance("canary-lab", &["secret"], "2026-11-20T01:00:00Z", "2026-12-20T02:00:00Z").await;
    world
}

#[tokio::test]
async fn maintenance_shows_with_its_times_and_not_with_its_reason() {
    let mut world = maintained().await;
    let summary = document(&world, "summary").await;
    assert_eq!(summary["status"], serde_json::json!({"indicator": "maintenance", "description": "Service Under Maintenance"}));
    let states: Vec<_> = summary["components"].as_array().unwrap().iter().map(|c| c["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["operational", "under_maintenance", "operational"]);
    let active = &summary["scheduled_maintenances"][0];
    has(
        active,
        "id,name,status,created_at,updated_at,monitoring_at,resolved_at,impact,shortlink,started_at,page_id,incident_updates,components,scheduled_for,scheduled_until",
    );
    let of = async |name: &str| {
        let listed = document(&world, name).await["scheduled_maintenances"].as_array().unwrap().clone();
        listed.iter().map(|m| [&m["name"], &m["status"], &m["scheduled_for"]].map(|t| t.as_str().unwrap().to_owned()).join(" ")).collect::<Vec<_>>()
    };
    let (now, next) =
        ("Checkout: planned maintenance in_progress 2026-11-21T22:00:00.000Z", "Checkout: planned maintenance scheduled 2026-11-28T22:00:00.000Z");
    assert_eq!(of("summary").await, [now, next]);
    assert_eq!(of("scheduled-maintenances/active").await, [now]);
    assert_eq!(of("scheduled-maintenances/upcoming").await, [next]);
    assert_eq!(of("scheduled-maintenances").await, [now, next, "Website: planned maintenance completed 2026-11-20T01:00:00.000Z"]);
    let everything = format!("{}{}", world.get("/").await.body, document(&world, "scheduled-maintenances").await);
    assert!(!everything.contains("canary"), "{everything}");
    assert!(everything.contains("Checkout is under maintenance") && everything.contains("Planned maintenance"));
    // Something worse is known of it: that counts.
    world.incident("pay", "cards", Severity::Warning, "2026-11-21T22:04:10Z", None).await;
    let summary = document(&world, "summary").await;
    assert_eq!((summary["status"]["indicator"].as_str(), summary["components"][1]["status"].as_str()), (Some("minor"), Some("degraded_performance")));
}

#[tokio::test]
async fn indicators_follow_the_worst_component() {
    for (severity, indicator, words, component) in [
        (Severity::Info, "none", "All Systems Operational", "operational"),
        (Severity::Warning, "minor", "Partially Degraded Service", "degraded_performance"),
        (Severity::Error, "major", "Partial System Outage", "partial_outage"),
        (Severity::Critical, "critical", "Major Service Outage", "major_outage"),
    ] {
        let mut world = World::shop().await;
        world.incident("pay", "cards", severity, "2026-11-21T22:04:10Z", None).await;
        let summary = document(&world, "summary").await;
        assert_eq!((summary["status"]["indicator"].as_str(), summary["status"]["description"].as_str()), (Some(indicator), Some(words)));
        assert_eq!(summary["components"][1]["status"], component);
    }
}

#[tokio::test]
async fn updates_are_newest_first_and_tell_what_changed() {
    let summary = document(&world().await, "summary").await;
    let incident = summary["incidents"].as_array().unwrap().iter().find(|i| i["impact"] == "major").unwrap();
    assert_eq!(incident["status"], "identified");
    let told: Vec<_> =
        incident["incident_updates"].as_array().unwrap().iter().map(|u| (u["status"].as_str().unwrap(), u["created_at"].as_str().unwrap())).collect();
    assert_eq!(told, [("identified", "2026-11-21T22:09:50.000Z"), ("investigating", "2026-11-21T22:04:10.000Z")]);
    let first = &incident["incident_updates"][1]["affected_components"][0];
    assert_eq!(
        (first["code"].as_str(), first["old_status"].as_str(), first["new_status"].as_str()),
        (Some("checkout"), Some("operational"), Some("partial_outage"))
    );
}

#[tokio::test]
async fn at_most_fifty_incidents_are_listed_but_all_count() {
    let mut world = World::shop().await;
    world.incident("pay", "cards", Severity::Critical, "2026-11-21T20:00:00Z", None).await;
    for n in 0..250 {
        world.incident("web", "site", Severity::Warning, &format!("2026-11-21T21:{:02}:{:02}Z", n / 60, n % 60), None).await;
    }
    let summary = document(&world, "summary").await;
    assert_eq!(summary["incidents"].as_array().unwrap().len(), 50);
    assert_eq!(summary["status"]["indicator"], "critical");
    assert!(world.get("/").await.body.contains("And 201 more."));
}
