//! The JSON Schema of the configuration file: what editors complete, explain and underline.
//!
//! Derived from the types that read the file, with their documentation; this file adds what types do not say (bounds, patterns, that a key without a value counts
//! as absent). Called by `tocsin schema`. Refuses to be the judge: `tocsin check` also knows what refers to what.

#[cfg(test)]
mod tests;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use tocsin_domain::alert::mapping;
use tocsin_domain::configuration::{Configuration, FORMAT, validate as limits};
use tocsin_domain::escalation::policy;
use tocsin_domain::{flood, heartbeat, rules};

/// The schema as it stands in a file.
pub(crate) fn text() -> String {
    format!("{:#}", schema())
}

/// The schema.
pub(crate) fn schema() -> Value {
    // Draft 7: what the YAML language server has understood for the longest time.
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Configuration>().to_value();
    for (pointer, bound) in bounds() {
        // That each of them is there is tested.
        if let (Some(Value::Object(at)), Value::Object(bound)) = (schema.pointer_mut(&pointer), bound) {
            at.extend(bound);
        }
    }
    tidy(&mut schema);
    if let Value::Object(root) = &mut schema {
        root.insert("title".to_owned(), json!("Tocsin configuration"));
    }
    schema
}

/// What the types do not say of their fields: JSON pointers, and what is added there.
fn bounds() -> Vec<(String, Value)> {
    let zone = || json!({"pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$", "examples": ["Europe/London", "America/New_York", "UTC"]});
    let name = || json!({"minLength": 1, "maxLength": limits::MOST_NAME_CHARS, "pattern": "\\S"});
    let seconds = |least: u32, most: u32| json!({"minimum": least, "maximum": most});
    let most = |items: usize| json!({"maxItems": items});
    let chars = |count: usize| json!({"maxLength": count});
    let fields = [
        ("Team/name", name()),
        ("User/name", name()),
        ("User/time_zone", zone()),
        ("User/locale", json!({"pattern": "^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", "examples": ["en-GB", "de-DE"]})),
        ("NotificationRule/after_s", seconds(0, limits::MOST_RULE_DELAY_S)),
        ("Schedule/name", chars(limits::MOST_NAME_CHARS)),
        ("Schedule/time_zone", zone()),
        ("Policy/name", chars(limits::MOST_NAME_CHARS)),
        ("Policy/levels", json!({"minItems": 1, "maxItems": policy::MOST_LEVELS})),
        ("Policy/repeat", json!({"maximum": policy::MOST_REPEATS})),
        ("Level/delay_s", seconds(0, policy::MOST_DELAY_S)),
        ("Level/targets", json!({"minItems": 1, "maxItems": policy::MOST_TARGETS})),
        ("Hours/time_zone", zone()),
        ("Hours/windows", json!({"minItems": 1})),
        ("Times/time_zone", zone()),
        ("Times/within", json!({"minItems": 1})),
        ("Service/name", name()),
        ("Service/acknowledge_timeout_s", seconds(1, limits::MOST_RULE_DELAY_S)),
        ("Service/auto_resolve_s", seconds(1, limits::MOST_AUTO_RESOLVE_S)),
        ("Integration/flood_after", seconds(flood::FLOOD_BOUNDS.0, flood::FLOOD_BOUNDS.1)),
        ("Integration/refuse_after", json!({"maximum": flood::MOST_REFUSE_AFTER})),
        ("Integration/mapping", most(mapping::MOST_RULES)),
        ("Mapping/each", json!({"minLength": 1, "maxLength": mapping::MOST_CHARS})),
        ("Mapping/when", json!({"maxProperties": mapping::MOST_ENTRIES})),
        ("Mapping/actions", json!({"maxProperties": mapping::MOST_ENTRIES})),
        ("Mapping/severities", json!({"maxProperties": mapping::MOST_ENTRIES})),
        ("Service/rules", most(rules::MOST_RULES)),
        ("Router/rules", most(rules::MOST_RULES)),
        ("EventRule/description", chars(1000)),
        ("Then/summary", chars(rules::MOST_SUMMARY_CHARS)),
        ("Then/pause_s", seconds(1, rules::MOST_PAUSE_S)),
        ("Then/suppress", json!({"minLength": 1, "maxLength": rules::MOST_REASON_CHARS})),
        ("Then/drop", json!({"minLength": 1, "maxLength": rules::MOST_REASON_CHARS})),
        ("Threshold/events", seconds(2, rules::MOST_EVENTS)),
        ("Threshold/within_s", seconds(1, rules::MOST_WITHIN_S)),
        ("Heartbeat/name", name()),
        ("Heartbeat/interval_s", seconds(heartbeat::LEAST_INTERVAL_S, heartbeat::MOST_INTERVAL_S)),
        ("Heartbeat/grace_s", seconds(0, heartbeat::MOST_INTERVAL_S)),
        ("Maintenance/reason", name()),
        ("Maintenance/time_zone", zone()),
        ("StatusPage/name", name()),
        ("StatusPage/time_zone", zone()),
        ("Component/name", name()),
        ("Component/description", chars(1000)),
    ];
    let of_fields = fields.into_iter().filter_map(|(field, bound)| {
        let (definition, property) = field.split_once('/')?;
        Some((format!("/definitions/{definition}/properties/{property}"), bound))
    });
    let of_types = [
        ("/properties/version", json!({"const": FORMAT})),
        (
            "/definitions/ContactMethod",
            json!({"allOf": [
                {"if": {"properties": {"kind": {"const": "sms"}}}, "then": {"properties": {"to": {"pattern": "^\\+[1-9][0-9]{6,14}$"}}}},
                {"if": {"properties": {"kind": {"const": "email"}}}, "then": {"properties": {"to": {"pattern": "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$"}}}}
            ]}),
        ),
        ("/definitions/Grouping/oneOf/1/properties/window_s", seconds(1, limits::MOST_RULE_DELAY_S)),
        ("/definitions/Grouping/oneOf/2/properties/window_s", seconds(1, limits::MOST_RULE_DELAY_S)),
        ("/definitions/Grouping/oneOf/2/properties/fields", json!({"minItems": 1, "maxItems": 10})),
        ("/definitions/Integration/properties/kind", json!({"not": {"const": "heartbeat"}})),
        ("/definitions/ContactMethod/properties/kind", json!({"enum": ["sms", "email"]})),
        (
            "/definitions/Condition",
            json!({"oneOf": [{"required": ["all"]}, {"required": ["any"]}, {"required": ["not"]}, {"required": ["time"]}, {"required": ["field"]}]}),
        ),
        (
            "/definitions/Override",
            json!({"oneOf": [
                {"required": ["with"], "not": {"anyOf": [{"required": ["add"]}, {"required": ["layer", "person"]}]}},
                {"required": ["add"], "not": {"anyOf": [{"required": ["with"]}, {"required": ["layer"]}, {"required": ["person"]}]}}
            ]}),
        ),
    ];
    of_fields.chain(of_types.map(|(pointer, bound)| (pointer.to_owned(), bound))).collect()
}

/// Documentation as editors show it, and null where a field may be left out.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = words(text);
            }
            optional(members);
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A key without a value counts as absent: null is fine wherever nothing is.
fn optional(members: &mut Map<String, Value>) {
    let required: Vec<Value> = members.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    if !matches!(members.get("type"), Some(Value::String(kind)) if kind == "object") {
        return;
    }
    let Some(Value::Object(properties)) = members.get_mut("properties") else { return };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !required.contains(&json!(name))) {
        let Value::Object(own) = property else { continue };
        match own.get_mut("type") {
            Some(kind @ Value::String(_)) => *kind = json!([kind, "null"]),
            Some(_) => {}
            None => {
                if let Some(one) = own.remove("allOf").as_ref().and_then(|all| all.get(0)) {
                    own.insert("anyOf".to_owned(), json!([one, {"type": "null"}]));
                }
            }
        }
    }
}

/// Without examples in code and without links of the source.
fn words(documentation: &str) -> String {
    let text = documentation.split("```").next().unwrap_or_default();
    let paragraphs = text.trim().split("\n\n").map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n").replace("[`", "`").replace("`]", "`").trim_end_matches(':').to_owned()
}
