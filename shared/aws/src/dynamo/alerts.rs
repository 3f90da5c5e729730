//! Alerts and their guards.
//!
//! A guard is small, in no index and never a reason for the stream: it is all that a repetition touches. The head of an alert holds the alert as it opened (`doc`,
//! or `packed`, or in parts beside it) and, as attributes of their own, what changes later: those win when it is read.

use super::item::{Item, Reader, Writer, bytes, expiry, instant, json, number, text};
use super::read::{Index, Range};
use super::schema::{self, ALERT_CHANGED, ALERT_LISTS, IndexKey, Key, SK, TEAM_INDEX, TEAM_PK, TEAM_SK, TRANSITION};
use super::write::{Action, Refused};
use super::{DynamoStore, holds};
use crate::chunk::{inflate, parts};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use tocsin_app::error::{PortError, WriteError};
use tocsin_app::ports::{AlertStore, Guard, Hold, HoldPlace, Order, Received, Repeated, Span};
use tocsin_domain::alert::ask::{Ask, Asked};
use tocsin_domain::alert::outcome::Outcome;
use tocsin_domain::alert::{Alert, AlertKey, AlertState, Severity};
use tocsin_domain::id::{AlertId, IncidentId, TeamId};

const PORT: &str = "AlertStore";
const BY_TEAM: Index = Index { name: TEAM_INDEX, pk: TEAM_PK, sk: TEAM_SK };
/// A longer alert stands in parts beside its head, so that changes of the head stay cheap.
const MOST_INLINE: usize = 3 * 1024;
/// No alert is larger than this: the contract takes 512 KB, and JSON may say it in six times as many bytes.
const MOST_ALERT: u64 = 16 * 1024 * 1024;

const OPEN: &str = "open";
const RESOLVED: &str = "resolved";

impl DynamoStore {
    /// Sort key of the link with which an alert joined an incident, by looking at all of them.
    async fn link_of(&self, incident: IncidentId, alert: AlertId) -> Result<Option<String>, PortError> {
        let alert = alert.to_string();
        for item in &self.range(PORT, &Range::of(schema::incident(incident).pk, schema::LINK, usize::MAX)).await? {
            let reader = Reader::new(PORT, "link", item)?;
            if reader.texts("alerts")?.contains(&alert.as_str()) {
                return Ok(reader.maybe_text(SK).map(str::to_owned));
            }
        }
        Ok(None)
    }

    /// Counts on the guard. A repetition that was overtaken by a later one does not turn `last_at` back.
    /// The answer is the alert that the guard guards.
    async fn count(&self, key: &AlertKey, severity: Severity, at: Timestamp, until: Option<Timestamp>, overtaken: bool) -> Result<Repeated, Refused> {
        const IN_ORDER: &str = "#open = :yes AND #rank <= :rank AND #last_at <= :at";
        let action = match until {
            _ if overtaken => Action::update(schema::guard(key), "ADD #count :one").when("#open = :yes AND #rank <= :rank AND #last_at > :at"),
            None => Action::update(schema::guard(key), "SET #last_at = :at ADD #count :one").when(IN_ORDER),
            Some(until) => {
                let held = Action::update(schema::guard(key), "SET #last_at = :at, #holds_until = :until ADD #count :one").when(IN_ORDER);
                held.with(":until", instant(until))
            }
        };
        let action = action.with(":one", number(1)).with(":yes", AttributeValue::Bool(true)).with(":rank", number(severity.rank())).with(":at", instant(at));
        let old = self.write_and_tell(PORT, &action.telling_old()).await?;
        let alert = old.as_ref().and_then(|old| old.get("alert")?.as_s().ok()?.parse().ok());
        let watched = old.as_ref().is_some_and(|old| old.contains_key("watched"));
        let alert = alert.ok_or_else(|| Refused::Port(PortError::Final { port: PORT, reason: "a guard that was counted on names no alert".to_owned() }))?;
        Ok(if watched { Repeated::Watched(alert) } else { Repeated::Counted(alert) })
    }

    async fn repetition(&self, key: &AlertKey, severity: Severity, at: Timestamp, until: Option<Timestamp>) -> Result<Repeated, PortError> {
        let mut overtaken = false;
        loop {
            let refused = match self.count(key, severity, at, until, overtaken).await {
                Ok(repeated) => return Ok(repeated),
                Err(refused) => refused,
            };
            match refused_guard(&refused)? {
                // Only the order of two deliveries kept it from being counted.
                Some(guard) if guard.open && guard.severity <= severity && overtaken != (guard.last_at > at) => overtaken = !overtaken,
                guard => return Ok(Repeated::NotThat(guard)),
            }
        }
    }

    async fn raise(&self, key: &AlertKey, id: AlertId, severity: Severity, at: Timestamp, how: Raise) -> Result<(), Refused> {
        let guard = match (how.worse, how.overtaken) {
            (true, false) => Action::update(schema::guard(key), "SET #last_at = :at, #rank = :rank ADD #count :one")
                .when("#open = :yes AND #alert = :alert AND #rank > :rank AND #last_at <= :at"),
            (true, true) => Action::update(schema::guard(key), "SET #rank = :rank ADD #count :one")
                .when("#open = :yes AND #alert = :alert AND #rank > :rank AND #last_at > :at"),
            (false, false) => Action::update(schema::guard(key), "SET #last_at = :at ADD #count :one")
                .when("#open = :yes AND #alert = :alert AND #rank <= :rank AND #last_at <= :at"),
            (false, true) => {
                Action::update(schema::guard(key), "ADD #count :one").when("#open = :yes AND #alert = :alert AND #rank <= :rank AND #last_at > :at")
            }
        };
        let guard = guarding(guard, id).with(":one", number(1)).with(":rank", number(severity.rank())).with(":at", instant(at));
        let alert = if how.worse {
            Action::update(schema::alert(id), "SET #severity = :severity, #seq = #seq + :one, #transition = :changed, #due_pk = :due_pk, #due_sk = :due_sk")
                .with(":severity", text(severity.as_str()))
        } else {
            Action::update(schema::alert(id), "SET #seq = #seq + :one, #transition = :changed, #due_pk = :due_pk, #due_sk = :due_sk")
        };
        self.transact(PORT, vec![guard, has_work(still_open(alert), id, at)]).await
    }

    /// The parts of an alert that is too large for its head, together.
    async fn body(&self, id: AlertId, count: usize) -> Result<Alert, PortError> {
        let range = Range::of(schema::alert(id).pk, schema::ALERT_BODY, usize::MAX);
        let items = self.range(PORT, &range).await?;
        let damaged = |what: &str| PortError::Final { port: PORT, reason: format!("the parts of {id} {what}") };
        let mut data = Vec::new();
        for item in &items {
            data.extend_from_slice(Reader::new(PORT, "part of an alert", item)?.maybe_bytes("data").ok_or_else(|| damaged("hold no data"))?);
        }
        if items.len() != count {
            return Err(damaged("are not all there"));
        }
        let json = inflate(&data, MOST_ALERT).map_err(|_| damaged("can not be unpacked"))?;
        serde_json::from_slice(&json).map_err(|_| damaged("can not be read"))
    }

    async fn read_alert(&self, id: AlertId, item: &Item) -> Result<Alert, PortError> {
        let reader = Reader::new(PORT, "alert", item)?;
        let opened: Alert = match reader.maybe_number("parts")? {
            Some(count) => self.body(id, count).await?,
            None => reader.document()?,
        };
        Ok(Alert {
            state: match reader.text("state")? {
                OPEN => AlertState::Open,
                RESOLVED => AlertState::Resolved,
                _ => return Err(reader.damaged("state")),
            },
            severity: severity_of(reader.text("severity")?).ok_or_else(|| reader.damaged("severity"))?,
            resolved_at: reader.maybe_parsed("resolved_at")?,
            acknowledge_requested_at: reader.maybe_parsed("acknowledge_requested_at")?,
            incident: reader.maybe_parsed("incident")?,
            outcome: read_outcome(reader)?,
            guest: item.contains_key("guest"),
            seq: reader.number("seq")?,
            handled_seq: reader.number("handled_seq")?,
            asked_seq: reader.maybe_number("asked_seq")?.unwrap_or(0),
            resolved_seq: reader.maybe_number("resolved_seq")?,
            deleted: reader.maybe_number::<u8>("deleted")?.is_some(),
            ..opened
        })
    }
}

fn read_outcome(reader: Reader<'_>) -> Result<Option<Outcome>, PortError> {
    reader.maybe_text("outcome").map(|json| serde_json::from_str(json).map_err(|_| reader.damaged("outcome"))).transpose()
}

/// What is known of the guard when an alert is raised.
#[derive(Debug, Clone, Copy)]
struct Raise {
    /// The guard is milder.
    worse: bool,
    /// A later event has been counted already.
    overtaken: bool,
}

/// Severities by their words, which [`Severity::as_str`] writes.
fn severity_of(word: &str) -> Option<Severity> {
    [Severity::Critical, Severity::Error, Severity::Warning, Severity::Info].into_iter().find(|s| s.as_str() == word)
}

fn severity_ranked(rank: u8) -> Option<Severity> {
    [Severity::Critical, Severity::Error, Severity::Warning, Severity::Info].into_iter().find(|s| s.rank() == rank)
}

fn read_guard(item: &Item) -> Result<Guard, PortError> {
    let reader = Reader::new(PORT, "guard", item)?;
    Ok(Guard {
        alert: reader.parsed("alert")?,
        open: reader.flag("open")?,
        count: reader.number("count")?,
        last_at: reader.parsed("last_at")?,
        severity: severity_ranked(reader.number("rank")?).ok_or_else(|| reader.damaged("rank"))?,
        holds_until: reader.maybe_parsed("holds_until")?,
    })
}

fn put_guard(alert: &Alert) -> Action {
    let guard = Writer::of_team(schema::guard(&alert.key), &alert.team)
        .with("alert", text(alert.id.to_string()))
        .with("open", AttributeValue::Bool(true))
        .with("count", number(1))
        .with("last_at", instant(alert.received_at))
        .with("rank", number(alert.severity.rank()));
    Action::put(guard.build())
}

fn state_word(state: AlertState) -> &'static str {
    match state {
        AlertState::Open => OPEN,
        AlertState::Resolved => RESOLVED,
    }
}

/// The head of a new alert and, where it is large, its parts.
fn put_alert(alert: &Alert) -> Result<Vec<Action>, PortError> {
    let head = Writer::of_team(schema::alert(alert.id), &alert.team)
        .with("state", text(state_word(alert.state)))
        .with("severity", text(alert.severity.as_str()))
        .with("seq", number(alert.seq))
        .with("handled_seq", number(alert.handled_seq))
        .maybe("resolved_at", alert.resolved_at.map(instant))
        .maybe("acknowledge_requested_at", alert.acknowledge_requested_at.map(instant))
        .maybe("incident", alert.incident.map(|i| text(i.to_string())))
        .with(TRANSITION, text(ALERT_CHANGED))
        .due(Some(schema::alert_due(alert.id, alert.received_at)))
        .listed(schema::team_alert(&alert.team, alert.received_at, alert.id));
    let json = json(PORT, alert)?;
    if json.len() <= MOST_INLINE {
        return Ok(vec![Action::put(head.with(schema::DOC, text(json)).build()).when_new()]);
    }
    let parts = parts(json.as_bytes());
    let mut actions = vec![Action::put(head.with("parts", number(parts.len())).build()).when_new()];
    actions.extend(parts.into_iter().enumerate().map(|(n, data)| {
        let part = Writer::of_team(schema::alert_body(alert.id, n), &alert.team).with("data", bytes(data));
        Action::put(part.build())
    }));
    Ok(actions)
}

/// Guard and alert, where none is open.
fn open(alert: &Alert) -> Result<Vec<Action>, PortError> {
    let guard = put_guard(alert).when("attribute_not_exists(#pk) OR #open = :no").with(":no", AttributeValue::Bool(false));
    let mut actions = vec![guard];
    actions.extend(put_alert(alert)?);
    Ok(actions)
}

/// Values of the condition that a guard guards an alert as an open one.
fn guarding(action: Action, id: AlertId) -> Action {
    action.with(":yes", AttributeValue::Bool(true)).with(":alert", text(id.to_string()))
}

fn close_guard(key: &AlertKey, id: AlertId, at: Timestamp) -> Action {
    let gone = at.checked_add(SignedDuration::from_hours(24 * schema::CLOSED_GUARD_DAYS)).unwrap_or(Timestamp::MAX);
    let close = Action::update(schema::guard(key), "SET #open = :no, #expires_at = :gone").when("#open = :yes AND #alert = :alert");
    guarding(close, id).with(":no", AttributeValue::Bool(false)).with(":gone", expiry(gone))
}

fn still_open(action: Action) -> Action {
    action.when("#state = :open").with(":open", text(OPEN))
}

/// Values of an update that makes work for the incident function.
fn has_work(action: Action, id: AlertId, at: Timestamp) -> Action {
    let IndexKey { pk, sk } = schema::alert_due(id, at);
    action.with(":one", number(1)).with(":changed", text(ALERT_CHANGED)).with(":due_pk", text(pk)).with(":due_sk", text(sk))
}

/// Resolves an alert, which makes work for the incident function.
fn resolve(id: AlertId, at: Timestamp) -> Action {
    let resolve = Action::update(
        schema::alert(id),
        "SET #state = :resolved, #resolved_at = :at, #resolved_seq = #seq + :one, #seq = #seq + :one, #transition = :changed, #due_pk = :due_pk, #due_sk = :due_sk",
    );
    has_work(still_open(resolve), id, at).with(":resolved", text(RESOLVED)).with(":at", instant(at))
}

/// Resolves an alert without making work of it: its incident is resolved already.
fn settle(id: AlertId, at: Timestamp) -> Action {
    still_open(Action::update(schema::alert(id), "SET #state = :resolved, #resolved_at = :at")).with(":resolved", text(RESOLVED)).with(":at", instant(at))
}

/// The guard among the items that made a transaction fail, when it is the first action.
fn refused_guard(refused: &Refused) -> Result<Option<Guard>, PortError> {
    match refused {
        Refused::Conditions(conditions) => match conditions.iter().find(|(n, _)| *n == 0) {
            Some((_, Some(item))) => read_guard(item).map(Some),
            Some((_, None)) | None => Ok(None),
        },
        Refused::Port(e) => Err(e.clone()),
    }
}

#[async_trait]
impl AlertStore for DynamoStore {
    async fn count_repetition(&self, key: &AlertKey, severity: Severity, at: Timestamp) -> Result<Repeated, PortError> {
        self.repetition(key, severity, at, None).await
    }

    async fn count_held_repetition(&self, key: &AlertKey, severity: Severity, at: Timestamp, until: Timestamp) -> Result<Repeated, PortError> {
        self.repetition(key, severity, at, Some(until)).await
    }

    async fn extend_alert(&self, key: &AlertKey, alert: AlertId, until: Timestamp) -> Result<(), WriteError> {
        let extend = Action::update(schema::guard(key), "SET #holds_until = :until").when("#open = :yes AND #alert = :alert");
        Ok(self.write(PORT, &guarding(extend, alert).with(":until", instant(until))).await?)
    }

    async fn expire_alert(&self, key: &AlertKey, guard: &Guard, at: Timestamp) -> Result<(), WriteError> {
        let close = holds::unchanged(close_guard(key, guard.alert, at), guard);
        Ok(self.transact(PORT, vec![close, resolve(guard.alert, at)]).await?)
    }

    async fn put_hold(&self, hold: &Hold) -> Result<(), PortError> {
        self.write(PORT, &holds::put(hold)).await.map_err(|refused| refused.unexpected(PORT))
    }

    async fn hold(&self, place: &HoldPlace) -> Result<Option<Hold>, PortError> {
        self.get(PORT, schema::hold(place)).await?.map(|item| holds::read(&item)).transpose()
    }

    async fn move_hold(&self, hold: &Hold, due: Timestamp) -> Result<(), WriteError> {
        Ok(self.write(PORT, &holds::moved(hold, due)).await?)
    }

    async fn drop_hold(&self, hold: &Hold) -> Result<(), WriteError> {
        Ok(self.write(PORT, &holds::dropped(hold)).await?)
    }

    async fn guard(&self, key: &AlertKey) -> Result<Option<Guard>, PortError> {
        self.get(PORT, schema::guard(key)).await?.map(|item| read_guard(&item)).transpose()
    }

    async fn guards(&self, keys: &[AlertKey]) -> Result<BTreeMap<AlertKey, Guard>, PortError> {
        let places: Vec<Key> = keys.iter().map(schema::guard).collect();
        let found = self.batch(PORT, &places).await?;
        let mut guards = BTreeMap::new();
        for (key, place) in keys.iter().zip(&places) {
            if let Some(item) = found.get(place) {
                guards.insert(key.clone(), read_guard(item)?);
            }
        }
        Ok(guards)
    }

    async fn open_alert(&self, alert: &Alert) -> Result<(), WriteError> {
        Ok(self.transact(PORT, open(alert)?).await?)
    }

    async fn open_held_alert(&self, alert: &Alert, hold: &Hold) -> Result<(), WriteError> {
        let mut actions = open(alert)?;
        actions.push(holds::put(hold));
        Ok(self.transact(PORT, actions).await?)
    }

    async fn resolve_alert(&self, key: &AlertKey, alert: AlertId, at: Timestamp) -> Result<(), WriteError> {
        Ok(self.transact(PORT, vec![close_guard(key, alert, at), resolve(alert, at)]).await?)
    }

    async fn request_acknowledgement(&self, alert: AlertId, at: Timestamp) -> Result<(), WriteError> {
        let ask = Action::update(
            schema::alert(alert),
            "SET #acknowledge_requested_at = :at, #seq = #seq + :one, #transition = :changed, #due_pk = :due_pk, #due_sk = :due_sk",
        );
        Ok(self.write(PORT, &has_work(still_open(ask), alert, at).with(":at", instant(at))).await?)
    }

    async fn ask(&self, alert: &Alert, asked: &Asked) -> Result<(), WriteError> {
        let (ends, deletes) = (asked.ask.ends() && alert.state == AlertState::Open, asked.ask == Ask::Delete);
        let head = schema::alert(alert.id);
        let mut head = match (ends, deletes) {
            (false, false) => Action::update(head, "SET #asked_seq = :next, #seq = #seq + :one, #transition = :changed, #due_pk = :due_pk, #due_sk = :due_sk"),
            (false, true) => Action::update(
                head,
                "SET #deleted = :one, #asked_seq = :next, #seq = #seq + :one, #transition = :changed, #due_pk = :due_pk, #due_sk = :due_sk",
            ),
            (true, false) => Action::update(
                head,
                "SET #state = :resolved, #resolved_at = :at, #resolved_seq = :next, #asked_seq = :next, #seq = #seq + :one, #transition = :changed, \
                 #due_pk = :due_pk, #due_sk = :due_sk",
            ),
            (true, true) => Action::update(
                head,
                "SET #deleted = :one, #state = :resolved, #resolved_at = :at, #resolved_seq = :next, #asked_seq = :next, #seq = #seq + :one, \
                 #transition = :changed, #due_pk = :due_pk, #due_sk = :due_sk",
            ),
        };
        head = has_work(head.when("#seq = :seen AND #state = :state"), alert.id, asked.at)
            .with(":seen", number(alert.seq))
            .with(":next", number(asked.seq))
            .with(":state", text(state_word(alert.state)));
        let item = Writer::of_team(schema::ask(alert.id, asked.seq), &alert.team).document(PORT, asked)?;
        let mut actions = vec![Action::put(item.build())];
        if ends {
            head = head.with(":resolved", text(RESOLVED)).with(":at", instant(asked.at));
            actions.push(close_guard(&alert.key, alert.id, asked.at));
        }
        actions.push(head);
        Ok(self.transact(PORT, actions).await?)
    }

    async fn asks(&self, alert: AlertId, after: u32, limit: usize) -> Result<Vec<Asked>, PortError> {
        let mut range = Range::of(schema::alert(alert).pk, schema::ASK, limit);
        range.from = schema::ask(alert, after.saturating_add(1)).sk;
        self.range(PORT, &range).await?.iter().map(|item| Reader::new(PORT, "ask", item)?.document()).collect()
    }

    async fn raise_alert(&self, key: &AlertKey, alert: AlertId, severity: Severity, at: Timestamp) -> Result<(), WriteError> {
        let mut how = Raise { worse: true, overtaken: false };
        // Each turn learns from the guard that refused; when two of them say the same, somebody keeps writing in between.
        for _ in 0..4 {
            let Err(refused) = self.raise(key, alert, severity, at, how).await else { return Ok(()) };
            match refused_guard(&refused)? {
                Some(guard) if guard.open && guard.alert == alert => how = Raise { worse: severity < guard.severity, overtaken: guard.last_at > at },
                Some(_) | None => break,
            }
        }
        Err(WriteError::Conflict)
    }

    async fn record_outcome(&self, alert: &Alert, outcome: &Outcome) -> Result<(), WriteError> {
        // A resolved alert is decided for good. It may be resolved right now: then `seq` has moved, and this does not happen.
        let again = outcome.again_at().filter(|_| alert.state == AlertState::Open);
        let set = match again {
            Some(_) => "SET #outcome = :outcome, #handled_seq = :seq, #due_pk = :due_pk, #due_sk = :due_sk REMOVE #transition",
            None => "SET #outcome = :outcome, #handled_seq = :seq REMOVE #transition, #due_pk, #due_sk",
        };
        let mut action = Action::update(schema::alert(alert.id), set)
            .when("#seq = :seq AND attribute_not_exists(#incident)")
            .with(":seq", number(alert.seq))
            .with(":outcome", text(json(PORT, outcome)?));
        if let Some(at) = again {
            let IndexKey { pk, sk } = schema::alert_again(alert.id, at);
            action = action.with(":due_pk", text(pk)).with(":due_sk", text(sk));
        }
        Ok(self.write(PORT, &action).await?)
    }

    async fn watch(&self, key: &AlertKey, alert: AlertId, watched: bool) -> Result<u64, WriteError> {
        let action = Action::update(schema::guard(key), if watched { "SET #watched = :yes" } else { "REMOVE #watched" });
        let action = guarding(action.when("#open = :yes AND #alert = :alert"), alert).telling_old();
        let old = self.write_and_tell(PORT, &action).await?.unwrap_or_default();
        Ok(read_guard(&old)?.count)
    }

    async fn wake_alert(&self, alert: AlertId, at: Timestamp) -> Result<(), WriteError> {
        let wake = Action::update(schema::alert(alert), "SET #seq = #seq + :one, #transition = :changed, #due_pk = :due_pk, #due_sk = :due_sk");
        let wake = has_work(still_open(wake), alert, at).when("#state = :open AND attribute_not_exists(#incident)");
        Ok(self.write(PORT, &wake).await?)
    }

    async fn alerts(&self, ids: &[AlertId]) -> Result<Vec<Alert>, PortError> {
        let keys: Vec<Key> = ids.iter().map(|id| schema::alert(*id)).collect();
        let heads: HashMap<Key, Item> = self.batch(PORT, &keys).await?;
        let mut alerts = Vec::with_capacity(ids.len());
        for (id, key) in ids.iter().zip(&keys) {
            if let Some(head) = heads.get(key) {
                alerts.push(self.read_alert(*id, head).await?);
            }
        }
        Ok(alerts)
    }

    async fn alerts_of(&self, incident: IncidentId, after: Option<AlertId>, limit: usize) -> Result<Vec<AlertId>, PortError> {
        // Each link holds the alerts that joined in one write, in order of their ids: find the one that `after` stands on.
        let mut range = Range::of(schema::incident(incident).pk, schema::LINK, limit.saturating_add(1));
        if let Some(after) = after {
            let Some(head) = self.get(PORT, schema::alert(after)).await? else { return Ok(Vec::new()) };
            let reader = Reader::new(PORT, "alert", &head)?;
            if reader.maybe_parsed::<IncidentId>("incident")? == Some(incident) {
                range.from = schema::link(incident, reader.number("link")?).sk;
            } else {
                // It has moved to another incident since: its link here is looked for.
                let Some(link) = self.link_of(incident, after).await? else { return Ok(Vec::new()) };
                range.from = link;
            }
        }
        let first = range.from.clone();
        let mut ids = Vec::new();
        for item in &self.range(PORT, &range).await? {
            let reader = Reader::new(PORT, "link", item)?;
            let begins = after.filter(|_| reader.maybe_text(SK) == Some(first.as_str()));
            for id in reader.texts("alerts")? {
                let id: AlertId = id.parse().map_err(|_| reader.damaged("alerts"))?;
                if begins.is_none_or(|after| id > after) {
                    ids.push(id);
                }
            }
        }
        ids.truncate(limit);
        Ok(ids)
    }

    async fn alerts_received(&self, team: &TeamId, span: Span, after: Option<Received>, limit: usize, order: Order) -> Result<Vec<Received>, PortError> {
        let last = after.map(|a| schema::received(a.at, a.alert));
        // What was received at `until` itself has a longer key, and stands behind it.
        let (mut from, mut to) = (schema::sortable(span.from), schema::sortable(span.until));
        match (order, last) {
            (Order::NewestFirst, Some(last)) => to = to.min(last),
            (Order::OldestFirst, Some(last)) => from = from.max(last),
            (Order::NewestFirst | Order::OldestFirst, None) => {}
        }
        let parts = (0..ALERT_LISTS).map(|part| {
            let (pk, backwards) = (schema::team_alerts_list(team, part), order == Order::NewestFirst);
            let range = Range { index: Some(BY_TEAM), pk, from: from.clone(), to: to.clone(), backwards, limit: limit.saturating_add(1) };
            async move { self.range(PORT, &range).await }
        });
        let mut received = Vec::new();
        for item in try_join_all(parts).await?.into_iter().flatten() {
            let sk = item.get(TEAM_SK).and_then(|v| v.as_s().ok());
            let read = sk.and_then(|sk| schema::received_of(sk)).map(|(at, alert)| Received { at, alert });
            received.push(read.ok_or_else(|| PortError::Final { port: PORT, reason: "an alert in its team's list has a damaged key".to_owned() })?);
        }
        received.retain(|r| after.is_none_or(|after| order.is_behind(*r, after)));
        order.sort(&mut received);
        received.truncate(limit);
        Ok(received)
    }

    async fn close_alert(&self, alert: &Alert, resolved_at: Timestamp) -> Result<(), WriteError> {
        let close =
            close_guard(&alert.key, alert.id, resolved_at).when("#open = :yes AND #alert = :alert AND #last_at < :at").with(":at", instant(resolved_at));
        match self.transact(PORT, vec![close, settle(alert.id, resolved_at)]).await {
            Err(Refused::Conditions(conditions)) => {
                let head = conditions.into_iter().find(|(n, _)| *n == 1).and_then(|(_, item)| item);
                let closed = head.is_some_and(|h| h.get("state").and_then(|s| s.as_s().ok()).is_some_and(|s| s == RESOLVED));
                if closed { Ok(()) } else { Err(WriteError::Conflict) }
            }
            other => Ok(other?),
        }
    }

    async fn succeed_alert(&self, old: &Alert, new: &Alert) -> Result<(), WriteError> {
        let guard = guarding(put_guard(new).when("#open = :yes AND #alert = :alert"), old.id);
        let mut actions = vec![guard, settle(old.id, new.received_at)];
        actions.extend(put_alert(new)?);
        Ok(self.transact(PORT, actions).await?)
    }
}
