//! How contact methods stand, in memory, and codes that are kept for tests.

use super::store::{Logged, State};
use super::{Faults, MemoryStore, lock};
use crate::error::{PortError, WriteError};
use crate::ports::{ContactCodes, VerificationStore};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::{Arc, Mutex};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::ContactId;
use tocsin_domain::notification::verification::Verification;

impl MemoryStore {
    /// Everybody in a configuration has verified all of their contact methods.
    pub fn verify_everybody(&self, configuration: &Configuration, now: Timestamp) {
        self.change(|s| {
            for method in configuration.users.iter().flat_map(|u| &u.contact_methods) {
                s.verifications.entry(method.id.clone()).or_default().verify(method, now);
                s.log.push(Logged::Verified { at: Some(now), contact: method.id.clone(), address: Some(method.to.clone()) });
            }
        });
    }
}

impl MemoryStore {
    /// Nobody has verified this contact method.
    pub fn forget_verification(&self, contact: &ContactId) {
        let at = self.faults.now();
        self.change(|s| {
            s.verifications.remove(contact);
            s.log.push(Logged::Verified { at, contact: contact.clone(), address: None });
        });
    }
}

#[async_trait]
impl VerificationStore for MemoryStore {
    async fn verification(&self, contact: &ContactId) -> Result<Verification, PortError> {
        self.call("VerificationStore::verification", |s| Ok(s.verifications.get(contact).cloned().unwrap_or_default())).await
    }

    async fn put_verification(&self, contact: &ContactId, verification: &Verification) -> Result<(), WriteError> {
        let put = |s: &mut State| {
            if s.verifications.get(contact).map_or(0, |v| v.revision) + 1 != verification.revision {
                return Err(WriteError::Conflict);
            }
            s.verifications.insert(contact.clone(), verification.clone());
            Ok(())
        };
        self.call("VerificationStore::put_verification", put).await
    }
}

/// Contact methods that codes were asked for.
#[derive(Debug)]
pub struct MemoryCodes {
    faults: Arc<Faults>,
    asked: Mutex<Vec<ContactId>>,
}

impl MemoryCodes {
    /// None yet.
    pub fn new(faults: Arc<Faults>) -> Self {
        Self { faults, asked: Mutex::default() }
    }

    /// For which contact methods codes were asked, in order.
    pub fn asked(&self) -> Vec<ContactId> {
        lock(&self.asked).clone()
    }
}

#[async_trait]
impl ContactCodes for MemoryCodes {
    async fn send_code(&self, contact: &ContactId) -> Result<(), PortError> {
        let send = || {
            lock(&self.asked).push(contact.clone());
            Ok(())
        };
        self.faults.around("ContactCodes::send_code", send).await
    }
}
