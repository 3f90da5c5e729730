//! What a sender asks of an alert beside "it is there" and "it is over": acknowledgements, notes, tags, another message, and so on.
//!
//! Called by: the use case that writes an ask on its alert, the one that applies it to the incident, and whoever shows the alert. An ask is the alert's change number
//! `seq`, so it is applied exactly once: with the write that says how far the alert is handled.
//! Refuses to know who may ask: a sender's key opens this much.

use super::request::Requested;
use super::{Alert, AlertState};
use crate::incident::Priority;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The same ask again within this time is the same delivery again: its sender did not hear the answer.
pub const SAME_DELIVERY: SignedDuration = SignedDuration::from_secs(60);

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Ask {
    /// Somebody works on it.
    Acknowledge,
    /// Nobody does after all.
    Unacknowledge,
    /// It is over.
    Close,
    /// Over, and not to be shown any more.
    Delete,
    /// Only the note.
    Note,
    /// Quiet until an instant.
    Snooze {
        /// Until then.
        until: Timestamp,
    },
    /// More tags.
    AddTags {
        /// Which.
        tags: Vec<String>,
    },
    /// Fewer tags.
    RemoveTags {
        /// Which.
        tags: Vec<String>,
    },
    /// More details; those of the same name are replaced.
    AddDetails {
        /// Which.
        details: BTreeMap<String, String>,
    },
    /// Fewer details.
    RemoveDetails {
        /// Their names.
        keys: Vec<String>,
    },
    /// Another message. The incident keeps its title: people know it by that.
    Message {
        /// Which.
        text: String,
    },
    /// Another description.
    Description {
        /// Which.
        text: String,
    },
    /// Another priority.
    Priority {
        /// Which.
        priority: Priority,
    },
    /// Somebody shall take it.
    Assign {
        /// Id or e-mail address of a user.
        to: String,
    },
    /// The next level at once.
    Escalate {
        /// What the sender calls the policy; Tocsin goes on in its own.
        to: String,
    },
    /// Somebody shall help.
    AddResponder {
        /// Kind and name.
        to: String,
    },
    /// A custom action, which Tocsin notes only.
    Execute {
        /// Its name.
        action: String,
    },
}

impl Ask {
    /// The word for it.
    pub fn requested(&self) -> Requested {
        match self {
            Ask::Acknowledge => Requested::Acknowledge,
            Ask::Unacknowledge => Requested::Unacknowledge,
            Ask::Close => Requested::Close,
            Ask::Delete => Requested::Delete,
            Ask::Note => Requested::AddNote,
            Ask::Snooze { .. } => Requested::Snooze,
            Ask::AddTags { .. } => Requested::AddTags,
            Ask::RemoveTags { .. } => Requested::RemoveTags,
            Ask::AddDetails { .. } => Requested::AddDetails,
            Ask::RemoveDetails { .. } => Requested::RemoveDetails,
            Ask::Message { .. } => Requested::UpdateMessage,
            Ask::Description { .. } => Requested::UpdateDescription,
            Ask::Priority { .. } => Requested::UpdatePriority,
            Ask::Assign { .. } => Requested::Assign,
            Ask::Escalate { .. } => Requested::Escalate,
            Ask::AddResponder { .. } => Requested::AddResponder,
            Ask::Execute { .. } => Requested::ExecuteAction,
        }
    }

    /// Whether it ends the alert.
    pub fn ends(&self) -> bool {
        matches!(self, Ask::Close | Ask::Delete)
    }

    /// Whether a closed alert can still take it: what describes it can change, what pages people can not.
    pub fn suits_closed(&self) -> bool {
        match self {
            Ask::Close
            | Ask::Delete
            | Ask::Note
            | Ask::AddTags { .. }
            | Ask::RemoveTags { .. }
            | Ask::AddDetails { .. }
            | Ask::RemoveDetails { .. }
            | Ask::Message { .. }
            | Ask::Description { .. }
            | Ask::Priority { .. } => true,
            Ask::Acknowledge
            | Ask::Unacknowledge
            | Ask::Snooze { .. }
            | Ask::Assign { .. }
            | Ask::Escalate { .. }
            | Ask::AddResponder { .. }
            | Ask::Execute { .. } => false,
        }
    }
}

/// An ask, as it stands on its alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which change of the alert it is.
    pub seq: u32,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub ask: Ask,
    /// In whose name, as the sender says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// From where, as the sender says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// What the sender adds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Asked {
    /// Whether `later` is this one again, delivered twice.
    pub fn is_again(&self, later: &Asked) -> bool {
        let same = |a: &Asked, b: &Asked| (&a.ask, &a.user, &a.source, &a.note) == (&b.ask, &b.user, &b.source, &b.note);
        same(self, later) && later.at.duration_since(self.at) < SAME_DELIVERY
    }

    /// What it says in words, for the timeline; nothing where the sender gave neither name nor note.
    pub fn words(&self) -> Option<String> {
        match (self.user.as_str(), self.note.as_str()) {
            ("", "") => None,
            ("", note) => Some(note.to_owned()),
            (user, "") => Some(format!("{} asked by {user}", self.ask.requested().as_str())),
            (user, note) => Some(format!("{user}: {note}")),
        }
    }
}

impl Alert {
    /// The alert once this was asked, which must be its next change.
    pub fn after(&self, asked: &Asked) -> Alert {
        let ends = asked.ask.ends() && self.state == AlertState::Open;
        Alert {
            seq: asked.seq,
            asked_seq: asked.seq,
            state: if ends { AlertState::Resolved } else { self.state },
            resolved_at: if ends { Some(asked.at) } else { self.resolved_at },
            resolved_seq: if ends { Some(asked.seq) } else { self.resolved_seq },
            deleted: self.deleted || asked.ask == Ask::Delete,
            ..self.clone()
        }
    }

    /// Whether it was resolved by its sender, and its incident has not heard of it; without an incident it is what the one to come shall hear of.
    pub fn has_new_resolution(&self) -> bool {
        self.state == AlertState::Resolved
            && match self.resolved_seq {
                _ if self.incident.is_none() => true,
                Some(seq) => seq > self.handled_seq,
                // Resolved with its incident, or by a release that did not write the number: then nothing can have been asked since.
                None => self.asked_seq <= self.handled_seq,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(ask: Ask, at: &str, user: &str, note: &str) -> Asked {
        Asked { seq: 2, at: at.parse().unwrap(), ask, user: user.to_owned(), source: String::new(), note: note.to_owned() }
    }

    #[test]
    fn the_same_within_a_minute_is_the_same_delivery() {
        let first = asked(Ask::Note, "2026-01-05T09:00:00Z", "ada", "on it");
        assert!(first.is_again(&asked(Ask::Note, "2026-01-05T09:00:59Z", "ada", "on it")));
        assert!(!first.is_again(&asked(Ask::Note, "2026-01-05T09:01:00Z", "ada", "on it")));
        assert!(!first.is_again(&asked(Ask::Note, "2026-01-05T09:00:01Z", "ada", "on it now")));
        assert!(!first.is_again(&asked(Ask::Acknowledge, "2026-01-05T09:00:01Z", "ada", "on it")));
    }

    #[test]
    fn an_ask_says_who_and_what() {
        let at = "2026-01-05T09:00:00Z";
        assert_eq!(asked(Ask::Note, at, "", "").words(), None);
        assert_eq!(asked(Ask::Note, at, "", "fixed").words().as_deref(), Some("fixed"));
        assert_eq!(asked(Ask::Acknowledge, at, "ada", "").words().as_deref(), Some("Acknowledge asked by ada"));
        assert_eq!(asked(Ask::Close, at, "ada", "fixed").words().as_deref(), Some("ada: fixed"));
    }

    #[test]
    fn what_is_stored_stays_readable() {
        let stored = r#"{"seq":3,"at":"2026-01-05T09:00:00Z","is":"snooze","until":"2026-01-05T10:00:00Z","user":"ada"}"#;
        let read: Asked = serde_json::from_str(stored).unwrap();
        assert_eq!(read.ask, Ask::Snooze { until: "2026-01-05T10:00:00Z".parse().unwrap() });
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        let plain: Asked = serde_json::from_str(r#"{"seq":3,"at":"2026-01-05T09:00:00Z","is":"acknowledge"}"#).unwrap();
        assert_eq!(plain.ask, Ask::Acknowledge);
    }
}
