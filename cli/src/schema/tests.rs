//! The schema is the file that editors read, accepts what the command accepts, and refuses what the types refuse.

use super::{bounds, schema, text};
use crate::document;
use boon::{Compiler, SchemaIndex, Schemas};
use proptest::prelude::*;
use proptest::sample::Index;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::validate::validate;

const EXAMPLE: &str = include_str!("../../../infra/local/example.yaml");

/// As much of everything as fits one valid document.
const EVERYTHING: &str = include_str!("everything.yaml");

struct Judge {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Judge {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("configuration.json", schema()).unwrap();
        let index = compiler.compile("configuration.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn says(&self, document: &Value) -> Result<(), String> {
        self.schemas.validate(document, self.index).map_err(|e| format!("{e:#}"))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn the_file_is_what_the_types_say() {
    let file = root().join("docs/configuration.schema.json");
    let fresh = text() + "\n";
    if std::env::var_os("TOCSIN_BLESS").is_some() {
        std::fs::write(&file, &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == fresh, "docs/configuration.schema.json is stale: run TOCSIN_BLESS=1 cargo test -p tocsin-cli schema");
}

#[test]
fn every_bound_is_on_a_field_that_exists() {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Configuration>().to_value();
    for (pointer, _) in bounds() {
        assert!(schema.pointer(&pointer).is_some_and(Value::is_object), "{pointer}");
    }
}

#[test]
fn everything_is_explained_and_nothing_unknown_is_let_through() {
    fn look(at: &str, value: &Value) {
        if let Value::Object(members) = value {
            if let Some(properties) = members.get("properties").filter(|_| members.get("type") == Some(&json!("object"))) {
                assert_eq!(members.get("additionalProperties"), Some(&json!(false)), "{at}");
                for (name, property) in properties.as_object().unwrap() {
                    let bare = property.get("const").is_some() || ["user", "schedule", "team"].contains(&name.as_str());
                    assert!(bare || property.get("description").is_some(), "{at}/{name} has no documentation");
                }
            }
            members.iter().for_each(|(name, member)| look(&format!("{at}/{name}"), member));
        } else if let Value::Array(items) = value {
            items.iter().enumerate().for_each(|(i, item)| look(&format!("{at}/{i}"), item));
        }
    }
    look("", &schema());
    let said = text();
    for sign in ["```", "[`", "super::", "crate::"] {
        assert!(!said.contains(sign), "{sign} is no documentation for people who write a file");
    }
}

/// So that no new field is left out of what these tests try.
#[test]
fn everything_has_everything() {
    fn names(value: &Value, of_schema: bool, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                let own = if of_schema { members.get("properties").and_then(Value::as_object) } else { Some(members) };
                into.extend(own.into_iter().flat_map(|m| m.keys().cloned()));
                members.values().for_each(|member| names(member, of_schema, into));
            }
            Value::Array(items) => items.iter().for_each(|item| names(item, of_schema, into)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let (mut known, mut used) = (BTreeSet::new(), BTreeSet::new());
    names(&schema(), true, &mut known);
    names(&document::value(EVERYTHING), false, &mut used);
    assert_eq!(known.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "add them to cli/src/schema/everything.yaml");
    document::read("everything.yaml", EVERYTHING).map_err(|f| f.to_string()).unwrap();
}

/// YAML in the documentation and in tests: what `tocsin check` takes, an editor may not underline.
#[test]
fn whatever_the_command_takes_passes() {
    let judge = Judge::new();
    let mut sources = vec![("example".to_owned(), EXAMPLE.to_owned()), ("everything".to_owned(), EVERYTHING.to_owned())];
    for folder in ["cli/tests/command", "cli/src/document", "tests/src", "tests/e2e"] {
        for file in std::fs::read_dir(root().join(folder)).unwrap().map(|f| f.unwrap().path()).filter(|f| f.is_file()) {
            let source = std::fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(root()).unwrap().display().to_string();
            // Texts that begin with a line of their own, as long ones do in Rust and in Python.
            for begins in ["\"\\\n", "r\"\n", "r#\"\n", "\"\"\"\n", "\"\"\"\\\n"] {
                for part in source.split(&format!("{begins}version: 1\n")).skip(1).filter_map(|p| p.split("\n\"").next()) {
                    sources.push((name.clone(), format!("version: 1\n{}\n", part.replace("\\\"", "\""))));
                }
            }
        }
    }
    let mut taken = 0;
    for (name, source) in sources {
        // What the command does not take is a test of its mistakes.
        if document::read(&name, &source).is_ok() {
            taken += 1;
            judge.says(&document::value(&source)).unwrap_or_else(|e| panic!("{name}:\n{source}\n{e}"));
        }
    }
    assert!(taken >= 4, "{taken}");
}

/// Parts of a document: what they refer to stands elsewhere.
#[test]
fn every_snippet_of_the_documentation_passes() {
    let judge = Judge::new();
    let mut seen = 0;
    for (file, comment, wrap) in [
        ("docs/configuration.md", "", None),
        ("docs/rules.md", "", None),
        ("docs/senders.md", "", None),
        ("docs/schedules.md", "", None),
        ("docs/ledger.md", "", None),
        ("README.md", "", None),
        ("shared/domain/src/maintenance.rs", "///", None),
        ("shared/domain/src/schedule/mod.rs", "//!", Some("/schedules")),
        ("shared/domain/src/escalation/policy.rs", "///", Some("/policies/0/levels")),
    ] {
        let source = std::fs::read_to_string(root().join(file)).unwrap();
        let lines: String = source
            .lines()
            .map(|l| l.trim_start().strip_prefix(comment).filter(|_| !comment.is_empty()).map_or(l, |l| l.strip_prefix(' ').unwrap_or(l)))
            .map(|l| format!("{l}\n"))
            .collect();
        for snippet in lines.split("```yaml\n").skip(1).filter_map(|s| s.split("```").next()) {
            seen += 1;
            let part = document::value(snippet);
            let whole = match wrap {
                None => part,
                Some("/schedules") => json!({"schedules": [part]}),
                Some(_) => json!({"policies": [{"id": "p", "team": "t", "levels": part}]}),
            };
            let Value::Object(mut members) = whole else { panic!("{file}: {snippet}") };
            members.insert("version".to_owned(), json!(1));
            judge.says(&Value::Object(members)).unwrap_or_else(|e| panic!("{file}:\n{snippet}\n{e}"));
        }
    }
    assert!(seen >= 8, "{seen}");
}

/// Each is the whole example with one thing changed: at a pointer, to a value.
fn changed(pointer: &str, value: Value) -> Value {
    let mut document = document::value(EVERYTHING);
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
        Value::Object(members) => drop(members.insert(last.to_owned(), value)),
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        other => panic!("{pointer}: {other}"),
    }
    document
}

/// Refused by the command: by its types or by validation.
fn refused(document: &Value) -> bool {
    document::read("t.yaml", &document.to_string()).is_err()
}

#[test]
fn what_is_wrong_by_itself_is_refused_by_both() {
    let judge = Judge::new();
    let table = [
        ("/version", json!(2)),
        ("/version", json!("one")),
        ("/surprise", json!(1)),
        ("/teams", json!({"id": "web"})),
        ("/teams/0/id", json!("Web Shop")),
        ("/teams/0/id", json!("")),
        ("/teams/0/name", json!("")),
        ("/teams/0/name", json!("n".repeat(201))),
        ("/teams/0/members/0/role", json!("boss")),
        ("/teams/0/members/0/user", json!(null)),
        ("/users/0/nmae", json!("Ada")),
        ("/users/0/time_zone", json!("in London")),
        ("/users/0/locale", json!("English, please")),
        ("/users/0/quiet_hours/0/from", json!("25:00")),
        ("/users/0/quiet_hours/0/days", json!(["someday"])),
        ("/users/0/contact_methods/0/kind", json!("pigeon")),
        ("/users/0/contact_methods/0/kind", json!("last_resort")),
        ("/users/0/contact_methods/0/to", json!("0123 456")),
        ("/users/0/contact_methods/1/to", json!("ada at example")),
        ("/users/0/rules/high/0/after_s", json!(604_801)),
        ("/users/0/rules/high/0/after_s", json!(-1)),
        ("/users/0/rules/high/0/after_s", json!(1.5)),
        ("/schedules/0/time_zone", json!("")),
        ("/schedules/0/stacking", json!("bottom_wins")),
        ("/schedules/0/layers/0/rotation", json!("sometimes")),
        ("/schedules/0/layers/0/rotation", json!("0 weeks")),
        ("/schedules/0/layers/0/rotation", json!([])),
        ("/schedules/0/layers/0/start", json!("2026-13-01")),
        ("/schedules/0/layers/0/start", json!("tomorrow")),
        ("/schedules/0/layers/0/handoff", json!("9 o'clock")),
        ("/schedules/0/layers/0/members", json!(["ada", []])),
        ("/schedules/0/layers/0/members", json!([["ada", "ada"]])),
        ("/schedules/0/layers/0/turns", json!("mine")),
        ("/schedules/0/overrides/0/add", json!("ada")),
        ("/schedules/0/overrides/0/end", json!("2026-01-05T24:00")),
        ("/policies/0/levels", json!([])),
        ("/policies/0/levels", json!(vec![json!({"delay_s": 60, "targets": [{"user": "ada"}]}); 21])),
        ("/policies/0/levels/0/targets", json!([])),
        ("/policies/0/levels/0/targets/0", json!({"user": "ada", "team": "web"})),
        ("/policies/0/levels/0/targets/0", json!({"pigeon": "ada"})),
        ("/policies/0/levels/0/delay_s", json!(604_801)),
        ("/policies/0/levels/0/urgency", json!("medium")),
        ("/policies/0/levels/0/hours/windows", json!([])),
        ("/policies/0/repeat", json!(21)),
        ("/services/0/grouping", json!({"by": "mood"})),
        ("/services/0/grouping", json!({"by": "time"})),
        ("/services/0/grouping", json!({"by": "time", "window_s": 0})),
        ("/services/0/grouping", json!({"by": "fields", "fields": []})),
        ("/services/0/acknowledge_timeout_s", json!(0)),
        ("/services/0/auto_resolve_s", json!(31_536_001)),
        ("/services/0/integrations/0/kind", json!("heartbeat")),
        ("/services/0/integrations/0/key", json!("secret")),
        ("/services/0/integrations/2/mapping", json!({"summary": "{title}"})),
        ("/services/0/integrations/2/mapping/0/sumary", json!("{title}")),
        ("/services/0/integrations/2/mapping/0/actions/fixed", json!("close")),
        ("/services/0/integrations/2/mapping/0/severities/5", json!("bad")),
        ("/services/0/integrations/2/mapping/0/summary", json!("s".repeat(501))),
        ("/services/0/integrations/2/mapping/0/each", json!("")),
        ("/services/0/rules/0/when", json!({})),
        ("/services/0/rules/0/when", json!({"field": "summary", "is": "a", "all": []})),
        ("/services/0/rules/0/when", json!({"time": {"time_zone": "UTC", "within": []}})),
        ("/services/0/rules/0/then/severity", json!("bad")),
        ("/services/0/rules/0/then/priority", json!("P6")),
        ("/services/0/rules/0/then/pause_s", json!(86_401)),
        ("/services/0/rules/0/then/suppress", json!("")),
        ("/services/0/rules/0/then/threshold", json!({"events": 1, "within_s": 60})),
        ("/heartbeats/0/interval_s", json!(0)),
        ("/heartbeats/0/severity", json!("bad")),
        ("/maintenance/0/start", json!("soon")),
        ("/maintenance/0/reason", json!("")),
        ("/status_page/name", json!("")),
        ("/status_page/components/0/description", json!("d".repeat(1001))),
    ];
    for (pointer, value) in table {
        let document = changed(pointer, value.clone());
        assert!(refused(&document), "the command takes {pointer}: {value}");
        assert!(judge.says(&document).is_err(), "the schema takes {pointer}: {value}");
    }
}

/// What a schema can not know: other objects, calendars, sums.
#[test]
fn what_only_the_command_knows_passes_the_schema() {
    let judge = Judge::new();
    for (pointer, value) in [
        ("/teams/0/members/0/user", json!("nobody")),
        ("/users/0/id", json!("grace")),
        ("/users/0/time_zone", json!("Europe/Lodnon")),
        ("/users/0/rules/high/0/via", json!("grace-sms")),
        ("/schedules/0/layers/0/start", json!("2026-02-30")),
        ("/policies/0/levels/0/targets/0", json!({"schedule": "nowhere"})),
        ("/services/0/depends_on", json!(["shop"])),
        ("/services/0/integrations/2/mapping/0/summary", json!("{{title}}")),
        ("/services/0/integrations/0/mapping", json!([{"summary": "{title}"}])),
        ("/services/0/rules/0/when", json!({"field": "summary", "matches": "("})),
    ] {
        let document = changed(pointer, value.clone());
        assert!(refused(&document), "the command takes {pointer}: {value}");
        judge.says(&document).unwrap_or_else(|e| panic!("{pointer}: {value}\n{e}"));
    }
}

/// A key without a value counts as absent, as while somebody is typing.
#[test]
fn an_empty_key_is_as_good_as_none() {
    let judge = Judge::new();
    let source = "version: 1\nteams:\nusers:\n  - id: ada\n    name: Ada\n    rules:\n    time_zone:\n    contact_methods:\nstatus_page:\n";
    document::read("t.yaml", source).map_err(|f| f.to_string()).unwrap();
    judge.says(&document::value(source)).unwrap();
}

/// Every node of a document, by pointer.
fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    if !at.is_empty() {
        into.push(at.to_owned());
    }
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| pointers(member, &format!("{at}/{name}"), into)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| pointers(item, &format!("{at}/{i}"), into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn remove(document: &mut Value, pointer: &str) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(last)),
        Some(Value::Array(items)) => drop(items.remove(last.parse().unwrap())),
        _ => {}
    }
}

proptest! {
    /// The schema takes what the command takes; and what the schema takes, the types can at least hold.
    #[test]
    fn schema_and_command_agree_about_forms(changes in proptest::collection::vec((any::<Index>(), any::<Index>(), 0u8..8), 1..3)) {
        thread_local! { static JUDGE: Judge = Judge::new(); }
        let mut document = document::value(EVERYTHING);
        for (at, from, how) in changes {
            let mut all = Vec::new();
            pointers(&document, "", &mut all);
            let pointer = all[at.index(all.len())].clone();
            let other = document.pointer(&all[from.index(all.len())]).unwrap().clone();
            match how {
                0 => remove(&mut document, &pointer),
                1 => *document.pointer_mut(&pointer).unwrap() = other,
                2 => *document.pointer_mut(&pointer).unwrap() = json!([]),
                3 => *document.pointer_mut(&pointer).unwrap() = json!({}),
                4 => *document.pointer_mut(&pointer).unwrap() = json!("x"),
                5 => *document.pointer_mut(&pointer).unwrap() = json!(0),
                6 => *document.pointer_mut(&pointer).unwrap() = json!(true),
                _ => if let Some(Value::Object(members)) = document.pointer_mut(&pointer) { members.insert("extra".to_owned(), json!(1)); },
            }
        }
        let schema = JUDGE.with(|judge| judge.says(&document));
        let read = serde_json::from_value::<Configuration>(document.clone());
        if let (Ok(read), Err(said)) = (&read, &schema) {
            prop_assert!(!validate(read).is_empty(), "the schema refuses what is valid: {said}\n{document:#}");
        }
        if let (Err(fault), Ok(())) = (&read, &schema) {
            prop_assert!(false, "the schema takes what can not be read: {fault}\n{document:#}");
        }
    }
}
