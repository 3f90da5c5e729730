//! Ingest: every wire format in, durable events out, and the answer that each format's senders understand.
//!
//! Called by: alert sources, through the HTTP API. Answers 2xx only after the durable write.
//! Refuses to know incidents, people and policies; what an event leads to follows from the stream.

pub mod keys;
pub mod source;

use futures::stream::{self, StreamExt};
use keys::KeyCache;
use source::{Answer, Batch, KeyedFormat, Refusal, alertmanager, generic, grafana, pagerduty_v1, pagerduty_v2};
use std::collections::BTreeMap;
use std::sync::Arc;
use tocsin_app::accept_event::{AcceptEvent, Accepted};
use tocsin_app::error::AppError;
use tocsin_app::ports::{ConfigurationStore, IdSource, IntegrationKey};
use tocsin_domain::alert::event::Event;

/// Alerts of one delivery that are written at the same time.
const AT_ONCE: usize = 16;

/// The function, over its ports.
pub struct Ingest {
    accept: AcceptEvent,
    keys: KeyCache,
    ids: Arc<dyn IdSource>,
}

impl Ingest {
    /// A function with an empty key cache.
    pub fn new(accept: AcceptEvent, configuration: Arc<dyn ConfigurationStore>) -> Self {
        let ids = accept.ids.clone();
        Self { keys: KeyCache::new(configuration, accept.clock.clone()), accept, ids }
    }

    /// Answers one request. `path` is the decoded path; a trailing slash, and a doubled one, change nothing.
    pub async fn handle(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        match parts.as_slice() {
            ["v2", "enqueue"] => self.only_post(method, self.pagerduty(&pagerduty_v2::FORMAT, body)).await,
            ["generic", "2010-04-15", "create_event.json"] => self.only_post(method, self.pagerduty(&pagerduty_v1::FORMAT, body)).await,
            ["v1", "integrations", "alertmanager", key] => self.only_post(method, self.webhook(key, body, alertmanager::parse)).await,
            ["v1", "integrations", "grafana", key] => self.only_post(method, self.webhook(key, body, grafana::parse)).await,
            ["v1", "integrations", "generic", key] => self.only_post(method, self.webhook(key, body, generic::parse_batch)).await,
            _ => answer(404, "not found", "there is nothing at this address; senders use /v2/enqueue or /v1/integrations/alertmanager/KEY"),
        }
    }

    async fn only_post(&self, method: &str, handled: impl Future<Output = Answer>) -> Answer {
        match method {
            "POST" | "PUT" => handled.await,
            _ => answer(405, "method not allowed", "this address takes POST"),
        }
    }

    async fn pagerduty(&self, format: &KeyedFormat, body: &[u8]) -> Answer {
        let parsed = match (format.parse)(body, &|| self.ids.secret()) {
            Ok(parsed) => parsed,
            Err(refusal) => return refusal.into(),
        };
        let integration = match self.keys.integration(&parsed.routing_key).await {
            Ok(Some(integration)) => integration,
            Ok(None) => return (format.unknown_key)().into(),
            Err(e) => return unavailable(&e.into()),
        };
        let dedup_key = parsed.event.dedup_key.clone();
        match self.accept.run(&integration, parsed.event).await {
            Ok(accepted) => {
                log(&integration, &accepted);
                (format.accepted)(&dedup_key)
            }
            Err(e) => unavailable(&e),
        }
    }

    /// Formats whose key stands in the address.
    async fn webhook(&self, key: &str, body: &[u8], parse: impl FnOnce(&[u8]) -> Result<Batch, Refusal>) -> Answer {
        let integration = match self.keys.integration(key).await {
            Ok(Some(integration)) => integration,
            // Alertmanager drops what is answered with 4xx, whichever it is.
            Ok(None) => return answer(404, "unknown integration key", "no integration has the key at the end of this address"),
            Err(e) => return unavailable(&e.into()),
        };
        match parse(body) {
            Ok(batch) => self.batch(&integration, batch).await,
            Err(refusal) => refusal.into(),
        }
    }

    /// All of a batch, or an error that makes the sender deliver it again: those that were written before are repetitions then.
    async fn batch(&self, integration: &IntegrationKey, mut batch: Batch) -> Answer {
        let events = std::mem::take(&mut batch.events);
        let count = events.len();
        // Events of one key keep their order; different keys need none.
        let mut by_key: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for event in events {
            by_key.entry(event.dedup_key.clone()).or_default().push(event);
        }
        let results: Vec<Result<(), AppError>> = stream::iter(by_key.into_values())
            .map(|events| async {
                for event in folded(events) {
                    log(integration, &self.accept.run(integration, event).await?);
                }
                Ok(())
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        match results.into_iter().find_map(Result::err) {
            Some(e) => unavailable(&e),
            None => batch.answer_for(count),
        }
    }
}

/// Equal actions in a row on one key are one: the later ones say nothing new.
fn folded(events: Vec<Event>) -> Vec<Event> {
    let mut kept: Vec<Event> = Vec::with_capacity(1);
    for event in events {
        match kept.last_mut() {
            Some(last) if last.action == event.action => last.severity = last.severity.min(event.severity),
            _ => kept.push(event),
        }
    }
    kept
}

fn log(integration: &IntegrationKey, accepted: &Accepted) {
    match accepted {
        Accepted::Repeated(alert) => tracing::debug!(integration = %integration.integration, %alert, "repeated"),
        Accepted::Opened(alert) => tracing::info!(integration = %integration.integration, %alert, "opened"),
        Accepted::Raised(alert) => tracing::info!(integration = %integration.integration, %alert, "raised"),
        Accepted::Resolved(alert) => tracing::info!(integration = %integration.integration, %alert, "resolved"),
        Accepted::AcknowledgementAsked(alert) => tracing::info!(integration = %integration.integration, %alert, "acknowledgement asked"),
        Accepted::NothingOpen => tracing::info!(integration = %integration.integration, "nothing open with this key"),
    }
}

/// The sender shall deliver it again: every format's senders do on 503.
fn unavailable(error: &AppError) -> Answer {
    tracing::error!(%error, "event not accepted; its sender is told to deliver it again");
    answer(503, "unavailable", "the event was not stored; deliver it again")
}

fn answer(status: u16, kind: &str, message: &str) -> Answer {
    Answer { status, body: serde_json::json!({"status": kind, "message": message, "errors": [message]}).to_string() }
}
