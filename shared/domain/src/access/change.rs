//! Who may make which change of the configuration: the difference is judged, object by object.
//!
//! Admins of the whole deployment may change everything. Admins of a team may change what belongs to it (schedules, policies, services and whatever else names a
//! team), before and after; nobody's and everybody's things (people, the status page, other teams) they may not. New references to what another team owns need
//! a responder's role there: a team pages nobody else's schedule unasked. People may change how they themselves are reached.
//!
//! Called by: the API, before a configuration is applied. Works on the document as JSON, so that a new kind of object is refused until it names its team.
//! Refuses to name what the caller's document does not hold: ids of others can not be probed.

use super::{Action, Principal, Resource, authorize};
use crate::configuration::{Configuration, Role};
use crate::id::TeamId;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Part of a change that the principal may not make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// `services.shop`: section and id in the new document; the section alone where something was left out of it.
    pub field: String,
    /// Why.
    pub reason: String,
}

/// What a person may change of themselves.
const OWN_FIELDS: [&str; 7] = ["contact_methods", "rules", "quiet_hours", "locale", "time_zone", "name", "id"];
/// Fields by which an object names something that a team owns.
const REFERENCES: [(&str, &str); 4] = [("schedule", "schedules"), ("policy", "policies"), ("team", "teams"), ("depends_on", "services")];

/// Everything in the change from `before` to `after` that `principal` may not do; empty where all of it is allowed.
///
/// ```
/// # use tocsin_domain::{access::{Grant, Principal, change::authorize_change}, configuration::{Configuration, Role}};
/// let text = r#"{"version": 1, "teams": [{"id": "web", "name": "Web"}, {"id": "db", "name": "DB"}],
///     "schedules": [{"id": "web", "team": "web", "time_zone": "UTC"}, {"id": "db", "team": "db", "time_zone": "UTC"}]}"#;
/// let before: Configuration = serde_json::from_str(text).unwrap();
/// let admin = Principal { token: "t".parse().unwrap(), user: None, grants: vec![Grant { team: Some("web".parse().unwrap()), role: Role::Admin }] };
/// let mut after = before.clone();
/// after.schedules[0].time_zone = "Europe/London".to_owned();
/// assert_eq!(authorize_change(&admin, &before, &after), []);
/// after.schedules[1].time_zone = "Europe/London".to_owned();
/// assert_eq!(authorize_change(&admin, &before, &after)[0].field, "schedules.db");
/// ```
pub fn authorize_change(principal: &Principal, before: &Configuration, after: &Configuration) -> Vec<Refused> {
    if authorize(principal, Action::WriteConfiguration, &Resource::Deployment) {
        return Vec::new();
    }
    let (Ok(Value::Object(old)), Ok(Value::Object(new))) = (serde_json::to_value(before), serde_json::to_value(after)) else {
        return vec![Refused { field: "configuration".to_owned(), reason: "the change can not be judged".to_owned() }];
    };
    let mut judge = Judge { principal, old: &old, new: &new, refused: Vec::new() };
    let sections: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for section in sections {
        judge.section(section);
    }
    judge.refused
}

struct Judge<'a> {
    principal: &'a Principal,
    old: &'a Map<String, Value>,
    new: &'a Map<String, Value>,
    refused: Vec<Refused>,
}

impl Judge<'_> {
    fn section(&mut self, section: &str) {
        let (old, new) = (self.old.get(section).unwrap_or(&Value::Null), self.new.get(section).unwrap_or(&Value::Null));
        if old == new {
            return;
        }
        let (Some(before), Some(after)) = (by_id(old), by_id(new)) else {
            self.refuse(section.to_owned(), "it belongs to the whole deployment: only its admins may change it");
            return;
        };
        for (id, object) in &after {
            let was = before.get(*id).copied();
            if was != Some(*object)
                && let Err(reason) = self.object(section, was, object)
            {
                self.refuse(format!("{section}.{id}"), &reason);
            }
        }
        let gone = before.iter().filter(|(id, _)| !after.contains_key(**id));
        if gone.into_iter().any(|(_, object)| self.object(section, Some(object), &Value::Null).is_err()) {
            self.refuse(section.to_owned(), "the document leaves out what does not belong to your teams");
        }
    }

    /// Whether an object may become another; `Null` stands for one that is removed.
    fn object(&self, section: &str, was: Option<&Value>, is: &Value) -> Result<(), String> {
        match section {
            "users" => return self.person(was, is),
            "teams" => return self.team(was, is),
            _ => {}
        }
        for owner in was.into_iter().chain(Some(is).filter(|v| !v.is_null())) {
            let team = self.owner(owner).ok_or("it belongs to the whole deployment: only its admins may change it")?;
            if !authorize(self.principal, Action::WriteConfiguration, &Resource::Team(&team)) {
                return Err(format!("it belongs to a team of which you are no admin ({team})"));
            }
        }
        self.references(was, is)
    }

    /// The team of an object, by its own field or by those of the services and teams that it is about.
    fn owner(&self, object: &Value) -> Option<TeamId> {
        let named = |object: &Value| object.get("team").and_then(Value::as_str).and_then(|t| t.parse().ok());
        named(object).or_else(|| {
            let list = |field: &str| object.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let services: Vec<&str> = object.get("service").into_iter().chain(list("services")).filter_map(Value::as_str).collect();
            // Of two owners none: a service that changes hands takes nothing with it unasked, and what several teams have is nobody's alone.
            let mut owners = list("teams").iter().map(|t| t.as_str().and_then(|t| t.parse().ok())).collect::<Vec<Option<TeamId>>>();
            for service in services {
                let held = [self.old, self.new].into_iter().filter_map(|d| by_id(d.get("services")?)?.get(service).map(|s| named(s)));
                let before = owners.len();
                owners.extend(held);
                if owners.len() == before {
                    return None;
                }
            }
            let mut owners = owners.into_iter();
            let first = owners.next()??;
            owners.all(|o| o.as_ref() == Some(&first)).then_some(first)
        })
    }

    /// What an object newly names must be one's own, or of a team that lets one respond.
    fn references(&self, was: Option<&Value>, is: &Value) -> Result<(), String> {
        let mut known = BTreeSet::new();
        was.into_iter().for_each(|v| named(v, &mut known));
        let mut names = BTreeSet::new();
        named(is, &mut names);
        for (field, id) in names.difference(&known) {
            let Some((_, section)) = REFERENCES.iter().find(|(f, _)| f == field) else { continue };
            let owner = if *section == "teams" {
                id.parse().ok()
            } else {
                let found = [self.new, self.old].into_iter().find_map(|d| by_id(d.get(*section)?)?.get(id.as_str()).and_then(|o| self.owner(o)));
                // What does not exist is for the validation to say.
                let Some(found) = found else { continue };
                Some(found)
            };
            if owner.is_none_or(|team: TeamId| !authorize(self.principal, Action::RespondToIncidents, &Resource::Team(&team))) {
                return Err(format!("it names {field} {id}, which belongs to a team that has not let you in"));
            }
        }
        Ok(())
    }

    /// People belong to nobody but themselves.
    fn person(&self, was: Option<&Value>, is: &Value) -> Result<(), String> {
        let refused = || Err("people belong to the whole deployment: only its admins, and they themselves, may change them".to_owned());
        let (Some(Value::Object(was)), Value::Object(is)) = (was, is) else { return refused() };
        let own = is.get("id").and_then(Value::as_str).is_some_and(|id| self.principal.user.as_ref().is_some_and(|u| u.as_str() == id));
        let fields: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        let only_own_fields = fields.into_iter().all(|f| was.get(f) == is.get(f) || OWN_FIELDS.contains(&f.as_str()));
        if own && only_own_fields && !self.principal.grants.is_empty() { Ok(()) } else { refused() }
    }

    /// An admin of a team may change it, but makes nobody more than themselves; teams come and go by the deployment's admins.
    fn team(&self, was: Option<&Value>, is: &Value) -> Result<(), String> {
        let id: Option<TeamId> = is.get("id").and_then(Value::as_str).and_then(|t| t.parse().ok());
        let (Some(was), Some(id)) = (was, id) else { return Err("teams come and go by admins of the whole deployment".to_owned()) };
        if !authorize(self.principal, Action::WriteConfiguration, &Resource::Team(&id)) {
            return Err("you are no admin of this team".to_owned());
        }
        let owner = self.principal.grants.iter().any(|g| g.team.as_ref().is_none_or(|t| *t == id) && g.role == Role::Owner);
        if !owner && owners(was) != owners(is) {
            return Err("only its owners say who owns a team".to_owned());
        }
        Ok(())
    }

    fn refuse(&mut self, field: String, reason: &str) {
        self.refused.push(Refused { field, reason: reason.to_owned() });
    }
}

/// The objects of a section by id; nothing where it is no list of objects with ids.
fn by_id(section: &Value) -> Option<std::collections::BTreeMap<&str, &Value>> {
    match section {
        Value::Null => Some(std::collections::BTreeMap::new()),
        Value::Array(items) => items.iter().map(|o| Some((o.get("id")?.as_str()?, o))).collect(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    }
}

/// Everything that an object names by a field of [`REFERENCES`].
fn named(value: &Value, names: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                if REFERENCES.iter().any(|(f, _)| f == field) {
                    let ids = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter().filter_map(Value::as_str);
                    names.extend(ids.map(|id| (field.clone(), id.to_owned())));
                }
                named(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|v| named(v, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Who owns a team, as its member list says.
fn owners(team: &Value) -> BTreeSet<&str> {
    let members = team.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    members.iter().filter(|m| m.get("role").and_then(Value::as_str) == Some("owner")).filter_map(|m| m.get("user")?.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Grant;
    use super::*;
    use serde_json::json;

    fn document() -> Value {
        let policy = |team: &str| json!({"id": team, "team": team, "levels": [{"delay_s": 60, "targets": [{"schedule": team}]}]});
        let service = |team: &str| json!({"id": format!("{team}-shop"), "name": "S", "team": team, "policy": team});
        json!({
            "version": 1,
            "teams": [{"id": "web", "name": "Web", "members": [{"user": "ada", "role": "owner"}]}, {"id": "db", "name": "DB"}],
            "users": [{"id": "ada", "name": "Ada"}, {"id": "bob", "name": "Bob"}],
            "schedules": [{"id": "web", "team": "web", "time_zone": "UTC"}, {"id": "db", "team": "db", "time_zone": "UTC"}],
            "policies": [policy("web"), policy("db")],
            "services": [service("web"), service("db")],
            "status_page": {"name": "Status"},
        })
    }

    fn principal(grants: &[(Option<&str>, Role)]) -> Principal {
        let grants = grants.iter().map(|(team, role)| Grant { team: team.map(|t| t.parse().unwrap()), role: *role }).collect();
        Principal { token: "t".parse().unwrap(), user: Some("ada".parse().unwrap()), grants }
    }

    /// What is refused when `change` is made to the document.
    fn refused(who: &Principal, change: impl FnOnce(&mut Value)) -> Vec<String> {
        let before = document();
        let mut after = before.clone();
        change(&mut after);
        let read = |v: Value| serde_json::from_value::<Configuration>(v).unwrap();
        authorize_change(who, &read(before), &read(after)).into_iter().map(|r| r.field).collect()
    }

    type Edit = fn(&mut Value);
    const EDITS: [(&str, &str, Edit); 14] = [
        ("own", "schedules.web", |d| d["schedules"][0]["time_zone"] = json!("Europe/London")),
        ("own", "policies.web", |d| d["policies"][0]["repeat"] = json!(2)),
        ("own", "services.web-new", |d| d["services"].as_array_mut().unwrap().push(json!({"id": "web-new", "name": "N", "team": "web", "policy": "web"}))),
        ("own", "services", |d| drop(d["services"].as_array_mut().unwrap().remove(0))),
        ("own", "teams.web", |d| d["teams"][0]["members"].as_array_mut().unwrap().push(json!({"user": "bob"}))),
        ("others", "schedules.db", |d| d["schedules"][1]["time_zone"] = json!("Europe/London")),
        ("others", "services", |d| drop(d["services"].as_array_mut().unwrap().remove(1))),
        ("others", "services.web-shop", |d| d["services"][0]["team"] = json!("db")),
        ("others", "services.web-shop", |d| d["services"][0]["policy"] = json!("db")),
        ("others", "policies.web", |d| d["policies"][0]["levels"][0]["targets"] = json!([{"schedule": "db"}])),
        ("others", "policies.web", |d| d["policies"][0]["levels"][0]["targets"] = json!([{"team": "db"}])),
        ("all", "users.bob", |d| d["users"][1]["contact_methods"] = json!([{"id": "b", "kind": "sms", "to": "+15555550100"}])),
        ("all", "status_page", |d| d["status_page"]["name"] = json!("Mine")),
        ("all", "teams.new", |d| d["teams"].as_array_mut().unwrap().push(json!({"id": "new", "name": "New"}))),
    ];

    #[test]
    fn every_role_against_every_change() {
        for (whose, field, edit) in EDITS {
            for role in [Role::Observer, Role::Responder, Role::Admin, Role::Owner] {
                let admin = role >= Role::Admin;
                let expected = |allowed: bool| if allowed { Vec::new() } else { vec![field.to_owned()] };
                assert_eq!(refused(&principal(&[(None, role)]), edit), expected(admin), "{role:?} of all: {whose} {field}");
                assert_eq!(refused(&principal(&[(Some("web"), role)]), edit), expected(admin && whose == "own"), "{role:?} of web: {whose} {field}");
                let both = [(Some("web"), role), (Some("db"), role)];
                assert_eq!(refused(&principal(&both), edit), expected(admin && whose != "all"), "{role:?} of both: {whose} {field}");
            }
            assert_eq!(refused(&principal(&[]), edit), [field], "nobody: {whose} {field}");
        }
    }

    #[test]
    fn a_responder_of_another_team_may_be_handed_its_incidents_but_not_its_things() {
        let lent = principal(&[(Some("web"), Role::Admin), (Some("db"), Role::Responder)]);
        assert_eq!(refused(&lent, |d| d["policies"][0]["levels"][0]["targets"] = json!([{"schedule": "db"}])), Vec::<String>::new());
        assert_eq!(refused(&lent, |d| d["schedules"][1]["time_zone"] = json!("Europe/London")), ["schedules.db"]);
    }

    #[test]
    fn owners_are_named_by_owners() {
        let edit: Edit = |d| d["teams"][0]["members"].as_array_mut().unwrap().push(json!({"user": "bob", "role": "owner"}));
        assert_eq!(refused(&principal(&[(Some("web"), Role::Admin)]), edit), ["teams.web"]);
        assert_eq!(refused(&principal(&[(Some("web"), Role::Owner)]), edit), Vec::<String>::new());
        assert_eq!(refused(&principal(&[(None, Role::Admin)]), edit), Vec::<String>::new());
    }

    #[test]
    fn people_change_how_they_themselves_are_reached() {
        let ada = principal(&[(Some("db"), Role::Observer)]);
        assert_eq!(refused(&ada, |d| d["users"][0]["contact_methods"] = json!([{"id": "a", "kind": "sms", "to": "+15555550100"}])), Vec::<String>::new());
        assert_eq!(refused(&ada, |d| d["users"][0]["id"] = json!("eve")), ["users.eve", "users"]);
        assert_eq!(refused(&ada, |d| drop(d["users"].as_array_mut().unwrap().remove(0))), ["users"]);
    }

    #[test]
    fn what_is_left_out_is_not_named() {
        let told = authorize_change(
            &principal(&[(Some("web"), Role::Admin)]),
            &serde_json::from_value(document()).unwrap(),
            &serde_json::from_value(json!({"version": 1})).unwrap(),
        );
        assert!(told.iter().all(|r| !format!("{r:?}").contains("db")), "{told:?}");
    }
}
