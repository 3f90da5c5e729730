//! What people write on an incident beside its timeline: title, custom fields, and where those who work on it talk.

use super::Incident;
use super::command::Rejected;
use super::timeline::What;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Characters of a title.
pub const MOST_TITLE_CHARS: usize = 1024;
/// Custom fields of an incident: it is written whole each time, so it stays small.
pub const MOST_FIELDS: usize = 20;
/// Characters of a field's name.
pub const MOST_NAME_CHARS: usize = 40;
/// Characters of a field's text.
pub const MOST_VALUE_CHARS: usize = 200;
/// Characters of a link.
pub const MOST_LINK_CHARS: usize = 300;

/// The value of a custom field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(true) => f.write_str("yes"),
            Value::Flag(false) => f.write_str("no"),
            Value::Number(number) => number.fmt(f),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// Custom fields that are written; none takes one away.
pub type Fields = BTreeMap<String, Option<Value>>;

/// What is wrong with a custom field; nothing where it can be kept.
///
/// ```
/// # use tocsin_domain::incident::details::{Value, wrong_field};
/// assert_eq!(wrong_field("customers_hit", Some(&Value::Number(12.into()))), None);
/// assert!(wrong_field("Customers hit", None).unwrap().starts_with("a name has"));
/// ```
pub fn wrong_field(name: &str, value: Option<&Value>) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > MOST_NAME_CHARS || !name.chars().all(plain) {
        return Some(format!("a name has 1 to {MOST_NAME_CHARS} of a-z, 0-9, '_', '-' and '.'"));
    }
    match value {
        Some(Value::Text(text)) if text.chars().count() > MOST_VALUE_CHARS => Some(format!("a text has at most {MOST_VALUE_CHARS} characters")),
        Some(_) | None => None,
    }
}

/// What is wrong with the address where people talk; nothing where it can be kept. It stands in text messages and on a page: only what opens a meeting or a call.
///
/// ```
/// # use tocsin_domain::incident::details::wrong_bridge;
/// for good in ["https://meet.example.com/shop?pwd=1", "tel:+15555550101,,4711#"] {
///     assert_eq!(wrong_bridge(good), None, "{good}");
/// }
/// for bad in ["javascript:alert(1)", "https://", "https:///x", "tel:", "tel:now", "https://a b", "meet.example.com"] {
///     assert!(wrong_bridge(bad).is_some(), "{bad}");
/// }
/// ```
pub fn wrong_bridge(link: &str) -> Option<&'static str> {
    if link.chars().count() > MOST_LINK_CHARS {
        return Some("has at most 300 characters");
    }
    let web = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    let good = match (web, link.strip_prefix("tel:")) {
        (Some(rest), _) => {
            rest.starts_with(|c: char| c.is_ascii_alphanumeric()) && rest.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '`'))
        }
        (None, Some(number)) => number.contains(|c: char| c.is_ascii_digit()) && number.chars().all(|c| c.is_ascii_digit() || "+-.(),;=#*pw".contains(c)),
        (None, None) => false,
    };
    (!good).then_some("is an address that begins with https:// or http://, or a number that begins with tel:")
}

impl Incident {
    pub(super) fn set_title(&mut self, title: String) -> Vec<What> {
        if title == self.title {
            return Vec::new();
        }
        self.title.clone_from(&title);
        vec![What::TitleSet { title }]
    }

    pub(super) fn set_bridge(&mut self, bridge: Option<String>) -> Vec<What> {
        if bridge == self.bridge {
            return Vec::new();
        }
        self.bridge.clone_from(&bridge);
        vec![What::BridgeSet { bridge }]
    }

    /// Writes the given fields and leaves the others.
    pub(super) fn set_fields(&mut self, fields: Fields) -> Result<Vec<What>, Rejected> {
        let changed: Fields = fields.into_iter().filter(|(name, value)| self.fields.get(name) != value.as_ref()).collect();
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        let mut after = self.fields.clone();
        for (name, value) in &changed {
            match value {
                Some(value) => after.insert(name.clone(), value.clone()),
                None => after.remove(name),
            };
        }
        if after.len() > MOST_FIELDS {
            return Err(Rejected::TooManyFields);
        }
        self.fields = after;
        Ok(vec![What::FieldsSet { fields: changed }])
    }
}
