//! Mappings: how to read a sender's JSON, as data. Paths, constants and lists of words; nothing in it runs, and every part of it is bounded.
//!
//! Called by: `ingest`, for senders that are known (their mappings stand beside the parsers) and for those that a team declares in its configuration; by validation.
//! Refuses to make an event: it only says which text stands where.
//!
//! A text is written with placeholders. `{host.name}` is a path (a number counts into a list; `/a/b` is a JSON pointer, for names with dots), `{a|b}` the first of several,
//! `{^a}` a path from the whole body where a rule reads each item of a list, `{~title}` the text without what brackets in front say of a state. A text with a placeholder
//! that finds nothing is no text; of several texts the first one counts.
//!
//! ```
//! # use tocsin_domain::alert::mapping::Rule;
//! let rule: Rule = serde_json::from_str(r#"{"summary": ["{host.name}: {text}", "{text}"], "action": "{state}", "actions": {"ok": "resolve", "warn*": "trigger"}}"#).unwrap();
//! let body = serde_json::json!({"text": "disk full", "host": {"name": "db1"}, "state": "OK"});
//! assert_eq!(rule.summary.read(&body, &body).as_deref(), Some("db1: disk full"));
//! assert_eq!(rule.action(&body, &body), Some(Ok(tocsin_domain::alert::mapping::Does::Resolve)));
//! ```

mod check;

pub use check::{MOST_BYTES, Mistake, mistakes};

use super::Severity;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Rules of a mapping.
pub const MOST_RULES: usize = 20;
/// Texts of a field, words of a list, conditions of a rule.
pub const MOST_ENTRIES: usize = 50;
/// Characters of a text, a path or a word.
pub const MOST_CHARS: usize = 500;
/// Bytes that a text may become; what is longer is cut.
const MOST_TEXT: usize = 8 * 1024;

/// What an event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Triggers an alert.
    Trigger,
    /// Acknowledges it.
    Acknowledge,
    /// Resolves it.
    Resolve,
    /// Tells of a change.
    Change,
    /// Nothing: it is accepted and left alone.
    Ignore,
}

/// One way to read a body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Mapping"))]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Reads only bodies of which each of these texts is one of the words; all bodies where there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, Texts>,
    /// Path to a list: each of its items is an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// Rules behind this one are tried too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub go_on: bool,
    /// What it does, as a word.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub action: Texts,
    /// What the sender's words mean. Case does not matter; `*` in front or behind stands for anything; the longest that fits counts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub actions: BTreeMap<String, Does>,
    /// What makes two events the same alert.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub key: Texts,
    /// One line for people.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub summary: Texts,
    /// Where it happened.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub source: Texts,
    /// How bad it is, as a word.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub severity: Texts,
    /// What the sender's words mean, as for `actions`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub severities: BTreeMap<String, Severity>,
    /// Part of the source.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub component: Texts,
    /// Logical group.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub group: Texts,
    /// Kind of the problem.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub class: Texts,
    /// A web address.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub url: Texts,
    /// When it happened.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub time: Texts,
    /// Name of the sending tool.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub client: Texts,
}

/// Texts with placeholders, of which the first that can be filled counts. Written as one text or as a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(pub Vec<String>);

impl Texts {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first that can be filled, from an item and the whole body that it is of.
    pub fn read(&self, item: &Value, whole: &Value) -> Option<String> {
        self.0.iter().find_map(|text| fill(text, item, whole)).filter(|text| !text.trim().is_empty())
    }
}

impl Rule {
    /// Whether it is for this body.
    pub fn is_for(&self, whole: &Value) -> bool {
        self.when.iter().all(|(path, words)| {
            let found = first(path, whole, whole);
            let text = found.map(as_text).unwrap_or_default();
            words.0.iter().any(|word| fits(word, &text) && (found.is_some() || word.is_empty()))
        })
    }

    /// The items that it reads.
    pub fn items<'v>(&self, whole: &'v Value) -> Vec<&'v Value> {
        match self.each.as_deref().map(|path| at(path, whole)) {
            None => vec![whole],
            Some(Some(Value::Array(items))) => items.iter().collect(),
            Some(Some(item)) => vec![item],
            Some(None) => Vec::new(),
        }
    }

    /// What an item does; the sender's word where it is not listed, and nothing where there is none.
    pub fn action(&self, item: &Value, whole: &Value) -> Option<Result<Does, String>> {
        let word = self.action.read(item, whole)?;
        Some(meaning(&self.actions, &word).ok_or(word))
    }

    /// How bad it is; as above.
    pub fn severity(&self, item: &Value, whole: &Value) -> Option<Result<Severity, String>> {
        let word = self.severity.read(item, whole)?;
        Some(meaning(&self.severities, &word).ok_or(word))
    }
}

fn fill(text: &str, item: &Value, whole: &Value) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (paths, after) = behind.split_once('}')?;
        out.push_str(before);
        let (paths, stateless) = paths.strip_prefix('~').map_or((paths, false), |paths| (paths, true));
        let found = as_text(first(paths, item, whole)?);
        out.push_str(&if stateless { without_state(&found) } else { found });
        if out.len() > MOST_TEXT {
            out.truncate(out.floor_char_boundary(MOST_TEXT));
            return Some(out);
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn first<'v>(paths: &str, item: &'v Value, whole: &'v Value) -> Option<&'v Value> {
    paths.split('|').find_map(|path| match path.trim().strip_prefix('^') {
        Some(path) => at(path, whole),
        None => at(path.trim(), item),
    })
}

fn at<'v>(path: &str, value: &'v Value) -> Option<&'v Value> {
    let found = if path.starts_with('/') {
        value.pointer(path)?
    } else {
        path.split('.').try_fold(value, |value, name| match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => value.get(name),
        })?
    };
    let absent = match found {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    (!absent).then_some(found)
}

/// Lists of plain values as they are spoken, with commas.
fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            Cow::Owned(items.iter().map(as_text).collect::<Vec<_>>().join(", "))
        }
        other => Cow::Owned(other.to_string()),
    }
}

/// `[P1] [Triggered on {host:a}] CPU` and `[P1] [Recovered on {host:a}] CPU` are about the same: of brackets in front only what stands behind "on" counts.
fn without_state(text: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut rest = text.trim();
    while let Some((bracket, behind)) = rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        if let Some((_, subject)) = bracket.split_once(" on ") {
            kept.push_str(subject);
            kept.push(' ');
        }
        rest = behind.trim_start();
    }
    // "Re:", "RESOLVED:" and the like, of e-mail.
    while let Some((_, behind)) = rest.split_once(':').filter(|(word, _)| STATES.contains(&word.trim().to_lowercase().as_str())) {
        rest = behind.trim_start();
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Words with a colon in front of a subject that say a state, or that it is an answer.
const STATES: [&str; 24] = [
    "re",
    "aw",
    "fwd",
    "fw",
    "wg",
    "resolved",
    "recovered",
    "recovery",
    "closed",
    "cleared",
    "ok",
    "up",
    "problem",
    "down",
    "alert",
    "alarm",
    "firing",
    "triggered",
    "critical",
    "error",
    "warning",
    "opened",
    "new",
    "update",
];

fn fits(pattern: &str, word: &str) -> bool {
    let (pattern, word) = (pattern.trim().to_lowercase(), word.trim().to_lowercase());
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) => word.contains(pattern.trim_matches('*')),
        (Some(end), None) => word.ends_with(end),
        (None, Some(start)) => word.starts_with(start),
        (None, None) => word == pattern,
    }
}

fn meaning<T: Copy>(words: &BTreeMap<String, T>, word: &str) -> Option<T> {
    let exact = words.iter().find(|(pattern, _)| !pattern.contains('*') && fits(pattern, word));
    let fitting = words.iter().filter(|(pattern, _)| fits(pattern, word)).max_by_key(|(pattern, _)| pattern.len());
    exact.or(fitting).map(|(_, meaning)| *meaning)
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Texts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(texts: &[&str]) -> Texts {
        Texts(texts.iter().map(|t| (*t).to_owned()).collect())
    }

    #[test]
    fn paths_find_what_says_something() {
        let body = json!({"a": {"b": [{"c": 7}], "x.y": "dotted"}, "n": null, "e": "", "t": true, "l": ["x", 2], "o": {"p": 1}});
        for (text, expected) in [
            ("{a.b.0.c}", Some("7")),
            ("{/a/x.y}", Some("dotted")),
            ("{n|e|t}", Some("true")),
            ("{l}", Some("x, 2")),
            ("{o}", Some("{\"p\":1}")),
            ("<{a.b.1.c}>", None),
            ("{missing}", None),
            ("plain", Some("plain")),
            ("{open", None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(texts(&[text]).read(&body, &body).as_deref(), expected, "{text}");
        }
        assert_eq!(texts(&["{missing}: {t}", "{^t} {c}"]).read(&body["a"]["b"][0], &body).as_deref(), Some("true 7"));
    }

    #[test]
    fn words_mean_what_fits_best() {
        let words = |list: &[(&str, Does)]| list.iter().map(|(w, d)| ((*w).to_owned(), *d)).collect::<BTreeMap<_, _>>();
        let words = words(&[
            ("re*", Does::Trigger),
            ("recover*", Does::Resolve),
            ("*ack*", Does::Acknowledge),
            ("RECOVERY PENDING", Does::Ignore),
            ("*", Does::Change),
        ]);
        for (word, does) in [
            ("Recovered", Does::Resolve),
            ("re-triggered", Does::Trigger),
            ("recovery pending", Does::Ignore),
            ("unacked", Does::Acknowledge),
            ("else", Does::Change),
        ] {
            assert_eq!(meaning(&words, word), Some(does), "{word}");
        }
    }

    #[test]
    fn brackets_in_front_say_a_state() {
        for text in ["[Triggered on {host:a}] CPU", "[P1] [Re-Triggered on {host:a}] CPU", "[Recovered on {host:a}] CPU"] {
            assert_eq!(without_state(text), "{host:a} CPU");
        }
        assert_eq!(without_state("[Triggered] CPU [now]"), "CPU [now]");
        assert_eq!(without_state("no bracket"), "no bracket");
        for subject in ["PROBLEM: disk full on db1", "Re: RESOLVED: disk full on db1", "[ok] recovery : disk full on db1"] {
            assert_eq!(without_state(subject), "disk full on db1");
        }
        assert_eq!(without_state("db1: disk full"), "db1: disk full");
    }

    #[test]
    fn conditions_and_items() {
        let rule: Rule = serde_json::from_value(json!({"when": {"kind": ["a", "b*"], "gone": ""}, "each": "list", "summary": "{s}"})).unwrap();
        assert!(rule.is_for(&json!({"kind": "BIG"})) && rule.is_for(&json!({"kind": "a", "gone": null})));
        assert!(!rule.is_for(&json!({"kind": "c"})) && !rule.is_for(&json!({"kind": "a", "gone": 1})) && !rule.is_for(&json!({})));
        assert_eq!((rule.items(&json!({"list": [1, 2]})).len(), rule.items(&json!({"list": {"s": 1}})).len(), rule.items(&json!({})).len()), (2, 1, 0));
        assert!(serde_json::from_value::<Rule>(json!({"sumary": "x"})).is_err());
        let written = serde_json::to_value(&rule).unwrap();
        assert_eq!(serde_json::from_value::<Rule>(written).unwrap(), rule);
    }
}
