//! The canonical event: what every wire format is parsed into.
//!
//! Refuses to know any sender's format; the parsers live in `functions/ingest/src/source/`.

use super::Severity;
use crate::incident::Priority;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the sender asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The problem is there (again, or still).
    Trigger,
    /// Somebody works on it.
    Acknowledge,
    /// It is over.
    Resolve,
}

/// A link that a page may show. Only `http` and `https` addresses are rendered as links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// What it says; empty where the sender gave none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// An image that a page may show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Address of the image.
    pub src: String,
    /// Where a click leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Text instead of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

/// One event in Tocsin's own form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What the sender asks for.
    pub action: Action,
    /// The sender's key, or one that was generated where the format allows none.
    pub dedup_key: String,
    /// One line that says what is wrong: at most 1,024 characters, longer ones are cut and noted. Empty on acknowledge and resolve.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Where: a host, a service, a URL.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// How bad.
    pub severity: Severity,
    /// Importance, where the sender states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// When the sender says that it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Part of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Logical grouping of the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Kind of the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Name of the sending tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Where the sending tool shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_url: Option<String>,
    /// Links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Everything else that the sender said, kept whole (`custom_details`, labels and annotations); null where nothing was.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
    /// What was adapted to accept it ("summary cut from 2000 to 1024 characters"), shown on the alert.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adapted: Vec<String>,
}

impl Event {
    /// What every event says, and nothing else.
    pub fn bare(action: Action, dedup_key: String, severity: Severity) -> Self {
        Self {
            action,
            dedup_key,
            summary: String::new(),
            source: String::new(),
            severity,
            priority: None,
            occurred_at: None,
            component: None,
            group: None,
            class: None,
            client: None,
            client_url: None,
            links: Vec::new(),
            images: Vec::new(),
            details: serde_json::Value::Null,
            adapted: Vec::new(),
        }
    }
}
