//! Something was deployed, switched or configured.

use jiff::Timestamp;
use serde::Serialize;
use tocsin_domain::change_event::Change;
use utoipa::ToSchema;

/// Something was deployed, switched or configured.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub(crate) struct ChangeView {
    /// The same for the same words, for `/v1/trace`.
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    summary: String,
    source: String,
    integration: String,
    links: Vec<LinkView>,
    /// Everything else that the sender said.
    #[schema(value_type = serde_json::Value)]
    details: serde_json::Value,
}

/// A link that a sender gave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Link)]
pub(crate) struct LinkView {
    href: String,
    text: String,
}

impl From<&Change> for ChangeView {
    fn from(c: &Change) -> Self {
        Self {
            id: c.digest.clone(),
            at: c.at,
            summary: c.event.summary.clone(),
            source: c.event.source.clone(),
            integration: c.integration.to_string(),
            links: c.event.links.iter().map(|l| LinkView { href: l.href.clone(), text: l.text.clone() }).collect(),
            details: c.event.details.clone(),
        }
    }
}
