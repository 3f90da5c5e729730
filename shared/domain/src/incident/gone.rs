//! What an incident refers to, and the configuration in force does not have any more.
//!
//! Called by: whoever shows an incident. An incident keeps the version of the configuration that it began with, so a deletion strands nothing; whoever looks at it is
//! told all the same, by the name that the object had then. Refuses to judge what was changed or renamed: only what is not there.

use super::timeline::Actor;
use super::{Incident, Status};
use crate::configuration::Configuration;
use crate::escalation::policy::Target;
use crate::id::UserId;

/// What kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What the incident is about.
    Service,
    /// Its owner, or a target.
    Team,
    /// Who is paged.
    Policy,
    /// A target.
    Schedule,
    /// A target, somebody who works on it, or somebody who waits to be paged.
    User,
}

impl Kind {
    /// The word that the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Team => "team",
            Self::Policy => "policy",
            Self::Schedule => "schedule",
            Self::User => "user",
        }
    }
}

/// An object that is not in the configuration any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// What it was.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// What people called it in the incident's version; none where it had no name, or came (and went) later.
    pub name: Option<String>,
    /// The incident's version, where it had the object: deleted since.
    pub since_version: Option<u64>,
}

/// What an incident refers to and `current` does not have; `pinned` is the version that the incident began with. Each object once: service, team, policy, then
/// targets and people in the order in which the incident names them.
pub fn gone(incident: &Incident, pinned: &Configuration, current: &Configuration) -> Vec<Gone> {
    let mut all: Vec<Gone> = Vec::new();
    // `then`: its name in the incident's version, where it was there.
    let mut look = |kind: Kind, id: &str, then: Option<&str>, now: bool| {
        if !now && !all.iter().any(|g| g.kind == kind && g.id == id) {
            let name = then.filter(|n| !n.is_empty()).map(str::to_owned);
            all.push(Gone { kind, id: id.to_owned(), name, since_version: then.map(|_| incident.config_version) });
        }
    };
    let service = &incident.service;
    look(Kind::Service, service.as_str(), pinned.service(service).map(|s| s.name.as_str()), current.service(service).is_some());
    look(Kind::Team, incident.team.as_str(), pinned.team(&incident.team).map(|t| t.name.as_str()), current.team(&incident.team).is_some());
    // What opened without a service has a policy that stands in no version: nobody deleted it.
    let policy = pinned.policy(&incident.policy);
    if let Some(policy) = policy {
        look(Kind::Policy, policy.id.as_str(), Some(&policy.name), current.policy(&policy.id).is_some());
    }
    let levels = policy.iter().flat_map(|p| &p.levels).flat_map(|l| &l.targets);
    let mut people: Vec<&UserId> = Vec::new();
    for target in incident.reassigned_to.iter().chain(levels).chain(incident.requests.iter().flat_map(|r| &r.to)) {
        match target {
            Target::User(user) => people.push(user),
            Target::Schedule(id) => look(Kind::Schedule, id.as_str(), pinned.schedule(id).map(|s| s.name.as_str()), current.schedule(id).is_some()),
            Target::Team(id) => look(Kind::Team, id.as_str(), pinned.team(id).map(|t| t.name.as_str()), current.team(id).is_some()),
        }
    }
    match &incident.status {
        Status::Acknowledged { by: Actor::User(user), .. } | Status::Resolved { by: Actor::User(user), .. } => people.push(user),
        Status::Triggered | Status::Acknowledged { .. } | Status::Resolved { .. } => {}
    }
    people.extend(incident.responders.iter().map(|r| &r.user));
    people.extend(incident.pages.iter().map(|p| &p.key).chain(incident.overflow.iter().map(|p| &p.key)).filter_map(|key| key.user.as_ref()));
    for user in people {
        look(Kind::User, user.as_str(), pinned.user(user).map(|u| u.name.as_str()), current.user(user).is_some());
    }
    all
}
