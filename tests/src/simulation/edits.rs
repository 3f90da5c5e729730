//! Random edits of the configuration: any object of any kind is deleted, made again, made anew or changed, and what named it goes with it.
//!
//! Refuses to know what the edits mean: they are documents, and validation decides whether one of them can be applied.

use super::base::{COMPONENTS, Features, everything, rules};
use serde_json::{Value, json};
use tocsin_app::fakes::random::Random;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::validate::validate;

/// A configuration that somebody makes out of another one by one to three edits; none where that came to nothing valid.
pub(super) fn edited(random: &mut Random, from: &Configuration, features: Features) -> Option<Configuration> {
    let full = everything(features);
    let mut d = serde_json::to_value(from).ok()?;
    for _ in 0..1 + random.below(3) {
        edit(random, &mut d, &full);
    }
    repair(&mut d);
    let configuration: Configuration = serde_json::from_value(d).ok()?;
    (configuration != *from && validate(&configuration).is_empty()).then_some(configuration)
}

const KINDS: [&str; 7] = ["users", "teams", "schedules", "policies", "services", "heartbeats", "maintenance"];

fn edit(random: &mut Random, d: &mut Value, full: &Value) {
    let kind = KINDS[random.below(KINDS.len())];
    let all = list(full, kind);
    let Some(whole) = random.pick(&all).cloned() else { return };
    let id = whole["id"].clone();
    let here = list(d, kind).iter().any(|o| o["id"] == id);
    match random.below(10) {
        // The team that owns everything stays: nothing could be there without it.
        0..3 if here && id != "web" => remove(d, kind, &id),
        _ if !here => push(d, kind, whole),
        // Made again as it was once.
        3 => {
            remove(d, kind, &id);
            push(d, kind, whole);
        }
        _ => {
            let Some(object) = d[kind].as_array_mut().and_then(|l| l.iter_mut().find(|o| o["id"] == id)) else { return };
            change(random, kind, object, &whole, full);
        }
    }
    if random.happens(60) {
        d["status_page"]["components"] = if random.happens(500) { json!([]) } else { full["status_page"]["components"].clone() };
    }
}

fn change(random: &mut Random, kind: &str, o: &mut Value, whole: &Value, full: &Value) {
    match kind {
        "users" => user(random, o, whole),
        "teams" => team(random, o, whole, full),
        "schedules" => schedule(random, o, whole, full),
        "policies" => policy(random, o, full),
        "services" => service(random, o, whole, full),
        "heartbeats" => o["interval_s"] = json!(60 + 60 * random.below(5)),
        _ => {
            let minute = 2 + random.below(20);
            o["reason"] = json!(format!("moved to {minute}"));
            if o["weekly"].is_null() {
                (o["start"], o["end"]) = (clock(minute), clock(minute + 1 + random.below(8)));
            } else {
                o["weekly"] = json!([{ "from": format!("09:{minute:02}"), "to": format!("09:{:02}", minute + 1 + random.below(6)) }]);
            }
        }
    }
}

fn clock(minute: usize) -> Value {
    json!(format!("2026-01-05T09:{minute:02}Z"))
}

fn user(random: &mut Random, o: &mut Value, whole: &Value) {
    let methods = list(whole, "contact_methods");
    match random.below(6) {
        0 => o["name"] = json!(format!("{} {}", o["id"].as_str().unwrap_or_default(), random.below(100))),
        1 => {
            let kept: Vec<Value> = list(o, "contact_methods").into_iter().filter(|_| random.happens(500)).collect();
            o["contact_methods"] = json!(kept);
        }
        2 => o["contact_methods"] = json!(methods),
        3 => {
            let mut changed = list(o, "contact_methods");
            for m in changed.iter_mut().filter(|m| m["kind"] == "sms") {
                m["to"] = json!(format!("+1555557{:04}", random.below(10_000)));
            }
            o["contact_methods"] = json!(changed);
        }
        4 => {
            let mut rules = |n: usize| -> Vec<Value> {
                let via = |m: &Value, after: usize| json!({ "via": m["id"], "after_s": after });
                methods.iter().take(n).map(|m| via(m, [0, 0, 30, 120][random.below(4)])).collect()
            };
            o["rules"] = json!({ "high": rules(2), "low": rules(1) });
        }
        _ => {
            let from = random.below(30);
            o["quiet_hours"] = if random.happens(400) { json!([]) } else { json!([{ "from": format!("09:{from:02}"), "to": format!("09:{:02}", from + 10) }]) };
        }
    }
}

fn team(random: &mut Random, o: &mut Value, whole: &Value, full: &Value) {
    match random.below(4) {
        0 => {
            let members: Vec<Value> =
                people(random, full, 3).into_iter().map(|u| json!({ "user": u, "role": one(random, &["observer", "responder", "owner"]) })).collect();
            o["members"] = json!(members);
        }
        1 => o["members"] = json!([]),
        2 if !o["router"].is_null() => {
            let services = list(full, "services");
            let to = random.pick(&services).map_or(Value::Null, |s| s["id"].clone());
            o["router"]["rules"] = json!([{ "id": "some", "when": { "field": "component", "is": one(random, &COMPONENTS) }, "then": { "route": to } }]);
        }
        _ => {
            for field in ["integrations", "router"] {
                if o[field].is_null() || o[field] == json!([]) {
                    o[field] = whole[field].clone();
                } else if let Some(fields) = o.as_object_mut() {
                    fields.remove(field);
                }
            }
        }
    }
}

fn schedule(random: &mut Random, o: &mut Value, whole: &Value, full: &Value) {
    match random.below(6) {
        0 => o["layers"] = whole["layers"].clone(),
        1 => o["layers"] = json!([]),
        2 => {
            for layer in o["layers"].as_array_mut().into_iter().flatten() {
                layer["members"] = json!(people(random, full, 3));
            }
        }
        3 => {
            let start = 15 * random.below(4);
            o["layers"] = json!([{ "name": "new", "rotation": format!("{} minutes", 5 + random.below(10)), "start": format!("2026-01-05T08:{start:02}Z"),
                "members": people(random, full, 3) }]);
        }
        4 => o["overrides"] = json!([]),
        _ => {
            let begin = random.below(25);
            let who = people(random, full, 2);
            let field = one(random, &["with", "add"]);
            let mut overrides = list(o, "overrides");
            overrides.push(json!({ "start": clock(begin), "end": clock(begin + 1 + random.below(20)), field: who }));
            o["overrides"] = json!(overrides);
        }
    }
}

fn target(random: &mut Random, full: &Value) -> Value {
    let (kind, name) = [("users", "user"), ("users", "user"), ("schedules", "schedule"), ("teams", "team")][random.below(4)];
    let all = list(full, kind);
    json!({ name: random.pick(&all).map_or(Value::Null, |o| o["id"].clone()) })
}

fn policy(random: &mut Random, o: &mut Value, full: &Value) {
    let levels = o["levels"].as_array_mut();
    match (random.below(7), levels) {
        (0, Some(levels)) if levels.len() > 1 => {
            levels.remove(random.below(levels.len()));
        }
        (1, Some(levels)) if levels.len() < 4 => {
            let mut level = json!({ "delay_s": 60 * random.below(4), "targets": [target(random, full), target(random, full)] });
            if random.happens(250) {
                level["round_robin"] = json!(true);
            }
            if random.happens(250) {
                level["urgency"] = json!(one(random, &["high", "low"]));
            }
            levels.insert(random.below(levels.len() + 1), level);
        }
        (2, Some(levels)) => {
            let n = random.below(levels.len());
            levels[n]["targets"] = json!([target(random, full)]);
        }
        (3, Some(levels)) => {
            let n = random.below(levels.len());
            levels[n]["delay_s"] = json!(30 + random.below(200));
        }
        (4, _) => o["repeat"] = json!(random.below(3)),
        (5, _) => o["until_acknowledged"] = json!(random.happens(300)),
        (_, Some(levels)) => levels.reverse(),
        (_, None) => {}
    }
}

fn service(random: &mut Random, o: &mut Value, whole: &Value, full: &Value) {
    match random.below(8) {
        0 => {
            let all = list(full, "policies");
            o["policy"] = random.pick(&all).map_or(Value::Null, |p| p["id"].clone());
        }
        1 => {
            let groupings = [
                json!({ "by": "none" }),
                json!({ "by": "time", "window_s": 60 * (1 + random.below(8)) }),
                json!({ "by": "fields", "fields": ["component"], "window_s": 300 }),
                json!({ "by": "fields", "fields": ["component", "source"] }),
            ];
            o["grouping"] = groupings[random.below(groupings.len())].clone();
        }
        2 => o["integrations"] = json!([]),
        3 => o["integrations"] = whole["integrations"].clone(),
        4 => {
            // One of another service's.
            let all: Vec<Value> = list(full, "services").iter().flat_map(|s| list(s, "integrations")).collect();
            let mut own = list(o, "integrations");
            own.extend(random.pick(&all).cloned());
            o["integrations"] = json!(own);
        }
        5 => o["acknowledge_timeout_s"] = [Value::Null, json!(60), json!(300)][random.below(3)].clone(),
        6 if !whole["depends_on"].is_null() => {
            o["attach_to_upstream"] = json!(random.happens(500));
            o["depends_on"] = json!([one(random, &["bank", "shop"])]);
        }
        _ if !whole["rules"].is_null() => {
            let waits = list(whole, "rules").iter().any(|r| !r["then"]["threshold"].is_null());
            let mut some = rules();
            some.retain(|r| random.happens(600) && (waits || r["then"]["threshold"].is_null()));
            o["rules"] = json!(some);
        }
        _ => o["name"] = json!(format!("{} {}", o["id"].as_str().unwrap_or_default(), random.below(100))),
    }
}

/// What is left over of something that is gone goes too; what can not be without it gets something else instead.
fn repair(d: &mut Value) {
    let ids = |d: &Value, kind: &str| -> Vec<Value> { list(d, kind).iter().map(|o| o["id"].clone()).collect() };
    let (users, schedules, teams) = (ids(d, "users"), ids(d, "schedules"), ids(d, "teams"));
    let anybody = users.first().cloned().unwrap_or_default();
    for user in d["users"].as_array_mut().into_iter().flatten() {
        let methods: Vec<Value> = list(user, "contact_methods").iter().map(|m| m["id"].clone()).collect();
        for urgency in ["high", "low"] {
            if let Some(rules) = user["rules"][urgency].as_array_mut() {
                rules.retain(|r| methods.contains(&r["via"]));
            }
        }
    }
    for schedule in d["schedules"].as_array_mut().into_iter().flatten() {
        for layer in schedule["layers"].as_array_mut().into_iter().flatten() {
            known(&mut layer["members"], &users);
        }
        if let Some(overrides) = schedule["overrides"].as_array_mut() {
            overrides.retain_mut(|o| {
                for field in ["with", "add"] {
                    if !o[field].is_null() {
                        known(&mut o[field], &users);
                    }
                }
                o["with"] != json!([]) && o["add"] != json!([])
            });
        }
    }
    for policy in d["policies"].as_array_mut().into_iter().flatten() {
        for level in policy["levels"].as_array_mut().into_iter().flatten() {
            if let Some(targets) = level["targets"].as_array_mut() {
                targets.retain(|t| users.contains(&t["user"]) || schedules.contains(&t["schedule"]) || teams.contains(&t["team"]));
                let mut once: Vec<Value> = Vec::new();
                targets.retain(|t| {
                    !once.contains(t) && {
                        once.push(t.clone());
                        true
                    }
                });
                if targets.is_empty() {
                    targets.push(json!({ "user": anybody }));
                }
            }
        }
    }
    let policies = ids(d, "policies");
    let services = ids(d, "services");
    let mut integrations: Vec<Value> = Vec::new();
    for service in d["services"].as_array_mut().into_iter().flatten() {
        if !policies.contains(&service["policy"]) {
            service["policy"] = policies.first().cloned().unwrap_or_default();
        }
        if let Some(list) = service["integrations"].as_array_mut() {
            list.retain(|i| {
                !integrations.contains(&i["id"]) && {
                    integrations.push(i["id"].clone());
                    true
                }
            });
        }
        known(&mut service["routed_from"], &teams);
        known(&mut service["depends_on"], &services);
        if service["depends_on"].as_array().is_none_or(Vec::is_empty)
            && let Some(fields) = service.as_object_mut()
        {
            fields.remove("attach_to_upstream");
        }
    }
    let routed: Vec<Value> = list(d, "services").iter().filter(|s| s["routed_from"] == json!(["crew"])).map(|s| s["id"].clone()).collect();
    for team in d["teams"].as_array_mut().into_iter().flatten() {
        if let Some(members) = team["members"].as_array_mut() {
            members.retain(|m| users.contains(&m["user"]));
        }
        if let Some(rules) = team.pointer_mut("/router/rules").and_then(Value::as_array_mut) {
            rules.retain(|r| routed.contains(&r["then"]["route"]));
        }
        if team.get("router").is_some_and(Value::is_object) && !routed.contains(&team["router"]["default"]) {
            match routed.first() {
                Some(other) => team["router"]["default"] = other.clone(),
                None => ["router", "integrations"].iter().for_each(|f| drop(team.as_object_mut().and_then(|t| t.remove(*f)))),
            }
        }
    }
    if let Some(list) = d["heartbeats"].as_array_mut() {
        list.retain(|h| services.contains(&h["service"]));
    }
    if let Some(list) = d["maintenance"].as_array_mut() {
        list.iter_mut().for_each(|m| known(&mut m["services"], &services));
        list.retain(|m| m["services"] != json!([]));
    }
    for component in d["status_page"]["components"].as_array_mut().into_iter().flatten() {
        known(&mut component["services"], &services);
    }
    forget_nulls(d);
}

/// Looking for what is not there leaves a null behind.
fn forget_nulls(d: &mut Value) {
    match d {
        Value::Object(fields) => {
            fields.retain(|_, v| !v.is_null());
            fields.values_mut().for_each(forget_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Only those that are there; a member may be several people, who are known by their ids alone.
fn known(ids: &mut Value, there: &[Value]) {
    if ids.is_string() && !there.contains(ids) {
        *ids = json!([]);
    }
    let Some(list) = ids.as_array_mut() else { return };
    for inner in list.iter_mut().filter(|i| i.is_array()) {
        known(inner, there);
    }
    list.retain(|i| if i.is_array() { *i != json!([]) } else { there.contains(i) });
}

fn people(random: &mut Random, full: &Value, most: usize) -> Vec<Value> {
    let mut all: Vec<Value> = list(full, "users").iter().map(|u| u["id"].clone()).collect();
    let count = 1 + random.below(most);
    (0..count).map(|_| all.remove(random.below(all.len()))).collect()
}

fn one<'a>(random: &mut Random, of: &[&'a str]) -> &'a str {
    random.pick(of).copied().unwrap_or_default()
}

fn list(of: &Value, field: &str) -> Vec<Value> {
    of[field].as_array().cloned().unwrap_or_default()
}

fn push(d: &mut Value, kind: &str, object: Value) {
    match d[kind].as_array_mut() {
        Some(list) => list.push(object),
        None => d[kind] = json!([object]),
    }
}

fn remove(d: &mut Value, kind: &str, id: &Value) {
    if let Some(list) = d[kind].as_array_mut() {
        list.retain(|o| o["id"] != *id);
    }
}
