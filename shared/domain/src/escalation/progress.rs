//! How far an escalation has come, and how it goes on. One value a generation.

use super::policy::{LEAST_CYCLE_S, Level, Policy};
use crate::incident::after;
use crate::notification::page::PageKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What comes next in the escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "next")]
pub enum Next {
    /// The level that [`Progress::level`] names.
    Level {
        /// When.
        at: Timestamp,
    },
    /// The last-resort contact.
    LastResort {
        /// When.
        at: Timestamp,
    },
    /// Nothing: the incident stays open, visible and unanswered.
    Exhausted,
}

/// How far an escalation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// When this generation began.
    pub generation_started_at: Timestamp,
    /// When this round began.
    pub round_started_at: Timestamp,
    /// The round that comes next begins no earlier, whatever hurries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_not_before: Option<Timestamp>,
    /// 0-based round.
    pub repeat: u32,
    /// 0-based level that fires next (of the levels in [`Incident::levels`](crate::incident::Incident::levels)).
    pub level: u32,
    /// What comes next.
    #[serde(flatten)]
    pub next: Next,
    /// Whether any level of this round had anybody to page.
    pub reached_in_round: bool,
    /// Whether any level so far had anybody to page.
    pub reached_anybody: bool,
    /// Whether a person asked for this level.
    #[serde(default)]
    pub escalated_now: bool,
    /// Round and level that fired last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired: Option<(u32, u32)>,
    /// Whether any page of the level that fired last has left.
    #[serde(default)]
    pub sent: bool,
}

impl Progress {
    /// The first level is due now.
    pub fn start(now: Timestamp) -> Self {
        Self {
            generation_started_at: now,
            round_started_at: now,
            round_not_before: None,
            repeat: 0,
            level: 0,
            next: Next::Level { at: now },
            reached_in_round: false,
            reached_anybody: false,
            escalated_now: false,
            fired: None,
            sent: false,
        }
    }

    /// Whether a page belongs to the level that fired last. The last resort, where it is paged beside a level, is nobody of it.
    pub(crate) fn is_current(&self, key: &PageKey) -> bool {
        key.request.is_none() && key.user.is_some() && self.fired == Some((key.repeat, key.level))
    }

    /// What comes next is due at once; but a round takes its least time, or one whose pages are all refused would begin again and again.
    pub(crate) fn hurry(&mut self, now: Timestamp) {
        let begins_a_round = self.level == 0 && self.repeat > 0;
        match &mut self.next {
            Next::Level { at } if begins_a_round => {
                *at = (*at).min(self.round_not_before.map_or(now, |earliest| earliest.max(now)));
                self.round_started_at = *at;
            }
            Next::Level { at } | Next::LastResort { at } => *at = (*at).min(now),
            Next::Exhausted => {}
        }
    }

    /// When the next level, or the last resort, is due.
    pub fn next_at(&self) -> Option<Timestamp> {
        match self.next {
            Next::Level { at } | Next::LastResort { at } => Some(at),
            Next::Exhausted => None,
        }
    }

    /// A person wants the next level now. Behind the last one it begins with the first again.
    pub(crate) fn escalated(&self, now: Timestamp) -> Self {
        let (repeat, level) = match self.next {
            Next::Level { .. } => (self.repeat, self.level),
            Next::LastResort { .. } | Next::Exhausted => (0, 0),
        };
        Self { repeat, level, escalated_now: true, ..Self::start(now) }
    }

    /// A level fires again, by other rules.
    pub(crate) fn again_from(&self, repeat: u32, level: u32, now: Timestamp) -> Self {
        Self { repeat, level, reached_anybody: self.reached_anybody, ..Self::start(now) }
    }

    /// The level fired, and its delay counts from `from`. Reached nobody: the next one is due then.
    pub(crate) fn fired(&self, levels: &[Level], policy: &Policy, reached: bool, from: Timestamp) -> Self {
        let delay_s = levels.get(self.level as usize).map_or(0, |l| if reached { l.delay_s } else { 0 });
        let at = after(from, delay_s);
        let mut p = Self {
            escalated_now: false,
            fired: Some((self.repeat, self.level)),
            sent: false,
            reached_in_round: self.reached_in_round || reached,
            reached_anybody: self.reached_anybody || reached,
            ..*self
        };
        if (self.level as usize) + 1 < levels.len() {
            p.level = self.level + 1;
            p.next = Next::Level { at };
        } else if p.reached_in_round && (policy.until_acknowledged || self.repeat < policy.repeat) {
            p = p.next_round(at);
        } else {
            p.next = Next::LastResort { at };
        }
        p
    }

    /// The last resort was paged. An "until acknowledged" policy goes on with its next round: perhaps somebody is on call by then.
    pub(crate) fn last_resort_fired(&self, levels: &[Level], policy: &Policy, now: Timestamp) -> Self {
        let p = Self { fired: None, sent: false, ..*self };
        if policy.until_acknowledged && !levels.is_empty() { p.next_round(now) } else { Self { next: Next::Exhausted, ..p } }
    }

    fn next_round(&self, at: Timestamp) -> Self {
        let earliest = after(self.round_started_at, LEAST_CYCLE_S);
        let at = at.max(earliest);
        Self {
            round_not_before: Some(earliest),
            repeat: self.repeat.saturating_add(1),
            level: 0,
            round_started_at: at,
            next: Next::Level { at },
            reached_in_round: false,
            ..*self
        }
    }
}
