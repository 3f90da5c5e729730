//! Change events: something was deployed, switched or configured. Nobody is paged for it; it is shown beside the incidents that follow.

use crate::alert::event::{Image, Link};
use crate::id::{IntegrationId, ServiceId, TeamId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// How long before an incident a change is looked for.
pub const LOOK_BACK: SignedDuration = SignedDuration::from_hours(1);
/// How long a change is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Senders' clocks may be ahead by this much.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// The same words within this time are the same change, delivered again.
const SAME: SignedDuration = SignedDuration::from_mins(10);
/// Bytes of details as JSON; more are left out and noted.
const MOST_DETAILS: usize = 128 * 1024;

/// Something was changed, as its sender says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeEvent {
    /// One line: at most 1,024 characters.
    pub summary: String,
    /// Where; empty where the sender does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// When the sender says that it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Links to http and https addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Everything else that the sender said; null where nothing was.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
    /// What was adapted to accept it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adapted: Vec<String>,
}

/// A change as it is kept, for a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Whose key the sender used.
    pub integration: IntegrationId,
    /// Its service.
    pub service: ServiceId,
    /// The service's team.
    pub team: TeamId,
    /// When it happened: as the sender says, where that can be.
    pub at: Timestamp,
    /// When Tocsin received it.
    pub received_at: Timestamp,
    /// What it says, as a hash: a delivery that is repeated has the same.
    pub digest: String,
    /// What the sender said.
    pub event: ChangeEvent,
}

impl Change {
    /// A change that is received now.
    ///
    /// It happened when its sender says so, unless that lies in the future, or further back than changes are kept:
    ///
    /// ```
    /// # use tocsin_domain::change_event::*;
    /// let event = |at: &str| ChangeEvent { occurred_at: at.parse().ok(), ..ChangeEvent::of("deployed 1.2") };
    /// let change = |at| Change::received(event(at), "ci".parse().unwrap(), "shop".parse().unwrap(), "web".parse().unwrap(), "2026-01-05T09:00:00Z".parse().unwrap());
    /// assert_eq!(change("2026-01-05T08:50:00Z").at.to_string(), "2026-01-05T08:50:00Z");
    /// assert_eq!(change("2026-01-05T09:04:00Z").at.to_string(), "2026-01-05T09:04:00Z");
    /// assert_eq!(change("2026-01-05T10:00:00Z").at.to_string(), "2026-01-05T09:00:00Z");
    /// assert_eq!(change("1970-01-01T00:00:00Z").at.to_string(), "2026-01-05T09:00:00Z");
    /// ```
    pub fn received(mut event: ChangeEvent, integration: IntegrationId, service: ServiceId, team: TeamId, now: Timestamp) -> Self {
        let plausible = |at: &Timestamp| (now - KEPT..=now + AHEAD).contains(at);
        let at = event.occurred_at.filter(plausible).unwrap_or(now);
        let said = event.details.to_string();
        let mut hash = Sha256::new();
        for part in [integration.as_str(), &event.summary, &event.source, &event.occurred_at.map(|at| at.to_string()).unwrap_or_default(), &said] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let digest = crate::hex::hex(&hash.finalize())[..32].to_owned();
        if said.len() > MOST_DETAILS {
            event.details = Value::Null;
            event.adapted.push(format!("details of {} bytes were left out", said.len()));
        }
        Self { integration, service, team, at, received_at: now, digest, event }
    }
}

impl ChangeEvent {
    /// A change that says one line.
    pub fn of(summary: &str) -> Self {
        Self {
            summary: summary.to_owned(),
            source: String::new(),
            occurred_at: None,
            links: Vec::new(),
            images: Vec::new(),
            details: Value::Null,
            adapted: Vec::new(),
        }
    }
}

/// Without deliveries that were repeated: the same words, at nearly the same time. `changes` are in the order of their time.
#[must_use]
pub fn distinct(changes: Vec<Change>) -> Vec<Change> {
    let mut kept: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        let before = kept.iter().rev().find(|k| k.digest == change.digest);
        if before.is_none_or(|k| change.at.duration_since(k.at) > SAME) {
            kept.push(change);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_767_603_600 + minute * 60).unwrap()
    }

    fn change(summary: &str, minute: i64) -> Change {
        Change::received(ChangeEvent::of(summary), "ci".parse().unwrap(), "shop".parse().unwrap(), "web".parse().unwrap(), at(minute))
    }

    #[test]
    fn a_repeated_delivery_is_one_change() {
        let told: Vec<_> = distinct(vec![change("a", 0), change("b", 1), change("a", 2), change("a", 9), change("a", 30)])
            .into_iter()
            .map(|c| (c.event.summary, c.at))
            .collect();
        assert_eq!(told, [("a".to_owned(), at(0)), ("b".to_owned(), at(1)), ("a".to_owned(), at(30))]);
    }

    #[test]
    fn details_are_bounded_and_part_of_what_it_says() {
        let big = |c: char| ChangeEvent { details: Value::String(c.to_string().repeat(MOST_DETAILS)), ..ChangeEvent::of("x") };
        let received = |event| Change::received(event, "ci".parse().unwrap(), "shop".parse().unwrap(), "web".parse().unwrap(), at(0));
        let (a, b) = (received(big('a')), received(big('b')));
        assert_ne!(a.digest, b.digest);
        assert_eq!((a.event.details, a.event.adapted), (Value::Null, vec![format!("details of {} bytes were left out", MOST_DETAILS + 2)]));
    }
}
