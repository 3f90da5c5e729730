//! The table of who may do what in docs/configuration.md is what `authorize` says. `TOCSIN_BLESS=1 cargo test -p tocsin-domain --test roles` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test that can not go on says where")]

use tocsin_domain::access::{Action, Grant, Principal, Resource, authorize};
use tocsin_domain::configuration::Role;
use tocsin_domain::id::{TeamId, UserId};

const ACTIONS: [Action; 8] = [
    Action::ReadIncidents,
    Action::RespondToIncidents,
    Action::OverrideOwn,
    Action::OverrideAnybody,
    Action::ReadConfiguration,
    Action::WriteConfiguration,
    Action::EditContacts,
    Action::Redrive,
];

/// What people call it. A new action stands here and in the list above, or this does not compile or the table misses it.
fn words(action: Action) -> &'static str {
    match action {
        Action::ReadIncidents => "see incidents, timelines, schedules, who is on call",
        Action::RespondToIncidents => "acknowledge, resolve, note, snooze, reassign, escalate, merge, ask for help",
        Action::OverrideOwn => "take over, stand down and swap shifts of one's own; calendar feeds",
        Action::OverrideAnybody => "the same for anybody; import shifts",
        Action::ReadConfiguration => "read the configuration; its history and findings of all only",
        Action::WriteConfiguration => "change the configuration; make and end keys",
        Action::EditContacts => "see, change and verify how a person is reached",
        Action::Redrive => "evaluate again what is overdue or failed",
    }
}

fn cell(grant: Option<&TeamId>, role: Role, action: Action) -> &'static str {
    let (ours, theirs): (TeamId, TeamId) = ("ours".parse().unwrap(), "theirs".parse().unwrap());
    let (me, other): (UserId, UserId) = ("me".parse().unwrap(), "other".parse().unwrap());
    let who = Principal { token: "t".parse().unwrap(), user: Some(me.clone()), grants: vec![Grant { team: grant.cloned(), role }] };
    let may = |resource: &Resource<'_>| authorize(&who, action, resource);
    if may(&Resource::Deployment) {
        assert!(may(&Resource::Team(&ours)) && may(&Resource::Team(&theirs)) && may(&Resource::Person(&other)), "all of it");
        return "everywhere";
    }
    assert!(!may(&Resource::Team(&theirs)) && !may(&Resource::Person(&other)), "I13: {role:?} {action:?}");
    match (may(&Resource::Team(&ours)), action == Action::EditContacts && may(&Resource::Person(&me))) {
        (_, true) => "of oneself",
        (true, false) => "in the team",
        (false, false) => "no",
    }
}

/// Lines that are the same for several roles stand once: a column a role and place.
fn table() -> String {
    let ours: TeamId = "ours".parse().unwrap();
    let places = [Some(&ours), None];
    let columns: Vec<(Option<&TeamId>, Role)> = places.into_iter().flat_map(|place| Role::ALL.map(|role| (place, role))).collect();
    let title = |(place, role): &(Option<&TeamId>, Role)| format!("{} of {}", role.as_str(), if place.is_some() { "a team" } else { "all" });
    let mut lines = vec![format!("| | {} |", columns.iter().map(title).collect::<Vec<_>>().join(" | ")), format!("|---|{}", "---|".repeat(columns.len()))];
    for action in ACTIONS {
        // How a person is reached belongs to no team.
        let cells: Vec<&str> = columns.iter().map(|(place, role)| cell(*place, *role, action)).collect();
        lines.push(format!("| {} | {} |", words(action), cells.join(" | ")));
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_table_in_docs_is_what_the_code_decides() {
    const BEGIN: &str = "<!-- who may do what: begin -->\n";
    const END: &str = "<!-- who may do what: end -->\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (head, rest) = document.split_once(BEGIN).unwrap();
    let (there, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("TOCSIN_BLESS").is_some() {
        std::fs::write(path, format!("{head}{BEGIN}{}{END}{tail}", table())).unwrap();
        return;
    }
    assert_eq!(there, table(), "docs/configuration.md is not what the code says: run with TOCSIN_BLESS=1 and look at the difference");
}
