//! Configuration, integration keys and API tokens. Part of [`ports`](crate::ports).

use super::keys::{IntegrationKey, SecretHash};
use crate::error::{PortError, WriteError};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tocsin_domain::access::Principal;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::foresight::difference::Summary;
use tocsin_domain::id::{IntegrationId, TeamId};
use tocsin_domain::incident::timeline::Actor;

/// What a published version of the configuration was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// Its number, from 1.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What it changed. Versions of before this was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The version whose document it put into force again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_to: Option<u64>,
    /// Teams that this version and those before it took away and that did not come back, the latest first: carried on from version to version, since a version
    /// alone knows only what it took away itself. None in versions of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_teams: Option<Vec<TeamId>>,
    /// Since when the heartbeats stand in the configuration that came behind the first version, carried on in the same way: what was pinged before was another one
    /// of that id. Published with the document itself, so that nothing can come between.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub heartbeats_since: BTreeMap<IntegrationId, Timestamp>,
}

/// Heartbeats of which a version tells since when they are there, the latest ones: it is one item. Of others old pings count.
pub const MOST_HEARTBEATS_SINCE: usize = 1500;

/// Teams that are gone, of which a version tells: each is one more that a list of all incidents asks for.
pub const MOST_GONE_TEAMS: usize = 100;

impl VersionRecord {
    /// A version of which nothing more is said.
    pub fn new(version: u64, at: Timestamp, by: Actor) -> Self {
        Self { version, at, by, summary: None, rollback_to: None, gone_teams: None, heartbeats_since: BTreeMap::new() }
    }

    /// On one line: who, when, what.
    pub fn words(&self) -> String {
        let what = match (&self.rollback_to, &self.summary) {
            (Some(v), Some(s)) => format!("back to version {v} ({})", s.words()),
            (Some(v), None) => format!("back to version {v}"),
            (None, Some(s)) => s.words(),
            (None, None) => "not recorded".to_owned(),
        };
        format!("version {} by {} at {}: {what}", self.version, self.by, self.at.strftime("%Y-%m-%d %H:%M:%S UTC"))
    }
}

/// Configuration, keys and tokens.
#[async_trait]
pub trait ConfigurationStore: Send + Sync {
    /// The present version; none before the first.
    async fn current_version(&self) -> Result<Option<u64>, PortError>;
    /// Who published a version, when, and what it changed.
    async fn version_record(&self, version: u64) -> Result<Option<VersionRecord>, PortError>;
    /// A version's document. Versions never change and never go away.
    async fn configuration(&self, version: u64) -> Result<Option<Configuration>, PortError>;
    /// Writes version `record.version` and flips the pointer to it, if the pointer still stands at `record.version - 1` (Conflict).
    async fn publish_configuration(&self, record: &VersionRecord, configuration: &Configuration) -> Result<(), WriteError>;
    /// What a key opens.
    async fn integration_key(&self, hash: &SecretHash) -> Result<Option<IntegrationKey>, PortError>;
    /// Hashes of the keys that an integration has (two at once during rotation).
    async fn keys_of(&self, integration: &IntegrationId) -> Result<Vec<SecretHash>, PortError>;
    /// Writes or replaces what a key opens.
    async fn put_integration_key(&self, hash: &SecretHash, key: &IntegrationKey) -> Result<(), PortError>;
    /// A key opens nothing any more.
    async fn delete_integration_key(&self, hash: &SecretHash, integration: &IntegrationId) -> Result<(), PortError>;
    /// Whom an API token stands for.
    async fn token(&self, hash: &SecretHash) -> Result<Option<Principal>, PortError>;
    /// Writes a token.
    async fn put_token(&self, hash: &SecretHash, principal: &Principal) -> Result<(), PortError>;
    /// All tokens, in no order that means anything.
    async fn tokens(&self) -> Result<Vec<(SecretHash, Principal)>, PortError>;
    /// A token stands for nobody any more.
    async fn delete_token(&self, hash: &SecretHash) -> Result<(), PortError>;
}
