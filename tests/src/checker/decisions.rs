//! I1, I6: each alert went where the configuration of then says, and each incident is pinned to the version by which it was opened.

use super::history::View;
use super::rules::{Expected, Verdict, depends, expected, fits};
use super::{Checker, SLOWEST};
use crate::world::tell::{Answer, Asked};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use tocsin_app::accept_event::Accepted;
use tocsin_domain::alert::outcome::{Outcome, Suppressor};
use tocsin_domain::alert::{Alert, AlertState};
use tocsin_domain::configuration::{Configuration, Grouping};
use tocsin_domain::id::{AlertId, MaintenanceId, ServiceId};
use tocsin_domain::incident::timeline::{Entry, What};
use tocsin_domain::incident::{Incident, Status};

/// What tells groups apart.
type Key = (ServiceId, Option<Vec<String>>);

impl Checker<'_> {
    pub(super) fn decisions(&mut self) {
        for i in self.state.incidents.clone().values() {
            let entries = self.timelines.get(&i.id).cloned().unwrap_or_default();
            self.pinned(i, &entries);
            for entry in &entries {
                let What::AlertsAttached { alerts } = &entry.what else { continue };
                for alert in alerts.iter().filter_map(|a| self.state.alerts.get(a).cloned()).collect::<Vec<_>>() {
                    self.attached(i, &entries, entry, &alert);
                }
            }
        }
        self.kept();
        self.released();
        self.groups();
        self.thresholds();
    }

    /// From when on a function that wrote at this instant may have read.
    pub(super) fn read_from(&self, written: Timestamp) -> Timestamp {
        if self.lived.healed_at.is_none() { written } else { written - SLOWEST }
    }

    /// An incident has the version that was in force, the policy and times of its service in it, and keeps them.
    fn pinned(&mut self, i: &Incident, entries: &[Entry]) {
        let Some(Entry { what: What::Triggered { policy, config_version, title, severity, urgency, .. }, seq: 1, .. }) = entries.first() else {
            return self.wrong("I10", format!("#{} does not begin with what triggered it", i.number));
        };
        if (&i.policy, i.config_version) != (policy, *config_version) {
            self.wrong("I5", format!("#{} opened with {policy} of {config_version} and has {} of {}", i.number, i.policy, i.config_version));
        }
        if let Some(from) = i.split_from {
            let whole = self.state.incidents.get(&from).map(|f| (f.policy.clone(), f.config_version));
            if whole != Some((i.policy.clone(), i.config_version)) {
                self.wrong("I5", format!("#{} was split from one with {whole:?} and has {} of {}", i.number, i.policy, i.config_version));
            }
            return;
        }
        let written = self.history.written(i.id, 1);
        let in_force = self.history.in_force(self.read_from(written), written);
        if !in_force.contains(config_version) {
            self.wrong("I5", format!("#{} opened at {written} with version {config_version}, in force was {in_force:?}", i.number));
        }
        let history = self.history.clone();
        let Some(document) = history.document(*config_version) else { return };
        let service = document.service(&i.service);
        let has = (i.policy.as_str(), i.acknowledge_timeout_s, i.auto_resolve_s);
        let wanted = service.map_or(("none", None, None), |s| (s.policy.as_str(), s.acknowledge_timeout_s, s.auto_resolve_s));
        if has != wanted {
            self.wrong("I5", format!("#{} of {} opened with {has:?}, version {config_version} says {wanted:?}", i.number, i.service));
        }
        let first = self.state.alerts.values().find(|a| a.id.ulid() == i.id.ulid()).cloned();
        // One that got worse may have been decided before that, or behind it.
        if let Some(first) = first.filter(|a| a.severity == a.event.severity) {
            let e = expected(&first, &View::of(document), i.opened_at);
            let urgency_as_meant = e.urgency.is_none_or(|u| u == *urgency || severity.urgency() == *urgency);
            if !e.unsure && (e.title != *title || !urgency_as_meant) {
                self.wrong("I1", format!("#{} opened as {title:?}, {urgency:?}, {e:?} was meant", i.number));
            }
            let paused = entries.iter().find_map(|e| if let What::Paused { until } = e.what { Some(until) } else { None });
            let until = e.pause_s.map(|s| i.opened_at + SignedDuration::from_secs(i64::from(s)));
            if !e.unsure && paused.is_some_and(|p| until.is_none_or(|until| until < p)) {
                self.wrong("I2", format!("#{} waits until {paused:?}, its rule says {until:?}", i.number));
            }
        }
    }

    /// An alert joined an incident: some version that was in force then sends it there.
    fn attached(&mut self, i: &Incident, entries: &[Entry], entry: &Entry, alert: &Alert) {
        let written = self.history.written(i.id, entry.seq);
        let opening = self.history.written(i.id, 1) == written && i.split_from.is_none() && entry.seq <= 3;
        let history = self.history.clone();
        let documents: Vec<&Configuration> =
            if opening { history.document(i.config_version).into_iter().collect() } else { history.documents(self.read_from(written), written) };
        let kept = history.was_kept(alert.id, written);
        let merged = entries.iter().any(|e| e.seq <= entry.seq && matches!(e.what, What::MergedIn { .. }));
        let of = |e: &Entry| if let What::DependentsAttached { alerts, .. } = &e.what { alerts.contains(&alert.id) } else { false };
        let guest = entries.iter().any(of);
        let goes_there = |e: &Expected, document: &Configuration| {
            let service = e.service.clone().unwrap_or_else(|| alert.service.clone());
            if e.unsure {
                return true;
            }
            let there = if guest {
                let attaches = document.service(&service).is_some_and(|s| s.attach_to_upstream);
                attaches && (merged || depends(document, &service, &i.service))
            } else {
                merged || service == i.service
            };
            there && matches!(e.verdict, Verdict::Page | Verdict::Count { .. })
        };
        let at = if kept { entry.at } else { alert.received_at };
        let views = history.views(&documents, self.read_from(written), written);
        if !views.iter().any(|v| meant(alert, v, at).iter().any(|e| goes_there(e, v.document))) {
            let meant: Vec<Expected> = views.iter().flat_map(|v| meant(alert, v, at)).collect();
            self.wrong(
                "I1",
                format!("{} ({}) joined #{} of {} at {}, it was meant for {meant:?}", alert.id, alert.key.dedup_key, i.number, i.service, entry.at),
            );
        }
        // Whose upstream has an open incident does not open one.
        if opening && let [document] = documents[..] {
            let service = expected(alert, &View::of(document), at).service.and_then(|s| document.service(&s));
            let upstream = |other: &Incident| {
                let span = (self.history.written(other.id, 1), if let Status::Resolved { at, .. } = other.status { at } else { Timestamp::MAX });
                let reopened = self.timelines.get(&other.id).is_some_and(|t| t.iter().any(|e| matches!(e.what, What::Reopened {})));
                service.is_some_and(|s| s.attach_to_upstream && depends(document, &s.id, &other.service))
                    && !reopened
                    && span.0 < self.read_from(written)
                    && span.1 > written
            };
            if let Some(other) = self.state.incidents.values().find(|o| upstream(o)) {
                self.wrong("I1", format!("#{} opened at {written} although #{} of what it depends on was open", i.number, other.number));
            }
        }
    }

    /// What was kept from people was to be.
    fn kept(&mut self) {
        let history = self.history.clone();
        for (id, times) in history.kept() {
            let Some(alert) = self.state.alerts.get(&id).cloned() else { continue };
            for (n, (written, outcome)) in times.iter().enumerate() {
                let (Outcome::Suppressed { at, .. } | Outcome::Dropped { at, .. }) = outcome;
                // One that is over stays what it was.
                let same = n > 0 && times[n - 1].1 == *outcome && alert.state == AlertState::Resolved;
                let at = if n > 0 { *at } else { alert.received_at };
                let documents = history.documents(self.read_from(*written), *written);
                let views = history.views(&documents, self.read_from(*written), *written);
                if !same && !views.iter().any(|v| meant(&alert, v, at).iter().any(|e| fits(outcome, e))) {
                    let meant: Vec<Expected> = views.iter().flat_map(|v| meant(&alert, v, at)).collect();
                    self.wrong("I1", format!("{id} ({}) was kept at {written}: {outcome}; {meant:?} was meant", alert.key.dedup_key));
                }
            }
        }
    }

    /// What a window kept is decided again soon after somebody heard that it was ended.
    fn released(&mut self) {
        let history = self.history.clone();
        let mut ended: BTreeMap<(MaintenanceId, Timestamp), Timestamp> = BTreeMap::new();
        for told in &self.world.told {
            let (Asked::EndMaintenance(..), Some(Answer::Window(run)), Some(at)) = (&told.asked, &told.answer, told.answered_at) else { continue };
            let first = ended.entry((run.id.clone(), run.end)).or_insert(at);
            *first = at.min(*first);
        }
        for (id, times) in history.kept() {
            let Some(alert) = self.state.alerts.get(&id).cloned() else { continue };
            // It may belong to another one by now.
            let joins = |e: &&Entry| matches!(&e.what, What::AlertsAttached { alerts } if alerts.contains(&id));
            let joined = self.timelines.values().flatten().find(joins).map(|e| e.at);
            for (n, (written, outcome)) in times.iter().enumerate() {
                let Outcome::Suppressed { by: Suppressor::Maintenance(window), again_at: Some(end), .. } = outcome else { continue };
                let Some(heard) = ended.get(&(window.clone(), *end)) else { continue };
                let latest = (*heard).max(*written).max(self.lived.healed_at.unwrap_or(Timestamp::MIN)) + SignedDuration::from_secs(150);
                let next = [times.get(n + 1).map(|(at, _)| *at), alert.resolved_at, joined].into_iter().flatten().min();
                if latest < *end && next.is_none_or(|at| at > latest) && self.now > latest {
                    self.wrong("I1", format!("{id} was kept at {written} by {window}, which was ended by {heard}, and was decided again only at {next:?}"));
                }
            }
        }
    }

    /// I6: two open incidents of a group only where the older one's window was over. Which group it is, and its window, the pinned versions say.
    fn groups(&mut self) {
        let mut groups: BTreeMap<Key, Vec<(Timestamp, Incident, Option<u32>)>> = BTreeMap::new();
        for i in self.state.incidents.values().filter(|i| i.split_from.is_none()) {
            let first = self.state.alerts.values().find(|a| a.id.ulid() == i.id.ulid());
            let (Some(first), Some(document)) = (first, self.history.document(i.config_version)) else { continue };
            let e = expected(first, &View::of(document), i.opened_at);
            if e.unsure {
                continue;
            }
            let Some(service) = e.service.and_then(|s| document.service(&s)) else { continue };
            let window_s = match &service.grouping {
                Grouping::None => None,
                Grouping::Time { window_s } => Some(*window_s),
                Grouping::Fields { window_s, .. } => *window_s,
            };
            let key = match (&e.group, &service.grouping) {
                (Some(values), _) => (service.id.clone(), Some(values.clone())),
                (None, Grouping::Time { .. }) => (service.id.clone(), None),
                (None, Grouping::None | Grouping::Fields { .. }) => continue,
            };
            groups.entry(key).or_default().push((self.history.written(i.id, 1), i.clone(), window_s));
        }
        for (key, mut incidents) in groups {
            incidents.sort_by_key(|(at, i, _)| (*at, i.number));
            for pair in incidents.windows(2) {
                let [(_, a, window_s), (began, b, _)] = pair else { continue };
                let over = window_s.is_some_and(|s| b.opened_at >= a.opened_at + SignedDuration::from_secs(i64::from(s)));
                // One that was open again behind its end is told by its timeline, not by where it stands now.
                let ended =
                    self.timelines.get(&a.id).into_iter().flatten().any(|e| e.at <= *began && matches!(e.what, What::Resolved {} | What::Merged { .. }));
                if !over && !ended {
                    self.wrong("I6", format!("#{} opened at {} although #{} of {key:?} was open since {}", b.number, b.opened_at, a.number, a.opened_at));
                }
            }
        }
    }

    /// An alert that was reported often enough by itself is not kept by a threshold any more. Windows do not overlap and begin with an event, so that two of
    /// them share what comes in the length of one.
    fn thresholds(&mut self) {
        let mut reports: BTreeMap<AlertId, Vec<Timestamp>> = BTreeMap::new();
        for told in &self.world.told {
            let (Some(Answer::Accepted(accepted)), Some(at)) = (&told.answer, told.answered_at) else { continue };
            if let Accepted::Opened(id) | Accepted::Repeated(id) | Accepted::Raised(id) = accepted {
                reports.entry(*id).or_default().push(at);
            }
        }
        for alert in self.state.alerts.clone().into_values().filter(|a| a.state == AlertState::Open) {
            let Some(Outcome::Suppressed { by: Suppressor::Threshold(by), .. }) = &alert.outcome else { continue };
            let times = reports.remove(&alert.id).unwrap_or_default();
            let history = self.history.clone();
            let counts: BTreeSet<(u64, i64)> = history
                .versions()
                .filter_map(|(_, d)| match expected(&alert, &View::of(d), alert.received_at).verdict {
                    Verdict::Count { by: b, events, within_s } if b == *by => Some((events, within_s)),
                    _ => None,
                })
                .collect();
            let [(events, within_s)] = counts.into_iter().collect::<Vec<_>>()[..] else { continue };
            let most =
                times.iter().map(|from| times.iter().filter(|t| *from <= **t && t.duration_since(*from).as_secs() < within_s).count()).max().unwrap_or(0);
            if most as u64 >= 2 * events {
                self.wrong("I1", format!("{} was reported {most} times in {within_s} s and is still kept by {by}", alert.id));
            }
        }
    }
}

/// What was to become of an alert: one that got worse may have been decided before that, or behind it.
fn meant(alert: &Alert, view: &View, at: Timestamp) -> Vec<Expected> {
    let mut before = alert.clone();
    before.severity = alert.event.severity;
    let mut all = vec![expected(alert, view, at)];
    all.extend((before.severity != alert.severity).then(|| expected(&before, view, at)));
    all
}
