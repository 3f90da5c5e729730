//! Integration keys, remembered for a minute while the process lives, so that a repetition costs one call.
//!
//! Unknown keys are never remembered: a key that was just made works at once. A removed one works for a minute more at most.

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tocsin_app::error::PortError;
use tocsin_app::ports::{Clock, IntegrationKey, KeyReader, SecretHash};

/// How long a key is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(60);
/// Keys that a process remembers at once.
const MOST: usize = 1000;

/// The cache.
pub struct KeyCache {
    store: Arc<dyn KeyReader>,
    clock: Arc<dyn Clock>,
    known: Mutex<BTreeMap<SecretHash, (IntegrationKey, Timestamp)>>,
}

impl KeyCache {
    /// Remembers nothing yet.
    pub fn new(store: Arc<dyn KeyReader>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: Mutex::default() }
    }

    /// What a key opens, if it is one.
    pub async fn integration(&self, key: &str) -> Result<Option<IntegrationKey>, PortError> {
        let hash = SecretHash::of(key);
        let now = self.clock.now();
        if let Some((found, since)) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&hash)
            && now.duration_since(*since) < REMEMBERED
        {
            return Ok(Some(found.clone()));
        }
        let found = self.store.integration_key(&hash).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &found {
            Some(key) => {
                if known.len() >= MOST {
                    known.clear();
                }
                known.insert(hash, (key.clone(), now));
            }
            None => {
                known.remove(&hash);
            }
        }
        Ok(found)
    }
}
