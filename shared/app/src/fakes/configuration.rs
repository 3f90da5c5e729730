//! Configuration, keys, tokens and readers who wait to be confirmed, in memory.

use super::MemoryStore;
use super::store::{Logged, State};
use crate::error::{PortError, WriteError};
use crate::ports::{ConfigurationStore, IntegrationKey, PendingSubscriber, SecretHash, SubscriberStore, VersionRecord};
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_domain::access::Principal;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::IntegrationId;

#[async_trait]
impl ConfigurationStore for MemoryStore {
    async fn current_version(&self) -> Result<Option<u64>, PortError> {
        self.call("ConfigurationStore::current_version", |s| Ok(s.current_version)).await
    }

    async fn version_record(&self, version: u64) -> Result<Option<VersionRecord>, PortError> {
        self.call("ConfigurationStore::version_record", |s| Ok(s.configurations.get(&version).map(|(r, _)| r.clone()))).await
    }

    async fn configuration(&self, version: u64) -> Result<Option<Configuration>, PortError> {
        self.call("ConfigurationStore::configuration", |s| Ok(s.configurations.get(&version).map(|(_, c)| c.clone()))).await
    }

    async fn publish_configuration(&self, record: &VersionRecord, configuration: &Configuration) -> Result<(), WriteError> {
        let publish = |s: &mut State| {
            if s.current_version.unwrap_or(0) + 1 != record.version {
                return Err(WriteError::Conflict);
            }
            s.configurations.insert(record.version, (record.clone(), configuration.clone()));
            s.current_version = Some(record.version);
            s.log.push(Logged::Published { at: s.now, version: record.version });
            Ok(())
        };
        self.call("ConfigurationStore::publish_configuration", publish).await
    }

    async fn integration_key(&self, hash: &SecretHash) -> Result<Option<IntegrationKey>, PortError> {
        self.call("ConfigurationStore::integration_key", |s| Ok(s.keys.get(hash).cloned())).await
    }

    async fn keys_of(&self, integration: &IntegrationId) -> Result<Vec<SecretHash>, PortError> {
        let keys = |s: &mut State| Ok(s.keys_of.iter().filter(|(i, _)| i == integration).map(|(_, h)| h.clone()).collect());
        self.call("ConfigurationStore::keys_of", keys).await
    }

    async fn put_integration_key(&self, hash: &SecretHash, key: &IntegrationKey) -> Result<(), PortError> {
        let put = |s: &mut State| {
            s.keys.insert(hash.clone(), key.clone());
            s.keys_of.insert((key.integration.clone(), hash.clone()));
            Ok(())
        };
        self.call("ConfigurationStore::put_integration_key", put).await
    }

    async fn delete_integration_key(&self, hash: &SecretHash, integration: &IntegrationId) -> Result<(), PortError> {
        let delete = |s: &mut State| {
            s.keys.remove(hash);
            s.keys_of.remove(&(integration.clone(), hash.clone()));
            Ok(())
        };
        self.call("ConfigurationStore::delete_integration_key", delete).await
    }

    async fn token(&self, hash: &SecretHash) -> Result<Option<Principal>, PortError> {
        self.call("ConfigurationStore::token", |s| Ok(s.tokens.get(hash).cloned())).await
    }

    async fn put_token(&self, hash: &SecretHash, principal: &Principal) -> Result<(), PortError> {
        let put = |s: &mut State| {
            s.tokens.insert(hash.clone(), principal.clone());
            Ok(())
        };
        self.call("ConfigurationStore::put_token", put).await
    }

    async fn tokens(&self) -> Result<Vec<(SecretHash, Principal)>, PortError> {
        self.call("ConfigurationStore::tokens", |s| Ok(s.tokens.clone().into_iter().collect())).await
    }

    async fn delete_token(&self, hash: &SecretHash) -> Result<(), PortError> {
        let delete = |s: &mut State| {
            s.tokens.remove(hash);
            Ok(())
        };
        self.call("ConfigurationStore::delete_token", delete).await
    }
}

#[async_trait]
impl SubscriberStore for MemoryStore {
    async fn put_pending(&self, id: &str, pending: &PendingSubscriber) -> Result<(), PortError> {
        let put = |s: &mut State| {
            s.pending.insert(id.to_owned(), pending.clone());
            Ok(())
        };
        self.call("SubscriberStore::put_pending", put).await
    }

    async fn pending(&self, id: &str, now: Timestamp) -> Result<Option<PendingSubscriber>, PortError> {
        self.call("SubscriberStore::pending", |s| Ok(s.pending.get(id).filter(|p| p.expires_at > now).cloned())).await
    }
}
