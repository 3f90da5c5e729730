//! Whom a sender wants to have told beside the people of the service: Opsgenie's responders.
//!
//! Called by: the use case that handles alerts, for responders of a create and for those that are added later. They are asked as a person would ask them: paged by their
//! own rules until they accept or decline. Refuses to lose anybody: whom the configuration does not know stands on the timeline. What the incident's own policy
//! covers (its team, its escalation) is not asked for again.

use crate::change::Change;
use jiff::Timestamp;
use serde_json::Value;
use tocsin_domain::alert::{Alert, AlertState};
use tocsin_domain::configuration::{Channel, Configuration};
use tocsin_domain::escalation::policy::{MOST_TARGETS, Target};
use tocsin_domain::id::UserId;
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::intake::sender;
use tocsin_domain::incident::timeline::What;

/// Whom a kind and a name mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meant {
    /// These are to be asked.
    Ask(Vec<Target>),
    /// The incident's own policy pages them.
    Covered,
    /// Nobody who is in the configuration.
    Unknown,
}

/// Finds out whom a sender means: `kind` is user, team, schedule, escalation or nothing known; `name` an id, a name or an address.
pub(crate) fn meant(kind: &str, name: &str, incident: &Incident, configuration: &Configuration) -> Meant {
    let name = name.trim();
    let is = |id: &str, called: &str| id == name || called.trim().eq_ignore_ascii_case(name);
    let any = !matches!(kind, "user" | "team" | "schedule" | "escalation");
    if name.is_empty() {
        return Meant::Unknown;
    }
    if (any || kind == "user")
        && let Some(user) = user(name, configuration)
    {
        return Meant::Ask(vec![Target::User(user)]);
    }
    if (any || kind == "team")
        && let Some(team) = configuration.teams.iter().find(|t| is(t.id.as_str(), &t.name))
    {
        return if team.id == incident.team { Meant::Covered } else { Meant::Ask(vec![Target::Team(team.id.clone())]) };
    }
    if (any || kind == "schedule")
        && let Some(schedule) = configuration.schedules.iter().find(|s| is(s.id.as_str(), &s.name))
    {
        return Meant::Ask(vec![Target::Schedule(schedule.id.clone())]);
    }
    if (any || kind == "escalation")
        && let Some(policy) = configuration.policies.iter().find(|p| is(p.id.as_str(), &p.name))
    {
        // Whom it would page first.
        let first = policy.levels.first().map(|l| l.targets.clone()).unwrap_or_default();
        return if policy.id == incident.policy || first.is_empty() { Meant::Covered } else { Meant::Ask(first) };
    }
    Meant::Unknown
}

/// A user by id, by an e-mail address or by name.
pub(crate) fn user(name: &str, configuration: &Configuration) -> Option<UserId> {
    let name = name.trim();
    let has_address = |u: &&tocsin_domain::configuration::User| u.contact_methods.iter().any(|c| c.kind == Channel::Email && c.to.eq_ignore_ascii_case(name));
    let users = &configuration.users;
    let known = users.iter().find(|u| u.id.as_str() == name).or_else(|| users.iter().find(has_address));
    known.or_else(|| users.iter().find(|u| u.name.trim().eq_ignore_ascii_case(name))).map(|u| u.id.clone())
}

/// Asks those whom an alert that has just joined its incident names. Each of them once an incident, however many of its alerts name them.
pub(crate) fn ask(change: &mut Change, alert: &Alert, configuration: &Configuration, now: Timestamp) {
    let named = alert.event.details.get("responders").and_then(Value::as_array).filter(|list| !list.is_empty());
    let (Some(named), AlertState::Open) = (named, alert.state) else { return };
    if alert.event.client.as_deref() != Some(OPSGENIE) || !change.incident().is_open() {
        return;
    }
    let mut to: Vec<Target> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    for one in named {
        let text = |field: &str| one.get(field).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
        let kind = text("type").unwrap_or_default().to_ascii_lowercase();
        let names: Vec<&str> = ["username", "name", "id"].into_iter().filter_map(text).collect();
        let found = names.iter().map(|name| meant(&kind, name, change.incident(), configuration)).find(|m| *m != Meant::Unknown);
        match found {
            Some(Meant::Ask(targets)) => to.extend(targets),
            Some(Meant::Covered) => {}
            Some(Meant::Unknown) | None => unknown.push(format!("{kind} {}", names.first().unwrap_or(&"without a name")).trim().to_owned()),
        }
    }
    let by = sender(alert);
    if change.is_opening() && !unknown.is_empty() {
        let text = format!("its sender names responders whom the configuration does not know: {}", unknown.join(", "));
        change.tell(&by, vec![What::Noted { text }]);
    }
    let incident = change.incident();
    to.retain(|t| !incident.named_by_senders.contains(t));
    let mut seen: Vec<Target> = Vec::new();
    for target in to {
        if !seen.contains(&target) {
            seen.push(target);
        }
    }
    let mut to = seen;
    to.truncate(MOST_TARGETS.saturating_sub(incident.named_by_senders.len()));
    if to.is_empty() {
        return;
    }
    incident.named_by_senders.extend(to.iter().cloned());
    // While it may be over by itself the request waits with it.
    let asked = incident.apply(Command::AskResponders { to, message: String::new() }, &by, now);
    let whats = asked.unwrap_or_else(|reason| vec![What::Noted { text: format!("its sender names responders: {reason}") }]);
    change.tell(&by, whats);
}

/// What alerts of this format name as their client.
const OPSGENIE: &str = "Opsgenie API";
