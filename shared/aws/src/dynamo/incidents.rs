//! Incidents, timelines, numbers, groups.
//!
//! An incident is written whole each time, under its revision; what follows from the change (stream, index of what is due, list of its team) are attributes of the
//! same write, absent where nothing follows.

use super::DynamoStore;
use super::item::{Item, Reader, Writer, instant, number, text};
use super::read::{Index, Range, key_of};
use super::schema::{self, ENTRY_WRITTEN, INCIDENT_CHANGED, IndexKey, Key, LAST, TEAM_INDEX, TEAM_PK, TEAM_SK, TRANSITION};
use super::write::Action;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use tocsin_app::error::{PortError, WriteError};
use tocsin_app::ports::{AlertHandled, AlertMoved, Commit, Group, GroupKey, IncidentStore, SecretHash, Which};
use tocsin_domain::id::{IncidentId, PolicyId, TeamId};
use tocsin_domain::incident::responders::{Answer, Responder};
use tocsin_domain::incident::timeline::Entry;
use tocsin_domain::incident::{Incident, Status};
use tocsin_domain::notification::page::Page;

const PORT: &str = "IncidentStore";
const BY_TEAM: Index = Index { name: TEAM_INDEX, pk: TEAM_PK, sk: TEAM_SK };
/// Incidents that one round of a list looks at.
const A_ROUND: usize = 100;

/// When an incident has to be looked at: its deadline or, while its alerts are still to be closed, since it was resolved.
fn due(incident: &Incident) -> Option<IndexKey> {
    let at = match &incident.status {
        Status::Resolved { at, .. } => incident.closing.then_some(*at),
        Status::Triggered | Status::Acknowledged { .. } => incident.deadline(),
    };
    at.map(|at| schema::incident_due(incident.id, at))
}

fn listed(incident: &Incident) -> IndexKey {
    match &incident.status {
        Status::Resolved { at, .. } => schema::team_resolved(&incident.team, *at, incident.id),
        Status::Triggered | Status::Acknowledged { .. } => schema::team_open(&incident.team, incident.id),
    }
}

/// Who was asked to help and has not answered: what a claim of their pages checks.
fn asked(incident: &Incident) -> Option<AttributeValue> {
    let waits = |r: &&Responder| r.answer == Answer::Asked && incident.is_open();
    let waiting = incident.responders.iter().filter(waits);
    let mut asked: Vec<String> = waiting.flat_map(|r| [schema::asked(r.request, &r.user), schema::asked_anybody(r.request)]).collect();
    asked.sort_unstable();
    asked.dedup();
    (!asked.is_empty()).then_some(AttributeValue::Ss(asked))
}

fn put_incident(c: &Commit) -> Result<Action, PortError> {
    let i = &c.incident;
    let item = Writer::of_team(schema::incident(i.id), &i.team)
        .document(PORT, i)?
        .with("status", text(i.status.as_str()))
        .with("generation", number(i.generation))
        .with("revision", number(i.revision))
        .maybe("asked", asked(i))
        .maybe(TRANSITION, c.announce.then(|| text(INCIDENT_CHANGED)))
        .due(due(i))
        .listed(listed(i));
    let put = Action::put(item.build());
    Ok(match c.expected {
        None => put.when_new(),
        Some(revision) => put.when("#revision = :revision").with(":revision", number(revision)),
    })
}

fn put_entry(entry: &Entry) -> Result<Action, PortError> {
    let item = Writer::of_team(schema::entry(entry.incident, entry.seq), &entry.team).readable_document(PORT, entry)?.with(TRANSITION, text(ENTRY_WRITTEN));
    Ok(Action::put(item.build()).when_new())
}

fn handle(handled: &AlertHandled, revision: u64) -> Action {
    let key = schema::alert(handled.alert);
    let action = if handled.attached && handled.guest {
        Action::update(key, "SET #incident = :incident, #link = :link, #guest = :guest, #handled_seq = :seq REMOVE #outcome, #transition, #due_pk, #due_sk")
            .when("#seq = :seq AND attribute_not_exists(#incident)")
            .with(":link", number(revision))
            .with(":guest", AttributeValue::Bool(true))
    } else if handled.attached {
        Action::update(key, "SET #incident = :incident, #link = :link, #handled_seq = :seq REMOVE #outcome, #transition, #due_pk, #due_sk")
            .when("#seq = :seq AND attribute_not_exists(#incident)")
            .with(":link", number(revision))
    } else {
        Action::update(key, "SET #incident = :incident, #handled_seq = :seq REMOVE #transition, #due_pk, #due_sk")
            .when("#seq = :seq AND #handled_seq < :seq AND #incident = :incident")
    };
    action.with(":seq", number(handled.seq)).with(":incident", text(handled.incident.to_string()))
}

/// An alert comes from another incident; the work that it has stays with it.
fn take_over(moved: &AlertMoved, c: &Commit) -> Action {
    Action::update(schema::alert(moved.alert), "SET #incident = :incident, #link = :link")
        .when("#seq = :seq AND #incident = :from")
        .with(":incident", text(c.incident.id.to_string()))
        .with(":link", number(c.incident.revision))
        .with(":seq", number(moved.seq))
        .with(":from", text(moved.from.to_string()))
}

/// One item for all alerts that join in this write, in order of their ids.
fn put_link(c: &Commit) -> Option<Action> {
    let fresh = c.alerts.iter().filter(|a| a.attached).map(|a| a.alert);
    let joined: BTreeSet<String> = fresh.chain(c.moved.iter().map(|a| a.alert)).map(|id| id.to_string()).collect();
    if joined.is_empty() {
        return None;
    }
    let item = Writer::of_team(schema::link(c.incident.id, c.incident.revision), &c.incident.team)
        .with("alerts", AttributeValue::L(joined.into_iter().map(text).collect()));
    Some(Action::put(item.build()).when_new())
}

fn put_group(key: &GroupKey, group: &Group, team: &TeamId) -> Result<Action, PortError> {
    let item = Writer::of_team(schema::group(key), team).document(PORT, group)?.with("revision", number(group.revision));
    Ok(under_revision(Action::put(item.build()), group.revision))
}

/// An item whose revision rises by one with each write; there is none before the first.
pub(super) fn under_revision(put: Action, revision: u64) -> Action {
    match revision {
        0 | 1 => put.when_new(),
        _ => put.when("#revision = :revision").with(":revision", number(revision - 1)),
    }
}

fn put_page(page: &Page, team: &TeamId) -> Result<Action, PortError> {
    let item =
        Writer::of_team(schema::page(&page.contact, &page.key), team).document(PORT, page)?.with("due", instant(page.due)).with("tries", number(page.tries));
    Ok(Action::put(item.build()))
}

/// Everything that a commit writes. A page that is both taken out and put in is put in.
fn actions(c: &Commit) -> Result<Vec<Action>, PortError> {
    let mut actions = vec![put_incident(c)?];
    for entry in &c.entries {
        actions.push(put_entry(entry)?);
    }
    if c.expected.is_none() {
        let item = Writer::of_team(schema::number(c.incident.number), &c.incident.team).with("incident", text(c.incident.id.to_string()));
        actions.push(Action::put(item.build()).when_new());
    }
    actions.extend(c.alerts.iter().map(|a| handle(a, c.incident.revision)));
    actions.extend(c.moved.iter().map(|a| take_over(a, c)));
    actions.extend(put_link(c));
    if let Some((key, group)) = &c.group {
        actions.push(put_group(key, group, &c.incident.team)?);
    }
    if let Some(once) = &c.once {
        let at = c.entries.first().map_or(c.incident.opened_at, |e| e.at);
        let until = at.checked_add(SignedDuration::from_hours(24 * schema::ONCE_DAYS)).unwrap_or(Timestamp::MAX);
        let item = Writer::of_team(schema::once(c.incident.id, once), &c.incident.team).with("until", instant(until)).expires(until);
        // One that is over may still be there: expiry takes its time.
        actions.push(Action::put(item.build()).when("attribute_not_exists(#pk) OR #until <= :now").with(":now", instant(at)));
    }
    let mut put: BTreeSet<Key> = BTreeSet::new();
    for page in &c.queue {
        if put.insert(schema::page(&page.contact, &page.key)) {
            actions.push(put_page(page, &c.incident.team)?);
        }
    }
    for (contact, key) in &c.unqueue {
        let key = schema::page(contact, key);
        if put.insert(key.clone()) {
            actions.push(Action::delete(key));
        }
    }
    Ok(actions)
}

fn read_incident(item: &Item) -> Result<Incident, PortError> {
    Reader::new(PORT, "incident", item)?.document()
}

impl DynamoStore {
    /// Counts on from 1.
    async fn count_on(&self, key: Key) -> Result<u64, PortError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.item()))
            .update_expression("SET #team = :team, #v = :v ADD #last :one")
            .set_expression_attribute_names(Some(super::write::names(["#team #v #last"])))
            .expression_attribute_values(":team", text(schema::DEPLOYMENT))
            .expression_attribute_values(":v", number(schema::FORMAT_VERSION))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        let answer = update.send().await.map_err(|e| crate::failure::port_error(PORT, &e))?;
        Reader::new(PORT, "counter", &answer.attributes.unwrap_or_default())?.number("last")
    }
}

#[async_trait]
impl IncidentStore for DynamoStore {
    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, PortError> {
        self.get(PORT, schema::incident(id)).await?.map(|item| read_incident(&item)).transpose()
    }

    async fn incidents(&self, ids: &[IncidentId]) -> Result<Vec<Incident>, PortError> {
        let keys: Vec<Key> = ids.iter().map(|id| schema::incident(*id)).collect();
        let found = self.batch(PORT, &keys).await?;
        keys.iter().filter_map(|key| found.get(key)).map(read_incident).collect()
    }

    async fn incident_numbered(&self, number: u64) -> Result<Option<IncidentId>, PortError> {
        let item = self.get(PORT, schema::number(number)).await?;
        item.map(|item| Reader::new(PORT, "number", &item)?.parsed("incident")).transpose()
    }

    async fn next_number(&self) -> Result<u64, PortError> {
        // A try that was carried out although its answer got lost leaves a gap: numbers may have some.
        self.count_on(schema::counter()).await
    }

    async fn next_turn(&self, policy: &PolicyId, level: u32) -> Result<u64, PortError> {
        // A gap skips somebody's turn once; nobody is paged twice for it.
        Ok(self.count_on(schema::turns(policy, level)).await?.saturating_sub(1))
    }

    async fn turns(&self, levels: &[(PolicyId, u32)]) -> Result<Vec<u64>, PortError> {
        let keys: Vec<Key> = levels.iter().map(|(policy, level)| schema::turns(policy, *level)).collect();
        let found = self.batch(PORT, &keys).await?;
        // What was counted last is what `next_turn` tells next: turns begin with 0.
        keys.iter().map(|key| found.get(key).map_or(Ok(0), |item| Reader::new(PORT, "counter", item)?.number("last"))).collect()
    }

    async fn commit(&self, commit: &Commit) -> Result<(), WriteError> {
        Ok(self.transact(PORT, actions(commit)?).await?)
    }

    async fn done_before(&self, id: IncidentId, once: &SecretHash, now: Timestamp) -> Result<bool, PortError> {
        let item = self.get(PORT, schema::once(id, once)).await?;
        item.map(|item| Ok(Reader::new(PORT, "name of a command", &item)?.maybe_parsed::<Timestamp>("until")?.is_some_and(|until| until > now)))
            .transpose()
            .map(|d| d.unwrap_or(false))
    }

    async fn commit_both(&self, first: &Commit, second: &Commit) -> Result<(), WriteError> {
        let mut both = actions(first)?;
        both.extend(actions(second)?);
        Ok(self.transact(PORT, both).await?)
    }

    async fn timeline(&self, id: IncidentId, after: u32, limit: usize) -> Result<Vec<Entry>, PortError> {
        let Key { pk, sk: from } = schema::entry(id, after.saturating_add(1));
        let range = Range { from, ..Range::of(pk, schema::ENTRY, limit) };
        self.range(PORT, &range).await?.iter().map(|item| Reader::new(PORT, "timeline entry", item)?.document()).collect()
    }

    async fn incidents_of(&self, team: &TeamId, which: Which, after: Option<IncidentId>, limit: usize) -> Result<Vec<Incident>, PortError> {
        let mut seen = match (after, which) {
            (None, _) => None,
            (Some(id), Which::Open) => Some(schema::team_open(team, id).sk),
            (Some(id), Which::Resolved) => match self.incident(id).await?.map(|i| i.status) {
                Some(Status::Resolved { at, .. }) => Some(schema::team_resolved(team, at, id).sk),
                Some(Status::Triggered | Status::Acknowledged { .. }) | None => return Ok(Vec::new()),
            },
        };
        let mut incidents: Vec<Incident> = Vec::new();
        // The index lags behind: an incident that has left this list since is passed over, and the list goes on behind it.
        while incidents.len() < limit {
            let range = list(team, which, seen.as_deref(), limit.min(A_ROUND));
            let items = self.range(PORT, &range).await?;
            let behind = |item: &&Item| item.get(TEAM_SK).and_then(|sk| sk.as_s().ok()) != seen.as_ref();
            let keys: Vec<Key> = items.iter().filter(behind).filter_map(key_of).collect();
            let found = self.batch(PORT, &keys).await?;
            for key in &keys {
                let Some(incident) = found.get(key).map(read_incident).transpose()? else { continue };
                if incident.team == *team && incident.is_open() == (which == Which::Open) {
                    incidents.push(incident);
                }
            }
            match items.last().and_then(|item| item.get(TEAM_SK)).and_then(|sk| sk.as_s().ok()) {
                Some(last) if items.len() == range.limit => seen = Some(last.clone()),
                Some(_) | None => break,
            }
        }
        incidents.truncate(limit);
        Ok(incidents)
    }

    async fn group(&self, key: &GroupKey) -> Result<Option<Group>, PortError> {
        self.get(PORT, schema::group(key)).await?.map(|item| Reader::new(PORT, "group", &item)?.document()).transpose()
    }
}

/// The part of a team's list from `seen` on, which comes once more with it.
fn list(team: &TeamId, which: Which, seen: Option<&str>, limit: usize) -> Range {
    let (pk, backwards) = match which {
        Which::Open => (schema::team_open_list(team), false),
        Which::Resolved => (schema::team_resolved_list(team), true),
    };
    let (mut from, mut to) = (" ".to_owned(), LAST.to_owned());
    if let Some(seen) = seen {
        *(if backwards { &mut to } else { &mut from }) = seen.to_owned();
    }
    Range { index: Some(BY_TEAM), pk, from, to, backwards, limit: limit.saturating_add(1) }
}
