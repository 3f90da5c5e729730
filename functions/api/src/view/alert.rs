//! An alert.

use jiff::Timestamp;
use serde::Serialize;
use tocsin_domain::alert::{Alert, AlertState};
use utoipa::ToSchema;

/// An alert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub(crate) struct AlertView {
    id: String,
    integration: String,
    dedup_key: String,
    /// open or resolved.
    state: &'static str,
    severity: &'static str,
    summary: String,
    source: String,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// What was changed to accept it.
    adapted: Vec<String>,
    /// Everything else that the sender said.
    #[schema(value_type = serde_json::Value)]
    details: serde_json::Value,
}

impl From<&Alert> for AlertView {
    fn from(a: &Alert) -> Self {
        Self {
            id: a.id.to_string(),
            integration: a.key.integration.to_string(),
            dedup_key: a.key.dedup_key.clone(),
            state: if a.state == AlertState::Open { "open" } else { "resolved" },
            severity: a.severity.as_str(),
            summary: a.event.summary.clone(),
            source: a.event.source.clone(),
            received_at: a.received_at,
            adapted: a.event.adapted.clone(),
            details: a.event.details.clone(),
        }
    }
}
