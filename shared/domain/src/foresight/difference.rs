//! What is different between two configurations: objects by id, and in them fields by path.
//!
//! Works on the serialized form, so that a field which is added to the configuration tomorrow is compared from its first day. What the difference means for
//! people is [`super::plan`]'s part.

use crate::configuration::Configuration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// More steps are not spent on lining up two lists; they are then compared place by place.
const MOST_LINE_UP: usize = 250_000;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another one in some fields.
    Changed,
}

/// An object that is not what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectChange {
    /// The list that it stands in (`users`), or the single object itself (`status_page`).
    pub kind: String,
    /// Its id; none for a single object, and for a list whose order changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// What changed in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// The version that had an object of this kind and id before, where this one only comes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recreates: Option<u64>,
}

/// A field that is not what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// `levels[0].delay_s`, `contact_methods[ada-phone].to`: lists of objects with ids by id, others by place from 0.
    pub path: String,
    /// What it was; none if it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is; none if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl ObjectChange {
    /// `user ada`, `status page`.
    pub fn name(&self) -> String {
        let kind = singular(&self.kind);
        self.id.as_ref().map_or_else(|| kind.clone(), |id| format!("{kind} {id}"))
    }
}

/// One of a list, in words: `policies` has a `policy`.
pub fn singular(kind: &str) -> String {
    let words = kind.replace('_', " ");
    match words.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => words.strip_suffix('s').map(str::to_owned).unwrap_or(words),
    }
}

/// Names of one fate that a summary holds; of what is gone there are more, because a plan asks for them when an id comes back.
const MOST_NAMED: usize = 100;
const MOST_REMOVED_NAMED: usize = 1000;

/// What a version changed, in short: kept with it. Names are `users/ada` and `status_page`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// New objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// Objects with other fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Objects that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// How many more there were than are named.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unnamed: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Summary {
    /// Of a difference.
    pub fn of(changes: &[ObjectChange]) -> Self {
        let mut summary = Self::default();
        for change in changes {
            let name = change.id.as_ref().map_or_else(|| change.kind.clone(), |id| format!("{}/{id}", change.kind));
            let (list, most) = match change.fate {
                Fate::Added => (&mut summary.added, MOST_NAMED),
                Fate::Changed => (&mut summary.changed, MOST_NAMED),
                Fate::Removed => (&mut summary.removed, MOST_REMOVED_NAMED),
            };
            if list.len() < most {
                list.push(name);
            } else {
                summary.unnamed += 1;
            }
        }
        summary
    }

    /// On one line: `+ users/ada, ~ services/shop, and 3 more`.
    pub fn words(&self) -> String {
        const MOST_SHOWN: usize = 12;
        let signed = |sign: &'static str, names: &[String]| names.iter().map(move |n| format!("{sign} {n}")).collect::<Vec<_>>();
        let mut names = signed("+", &self.added);
        names.extend(signed("~", &self.changed));
        names.extend(signed("-", &self.removed));
        let hidden = names.len().saturating_sub(MOST_SHOWN) + self.unnamed;
        names.truncate(MOST_SHOWN);
        if hidden > 0 {
            names.push(format!("and {hidden} more"));
        }
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    }
}

/// A hash of all that a configuration says: the same for the same content, whatever the file looks like.
pub fn fingerprint(configuration: &Configuration) -> String {
    let json = serde_json::to_vec(configuration).unwrap_or_default();
    crate::hex::hex(&Sha256::digest(json))
}

/// Everything that is different, by kind in the order of the alphabet, then by id.
pub fn difference(before: &Configuration, after: &Configuration) -> Vec<ObjectChange> {
    match (serde_json::to_value(before), serde_json::to_value(after)) {
        (Ok(Value::Object(before)), Ok(Value::Object(after))) => documents(&before, &after),
        // A configuration is plain data with text keys: it always has this form.
        _ => Vec::new(),
    }
}

fn documents(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<ObjectChange> {
    let mut changes = Vec::new();
    for kind in keys(before, after) {
        let (old, new) = (before.get(kind).unwrap_or(&Value::Null), after.get(kind).unwrap_or(&Value::Null));
        let change = |id: Option<&str>, fate, fields| ObjectChange { kind: kind.clone(), id: id.map(str::to_owned), fate, fields, recreates: None };
        if old == new || (is_nothing(old) && is_nothing(new)) {
            continue;
        }
        match (by_identity(old), by_identity(new)) {
            (Some(a), Some(b)) => {
                let mut ids: Vec<&str> = a.iter().chain(&b).map(|(id, _)| *id).collect();
                ids.sort_unstable();
                ids.dedup();
                let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (a.iter().copied().collect(), b.iter().copied().collect());
                for id in ids {
                    match (old.get(id), new.get(id)) {
                        (None, _) => changes.push(change(Some(id), Fate::Added, Vec::new())),
                        (_, None) => changes.push(change(Some(id), Fate::Removed, Vec::new())),
                        (Some(old), Some(new)) if old == new => {}
                        (Some(old), Some(new)) => changes.push(change(Some(id), Fate::Changed, fields(old, new))),
                    }
                }
                if let Some(order) = reordered(&a, &b) {
                    changes.push(change(None, Fate::Changed, vec![order]));
                }
            }
            _ if is_nothing(old) => changes.push(change(None, Fate::Added, Vec::new())),
            _ if is_nothing(new) => changes.push(change(None, Fate::Removed, Vec::new())),
            _ => changes.push(change(None, Fate::Changed, fields(old, new))),
        }
    }
    changes
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

fn keys<'a>(a: &'a Map<String, Value>, b: &'a Map<String, Value>) -> Vec<&'a String> {
    let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// What a list's items are known by: their ids, or whom they are about. `None` if it is no list of such items.
fn by_identity(list: &Value) -> Option<Vec<(&str, &Value)>> {
    let items = match list {
        Value::Null => return Some(Vec::new()),
        other => other.as_array()?,
    };
    if items.is_empty() {
        return Some(Vec::new());
    }
    ["id", "user", "name"].iter().find_map(|key| {
        // A target is `{user: ada}` and nothing else: that is its value, not a name that it has.
        let named: Option<Vec<(&str, &Value)>> = items
            .iter()
            .map(|item| item.get(key)?.as_str().filter(|id| !id.is_empty() && item.as_object().is_some_and(|o| o.len() > 1)).map(|id| (id, item)))
            .collect();
        let named = named?;
        let mut ids: Vec<&str> = named.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.windows(2).all(|w| w[0] != w[1]).then_some(named)
    })
}

/// Items that both lists have, in another order.
fn reordered(before: &[(&str, &Value)], after: &[(&str, &Value)]) -> Option<FieldChange> {
    let common = |list: &[(&str, &Value)], other: &[(&str, &Value)]| -> Vec<Value> {
        let other: std::collections::BTreeSet<&str> = other.iter().map(|(id, _)| *id).collect();
        list.iter().filter(|(id, _)| other.contains(id)).map(|(id, _)| Value::from(*id)).collect()
    };
    let (old, new) = (common(before, after), common(after, before));
    (old != new).then(|| FieldChange { path: "order".to_owned(), before: Some(Value::Array(old)), after: Some(Value::Array(new)) })
}

/// The fields in which two values differ.
pub fn fields(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut changes);
    changes
}

fn compare(path: String, before: Option<&Value>, after: Option<&Value>, out: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for key in keys(a, b) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(path, a.get(key), b.get(key), out);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if a.iter().chain(b).any(has_fields) => lists(&path, a, b, before.zip(after), out),
        _ => out.push(FieldChange { path, before: before.cloned(), after: after.cloned() }),
    }
}

fn has_fields(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(has_fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn lists(path: &str, a: &[Value], b: &[Value], both: Option<(&Value, &Value)>, out: &mut Vec<FieldChange>) {
    if let Some((old, new)) = both.and_then(|(a, b)| by_identity(a).zip(by_identity(b))) {
        let (by_old, by_new): (BTreeMap<_, _>, BTreeMap<_, _>) = (old.iter().copied().collect(), new.iter().copied().collect());
        for (id, item) in &old {
            compare(format!("{path}[{id}]"), Some(item), by_new.get(id).copied(), out);
        }
        for (id, item) in new.iter().filter(|(id, _)| !by_old.contains_key(id)) {
            compare(format!("{path}[{id}]"), None, Some(item), out);
        }
        out.extend(reordered(&old, &new).map(|order| FieldChange { path: format!("{path}.order"), ..order }));
        return;
    }
    for (i, j) in lined_up(a, b) {
        let place = j.or(i).unwrap_or(0);
        compare(format!("{path}[{place}]"), i.and_then(|i| a.get(i)), j.and_then(|j| b.get(j)), out);
    }
}

/// Which item of one list became which of the other: equal ones stay, those between them are paired in order, and what is left is gone or new.
fn lined_up(a: &[Value], b: &[Value]) -> Vec<(Option<usize>, Option<usize>)> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a_end, b_end) = (a.len() - tail, b.len() - tail);
    let (rows, columns) = (a_end - head, b_end - head);
    let mut pairs = Vec::new();
    let mut gap = |i: std::ops::Range<usize>, j: std::ops::Range<usize>| {
        for n in 0..i.len().max(j.len()) {
            pairs.push((Some(i.start + n).filter(|x| *x < i.end), Some(j.start + n).filter(|x| *x < j.end)));
        }
    };
    if rows == columns || rows.saturating_mul(columns) > MOST_LINE_UP {
        gap(head..a_end, head..b_end);
        return pairs;
    }
    // Longest common subsequence: `longest[i][j]` of what is left behind i and j.
    let mut longest = vec![vec![0_u32; columns + 1]; rows + 1];
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            longest[i][j] = if a[head + i] == b[head + j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut from) = (0, 0, (0, 0));
    while i < rows && j < columns {
        if a[head + i] == b[head + j] {
            gap(head + from.0..head + i, head + from.1..head + j);
            (i, j) = (i + 1, j + 1);
            from = (i, j);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    gap(head + from.0..a_end, head + from.1..b_end);
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(before: Value, after: Value) -> Vec<String> {
        let text = |v: Option<Value>| v.map_or_else(|| "-".to_owned(), |v| v.to_string());
        fields(&before, &after).into_iter().map(|f| format!("{} {} {}", f.path, text(f.before), text(f.after))).collect()
    }

    #[test]
    fn fields_by_path() {
        assert_eq!(said(json!({"a": 1, "b": {"c": [1]}}), json!({"b": {"c": [1, 2]}, "d": true})), ["a 1 -", "b.c [1] [1,2]", "d - true"]);
        assert_eq!(said(json!({"a": 1}), json!({"a": 1})), Vec::<String>::new());
    }

    #[test]
    fn lists_of_objects_by_id() {
        let before = json!({"m": [{"id": "x", "to": 1}, {"id": "y", "to": 2}]});
        assert_eq!(
            said(before.clone(), json!({"m": [{"id": "y", "to": 3}, {"id": "z", "to": 4}]})),
            [r#"m[x] {"id":"x","to":1} -"#, "m[y].to 2 3", r#"m[z] - {"id":"z","to":4}"#]
        );
        assert_eq!(said(before, json!({"m": [{"id": "y", "to": 2}, {"id": "x", "to": 1}]})), [r#"m.order ["x","y"] ["y","x"]"#]);
    }

    #[test]
    fn other_lists_are_lined_up() {
        let level = |n: u32| json!({"delay_s": n});
        // One more in front: the others stay what they were.
        assert_eq!(said(json!([level(1), level(2)]), json!([level(9), level(1), level(2)])), [r#"[0] - {"delay_s":9}"#]);
        assert_eq!(said(json!([level(1), level(2), level(3)]), json!([level(1), level(3)])), [r#"[1] {"delay_s":2} -"#]);
        assert_eq!(said(json!([level(1), level(2), level(3)]), json!([level(1), level(7), level(3)])), ["[1].delay_s 2 7"]);
        assert_eq!(said(json!({"t": [{"user": "ada"}]}), json!({"t": [{"user": "ada"}, {"schedule": "s"}]})), [r#"t[1] - {"schedule":"s"}"#]);
    }

    #[test]
    fn long_lists_end_in_time() {
        let list = |n: u32| Value::Array((0..n).map(|i| json!({"a": i, "b": n})).collect());
        assert_eq!(fields(&list(5000), &list(5001)).len(), 5001);
    }

    #[test]
    fn one_of_a_list() {
        for (list, one) in [("policies", "policy"), ("users", "user"), ("status_page", "status page"), ("maintenance_windows", "maintenance window")] {
            assert_eq!(singular(list), one);
        }
    }
}
