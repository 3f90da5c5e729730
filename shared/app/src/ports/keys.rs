//! Secrets and what they open. Part of [`ports`](crate::ports).

use serde::{Deserialize, Serialize};
use tocsin_domain::alert::mapping::Rule;
use tocsin_domain::configuration::IntegrationKind;
use tocsin_domain::flood::Limits;
use tocsin_domain::id::{IntegrationId, ServiceId, TeamId};

/// A secret's SHA-256 in hex: what is stored instead of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(pub String);

impl SecretHash {
    /// Hashes a secret. Secrets are long and random, so one round is enough; comparing hashes by looking them up reveals nothing of the secret.
    pub fn of(secret: &str) -> Self {
        // The digest of an alert key is exactly this hash; secrets and dedup keys never share a key space in the table.
        use sha2::Digest;
        Self(tocsin_domain::hex::hex(&sha2::Sha256::digest(secret.as_bytes())))
    }
}

/// What an integration key opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationKey {
    /// Which integration.
    pub integration: IntegrationId,
    /// Its service when the configuration was last applied.
    pub service: ServiceId,
    /// The service's team then.
    pub team: TeamId,
    /// What it is meant for.
    pub kind: IntegrationKind,
    /// How many new alerts in a minute it may bring.
    #[serde(default, skip_serializing_if = "Limits::are_usual")]
    pub limits: Limits,
    /// How to read bodies of any form. Here, so that ingest knows it with the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mapping: Vec<Rule>,
}
