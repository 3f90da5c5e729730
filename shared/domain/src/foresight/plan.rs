//! The difference between two configurations in meaning: what changes, what it uncovers, who is paged otherwise, who can not be reached any more.

use super::difference::{Fate, ObjectChange, difference};
use super::laid;
use super::pages::{self, ServicePages};
use super::spans;
use super::verify::{self, Concern};
use crate::configuration::Configuration;
use crate::id::{ContactId, ScheduleId};
use crate::schedule::roster::Roster;
use crate::schedule::{Schedule, Span};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How far a plan looks ahead.
pub const HORIZON_DAYS: u32 = 28;
/// How far it looks for members who never get a turn.
const IDLE_DAYS: u32 = 366;

/// What is known besides the two documents.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// Contact methods that their owner has not confirmed.
    pub unconfirmed: BTreeSet<ContactId>,
    /// Whether somebody asked which those are. Then a contact method that a change makes, or sends elsewhere, counts as one of them afterwards.
    pub asked: bool,
    /// Whose turn it is at levels whose targets take turns.
    pub drawn: pages::Drawn,
    /// Objects that earlier versions had, by kind (`users`) and id, with the last version that had them.
    pub earlier: BTreeMap<(String, String), u64>,
    /// What people changed about schedules at run time: a new configuration takes none of it back.
    pub rosters: Vec<Roster>,
}

impl Outside {
    /// What is known when `after` is in force where `before` was.
    fn afterwards(&self, before: &Configuration, after: &Configuration) -> Self {
        let methods = after.users.iter().flat_map(|u| &u.contact_methods).filter(|_| self.asked);
        let fresh = methods.filter(|m| before.contact(&m.id).is_none_or(|(_, old)| (old.kind, &old.to) != (m.kind, &m.to)));
        Self { unconfirmed: self.unconfirmed.iter().cloned().chain(fresh.map(|m| m.id.clone())).collect(), ..self.clone() }
    }
}

/// A time that is covered now and was not, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// In which schedule.
    pub schedule: ScheduleId,
    /// Its zone.
    pub time_zone: String,
    /// Nobody was on call then, and somebody is.
    pub gained: Vec<Span>,
    /// Somebody was on call then, and nobody is.
    pub lost: Vec<Span>,
}

/// What becomes of the keys of senders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "key")]
pub enum KeyChange {
    /// A key is made and shown once.
    Created {
        /// For which integration.
        integration: String,
        /// Whose: "service shop".
        of: String,
    },
    /// Its keys end: its senders are refused.
    Ended {
        /// Of which integration.
        integration: String,
        /// Whose.
        of: String,
    },
    /// Its keys stay and open something else.
    Moved {
        /// Which integration.
        integration: String,
        /// Whose it was.
        from: String,
        /// Whose it is.
        to: String,
    },
}

/// Something that would keep a page from reaching a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Whether it comes with this change; otherwise it was so before.
    pub new: bool,
    /// What.
    #[serde(flatten)]
    pub concern: Concern,
}

/// What a change means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// It looked at `[from, until)`.
    pub from: Timestamp,
    /// See `from`.
    pub until: Timestamp,
    /// What is different.
    pub objects: Vec<ObjectChange>,
    /// Times that are covered otherwise, of schedules that both have.
    pub coverage: Vec<Coverage>,
    /// Who is paged otherwise, for services that both have.
    pub pages: Vec<ServicePages>,
    /// Keys that are made or end.
    pub keys: Vec<KeyChange>,
    /// What would keep pages from reaching people afterwards.
    pub warnings: Vec<Warning>,
}

impl Plan {
    /// Whether applying it would change nothing.
    pub fn is_nothing(&self) -> bool {
        self.objects.is_empty()
    }
}

/// What it means to put `after` into force where `before` was, looking [`HORIZON_DAYS`] ahead.
///
/// ```
/// use tocsin_domain::foresight::{Outside, plan};
/// let configuration = |hours: &str| serde_json::from_str(&format!(r#"{{"version": 1, "teams": [{{"id": "t", "name": "T"}}],
///     "schedules": [{{"id": "s", "team": "t", "time_zone": "Europe/London", "layers": [{{"rotation": "weekly", "start": "2026-01-05", "members": ["ada"],
///         "restrictions": [{{"days": ["sat"], "from": "00:00", "to": "{hours}"}}]}}]}}]}}"#));
/// let plan = plan(&configuration("09:00")?, &configuration("02:00")?, &Outside::default(), "2026-01-05T09:00:00Z".parse()?);
/// assert_eq!(plan.coverage[0].lost[0].start.to_string(), "2026-01-10T02:00:00Z");
/// assert_eq!(plan.coverage[0].lost[0].end.to_string(), "2026-01-10T09:00:00Z");
/// assert_eq!(plan.coverage[0].lost.len(), 4, "four Saturdays in 28 days");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan(before: &Configuration, after: &Configuration, outside: &Outside, at: Timestamp) -> Plan {
    let from = Timestamp::from_second(at.as_second()).unwrap_or(at);
    let until = later(from, HORIZON_DAYS);
    let mut objects = difference(before, after);
    for object in objects.iter_mut().filter(|o| o.fate == Fate::Added) {
        object.recreates = object.id.as_ref().and_then(|id| outside.earlier.get(&(object.kind.clone(), id.clone())).copied());
    }
    let keys = keys(before, after);
    // What is different is told of the documents; what it does, of the schedules as they answer.
    let (before, after) = (&laid(before, &outside.rosters, from), &laid(after, &outside.rosters, from));
    let (old, new) = (concerns(before, outside, from), concerns(after, &outside.afterwards(before, after), from));
    let warnings = new.into_iter().map(|concern| Warning { new: !old.iter().any(|o| o.same_matter(&concern)), concern }).collect();
    let coverage = after.schedules.iter().filter_map(|s| covered(before.schedule(&s.id)?, s, from, until)).collect();
    Plan { from, until, coverage, pages: pages::changes(before, after, &outside.drawn, from, until), keys, warnings, objects }
}

pub(super) fn later(from: Timestamp, days: u32) -> Timestamp {
    from.checked_add(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::MAX)
}

/// What would keep pages from people; holes in schedules are the coverage's part.
fn concerns(configuration: &Configuration, outside: &Outside, from: Timestamp) -> Vec<Concern> {
    let mut concerns = verify::concerns(configuration, outside, from, later(from, HORIZON_DAYS));
    concerns.retain(|c| !matches!(c, Concern::NeverOnCall { .. } | Concern::Uncovered { .. }));
    for schedule in &configuration.schedules {
        let idle = schedule.idle_members(from, later(from, IDLE_DAYS)).into_iter();
        concerns.extend(idle.map(|i| Concern::NeverOnCall { schedule: schedule.id.clone(), user: i.user, layer: i.layer }));
    }
    concerns
}

fn covered(before: &Schedule, after: &Schedule, from: Timestamp, until: Timestamp) -> Option<Coverage> {
    if before == after {
        return None;
    }
    let (old, new) = (spans::normal(before.gaps(from, until)), spans::normal(after.gaps(from, until)));
    let (gained, lost) = (spans::without(&old, &new), spans::without(&new, &old));
    let different = !gained.is_empty() || !lost.is_empty();
    different.then(|| Coverage { schedule: after.id.clone(), time_zone: after.time_zone.clone(), gained, lost })
}

fn keys(before: &Configuration, after: &Configuration) -> Vec<KeyChange> {
    let (old, new) = (integrations(before), integrations(after));
    let mut changes = Vec::new();
    for (integration, of) in &new {
        match old.get(integration) {
            None => changes.push(KeyChange::Created { integration: integration.clone(), of: of.clone() }),
            Some(from) if from != of => {
                changes.push(KeyChange::Moved { integration: integration.clone(), from: from.clone(), to: of.clone() });
            }
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(integration, _)| !new.contains_key(*integration));
    changes.extend(gone.map(|(integration, of)| KeyChange::Ended { integration: integration.clone(), of: of.clone() }));
    changes
}

/// Integrations and what they belong to, wherever in the document they stand.
fn integrations(configuration: &Configuration) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Ok(Value::Object(document)) = serde_json::to_value(configuration) else { return found };
    for (kind, list) in &document {
        for object in list.as_array().map(Vec::as_slice).unwrap_or_default() {
            let owner = format!("{} {}", super::difference::singular(kind), object["id"].as_str().unwrap_or_default());
            for integration in object["integrations"].as_array().map(Vec::as_slice).unwrap_or_default() {
                if let Some(id) = integration["id"].as_str() {
                    found.insert(id.to_owned(), owner.clone());
                }
            }
        }
    }
    found
}
