//! Incidents, timelines and groups in memory.

use super::MemoryStore;
use super::store::{Change, Logged, State};
use crate::error::{PortError, WriteError};
use crate::ports::{AlertHandled, AlertMoved, Commit, Group, GroupKey, IncidentStore, QueuedPage, SecretHash, Which};
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_domain::alert::Alert;
use tocsin_domain::id::{IncidentId, PolicyId, TeamId};
use tocsin_domain::incident::responders::{Answer, Responder};
use tocsin_domain::incident::timeline::Entry;
use tocsin_domain::incident::{Incident, Status};

/// A transaction holds no more writes than this.
const MOST_WRITES: usize = 100;

impl State {
    fn commit(&mut self, commits: &[&Commit]) -> Result<(), WriteError> {
        fits(commits)?;
        for c in commits {
            self.check(c)?;
        }
        commits.iter().for_each(|c| self.apply(c));
        Ok(())
    }

    fn check(&self, c: &Commit) -> Result<(), WriteError> {
        let stored = self.incidents.get(&c.incident.id).map(|i| i.revision);
        if stored != c.expected || !c.alerts.iter().all(|a| self.may_handle(a)) || !c.moved.iter().all(|a| self.may_move(a)) {
            return Err(WriteError::Conflict);
        }
        if let Some((key, group)) = &c.group
            && self.groups.get(key).map_or(0, |g| g.revision) + 1 != group.revision
        {
            return Err(WriteError::Conflict);
        }
        if c.once.as_ref().is_some_and(|once| self.once.contains(&(c.incident.id, once.clone()))) {
            return Err(WriteError::Conflict);
        }
        Ok(())
    }

    fn apply(&mut self, c: &Commit) {
        if let Some(once) = &c.once {
            self.once.insert((c.incident.id, once.clone()));
        }
        for moved in &c.moved {
            if let Some(alert) = self.alerts.get_mut(&moved.alert) {
                alert.incident = Some(c.incident.id);
            }
            self.links.insert((c.incident.id, moved.alert));
        }
        for handled in &c.alerts {
            self.handle(handled);
        }
        if let Some((key, group)) = &c.group {
            self.groups.insert(key.clone(), group.clone());
        }
        for page in &c.queue {
            self.pages.insert((page.contact.clone(), page.key.clone()), QueuedPage { page: page.clone(), leased_until: None });
        }
        for (contact, key) in &c.unqueue {
            self.pages.remove(&(contact.clone(), key.clone()));
        }
        let triggered = c.incident.status == Status::Triggered;
        let waits = |r: &&Responder| r.answer == Answer::Asked && c.incident.is_open();
        let asked = c.incident.responders.iter().filter(waits).map(|r| (r.user.clone(), r.request)).collect();
        self.log.push(Logged::Written {
            at: self.now,
            incident: c.incident.id,
            last_seq: c.incident.last_seq,
            triggered,
            generation: c.incident.generation,
            asked,
        });
        self.numbers.insert(c.incident.number, c.incident.id);
        self.incidents.insert(c.incident.id, c.incident.clone());
        for entry in &c.entries {
            self.timeline.insert((entry.incident, entry.seq), entry.clone());
            self.announce(Change::Timeline(Box::new(entry.clone())));
        }
        if c.announce {
            self.announce(Change::Incident(c.incident.id));
        }
    }

    /// Whether nobody changed or handled the alert since it was read.
    fn may_handle(&self, handled: &AlertHandled) -> bool {
        let free = |a: &Alert| if handled.attached { a.incident.is_none() } else { a.has_work() && a.incident == Some(handled.incident) };
        self.alerts.get(&handled.alert).is_some_and(|a| a.seq == handled.seq && free(a))
    }

    /// Whether nobody changed or moved the alert since it was read.
    fn may_move(&self, moved: &AlertMoved) -> bool {
        self.alerts.get(&moved.alert).is_some_and(|a| a.seq == moved.seq && a.incident == Some(moved.from))
    }

    fn handle(&mut self, handled: &AlertHandled) {
        if let Some(alert) = self.alerts.get_mut(&handled.alert) {
            alert.handled_seq = alert.seq;
            alert.incident = Some(handled.incident);
            alert.outcome = None;
            alert.guest |= handled.guest;
        }
        if handled.attached {
            self.links.insert((handled.incident, handled.alert));
        }
        self.changed.remove(&handled.alert);
        self.again.remove(&handled.alert);
    }

    fn incidents_of(&self, team: &TeamId, which: Which, after: Option<IncidentId>, limit: usize) -> Vec<Incident> {
        let ours = self.incidents.values().filter(|i| i.team == *team);
        match which {
            Which::Open => ours.filter(|i| i.is_open() && after.is_none_or(|a| i.id > a)).take(limit).cloned().collect(),
            Which::Resolved => ours.rev().filter(|i| !i.is_open() && after.is_none_or(|a| i.id < a)).take(limit).cloned().collect(),
        }
    }
}

/// What the real store could not write at once is refused here too: an alert is a write, and its link to the incident another.
fn fits(commits: &[&Commit]) -> Result<(), WriteError> {
    let writes = |c: &Commit| {
        let alerts = c.alerts.len() + c.alerts.iter().filter(|a| a.attached).count();
        let moved = c.moved.len() + usize::from(!c.moved.is_empty());
        1 + usize::from(c.expected.is_none())
            + c.entries.len()
            + alerts
            + moved
            + usize::from(c.group.is_some())
            + usize::from(c.once.is_some())
            + c.queue.len()
            + c.unqueue.len()
    };
    let writes: usize = commits.iter().map(|c| writes(c)).sum();
    if writes > MOST_WRITES {
        return Err(WriteError::Port(PortError::Final { port: "IncidentStore::commit", reason: format!("{writes} writes in one transaction") }));
    }
    Ok(())
}

#[async_trait]
impl IncidentStore for MemoryStore {
    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, PortError> {
        self.call("IncidentStore::incident", |s| Ok(s.incidents.get(&id).cloned())).await
    }

    async fn incidents(&self, ids: &[IncidentId]) -> Result<Vec<Incident>, PortError> {
        self.call("IncidentStore::incidents", |s| Ok(ids.iter().filter_map(|id| s.incidents.get(id).cloned()).collect())).await
    }

    async fn incident_numbered(&self, number: u64) -> Result<Option<IncidentId>, PortError> {
        self.call("IncidentStore::incident_numbered", |s| Ok(s.numbers.get(&number).copied())).await
    }

    async fn next_number(&self) -> Result<u64, PortError> {
        let next = |s: &mut State| {
            s.last_number += 1;
            Ok(s.last_number)
        };
        self.call("IncidentStore::next_number", next).await
    }

    async fn next_turn(&self, policy: &PolicyId, level: u32) -> Result<u64, PortError> {
        let next = |s: &mut State| {
            let turn = s.turns.entry((policy.clone(), level)).or_default();
            *turn += 1;
            Ok(*turn - 1)
        };
        self.call("IncidentStore::next_turn", next).await
    }

    async fn turns(&self, levels: &[(PolicyId, u32)]) -> Result<Vec<u64>, PortError> {
        let all = |s: &mut State| Ok(levels.iter().map(|level| s.turns.get(level).copied().unwrap_or(0)).collect());
        self.call("IncidentStore::turns", all).await
    }

    async fn commit(&self, commit: &Commit) -> Result<(), WriteError> {
        self.call("IncidentStore::commit", |s| s.commit(&[commit])).await
    }

    async fn done_before(&self, id: IncidentId, once: &SecretHash, _: Timestamp) -> Result<bool, PortError> {
        self.call("IncidentStore::done_before", |s| Ok(s.once.contains(&(id, once.clone())))).await
    }

    async fn commit_both(&self, first: &Commit, second: &Commit) -> Result<(), WriteError> {
        self.call("IncidentStore::commit_both", |s| s.commit(&[first, second])).await
    }

    async fn timeline(&self, id: IncidentId, after: u32, limit: usize) -> Result<Vec<Entry>, PortError> {
        let entries = |s: &mut State| Ok(s.timeline.range((id, after.saturating_add(1))..=(id, u32::MAX)).take(limit).map(|(_, e)| e.clone()).collect());
        self.call("IncidentStore::timeline", entries).await
    }

    async fn incidents_of(&self, team: &TeamId, which: Which, after: Option<IncidentId>, limit: usize) -> Result<Vec<Incident>, PortError> {
        self.call("IncidentStore::incidents_of", |s| Ok(s.incidents_of(team, which, after, limit))).await
    }

    async fn group(&self, key: &GroupKey) -> Result<Option<Group>, PortError> {
        self.call("IncidentStore::group", |s| Ok(s.groups.get(key).cloned())).await
    }
}
