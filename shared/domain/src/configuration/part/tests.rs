//! A document of three teams that name one another, every edit of a part by every role, and what others see of it.

use super::*;
use crate::access::change::authorize_change;
use crate::access::{Action, Grant, Principal, Resource, authorize};
use crate::configuration::Role;
use proptest::prelude::*;
use serde_json::Value;

const TEAMS: [&str; 3] = ["web", "db", "ops"];

/// Each team has one of everything, by names that begin with its own.
fn three() -> Value {
    let of_each = |make: &dyn Fn(&str) -> Value| TEAMS.iter().map(|t| make(t)).collect::<Vec<_>>();
    json!({
        "version": 1,
        "teams": of_each(&|t| json!({"id": t, "name": t, "members": [{"user": format!("{t}-ada"), "role": "owner"}]})),
        "users": of_each(&|t| json!({"id": format!("{t}-ada"), "name": "Ada", "contact_methods": [{"id": format!("{t}-sms"), "kind": "sms", "to": "+15555550101"}]})),
        "schedules": of_each(&|t| json!({"id": format!("{t}-rota"), "team": t, "name": format!("Rota of {t}"), "time_zone": "UTC",
            "layers": [{"rotation": "weekly", "start": "2026-01-05", "members": [format!("{t}-ada")]}]})),
        "policies": of_each(&|t| json!({"id": format!("{t}-policy"), "team": t, "levels": [{"delay_s": 60, "targets": [{"schedule": format!("{t}-rota")}]}]})),
        "services": of_each(&|t| json!({"id": format!("{t}-shop"), "name": "Shop", "team": t, "policy": format!("{t}-policy"),
            "integrations": [{"id": format!("{t}-pd"), "kind": "pagerduty"}]})),
        "heartbeats": of_each(&|t| json!({"id": format!("{t}-beat"), "name": "Backup", "service": format!("{t}-shop"), "interval_s": 60})),
        "maintenance": of_each(&|t| json!({"id": format!("{t}-move"), "reason": "moving", "services": [format!("{t}-shop")], "start": "2026-03-01T22:00", "end": "2026-03-02T06:00"})),
        "status_page": {"name": "Status", "components": [{"id": "shop", "name": "Shop", "services": ["ops-shop"]}]},
    })
}

fn read(document: Value) -> Configuration {
    serde_json::from_value(document).unwrap()
}

fn team(id: &str) -> TeamId {
    id.parse().unwrap()
}

fn principal(grants: &[(&str, Role)]) -> Principal {
    let grants = grants.iter().map(|(t, role)| Grant { team: Some(team(t)), role: *role }).collect();
    Principal { token: "t".parse().unwrap(), user: Some("web-ada".parse().unwrap()), grants }
}

fn written(part: &Configuration) -> String {
    serde_json::to_string(part).unwrap()
}

/// What is said of the part of `web` after `edit`, by somebody with these grants.
fn said(grants: &[(&str, Role)], edit: impl FnOnce(&mut Value)) -> Vec<String> {
    let (whole, who) = (read(three()), principal(grants));
    let mut part = serde_json::to_value(part_of(&whole, &team("web")).unwrap()).unwrap();
    edit(&mut part);
    let may_name = |t: &TeamId| authorize(&who, Action::RespondToIncidents, &Resource::Team(t));
    problems_of(&whole, &team("web"), &read(part), may_name)
        .into_iter()
        .map(|p| format!("{}: {} ({})", p.path, p.message, p.suggestion.unwrap_or_default()))
        .collect()
}

#[test]
fn a_part_holds_what_the_team_owns_and_names_nothing_of_others() {
    let whole = read(three());
    assert_eq!(validate(&whole), []);
    for t in TEAMS {
        let part = part_of(&whole, &team(t)).unwrap();
        let text = written(&part);
        for kind in ["rota", "policy", "shop", "beat", "move", "pd"] {
            assert!(text.contains(&format!("{t}-{kind}")), "{t}-{kind}: {text}");
        }
        let others = TEAMS.iter().filter(|o| **o != t);
        for other in others {
            assert!(!text.contains(other), "{text}");
        }
        let names = names_of(&whole, &part);
        assert_eq!(names.users, [PersonName { id: format!("{t}-ada").parse().unwrap(), name: "Ada".into(), reachable: true }]);
        assert_eq!(Names { users: Vec::new(), ..names }, Names::default());
        assert!(!text.contains("+1555"), "a person's number is theirs");
    }
}

#[test]
fn what_another_team_lets_one_name_is_shown_by_its_name_alone() {
    let mut document = three();
    document["policies"][0]["levels"][0]["targets"] = json!([{"schedule": "db-rota"}, {"team": "ops"}]);
    document["services"][0]["depends_on"] = json!(["db-shop"]);
    let whole = read(document);
    let part = part_of(&whole, &team("web")).unwrap();
    let names = names_of(&whole, &part);
    let name = |id: &str, name: &str| vec![ObjectName { id: id.into(), name: name.into() }];
    assert_eq!((&names.schedules, &names.teams, &names.services), (&name("db-rota", "Rota of db"), &name("ops", "ops"), &name("db-shop", "Shop")));
    // It can stay in the part without any right in those teams, and the part stands by itself for planning.
    assert_eq!(problems_of(&whole, &team("web"), &part, |_| false), []);
    assert_eq!(validate(&standing_in(&part, &names)), []);
    // Also where a person has the longest of ids.
    let long = PersonName { id: "a".repeat(64).parse().unwrap(), name: "Ada".into(), reachable: true };
    let names = Names { users: [long].into_iter().chain(names.users).collect(), ..names };
    assert_eq!(validate(&standing_in(&part, &names)), []);
}

#[test]
fn what_is_hidden_is_answered_like_what_is_not_there() {
    type Edit = fn(&mut Value, &str);
    let edits: [Edit; 5] = [
        |p, id| p["policies"][0]["levels"][0]["targets"] = json!([{"schedule": format!("{id}-rota")}]),
        |p, id| p["policies"][0]["levels"][0]["targets"] = json!([{"team": id}]),
        |p, id| p["services"][0]["policy"] = json!(format!("{id}-policy")),
        |p, id| p["services"][0]["depends_on"] = json!([format!("{id}-shop")]),
        |p, id| {
            p["teams"][0]["integrations"] = json!([{"id": "web-all", "kind": "pagerduty"}]);
            p["teams"][0]["router"] = json!({"default": "web-shop", "rules": [{"id": "r", "then": {"route": format!("{id}-shop")}}]});
        },
    ];
    for (i, edit) in edits.into_iter().enumerate() {
        let hidden = said(&[("web", Role::Owner)], |p| edit(p, "db"));
        // As long as "db", and as far from any name of the team.
        let missing = said(&[("web", Role::Owner)], |p| edit(p, "cb"));
        assert_eq!(hidden.iter().map(|s| s.replace("db", "cb")).collect::<Vec<_>>(), missing, "edit {i}");
        assert!(!hidden.is_empty(), "edit {i}");
        assert!(hidden.iter().all(|s| !s.contains("ops")), "no suggestion names what is hidden: {hidden:?}");
        // A responder there may name it; a router needs the other team's word beside.
        let lent = said(&[("web", Role::Owner), ("db", Role::Responder)], |p| edit(p, "db"));
        assert_eq!(lent.is_empty(), i != 4, "edit {i}: {lent:?}");
    }
}

#[test]
fn what_is_no_part_of_a_team_is_refused_by_its_place() {
    type Edit = fn(&mut Value);
    let table: [(Edit, &str); 9] = [
        (|p| p["users"] = json!([{"id": "eve", "name": "Eve"}]), "users: people belong to no team"),
        (|p| p["status_page"] = json!({"name": "Mine"}), "status_page: the status page belongs"),
        (|p| p["teams"] = json!([]), "teams: the team itself is missing"),
        (|p| p["teams"].as_array_mut().unwrap().push(json!({"id": "db", "name": "DB"})), "teams[1].id: db is not the team"),
        (|p| p["schedules"][0]["team"] = json!("db"), "schedules[0].team: this is the part of team web, not of db"),
        (|p| p["services"][0]["team"] = json!("xy"), "services[0].team: this is the part of team web, not of xy"),
        (|p| p["heartbeats"][0]["service"] = json!("db-shop"), "heartbeats[0].service: team web has no service"),
        (|p| p["maintenance"][0]["teams"] = json!(["db"]), "maintenance[0]: it is not of team web alone"),
        (|p| p["schedules"][0]["id"] = json!("db-rota"), "policies[0].levels[0].targets[0].schedule: there is no schedule \"web-rota\""),
    ];
    for (edit, expected) in table {
        let said = said(&[("web", Role::Owner)], edit);
        assert!(said.iter().any(|s| s.starts_with(expected)), "{expected}: {said:?}");
    }
    // An id that somebody else has can not be taken; that is all that is said of it.
    let taken = said(&[("web", Role::Owner)], |p| p["services"][0]["integrations"][0]["id"] = json!("db-pd"));
    assert_eq!(taken, ["services[0].integrations[0].id: integration \"db-pd\" is there twice in this deployment (choose another id)"]);
    // What others have is not named where it needs something of this part.
    let mut needed = three();
    needed["services"][1]["policy"] = json!("web-policy");
    let whole = read(needed);
    let mut part = part_of(&whole, &team("web")).unwrap();
    part.policies[0].id = "web-other".parse().unwrap();
    part.services[0].policy = "web-other".parse().unwrap();
    let told = problems_of(&whole, &team("web"), &part, |_| false);
    assert_eq!(told.len(), 1);
    assert!(told[0].path == "configuration" && !format!("{told:?}").contains("db"), "{told:?}");
}

#[test]
fn what_makes_the_whole_too_large_is_refused_without_a_word_of_others() {
    let mut whole = read(three());
    let rule =
        |n: usize| json!({"id": format!("r{n}"), "description": "d".repeat(1000), "when": {"field": "summary", "is": "a"}, "then": {"severity": "info"}});
    let many = |id: &str| json!({"id": id, "name": "Many", "team": id.split_once('-').unwrap().0, "policy": format!("{}-policy", id.split_once('-').unwrap().0), "rules": (0..200).map(rule).collect::<Value>()});
    let service = |id: String| serde_json::from_value::<Service>(many(&id)).unwrap();
    whole.services.extend((0..9).map(|n| service(format!("db-many-{n}"))));
    let mut part = part_of(&whole, &team("web")).unwrap();
    assert_eq!(problems_of(&whole, &team("web"), &part, |_| false), []);
    part.services.push(service("web-many".to_owned()));
    let told = problems_of(&whole, &team("web"), &part, |_| false);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].path == "configuration" && told[0].message.contains("the whole configuration is too long") && !format!("{told:?}").contains("db"),
        "{told:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Random parts of random teams: others keep what they have where it is, and a team's admin may make every such change that names nothing new of others.
    #[test]
    fn a_part_changes_its_own_team_and_nothing_else(of in 0..3_usize, drop in prop::collection::vec(0..6_usize, 0..4), add in prop::collection::vec(0..4_usize, 0..4), delay in 1..600_u32) {
        let mut document = three();
        // Neighbours name one another, so that taking away matters.
        document["services"][(of + 1) % 3]["depends_on"] = json!([format!("{}-shop", TEAMS[of])]);
        let whole = read(document);
        let own = team(TEAMS[of]);
        let mut part = part_of(&whole, &own).unwrap();
        prop_assert_eq!(&join(&whole, &own, &part).unwrap().whole, &whole, "an unchanged part changes nothing");
        part.policies[0].levels[0].delay_s = delay;
        for what in drop {
            match what {
                0 => part.maintenance.clear(),
                1 => part.heartbeats.clear(),
                2 => part.services.clear(),
                3 => part.policies.clear(),
                4 => part.schedules.clear(),
                _ => part.teams[0].members.truncate(1),
            }
        }
        for (n, what) in add.into_iter().enumerate() {
            let id = format!("{own}-new-{n}");
            match what {
                0 => part.schedules.push(serde_json::from_value(json!({"id": id, "team": own, "time_zone": "UTC"})).unwrap()),
                1 => part.policies.push(serde_json::from_value(json!({"id": id, "team": own, "levels": []})).unwrap()),
                2 => part.services.push(serde_json::from_value(json!({"id": id, "name": "N", "team": own, "policy": format!("{own}-policy")})).unwrap()),
                _ => part.teams[0].members.push(serde_json::from_value(json!({"user": format!("{}-ada", TEAMS[(of + 1) % 3])})).unwrap()),
            }
        }
        part.heartbeats.retain(|h| part.services.iter().any(|s| s.id == h.service));
        part.maintenance.retain(|m| m.services.iter().all(|id| part.services.iter().any(|s| s.id == *id)));
        let after = join(&whole, &own, &part).unwrap().whole;
        prop_assert_eq!(part_of(&after, &own), Some(part.clone()));
        for other in TEAMS.iter().filter(|t| **t != TEAMS[of]) {
            prop_assert_eq!(part_of(&after, &team(other)), part_of(&whole, &team(other)), "{}", other);
        }
        prop_assert_eq!((&after.users, &after.status_page), (&whole.users, &whole.status_page));
        let admin = principal(&[(TEAMS[of], Role::Owner)]);
        prop_assert_eq!(authorize_change(&admin, &whole, &after), vec![]);
        for (grants, role) in [(vec![(TEAMS[(of + 1) % 3], Role::Owner)], "owner of another team"), (vec![(TEAMS[of], Role::Responder)], "responder")] {
            prop_assert_eq!(authorize_change(&principal(&grants), &whole, &after).is_empty(), after == whole, "{}", role);
        }
        // Whatever is wrong with it is said of the part, and of others nothing but what the part says itself.
        for problem in problems_of(&whole, &own, &part, |_| false) {
            let said = format!("{problem:?}");
            for other in TEAMS.iter().filter(|t| **t != TEAMS[of]) {
                prop_assert!(!said.replace(&format!("{other}-ada"), "").contains(&format!("{other}-")), "{}", said);
            }
        }
    }
}
