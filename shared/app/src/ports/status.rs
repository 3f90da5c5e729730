//! Readers of the status page, and the event bus. Part of [`ports`](crate::ports).

use super::keys::SecretHash;
use crate::error::PortError;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A reader of the status page who asked to be told, until they confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSubscriber {
    /// A phone number in E.164 form.
    pub phone: String,
    /// Hash of the code that was sent.
    pub code: SecretHash,
    /// Wrong codes so far.
    pub wrong: u32,
    /// No longer than.
    pub expires_at: Timestamp,
}

/// Readers who wait to be confirmed.
#[async_trait]
pub trait SubscriberStore: Send + Sync {
    /// Writes or replaces what waits under an id.
    async fn put_pending(&self, id: &str, pending: &PendingSubscriber) -> Result<(), PortError>;
    /// What waits under an id; expired ones do not exist.
    async fn pending(&self, id: &str, now: Timestamp) -> Result<Option<PendingSubscriber>, PortError>;
}

/// Stakeholders' subscriptions to the topic of this deployment.
#[async_trait]
pub trait StakeholderTopic: Send + Sync {
    /// Asks an address to confirm (the provider sends the question).
    async fn subscribe_email(&self, address: &str) -> Result<(), PortError>;
    /// Subscribes a phone that has confirmed by code; the answer is the subscription's id.
    async fn subscribe_sms(&self, phone: &str) -> Result<String, PortError>;
    /// Ends the subscription of a phone; that there is none is fine.
    async fn unsubscribe_sms(&self, phone: &str) -> Result<(), PortError>;
    /// Sends a confirmation code to a phone.
    async fn send_code(&self, phone: &str, text: &str) -> Result<(), PortError>;
}

/// The event bus.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Publishes entries; the answer says for each, in order, whether it arrived.
    async fn publish(&self, events: &[tocsin_contract::bus::Detail]) -> Result<Vec<Result<(), PortError>>, PortError>;
}
