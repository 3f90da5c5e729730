//! What goes to people: messages, and whether contact methods reach their owners. Part of [`ports`](crate::ports).

use crate::error::{PortError, WriteError};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tocsin_domain::configuration::Channel;
use tocsin_domain::id::ContactId;
use tocsin_domain::notification::message::Message;
use tocsin_domain::notification::verification::Verification;

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The contact method; names the topic for e-mail.
    pub contact: ContactId,
    /// The channel.
    pub channel: Channel,
    /// Phone number or address; empty for the last resort.
    pub to: String,
}

/// Why a message did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The provider refuses it, and will go on to: opted out, no such number, no such topic.
    #[error("{0}")]
    Refused(String),
    /// It may work later; whether this one left is unknown.
    #[error("{0} (may work when tried again)")]
    Unavailable(String),
}

/// Sends messages to people.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Sends one; the answer is the provider's id.
    async fn send(&self, to: &Destination, message: &Message) -> Result<String, SendError>;
}

/// How an e-mail contact stands with the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailState {
    /// Their owner confirmed.
    Confirmed,
    /// A confirmation was sent and waits.
    Pending,
    /// No subscription.
    Missing,
}

/// The e-mail side of contact methods: a topic and a subscription for each.
#[async_trait]
pub trait EmailContacts: Send + Sync {
    /// Makes sure that the topic is there and that the address is asked to confirm; harmless when repeated.
    async fn ensure(&self, contact: &ContactId, address: &str) -> Result<EmailState, PortError>;
    /// How it stands.
    async fn state(&self, contact: &ContactId, address: &str) -> Result<EmailState, PortError>;
}

/// How contact methods stand: whether their owners have verified them.
#[async_trait]
pub trait VerificationStore: Send + Sync {
    /// How a contact method stands, read consistently; the default where nothing is known of it.
    async fn verification(&self, contact: &ContactId) -> Result<Verification, PortError>;
    /// Writes it with its new revision (1 for the first). Conflict: somebody else wrote first.
    async fn put_verification(&self, contact: &ContactId, verification: &Verification) -> Result<(), WriteError>;
}

/// Has codes sent to phones of the configuration. Whoever holds this can name a contact method, and neither a number nor a text.
#[async_trait]
pub trait ContactCodes: Send + Sync {
    /// A code goes to the contact method, if it is a phone and has had none for a while.
    async fn send_code(&self, contact: &ContactId) -> Result<(), PortError>;
}
