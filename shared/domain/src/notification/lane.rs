//! Lanes: how often one contact method may be used. Two hundred incidents in a minute are a few messages, not two hundred.

use crate::incident::after;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How many messages a contact method gets in one window; one summary more comes after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// Messages a window.
    pub messages: usize,
    /// Length of the window in seconds.
    pub window_s: u32,
}

impl Cap {
    /// For the last-resort contact: behind it there is nobody, so it hears more often. A burst is one message there too.
    pub fn of_last_resort() -> Self {
        Self { messages: 20, ..Self::default() }
    }
}

impl Default for Cap {
    /// Five in fifteen minutes.
    fn default() -> Self {
        Self { messages: 5, window_s: 15 * 60 }
    }
}

/// A burst waits this long behind the message before it, so that it leaves as one. Less than the 5 s in which a page must leave.
pub const BURST_S: u32 = 2;

/// What a contact method got lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Rises with each write: the optimistic lock.
    pub revision: u64,
    /// When messages left, oldest first; those outside the window are forgotten.
    pub sent: Vec<Timestamp>,
}

/// Whether a lane may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// One message with all that is due.
    Send,
    /// The last message before the window is full: say that no more will come until then.
    Summarise {
        /// When the next one may come.
        quiet_until: Timestamp,
    },
    /// Nothing before this instant.
    Hold(Timestamp),
}

impl Lane {
    /// Whether a message may leave at `now`.
    ///
    /// ```
    /// # use tocsin_domain::notification::lane::{Cap, Decision, Lane};
    /// let cap = Cap { messages: 1, window_s: 900 };
    /// let t = |s: &str| s.parse::<jiff::Timestamp>().unwrap();
    /// let mut lane = Lane::default();
    /// assert_eq!(lane.decide(cap, t("2026-01-05T09:00:00Z")), Decision::Send);
    /// lane.sent_at(cap, t("2026-01-05T09:00:00Z"));
    /// assert_eq!(lane.decide(cap, t("2026-01-05T09:00:01Z")), Decision::Hold(t("2026-01-05T09:00:02Z"))); // a burst: two seconds
    /// assert_eq!(lane.decide(cap, t("2026-01-05T09:01:00Z")), Decision::Summarise { quiet_until: t("2026-01-05T09:15:00Z") });
    /// lane.sent_at(cap, t("2026-01-05T09:01:00Z"));
    /// assert_eq!(lane.decide(cap, t("2026-01-05T09:02:00Z")), Decision::Hold(t("2026-01-05T09:15:00Z")));
    /// ```
    pub fn decide(&self, cap: Cap, now: Timestamp) -> Decision {
        let recent: Vec<Timestamp> = self.recent(cap, now).collect();
        let leaves = |i: usize| recent.get(i).map_or(now, |t| after(*t, cap.window_s));
        if recent.len() > cap.messages {
            return Decision::Hold(leaves(recent.len() - cap.messages - 1));
        }
        if let Some(last) = recent.last() {
            let rested = after(*last, BURST_S);
            if now < rested {
                return Decision::Hold(rested);
            }
        }
        if recent.len() == cap.messages { Decision::Summarise { quiet_until: leaves(0) } } else { Decision::Send }
    }

    /// Notes a message that leaves at `now`.
    pub fn sent_at(&mut self, cap: Cap, now: Timestamp) {
        self.sent = self.recent(cap, now).collect();
        self.sent.push(now);
    }

    fn recent(&self, cap: Cap, now: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        let since = now.checked_sub(SignedDuration::from_secs(i64::from(cap.window_s))).unwrap_or(Timestamp::MIN);
        self.sent.iter().copied().filter(move |t| *t > since)
    }
}
