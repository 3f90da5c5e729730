//! Keeps heartbeats: takes pings, opens an alert for each one that is missing, resolves it when it is back.
//!
//! Called by: `opsgenie` (pings by name; those by key are [`ping_heartbeat`](crate::ping_heartbeat)) and `sweep` (every minute). A missing heartbeat is an event like any other, under the heartbeat's own integration: what follows
//! (incident, pages, grouping) follows from its alert. Refuses to page.
//!
//! Who is missing is told by the present configuration (and what senders made beside it) and the last ping alone: a changed interval counts from the last ping, a heartbeat that is not in the
//! configuration any more is not looked at, and one that nobody has pinged yet is not expected. One that is put back begins anew: the version says since when it is there.
//!
//! Ping and sweep may meet, and each may die between two lines. The mark that a heartbeat is missing is set before its alert is opened and taken away after the
//! alert is resolved, so whoever comes next sees what is left to do: an alert never stays without a mark.

use crate::accept_event::AcceptEvent;
use crate::configuration_cache::ConfigurationCache;
use crate::error::{AppError, WriteError};
use crate::ping_heartbeat::ping;
use crate::ports::{Beat, HeartbeatStore, IntegrationKey};
use futures::StreamExt;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use tocsin_domain::alert::event::Event;
use tocsin_domain::configuration::{Configuration, IntegrationKind};
use tocsin_domain::flood::Limits;
use tocsin_domain::heartbeat::{Heartbeat, MadeHeartbeat, Standing, back};
use tocsin_domain::id::{IntegrationId, TeamId};

/// Heartbeats that are looked at together.
const AT_ONCE: usize = 8;

/// The use case.
#[derive(Clone)]
pub struct KeepHeartbeats {
    /// Heartbeats.
    pub beats: Arc<dyn HeartbeatStore>,
    /// The way of all events.
    pub accept: AcceptEvent,
    /// Which heartbeats are expected, and when.
    pub configuration: Arc<ConfigurationCache>,
}

/// What a look at all heartbeats found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Found missing.
    pub missing: usize,
    /// Found to be back, where a ping had not come to say so.
    pub back: usize,
    /// Could not be looked at: the heartbeat, and why.
    pub failed: Vec<(String, String)>,
}

/// What became of one heartbeat.
enum Found {
    Nothing,
    Missing,
    Back,
}

/// A heartbeat that is supervised.
struct Expected {
    heartbeat: Heartbeat,
    /// Pings before are those of another one, which had its id or name.
    since: Option<Timestamp>,
    made: Option<MadeHeartbeat>,
}

impl Expected {
    fn standing(&self, last: Option<Timestamp>, now: Timestamp) -> Standing {
        let last = last.filter(|at| self.counts(*at));
        self.made.as_ref().map_or_else(|| self.heartbeat.standing(last, now), |made| made.standing(last, now))
    }

    fn counts(&self, ping: Timestamp) -> bool {
        self.since.is_none_or(|since| ping >= since)
    }

    fn missing(&self, last: Timestamp) -> Event {
        self.made.as_ref().map_or_else(|| self.heartbeat.missing(last), |made| made.missing(last))
    }
}

/// A heartbeat, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What is expected.
    pub heartbeat: Heartbeat,
    /// Whose it is.
    pub team: TeamId,
    /// What is known of it; nothing before its first ping since it was made.
    pub beat: Option<Beat>,
    /// How it stands now.
    pub standing: Standing,
    /// What else its sender said, where it was made at run time.
    pub made: Option<MadeHeartbeat>,
}

impl KeepHeartbeats {
    /// A heartbeat is pinged by its key.
    pub async fn ping(&self, key: &IntegrationKey) -> Result<(), AppError> {
        ping(&*self.beats, &self.accept, key).await
    }

    /// A heartbeat of a team is pinged by its name or id. False: the team has none of that name.
    pub async fn ping_named(&self, team: &TeamId, name: &str) -> Result<bool, AppError> {
        let (_, configuration) = self.configuration.current().await?;
        let configured = configuration.heartbeats.iter().filter(|h| h.is_called(name)).filter_map(|h| key_of(h, &configuration)).find(|k| k.team == *team);
        let key = match configured {
            Some(key) => Some(key),
            None => {
                let made = self.beats.made_heartbeats().await?.into_iter().find(|m| m.enabled && m.team == *team && m.expects.is_called(name));
                made.and_then(|m| key_of(&m.expects, &configuration))
            }
        };
        let Some(key) = key else { return Ok(false) };
        self.ping(&key).await?;
        Ok(true)
    }

    /// Looks at every heartbeat. One that fails never keeps the others from being looked at.
    pub async fn check(&self) -> Result<Checked, AppError> {
        let (configuration, expected, beats) = self.read().await?;
        let known = expected.iter().filter_map(|e| Some((e, beats.get(&e.heartbeat.id)?, key_of(&e.heartbeat, &configuration)?)));
        let mut looks = futures::stream::iter(known)
            .map(|(expected, beat, key)| async move { (&expected.heartbeat, self.look(expected, beat, &key).await) })
            .buffer_unordered(AT_ONCE);
        let mut checked = Checked::default();
        while let Some((heartbeat, found)) = looks.next().await {
            match found {
                Ok(Found::Nothing) => {}
                Ok(Found::Missing) => checked.missing += 1,
                Ok(Found::Back) => checked.back += 1,
                Err(e) => checked.failed.push((heartbeat.id.to_string(), e.to_string())),
            }
        }
        Ok(checked)
    }

    /// Every heartbeat and how it stands: those of the configuration, and those that senders made.
    pub async fn list(&self) -> Result<Vec<Listed>, AppError> {
        let now = self.accept.clock.now();
        let (configuration, expected, mut beats) = self.read().await?;
        let listed = expected.into_iter().filter_map(|e| {
            // What was pinged before it was made, switched on again, or put back into the configuration is another one's.
            let beat = beats.remove(&e.heartbeat.id).filter(|b| e.counts(b.last_at));
            let standing = e.standing(beat.as_ref().map(|b| b.last_at), now);
            let of_service = configuration.service(&e.heartbeat.service).map(|s| s.team.clone());
            // The service of one that a sender made may be gone: it is shown, so that it can be taken away.
            let team = of_service.or_else(|| e.made.as_ref().map(|m| m.team.clone()))?;
            Some(Listed { team, heartbeat: e.heartbeat, beat, standing, made: e.made })
        });
        Ok(listed.collect())
    }

    async fn read(&self) -> Result<(Arc<Configuration>, Vec<Expected>, BTreeMap<IntegrationId, Beat>), AppError> {
        let (version, configuration) = self.configuration.current().await?;
        let record = if configuration.heartbeats.is_empty() { Arc::default() } else { self.configuration.record(version).await? };
        let since = |id: &IntegrationId| record.as_ref().as_ref()?.heartbeats_since.get(id).copied();
        let configured = configuration.heartbeats.iter().map(|h| Expected { heartbeat: h.clone(), since: since(&h.id), made: None });
        let made = self.beats.made_heartbeats().await?;
        let made = made.into_iter().map(|m| Expected { heartbeat: m.expects.clone(), since: Some(m.since), made: Some(m) });
        let expected: Vec<Expected> = configured.chain(made).collect();
        let ids: Vec<_> = expected.iter().map(|e| e.heartbeat.id.clone()).collect();
        let beats = if ids.is_empty() { Vec::new() } else { self.beats.beats(&ids).await? };
        Ok((configuration, expected, beats.into_iter().map(|b| (b.heartbeat.clone(), b)).collect()))
    }

    async fn look(&self, expected: &Expected, beat: &Beat, key: &IntegrationKey) -> Result<Found, AppError> {
        let now = self.accept.clock.now();
        let found_at = match (expected.standing(Some(beat.last_at), now), beat.missed) {
            (Standing::Off | Standing::Waiting | Standing::Alive { .. }, None) => return Ok(Found::Nothing),
            (Standing::Off | Standing::Waiting | Standing::Alive { .. }, Some(missed)) => {
                self.accept.run(key, back()).await?;
                self.beats.recovered(&expected.heartbeat.id, missed.found_at).await?;
                return Ok(Found::Back);
            }
            (Standing::Missing { .. }, Some(missed)) if missed.told => return Ok(Found::Nothing),
            (Standing::Missing { .. }, Some(missed)) => missed.found_at,
            (Standing::Missing { .. }, None) => match self.beats.miss(beat, now).await {
                Ok(()) => now,
                // Pinged at the last moment, or another sweep is at it.
                Err(WriteError::Conflict) => return Ok(Found::Nothing),
                Err(WriteError::Port(e)) => return Err(e.into()),
            },
        };
        self.accept.run(key, expected.missing(beat.last_at)).await?;
        match self.beats.told(beat, found_at).await {
            Ok(()) => Ok(Found::Missing),
            // Pinged while its alert was opened: that ping found nothing to resolve.
            Err(WriteError::Conflict) => {
                self.accept.run(key, back()).await?;
                Ok(Found::Missing)
            }
            Err(WriteError::Port(e)) => Err(e.into()),
        }
    }
}

/// What the key of a heartbeat opens.
pub(crate) fn key_of(heartbeat: &Heartbeat, configuration: &Configuration) -> Option<IntegrationKey> {
    let service = configuration.service(&heartbeat.service)?;
    Some(IntegrationKey {
        integration: heartbeat.id.clone(),
        service: service.id.clone(),
        team: service.team.clone(),
        kind: IntegrationKind::Heartbeat,
        limits: Limits::default(),
        mapping: Vec::new(),
    })
}
