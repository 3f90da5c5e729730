//! Traces events: where each one ended, by the sender's key or by an alert.
//!
//! Called by: `api`. Nothing is stored for it: the guard of a key knows its latest alert, and each alert the one before it. Refuses to search: a key is asked of
//! the integrations that it may belong to.

use crate::configuration_cache::ConfigurationCache;
use crate::error::AppError;
use crate::ports::{AlertStore, IncidentStore};
use std::sync::Arc;
use tocsin_domain::alert::{Alert, AlertKey};
use tocsin_domain::id::AlertId;
use tocsin_domain::ledger::{End, sentence};

/// Alerts of a key that are told: the latest ones.
pub const MOST_ALERTS: usize = 20;

/// Keys that are asked for together.
const AT_ONCE: usize = 8;

/// The use case.
#[derive(Clone)]
pub struct TraceAlerts {
    /// Alerts and guards.
    pub alerts: Arc<dyn AlertStore>,
    /// Their incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// Why they joined.
    pub configuration: Arc<ConfigurationCache>,
}

/// Where an alert ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// The alert.
    pub alert: Alert,
    /// Events that were counted on it, the first included; unknown where its key is not remembered any more.
    pub events: Option<u64>,
    /// Its end.
    pub end: End,
}

impl Traced {
    /// All of it in words.
    pub fn sentence(&self) -> String {
        sentence(&self.alert, self.events, &self.end)
    }
}

impl TraceAlerts {
    /// Alerts that a key had, the latest first. Empty: none, or none in the time for which a closed key is remembered.
    pub async fn by_key(&self, key: &AlertKey) -> Result<Vec<Traced>, AppError> {
        let mut traced = Vec::new();
        let mut next = self.alerts.guard(key).await?.map(|g| (g.alert, g.count));
        while let Some((id, events)) = next.filter(|_| traced.len() < MOST_ALERTS) {
            let Some(alert) = self.alerts.alerts(&[id]).await?.pop() else { break };
            next = alert.previous.map(|p| (p.alert, p.events));
            let end = self.end_of(&alert).await?;
            traced.push(Traced { alert, events: Some(events), end });
        }
        Ok(traced)
    }

    /// Alerts that several keys had: a sender's key under each of several integrations.
    pub async fn by_keys(&self, keys: &[AlertKey]) -> Result<Vec<Traced>, AppError> {
        let mut traced = Vec::new();
        for part in keys.chunks(AT_ONCE) {
            for found in futures::future::join_all(part.iter().map(|key| self.by_key(key))).await {
                traced.extend(found?);
            }
        }
        Ok(traced)
    }

    /// An alert by its id.
    pub async fn alert(&self, id: AlertId) -> Result<Option<Traced>, AppError> {
        let Some(alert) = self.alerts.alerts(&[id]).await?.pop() else { return Ok(None) };
        // Where the key has had other alerts since, they know how many events this one had.
        let known = self.by_key(&alert.key).await?.into_iter().find(|t| t.alert.id == id);
        let end = self.end_of(&alert).await?;
        Ok(Some(Traced { events: known.and_then(|t| t.events), alert, end }))
    }

    async fn end_of(&self, alert: &Alert) -> Result<End, AppError> {
        let incident = match alert.incident {
            Some(id) => self.incidents.incident(id).await?,
            None => None,
        };
        let configuration = match &incident {
            Some(i) => Some(self.configuration.version(i.config_version).await?),
            None => None,
        };
        let service = incident.as_ref().zip(configuration.as_ref()).and_then(|(i, c)| c.service(&i.service));
        Ok(End::of(alert, incident.as_ref(), service))
    }
}
