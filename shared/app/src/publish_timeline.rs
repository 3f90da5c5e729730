//! Puts timeline entries on the bus, and nothing else: topics, webhooks, chat and pages hang on its rules.
//!
//! Called by: `publish` (from the stream), `redrive`. Entries are immutable and their events carry an id, so repetition is harmless.

use crate::configuration_cache::ConfigurationCache;
use crate::error::AppError;
use crate::ports::EventBus;
use std::sync::Arc;
use tocsin_contract::bus::Detail;
use tocsin_domain::incident::timeline::Entry;

/// The use case.
#[derive(Clone)]
pub struct PublishTimeline {
    /// The bus.
    pub bus: Arc<dyn EventBus>,
    /// Names of services.
    pub configuration: Arc<ConfigurationCache>,
}

impl PublishTimeline {
    /// Publishes entries; the answer has the positions of those that did not arrive.
    pub async fn run(&self, entries: &[Entry]) -> Result<Vec<usize>, AppError> {
        let (_, configuration) = self.configuration.current().await?;
        let name = |e: &Entry| configuration.service(&e.service).map_or_else(|| e.service.to_string(), |s| s.name.clone());
        let details: Vec<Detail> = entries.iter().map(|e| Detail::of(e, &name(e))).collect();
        let answers = self.bus.publish(&details).await?;
        Ok(answers.into_iter().enumerate().filter_map(|(i, a)| a.err().map(|_| i)).collect())
    }
}
