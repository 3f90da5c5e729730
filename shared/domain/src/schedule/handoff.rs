//! Handoffs: who begins and who ceases to be on call, and when.
//!
//! A person who goes on with another turn, layer or override is not handed over to: only what changes for them counts.

use super::Schedule;
use crate::id::UserId;
use jiff::{SignedDuration, Timestamp};

/// How far ahead the end of somebody's time is looked for.
const AHEAD: SignedDuration = SignedDuration::from_hours(40 * 24);

/// A change of who is on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// When.
    pub at: Timestamp,
    /// Who is on call from then on, and was not before.
    pub incoming: Vec<UserId>,
    /// Who was until then.
    pub outgoing: Vec<UserId>,
}

impl Schedule {
    /// Handoffs in `(after, until]`, in order.
    ///
    /// ```
    /// use tocsin_domain::schedule::Schedule;
    /// let schedule: Schedule = serde_json::from_str(r#"{"id": "s", "team": "t", "time_zone": "Europe/London", "layers": [
    ///     {"rotation": "daily", "start": "2026-01-05T09:00", "members": ["ada", "ada", "bob"]}
    /// ]}"#).unwrap();
    /// let handoffs = schedule.handoffs("2026-01-05T00:00:00Z".parse().unwrap(), "2026-01-08T09:00:00Z".parse().unwrap());
    /// let told: Vec<String> = handoffs.iter().map(|h| format!("{} {:?} {:?}", h.at, h.incoming, h.outgoing)).collect();
    /// // Ada's second day is no handoff.
    /// assert_eq!(told, [
    ///     r#"2026-01-05T09:00:00Z [UserId("ada")] []"#,
    ///     r#"2026-01-07T09:00:00Z [UserId("bob")] [UserId("ada")]"#,
    ///     r#"2026-01-08T09:00:00Z [UserId("ada")] [UserId("bob")]"#,
    /// ]);
    /// ```
    pub fn handoffs(&self, after: Timestamp, until: Timestamp) -> Vec<Handoff> {
        let second = SignedDuration::from_secs(1);
        let shifts = self.shifts(after, until + second);
        let mut points: Vec<Timestamp> = shifts.iter().flat_map(|s| [s.start, s.end]).filter(|at| *at > after && *at <= until).collect();
        points.sort_unstable();
        points.dedup();
        let mut handoffs = Vec::new();
        for at in points {
            let before: Vec<&UserId> = shifts.iter().filter(|s| s.start < at && s.end >= at).map(|s| &s.user).collect();
            let now: Vec<&UserId> = shifts.iter().filter(|s| s.start <= at && s.end > at).map(|s| &s.user).collect();
            let only = |these: &[&UserId], those: &[&UserId]| {
                let mut found: Vec<UserId> = these.iter().filter(|u| !those.contains(u)).map(|u| (*u).clone()).collect();
                found.dedup();
                found
            };
            let (incoming, outgoing) = (only(&now, &before), only(&before, &now));
            if !incoming.is_empty() || !outgoing.is_empty() {
                handoffs.push(Handoff { at, incoming, outgoing });
            }
        }
        handoffs
    }

    /// Until when somebody who is on call at `at` goes on to be; none if not within 40 days.
    pub fn on_call_until(&self, user: &UserId, at: Timestamp) -> Option<Timestamp> {
        let end = at.checked_add(AHEAD).ok()?;
        let mut until = at;
        // By start: each of their shifts either goes on where the ones before end, or there is a hole.
        for shift in self.shifts(at, end).into_iter().filter(|s| s.user == *user) {
            if shift.start > until {
                break;
            }
            until = until.max(shift.end);
        }
        (until < end && until > at).then_some(until)
    }
}
