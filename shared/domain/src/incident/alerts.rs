//! What alerts do to their incident.

use super::timeline::{PauseEnd, What};
use super::{Incident, Status};
use crate::alert::{Severity, Urgency};
use crate::escalation::progress::Progress;
use crate::id::AlertId;
use crate::incident::timeline::Actor;
use jiff::Timestamp;

impl Incident {
    /// Alerts join; each must belong to no incident yet. A worse one raises severity and urgency.
    pub fn attach(&mut self, alerts: &[(AlertId, Severity)], now: Timestamp) -> Vec<What> {
        let Some(worst) = alerts.iter().map(|(_, s)| *s).min() else { return Vec::new() };
        self.attach_as(alerts, worst, None, now)
    }

    /// Alerts join, the worst of them with this severity, and with this urgency where a rule says so.
    pub fn attach_as(&mut self, alerts: &[(AlertId, Severity)], worst: Severity, urgency: Option<Urgency>, now: Timestamp) -> Vec<What> {
        let count = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
        self.alerts_open = self.alerts_open.saturating_add(count);
        self.alerts_total = self.alerts_total.saturating_add(count);
        let mut whats = vec![What::AlertsAttached { alerts: alerts.iter().map(|(id, _)| *id).collect() }];
        whats.extend(self.raise_to(worst, urgency, now));
        whats
    }

    /// An alert of it is worse than anything before. From low to high urgency the escalation of an unanswered incident starts over,
    /// with the rules for high urgency: who was only mailed is now called.
    pub fn raise(&mut self, severity: Severity, now: Timestamp) -> Vec<What> {
        self.raise_to(severity, None, now)
    }

    /// As [`Incident::raise`]; where a rule names an urgency, that one counts instead of the severity's.
    pub fn raise_to(&mut self, severity: Severity, urgency: Option<Urgency>, now: Timestamp) -> Vec<What> {
        let worse = severity < self.severity;
        let louder = self.urgency == Urgency::Low
            && match urgency {
                Some(urgency) => urgency == Urgency::High,
                None => worse && severity.urgency() == Urgency::High,
            };
        if !(worse || louder) || !self.is_open() {
            return Vec::new();
        }
        let waited = self.end_pause(PauseEnd::Worse, now);
        self.severity = self.severity.min(severity);
        if louder {
            self.urgency = Urgency::High;
            if self.status == Status::Triggered {
                self.start_over(Progress::start(now));
            }
        }
        let mut whats = vec![What::Raised { severity: self.severity, urgency: self.urgency }];
        whats.extend(waited);
        whats
    }

    /// Senders resolved alerts of it; with the last one the incident is resolved too.
    pub fn resolve_alerts(&mut self, alerts: &[AlertId], by: &Actor, now: Timestamp) -> Vec<What> {
        let count = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
        if count == 0 {
            return Vec::new();
        }
        self.alerts_open = self.alerts_open.saturating_sub(count);
        let mut whats = vec![What::AlertsResolved { alerts: alerts.to_vec(), still_open: self.alerts_open }];
        if self.alerts_open == 0 && self.is_open() {
            if self.waits_until().is_some() {
                whats.push(What::PauseEnded { why: PauseEnd::Transient });
            }
            self.resolve(by.clone(), now);
            whats.push(What::Resolved {});
        }
        whats
    }

    /// The sender asks to acknowledge; `asked_at` before the present generation began is an old message, and changes nothing.
    pub fn acknowledge_by_sender(&mut self, by: &Actor, asked_at: Timestamp, now: Timestamp) -> Vec<What> {
        if self.status != Status::Triggered || asked_at < self.progress.generation_started_at {
            return Vec::new();
        }
        vec![self.acknowledge(by.clone(), now)]
    }

    pub(super) fn acknowledge(&mut self, by: Actor, now: Timestamp) -> What {
        let until = self.acknowledge_timeout_s.map(|s| super::after(now, s));
        self.answer(Status::Acknowledged { by, at: now, until, snoozed: false });
        What::Acknowledged { until }
    }

    pub(super) fn resolve(&mut self, by: Actor, now: Timestamp) {
        self.answer(Status::Resolved { by, at: now });
        self.auto_resolve_at = None;
        self.closing = self.alerts_open > 0;
    }

    /// Nobody is paged any more, but for those who were asked to help with what is open still: waiting pages are taken back and the clock that ran is fenced off.
    pub(super) fn answer(&mut self, status: Status) {
        self.status = status;
        self.take_back_levels();
        if !self.is_open() {
            self.pages.clear();
            self.overflow.clear();
            self.end_requests();
        }
        self.next_attempt();
    }
}
