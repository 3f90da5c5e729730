//! What would happen: imagined events, or recorded ones, against any configuration, on a clock of its own.
//!
//! Runs the code that pages from instant to instant, and tells nothing of it again: what senders say goes through [`decide`](crate::rules::decide),
//! [`count`](crate::rules::threshold::count) and [`intake`](crate::incident::intake) as in the use case that handles alerts, and time passes through
//! [`next_step`](crate::escalation::step::next_step), [`plan_level`](crate::notification::plan::plan_level), [`Lane`](crate::notification::lane::Lane) and
//! [`Incident`]'s own transitions. Every message leaves at once and arrives, as far as the cap on its contact method lets it. What the sweep finds within a minute
//! (heartbeats that are missing, windows that end) is found at once.

mod act;
mod alerts;
mod clock;

pub use act::{Act, Imagined, Of, Sent};

use super::laid;
use crate::alert::AlertKey;
use crate::alert::outcome::{Outcome, RuleRef};
use crate::configuration::Configuration;
use crate::id::{ContactId, IntegrationId, PolicyId, ServiceId, UserId};
use crate::incident::Incident;
use crate::incident::command::Command;
use crate::incident::intake::{GroupKey, Told};
use crate::incident::timeline::{Actor, Entry, What};
use crate::maintenance::{MaintenanceRun, Maintenances};
use crate::notification::lane::Lane;
use crate::notification::page::Page;
use crate::rules::threshold;
use crate::schedule::roster::Roster;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Steps of one simulation; far more than any story has, and few enough to end soon.
const MOST_STEPS: usize = 200_000;
/// Entries of one simulation.
const MOST_ENTRIES: usize = 20_000;
/// A shorter rest of a contact method is waited for without a word.
const NOTICEABLE: SignedDuration = SignedDuration::from_secs(10);

/// What is known of the deployment besides its configuration.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Version of the configuration, for the timeline; 0 for a file.
    pub version: u64,
    /// Contact methods that their owner has not confirmed.
    pub unconfirmed: BTreeSet<ContactId>,
    /// Whose turn it is at levels whose targets take turns, by policy and 0-based level: the next incident's, counted from 0.
    pub turns: BTreeMap<(PolicyId, u32), u64>,
    /// Maintenance windows that people started, and occurrences of configured ones that they ended early. Each counts from when it was asked for.
    pub maintenance: Vec<MaintenanceRun>,
    /// What people changed about schedules at run time.
    pub rosters: Vec<Roster>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    /// The timelines of all incidents together, in the order in which things happened.
    pub entries: Vec<Entry>,
    /// Alerts that were kept from people, in order.
    pub kept: Vec<Kept>,
    /// What could not be played, and why.
    pub notes: Vec<String>,
}

/// An alert that rules or a maintenance window kept from people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kept {
    /// When.
    pub at: Timestamp,
    /// Of which service.
    pub service: ServiceId,
    /// Which.
    pub key: AlertKey,
    /// What it says.
    pub summary: String,
    /// What became of it.
    pub outcome: Outcome,
    /// It is over, before anybody had to know.
    pub over: bool,
}

impl Kept {
    /// In words.
    pub fn words(&self) -> String {
        let Self { service, summary, outcome, over, .. } = self;
        if *over {
            return format!("{summary} (service {service}) is over before anybody had to know");
        }
        format!("{summary} (service {service}): {outcome}")
    }
}

/// Plays `events` against a configuration until nothing more happens by itself, or until `until`.
///
/// ```
/// use tocsin_domain::foresight::simulate::simulate;
/// let configuration = serde_json::from_str(r#"{"version": 1, "teams": [{"id": "t", "name": "T"}],
///     "users": [{"id": "ada", "name": "Ada", "contact_methods": [{"id": "ada-sms", "kind": "sms", "to": "+15555550101"}]}],
///     "policies": [{"id": "p", "team": "t", "levels": [{"delay_s": 300, "targets": [{"user": "ada"}]}]}],
///     "services": [{"id": "shop", "name": "Shop", "team": "t", "policy": "p"}]}"#)?;
/// let events = serde_json::from_str(r#"[{"at": "2026-01-05T03:00:00Z", "do": "trigger", "service": "shop"}]"#)?;
/// let story = simulate(&configuration, events, "2026-01-06T03:00:00Z".parse()?);
/// let told: Vec<String> = story.entries.iter().map(|e| format!("{} {}", e.at.strftime("%H:%M"), e.what.name())).collect();
/// assert_eq!(told, ["03:00 triggered", "03:00 alerts_attached", "03:00 level_fired", "03:00 paged", "03:05 last_resort", "03:05 unanswered", "03:05 paged"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn simulate(configuration: &Configuration, events: Vec<Imagined>, until: Timestamp) -> Story {
    simulate_in(configuration, &Around::default(), events, until)
}

/// The same, with what else is known.
pub fn simulate_in(configuration: &Configuration, around: &Around, mut events: Vec<Imagined>, until: Timestamp) -> Story {
    events.sort_by_key(|e| e.at);
    let begins = events.first().map_or(until, |e| e.at);
    let configuration = &laid(configuration, &around.rosters, begins);
    let mut world = World::new(configuration, around);
    let mut events = events.into_iter().peekable();
    let mut steps = 0;
    let mut now = events.peek().map_or(until, |e| e.at);
    while now <= until {
        while let Some(event) = events.next_if(|e| e.at <= now) {
            world.act(event.act, now);
        }
        world.look_again(now);
        let rest = world.settle(now, &mut steps);
        let next = rest.into_iter().chain(events.peek().map(|e| e.at)).chain(world.again_at()).min();
        steps += 1;
        if steps >= MOST_STEPS || world.story.entries.len() >= MOST_ENTRIES {
            world.story.notes.push(format!("it goes on like this: stopped at {now:.0} after {} entries", world.story.entries.len()));
            break;
        }
        match next {
            Some(next) => now = next.max(now + SignedDuration::from_millis(1)),
            None => break,
        }
    }
    world.story
}

/// Nobody was kept from a page by a window before somebody asked for it, whatever it says of the time before. An occurrence of a configured window is known by its start.
fn known_from_its_making(run: MaintenanceRun) -> MaintenanceRun {
    let made = run.at.filter(|_| !run.configured).unwrap_or(run.start);
    MaintenanceRun { start: run.start.max(made), ..run }
}

struct World<'a> {
    configuration: &'a Configuration,
    outside: &'a Around,
    maintenance: Maintenances,
    incidents: Vec<Incident>,
    /// Pages that wait, by their keys.
    pages: Vec<Page>,
    lanes: BTreeMap<ContactId, Lane>,
    /// All alerts, in the order in which they came.
    alerts: Vec<alerts::Counted>,
    /// Until when alerts of a group join an incident, and which.
    groups: BTreeMap<GroupKey, (Timestamp, usize)>,
    counts: BTreeMap<(RuleRef, ServiceId), threshold::Counted>,
    beats: BTreeMap<IntegrationId, alerts::Beat>,
    turns: BTreeMap<(PolicyId, u32), u64>,
    serial: u128,
    story: Story,
}

impl<'a> World<'a> {
    fn new(configuration: &'a Configuration, outside: &'a Around) -> Self {
        Self {
            configuration,
            outside,
            maintenance: Maintenances { runs: outside.maintenance.iter().map(|run| known_from_its_making(run.clone())).collect() },
            incidents: Vec::new(),
            pages: Vec::new(),
            lanes: BTreeMap::new(),
            alerts: Vec::new(),
            groups: BTreeMap::new(),
            counts: BTreeMap::new(),
            beats: BTreeMap::new(),
            turns: outside.turns.clone(),
            serial: 0,
            story: Story { entries: Vec::new(), kept: Vec::new(), notes: Vec::new() },
        }
    }

    fn ulid(&mut self, now: Timestamp) -> ulid::Ulid {
        self.serial += 1;
        ulid::Ulid::from_parts(u64::try_from(now.as_millisecond()).unwrap_or(0), self.serial)
    }

    fn note(&mut self, now: Timestamp, what: String) {
        self.story.notes.push(format!("{now:.0}: {what}"));
    }

    fn tell(&mut self, place: usize, by: &Actor, whats: Vec<What>, now: Timestamp) {
        let entries = self.incidents[place].record(now, by, whats);
        self.story.entries.extend(entries);
    }

    fn tell_all(&mut self, place: usize, told: Vec<Told>, now: Timestamp) {
        for (by, whats) in told {
            self.tell(place, &by, whats, now);
        }
    }

    fn act(&mut self, act: Act, now: Timestamp) {
        match act {
            Act::Trigger(sent) => self.trigger(*sent, now),
            Act::End(of) => self.end(&of, now),
            Act::SenderAcknowledge(of) => self.sender_acknowledges(&of, now),
            Act::Ping { heartbeat } => self.ping(heartbeat, now),
            Act::Maintain { id, reason, services, teams, until } => {
                let team = services.iter().find_map(|s| self.configuration.service(s)).map(|s| s.team.clone()).or_else(|| teams.first().cloned());
                match team {
                    Some(team) => self.maintain(MaintenanceRun {
                        id,
                        team,
                        reason,
                        services,
                        teams,
                        at: Some(now),
                        start: now,
                        end: until,
                        by: Actor::System,
                        ended_at: None,
                        ended_by: None,
                        configured: false,
                    }),
                    None => self.note(now, format!("maintenance window {id} is about no service that there is: nothing begins")),
                }
            }
            Act::EndMaintenance { id } => self.end_maintenance(&id, now),
            Act::Acknowledge { by, incident } => self.command(&Command::Acknowledge, by, incident, now),
            Act::Unacknowledge { by, incident } => self.command(&Command::Unacknowledge, by, incident, now),
            Act::Snooze { by, until, incident } => self.command(&Command::Snooze(until), by, incident, now),
            Act::Resolve { by, incident } => self.command(&Command::Resolve, by, incident, now),
            Act::Reopen { by, incident } => self.command(&Command::Reopen, by, Some(incident), now),
            Act::Escalate { by, incident } => self.command(&Command::EscalateNow, by, incident, now),
            Act::Reassign { by, to, incident } => self.command(&Command::Reassign(to), by, incident, now),
            Act::Urgency { by, urgency, incident } => self.command(&Command::SetUrgency(urgency), by, incident, now),
            Act::Respond { by, to, message, incident } => self.command(&Command::AskResponders { to, message }, by, incident, now),
            Act::Answer { by, accept, incident } => self.command(&Command::AnswerRequest { user: by.clone(), accept }, by, incident, now),
        }
    }

    fn command(&mut self, command: &Command, by: UserId, incident: Option<u64>, now: Timestamp) {
        let places: Vec<usize> = match incident {
            Some(number) => (0..self.incidents.len()).filter(|i| self.incidents[*i].number == number).collect(),
            None => (0..self.incidents.len()).filter(|i| self.incidents[*i].is_open()).collect(),
        };
        if places.is_empty() {
            self.note(now, format!("{by} finds no open incident"));
        }
        let by = Actor::User(by);
        for place in places {
            match self.incidents[place].apply(command.clone(), &by, now) {
                Ok(whats) => self.tell(place, &by, whats, now),
                Err(e) => self.note(now, format!("{by} is refused: {e}")),
            }
            self.close(place);
        }
    }
}
