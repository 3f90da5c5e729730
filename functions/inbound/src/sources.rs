//! Which integration takes what AWS delivers by invoking this function.
//!
//! The current configuration is remembered for a minute while the process lives, so that a repetition costs one call. A source that nobody took is looked for again each
//! time: one that was just written down works at once.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::error::PortError;
use tocsin_app::ports::{Clock, IntegrationKey};
use tocsin_domain::configuration::Configuration;

/// How long a configuration is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(60);

/// Looks it up.
pub struct Sources {
    configuration: Arc<ConfigurationCache>,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<(Arc<Configuration>, Timestamp)>>,
}

impl Sources {
    /// Remembers nothing yet.
    pub fn new(configuration: Arc<ConfigurationCache>, clock: Arc<dyn Clock>) -> Self {
        Self { configuration, clock, kept: Mutex::default() }
    }

    /// The integration that takes what any of these names says, if one does.
    pub async fn integration(&self, names: &[&str]) -> Result<Option<IntegrationKey>, PortError> {
        let now = self.clock.now();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((configuration, since)) = kept
            && now.duration_since(since) < REMEMBERED
            && let Some(found) = find(&configuration, names)
        {
            return Ok(Some(found));
        }
        let (_, configuration) = self.configuration.current().await?;
        let found = find(&configuration, names);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((configuration, now));
        Ok(found)
    }
}

fn find(configuration: &Configuration, names: &[&str]) -> Option<IntegrationKey> {
    let (integration, kind, service, team) = configuration.integration_of_source(names)?;
    Some(IntegrationKey {
        integration: integration.clone(),
        service: service.id.clone(),
        team: team.clone(),
        kind,
        mapping: Vec::new(),
        limits: configuration.limits_of(integration),
    })
}
