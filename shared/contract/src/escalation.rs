//! What the state machine says to `notify`, and the answer. Written by: `incident` (start), the state machine (wake-ups). Read by: `notify`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tocsin_domain::id::IncidentId;

/// Version of both messages.
pub const VERSION: u32 = 1;

/// Input of an execution, and of each wake-up of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeUp {
    /// Version: 1.
    pub v: u32,
    /// Whose clock this is.
    pub incident: IncidentId,
    /// Generation that the execution belongs to.
    pub generation: u32,
    /// Attempt within the generation.
    pub attempt: u32,
    /// How often this execution has woken up, so that it can be replaced before its history is full.
    #[serde(default)]
    pub wakeups: u32,
    /// When this execution started, so that it can be replaced before it is too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
}

/// The answer to a wake-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Version: 1.
    pub v: u32,
    /// Whether to wake up again.
    pub more: bool,
    /// When, RFC 3339 in UTC; there whenever `more` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

impl Answer {
    /// Wake up again at `due`.
    pub fn again(due: Timestamp) -> Self {
        Self { v: VERSION, more: true, due: Some(due) }
    }

    /// This execution has nothing left to do.
    pub fn done() -> Self {
        Self { v: VERSION, more: false, due: None }
    }
}

/// The name of an execution: what makes starting it twice harmless.
pub fn execution_name(incident: IncidentId, generation: u32, attempt: u32) -> String {
    format!("{incident}-g{generation}-a{attempt}")
}

/// Incident, generation and attempt of an execution's name.
///
/// ```
/// # use tocsin_contract::escalation::{execution_name, parse_execution_name};
/// let id = "inc_01KAB8S9M0000000000000000A".parse().unwrap();
/// assert_eq!(parse_execution_name(&execution_name(id, 2, 13)), Some((id, 2, 13)));
/// assert_eq!(parse_execution_name("something else"), None);
/// ```
pub fn parse_execution_name(name: &str) -> Option<(IncidentId, u32, u32)> {
    let mut parts = name.split('-');
    let (id, generation, attempt) = (parts.next()?, parts.next()?, parts.next()?);
    Some((id.parse().ok()?, generation.strip_prefix('g')?.parse().ok()?, attempt.strip_prefix('a')?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_1_is_still_read() {
        let text = r#"{"v":1,"incident":"inc_01KAB8S9M0000000000000000A","generation":2,"attempt":3}"#;
        let w: WakeUp = serde_json::from_str(text).unwrap();
        assert_eq!((w.generation, w.attempt, w.wakeups), (2, 3, 0));
        let due = "2026-01-05T09:00:00Z".parse().unwrap();
        assert_eq!(serde_json::to_string(&Answer::again(due)).unwrap(), r#"{"v":1,"more":true,"due":"2026-01-05T09:00:00Z"}"#);
    }
}
