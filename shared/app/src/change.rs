//! From an incident before and after a change to the one write that makes it so.

use crate::ports::{AlertHandled, AlertMoved, Commit, Group, GroupKey, SecretHash};
use jiff::Timestamp;
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::timeline::{Actor, What};
use tocsin_domain::notification::page::Page;

/// Pages that one write takes back at most. Those beyond it stay in their lanes, where no claim of them can succeed any more.
const MOST_TAKEN_BACK: usize = 40;

/// A change that grows until it is committed.
pub struct Change {
    before: Option<Incident>,
    after: Incident,
    told: Vec<(Actor, Vec<What>)>,
    queue: Vec<Page>,
    alerts: Vec<AlertHandled>,
    moved: Vec<AlertMoved>,
    group: Option<(GroupKey, Group)>,
    once: Option<SecretHash>,
}

impl Change {
    /// A change of a stored incident.
    pub fn of(incident: Incident) -> Self {
        Self {
            before: Some(incident.clone()),
            after: incident,
            told: Vec::new(),
            queue: Vec::new(),
            alerts: Vec::new(),
            moved: Vec::new(),
            group: None,
            once: None,
        }
    }

    /// A new incident.
    pub fn opening(incident: Incident) -> Self {
        Self { before: None, after: incident, told: Vec::new(), queue: Vec::new(), alerts: Vec::new(), moved: Vec::new(), group: None, once: None }
    }

    /// The incident as it will be.
    pub fn incident(&mut self) -> &mut Incident {
        &mut self.after
    }

    /// Whether the incident is new.
    pub fn is_opening(&self) -> bool {
        self.before.is_none()
    }

    /// Notes what happened.
    pub fn tell(&mut self, actor: &Actor, whats: Vec<What>) {
        if !whats.is_empty() {
            self.told.push((actor.clone(), whats));
        }
    }

    /// Pages to put into their lanes with it.
    pub fn queue(&mut self, pages: Vec<Page>) {
        self.queue.extend(pages);
    }

    /// Alerts that it handles.
    pub fn handle(&mut self, alerts: Vec<AlertHandled>) {
        self.alerts = alerts;
    }

    /// Alerts that come from another incident.
    pub fn take_over(&mut self, alerts: Vec<AlertMoved>) {
        self.moved = alerts;
    }

    /// What the caller calls this command.
    pub fn once(&mut self, once: Option<SecretHash>) {
        self.once = once;
    }

    /// The group that it opens.
    pub fn open_group(&mut self, key: GroupKey, group: Group) {
        self.group = Some((key, group));
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.before.as_ref() == Some(&self.after) && self.told.is_empty() && self.alerts.is_empty() && self.moved.is_empty() && self.queue.is_empty()
    }

    /// The write. The incident function is told where a clock has to start or stop, or alerts have to be closed.
    pub fn commit(self, now: Timestamp) -> Commit {
        let mut incident = self.after;
        let expected = self.before.as_ref().map(|b| b.revision);
        incident.revision = expected.unwrap_or(0) + 1;
        let entries = self.told.into_iter().flat_map(|(actor, whats)| incident.record(now, &actor, whats)).collect();
        let announce = self.before.as_ref().is_none_or(|b| (b.generation, b.attempt, b.closing) != (incident.generation, incident.attempt, incident.closing));
        let unqueue = self.before.iter().flat_map(|b| &b.pages).filter(|p| !incident.pages.iter().any(|q| q.key == p.key));
        let unqueue = unqueue.take(MOST_TAKEN_BACK).map(|p| (p.contact.clone(), p.key.clone())).collect();
        Commit { incident, expected, entries, announce, alerts: self.alerts, moved: self.moved, group: self.group, queue: self.queue, unqueue, once: self.once }
    }
}
