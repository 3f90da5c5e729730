//! Lanes, waiting pages and acknowledge links in memory.

use super::MemoryStore;
use super::store::{Logged, State};
use crate::error::PortError;
use crate::ports::{AcknowledgeLink, Claim, ClaimError, LaneStore, QueuedPage, SecretHash};
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_domain::id::ContactId;
use tocsin_domain::notification::lane::Lane;
use tocsin_domain::notification::page::{Page, PageKey};

/// A claim takes no more pages than this: each costs a write and a check of its incident.
const MOST_PAGES: usize = 45;

impl State {
    fn due_pages(&self, contact: &ContactId, now: Timestamp, limit: usize) -> Vec<QueuedPage> {
        let mut due: Vec<QueuedPage> = self.pages.iter().filter(|((c, _), p)| c == contact && p.page.due <= now).map(|(_, p)| p.clone()).collect();
        due.sort_by_key(|p| p.page.due);
        due.truncate(limit);
        due
    }

    fn wanted(&self, key: &PageKey) -> bool {
        self.incidents.get(&key.incident).is_some_and(|i| i.wants(key))
    }

    fn claim(&mut self, c: &Claim) -> Result<(), ClaimError> {
        if c.pages.len() > MOST_PAGES {
            let reason = format!("{} pages in one claim", c.pages.len());
            return Err(ClaimError::Port(PortError::Final { port: "LaneStore::claim", reason }));
        }
        let taken_back: Vec<PageKey> = c.pages.iter().map(|p| &p.key).filter(|k| !self.wanted(k)).cloned().collect();
        if !taken_back.is_empty() {
            return Err(ClaimError::TakenBack(taken_back));
        }
        let name = |key: &PageKey| (c.contact.clone(), key.clone());
        // The very page that was read, and in nobody's hands.
        let free = |stored: &QueuedPage, read: &Page| {
            (stored.page.due, stored.page.tries) == (read.due, read.tries) && stored.leased_until.is_none_or(|until| until <= c.now)
        };
        if !c.pages.iter().all(|p| self.pages.get(&name(&p.key)).is_some_and(|stored| free(stored, p))) {
            return Err(ClaimError::Conflict);
        }
        if let Some(lane) = &c.lane {
            if self.lanes.get(&c.contact).map_or(0, |l| l.revision) + 1 != lane.revision {
                return Err(ClaimError::Conflict);
            }
            self.lanes.insert(c.contact.clone(), lane.clone());
        }
        for page in &c.pages {
            if let Some(queued) = self.pages.get_mut(&name(&page.key)) {
                queued.leased_until = Some(c.until);
            }
        }
        if let Some((hash, link)) = &c.link {
            self.acknowledge_links.insert(hash.clone(), link.clone());
        }
        let keys = c.pages.iter().map(|p| p.key.clone()).collect();
        self.log.push(Logged::Claimed { at: c.now, contact: c.contact.clone(), keys, lane: c.lane.clone() });
        Ok(())
    }
}

#[async_trait]
impl LaneStore for MemoryStore {
    async fn lane(&self, contact: &ContactId) -> Result<Lane, PortError> {
        self.call("LaneStore::lane", |s| Ok(s.lanes.get(contact).cloned().unwrap_or_default())).await
    }

    async fn due_pages(&self, contact: &ContactId, now: Timestamp, limit: usize) -> Result<Vec<QueuedPage>, PortError> {
        self.call("LaneStore::due_pages", |s| Ok(s.due_pages(contact, now, limit))).await
    }

    async fn claim(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.call("LaneStore::claim", |s| s.claim(claim)).await
    }

    async fn drop_page(&self, contact: &ContactId, key: &PageKey) -> Result<(), PortError> {
        let drop = |s: &mut State| {
            s.pages.remove(&(contact.clone(), key.clone()));
            Ok(())
        };
        self.call("LaneStore::drop_page", drop).await
    }

    async fn link(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<AcknowledgeLink>, PortError> {
        self.call("LaneStore::link", |s| Ok(s.acknowledge_links.get(hash).filter(|l| l.expires_at > now).cloned())).await
    }
}
