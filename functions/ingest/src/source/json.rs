//! The JSON layer of all formats: parsed once, leniently, within bounds.
//!
//! Called by: the formats beside it. Repeated keys: the last one wins. Bodies that strict JSON refuses get one more reading after
//! [`repair`](super::repair::repair). Refuses what stays unreadable, and bodies with so many values that their tree would not fit into memory.

use super::repair;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// Containers within containers. What lies deeper is kept as text.
pub(super) const MAX_DEPTH: usize = 64;
/// An upper bound of the tree's memory, in values (roughly 100 bytes each). No body of 512 KB can reach it, and no real batch of 6 MB does.
const BUDGET: u32 = 1_500_000;
/// An object with members costs a tree node, which is much larger than a value.
const OBJECT_COST: u32 = 8;
/// From here on a float may stand for an integer whose digits it does not hold.
const INEXACT: f64 = 18_446_744_073_709_551_615.0;

/// A parsed body.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) value: Value,
    /// What had to be repaired to read it.
    pub(super) notes: Vec<String>,
}

/// Why a body is not a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Not JSON, nor anything near it.
    Syntax,
    /// More values than the budget.
    TooMany,
}

/// Reads a body, strictly where possible and repaired where necessary.
pub(super) fn parse(body: &[u8]) -> Result<Document, Unreadable> {
    match read(body, true) {
        Ok(value) => Ok(Document { value, notes: Vec::new() }),
        Err(Unreadable::TooMany) => Err(Unreadable::TooMany),
        Err(Unreadable::Syntax) => {
            let repaired = repair::repair(body);
            read(repaired.text.as_bytes(), false).map(|value| Document { value, notes: repaired.notes })
        }
    }
}

fn read(body: &[u8], exact: bool) -> Result<Value, Unreadable> {
    let text = str::from_utf8(body).map_err(|_| Unreadable::Syntax)?; // once for all strings
    let budget = Cell::new(BUDGET);
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Node { budget: &budget, depth: 0, exact }.deserialize(&mut json);
    value.and_then(|value| json.end().map(|()| value)).map_err(|_| if budget.get() == 0 { Unreadable::TooMany } else { Unreadable::Syntax })
}

/// One value of the tree. Recursion ends at `MAX_DEPTH`.
#[derive(Clone, Copy)]
struct Node<'a> {
    budget: &'a Cell<u32>,
    depth: usize,
    /// Refuse numbers that would lose digits, so that the repair can keep them as text.
    exact: bool,
}

impl Node<'_> {
    fn spend<E: Error>(self, cost: u32) -> Result<(), E> {
        let left = self.budget.get().saturating_sub(cost);
        self.budget.set(left);
        if left == 0 { Err(E::custom("too many values")) } else { Ok(()) }
    }

    fn inside<E: Error>(self, cost: u32) -> Result<Self, E> {
        self.spend(cost)?;
        if self.depth == MAX_DEPTH { Err(E::custom("too deep")) } else { Ok(Node { depth: self.depth + 1, ..self }) }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.spend(1).map(|()| Value::Null)
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Value, E> {
        self.spend(1).map(|()| Value::Bool(v))
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Value, E> {
        self.spend(1).map(|()| Value::from(v))
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Value, E> {
        self.spend(1).map(|()| Value::from(v))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        self.spend(1)?;
        if self.exact && v.abs() >= INEXACT {
            return Err(E::custom("inexact number"));
        }
        Ok(Number::from_f64(v).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Value, E> {
        self.spend(1).map(|()| Value::String(v.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inside = self.inside(1)?;
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(inside)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside(1)?;
        let mut map = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if map.is_empty() {
                self.spend(OBJECT_COST)?;
            }
            map.insert(key, members.next_value_seed(inside)?);
        }
        Ok(Value::Object(map))
    }
}

/// Whether a sender means "nothing" by it: null, and the empty string, list and object.
pub(super) fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Takes a member out of an object, unless it is absent.
pub(super) fn take(map: &mut Map<String, Value>, key: &str) -> Option<Value> {
    map.remove(key).filter(|value| !is_absent(value))
}

/// Any value as text: a string as it is, everything else as its JSON.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Cow::Owned(value.to_string()),
    }
}

/// The same for an owned value, which moves.
pub(super) fn into_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
    }
}

/// A member that says something, as text.
pub(super) fn member<'a>(map: &'a Map<String, Value>, key: &str) -> Option<Cow<'a, str>> {
    map.get(key).filter(|value| !is_absent(value)).map(text)
}

/// Whether a reader would see nothing.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control())
}

/// Cuts a text to so many characters; returns the note to show where that was necessary.
pub(super) fn cut(field: &str, text: &str, max: usize) -> Option<(String, String)> {
    if text.len() <= max {
        return None;
    }
    let (end, _) = text.char_indices().nth(max)?;
    let (kept, lost) = text.split_at(end);
    Some((kept.to_owned(), format!("{field} cut from {} to {max} characters", max + lost.chars().count())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(body: &str) -> Value {
        parse(body.as_bytes()).expect(body).value
    }

    #[test]
    fn strict_json_is_read_as_serde_json_reads_it() {
        for body in ["null", "true", "-1", "18446744073709551615", "1.5", "[]", "{\"a\":[1,{\"b\":null}]}", " \"x\\u00e9\\ud83d\\ude00\"\n"] {
            assert_eq!(value(body), serde_json::from_str::<Value>(body).expect(body));
        }
    }

    #[test]
    fn the_last_of_repeated_keys_wins() {
        assert_eq!(value(r#"{"a":1,"a":{"b":1,"b":2}}"#), json!({"a": {"b": 2}}));
    }

    #[test]
    fn unreadable_bodies_are_refused() {
        for body in ["", " ", "{", "[1", "{\"a\":}", "{'a':1}", "{\"a\":1,}", "nope", "{} x", "\"open", "\\", "{\"a\":tru}", "\u{feff}"] {
            assert_eq!(parse(body.as_bytes()).map(|d| d.value), Err(Unreadable::Syntax), "{body}");
        }
        assert!(parse(b"\xff\xfe").is_err());
    }

    #[test]
    fn depth_beyond_64_is_kept_as_text() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(64).as_bytes()).expect("64").notes.is_empty());
        for n in [65, 127, 128, 129, 200_000] {
            let document = parse(nested(n).as_bytes()).expect("kept as text");
            assert_eq!(document.notes.len(), 1);
            let mut inner = &document.value;
            for _ in 0..64 {
                inner = &inner[0];
            }
            assert_eq!(inner, &Value::String(nested(n - 64)));
        }
        assert!(parse("[".repeat(500_000).as_bytes()).is_err());
        assert!(parse("{\"a\":".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn the_tree_is_bounded() {
        let many = format!("[{}{{\"a\":1}}]", "{\"a\":1},".repeat(170_000));
        assert_eq!(parse(many.as_bytes()).map(|d| d.value), Err(Unreadable::TooMany));
        let densest = format!("[{}1]", "{\"\":1},".repeat(512 * 1024 / 7));
        assert!(parse(densest.as_bytes()).is_ok(), "any event of 512 KB fits");
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("f", "☃☃☃", 3), None);
        assert_eq!(cut("f", "☃☃☃☃", 3), Some(("☃☃☃".into(), "f cut from 4 to 3 characters".into())));
    }
}
