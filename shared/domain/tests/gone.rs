//! What an incident refers to and the configuration in force does not have: a table of deletions.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says where")]

use serde_json::{Value, json};
use tocsin_domain::alert::Severity;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::gone::gone;
use tocsin_domain::incident::responders::{Answer, Responder};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::incident::{Incident, Opening, PendingPage, Status};
use tocsin_domain::notification::page::PageKey;

const AT: &str = "2026-01-06T12:00:00Z";

fn pinned() -> Value {
    let user = |id: &str| json!({"id": id, "name": id.to_uppercase()});
    json!({
        "version": 1,
        "teams": [{"id": "web", "name": "Web"}, {"id": "db", "name": "Databases"}, {"id": "other", "name": "Other"}],
        "users": [user("ada"), user("bob"), user("cyd"), user("dan"), user("eve")],
        "schedules": [{"id": "rota", "team": "web", "time_zone": "UTC", "layers": []}, {"id": "spare", "team": "web", "time_zone": "UTC", "layers": []}],
        "policies": [{"id": "p", "team": "web", "name": "Page", "levels": [
            {"delay_s": 300, "targets": [{"schedule": "rota"}, {"team": "db"}]}, {"delay_s": 300, "targets": [{"user": "ada"}, {"schedule": "rota"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "p"}],
    })
}

/// Acknowledged by bob; cyd was asked to help, a page waits for dan; reassigned to the schedule `later`, which came after version 3. Eve has no part in it.
fn incident() -> Incident {
    let opening = Opening {
        id: IncidentId::new(ulid::Ulid::from_parts(1, 1)),
        number: 1,
        service: "shop".parse().unwrap(),
        team: "web".parse().unwrap(),
        policy: "p".parse().unwrap(),
        config_version: 3,
        title: "down".to_owned(),
        severity: Severity::Critical,
        acknowledge_timeout_s: None,
        auto_resolve_s: None,
    };
    let mut i = Incident::open(opening, AT.parse().unwrap());
    i.status = Status::Acknowledged { by: Actor::User("bob".parse().unwrap()), at: AT.parse().unwrap(), until: None, snoozed: false };
    i.responders.push(Responder { user: "cyd".parse().unwrap(), request: 1, answer: Answer::Asked });
    let key = PageKey { incident: i.id, generation: 1, repeat: 0, level: 0, user: Some("dan".parse().unwrap()), rule: 0, request: Some(1) };
    let last_resort = PageKey { user: None, ..key.clone() };
    for key in [key, last_resort] {
        i.pages.push(PendingPage { due: AT.parse().unwrap(), contact: "any".parse().unwrap(), key });
    }
    i.reassigned_to = vec![Target::Schedule("later".parse().unwrap())];
    i
}

/// In force: version 3 with `later`, without what is deleted.
fn without(deleted: &[&str]) -> Configuration {
    let mut current = pinned();
    current["schedules"].as_array_mut().unwrap().push(json!({"id": "later", "team": "web", "name": "Later", "time_zone": "UTC", "layers": []}));
    for path in deleted {
        let (list, id) = path.split_once('/').unwrap();
        let items = current[list].as_array_mut().unwrap();
        let before = items.len();
        items.retain(|i| i["id"] != id);
        assert_eq!(items.len() + 1, before, "{path} stood there");
    }
    serde_json::from_value(current).unwrap()
}

fn told(incident: &Incident, pinned: &Configuration, current: &Configuration) -> Vec<String> {
    let words = |g: tocsin_domain::incident::gone::Gone| {
        let since = g.since_version.map_or(String::new(), |v| format!(" since {v}"));
        format!("{} {} {}{since}", g.kind.as_str(), g.id, g.name.as_deref().unwrap_or("-"))
    };
    gone(incident, pinned, current).into_iter().map(words).collect()
}

#[test]
fn what_is_deleted_and_referred_to_is_gone() {
    let pinned: Configuration = serde_json::from_value(pinned()).unwrap();
    for (deleted, expected) in [
        (&[][..], &[][..]),
        (&["services/shop"], &["service shop Shop since 3"]),
        (&["teams/web"], &["team web Web since 3"]),
        (&["teams/db"], &["team db Databases since 3"]),
        (&["policies/p"], &["policy p Page since 3"]),
        // Two levels name it, it is told once; it had no name.
        (&["schedules/rota"], &["schedule rota - since 3"]),
        // The incident's version did not have it either.
        (&["schedules/later"], &["schedule later -"]),
        (&["users/ada"], &["user ada ADA since 3"]),
        (&["users/bob"], &["user bob BOB since 3"]),
        (&["users/cyd"], &["user cyd CYD since 3"]),
        (&["users/dan"], &["user dan DAN since 3"]),
        // What it does not refer to is not its matter.
        (&["users/eve", "teams/other", "schedules/spare"], &[]),
        (
            &["users/dan", "users/ada", "policies/p", "services/shop"],
            &["service shop Shop since 3", "policy p Page since 3", "user ada ADA since 3", "user dan DAN since 3"],
        ),
    ] {
        assert_eq!(told(&incident(), &pinned, &without(deleted)), expected, "{deleted:?}");
    }
}

#[test]
fn what_is_only_changed_is_not_gone() {
    let pinned: Configuration = serde_json::from_value(pinned()).unwrap();
    let mut current = without(&[]);
    current.services[0].name = "Checkout".to_owned();
    current.policies[0].levels.clear();
    assert_eq!(told(&incident(), &pinned, &current), [""; 0]);
    // The policy of the pinned version counts, whatever became of the one in force.
    current.schedules.retain(|s| s.id.as_str() != "rota");
    assert_eq!(told(&incident(), &pinned, &current), ["schedule rota - since 3"]);
}

#[test]
fn what_opened_without_its_service_misses_that_alone() {
    // Its policy stands in no version: nobody deleted it.
    let current = without(&["services/shop"]);
    let incident = Incident { policy: "none".parse().unwrap(), ..incident() };
    assert_eq!(told(&incident, &current, &current), ["service shop -"]);
    // A version that can not be read: no names, no policy.
    assert_eq!(told(&incident, &Configuration::default(), &current), ["service shop -"]);
}
