//! Heartbeats that senders make at run time, beside those of the configuration.
//!
//! Called by: `opsgenie`. Which heartbeat is supervised, and how, is decided by [`KeepHeartbeats`]; here they are made, changed, switched and taken away.
//! Refuses to touch one of the configuration: it is changed where people see it.

use crate::error::AppError;
use crate::keep_heartbeats::{KeepHeartbeats, Listed, key_of};
use crate::ports::IntegrationKey;
use tocsin_domain::alert::Severity;
use tocsin_domain::heartbeat::{Heartbeat, LEAST_INTERVAL_S, MOST_INTERVAL_S, MadeHeartbeat, back, made_id};
use tocsin_domain::id::TeamId;

/// Heartbeats that one team's senders may make: each is read every minute.
pub const MOST_MADE: usize = 200;
/// The longest name, in characters.
const MOST_NAME_CHARS: usize = 200;

/// What a sender wants of a heartbeat; what it does not say stays as it was.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Expected every so many seconds.
    pub interval_s: Option<u32>,
    /// Whether it is supervised.
    pub enabled: Option<bool>,
    /// How bad it is when it is missing.
    pub severity: Option<Severity>,
    /// What it is about.
    pub description: Option<String>,
    /// What its alert says.
    pub message: Option<String>,
    /// Tags of its alert.
    pub tags: Option<Vec<String>>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// As it stands now.
    Done(Box<Listed>),
    /// There is none of this name.
    Unknown,
    /// It stands in the configuration.
    Configured(Box<Listed>),
}

impl KeepHeartbeats {
    /// Makes one, or changes the one that the caller's team has under this name: asked twice, there is one.
    pub async fn make(&self, caller: &IntegrationKey, name: &str, wanted: Wanted) -> Result<Made, AppError> {
        let invalid = |field: &str, reason: String| AppError::Invalid { field: field.to_owned(), reason };
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MOST_NAME_CHARS {
            return Err(invalid("name", format!("should have 1 to {MOST_NAME_CHARS} characters")));
        }
        match self.change(&caller.team, name, wanted.clone()).await? {
            Made::Unknown => {}
            known => return Ok(known),
        }
        let interval_s = wanted.interval_s.ok_or_else(|| invalid("interval", "can not be empty".to_owned()))?;
        bounded(interval_s)?;
        let made = self.beats.made_heartbeats().await?;
        if made.iter().filter(|m| m.team == caller.team).count() >= MOST_MADE {
            return Err(invalid("name", format!("{MOST_MADE} heartbeats were made already: put further ones into the configuration")));
        }
        let id = made_id(&caller.team, name);
        let expects = Heartbeat {
            id: id.clone(),
            name: name.to_owned(),
            service: caller.service.clone(),
            interval_s,
            grace_s: 0,
            severity: wanted.severity.unwrap_or(Severity::Error),
        };
        let heartbeat = MadeHeartbeat {
            expects,
            team: caller.team.clone(),
            enabled: wanted.enabled.unwrap_or(true),
            since: self.accept.clock.now(),
            by: caller.integration.clone(),
            description: wanted.description.unwrap_or_default(),
            message: wanted.message.unwrap_or_default(),
            tags: wanted.tags.unwrap_or_default(),
        };
        self.beats.put_made(&heartbeat).await?;
        self.named(&caller.team, name).await
    }

    /// Changes one, and switches it on or off. One that is switched on is expected after its next ping; the alert of one that is switched off is resolved.
    pub async fn change(&self, team: &TeamId, name: &str, wanted: Wanted) -> Result<Made, AppError> {
        let listed = match self.named(team, name).await? {
            Made::Done(listed) => listed,
            other => return Ok(other),
        };
        let Some(mut made) = listed.made else { return Ok(Made::Unknown) };
        if let Some(interval_s) = wanted.interval_s {
            bounded(interval_s)?;
            made.expects.interval_s = interval_s;
        }
        let enabled = wanted.enabled.unwrap_or(made.enabled);
        if enabled && !made.enabled {
            made.since = self.accept.clock.now();
        }
        made.enabled = enabled;
        made.expects.severity = wanted.severity.unwrap_or(made.expects.severity);
        made.description = wanted.description.unwrap_or(made.description);
        made.message = wanted.message.unwrap_or(made.message);
        made.tags = wanted.tags.unwrap_or(made.tags);
        self.beats.put_made(&made).await?;
        if !enabled {
            self.let_go(&made).await?;
        }
        self.named(team, name).await
    }

    /// Takes one away, and resolves its alert.
    pub async fn remove(&self, team: &TeamId, name: &str) -> Result<Made, AppError> {
        let found = self.named(team, name).await?;
        if let Made::Done(listed) = &found
            && let Some(made) = &listed.made
        {
            // Switched off first: should this end in between, the sweep resolves its alert, and asking again takes it away.
            self.beats.put_made(&MadeHeartbeat { enabled: false, ..made.clone() }).await?;
            self.let_go(made).await?;
            self.beats.remove_made(&made.expects.id).await?;
        }
        Ok(found)
    }

    /// One of a team, by its name or id.
    pub async fn named(&self, team: &TeamId, name: &str) -> Result<Made, AppError> {
        let found = self.list().await?.into_iter().find(|l| l.team == *team && l.heartbeat.is_called(name));
        Ok(match found {
            None => Made::Unknown,
            Some(listed) if listed.made.is_none() => Made::Configured(Box::new(listed)),
            Some(listed) => Made::Done(Box::new(listed)),
        })
    }

    /// Nobody waits for it any more: nobody would ping its alert away. A sweep that found it missing at this very moment may open one all the same.
    async fn let_go(&self, made: &MadeHeartbeat) -> Result<(), AppError> {
        let id = &made.expects.id;
        let missed = self.beats.beats(std::slice::from_ref(id)).await?.pop().and_then(|b| b.missed);
        let (_, configuration) = self.configuration.current().await?;
        if let (Some(missed), Some(key)) = (missed, key_of(&made.expects, &configuration)) {
            self.accept.run(&key, back()).await?;
            self.beats.recovered(id, missed.found_at).await?;
        }
        Ok(())
    }
}

fn bounded(interval_s: u32) -> Result<(), AppError> {
    if (LEAST_INTERVAL_S..=MOST_INTERVAL_S).contains(&interval_s) {
        return Ok(());
    }
    Err(AppError::Invalid { field: "interval".to_owned(), reason: "should be a minute to a year".to_owned() })
}
