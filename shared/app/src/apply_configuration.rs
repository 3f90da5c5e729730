//! Applies a configuration: a new version, keys for new integrations, topics for e-mail.
//!
//! Called by: `api`. The version is one conditional flip; everything behind it is made good again by applying once more, so a crash in between loses nothing.

use crate::configuration_cache::{ConfigurationCache, gone_from};
use crate::configuration_history::since;
use crate::error::{AppError, WriteError};
use crate::ports::{Clock, ConfigurationStore, EmailContacts, EmailState, IdSource, IntegrationKey, MOST_HEARTBEATS_SINCE, SecretHash, VersionRecord};
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tocsin_domain::configuration::validate::validate;
use tocsin_domain::configuration::{Channel, Configuration, IntegrationKind};
use tocsin_domain::foresight::difference::{Summary, difference};
use tocsin_domain::id::{ContactId, IntegrationId, ServiceId, TeamId, UserId};
use tocsin_domain::incident::timeline::Actor;

/// Versions whose integrations are looked for when keys are made good. Only where so many in a row died behind their flip would a key outlive its integration.
const LOOKED_BACK: u64 = 16;
/// Publications of others meanwhile.
const TRIES: u32 = 8;

/// The use case.
#[derive(Clone)]
pub struct ApplyConfiguration {
    /// Versions, keys.
    pub store: Arc<dyn ConfigurationStore>,
    /// Reads versions.
    pub cache: Arc<ConfigurationCache>,
    /// Topics of e-mail contact methods.
    pub emails: Arc<dyn EmailContacts>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Fresh keys.
    pub ids: Arc<dyn IdSource>,
}

/// A key that was made, told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedKey {
    /// Of which integration.
    pub integration: IntegrationId,
    /// Its service.
    pub service: ServiceId,
    /// What it is meant for.
    pub kind: IntegrationKind,
    /// The key itself.
    pub key: String,
}

/// What is made good behind a version, by what the caller may see: keys and addresses are told to nobody else, so nothing of others is made for them either.
#[derive(Clone, Copy)]
pub struct Behind<'a> {
    /// Whether keys are made for integrations of this team that have none.
    pub keys_of: &'a (dyn Fn(&TeamId) -> bool + Send + Sync),
    /// Whether the e-mail addresses of this person are asked to confirm.
    pub reach_of: &'a (dyn Fn(&UserId) -> bool + Send + Sync),
}

impl Behind<'_> {
    /// Everything: for admins of the whole deployment.
    pub const ALL: Behind<'static> = Behind { keys_of: &|_| true, reach_of: &|_| true };
}

/// What applying did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The version that is current now.
    pub version: u64,
    /// Whether it is a new one.
    pub changed: bool,
    /// Keys that were made.
    pub created_keys: Vec<CreatedKey>,
    /// E-mail contact methods and how they stand.
    pub emails: Vec<(ContactId, EmailState)>,
}

impl ApplyConfiguration {
    /// Applies `configuration`, which is valid, if the current version is still `expected` (where the caller names one; `Some(0)` is "none yet").
    /// What is in force already is applied again without a new version, whatever was expected: the answer to the first time may have been lost.
    pub async fn run(&self, configuration: &Configuration, expected: Option<u64>, by: &Actor) -> Result<Applied, AppError> {
        self.publish(configuration, expected, by, None, Behind::ALL).await
    }

    /// The same for somebody who may change part of it: behind the version only what they may see is made good, and told.
    pub async fn run_for(&self, configuration: &Configuration, expected: Option<u64>, by: &Actor, behind: Behind<'_>) -> Result<Applied, AppError> {
        self.publish(configuration, expected, by, None, behind).await
    }

    /// Puts the document of an earlier version into force again, as a new version: history is never written anew.
    /// What this Tocsin would refuse today is refused here too, with every field.
    pub async fn rollback(&self, to: u64, expected: Option<u64>, by: &Actor) -> Result<Applied, AppError> {
        let not_found = || AppError::NotFound { what: format!("version {to} of the configuration") };
        let current = self.store.current_version().await?.unwrap_or(0);
        if to == 0 || to > current {
            return Err(not_found());
        }
        let document = self.cache.version(to).await?;
        if let Some(problem) = validate(&document).into_iter().next() {
            return Err(AppError::Invalid { field: problem.path, reason: format!("version {to} can not be used any more: {}", problem.message) });
        }
        self.publish(&document, expected, by, Some(to), Behind::ALL).await
    }

    async fn publish(
        &self,
        configuration: &Configuration,
        expected: Option<u64>,
        by: &Actor,
        rollback_to: Option<u64>,
        behind: Behind<'_>,
    ) -> Result<Applied, AppError> {
        let (current, old) = self.cache.current().await?;
        let changed = current == 0 || *old != *configuration;
        if let Some(expected) = expected.filter(|e| *e != current && changed) {
            return Err(self.moved(expected, current).await?);
        }
        let version = if changed { current + 1 } else { current };
        if changed {
            let summary = Some(Summary::of(&difference(&old, configuration)));
            let mut record = VersionRecord { summary, rollback_to, ..VersionRecord::new(version, self.clock.now(), by.clone()) };
            let gone = self.cache.gone_teams(current).await?;
            record.gone_teams = Some(gone_from(configuration, old.teams.iter().map(|t| &t.id).chain(&*gone).cloned()));
            if let Some(before) = &*self.cache.record(current).await? {
                record.heartbeats_since = heartbeats_since(before, &old, configuration, record.at);
            }
            match self.store.publish_configuration(&record, configuration).await {
                Ok(()) => {}
                Err(WriteError::Conflict) => {
                    let now = self.store.current_version().await?.unwrap_or(0);
                    return Err(self.moved(expected.unwrap_or(current), now).await?);
                }
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        let created_keys = self.settle_keys(behind).await?;
        let mut emails = Vec::new();
        for method in configuration.users.iter().filter(|u| (behind.reach_of)(&u.id)).flat_map(|u| &u.contact_methods).filter(|c| c.kind == Channel::Email) {
            emails.push((method.id.clone(), self.emails.ensure(&method.id, &method.to).await?));
        }
        Ok(Applied { version, changed, created_keys, emails })
    }

    async fn moved(&self, base: u64, now: u64) -> Result<AppError, AppError> {
        let meanwhile = since(self.store.as_ref(), base, now).await?;
        Ok(AppError::Moved { current: (now > 0).then_some(now), meanwhile })
    }

    /// A second key for an integration, so that senders can change over one by one.
    pub async fn rotate(&self, integration: &IntegrationId) -> Result<CreatedKey, AppError> {
        let (_, configuration) = self.cache.current().await?;
        let not_found = || AppError::NotFound { what: format!("integration {integration}") };
        let (_, kind, service, team) = configuration.keyed().find(|(id, ..)| *id == integration).ok_or_else(not_found)?;
        if self.store.keys_of(integration).await?.len() >= 2 {
            return Err(AppError::Invalid { field: "integration".to_owned(), reason: "it has two keys already: remove one first".to_owned() });
        }
        let (service, team, limits) = (service.id.clone(), team.clone(), configuration.limits_of(integration));
        let mapping = configuration.mapping_of(integration).to_vec();
        self.create(IntegrationKey { integration: integration.clone(), service, team, kind, limits, mapping }).await
    }

    /// Ends a key that its senders do not use any more. The last one stays: without a key an integration's senders would be refused.
    pub async fn revoke(&self, integration: &IntegrationId, key: &str) -> Result<(), AppError> {
        let (hash, hashes) = (SecretHash::of(key), self.store.keys_of(integration).await?);
        if !hashes.contains(&hash) {
            return Err(AppError::NotFound { what: format!("such key of integration {integration}") });
        }
        if hashes.len() == 1 {
            return Err(AppError::Invalid { field: "key".to_owned(), reason: "it is the integration's only one: make another first".to_owned() });
        }
        Ok(self.store.delete_integration_key(&hash, integration).await?)
    }

    /// Makes the keys those of the version in force: each integration has one, and what is not there any more has none. Whoever published before may have died on
    /// the way, so that several versions are looked back; and somebody may publish meanwhile, so that it is looked again.
    async fn settle_keys(&self, behind: Behind<'_>) -> Result<Vec<CreatedKey>, AppError> {
        let mut created = Vec::new();
        for _ in 0..TRIES {
            let (version, configuration) = self.cache.current().await?;
            created.extend(self.keys(&configuration, behind).await?);
            let mut gone: BTreeSet<IntegrationId> = BTreeSet::new();
            for before in version.saturating_sub(LOOKED_BACK).max(1)..version {
                gone.extend(self.cache.version(before).await?.keyed().map(|(id, ..)| id.clone()));
            }
            for (id, ..) in configuration.keyed() {
                gone.remove(id);
            }
            for id in &gone {
                for hash in self.store.keys_of(id).await? {
                    self.store.delete_integration_key(&hash, id).await?;
                }
            }
            if self.store.current_version().await?.unwrap_or(0) == version {
                return Ok(created);
            }
        }
        Err(AppError::Contention { what: "the keys of the configuration".to_owned() })
    }

    async fn keys(&self, configuration: &Configuration, behind: Behind<'_>) -> Result<Vec<CreatedKey>, AppError> {
        let mut created = Vec::new();
        for (id, kind, service, team) in configuration.keyed().filter(|(.., team)| (behind.keys_of)(team)) {
            let hashes = self.store.keys_of(id).await?;
            let limits = configuration.limits_of(id);
            let mapping = configuration.mapping_of(id).to_vec();
            let key = IntegrationKey { integration: id.clone(), service: service.id.clone(), team: team.clone(), kind, limits, mapping };
            for hash in &hashes {
                self.store.put_integration_key(hash, &key).await?;
            }
            if hashes.is_empty() {
                created.push(self.create(key).await?);
            }
        }
        Ok(created)
    }

    async fn create(&self, record: IntegrationKey) -> Result<CreatedKey, AppError> {
        let key = self.ids.secret();
        self.store.put_integration_key(&SecretHash::of(&key), &record).await?;
        let IntegrationKey { integration, service, kind, .. } = record;
        Ok(CreatedKey { integration, service, kind, key })
    }
}

/// Since when the heartbeats of `new` are there: one that the version before had is as old as it was, one that it had not is of `at`.
fn heartbeats_since(before: &VersionRecord, old: &Configuration, new: &Configuration, at: Timestamp) -> BTreeMap<IntegrationId, Timestamp> {
    let had: BTreeSet<&IntegrationId> = old.heartbeats.iter().map(|h| &h.id).collect();
    let since = |id: &IntegrationId| if had.contains(id) { before.heartbeats_since.get(id).copied() } else { Some(at) };
    let mut all: Vec<(IntegrationId, Timestamp)> = new.heartbeats.iter().filter_map(|h| Some((h.id.clone(), since(&h.id)?))).collect();
    all.sort_by_key(|(_, since)| Reverse(*since));
    all.truncate(MOST_HEARTBEATS_SINCE);
    all.into_iter().collect()
}
