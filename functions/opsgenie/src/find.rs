//! Which alert an identifier means.
//!
//! Refuses to find what belongs to another team, and what its sender deleted.

use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::error::AppError;
use tocsin_app::ports::{AlertStore, IncidentStore, IntegrationKey};
use tocsin_domain::alert::{Alert, AlertKey};
use tocsin_domain::id::{AlertId, IntegrationId};
use tocsin_ingest::source::opsgenie::key;

/// Numbers of incidents are smaller, numbers of alerts larger.
const MOST_INCIDENTS: u128 = 1_000_000_000_000;

pub(crate) struct Find<'a> {
    pub(crate) alerts: &'a dyn AlertStore,
    pub(crate) incidents: &'a dyn IncidentStore,
    pub(crate) configuration: &'a ConfigurationCache,
    pub(crate) caller: &'a IntegrationKey,
}

impl Find<'_> {
    /// By `identifierType`: `id` (the default; what is no id is tried as an alias then), `alias` or `tiny`.
    pub(crate) async fn run(&self, who: &str, kind: Option<&str>) -> Result<Option<Alert>, AppError> {
        let id = match (kind, who.parse::<AlertId>()) {
            (Some("tiny"), _) => self.tiny(who).await?,
            (Some("alias"), _) | (None | Some(""), Err(_)) => self.alias(who).await?,
            (_, Ok(id)) => Some(id),
            (Some(_), Err(_)) => None,
        };
        let Some(id) = id else { return Ok(None) };
        Ok(self.alerts.alerts(&[id]).await?.pop().filter(|a| a.team == self.caller.team && !a.deleted))
    }

    /// The alert that a key is open for, or was open for last: the caller's own, or another integration's of the same service (an alert that came through PagerDuty's
    /// route is found by its dedup key).
    async fn alias(&self, alias: &str) -> Result<Option<AlertId>, AppError> {
        let dedup_key = key(alias.to_owned()).0;
        if let Some(found) = self.guarded(&self.caller.integration, &dedup_key).await? {
            return Ok(Some(found));
        }
        let (_, configuration) = self.configuration.current().await?;
        for integration in configuration.service(&self.caller.service).iter().flat_map(|s| &s.integrations).filter(|i| i.id != self.caller.integration) {
            if let Some(found) = self.guarded(&integration.id, &dedup_key).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn guarded(&self, integration: &IntegrationId, dedup_key: &str) -> Result<Option<AlertId>, AppError> {
        let key = AlertKey { integration: integration.clone(), dedup_key: dedup_key.to_owned() };
        Ok(self.alerts.guard(&key).await?.map(|g| g.alert))
    }

    /// The number of an alert, which is its id in digits; or of an incident, whose first alert is meant.
    async fn tiny(&self, number: &str) -> Result<Option<AlertId>, AppError> {
        let Ok(number) = number.trim().trim_start_matches('#').parse::<u128>() else { return Ok(None) };
        if number >= MOST_INCIDENTS {
            return Ok(Some(AlertId::new(ulid::Ulid(number))));
        }
        let Some(incident) = self.incidents.incident_numbered(u64::try_from(number).unwrap_or(u64::MAX)).await? else { return Ok(None) };
        Ok(self.alerts.alerts_of(incident, None, 1).await?.pop())
    }
}
