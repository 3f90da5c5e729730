//! Heartbeats: jobs that say that they are alive. One that does not say so in time is an alert.
//!
//! Pure: when one is due, how it stands, and the event that tells of it. Refuses to know who is told: the event goes the way of all events.

use crate::alert::Severity;
use crate::alert::event::{Action, Event};
use crate::id::{IntegrationId, ServiceId, TeamId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The shortest interval. The sweep looks once a minute, so a shorter one is noticed no sooner.
pub const LEAST_INTERVAL_S: u32 = 1;
/// The longest interval, and the longest grace: 366 days.
pub const MOST_INTERVAL_S: u32 = 366 * 24 * 3600;
/// The dedup key of a heartbeat's alert: there is one, under the heartbeat's own integration.
pub const DEDUP_KEY: &str = "heartbeat";

/// A heartbeat that is expected. Its key, which stands in the address that is pinged, is made when the configuration is applied and never in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Its id, unique among heartbeats and integrations.
    pub id: IntegrationId,
    /// What people call it; Opsgenie's senders ping by this name, or by the id.
    pub name: String,
    /// The service that does not work when it is missing: whose people are paged.
    pub service: ServiceId,
    /// Expected every so many seconds.
    pub interval_s: u32,
    /// May come so many seconds later.
    #[serde(default = "a_minute")]
    pub grace_s: u32,
    /// How bad it is when it is missing.
    #[serde(default = "critical")]
    pub severity: Severity,
}

fn a_minute() -> u32 {
    60
}

fn critical() -> Severity {
    Severity::Critical
}

/// A heartbeat that a sender made at run time, beside those of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeHeartbeat {
    /// What is expected.
    pub expects: Heartbeat,
    /// Whose it is.
    pub team: TeamId,
    /// Whether it is supervised.
    pub enabled: bool,
    /// When it was made, or switched on again. Pings before do not count: it is not expected before its first ping since.
    pub since: Timestamp,
    /// Whose key made it.
    pub by: IntegrationId,
    /// What it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What its alert says; empty: as any heartbeat's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Tags of its alert.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// The id of a heartbeat that a team's sender makes under a name: the same for the same name, however it is written.
///
/// ```
/// # use tocsin_domain::heartbeat::made_id;
/// let team = "web".parse()?;
/// assert_eq!(made_id(&team, " Nightly Backup"), made_id(&team, "nightly backup"));
/// assert_ne!(made_id(&team, "nightly backup"), made_id(&"data".parse()?, "nightly backup"));
/// # Ok::<(), tocsin_domain::id::IdError>(())
/// ```
pub fn made_id(team: &TeamId, name: &str) -> IntegrationId {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(format!("{team}\n{}", name.trim().to_lowercase()).as_bytes());
    #[expect(clippy::expect_used, reason = "a slug by its form")]
    format!("made-{}", &crate::hex::hex(&digest)[..24]).parse().expect("a slug")
}

impl MadeHeartbeat {
    /// How it stands; not at all while it is switched off.
    pub fn standing(&self, last: Option<Timestamp>, now: Timestamp) -> Standing {
        if self.enabled { self.expects.standing(last.filter(|at| *at >= self.since), now) } else { Standing::Off }
    }

    /// The event that says that it is missing.
    pub fn missing(&self, last: Timestamp) -> Event {
        let mut event = self.expects.missing(last);
        if !self.message.trim().is_empty() {
            event.summary = self.message.trim().to_owned();
        }
        let mut details = serde_json::Map::new();
        if !self.description.is_empty() {
            details.insert("description".to_owned(), self.description.as_str().into());
        }
        if !self.tags.is_empty() {
            details.insert("tags".to_owned(), self.tags.clone().into());
        }
        if !details.is_empty() {
            event.details = details.into();
        }
        event
    }
}

/// How a heartbeat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is switched off: not expected.
    Off,
    /// Nobody has pinged it yet. It is not expected before its first ping.
    Waiting,
    /// All is well; expected again by then.
    Alive {
        /// With the grace.
        until: Timestamp,
    },
    /// It did not come.
    Missing {
        /// Since then: its interval and its grace had passed.
        since: Timestamp,
    },
}

impl Heartbeat {
    /// When it is missing, if nothing comes after `last`.
    ///
    /// ```
    /// # use tocsin_domain::heartbeat::Heartbeat;
    /// let nightly: Heartbeat = serde_json::from_str(r#"{"id": "backup", "name": "Backup", "service": "shop", "interval_s": 86400, "grace_s": 600}"#)?;
    /// // A day and ten minutes: elapsed time, so a change of clocks does not move it.
    /// assert_eq!(nightly.due("2026-03-28T23:00:00Z".parse()?), "2026-03-29T23:10:00Z".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn due(&self, last: Timestamp) -> Timestamp {
        let after = SignedDuration::from_secs(i64::from(self.interval_s) + i64::from(self.grace_s));
        last.checked_add(after).unwrap_or(Timestamp::MAX)
    }

    /// How it stands, by the present interval: one that was changed counts from the last ping.
    pub fn standing(&self, last: Option<Timestamp>, now: Timestamp) -> Standing {
        match last.map(|last| self.due(last)) {
            None => Standing::Waiting,
            Some(due) if due <= now => Standing::Missing { since: due },
            Some(due) => Standing::Alive { until: due },
        }
    }

    /// The event that says that it is missing.
    pub fn missing(&self, last: Timestamp) -> Event {
        let name = if self.name.trim().is_empty() { self.id.as_str() } else { self.name.trim() };
        let mut event = event(Action::Trigger, self.severity);
        event.summary = format!("Heartbeat {name} is missing: the last one came at {last:.0}, one is expected every {}", words(self.interval_s));
        event.source = self.id.to_string();
        event.class = Some("heartbeat".to_owned());
        event.occurred_at = Some(self.due(last));
        event
    }

    /// Whether a sender that pings by name means this one.
    pub fn is_called(&self, name: &str) -> bool {
        self.id.as_str() == name || self.name.trim().eq_ignore_ascii_case(name.trim())
    }
}

/// The event that says that a heartbeat is back.
pub fn back() -> Event {
    event(Action::Resolve, Severity::Info)
}

fn event(action: Action, severity: Severity) -> Event {
    Event::bare(action, DEDUP_KEY.to_owned(), severity)
}

/// A length of time in words: the largest unit that says it exactly.
///
/// ```
/// # use tocsin_domain::heartbeat::words;
/// assert_eq!(words(90), "90 s");
/// assert_eq!(words(5 * 60), "5 min");
/// assert_eq!(words(36 * 3600), "36 h");
/// assert_eq!(words(7 * 24 * 3600), "7 days");
/// ```
pub fn words(seconds: u32) -> String {
    match seconds {
        s if s >= 2 * 24 * 3600 && s.is_multiple_of(24 * 3600) => format!("{} days", s / (24 * 3600)),
        s if s >= 3600 && s.is_multiple_of(3600) => format!("{} h", s / 3600),
        s if s >= 60 && s.is_multiple_of(60) => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}
