//! One page: one incident, one person, one way, at one step of the escalation.

use crate::alert::Urgency;
use crate::configuration::Channel;
use crate::id::{ContactId, IncidentId, UserId};
use crate::incident::timeline::PageOf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The contact id that stands for the last-resort topic.
pub const LAST_RESORT: &str = "last-resort";

/// What makes a page one page: it is sent once, whatever is repeated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PageKey {
    /// Of which incident.
    pub incident: IncidentId,
    /// In which generation.
    pub generation: u32,
    /// 0-based round.
    pub repeat: u32,
    /// 0-based level.
    pub level: u32,
    /// To whom; nobody for the last resort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Position of the rule among those of the level.
    pub rule: u32,
    /// For somebody who was asked to help: by which request. Round and level are 0 then, and the generation is that of the asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<u32>,
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.as_ref().map_or("-", UserId::as_str);
        write!(f, "{}#{}#{}#{}#{user}#{}", self.incident, self.generation, self.repeat, self.level, self.rule)?;
        self.request.map_or(Ok(()), |request| write!(f, "#{request}"))
    }
}

/// A page that waits in its lane. It holds no address: that is read from the current configuration when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its identity.
    pub key: PageKey,
    /// The incident's number.
    pub number: u64,
    /// The lane.
    pub contact: ContactId,
    /// The channel.
    pub channel: Channel,
    /// Urgency of the incident when it was planned.
    pub urgency: Urgency,
    /// No earlier than.
    pub due: Timestamp,
    /// How often it was tried by this contact method.
    pub tries: u32,
    /// Contact methods that failed before it, for the same page of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instead_of: Vec<ContactId>,
}

/// Added to the rule's position for each contact method that a page moves on to, so that it stays one page of its own.
const MOVED_ON: u32 = 1000;

impl Page {
    /// The page that goes out at once by another contact method, because this one failed.
    pub fn moved_on(&self, contact: ContactId, channel: Channel, now: Timestamp) -> Self {
        let mut instead_of = self.instead_of.clone();
        instead_of.push(self.contact.clone());
        let key = PageKey { rule: self.key.rule.saturating_add(MOVED_ON), ..self.key.clone() };
        Self { key, contact, channel, due: now, tries: 0, instead_of, ..self.clone() }
    }

    /// The part of a page that the timeline shows.
    pub fn page_of(&self) -> PageOf {
        PageOf {
            repeat: self.key.repeat,
            level: self.key.level,
            user: self.key.user.clone(),
            contact: self.contact.clone(),
            channel: self.channel,
            request: self.key.request,
        }
    }
}
