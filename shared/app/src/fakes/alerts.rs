//! Alerts and their guards in memory.

use super::MemoryStore;
use super::store::{Logged, State};
use crate::error::{PortError, WriteError};
use crate::ports::{AlertStore, Guard, Hold, HoldPlace, Order, Received, Repeated, Span};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;
use tocsin_domain::alert::ask::Asked;
use tocsin_domain::alert::outcome::Outcome;
use tocsin_domain::alert::{Alert, AlertKey, AlertState, Severity};
use tocsin_domain::id::{AlertId, IncidentId, TeamId};

impl State {
    fn count_repetition(&mut self, key: &AlertKey, severity: Severity, at: Timestamp, until: Option<Timestamp>) -> Repeated {
        match self.guards.get_mut(key) {
            Some(guard) if guard.open && guard.severity <= severity => {
                guard.count += 1;
                if at >= guard.last_at {
                    guard.holds_until = until.or(guard.holds_until);
                }
                guard.last_at = guard.last_at.max(at);
                let alert = guard.alert;
                if self.watched.contains(key) { Repeated::Watched(alert) } else { Repeated::Counted(alert) }
            }
            other => Repeated::NotThat(other.copied()),
        }
    }

    fn expire_alert(&mut self, key: &AlertKey, read: &Guard, at: Timestamp) -> Result<(), WriteError> {
        let guard = self.guarding(key, read.alert)?;
        if (guard.last_at, guard.count, guard.holds_until) != (read.last_at, read.count, read.holds_until) {
            return Err(WriteError::Conflict);
        }
        self.resolve_alert(key, read.alert, at)
    }

    /// The stored hold, if it is due when `read` is.
    fn held(&mut self, read: &Hold) -> Result<&mut Hold, WriteError> {
        self.holds.get_mut(&read.key).filter(|h| h.due == read.due).ok_or(WriteError::Conflict)
    }

    fn move_hold(&mut self, read: &Hold, due: Timestamp) -> Result<(), WriteError> {
        self.held(read)?.due = due;
        Ok(())
    }

    fn drop_hold(&mut self, read: &Hold) -> Result<(), WriteError> {
        self.held(read)?;
        self.holds.remove(&read.key);
        Ok(())
    }

    fn extend_alert(&mut self, key: &AlertKey, alert: AlertId, until: Timestamp) -> Result<(), WriteError> {
        self.guarding(key, alert)?.holds_until = Some(until);
        Ok(())
    }

    /// The guard of `key`, if it guards `alert` as an open one.
    fn guarding(&mut self, key: &AlertKey, alert: AlertId) -> Result<&mut Guard, WriteError> {
        self.guards.get_mut(key).filter(|g| g.open && g.alert == alert).ok_or(WriteError::Conflict)
    }

    fn open_alert(&mut self, alert: &Alert) -> Result<(), WriteError> {
        if self.guards.get(&alert.key).is_some_and(|g| g.open) || self.alerts.contains_key(&alert.id) {
            return Err(WriteError::Conflict);
        }
        self.put_open(alert);
        Ok(())
    }

    fn put_open(&mut self, alert: &Alert) {
        let guard = Guard { alert: alert.id, open: true, count: 1, last_at: alert.received_at, severity: alert.severity, holds_until: None };
        self.watched.remove(&alert.key);
        self.guards.insert(alert.key.clone(), guard);
        self.alerts.insert(alert.id, alert.clone());
        self.alert_changed(alert.id, alert.received_at);
    }

    fn resolve_alert(&mut self, key: &AlertKey, id: AlertId, at: Timestamp) -> Result<(), WriteError> {
        self.guarding(key, id)?.open = false;
        let alert = self.alerts.get_mut(&id).ok_or(WriteError::Conflict)?;
        alert.state = AlertState::Resolved;
        alert.resolved_at = Some(at);
        alert.seq += 1;
        alert.resolved_seq = Some(alert.seq);
        self.alert_changed(id, at);
        Ok(())
    }

    fn request_acknowledgement(&mut self, id: AlertId, at: Timestamp) -> Result<(), WriteError> {
        let alert = self.alerts.get_mut(&id).filter(|a| a.state == AlertState::Open).ok_or(WriteError::Conflict)?;
        alert.acknowledge_requested_at = Some(at);
        alert.seq += 1;
        self.alert_changed(id, at);
        Ok(())
    }

    fn ask(&mut self, alert: &Alert, asked: &Asked) -> Result<(), WriteError> {
        let stored = self.alerts.get(&alert.id).filter(|a| a.seq == alert.seq && a.state == alert.state).ok_or(WriteError::Conflict)?;
        let after = stored.after(asked);
        if asked.ask.ends() && alert.state == AlertState::Open {
            self.guarding(&alert.key, alert.id)?.open = false;
        }
        self.alerts.insert(alert.id, after);
        self.asks.insert((alert.id, asked.seq), asked.clone());
        self.alert_changed(alert.id, asked.at);
        Ok(())
    }

    fn raise_alert(&mut self, key: &AlertKey, id: AlertId, severity: Severity, at: Timestamp) -> Result<(), WriteError> {
        let guard = self.guarding(key, id)?;
        guard.count += 1;
        guard.last_at = guard.last_at.max(at);
        guard.severity = guard.severity.min(severity);
        let worst = guard.severity;
        let alert = self.alerts.get_mut(&id).ok_or(WriteError::Conflict)?;
        alert.severity = worst;
        alert.seq += 1;
        self.alert_changed(id, at);
        Ok(())
    }

    fn record_outcome(&mut self, read: &Alert, outcome: &Outcome) -> Result<(), WriteError> {
        let id = read.id;
        let alert = self.alerts.get_mut(&id).filter(|a| a.seq == read.seq && a.incident.is_none()).ok_or(WriteError::Conflict)?;
        alert.handled_seq = alert.seq;
        alert.outcome = Some(outcome.clone());
        self.changed.remove(&id);
        self.log.push(Logged::Kept { at: self.now, alert: id, outcome: outcome.clone() });
        match outcome.again_at().filter(|_| alert.state == AlertState::Open) {
            Some(at) => self.again.insert(id, at),
            None => self.again.remove(&id),
        };
        Ok(())
    }

    fn watch(&mut self, key: &AlertKey, id: AlertId, watched: bool) -> Result<u64, WriteError> {
        let count = self.guarding(key, id)?.count;
        if watched {
            self.watched.insert(key.clone());
        } else {
            self.watched.remove(key);
        }
        Ok(count)
    }

    fn wake_alert(&mut self, id: AlertId, at: Timestamp) -> Result<(), WriteError> {
        let alert = self.alerts.get_mut(&id).filter(|a| a.state == AlertState::Open && a.incident.is_none()).ok_or(WriteError::Conflict)?;
        alert.seq += 1;
        self.alert_changed(id, at);
        Ok(())
    }

    fn close_alert(&mut self, alert: &Alert, resolved_at: Timestamp) -> Result<(), WriteError> {
        let stored = self.alerts.get(&alert.id).ok_or(WriteError::Conflict)?;
        if stored.state == AlertState::Resolved {
            return Ok(());
        }
        let guard = self.guarding(&alert.key, alert.id)?;
        if guard.last_at >= resolved_at {
            return Err(WriteError::Conflict);
        }
        guard.open = false;
        self.settle(alert.id, resolved_at);
        Ok(())
    }

    /// Resolves an alert without making work of it: its incident is resolved already.
    fn settle(&mut self, id: AlertId, at: Timestamp) {
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.state = AlertState::Resolved;
            alert.resolved_at = Some(at);
        }
    }

    fn succeed_alert(&mut self, old: &Alert, new: &Alert) -> Result<(), WriteError> {
        self.guarding(&old.key, old.id)?;
        if self.alerts.contains_key(&new.id) {
            return Err(WriteError::Conflict);
        }
        self.settle(old.id, new.received_at);
        self.put_open(new);
        Ok(())
    }

    fn alerts_of(&self, incident: IncidentId, after: Option<AlertId>, limit: usize) -> Vec<AlertId> {
        self.links.iter().filter(|(i, a)| *i == incident && after.is_none_or(|after| *a > after)).map(|(_, a)| *a).take(limit).collect()
    }

    fn alerts_received(&self, team: &TeamId, span: Span, after: Option<Received>, limit: usize, order: Order) -> Vec<Received> {
        let of_team = self.alerts.values().filter(|a| a.team == *team).map(|a| Received { at: a.received_at, alert: a.id });
        let mut received: Vec<Received> =
            of_team.filter(|r| span.from <= r.at && r.at < span.until && after.is_none_or(|after| order.is_behind(*r, after))).collect();
        order.sort(&mut received);
        received.truncate(limit);
        received
    }
}

#[async_trait]
impl AlertStore for MemoryStore {
    async fn count_repetition(&self, key: &AlertKey, severity: Severity, at: Timestamp) -> Result<Repeated, PortError> {
        self.call("AlertStore::count_repetition", |s| Ok(s.count_repetition(key, severity, at, None))).await
    }

    async fn count_held_repetition(&self, key: &AlertKey, severity: Severity, at: Timestamp, until: Timestamp) -> Result<Repeated, PortError> {
        self.call("AlertStore::count_held_repetition", |s| Ok(s.count_repetition(key, severity, at, Some(until)))).await
    }

    async fn extend_alert(&self, key: &AlertKey, alert: AlertId, until: Timestamp) -> Result<(), WriteError> {
        self.call("AlertStore::extend_alert", |s| s.extend_alert(key, alert, until)).await
    }

    async fn expire_alert(&self, key: &AlertKey, guard: &Guard, at: Timestamp) -> Result<(), WriteError> {
        self.call("AlertStore::expire_alert", |s| s.expire_alert(key, guard, at)).await
    }

    async fn put_hold(&self, hold: &Hold) -> Result<(), PortError> {
        let put = |s: &mut State| {
            s.holds.insert(hold.key.clone(), hold.clone());
            Ok(())
        };
        self.call("AlertStore::put_hold", put).await
    }

    async fn hold(&self, place: &HoldPlace) -> Result<Option<Hold>, PortError> {
        self.call("AlertStore::hold", |s| Ok(s.holds.values().find(|h| h.place() == *place).cloned())).await
    }

    async fn move_hold(&self, hold: &Hold, due: Timestamp) -> Result<(), WriteError> {
        self.call("AlertStore::move_hold", |s| s.move_hold(hold, due)).await
    }

    async fn drop_hold(&self, hold: &Hold) -> Result<(), WriteError> {
        self.call("AlertStore::drop_hold", |s| s.drop_hold(hold)).await
    }

    async fn guard(&self, key: &AlertKey) -> Result<Option<Guard>, PortError> {
        self.call("AlertStore::guard", |s| Ok(s.guards.get(key).cloned())).await
    }

    async fn guards(&self, keys: &[AlertKey]) -> Result<BTreeMap<AlertKey, Guard>, PortError> {
        self.call("AlertStore::guards", |s| Ok(keys.iter().filter_map(|key| Some((key.clone(), s.guards.get(key).cloned()?))).collect())).await
    }

    async fn open_alert(&self, alert: &Alert) -> Result<(), WriteError> {
        self.call("AlertStore::open_alert", |s| s.open_alert(alert)).await
    }

    async fn open_held_alert(&self, alert: &Alert, hold: &Hold) -> Result<(), WriteError> {
        let open = |s: &mut State| {
            s.open_alert(alert)?;
            s.holds.insert(hold.key.clone(), hold.clone());
            Ok(())
        };
        self.call("AlertStore::open_held_alert", open).await
    }

    async fn resolve_alert(&self, key: &AlertKey, alert: AlertId, at: Timestamp) -> Result<(), WriteError> {
        self.call("AlertStore::resolve_alert", |s| s.resolve_alert(key, alert, at)).await
    }

    async fn request_acknowledgement(&self, alert: AlertId, at: Timestamp) -> Result<(), WriteError> {
        self.call("AlertStore::request_acknowledgement", |s| s.request_acknowledgement(alert, at)).await
    }

    async fn ask(&self, alert: &Alert, asked: &Asked) -> Result<(), WriteError> {
        self.call("AlertStore::ask", |s| s.ask(alert, asked)).await
    }

    async fn asks(&self, alert: AlertId, after: u32, limit: usize) -> Result<Vec<Asked>, PortError> {
        let behind = (alert, after.saturating_add(1))..=(alert, u32::MAX);
        self.call("AlertStore::asks", |s| Ok(s.asks.range(behind).map(|(_, asked)| asked.clone()).take(limit).collect())).await
    }

    async fn raise_alert(&self, key: &AlertKey, alert: AlertId, severity: Severity, at: Timestamp) -> Result<(), WriteError> {
        self.call("AlertStore::raise_alert", |s| s.raise_alert(key, alert, severity, at)).await
    }

    async fn record_outcome(&self, alert: &Alert, outcome: &Outcome) -> Result<(), WriteError> {
        self.call("AlertStore::record_outcome", |s| s.record_outcome(alert, outcome)).await
    }

    async fn watch(&self, key: &AlertKey, alert: AlertId, watched: bool) -> Result<u64, WriteError> {
        self.call("AlertStore::watch", |s| s.watch(key, alert, watched)).await
    }

    async fn wake_alert(&self, alert: AlertId, at: Timestamp) -> Result<(), WriteError> {
        self.call("AlertStore::wake_alert", |s| s.wake_alert(alert, at)).await
    }

    async fn alerts(&self, ids: &[AlertId]) -> Result<Vec<Alert>, PortError> {
        self.call("AlertStore::alerts", |s| Ok(ids.iter().filter_map(|id| s.alerts.get(id).cloned()).collect())).await
    }

    async fn alerts_of(&self, incident: IncidentId, after: Option<AlertId>, limit: usize) -> Result<Vec<AlertId>, PortError> {
        self.call("AlertStore::alerts_of", |s| Ok(s.alerts_of(incident, after, limit))).await
    }

    async fn alerts_received(&self, team: &TeamId, span: Span, after: Option<Received>, limit: usize, order: Order) -> Result<Vec<Received>, PortError> {
        self.call("AlertStore::alerts_received", |s| Ok(s.alerts_received(team, span, after, limit, order))).await
    }

    async fn close_alert(&self, alert: &Alert, resolved_at: Timestamp) -> Result<(), WriteError> {
        self.call("AlertStore::close_alert", |s| s.close_alert(alert, resolved_at)).await
    }

    async fn succeed_alert(&self, old: &Alert, new: &Alert) -> Result<(), WriteError> {
        self.call("AlertStore::succeed_alert", |s| s.succeed_alert(old, new)).await
    }
}
