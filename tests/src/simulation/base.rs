//! What the simulated lives configure: the stories' configuration and everything else that there is, so that each life can take some of it away.

use crate::world::configuration::configuration;
use serde_json::{Value, json};
use tocsin_app::fakes::random::Random;

/// Components of the events that are sent; rules ask for them.
pub(super) const COMPONENTS: [&str; 9] = ["", "", "", "noise", "nothing", "flaps", "many", "loud", "own"];
/// Integrations that events are sent to.
pub(super) const SENDERS: [&str; 12] =
    ["shop-pd", "storm-pd", "bank-pd", "void-pd", "siren-pd", "lab-pd", "pair-pd", "turns-pd", "calm-pd", "down-pd", "crew-pd", "shop-two"];

/// What a life takes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Features {
    /// Whether anybody edits the configuration.
    pub(super) edits: bool,
    /// Whether people change schedules at run time.
    pub(super) rosters: bool,
    /// Whether there are event rules.
    pub(super) rules: bool,
    /// Whether there are maintenance windows and thresholds, whose ends are found by the sweep.
    pub(super) waits: bool,
    /// Whether there are heartbeats.
    pub(super) heartbeats: bool,
}

impl Features {
    /// Those of a seed. Without the sweep nothing is there that needs it.
    pub(super) fn draw(random: &mut Random, sweep: bool) -> Self {
        let mut often = |per_mille| random.happens(per_mille);
        Self { edits: often(750), rosters: often(600), rules: often(700), waits: often(500) && sweep, heartbeats: often(400) && sweep }
    }
}

/// The whole of it, as a document.
pub(super) fn everything(features: Features) -> Value {
    let mut d = serde_json::to_value(configuration()).unwrap_or_default();
    let add = |d: &mut Value, kind: &str, objects: Value| {
        let list = d[kind].as_array_mut().unwrap();
        list.extend(objects.as_array().cloned().unwrap_or_default());
    };
    let sms = |name: &str, n: u32| json!({ "id": format!("{name}-sms"), "kind": "sms", "to": format!("+1555556{n:04}") });
    let mail = |name: &str| json!({ "id": format!("{name}-mail"), "kind": "email", "to": format!("{name}@example.com") });
    add(
        &mut d,
        "users",
        json!([
            { "id": "eve", "name": "eve", "contact_methods": [sms("eve", 1), mail("eve")],
              "quiet_hours": [{ "from": "08:30", "to": "09:20" }],
              "rules": { "high": [{ "via": "eve-sms" }], "low": [{ "via": "eve-mail", "after_s": 60 }, { "via": "eve-sms", "after_s": 300 }] } },
            { "id": "finn", "name": "finn", "contact_methods": [sms("finn", 2)], "quiet_hours": [{ "from": "09:15", "to": "09:35" }], "rules": {} },
        ]),
    );
    add(
        &mut d,
        "teams",
        json!([{ "id": "crew", "name": "Crew", "members": [{ "user": "carol", "role": "admin" }, { "user": "dora" }, { "user": "eve", "role": "observer" }],
            "integrations": [{ "id": "crew-pd", "kind": "pagerduty" }],
            "router": { "default": "lab", "rules": [{ "id": "to-turns", "when": { "field": "component", "is": "own" }, "then": { "route": "turns" } }] } }]),
    );
    let office = json!([{ "from": "09:00", "to": "09:18" }]);
    add(
        &mut d,
        "schedules",
        json!([
            { "id": "short", "team": "web", "time_zone": "UTC", "layers": [
                { "name": "top", "rotation": "10 minutes", "start": "2026-01-05T09:05", "members": ["ada", ["bob", "eve"]], "restrictions": office },
                { "name": "below", "rotation": "15 minutes", "start": "2026-01-05T08:00", "members": ["carol", "dora", "finn"] }] },
            { "id": "both", "team": "web", "time_zone": "Asia/Kathmandu", "stacking": "union", "layers": [
                { "name": "one", "rotation": "12 minutes", "start": "2026-01-05T14:45", "end": "2026-01-05T15:20", "members": ["bob", "carol"] },
                { "name": "two", "rotation": "hourly", "start": "2026-01-05T00:00", "members": ["eve", "finn"] }],
              "overrides": [{ "start": "2026-01-05T09:08Z", "end": "2026-01-05T09:12Z", "with": "dora" },
                            { "start": "2026-01-05T09:10Z", "end": "2026-01-05T09:30Z", "add": "ada" }] },
        ]),
    );
    add(
        &mut d,
        "policies",
        json!([
            { "id": "turns", "team": "web", "repeat": 2, "levels": [
                { "delay_s": 90, "round_robin": true, "targets": [{ "user": "ada" }, { "user": "mute" }, { "team": "crew" }, { "schedule": "short" }] },
                { "delay_s": 60, "targets": [{ "schedule": "both" }] }] },
            { "id": "split", "team": "web", "repeat": 1, "levels": [
                { "delay_s": 120, "targets": [{ "user": "finn" }, { "user": "eve" }], "urgency": "low" },
                { "delay_s": 100, "targets": [{ "schedule": "short" }], "hours": { "time_zone": "UTC", "windows": office } },
                { "delay_s": 100, "targets": [{ "team": "crew" }, { "user": "ada" }], "hours": { "time_zone": "UTC", "windows": office, "outside": true } },
                { "delay_s": 60, "targets": [{ "user": "dora" }, { "schedule": "both" }], "urgency": "high" }] },
        ]),
    );
    let service = |id: &str, policy: &str, more: Value| {
        let mut service = json!({ "id": id, "name": id, "team": "web", "policy": policy, "integrations": [{ "id": format!("{id}-pd"), "kind": "pagerduty" }] });
        for (k, v) in more.as_object().into_iter().flatten() {
            service[k] = v.clone();
        }
        service
    };
    let pair = json!({ "grouping": { "by": "fields", "fields": ["component", "source"], "window_s": 400 } });
    add(
        &mut d,
        "services",
        json!([
            service("pair", "split", pair),
            service("turns", "turns", json!({ "routed_from": ["crew"], "grouping": { "by": "fields", "fields": ["source"] } })),
            service("calm", "split", json!({})),
            service("down", "ladder", json!({ "depends_on": ["bank"], "attach_to_upstream": true })),
        ]),
    );
    find(&mut d, "services", "lab")["routed_from"] = json!(["crew"]);
    if let Some(list) = find(&mut d, "services", "shop")["integrations"].as_array_mut() {
        list.push(json!({ "id": "shop-two", "kind": "alertmanager" }));
    }
    if features.rules {
        for id in ["shop", "storm", "bank", "pair", "calm", "turns"] {
            let mut list = rules();
            if !features.waits {
                list.retain(|r| r["then"]["threshold"].is_null());
            }
            find(&mut d, "services", id)["rules"] = json!(list);
        }
    }
    if features.heartbeats {
        d["heartbeats"] = json!([{ "id": "backup", "name": "Backup", "service": "lab", "interval_s": 120, "grace_s": 30 },
            { "id": "report", "name": "Report", "service": "bank", "interval_s": 200, "grace_s": 0, "severity": "warning" }]);
    }
    if features.waits {
        d["maintenance"] = json!([
            { "id": "move", "reason": "moving house", "services": ["shop", "pair"], "start": "2026-01-05T09:04Z", "end": "2026-01-05T09:11Z" },
            { "id": "daily", "reason": "every day", "services": ["bank", "lab"], "weekly": [{ "from": "09:13", "to": "09:16" }] },
            { "id": "longer", "reason": "moving more", "services": ["shop"], "start": "2026-01-05T09:09Z", "end": "2026-01-05T09:14Z" },
        ]);
    }
    d["status_page"] = json!({ "name": "Status", "components": [{ "id": "front", "name": "Shop", "services": ["shop", "pair"] }] });
    d
}

/// Rules that a service may have. They ask for a component, or for the severity.
pub(super) fn rules() -> Vec<Value> {
    let about = |component: &str| json!({ "field": "component", "is": component });
    vec![
        json!({ "id": "noise", "when": about("noise"), "then": { "suppress": "known noise" } }),
        json!({ "id": "nothing", "when": about("nothing"), "then": { "drop": "it is nothing" } }),
        json!({ "id": "loud", "when": about("loud"), "then": { "severity": "critical", "priority": "P2", "summary": "LOUD {{source}}: {{summary}}" }, "continue": true }),
        json!({ "id": "mild", "when": { "field": "severity", "is": ["warning", "info"] }, "then": { "urgency": "low" }, "continue": true }),
        json!({ "id": "flaps", "when": about("flaps"), "then": { "pause_s": 90 } }),
        json!({ "id": "many", "when": about("many"), "then": { "threshold": { "events": 3, "within_s": 240 } } }),
        json!({ "id": "own", "when": about("own"), "then": { "group": "own {{source}}" } }),
    ]
}

/// An object of a document, by kind and id.
///
/// # Panics
/// If there is none.
pub(super) fn find<'a>(d: &'a mut Value, kind: &str, id: &str) -> &'a mut Value {
    d[kind].as_array_mut().unwrap().iter_mut().find(|o| o["id"] == id).unwrap()
}
