//! The configuration that stories and simulation share.

use serde_json::json;
use tocsin_app::ports::IntegrationKey;
use tocsin_domain::configuration::{Configuration, IntegrationKind};

/// Services, by what they are for:
/// - `shop`: Ada, 5 minutes later Bob, 5 minutes later the last resort; each alert is an incident.
/// - `storm`: the same, alerts of 5 minutes are one incident.
/// - `bank`: whoever is on call (a day each: Ada, Bob, Carol, from 2026-01-05 09:00 UTC), 2 minutes later Bob and Carol, all of it twice;
///   an acknowledgement lapses after 10 minutes.
/// - `void`: a schedule in which nobody is on call.
/// - `siren`: Dora, until somebody acknowledges; she wants an SMS at once and a mail after two minutes. An open incident is resolved after two hours.
/// - `lab`: everybody in the team, then a person without any contact method, then Carol.
#[must_use]
pub fn configuration() -> Configuration {
    let user = |name: &str, ways: &[&str], rules: serde_json::Value| {
        let method = |way: &&str| match *way {
            "sms" => json!({ "id": format!("{name}-sms"), "kind": "sms", "to": format!("+1555555{:04}", name.len() * 1000 + usize::from(name.as_bytes()[0])) }),
            _ => json!({ "id": format!("{name}-mail"), "kind": "email", "to": format!("{name}@example.com") }),
        };
        json!({ "id": name, "name": name, "contact_methods": ways.iter().map(method).collect::<Vec<_>>(), "rules": rules })
    };
    let sms_only = |name: &str| json!({ "high": [{ "via": format!("{name}-sms") }] });
    let level = |delay_s: u32, targets: serde_json::Value| json!({ "delay_s": delay_s, "targets": targets });
    let service = |id: &str, policy: &str, more: serde_json::Value| {
        let mut service = json!({ "id": id, "name": id, "team": "web", "policy": policy, "integrations": [{ "id": format!("{id}-pd"), "kind": "pagerduty" }] });
        for (k, v) in more.as_object().into_iter().flatten() {
            service[k] = v.clone();
        }
        service
    };
    let ladder = json!([level(300, json!([{ "user": "ada" }])), level(300, json!([{ "user": "bob" }]))]);
    let document = json!({
        "version": 1,
        "teams": [{ "id": "web", "name": "Web", "members": [{ "user": "ada" }, { "user": "bob" }] }],
        "users": [
            user("ada", &["sms", "mail"], sms_only("ada")),
            user("bob", &["sms", "mail"], sms_only("bob")),
            user("carol", &["sms"], sms_only("carol")),
            user("dora", &["sms", "mail"], json!({ "high": [{ "via": "dora-sms" }, { "via": "dora-mail", "after_s": 120 }] })),
            user("mute", &[], json!({})),
        ],
        "schedules": [
            { "id": "rota", "team": "web", "time_zone": "UTC",
              "layers": [{ "name": "daily", "rotation": "daily", "start": "2026-01-05T09:00", "members": ["ada", "bob", "carol"] }] },
            { "id": "empty", "team": "web", "time_zone": "UTC" },
        ],
        "policies": [
            { "id": "ladder", "team": "web", "levels": ladder },
            { "id": "rota", "team": "web", "repeat": 1,
              "levels": [level(120, json!([{ "schedule": "rota" }])), level(120, json!([{ "user": "bob" }, { "user": "carol" }]))] },
            { "id": "nobody", "team": "web", "levels": [level(300, json!([{ "schedule": "empty" }]))] },
            { "id": "siren", "team": "web", "until_acknowledged": true, "levels": [level(300, json!([{ "user": "dora" }]))] },
            { "id": "lab", "team": "web",
              "levels": [level(60, json!([{ "team": "web" }])), level(60, json!([{ "user": "mute" }])), level(60, json!([{ "user": "carol" }]))] },
        ],
        "services": [
            service("shop", "ladder", json!({})),
            service("storm", "ladder", json!({ "grouping": { "by": "time", "window_s": 300 } })),
            service("bank", "rota", json!({ "acknowledge_timeout_s": 600 })),
            service("void", "nobody", json!({})),
            service("siren", "siren", json!({ "auto_resolve_s": 7200 })),
            service("lab", "lab", json!({})),
        ],
    });
    serde_json::from_value(document).unwrap()
}

/// Services that the simulation sends to.
pub const SERVICES: [&str; 6] = ["shop", "storm", "bank", "void", "siren", "lab"];

/// What the key of a service's integration opens.
#[must_use]
pub fn integration(service: &str) -> IntegrationKey {
    let slug = crate::samples::slug::<tocsin_domain::id::IntegrationId>;
    IntegrationKey {
        integration: slug(&format!("{service}-pd")),
        service: crate::samples::slug(service),
        team: crate::samples::slug("web"),
        kind: IntegrationKind::Pagerduty,
        limits: tocsin_domain::flood::Limits::default(),
        mapping: Vec::new(),
    }
}

/// What the key of a heartbeat of service `shop` opens.
#[must_use]
pub fn heartbeat(id: &str) -> IntegrationKey {
    IntegrationKey {
        integration: crate::samples::slug(id),
        service: crate::samples::slug("shop"),
        team: crate::samples::slug("web"),
        kind: IntegrationKind::Heartbeat,
        limits: tocsin_domain::flood::Limits::default(),
        mapping: Vec::new(),
    }
}
