//! What was in force when: versions of the configuration, changes of schedules at run time, and the instants at which things were really written.
//!
//! Called by: the other parts of the checker. A function that reads a version and writes a moment later may have read any that was in force in between, and no other.

use jiff::Timestamp;
use std::collections::BTreeMap;
use tocsin_app::fakes::store::{Logged, State};
use tocsin_domain::alert::outcome::Outcome;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::id::{AlertId, ContactId, IncidentId, MaintenanceId, ScheduleId};
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_domain::schedule::roster::Roster;
use tocsin_domain::schedule::{Change, Override, Schedule};

/// More than these readings of schedules at one instant are not told apart.
const MOST_READINGS: usize = 24;

/// What somebody may have read who decided about an alert.
#[derive(Debug, Clone)]
pub(crate) struct View<'a> {
    /// The configuration.
    pub(crate) document: &'a Configuration,
    /// Windows that people started or ended.
    pub(crate) runs: Vec<&'a MaintenanceRun>,
}

impl<'a> View<'a> {
    /// Of somebody who does not ask for windows.
    pub(crate) fn of(document: &'a Configuration) -> Self {
        Self { document, runs: Vec::new() }
    }
}

/// What was in force when.
#[derive(Debug, Default)]
pub(crate) struct History {
    flips: Vec<(Timestamp, u64)>,
    documents: BTreeMap<u64, Configuration>,
    amended: Vec<(Timestamp, Roster)>,
    windows: Vec<(Timestamp, MaintenanceRun)>,
    verified: BTreeMap<ContactId, Vec<(Timestamp, Option<String>)>>,
    written: BTreeMap<IncidentId, Vec<(Timestamp, u32)>>,
    kept: BTreeMap<AlertId, Vec<(Timestamp, Outcome)>>,
}

impl History {
    pub(crate) fn of(state: &State) -> Self {
        let mut history = Self { documents: state.configurations.iter().map(|(v, (_, c))| (*v, c.clone())).collect(), ..Self::default() };
        for logged in &state.log {
            match logged {
                Logged::Claimed { .. } => {}
                Logged::Written { at, incident, last_seq, .. } => history.written.entry(*incident).or_default().push((known(*at), *last_seq)),
                Logged::Kept { at, alert, outcome } => history.kept.entry(*alert).or_default().push((known(*at), outcome.clone())),
                Logged::Published { at, version } => history.flips.push((known(*at), *version)),
                Logged::Verified { at, contact, address } => history.verified.entry(contact.clone()).or_default().push((known(*at), address.clone())),
                Logged::Window { at, run } => history.windows.push((known(*at), run.clone())),
                Logged::Amended { at, roster } => history.amended.push((known(*at), roster.clone())),
            }
        }
        history
    }

    /// A version's document.
    pub(crate) fn document(&self, version: u64) -> Option<&Configuration> {
        self.documents.get(&version)
    }

    /// Versions in the order in which they came into force.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (u64, &Configuration)> {
        self.documents.iter().map(|(v, c)| (*v, c))
    }

    /// Versions that were in force at any instant of `[from, to]`.
    pub(crate) fn in_force(&self, from: Timestamp, to: Timestamp) -> Vec<u64> {
        let until = |n: usize| self.flips.get(n + 1).map(|(at, _)| *at);
        let flips = self.flips.iter().enumerate();
        flips.filter(|(n, (at, _))| *at <= to && until(*n).is_none_or(|until| until >= from)).map(|(_, (_, version))| *version).collect()
    }

    /// Their documents.
    pub(crate) fn documents(&self, from: Timestamp, to: Timestamp) -> Vec<&Configuration> {
        self.in_force(from, to).iter().filter_map(|v| self.document(*v)).collect()
    }

    /// These documents with everything that was known of windows at run time at any instant of `[from, to]`.
    pub(crate) fn views<'a>(&'a self, documents: &[&'a Configuration], from: Timestamp, to: Timestamp) -> Vec<View<'a>> {
        let mut runs: BTreeMap<(&MaintenanceId, Timestamp), &MaintenanceRun> = BTreeMap::new();
        let mut known = vec![Vec::new()];
        for (at, run) in self.windows.iter().take_while(|(at, _)| *at <= to) {
            runs.insert((&run.id, run.start), run);
            if *at < from {
                known.clear();
            }
            known.push(runs.values().copied().collect());
        }
        documents.iter().flat_map(|document| known.iter().map(|runs| View { document, runs: runs.clone() })).collect()
    }

    /// When an entry of a timeline was really written.
    pub(crate) fn written(&self, incident: IncidentId, seq: u32) -> Timestamp {
        let writes = self.written.get(&incident).into_iter().flatten();
        writes.filter(|(_, last)| *last >= seq).map(|(at, _)| *at).min().unwrap_or(Timestamp::MAX)
    }

    /// Whether an alert was kept from people before an instant, or at it.
    pub(crate) fn was_kept(&self, alert: AlertId, by: Timestamp) -> bool {
        self.kept.get(&alert).is_some_and(|k| k.iter().any(|(at, _)| *at <= by))
    }

    /// What became of alerts instead of an incident, each time.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (AlertId, &[(Timestamp, Outcome)])> {
        self.kept.iter().map(|(alert, times)| (*alert, times.as_slice()))
    }

    /// Everything that somebody who read these targets' schedules in `[from, to]` may have seen.
    pub(crate) fn readings(&self, targets: &[Target], from: Timestamp, to: Timestamp) -> Vec<Configuration> {
        let mut readings: Vec<Configuration> = Vec::new();
        for document in self.documents(from, to) {
            let mut some = vec![document.clone()];
            for target in targets {
                let Target::Schedule(id) = target else { continue };
                let Some(configured) = document.schedule(id) else { continue };
                let rosters = self.rosters(id, from, to);
                let mut laid = Vec::new();
                for reading in &some {
                    for roster in &rosters {
                        let mut reading = reading.clone();
                        for schedule in reading.schedules.iter_mut().filter(|s| s.id == *id) {
                            *schedule = roster.map_or_else(|| configured.clone(), |r| lay(r, configured));
                        }
                        laid.push(reading);
                    }
                }
                laid.truncate(MOST_READINGS);
                some = laid;
            }
            readings.extend(some);
        }
        readings
    }

    /// Whether it may be that an address was verified to whoever asked in `[from, to]`.
    pub(crate) fn may_be(&self, verified: bool, contact: &ContactId, address: Option<&str>, from: Timestamp, to: Timestamp) -> bool {
        let times = self.verified.get(contact).map_or(&[][..], Vec::as_slice);
        let before = times.iter().rev().find(|(at, _)| *at < from).and_then(|(_, a)| a.as_deref());
        let within = times.iter().filter(|(at, _)| from <= *at && *at <= to).map(|(_, a)| a.as_deref());
        std::iter::once(before).chain(within).any(|a| (a.is_some() && a == address) == verified)
    }

    /// What was changed about schedules at run time, in the order of the writes.
    pub(crate) fn amended(&self) -> &[(Timestamp, Roster)] {
        &self.amended
    }

    /// What lay over a schedule in `[from, to]`; nothing before its first change.
    fn rosters(&self, id: &ScheduleId, from: Timestamp, to: Timestamp) -> Vec<Option<&Roster>> {
        let own: Vec<&(Timestamp, Roster)> = self.amended.iter().filter(|(_, r)| r.schedule == *id).collect();
        let mut found = Vec::new();
        if own.first().is_none_or(|(at, _)| *at >= from) {
            found.push(None);
        }
        for (n, (at, roster)) in own.iter().enumerate() {
            if *at <= to && own.get(n + 1).is_none_or(|(until, _)| *until >= from) {
                found.push(Some(roster));
            }
        }
        found
    }
}

/// What was changed at run time is newer than what is configured, in the order in which it was changed.
fn lay(roster: &Roster, configured: &Schedule) -> Schedule {
    let mut laid = configured.clone();
    for o in &roster.overrides {
        // The place of a layer that is gone means nobody.
        let gone = matches!(&o.change, Change::Layer { layer, .. } if layer.parse::<usize>().is_ok_and(|n| n > laid.layers.len()));
        // What was taken back before it began never counts; what had begun ended then.
        let called_off = o.removed.as_ref().is_some_and(|r| r.at <= o.start);
        if !gone && !called_off {
            laid.overrides.push(Override { id: None, start: o.start.into(), end: o.end.into(), change: o.change.clone(), note: None });
        }
    }
    laid
}

fn known(at: Option<Timestamp>) -> Timestamp {
    at.unwrap_or(Timestamp::MIN)
}
