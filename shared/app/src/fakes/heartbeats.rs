//! Heartbeats in memory.

use super::MemoryStore;
use super::store::State;
use crate::error::{PortError, WriteError};
use crate::ports::{Beat, HeartbeatStore, Missed};
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_domain::heartbeat::MadeHeartbeat;
use tocsin_domain::id::{IntegrationId, TeamId};

impl State {
    fn ping(&mut self, heartbeat: &IntegrationId, at: Timestamp) -> Option<Missed> {
        let beat = self.beats.entry(heartbeat.clone()).or_insert_with(|| Beat { heartbeat: heartbeat.clone(), last_at: at, missed: None });
        beat.last_at = beat.last_at.max(at);
        beat.missed
    }

    /// The beat, if nothing came since it was seen.
    fn as_seen(&mut self, seen: &Beat) -> Result<&mut Beat, WriteError> {
        self.beats.get_mut(&seen.heartbeat).filter(|b| b.last_at == seen.last_at).ok_or(WriteError::Conflict)
    }

    fn miss(&mut self, seen: &Beat, at: Timestamp) -> Result<(), WriteError> {
        let beat = self.as_seen(seen)?;
        if beat.missed.is_some() {
            return Err(WriteError::Conflict);
        }
        beat.missed = Some(Missed { found_at: at, told: false });
        Ok(())
    }

    fn told(&mut self, seen: &Beat, found_at: Timestamp) -> Result<(), WriteError> {
        let missed = self.as_seen(seen)?.missed.as_mut().filter(|m| m.found_at == found_at).ok_or(WriteError::Conflict)?;
        missed.told = true;
        Ok(())
    }

    fn recovered(&mut self, heartbeat: &IntegrationId, found_at: Timestamp) {
        if let Some(beat) = self.beats.get_mut(heartbeat).filter(|b| b.missed.is_some_and(|m| m.found_at == found_at)) {
            beat.missed = None;
        }
    }
}

#[async_trait]
impl HeartbeatStore for MemoryStore {
    async fn ping(&self, heartbeat: &IntegrationId, _team: &TeamId, at: Timestamp) -> Result<Option<Missed>, PortError> {
        self.call("HeartbeatStore::ping", |s| Ok(s.ping(heartbeat, at))).await
    }

    async fn beats(&self, heartbeats: &[IntegrationId]) -> Result<Vec<Beat>, PortError> {
        self.call("HeartbeatStore::beats", |s| Ok(heartbeats.iter().filter_map(|id| s.beats.get(id).cloned()).collect())).await
    }

    async fn miss(&self, seen: &Beat, at: Timestamp) -> Result<(), WriteError> {
        self.call("HeartbeatStore::miss", |s| s.miss(seen, at)).await
    }

    async fn told(&self, seen: &Beat, found_at: Timestamp) -> Result<(), WriteError> {
        self.call("HeartbeatStore::told", |s| s.told(seen, found_at)).await
    }

    async fn made_heartbeats(&self) -> Result<Vec<MadeHeartbeat>, PortError> {
        self.call("HeartbeatStore::made_heartbeats", |s| Ok(s.made.values().cloned().collect())).await
    }

    async fn put_made(&self, made: &MadeHeartbeat) -> Result<(), PortError> {
        let put = |s: &mut State| {
            s.made.insert(made.expects.id.clone(), made.clone());
            Ok(())
        };
        self.call("HeartbeatStore::put_made", put).await
    }

    async fn remove_made(&self, id: &IntegrationId) -> Result<(), PortError> {
        let remove = |s: &mut State| {
            s.made.remove(id);
            Ok(())
        };
        self.call("HeartbeatStore::remove_made", remove).await
    }

    async fn recovered(&self, heartbeat: &IntegrationId, found_at: Timestamp) -> Result<(), PortError> {
        self.call("HeartbeatStore::recovered", |s| {
            s.recovered(heartbeat, found_at);
            Ok(())
        })
        .await
    }
}
