//! Alertmanager's API v2: `POST {prefix}/api/v2/alerts`, what Prometheus and vmalert post when Tocsin stands in Alertmanager's place.
//!
//! Called by: the ingest handler. An alert is posted again every 30 s to some minutes while it fires, with `endsAt` in the
//! future; it is resolved when `endsAt` has passed. A sender that dies sends nothing: whoever stores the alert resolves it at `Posted::ends_at` unless it
//! was posted again. An alert without `endsAt` holds until it is resolved. Identity, texts and bounds: see [`alertmanager`](super::alertmanager).

use super::alertmanager;
use super::{Answer, Batch, Refusal};
use jiff::Timestamp;

/// Reads a list of alerts. `now` tells the firing ones from the resolved.
///
/// # Errors
/// A [`Refusal`] where no alert can be found in the body.
pub fn parse(body: &[u8], now: Timestamp) -> Result<Posted, Refusal> {
    let batch = alertmanager::read(body, "Prometheus", |alert| Some(alertmanager::moment(alert, "endsAt").is_some_and(|end| end <= now)))?;
    let ends_at = batch.events.iter().map(|event| event.details.as_object().and_then(|alert| alertmanager::moment(alert, "endsAt"))).collect();
    Ok(Posted { batch, ends_at })
}

/// The alerts of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// What happened.
    pub batch: Batch,
    /// For each of `batch.events`, until when it holds without being posted again; nothing where the sender does not say.
    pub ends_at: Vec<Option<Timestamp>>,
}

/// What a sender's discovery sees: an Alertmanager that is ready.
pub fn status() -> Answer {
    let body = r#"{"cluster":{"status":"disabled","peers":[]},"versionInfo":{"version":"0.28.0"},"config":{"original":""},"uptime":"2026-01-01T00:00:00Z"}"#;
    Answer::new(200, body.to_owned())
}
