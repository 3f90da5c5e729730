//! What senders say, on its way to incidents: alerts and their repetitions, rules, thresholds, maintenance windows, dependencies, groups, heartbeats.

use super::act::{Of, Sent};
use super::{Kept, World};
use crate::alert::event::Event;
use crate::alert::outcome::{Outcome, Suppressor};
use crate::alert::{Alert, AlertKey, AlertState};
use crate::heartbeat::{DEDUP_KEY, Standing};
use crate::id::{AlertId, IntegrationId, MaintenanceId};
use crate::incident::intake::{self, Decided};
use crate::incident::timeline::Actor;
use crate::maintenance::MaintenanceRun;
use crate::rules::threshold::count;
use crate::rules::{Decision, Verdict, decide};
use jiff::Timestamp;

/// An alert, and how many events it has had.
pub(super) struct Counted {
    pub(super) alert: Alert,
    events: u64,
}

/// What is known of a heartbeat.
pub(super) struct Beat {
    last: Timestamp,
    told: bool,
}

/// Where an alert goes.
enum Way {
    /// To an incident that there is; as a guest of a service that its own depends on.
    Joins { place: usize, guest: bool },
    /// To one of its own, which may open a group.
    Opens { group: Option<intake::GroupKey> },
}

impl World<'_> {
    /// An event that says that something is wrong: a new alert, or one more of an open one.
    pub(super) fn trigger(&mut self, sent: Sent, now: Timestamp) {
        let named = sent.service.as_ref().map(|id| (id, self.configuration.service(id)));
        if let (None, Some((id, None))) = (&sent.integration, named) {
            self.note(now, format!("there is no service {id}: nothing opens"));
            return;
        }
        let by_integration = sent.integration.as_ref().and_then(|i| self.configuration.service_of(i));
        let Some(service) = by_integration.or(named.and_then(|(_, service)| service)) else {
            self.note(now, "the event comes by an integration that there is not: nothing opens".to_owned());
            return;
        };
        let integration = sent.integration.clone().or_else(|| "imagined".parse().ok());
        let Some(integration) = integration else { return };
        let key = sent.key.clone().unwrap_or_else(|| format!("imagined-{}", self.serial + 1));
        let summary = if sent.title.is_empty() { format!("imagined {} of {}", sent.severity.as_str(), service.name) } else { sent.title.clone() };
        let (service, team) = (service.id.clone(), service.team.clone());
        let event = sent.event(summary, key.clone());
        self.receive(AlertKey { integration, dedup_key: key }, event, (service, team), now);
    }

    fn receive(&mut self, key: AlertKey, event: Event, (service, team): (crate::id::ServiceId, crate::id::TeamId), now: Timestamp) {
        let open = self
            .alerts
            .iter()
            .position(|c| c.alert.key == key && c.alert.state == AlertState::Open && (c.alert.service == service || key.integration.as_str() != "imagined"));
        if let Some(place) = open {
            let known = &mut self.alerts[place];
            known.events += 1;
            // Only what changes something is looked at again: a worse one, and one more where events are counted.
            let counts = matches!(known.alert.outcome, Some(Outcome::Suppressed { by: Suppressor::Threshold(_), .. }));
            if event.severity < known.alert.severity || counts {
                known.alert.severity = known.alert.severity.min(event.severity);
                known.alert.seq += 1;
                self.handle(place, now);
            }
            return;
        }
        let alert = Alert::new(AlertId::new(self.ulid(now)), key, service, team, event, now);
        self.alerts.push(Counted { alert, events: 1 });
        self.handle(self.alerts.len() - 1, now);
    }

    /// Open alerts that are meant.
    fn meant(&self, of: &Of) -> Vec<usize> {
        let fits = |a: &Alert| {
            let service = a.incident.and_then(|id| self.incidents.iter().find(|i| i.id == id)).map_or(&a.service, |i| &i.service);
            of.integration.as_ref().is_none_or(|i| *i == a.key.integration)
                && of.service.as_ref().is_none_or(|s| *s == a.service || s == service)
                && of.key.as_ref().is_none_or(|k| *k == a.key.dedup_key)
        };
        (0..self.alerts.len()).filter(|i| self.alerts[*i].alert.state == AlertState::Open && fits(&self.alerts[*i].alert)).collect()
    }

    pub(super) fn end(&mut self, of: &Of, now: Timestamp) {
        let meant = self.meant(of);
        if meant.is_empty() {
            let whose = of.service.as_ref().map_or_else(|| "nothing".to_owned(), |s| format!("service {s}"));
            self.note(now, format!("{whose} has no open alert of that key: nothing ends"));
        }
        for place in meant {
            let alert = &mut self.alerts[place].alert;
            alert.state = AlertState::Resolved;
            alert.resolved_at = Some(now);
            alert.seq += 1;
            alert.resolved_seq = Some(alert.seq);
            self.handle(place, now);
        }
    }

    pub(super) fn sender_acknowledges(&mut self, of: &Of, now: Timestamp) {
        for place in self.meant(of) {
            let alert = &mut self.alerts[place].alert;
            alert.acknowledge_requested_at = Some(now);
            alert.seq += 1;
            self.handle(place, now);
        }
    }

    /// What has to be looked at again by itself: heartbeats that are missing, and alerts that were kept from people for a while.
    pub(super) fn look_again(&mut self, now: Timestamp) {
        for heartbeat in &self.configuration.heartbeats {
            let Some(beat) = self.beats.get_mut(&heartbeat.id).filter(|b| !b.told) else { continue };
            if let Standing::Missing { .. } = heartbeat.standing(Some(beat.last), now) {
                beat.told = true;
                let event = heartbeat.missing(beat.last);
                if let Some(service) = self.configuration.service(&heartbeat.service) {
                    let key = AlertKey { integration: heartbeat.id.clone(), dedup_key: DEDUP_KEY.to_owned() };
                    self.receive(key, event, (service.id.clone(), service.team.clone()), now);
                }
            }
        }
        for place in 0..self.alerts.len() {
            if self.alerts[place].alert.is_due(now) {
                self.handle(place, now);
            }
        }
    }

    /// When that is next.
    pub(super) fn again_at(&self) -> Option<Timestamp> {
        let missing = self.configuration.heartbeats.iter().filter_map(|h| self.beats.get(&h.id).filter(|b| !b.told).map(|b| h.due(b.last)));
        let held = self.alerts.iter().map(|c| &c.alert).filter(|a| a.state == AlertState::Open && a.incident.is_none());
        missing.chain(held.filter_map(|a| a.outcome.as_ref()?.again_at())).min()
    }

    pub(super) fn ping(&mut self, id: IntegrationId, now: Timestamp) {
        if !self.configuration.heartbeats.iter().any(|h| h.id == id) {
            self.note(now, format!("there is no heartbeat {id}: nobody hears the ping"));
            return;
        }
        let was_missing = self.beats.insert(id.clone(), Beat { last: now, told: false }).is_some_and(|b| b.told);
        if was_missing && !self.meant(&Of { integration: Some(id.clone()), ..Of::default() }).is_empty() {
            self.end(&Of { integration: Some(id), ..Of::default() }, now);
        }
    }

    pub(super) fn maintain(&mut self, run: MaintenanceRun) {
        self.maintenance.runs.retain(|r| r.configured || r.id != run.id);
        self.maintenance.runs.push(run);
    }

    /// Ends a window; what it kept from people is decided again.
    pub(super) fn end_maintenance(&mut self, id: &MaintenanceId, now: Timestamp) {
        let started = self.maintenance.runs.iter_mut().find(|r| !r.configured && r.id == *id && r.start <= now && now < r.over_at());
        let configured = self.configuration.maintenance.iter().find(|m| m.id == *id).and_then(|m| Some((m, m.open_at(now)?)));
        match (started, configured) {
            (Some(run), _) => run.ended_at = Some(now),
            (None, Some((window, span))) => {
                let team =
                    window.teams.first().cloned().or_else(|| window.services.first().and_then(|s| self.configuration.service(s)).map(|s| s.team.clone()));
                let Some(team) = team else { return };
                self.maintenance.runs.push(MaintenanceRun {
                    id: id.clone(),
                    team,
                    reason: window.reason.clone(),
                    services: Vec::new(),
                    teams: Vec::new(),
                    at: Some(now),
                    start: span.start,
                    end: span.end,
                    by: Actor::System,
                    ended_at: Some(now),
                    ended_by: None,
                    configured: true,
                });
            }
            (None, None) => self.note(now, format!("maintenance window {id} does not run: nothing ends")),
        }
        let by_it = |a: &Alert| matches!(&a.outcome, Some(Outcome::Suppressed { by: Suppressor::Maintenance(m), .. }) if m == id);
        let held: Vec<usize> = (0..self.alerts.len()).filter(|i| self.alerts[*i].alert.state == AlertState::Open && by_it(&self.alerts[*i].alert)).collect();
        for place in held {
            self.handle(place, now);
        }
    }

    /// Does with one alert what there is to do.
    fn handle(&mut self, place: usize, now: Timestamp) {
        let alert = self.alerts[place].alert.clone();
        let decision = decide(&alert, self.configuration, &self.maintenance, intake::decided_at(&alert, now));
        let Some(way) = self.way(place, &decision, now) else {
            let alert = &mut self.alerts[place].alert;
            alert.handled_seq = alert.seq;
            return;
        };
        let alert = self.alerts[place].alert.clone();
        let decided: Vec<Decided> = vec![(alert, decision)];
        let (at, opening, guest) = match way {
            Way::Joins { place, guest } => (place, false, guest),
            Way::Opens { group } => (self.open(&decided[0], group, now), true, false),
        };
        let told = intake::take_in(&mut self.incidents[at], &decided, opening, guest, now);
        self.tell_all(at, told, now);
        let told = intake::let_go(&mut self.incidents[at], &decided, now);
        let id = self.incidents[at].id;
        let alert = &mut self.alerts[place].alert;
        (alert.incident, alert.outcome, alert.handled_seq) = (Some(id), None, alert.seq);
        self.tell_all(at, told, now);
        self.close(at);
    }

    fn way(&mut self, place: usize, decision: &Decision, now: Timestamp) -> Option<Way> {
        let alert = self.alerts[place].alert.clone();
        if let Some(id) = alert.incident {
            return self.incidents.iter().position(|i| i.id == id).map(|place| Way::Joins { place, guest: false });
        }
        if let (AlertState::Resolved, Some(outcome)) = (alert.state, &alert.outcome) {
            self.kept(&alert, decision, outcome.clone(), true, now);
            return None;
        }
        match &decision.verdict {
            Verdict::Page => {}
            Verdict::Keep { outcome } => {
                self.alerts[place].alert.outcome = Some(outcome.clone());
                self.kept(&alert, decision, outcome.clone(), false, now);
                return None;
            }
            Verdict::Count { by, threshold } => {
                let service = decision.service.clone().unwrap_or_else(|| alert.service.clone());
                let watched = (alert.state == AlertState::Open).then_some(self.alerts[place].events);
                let key = (by.clone(), service);
                let counted = count(self.counts.remove(&key), &alert, watched, *threshold, now);
                let (reached, events, until) = (counted.reached, counted.events(), counted.until);
                let inside = counted.alerts.iter().any(|a| a.alert == alert.id);
                let others: Vec<AlertId> = counted.alerts.iter().map(|a| a.alert).filter(|id| *id != alert.id).collect();
                self.counts.insert(key, counted);
                if !reached {
                    let reason = format!("{events} of {} events in {} s", threshold.events, threshold.within_s);
                    let outcome = Outcome::Suppressed { by: Suppressor::Threshold(by.clone()), reason, at: now, again_at: inside.then_some(until) };
                    self.alerts[place].alert.outcome = Some(outcome.clone());
                    self.kept(&alert, decision, outcome, false, now);
                    return None;
                }
                // Those that were held go on too, behind this one.
                for other in self.alerts.iter_mut().filter(|c| others.contains(&c.alert.id) && c.alert.incident.is_none() && c.alert.state == AlertState::Open)
                {
                    other.alert.seq += u32::from(!other.alert.has_work());
                }
            }
        }
        let upstream = decision.service.as_ref().and_then(|id| self.configuration.service(id)).filter(|s| s.attach_to_upstream);
        let upstream = upstream.into_iter().flat_map(|s| self.configuration.upstream_of(s));
        for service in upstream {
            if let Some(place) = self.incidents.iter().position(|i| i.service == service.id && i.is_open()) {
                return Some(Way::Joins { place, guest: true });
            }
        }
        let group = intake::group_of(decision, self.configuration);
        let joined = group.as_ref().and_then(|key| self.groups.get(key)).filter(|(until, place)| {
            let begins = intake::begins(&alert, now);
            begins < *until && self.incidents[*place].is_open()
        });
        Some(joined.map_or(Way::Opens { group }, |(_, place)| Way::Joins { place: *place, guest: false }))
    }

    fn open(&mut self, (alert, decision): &Decided, group: Option<intake::GroupKey>, now: Timestamp) -> usize {
        let number = self.incidents.len() as u64 + 1;
        let (incident, told) = intake::open(alert, decision, self.configuration, self.outside.version, number, now);
        self.incidents.push(incident);
        let place = self.incidents.len() - 1;
        if let Some(key) = group {
            let until = intake::joined_until(&key.service, self.configuration, intake::begins(alert, now));
            self.groups.insert(key, (until, place));
        }
        self.tell_all(place, vec![told], now);
        place
    }

    /// Alerts of a resolved incident are closed.
    pub(super) fn close(&mut self, place: usize) {
        let incident = &mut self.incidents[place];
        if incident.is_open() {
            return;
        }
        // The runtime does this in a write of its own, a moment later.
        incident.closing = false;
        for Counted { alert, .. } in self.alerts.iter_mut().filter(|c| c.alert.incident == Some(incident.id) && c.alert.state == AlertState::Open) {
            alert.state = AlertState::Resolved;
        }
    }

    fn kept(&mut self, alert: &Alert, decision: &Decision, outcome: Outcome, over: bool, now: Timestamp) {
        let service = decision.service.clone().unwrap_or_else(|| alert.service.clone());
        self.story.kept.push(Kept { at: now, service, key: alert.key.clone(), summary: decision.summary.clone(), outcome, over });
    }
}
