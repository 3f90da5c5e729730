//! What would happen: imagined events, or recorded ones, against any configuration, on a clock of its own.
//!
//! Runs the code that pages ([`next_step`], [`plan_level`], [`Incident`]'s own transitions, [`Lane`]) from instant to instant; nothing of it is told again
//! here. Every message leaves at once and arrives, as far as the cap on its contact method lets it. What senders' rules do with an event before it opens an
//! incident is not played: an event here is one that gets through.

use crate::alert::Severity;
use crate::configuration::{Channel, Configuration, Grouping};
use crate::escalation::policy::{Level, Policy, Target};
use crate::escalation::step::{Step, next_step};
use crate::id::{AlertId, ContactId, IncidentId, IntegrationId, ServiceId, UserId};
use crate::incident::clock::Fired;
use crate::incident::command::Command;
use crate::incident::timeline::{Actor, Entry, What};
use crate::incident::{Incident, Opening, after};
use crate::notification::lane::{Cap, Decision, Lane};
use crate::notification::page::{LAST_RESORT, Page};
use crate::notification::plan::plan_level;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Steps of one simulation; far more than any story has, and few enough to end soon.
const MOST_STEPS: usize = 200_000;
/// Entries of one simulation.
const MOST_ENTRIES: usize = 20_000;
/// A shorter rest of a contact method is waited for without a word.
const NOTICEABLE: SignedDuration = SignedDuration::from_secs(10);

/// Something that happens from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imagined {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// What happens from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
pub enum Act {
    /// An alert source says that something is wrong.
    Trigger {
        /// Of which service.
        service: ServiceId,
        /// How bad.
        #[serde(default = "critical")]
        severity: Severity,
        /// One line.
        #[serde(default)]
        title: String,
        /// Events of one key are one alert; each is its own where none is named.
        #[serde(default)]
        key: Option<String>,
    },
    /// An alert source says that it is over.
    End {
        /// Of which service.
        service: ServiceId,
        /// The alert's key.
        #[serde(default)]
        key: Option<String>,
    },
    /// A person takes it.
    Acknowledge {
        /// Who.
        by: UserId,
        /// Number of the incident, from 1; every open one where none is named.
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person takes it for a while.
    Snooze {
        /// Who.
        by: UserId,
        /// Until when.
        until: Timestamp,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person says that it is over.
    Resolve {
        /// Who.
        by: UserId,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person asks for the next level.
    Escalate {
        /// Who.
        by: UserId,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
    /// A person gives it to somebody else.
    Reassign {
        /// Who.
        by: UserId,
        /// To whom.
        to: Vec<Target>,
        /// See [`Act::Acknowledge`].
        #[serde(default)]
        incident: Option<u64>,
    },
}

fn critical() -> Severity {
    Severity::Critical
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    /// The timelines of all incidents together, in the order in which things happened.
    pub entries: Vec<Entry>,
    /// What could not be played, and why.
    pub notes: Vec<String>,
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
pub fn simulate(configuration: &Configuration, mut events: Vec<Imagined>, until: Timestamp) -> Story {
    events.sort_by_key(|e| e.at);
    let mut world = World::new(configuration);
    let mut events = events.into_iter().peekable();
    let mut steps = 0;
    let mut now = events.peek().map_or(until, |e| e.at);
    while now <= until {
        while let Some(event) = events.next_if(|e| e.at <= now) {
            world.act(event.act, now);
        }
        let rest = world.settle(now, &mut steps);
        let next = rest.into_iter().chain(events.peek().map(|e| e.at)).min();
        if steps >= MOST_STEPS || world.story.entries.len() >= MOST_ENTRIES {
            world.story.notes.push(format!("it goes on like this: stopped at {now} after {} entries", world.story.entries.len()));
            break;
        }
        match next {
            Some(next) => now = next.max(now + SignedDuration::from_millis(1)),
            None => break,
        }
    }
    world.story
}

struct World<'a> {
    configuration: &'a Configuration,
    incidents: Vec<Incident>,
    /// Pages that wait, by their keys.
    pages: Vec<Page>,
    lanes: BTreeMap<ContactId, Lane>,
    /// Open alerts by service and key, with their incident's place.
    alerts: BTreeMap<(ServiceId, String), (AlertId, usize)>,
    /// Until when alerts of a service join an incident, and which.
    groups: BTreeMap<ServiceId, (Timestamp, usize)>,
    turns: BTreeMap<(String, u32), u64>,
    serial: u128,
    sender: Actor,
    story: Story,
}

impl<'a> World<'a> {
    fn new(configuration: &'a Configuration) -> Self {
        Self {
            configuration,
            incidents: Vec::new(),
            pages: Vec::new(),
            lanes: BTreeMap::new(),
            alerts: BTreeMap::new(),
            groups: BTreeMap::new(),
            turns: BTreeMap::new(),
            serial: 0,
            sender: "imagined".parse::<IntegrationId>().map_or(Actor::System, Actor::Sender),
            story: Story { entries: Vec::new(), notes: Vec::new() },
        }
    }

    fn ulid(&mut self, now: Timestamp) -> ulid::Ulid {
        self.serial += 1;
        ulid::Ulid::from_parts(u64::try_from(now.as_millisecond()).unwrap_or(0), self.serial)
    }

    fn tell(&mut self, place: usize, by: &Actor, whats: Vec<What>, now: Timestamp) {
        let entries = self.incidents[place].record(now, by, whats);
        self.story.entries.extend(entries);
    }

    fn act(&mut self, act: Act, now: Timestamp) {
        match act {
            Act::Trigger { service, severity, title, key } => self.trigger(service, severity, title, key, now),
            Act::End { service, key } => {
                let ended: Vec<_> =
                    self.alerts.iter().filter(|((s, k), _)| *s == service && key.as_ref().is_none_or(|key| key == k)).map(|(k, v)| (k.clone(), *v)).collect();
                if ended.is_empty() {
                    self.story.notes.push(format!("{now}: service {service} has no open alert of that key: nothing ends"));
                }
                for (alert, (id, place)) in ended {
                    self.alerts.remove(&alert);
                    let by = self.sender.clone();
                    let whats = self.incidents[place].resolve_alerts(&[id], &by, now);
                    self.tell(place, &by, whats, now);
                }
            }
            Act::Acknowledge { by, incident } => self.command(&Command::Acknowledge, by, incident, now),
            Act::Snooze { by, until, incident } => self.command(&Command::Snooze(until), by, incident, now),
            Act::Resolve { by, incident } => self.command(&Command::Resolve, by, incident, now),
            Act::Escalate { by, incident } => self.command(&Command::EscalateNow, by, incident, now),
            Act::Reassign { by, to, incident } => self.command(&Command::Reassign(to), by, incident, now),
        }
    }

    fn trigger(&mut self, service: ServiceId, severity: Severity, title: String, key: Option<String>, now: Timestamp) {
        let Some(of) = self.configuration.service(&service) else {
            self.story.notes.push(format!("{now}: there is no service {service}: nothing opens"));
            return;
        };
        let by = self.sender.clone();
        let key = key.unwrap_or_else(|| format!("imagined-{}", self.serial + 1));
        if let Some((_, place)) = self.alerts.get(&(service.clone(), key.clone())).copied() {
            let whats = self.incidents[place].raise(severity, now);
            self.tell(place, &by, whats, now);
            return;
        }
        let alert = AlertId::new(self.ulid(now));
        let joins = self.groups.get(&service).filter(|(until, place)| now < *until && self.incidents[*place].is_open()).map(|(_, place)| *place);
        let place = joins.unwrap_or_else(|| {
            let opening = Opening {
                id: IncidentId::new(alert.ulid()),
                number: self.incidents.len() as u64 + 1,
                service: service.clone(),
                team: of.team.clone(),
                policy: of.policy.clone(),
                config_version: 0,
                title: if title.is_empty() { format!("imagined {} of {}", severity.as_str(), of.name) } else { title.clone() },
                severity,
                acknowledge_timeout_s: of.acknowledge_timeout_s,
                auto_resolve_s: of.auto_resolve_s,
            };
            let incident = Incident::open(opening, now);
            let what = What::Triggered {
                title: incident.title.clone(),
                severity: incident.severity,
                urgency: incident.urgency,
                policy: incident.policy.clone(),
                config_version: incident.config_version,
                paused_until: None,
            };
            self.incidents.push(incident);
            let place = self.incidents.len() - 1;
            self.tell(place, &by, vec![what], now);
            if let Grouping::Time { window_s } = of.grouping {
                self.groups.insert(service.clone(), (after(now, window_s), place));
            }
            place
        });
        let whats = self.incidents[place].attach(&[(alert, severity)], now);
        self.tell(place, &by, whats, now);
        self.alerts.insert((service, key), (alert, place));
    }

    fn command(&mut self, command: &Command, by: UserId, incident: Option<u64>, now: Timestamp) {
        let places: Vec<usize> = match incident {
            Some(number) => (0..self.incidents.len()).filter(|i| self.incidents[*i].number == number).collect(),
            None => (0..self.incidents.len()).filter(|i| self.incidents[*i].is_open()).collect(),
        };
        if places.is_empty() {
            self.story.notes.push(format!("{now}: {by} finds no open incident"));
        }
        let by = Actor::User(by);
        for place in places {
            match self.incidents[place].apply(command.clone(), &by, now) {
                Ok(whats) => self.tell(place, &by, whats, now),
                Err(e) => self.story.notes.push(format!("{now}: {by} is refused: {e}")),
            }
            if !self.incidents[place].is_open() {
                self.alerts.retain(|_, (_, of)| *of != place);
            }
        }
    }

    /// Does everything that is due; the answer is when the next thing is.
    fn settle(&mut self, now: Timestamp, steps: &mut usize) -> Option<Timestamp> {
        let mut next: Option<Timestamp> = None;
        for place in 0..self.incidents.len() {
            let policy = self.policy(place);
            let due = loop {
                *steps += 1;
                if *steps >= MOST_STEPS {
                    return None;
                }
                match next_step(&self.incidents[place], &policy, now) {
                    Step::Done => break None,
                    Step::WaitUntil(due) => break Some(due),
                    Step::SendPages => {
                        if let Some(rest) = self.send(place, now) {
                            break Some(rest);
                        }
                    }
                    Step::ResolveByItself => {
                        let whats = self.incidents[place].resolve_by_itself(now);
                        self.tell(place, &Actor::System, whats, now);
                        self.alerts.retain(|_, (_, of)| *of != place);
                    }
                    Step::TriggerAgain => {
                        let whats = self.incidents[place].trigger_again(now);
                        self.tell(place, &Actor::System, whats, now);
                    }
                    Step::QueueOverflow => {
                        let pages = self.incidents[place].queue_overflow();
                        self.pages.extend(pages);
                    }
                    Step::FireLevel(level) => {
                        let turn = self.turn(place, &level, &policy, now);
                        let plan = plan_level(&level, self.configuration, self.incidents[place].urgency, turn, now);
                        let fired = self.incidents[place].fire_level(&policy, plan, now);
                        self.fired(place, fired, now);
                    }
                    Step::CallResponders(request) => {
                        let plan = plan_level(&Level::new(0, request.to), self.configuration, self.incidents[place].urgency, None, now);
                        let fired = self.incidents[place].call_responders(request.number, plan);
                        self.fired(place, fired, now);
                    }
                    Step::FireLastResort => {
                        let fired = self.incidents[place].fire_last_resort(&policy, now);
                        self.fired(place, fired, now);
                    }
                }
            };
            next = next.into_iter().chain(due).min();
        }
        next
    }

    fn policy(&self, place: usize) -> Policy {
        let incident = &self.incidents[place];
        self.configuration.policy(&incident.policy).cloned().unwrap_or_else(|| Policy {
            id: incident.policy.clone(),
            team: incident.team.clone(),
            name: String::new(),
            levels: Vec::new(),
            repeat: 0,
            until_acknowledged: false,
        })
    }

    fn fired(&mut self, place: usize, fired: Fired, now: Timestamp) {
        self.pages.extend(fired.pages);
        self.tell(place, &Actor::System, fired.whats, now);
    }

    /// Whose turn it is at a level whose targets take turns: the first incident's is the first.
    fn turn(&mut self, place: usize, level: &Level, policy: &Policy, now: Timestamp) -> Option<u64> {
        let incident = &mut self.incidents[place];
        let own = incident.own_level(incident.progress.level)?;
        if !level.round_robin || level.passes(incident.urgency, now).is_some() {
            return None;
        }
        let repeat = u64::from(incident.progress.repeat);
        let counter = self.turns.entry((policy.id.to_string(), own)).or_insert(0);
        let drawn = *incident.turns.entry(own).or_insert_with(|| std::mem::replace(counter, *counter + 1));
        Some(drawn.wrapping_add(repeat))
    }

    /// Sends what is due of an incident, with what else waits in the same lanes. An instant: all of it rests until then.
    fn send(&mut self, place: usize, now: Timestamp) -> Option<Timestamp> {
        let mut due: Vec<ContactId> = self.incidents[place].pages.iter().filter(|p| p.due <= now).map(|p| p.contact.clone()).collect();
        due.sort();
        due.dedup();
        let mut rest: Option<Timestamp> = None;
        for contact in due {
            let cap = if contact.as_str() == LAST_RESORT { Cap::of_last_resort() } else { Cap::default() };
            let lane = self.lanes.entry(contact.clone()).or_default();
            if let Decision::Hold(until) = lane.decide(cap, now) {
                rest = rest.into_iter().chain([until]).min();
                if until.duration_since(now) > NOTICEABLE {
                    let id = self.incidents[place].id;
                    let own: Vec<Page> = self.pages.iter().filter(|p| p.contact == contact && p.key.incident == id).cloned().collect();
                    let whats = self.incidents[place].defer(&own, until);
                    self.tell(place, &Actor::System, whats, now);
                }
                continue;
            }
            lane.sent_at(cap, now);
            self.message(&contact, now);
            return None;
        }
        // What rests in one lane holds up nothing else.
        let ahead = self.incidents[place].deadlines().filter(|at| *at > now).min();
        rest.map(|until| ahead.map_or(until, |at| at.min(until)))
    }

    /// One message: everything that is due in a lane, of every incident.
    fn message(&mut self, contact: &ContactId, now: Timestamp) {
        let with: Vec<usize> = (0..self.incidents.len()).filter(|i| self.incidents[*i].pages.iter().any(|p| p.contact == *contact && p.due <= now)).collect();
        let others = u32::try_from(with.len().saturating_sub(1)).unwrap_or(u32::MAX);
        for place in with {
            let keys: Vec<_> = self.incidents[place].pages.iter().filter(|p| p.contact == *contact && p.due <= now).map(|p| p.key.clone()).collect();
            for key in keys {
                let Some(at) = self.pages.iter().position(|p| p.key == key) else {
                    self.incidents[place].pages.retain(|p| p.key != key);
                    continue;
                };
                let page = self.pages.swap_remove(at);
                let method = self.configuration.contact(contact);
                let provider = if page.channel == Channel::LastResort || method.is_some() { "imagined" } else { "unknown contact" };
                let what = self.incidents[place].page_sent(&page, provider.to_owned(), others);
                self.tell(place, &Actor::System, vec![what], now);
            }
        }
    }
}
