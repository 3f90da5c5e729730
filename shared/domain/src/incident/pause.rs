//! Pauses: an incident that waits before its first level fires, because it may be over by itself.

use super::timeline::{PauseEnd, What};
use super::{Incident, Status};
use crate::escalation::progress::Next;
use jiff::Timestamp;

impl Incident {
    /// Nobody is paged before `until`. For an incident that opens.
    ///
    /// ```
    /// # use tocsin_domain::{incident::{Incident, Opening, timeline::{Actor, What}}, alert::Severity, id::{AlertId, IncidentId}};
    /// # let opening = Opening { id: IncidentId::new(ulid::Ulid::from_parts(1, 1)), number: 1, service: "s".parse()?, team: "t".parse()?, policy: "p".parse()?, config_version: 1,
    /// #     title: "down".into(), severity: Severity::Error, acknowledge_timeout_s: None, auto_resolve_s: None };
    /// let nine: jiff::Timestamp = "2026-01-05T09:00:00Z".parse()?;
    /// let (four_past, five_past) = ("2026-01-05T09:04:00Z".parse()?, "2026-01-05T09:05:00Z".parse()?);
    /// let mut incident = Incident::open(opening, nine);
    /// let alert = AlertId::new(ulid::Ulid::from_parts(1, 1));
    /// incident.attach(&[(alert, Severity::Error)], nine);
    /// incident.pause(five_past);
    /// assert_eq!((incident.waits_until(), incident.deadline()), (Some(five_past), Some(five_past)));
    /// let told: Vec<&str> = incident.resolve_alerts(&[alert], &Actor::System, four_past).iter().map(What::name).collect();
    /// assert_eq!(told, ["alerts_resolved", "pause_ended", "resolved"], "nobody was paged");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pause(&mut self, until: Timestamp) -> Vec<What> {
        self.paused_until = Some(until);
        self.progress.next = Next::Level { at: until };
        vec![What::Paused { until }]
    }

    /// Until when it waits; none where it does not, or does no more.
    pub fn waits_until(&self) -> Option<Timestamp> {
        self.holds_until().filter(|_| self.status == Status::Triggered && matches!(self.progress.next, Next::Level { .. }))
    }

    /// Until when requests of its senders wait: for as long as it may be over by itself. An acknowledgement does not say that it is not; a level that fires, or a person
    /// who starts the escalation over, does.
    pub fn holds_until(&self) -> Option<Timestamp> {
        self.paused_until.filter(|_| self.is_open() && self.generation == 1 && self.progress.fired.is_none())
    }

    /// The first level is due now, if it waits for anything.
    pub fn end_pause(&mut self, why: PauseEnd, now: Timestamp) -> Vec<What> {
        if self.waits_until().is_none() {
            return Vec::new();
        }
        self.paused_until = None;
        self.progress.hurry(now);
        // Whoever waits for the instant that was planned has to be woken.
        self.next_attempt();
        vec![What::PauseEnded { why }]
    }
}
