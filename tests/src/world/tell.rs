//! How stories are told: what senders and people do, and what people get.

use super::World;
use super::configuration::integration;
use jiff::{SignedDuration, Timestamp};
use tocsin_app::accept_event::Accepted;
use tocsin_app::apply_configuration::Applied;
use tocsin_app::change_roster::{Amend, Amended, Asker};
use tocsin_app::fakes::messenger::Sent;
use tocsin_app::keep_maintenance::Start;
use tocsin_app::ports::IntegrationKey;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::configuration::{Channel, Configuration};
use tocsin_domain::id::{AlertId, IncidentId, MaintenanceId, ScheduleId, UserId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::{Actor, Entry, What};
use tocsin_domain::maintenance::MaintenanceRun;

/// Lengths of time, as stories say them.
pub trait Length {
    /// So many seconds.
    fn seconds(self) -> SignedDuration;
    /// So many minutes.
    fn minutes(self) -> SignedDuration;
    /// So many hours.
    fn hours(self) -> SignedDuration;
}

impl Length for i64 {
    fn seconds(self) -> SignedDuration {
        SignedDuration::from_secs(self)
    }
    fn minutes(self) -> SignedDuration {
        SignedDuration::from_mins(self)
    }
    fn hours(self) -> SignedDuration {
        SignedDuration::from_hours(self)
    }
}

/// What somebody asked for.
#[derive(Debug, Clone)]
pub enum Asked {
    /// A sender delivered an event.
    Event(IntegrationKey, Box<Event>),
    /// A person or program commands an incident.
    Command(IncidentId, Command, Actor),
    /// A person merges incidents into the first one.
    Merge(IncidentId, Vec<IncidentId>, Actor),
    /// A person splits alerts off.
    Split(IncidentId, Vec<AlertId>, Actor),
    /// Somebody presses the button of an acknowledge link.
    Link(String),
    /// Somebody changes a schedule at run time.
    Amend(ScheduleId, Box<Amend>, Asker),
    /// A person starts a maintenance window, and may give it a name of their own.
    Maintain(Box<Start>, Option<String>, Actor),
    /// A person ends one: the one that goes on, or the one that begins at this instant.
    EndMaintenance(MaintenanceId, Option<Timestamp>, Actor),
    /// A job says that it is alive.
    Ping(IntegrationKey),
    /// A person applies a configuration that they made out of this version.
    Configure(Box<Configuration>, Option<u64>, Actor),
}

/// What they heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The event is accepted.
    Accepted(Accepted),
    /// The command is done.
    Done(Box<Incident>),
    /// The command can not apply.
    Rejected(String),
    /// The link was used, the ping was taken.
    Linked,
    /// The schedule is changed.
    Amended(Box<Amended>),
    /// The window is started, or ended.
    Window(Box<MaintenanceRun>),
    /// The configuration is in force.
    Applied(Box<Applied>),
    /// A 5xx, or nothing at all.
    Failed,
}

/// Something that was asked for, with the answer.
#[derive(Debug, Clone)]
pub struct Told {
    /// What.
    pub asked: Asked,
    /// When it was asked first.
    pub at: Timestamp,
    /// The latest answer.
    pub answer: Option<Answer>,
    /// When it came.
    pub answered_at: Option<Timestamp>,
    /// How often it is asked again where it fails.
    pub tries: u32,
}

impl World {
    /// Asks for something at an instant; again, up to `tries` times, where it fails. The answer is its place in [`World::told`].
    pub fn ask_at(&mut self, at: Timestamp, tries: u32, asked: Asked) -> usize {
        self.told.push(Told { asked, at, answer: None, answered_at: None, tries });
        self.inputs.push((at, self.told.len() - 1));
        self.told.len() - 1
    }

    /// Asks for something now; everything that follows at once happens.
    pub fn ask(&mut self, asked: Asked) -> Answer {
        let n = self.ask_at(self.now(), 0, asked);
        self.settle();
        self.told[n].answer.clone().unwrap()
    }

    /// A sender reports something; everything that follows at once happens.
    pub fn send(&mut self, service: &str, event: Event) -> Answer {
        self.ask(Asked::Event(integration(service), Box::new(event)))
    }

    /// A job of service `shop` says that it is alive.
    pub fn ping(&mut self, heartbeat: &str) -> Answer {
        self.ask(Asked::Ping(super::configuration::heartbeat(heartbeat)))
    }

    /// A sender reports an error of a service.
    pub fn trigger(&mut self, service: &str, dedup_key: &str) -> Answer {
        self.send(service, crate::samples::event(Action::Trigger, dedup_key, Severity::Error))
    }

    /// A sender says that it is over.
    pub fn resolve_by_sender(&mut self, service: &str, dedup_key: &str) -> Answer {
        self.send(service, crate::samples::event(Action::Resolve, dedup_key, Severity::Error))
    }

    /// A person commands.
    pub fn command(&mut self, who: &str, incident: IncidentId, command: Command) -> Answer {
        self.ask(Asked::Command(incident, command, Actor::User(crate::samples::slug(who))))
    }

    /// A person merges incidents into the first one.
    pub fn merge(&mut self, who: &str, target: IncidentId, sources: &[IncidentId]) -> Answer {
        self.ask(Asked::Merge(target, sources.to_vec(), Actor::User(crate::samples::slug(who))))
    }

    /// A person splits alerts off.
    pub fn split(&mut self, who: &str, incident: IncidentId, alerts: &[AlertId]) -> Answer {
        self.ask(Asked::Split(incident, alerts.to_vec(), Actor::User(crate::samples::slug(who))))
    }

    /// A person acknowledges.
    pub fn acknowledge(&mut self, who: &str, incident: IncidentId) -> Answer {
        self.command(who, incident, Command::Acknowledge)
    }

    /// A person presses the button of the link in a message.
    pub fn press(&mut self, sent: &Sent) -> Answer {
        self.ask(Asked::Link(link_of(sent).unwrap()))
    }

    /// A person changes a schedule for themselves, or for others where they may.
    pub fn amend(&mut self, who: &str, for_anybody: bool, schedule: &str, amend: Amend) -> Answer {
        let user: UserId = crate::samples::slug(who);
        let asker = Asker { by: Actor::User(user.clone()), user: Some(user), for_anybody };
        self.ask(Asked::Amend(crate::samples::slug(schedule), Box::new(amend), asker))
    }

    /// A person applies a configuration, whatever was in force before.
    pub fn configure(&mut self, configuration: Configuration) -> Answer {
        self.ask(Asked::Configure(Box::new(configuration), None, Actor::System))
    }

    /// All incidents, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Incident> {
        self.store.look(|s| s.incidents.values().cloned().collect())
    }

    /// The only incident.
    #[must_use]
    pub fn only(&self) -> Incident {
        let all = self.all();
        assert_eq!(all.len(), 1, "{:#?}", self.trace);
        all.into_iter().next().unwrap()
    }

    /// An incident's timeline.
    #[must_use]
    pub fn timeline(&self, id: IncidentId) -> Vec<Entry> {
        self.store.look(|s| s.timeline.range((id, 0)..=(id, u32::MAX)).map(|(_, e)| e.clone()).collect())
    }

    /// Names of what is on an incident's timeline.
    #[must_use]
    pub fn story(&self, id: IncidentId) -> Vec<&'static str> {
        self.timeline(id).iter().map(|e| e.what.name()).collect()
    }

    /// Whether something is on an incident's timeline.
    #[must_use]
    pub fn tells(&self, id: IncidentId, what: impl Fn(&What) -> bool) -> bool {
        self.timeline(id).iter().any(|e| what(&e.what))
    }

    /// The next message that nobody has looked at yet is to this person, by this way.
    #[track_caller]
    pub fn expect_page(&mut self, who: &str, channel: Channel) -> Sent {
        let outbox = self.messenger.outbox();
        let Some(sent) = outbox.get(self.read) else { panic!("{who} got no {channel:?}, nobody got anything:\n{}", self.told_so_far()) };
        self.read += 1;
        let contact = match channel {
            Channel::Sms => format!("{who}-sms"),
            Channel::Email => format!("{who}-mail"),
            Channel::LastResort => who.to_owned(),
        };
        assert_eq!((sent.to.contact.as_str(), sent.to.channel), (contact.as_str(), channel), "{sent:?}\n{}", self.told_so_far());
        sent.clone()
    }

    /// The next message goes to the last resort.
    #[track_caller]
    pub fn expect_last_resort(&mut self) -> Sent {
        self.expect_page(tocsin_domain::notification::page::LAST_RESORT, Channel::LastResort)
    }

    /// Nobody got anything more.
    #[track_caller]
    pub fn expect_quiet(&mut self) {
        let outbox = self.messenger.outbox();
        assert_eq!(outbox.get(self.read..).unwrap_or_default(), &[] as &[Sent], "{}", self.told_so_far());
    }

    /// Forgets messages that nobody has looked at yet.
    pub fn skip_messages(&mut self) -> Vec<Sent> {
        let new = self.messenger.outbox().split_off(self.read);
        self.read += new.len();
        new
    }

    fn told_so_far(&self) -> String {
        let entries: Vec<String> = self.all().iter().flat_map(|i| self.timeline(i.id)).map(|e| format!("{} #{} {:?}", e.at, e.number, e.what)).collect();
        format!("timelines:\n{}\ntrace:\n{}", entries.join("\n"), self.trace.join("\n"))
    }
}

/// The secret of the acknowledge link in a message.
#[must_use]
pub fn link_of(sent: &Sent) -> Option<String> {
    let (_, rest) = sent.message.text.split_once("https://tocsin.example/a/")?;
    Some(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}
