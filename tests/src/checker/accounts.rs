//! I1, I6, I7: every accepted event is in one known place, groups hold, nothing is left over.

use super::Checker;
use crate::world::tell::{Answer, Asked};
use std::collections::{BTreeMap, BTreeSet};
use tocsin_app::accept_event::Accepted;
use tocsin_domain::alert::{AlertKey, AlertState};
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::timeline::What;
use tocsin_domain::incident::{Incident, Status};

impl Checker<'_> {
    pub(super) fn accounts(&mut self) {
        self.accepted_events();
        self.alerts();
        self.leftovers();
    }

    fn accepted_events(&mut self) {
        let resolved_by_sender = self.told_as_resolved();
        for told in &self.world.told {
            let (Asked::Event(key, event), Some(Answer::Accepted(accepted)), Some(at)) = (&told.asked, &told.answer, told.answered_at) else { continue };
            match accepted {
                Accepted::Opened(id) | Accepted::Raised(id) | Accepted::Resolved(id) | Accepted::AcknowledgementAsked(id) => {
                    if !self.state.alerts.contains_key(id) {
                        self.wrong("I1", format!("{id} was accepted and is nowhere"));
                    }
                }
                Accepted::Repeated(_) => {
                    let key = AlertKey { integration: key.integration.clone(), dedup_key: event.dedup_key.clone() };
                    // Counted on an alert that was open then. One that its sender closes in the same moment is fine too.
                    let covers = |a: &tocsin_domain::alert::Alert| {
                        a.key == key && a.received_at <= at && (a.resolved_at.is_none_or(|r| r >= told.at) || resolved_by_sender.contains(&a.id))
                    };
                    if !self.state.alerts.values().any(covers) {
                        self.wrong("I1", format!("a repetition of {key:?} at {at} is counted on no alert that was open"));
                    }
                }
                Accepted::NothingOpen => {}
            }
        }
    }

    fn told_as_resolved(&self) -> BTreeSet<AlertId> {
        let resolved = |what: &What| if let What::AlertsResolved { alerts, .. } = what { alerts.clone() } else { Vec::new() };
        self.timelines.values().flatten().flat_map(|e| resolved(&e.what)).collect()
    }

    fn alerts(&mut self) {
        let mut attached: BTreeMap<AlertId, Vec<(IncidentId, jiff::Timestamp)>> = BTreeMap::new();
        // How often each alert came to each incident and left it again: where that differs by one, it is.
        let mut stays: BTreeMap<AlertId, BTreeMap<IncidentId, i32>> = BTreeMap::new();
        for entry in self.timelines.values().flatten() {
            let (alerts, by) = match &entry.what {
                What::AlertsAttached { alerts } | What::AlertsMovedIn { alerts, .. } => (alerts, 1),
                What::AlertsMovedOut { alerts, .. } => (alerts, -1),
                _ => continue,
            };
            for alert in alerts {
                *stays.entry(*alert).or_default().entry(entry.incident).or_default() += by;
            }
        }
        for entry in self.timelines.values().flatten() {
            if let What::AlertsAttached { alerts } = &entry.what {
                for id in alerts {
                    attached.entry(*id).or_default().push((entry.incident, entry.at));
                }
            }
        }
        let is_at = |alert: AlertId, incident: IncidentId| stays.get(&alert).is_some_and(|s| s.iter().all(|(i, n)| *n == i32::from(*i == incident)));
        let of = |what: &What| if let What::Released { alerts } = what { alerts.iter().map(|a| a.alert).collect() } else { Vec::new() };
        let released: BTreeSet<AlertId> = self.timelines.values().flatten().flat_map(|e| of(&e.what)).collect();
        for alert in self.state.alerts.clone().values() {
            let on = attached.remove(&alert.id).unwrap_or_default();
            let links: Vec<IncidentId> = self.state.links.iter().filter(|(_, a)| *a == alert.id).map(|(i, _)| *i).collect();
            match (&on[..], alert.incident) {
                // Kept from people: a record instead of an incident, never both.
                ([], None) if alert.outcome.is_some() && links.is_empty() => {}
                ([(_, at)], Some(incident)) if is_at(alert.id, incident) && links.contains(&incident) && alert.outcome.is_none() => {
                    if *at > self.deadline(alert.received_at) && !released.contains(&alert.id) {
                        self.wrong("I1", format!("{} of {} came to its incident only at {at}", alert.id, alert.received_at));
                    }
                }
                _ => self.wrong("I1", format!("{} of {} is told on {on:?}, linked to {links:?} and says {:?}", alert.id, alert.received_at, alert.incident)),
            }
            let guarded = self.state.guards.get(&alert.key).is_some_and(|g| g.open && g.alert == alert.id);
            if guarded != (alert.state == AlertState::Open) {
                self.wrong("I1", format!("{} is {:?}, its guard says otherwise", alert.id, alert.state));
            }
            let over = alert.outcome.as_ref().and_then(tocsin_domain::alert::outcome::Outcome::again_at);
            if over.is_some_and(|at| alert.state == AlertState::Open && self.now > at + jiff::SignedDuration::from_secs(150)) {
                self.wrong("I1", format!("{} is still open, and was to be decided again at {over:?}", alert.id));
            }
            if alert.has_work() {
                self.wrong("I7", format!("{} still has work: {} of {}", alert.id, alert.handled_seq, alert.seq));
            }
        }
        if !attached.is_empty() {
            self.wrong("I1", format!("alerts on timelines that do not exist: {attached:?}"));
        }
    }

    fn leftovers(&mut self) {
        for i in self.state.incidents.clone().values() {
            let links = self.state.links.iter().filter(|(id, _)| *id == i.id);
            let alerts: Vec<&tocsin_domain::alert::Alert> = links.filter_map(|(_, a)| self.state.alerts.get(a)).collect();
            let open = alerts.iter().filter(|a| a.state == AlertState::Open && a.incident == Some(i.id)).count();
            // One that came back counts twice; the timeline is held to the exact number.
            let total = alerts.len();
            if i.closing || i.alerts_open as usize != open || (i.alerts_total as usize) < total {
                self.wrong(
                    "I7",
                    format!("#{} says {} of {} alerts open, {open} of {total} are; closing {}", i.number, i.alerts_open, i.alerts_total, i.closing),
                );
            }
            if self.deadline_passed(i) {
                self.wrong("I7", format!("#{} is overdue since {:?}", i.number, i.deadline()));
            }
            let silent = i.deadline().is_none() && i.status == Status::Triggered;
            let told = self.timelines.get(&i.id).is_some_and(|t| t.iter().rev().any(|e| e.generation == i.generation && matches!(e.what, What::Unanswered {})));
            if silent && !told {
                self.wrong("I12", format!("#{} is triggered, nothing will happen, and its timeline does not say so", i.number));
            }
            for p in &i.pages {
                if !self.state.pages.contains_key(&(p.contact.clone(), p.key.clone())) {
                    self.wrong("I7", format!("#{} waits for {} which is in no lane", i.number, p.key));
                }
            }
            if i.deadline().is_some() && !self.world.clocks.runs(&tocsin_contract::escalation::execution_name(i.id, i.generation, i.attempt)) {
                self.wrong("I7", format!("#{} has no clock for {:?}", i.number, i.deadline()));
            }
        }
        let published: BTreeSet<(IncidentId, u32)> = self.world.bus.events().iter().map(|e| (e.incident, e.seq)).collect();
        let given_up = self.world.timelines.failures.len();
        let missing = self.state.timeline.keys().filter(|k| !published.contains(k)).count();
        if missing > given_up {
            self.wrong("I1", format!("{missing} timeline entries never reached the bus, {given_up} were given up"));
        }
    }

    fn deadline_passed(&self, i: &Incident) -> bool {
        i.deadline().is_some_and(|d| self.deadline(d) < self.now)
    }
}
