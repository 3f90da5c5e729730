//! Lanes, the pages that wait in them, and the links that pages carry. Part of [`ports`](crate::ports).

use super::keys::SecretHash;
use crate::error::PortError;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tocsin_domain::id::{ContactId, IncidentId, UserId};
use tocsin_domain::notification::lane::Lane;
use tocsin_domain::notification::page::{Page, PageKey};

/// A page with the lease that somebody holds on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedPage {
    /// The page.
    pub page: Page,
    /// Claimed until then; a claim whose sender died is taken again after it.
    pub leased_until: Option<Timestamp>,
}

/// A link that a page carries, as it is stored: bound to what it may do, and to when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcknowledgeLink {
    /// Incidents and the generation that it may acknowledge.
    pub incidents: Vec<(IncidentId, u32)>,
    /// Incidents that its holder was asked to help with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<IncidentId>,
    /// Who acknowledges; nobody in person for the last resort.
    pub user: Option<UserId>,
    /// No longer than.
    pub expires_at: Timestamp,
}

/// A claim on pages of one lane.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Which lane.
    pub contact: ContactId,
    /// The pages (45 at most); each must be free: not leased beyond `now`.
    pub pages: Vec<Page>,
    /// Now.
    pub now: Timestamp,
    /// Leased until.
    pub until: Timestamp,
    /// The lane with the new message on it and its new revision; none for the second and further parts of one message.
    pub lane: Option<Lane>,
    /// The link to store with it.
    pub link: Option<(SecretHash, AcknowledgeLink)>,
}

/// Why a claim did not happen. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// These pages are not wanted any more ([`Incident::wants`](tocsin_domain::incident::Incident::wants)): they must not be sent.
    #[error("{} pages were taken back", .0.len())]
    TakenBack(Vec<PageKey>),
    /// Somebody else claimed some of them, or used the lane: look again.
    #[error("somebody else was faster")]
    Conflict,
    /// The store failed; whether it was written is unknown.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Lanes and the pages that wait in them.
#[async_trait]
pub trait LaneStore: Send + Sync {
    /// What a contact method got lately.
    async fn lane(&self, contact: &ContactId) -> Result<Lane, PortError>;
    /// Pages of a lane that are due at `now` (`page.due <= now`), leased ones included, oldest due first, at most `limit`.
    async fn due_pages(&self, contact: &ContactId, now: Timestamp, limit: usize) -> Result<Vec<QueuedPage>, PortError>;
    /// Leases pages in one transaction which checks that each is still wanted ([`Incident::wants`](tocsin_domain::incident::Incident::wants)): its incident triggered in its generation, or its receiver asked to help.
    async fn claim(&self, claim: &Claim) -> Result<(), ClaimError>;
    /// Removes a page that must not be sent any more.
    async fn drop_page(&self, contact: &ContactId, key: &PageKey) -> Result<(), PortError>;
    /// A link by its hash; expired ones do not exist.
    async fn link(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<AcknowledgeLink>, PortError>;
}
