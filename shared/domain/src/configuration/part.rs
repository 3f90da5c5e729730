//! One team's part of the configuration: what it owns, the names of what that refers to, and the whole with another part in its place.
//!
//! Called by the API for people who may look at, or change, one team and not the whole deployment. Refuses to show what another team owns beyond the names that
//! the part itself writes, to take people, other teams or the status page into a part, and to answer differently for what is hidden and for what is not there.

use super::validate::{Problem, too_large, validate};
use super::{Configuration, Service, Team};
use crate::escalation::policy::Target;
use crate::heartbeat::Heartbeat;
use crate::id::{ServiceId, TeamId, UserId};
use crate::maintenance::Maintenance;
use crate::schedule::{Change, Schedule};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody whom a part names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonName {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Whether there is any way to reach them; which, is theirs.
    pub reachable: bool,
}

/// Something of another team that a part names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectName {
    /// Its id.
    pub id: String,
    /// What people call it; may be empty.
    pub name: String,
}

/// What a part refers to and does not hold. Names only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Names {
    /// People.
    pub users: Vec<PersonName>,
    /// Other teams.
    pub teams: Vec<ObjectName>,
    /// Schedules of other teams.
    pub schedules: Vec<ObjectName>,
    /// Policies of other teams.
    pub policies: Vec<ObjectName>,
    /// Services of other teams.
    pub services: Vec<ObjectName>,
}

/// The whole with another part in place of a team's present one.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// The whole.
    pub whole: Configuration,
    /// Where the part's objects stand in it: section and index there, index in the part.
    places: BTreeMap<(&'static str, usize), usize>,
}

impl Joined {
    /// A path of the whole as a path of the part; nothing where it is about something that is not in the part.
    fn place(&self, path: &str) -> Option<String> {
        let (section, rest) = path.split_once('[')?;
        let (index, rest) = rest.split_once(']')?;
        let index: usize = index.parse().ok()?;
        let (_, own) = self.places.iter().find(|((s, i), _)| *s == section && *i == index)?;
        Some(format!("{section}[{own}]{rest}"))
    }
}

/// What a team owns: itself, its schedules, policies, services, their heartbeats, and maintenance windows of nothing else. `None` where there is no such team.
///
/// ```
/// # use tocsin_domain::configuration::{Configuration, part::part_of};
/// let whole: Configuration = serde_json::from_str(r#"{"version": 1, "teams": [{"id": "web", "name": "Web"}, {"id": "db", "name": "DB"}],
///     "users": [{"id": "ada", "name": "Ada"}], "schedules": [{"id": "web-rota", "team": "web", "time_zone": "UTC"}, {"id": "db-rota", "team": "db", "time_zone": "UTC"}]}"#)?;
/// let part = part_of(&whole, &"web".parse().unwrap()).unwrap();
/// assert_eq!((part.teams.len(), part.users.len(), part.schedules[0].id.as_str(), part.schedules.len()), (1, 0, "web-rota", 1));
/// assert!(part_of(&whole, &"ops".parse().unwrap()).is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn part_of(whole: &Configuration, team: &TeamId) -> Option<Configuration> {
    whole.team(team)?;
    let own = Owner { configuration: whole, team };
    Some(Configuration {
        version: whole.version,
        teams: whole.teams.iter().filter(|t| t.id == *team).cloned().collect(),
        users: Vec::new(),
        schedules: whole.schedules.iter().filter(|s| s.team == *team).cloned().collect(),
        policies: whole.policies.iter().filter(|p| p.team == *team).cloned().collect(),
        services: whole.services.iter().filter(|s| s.team == *team).cloned().collect(),
        heartbeats: whole.heartbeats.iter().filter(|h| own.heartbeat(h)).cloned().collect(),
        maintenance: whole.maintenance.iter().filter(|m| own.maintenance(m)).cloned().collect(),
        status_page: None,
    })
}

/// Whose something is that names its owner only through something else.
struct Owner<'a> {
    configuration: &'a Configuration,
    team: &'a TeamId,
}

impl Owner<'_> {
    fn service(&self, id: &ServiceId) -> bool {
        self.configuration.service(id).is_some_and(|s| s.team == *self.team)
    }
    fn heartbeat(&self, heartbeat: &Heartbeat) -> bool {
        self.service(&heartbeat.service)
    }
    fn maintenance(&self, window: &Maintenance) -> bool {
        let something = !window.services.is_empty() || !window.teams.is_empty();
        something && window.teams.iter().all(|t| t == self.team) && window.services.iter().all(|s| self.service(s))
    }
}

/// The names of what a part refers to and does not hold.
pub fn names_of(whole: &Configuration, part: &Configuration) -> Names {
    let named = Named::by(part);
    let object = |id: &str, name: &str| ObjectName { id: id.to_owned(), name: name.to_owned() };
    let own = part.teams.first().map(|t| &t.id);
    let users = whole.users.iter().filter(|u| named.users.contains(u.id.as_str()));
    Names {
        users: users.map(|u| PersonName { id: u.id.clone(), name: u.name.clone(), reachable: !u.contact_methods.is_empty() }).collect(),
        teams: whole.teams.iter().filter(|t| Some(&t.id) != own && named.teams.contains(t.id.as_str())).map(|t| object(t.id.as_str(), &t.name)).collect(),
        schedules: whole
            .schedules
            .iter()
            .filter(|s| Some(&s.team) != own && named.schedules.contains(s.id.as_str()))
            .map(|s| object(s.id.as_str(), &s.name))
            .collect(),
        policies: whole
            .policies
            .iter()
            .filter(|p| Some(&p.team) != own && named.policies.contains(p.id.as_str()))
            .map(|p| object(p.id.as_str(), &p.name))
            .collect(),
        services: whole
            .services
            .iter()
            .filter(|s| Some(&s.team) != own && named.services.contains(s.id.as_str()))
            .map(|s| object(s.id.as_str(), &s.name))
            .collect(),
    }
}

impl Names {
    /// The same, and everybody else whom `part` names, by id alone: whether there is such a person only the deployment knows.
    #[must_use]
    pub fn with_people_of(mut self, part: &Configuration) -> Self {
        for user in Named::by(part).users {
            if !self.users.iter().any(|u| u.id.as_str() == user)
                && let Ok(id) = user.parse()
            {
                self.users.push(PersonName { id, name: user, reachable: true });
            }
        }
        self
    }
}

/// What is wrong with a part as far as its reader can tell, who knows names of others and nothing else.
pub fn foreseen_problems(team: &TeamId, part: &Configuration, names: &Names) -> Vec<Problem> {
    let problems = foreign(team, part);
    if !problems.is_empty() {
        return problems;
    }
    let whole = standing_in(part, &names.clone().with_people_of(part));
    let own = |path: &str| {
        let (section, rest) = path.split_once('[').unwrap_or((path, ""));
        let index: Option<usize> = rest.split_once(']').and_then(|(n, _)| n.parse().ok());
        let own = match section {
            "teams" => part.teams.len(),
            "schedules" => part.schedules.len(),
            "policies" => part.policies.len(),
            "services" => part.services.len(),
            "heartbeats" => part.heartbeats.len(),
            "maintenance" => part.maintenance.len(),
            // What stands in for people is always sound.
            _ => 0,
        };
        index.is_none_or(|i| i < own)
    };
    validate(&whole).into_iter().filter(|p| own(&p.path)).collect()
}

/// Ids by kind that a part writes anywhere.
#[derive(Default)]
struct Named {
    users: BTreeSet<String>,
    teams: BTreeSet<String>,
    schedules: BTreeSet<String>,
    policies: BTreeSet<String>,
    services: BTreeSet<String>,
}

impl Named {
    /// By the fields that name something, and by no others: what stands in the text of a rule is no name, or anybody could ask whether somebody else has it.
    fn by(part: &Configuration) -> Self {
        let mut named = Self::default();
        for team in &part.teams {
            named.users.extend(team.members.iter().map(|m| m.user.to_string()));
            if let Some(router) = &team.router {
                named.services.insert(router.default.to_string());
                named.services.extend(router.rules.iter().filter_map(|r| r.then.route.as_ref()).map(ToString::to_string));
            }
        }
        for schedule in &part.schedules {
            named.people_of(schedule);
        }
        for target in part.policies.iter().flat_map(|p| &p.levels).flat_map(|l| &l.targets) {
            match target {
                Target::User(id) => named.users.insert(id.to_string()),
                Target::Schedule(id) => named.schedules.insert(id.to_string()),
                Target::Team(id) => named.teams.insert(id.to_string()),
            };
        }
        for service in &part.services {
            named.policies.insert(service.policy.to_string());
            named.services.extend(service.depends_on.iter().map(ToString::to_string));
            named.teams.extend(service.routed_from.iter().map(ToString::to_string));
        }
        named
    }

    fn people_of(&mut self, schedule: &Schedule) {
        let mut add = |people: &[UserId]| self.users.extend(people.iter().map(ToString::to_string));
        schedule.layers.iter().flat_map(|l| &l.members).for_each(|turn| add(&turn.0));
        for change in schedule.overrides.iter().map(|o| &o.change) {
            match change {
                Change::Everybody { with } | Change::Layer { layer: _, with } => add(&with.0),
                Change::Add { add: who } => add(&who.0),
                Change::Person { person, with } => {
                    add(&with.0);
                    add(std::slice::from_ref(person));
                }
            }
        }
    }
}

/// Puts `part` in place of what `team` has: what it leaves out is removed, what is new comes last, everything else stays where and as it is. What else can not be
/// part of it is refused, each with its path in the part.
pub fn join(whole: &Configuration, team: &TeamId, part: &Configuration) -> Result<Joined, Vec<Problem>> {
    let problems = foreign(team, part);
    if problems.is_empty() { Ok(joined(whole, team, part, |_, _| true)) } else { Err(problems) }
}

/// What can not stand in a team's part.
fn foreign(team: &TeamId, part: &Configuration) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut say = |path: String, message: &str, suggestion: String| problems.push(Problem { path, message: message.to_owned(), suggestion: Some(suggestion) });
    if part.version != super::FORMAT {
        say("version".to_owned(), "this is no form of the document that there is", format!("write version: {}", super::FORMAT));
    }
    if !part.users.is_empty() {
        let suggestion = "leave users out; people change how they are reached with tocsin me, admins of the whole deployment make and remove people";
        say("users".to_owned(), "people belong to no team", suggestion.to_owned());
    }
    if part.status_page.is_some() {
        say("status_page".to_owned(), "the status page belongs to the whole deployment", "leave it out".to_owned());
    }
    if !part.teams.iter().any(|t| t.id == *team) {
        say("teams".to_owned(), "the team itself is missing", format!("keep team {team}: teams come and go by admins of the whole deployment"));
    }
    let not_ours = format!("write team: {team}, or leave it out");
    for (i, other) in part.teams.iter().enumerate().filter(|(_, t)| t.id != *team) {
        say(format!("teams[{i}].id"), &format!("{} is not the team whose part this is", other.id), format!("leave it out: this is the part of team {team}"));
    }
    let owners = |section: &'static str, teams: Vec<&TeamId>| {
        let wrong = teams.into_iter().enumerate().filter(|(_, t)| *t != team);
        wrong.map(|(i, t)| (format!("{section}[{i}].team"), format!("this is the part of team {team}, not of {t}"))).collect::<Vec<_>>()
    };
    let schedules = owners("schedules", part.schedules.iter().map(|s| &s.team).collect());
    let policies = owners("policies", part.policies.iter().map(|p| &p.team).collect());
    let services = owners("services", part.services.iter().map(|s| &s.team).collect());
    for (path, message) in schedules.into_iter().chain(policies).chain(services) {
        say(path, &message, not_ours.clone());
    }
    let own = Owner { configuration: part, team };
    for (i, heartbeat) in part.heartbeats.iter().enumerate().filter(|(_, h)| !own.heartbeat(h)) {
        say(
            format!("heartbeats[{i}].service"),
            &format!("team {team} has no service {:?}", heartbeat.service.as_str()),
            "name a service of this part".to_owned(),
        );
    }
    for (i, _) in part.maintenance.iter().enumerate().filter(|(_, m)| !own.maintenance(m)) {
        let suggestion = "name services of this part, or this team, and nothing else: windows of several teams belong to the whole deployment";
        say(format!("maintenance[{i}]"), &format!("it is not of team {team} alone"), suggestion.to_owned());
    }
    problems
}

/// What is wrong with `part` in place of what `team` has. `may_name` says of which other teams' things the part may newly speak: whatever else is hidden is
/// answered like what is not there.
pub fn problems_of(whole: &Configuration, team: &TeamId, part: &Configuration, may_name: impl Fn(&TeamId) -> bool) -> Vec<Problem> {
    let joined_whole = match join(whole, team, part) {
        Ok(joined) => joined,
        Err(problems) => return problems,
    };
    let named = part_of(whole, team).map(|before| Named::by(&before)).unwrap_or_default();
    let seen = joined(whole, team, part, |of, object| match object {
        Object::Team(id) => named.teams.contains(id) || may_name(of),
        Object::Schedule(id) => named.schedules.contains(id) || may_name(of),
        Object::Policy(id) => named.policies.contains(id) || may_name(of),
        Object::Service(id) => named.services.contains(id) || may_name(of),
        // Nothing names these.
        Object::Other => false,
    });
    let visible = |mut problem: Problem| {
        problem.path = seen.place(&problem.path)?;
        if problem.message.starts_with("there is no ") && !problem.message.starts_with("there is no time zone") {
            let said = problem.suggestion.map_or_else(String::new, |s| format!("{s}; "));
            problem.suggestion = Some(format!("{said}only what this team already names, or what your teams own, can be named here"));
        }
        Some(problem)
    };
    let mut problems: Vec<Problem> = validate(&seen.whole).into_iter().filter_map(visible).collect();
    if problems.is_empty() {
        if let Some(problem) = too_large(&joined_whole.whole) {
            // Of others only how long all of it is.
            let mine = serde_json::to_vec(part).map_or(0, |json| json.len());
            let message = format!("with this part, of {mine} bytes, the whole configuration is too long");
            return vec![Problem { path: "configuration".to_owned(), message, ..problem }];
        }
        // What only the whole shows: ids that somebody else has, and what others have that names something which is taken away.
        for problem in validate(&joined_whole.whole) {
            // Of two with one id, the one further down is named first.
            let before = problem.suggestion.as_deref().and_then(|s| s.split_once(" has it already")).and_then(|(path, _)| joined_whole.place(path));
            let said = match joined_whole.place(&problem.path).or(before) {
                Some(path) if problem.message.ends_with("is there twice") => {
                    Problem { path, message: format!("{} in this deployment", problem.message), suggestion: Some("choose another id".to_owned()) }
                }
                Some(path) => Problem { path, message: "it does not fit what another team has".to_owned(), suggestion: None },
                None => Problem {
                    path: "configuration".to_owned(),
                    message: "what another team has, or the status page, needs what this takes away, or can not stand beside it".to_owned(),
                    suggestion: Some("ask an admin of the whole deployment, who sees both".to_owned()),
                },
            };
            if !problems.contains(&said) {
                problems.push(said);
            }
        }
    }
    problems
}

/// What [`joined`] asks about.
enum Object<'a> {
    Team(&'a str),
    Schedule(&'a str),
    Policy(&'a str),
    Service(&'a str),
    Other,
}

fn joined(whole: &Configuration, team: &TeamId, part: &Configuration, keep: impl Fn(&TeamId, Object<'_>) -> bool) -> Joined {
    let mut places = BTreeMap::new();
    let own = Owner { configuration: whole, team };
    let everything = keep(team, Object::Other);
    let joined = Configuration {
        version: whole.version,
        teams: section(
            "teams",
            &whole.teams,
            &part.teams,
            |t: &Team| t.id.as_str(),
            |t| t.id == *team,
            |t| keep(&t.id, Object::Team(t.id.as_str())),
            &mut places,
        ),
        users: whole.users.clone(),
        schedules: section(
            "schedules",
            &whole.schedules,
            &part.schedules,
            |s| s.id.as_str(),
            |s| s.team == *team,
            |s| keep(&s.team, Object::Schedule(s.id.as_str())),
            &mut places,
        ),
        policies: section(
            "policies",
            &whole.policies,
            &part.policies,
            |p| p.id.as_str(),
            |p| p.team == *team,
            |p| keep(&p.team, Object::Policy(p.id.as_str())),
            &mut places,
        ),
        services: section(
            "services",
            &whole.services,
            &part.services,
            |s: &Service| s.id.as_str(),
            |s| s.team == *team,
            |s| keep(&s.team, Object::Service(s.id.as_str())),
            &mut places,
        ),
        heartbeats: section("heartbeats", &whole.heartbeats, &part.heartbeats, |h| h.id.as_str(), |h| own.heartbeat(h), |_| everything, &mut places),
        maintenance: section("maintenance", &whole.maintenance, &part.maintenance, |m| m.id.as_str(), |m| own.maintenance(m), |_| everything, &mut places),
        status_page: whole.status_page.clone().filter(|_| everything),
    };
    Joined { whole: joined, places }
}

/// One list of the document: own objects are exchanged where they stand, others kept or left out.
fn section<T: Clone>(
    name: &'static str,
    old: &[T],
    new: &[T],
    id: impl Fn(&T) -> &str,
    mine: impl Fn(&T) -> bool,
    keep: impl Fn(&T) -> bool,
    places: &mut BTreeMap<(&'static str, usize), usize>,
) -> Vec<T> {
    let mut left: Vec<usize> = (0..new.len()).collect();
    let mut list = Vec::with_capacity(old.len().max(new.len()));
    for object in old {
        if !mine(object) {
            if keep(object) {
                list.push(object.clone());
            }
        } else if let Some(at) = left.iter().position(|i| id(&new[*i]) == id(object)) {
            let i = left.remove(at);
            places.insert((name, list.len()), i);
            list.push(new[i].clone());
        }
    }
    for i in left {
        places.insert((name, list.len()), i);
        list.push(new[i].clone());
    }
    list
}

/// A document that stands in for what a team may not see, so that its part can be looked at as if it were whole: somebody who is always there answers for every
/// name of another team. For planning, never for applying.
pub fn standing_in(part: &Configuration, names: &Names) -> Configuration {
    const NOBODY: &str = "not-shown";
    // Ids have 64 characters at most, and a person's may have them all.
    let way = |id: &str| format!("{}-not-shown", id.get(..54).unwrap_or(id));
    let person = |id: &str, name: &str, reachable: bool| {
        let ways = if reachable { json!([{"id": way(id), "kind": "sms", "to": "+15555550100"}]) } else { json!([]) };
        json!({"id": id, "name": name, "contact_methods": ways})
    };
    let named = |n: &ObjectName| if n.name.is_empty() { n.id.clone() } else { n.name.clone() };
    let policy = |id: &str, name: &str| json!({"id": id, "team": NOBODY, "name": name, "levels": [{"delay_s": 300, "targets": [{"user": NOBODY}]}]});
    let users = names.users.iter().map(|u| person(u.id.as_str(), &u.name, u.reachable));
    let of_services = (!names.services.is_empty()).then(|| policy(NOBODY, NOBODY));
    let others: Configuration = serde_json::from_value(json!({
        "version": part.version,
        "teams": names.teams.iter().map(|t| json!({"id": t.id, "name": named(t)})).chain([json!({"id": NOBODY, "name": NOBODY})]).collect::<Vec<_>>(),
        "users": users.chain([person(NOBODY, NOBODY, true)]).collect::<Vec<_>>(),
        "schedules": names.schedules.iter().map(|s| json!({"id": s.id, "team": NOBODY, "name": s.name, "time_zone": "UTC",
            "layers": [{"rotation": "weekly", "start": "2000-01-03", "members": [NOBODY]}]})).collect::<Vec<_>>(),
        "policies": names.policies.iter().map(|p| policy(&p.id, &p.name)).chain(of_services).collect::<Vec<_>>(),
        "services": names.services.iter().map(|s| json!({"id": s.id, "team": NOBODY, "name": named(s), "policy": NOBODY})).collect::<Vec<_>>(),
    }))
    .unwrap_or_default();
    let mut whole = part.clone();
    whole.teams.extend(others.teams);
    whole.users.extend(others.users);
    whole.schedules.extend(others.schedules);
    whole.policies.extend(others.policies);
    whole.services.extend(others.services);
    whole
}

#[cfg(test)]
mod tests;
