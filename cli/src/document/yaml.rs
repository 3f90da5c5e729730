//! A configuration as YAML that people like to read: what is at its default is left out, short things stand on one line.
//!
//! Refuses to be clever about quotes: a text stands without them only where no reader of YAML could take it for anything else. What is left out, or written
//! shorter, is read back and compared before it is believed.

use serde_json::{Map, Value};
use std::fmt::Write;
use tocsin_domain::configuration::Configuration;

/// Longest line of a list or an object on one line.
const MOST_LINE_CHARS: usize = 120;
/// What people look for first; everything else follows in the order of the alphabet.
const FIRST: &[&str] = &[
    "version",
    "id",
    "name",
    "kind",
    "user",
    "role",
    "team",
    "time_zone",
    "to",
    "description",
    "policy",
    "rotation",
    "start",
    "end",
    "delay_s",
    "after_s",
    "via",
    "targets",
    "from",
    "teams",
    "users",
    "schedules",
    "policies",
    "services",
];

/// The whole document.
pub(crate) fn write(configuration: &Configuration) -> String {
    lines(&document(configuration))
}

/// The document in parts: the name of a file, and what stands in it.
pub(crate) fn write_folder(configuration: &Configuration) -> Vec<(String, String)> {
    let Value::Object(mut whole) = document(configuration) else { return Vec::new() };
    let version = whole.remove("version").unwrap_or_else(|| Value::from(1));
    let part = |(kind, value): (String, Value)| {
        let content = Value::Object(Map::from_iter([("version".to_owned(), version.clone()), (kind.clone(), value)]));
        (format!("{}.yaml", kind.replace('_', "-")), lines(&content))
    };
    whole.into_iter().map(part).collect()
}

fn lines(document: &Value) -> String {
    let mut out = String::new();
    block(document, 0, &mut out);
    out
}

/// Without what is empty, where that means the same.
fn document(configuration: &Configuration) -> Value {
    let full = serde_json::to_value(configuration).unwrap_or_default();
    let mut short = full.clone();
    prune(&mut short);
    let same = serde_json::from_value::<Configuration>(short.clone()).is_ok_and(|c| c == *configuration);
    if same { short } else { full }
}

fn prune(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(prune),
        Value::Object(fields) => {
            fields.values_mut().for_each(prune);
            fields.retain(|_, v| !is_nothing(v));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn ordered(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let rank = |key: &str| FIRST.iter().position(|f| *f == key).unwrap_or(FIRST.len());
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(key, _)| rank(key));
    fields
}

/// The lines of a value, each indented; ends with a line break.
fn block(value: &Value, indent: usize, out: &mut String) {
    let space = " ".repeat(indent);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (n, (key, value)) in ordered(fields).into_iter().enumerate() {
                if indent == 0 && n > 0 {
                    out.push('\n');
                }
                let _ = write!(out, "{space}{}:", scalar(key));
                behind(value, indent, indent == 0, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                match item {
                    Value::Object(fields) if !fields.is_empty() && !fits(item, indent + 2) => {
                        let mut inner = String::new();
                        block(item, indent + 2, &mut inner);
                        let _ = write!(out, "{space}- {}", inner.trim_start());
                    }
                    other => {
                        let _ = writeln!(out, "{space}- {}", flow(other));
                    }
                }
            }
        }
        other => {
            let _ = writeln!(out, "{space}{}", flow(other));
        }
    }
}

/// A value behind its key: on the same line where it fits.
fn behind(value: &Value, indent: usize, always_block: bool, out: &mut String) {
    let is_long = match value {
        Value::Object(fields) => !fields.is_empty() && (always_block || !fits(value, indent + 12)),
        Value::Array(items) => !items.is_empty() && (always_block || items.iter().any(Value::is_object) || !fits(value, indent + 12)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    if is_long {
        out.push('\n');
        block(value, indent + 2, out);
    } else {
        let _ = writeln!(out, " {}", flow(value));
    }
}

/// Whether it may stand on one line: short, and no list of objects in it.
fn fits(value: &Value, indent: usize) -> bool {
    let simple = match value {
        Value::Object(fields) => fields.values().all(|v| !v.is_object() && !v.as_array().is_some_and(|a| a.iter().any(Value::is_object))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => true,
    };
    simple && indent + flow(value).chars().count() <= MOST_LINE_CHARS
}

fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => scalar(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields = ordered(fields).into_iter().map(|(k, v)| format!("{}: {}", scalar(k), flow(v)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Text without quotes where nothing could read it as something else; otherwise as JSON writes it, which YAML reads alike.
fn scalar(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | '@' | ' ' | '+');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_taken = matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n" | "nan" | "inf");
    if begins && !is_taken && !text.ends_with(' ') && text.chars().all(word) { text.to_owned() } else { json(text) }
}

fn json(text: &str) -> String {
    // YAML has no surrogates' escapes, and reads these characters as line breaks or not at all.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let odd = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    quoted.chars().fold(String::with_capacity(quoted.len()), |mut out, c| {
        if odd(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{read, read_all};
    use expect_test::expect;
    use proptest::prelude::*;
    use serde_json::json;

    const EXAMPLE: &str = include_str!("../../../infra/local/example.yaml");

    #[test]
    fn the_example_comes_back() {
        let example = read("example.yaml", EXAMPLE).map_err(|f| f.to_string()).unwrap();
        let written = write(&example);
        assert_eq!(read("written.yaml", &written).map_err(|f| format!("{f}\n{written}")).unwrap(), example);
        let parts = write_folder(&example);
        let folder = read_all(&parts).map_err(|f| format!("{f}\n{parts:?}")).unwrap();
        assert_eq!(folder, example);
        let schedules = parts.iter().find(|(name, _)| name == "schedules.yaml").unwrap();
        expect![[r#"
            version: 1

            schedules:
              - id: web-weekly
                name: "Web shop, weekly"
                team: web
                time_zone: Europe/London
                layers:
                  - { name: weekly, rotation: weekly, start: "2026-01-05T09:00", members: [ada, grace] }
                stacking: top_wins
        "#]]
        .assert_eq(&schedules.1);
    }

    #[test]
    fn texts_that_look_like_something_else_are_quoted() {
        for (text, expected) in [
            ("ada", "ada"),
            ("Web shop", "Web shop"),
            ("no", "\"no\""),
            ("12", "\"12\""),
            ("+1555", "\"+1555\""),
            ("a: b", "\"a: b\""),
            ("", "\"\""),
            ("- x", "\"- x\""),
            ("a #b", "\"a #b\""),
            ("Zoë", "\"Zoë\""),
            ("a\n", "\"a\\n\""),
            ("a\u{85}b", "\"a\\u0085b\""),
            ("true", "\"true\""),
            ("0x1f", "\"0x1f\""),
            ("sms", "sms"),
            ("{x", "\"{x\""),
            ("a ", "\"a \""),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }

    /// A configuration with any text where text may be; the rest of it in many combinations.
    fn any_configuration() -> impl Strategy<Value = Configuration> {
        let ids = || prop_oneof!["[a-z0-9][a-z0-9_-]{0,12}", Just("no".to_owned()), Just("1e3".to_owned()), Just("007".to_owned()), Just("null".to_owned())];
        let texts = || prop_oneof![any::<String>(), "[ -~]{0,20}", Just("~".to_owned()), Just("\u{2028}\u{85}\u{feff}".to_owned())];
        let users = proptest::collection::vec((ids(), texts(), texts(), 0u32..9999), 0..4);
        let turns = proptest::collection::vec(proptest::collection::vec(ids(), 1..3), 0..4);
        let layer = (texts(), turns, any::<bool>(), proptest::option::of(texts()));
        let schedules = proptest::collection::vec((ids(), texts(), proptest::collection::vec(layer, 0..3)), 0..3);
        let levels = proptest::collection::vec((any::<u32>(), proptest::collection::vec((0u8..3, ids()), 0..3)), 0..4);
        (users, schedules, levels, proptest::option::of((texts(), texts(), ids())), any::<bool>()).prop_map(|(users, schedules, levels, page, flag)| {
            let users = users.into_iter().map(|(id, name, to, n)| {
                json!({"id": id, "name": name, "contact_methods": [{"id": id, "kind": "sms", "to": to}], "rules": {"high": [{"after_s": n, "via": id}]}})
            });
            let schedules = schedules.into_iter().map(|(id, name, layers)| {
                let layers = layers.into_iter().map(|(name, members, covered, note)| {
                    json!({"name": name, "rotation": "weekly", "start": note.unwrap_or("2026-01-05T09:00".to_owned()), "members": members,
                        "turns": if covered { "covered" } else { "calendar" }, "restrictions": if covered { json!([{"from": "09:00", "to": name}]) } else { json!([]) }})
                });
                json!({"id": id, "team": id, "name": name, "time_zone": name, "layers": layers.collect::<Vec<_>>(),
                    "overrides": [{"start": name, "end": "2026-01-05", "add": id, "note": name}]})
            });
            let levels = levels.into_iter().map(|(delay_s, targets)| {
                let targets = targets.into_iter().map(|(kind, id)| json!({["user", "schedule", "team"][usize::from(kind)]: id}));
                json!({"delay_s": delay_s, "targets": targets.collect::<Vec<_>>()})
            });
            let mut document = json!({"version": 1, "users": users.collect::<Vec<_>>(), "schedules": schedules.collect::<Vec<_>>(),
                "policies": [{"id": "p", "team": "t", "levels": levels.collect::<Vec<_>>(), "until_acknowledged": flag}],
                "services": [{"id": "s", "name": "S", "team": "t", "policy": "p", "grouping": if flag { json!({"by": "time", "window_s": 60}) } else { json!({"by": "none"}) }}]});
            if let Some((name, description, id)) = page {
                document["status_page"] = json!({"name": name, "components": [{"id": id, "name": name, "description": description, "services": [id]}]});
            }
            serde_json::from_value(document).unwrap()
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_comes_back(configuration in any_configuration()) {
            for parts in [vec![("whole.yaml".to_owned(), write(&configuration))], write_folder(&configuration)] {
                let read = crate::document::types(&parts).map_err(|f| format!("{f}\n{parts:#?}"));
                prop_assert_eq!(read.as_ref(), Ok(&configuration), "{:#?}", parts);
            }
        }
    }
}
