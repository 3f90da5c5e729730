//! Items: attributes out of values, and values out of attributes.
//!
//! Refuses to guess: an attribute that is missing or of another type is damage, and is said with the item's kind and the attribute's name, never with its value.

use super::schema::{DEPLOYMENT, DOC, DUE_PK, DUE_SK, EXPIRES_AT, FORMAT, FORMAT_VERSION, IndexKey, Key, PACKED, PK, SK, TEAM, TEAM_PK, TEAM_SK, sortable};
use crate::chunk::{deflate, inflate};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::str::FromStr;
use tocsin_app::error::PortError;
use tocsin_domain::id::TeamId;

/// Attributes by name.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Longer documents are deflated: an item is billed by its size, at every write.
const MOST_TEXT: usize = 4 * 1024;
/// The same for documents that are written once and read from the stream: as long as they fit into an item.
const MOST_READABLE: usize = 300 * 1024;
/// No document is larger than this.
const MOST_UNPACKED: u64 = 16 * 1024 * 1024;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn instant(at: Timestamp) -> AttributeValue {
    text(sortable(at))
}

pub(crate) fn bytes(value: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// Whole seconds of the epoch, not before `at`: what the expiry of items understands.
pub(crate) fn expiry(at: Timestamp) -> AttributeValue {
    number(at.as_second().saturating_add(1))
}

impl Key {
    pub(crate) fn item(self) -> Item {
        HashMap::from([(PK.to_owned(), text(self.pk)), (SK.to_owned(), text(self.sk))])
    }
}

/// Builds an item.
pub(crate) struct Writer(Item);

impl Writer {
    /// An item that a team owns.
    pub(crate) fn of_team(key: Key, team: &TeamId) -> Self {
        Self::new(key, team.as_str())
    }

    /// An item of the whole deployment.
    pub(crate) fn of_deployment(key: Key) -> Self {
        Self::new(key, DEPLOYMENT)
    }

    fn new(key: Key, team: &str) -> Self {
        Self(key.item()).with(TEAM, text(team)).with(FORMAT, number(FORMAT_VERSION))
    }

    pub(crate) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn maybe(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn due(self, at: Option<IndexKey>) -> Self {
        match at {
            Some(at) => self.with(DUE_PK, text(at.pk)).with(DUE_SK, text(at.sk)),
            None => self,
        }
    }

    pub(crate) fn listed(self, at: IndexKey) -> Self {
        self.with(TEAM_PK, text(at.pk)).with(TEAM_SK, text(at.sk))
    }

    pub(crate) fn expires(self, at: Timestamp) -> Self {
        self.with(EXPIRES_AT, expiry(at))
    }

    pub(crate) fn document<T: Serialize>(self, port: &'static str, document: &T) -> Result<Self, PortError> {
        self.text_up_to(MOST_TEXT, port, document)
    }

    /// A document that readers of the stream find as text.
    pub(crate) fn readable_document<T: Serialize>(self, port: &'static str, document: &T) -> Result<Self, PortError> {
        self.text_up_to(MOST_READABLE, port, document)
    }

    fn text_up_to<T: Serialize>(self, most: usize, port: &'static str, document: &T) -> Result<Self, PortError> {
        let json = json(port, document)?;
        Ok(if json.len() > most { self.with(PACKED, bytes(deflate(json.as_bytes()))) } else { self.with(DOC, text(json)) })
    }

    pub(crate) fn build(self) -> Item {
        self.0
    }
}

pub(crate) fn json<T: Serialize>(port: &'static str, document: &T) -> Result<String, PortError> {
    serde_json::to_string(document).map_err(|e| PortError::Final { port, reason: format!("it can not be written as JSON: {e}") })
}

/// Reads an item.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    port: &'static str,
    kind: &'static str,
    item: &'a Item,
}

impl<'a> Reader<'a> {
    /// Refuses items of a form that this release does not know.
    pub(crate) fn new(port: &'static str, kind: &'static str, item: &'a Item) -> Result<Self, PortError> {
        let reader = Self { port, kind, item };
        let format: u32 = reader.number(FORMAT)?;
        if format == FORMAT_VERSION {
            Ok(reader)
        } else {
            Err(PortError::Final { port, reason: format!("a {kind} of form {format}: written by a newer release") })
        }
    }

    pub(crate) fn text(self, name: &'static str) -> Result<&'a str, PortError> {
        self.maybe_text(name).ok_or_else(|| self.damaged(name))
    }

    pub(crate) fn maybe_text(self, name: &str) -> Option<&'a str> {
        self.item.get(name)?.as_s().ok().map(String::as_str)
    }

    pub(crate) fn parsed<T: FromStr>(self, name: &'static str) -> Result<T, PortError> {
        self.text(name)?.parse().map_err(|_| self.damaged(name))
    }

    pub(crate) fn maybe_parsed<T: FromStr>(self, name: &'static str) -> Result<Option<T>, PortError> {
        self.maybe_text(name).map(|s| s.parse().map_err(|_| self.damaged(name))).transpose()
    }

    pub(crate) fn number<T: FromStr>(self, name: &'static str) -> Result<T, PortError> {
        self.maybe_number(name)?.ok_or_else(|| self.damaged(name))
    }

    pub(crate) fn maybe_number<T: FromStr>(self, name: &'static str) -> Result<Option<T>, PortError> {
        let Some(value) = self.item.get(name) else { return Ok(None) };
        value.as_n().ok().and_then(|n| n.parse().ok()).map(Some).ok_or_else(|| self.damaged(name))
    }

    pub(crate) fn flag(self, name: &'static str) -> Result<bool, PortError> {
        self.item.get(name).and_then(|v| v.as_bool().ok()).copied().ok_or_else(|| self.damaged(name))
    }

    pub(crate) fn maybe_bytes(self, name: &str) -> Option<&'a [u8]> {
        self.item.get(name)?.as_b().ok().map(Blob::as_ref)
    }

    pub(crate) fn texts(self, name: &'static str) -> Result<Vec<&'a str>, PortError> {
        let list = self.item.get(name).and_then(|v| v.as_l().ok()).ok_or_else(|| self.damaged(name))?;
        list.iter().map(|v| v.as_s().map(String::as_str).map_err(|_| self.damaged(name))).collect()
    }

    pub(crate) fn document<T: DeserializeOwned>(self) -> Result<T, PortError> {
        read_document(self.port, self.maybe_text(DOC), self.maybe_bytes(PACKED)).map_err(|e| match e {
            PortError::Final { port, reason } => PortError::Final { port, reason: format!("{}: {reason}", self.kind) },
            e @ (PortError::Transient { .. } | PortError::Throttled { .. }) => e,
        })
    }

    pub(crate) fn damaged(self, name: &str) -> PortError {
        PortError::Final { port: self.port, reason: format!("{name} of a {} is missing or damaged", self.kind) }
    }
}

/// A document out of its two possible attributes, [`DOC`] and [`PACKED`]: of an item that was read, or of an image in the stream.
pub fn read_document<T: DeserializeOwned>(port: &'static str, doc: Option<&str>, packed: Option<&[u8]>) -> Result<T, PortError> {
    let parsed = match (doc, packed) {
        (Some(doc), _) => serde_json::from_str(doc),
        (None, Some(packed)) => {
            let json = inflate(packed, MOST_UNPACKED).map_err(|e| PortError::Final { port, reason: format!("the packed document is damaged: {e}") })?;
            serde_json::from_slice(&json)
        }
        (None, None) => return Err(PortError::Final { port, reason: "there is no document".to_owned() }),
    };
    // serde's message may quote what it read; where it went wrong is enough to find it.
    parsed.map_err(|e| PortError::Final { port, reason: format!("the document can not be read at line {} column {}", e.line(), e.column()) })
}
