//! Who may do what: one pure function, asked by everything that people reach.

pub mod change;

use crate::configuration::Role;
use crate::id::{TeamId, TokenId, UserId};
use serde::{Deserialize, Serialize};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The token they came with.
    pub token: TokenId,
    /// The person it stands for, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// What they may do.
    pub grants: Vec<Grant>,
}

/// A role in one team, or in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The team; all of them where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// The role there.
    pub role: Role,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See incidents, timelines, who is on call.
    ReadIncidents,
    /// Acknowledge, resolve, note, snooze, reassign, escalate.
    RespondToIncidents,
    /// Change at run time who is on call, for oneself: take over, stand down, swap; make calendar feeds.
    OverrideOwn,
    /// The same for anybody.
    OverrideAnybody,
    /// See the configuration.
    ReadConfiguration,
    /// Change the configuration, contact methods and keys included.
    WriteConfiguration,
    /// Verify and change how a person is reached: a right of its own, of that person and of admins of the whole deployment.
    EditContacts,
    /// Re-evaluate everything that is overdue or failed.
    Redrive,
}

/// What it is asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource<'a> {
    /// Something that a team owns.
    Team(&'a TeamId),
    /// An incident: its team's, and of those who were asked to help with it.
    Incident {
        /// Its team.
        team: &'a TeamId,
        /// Who was asked.
        asked: &'a [&'a UserId],
    },
    /// Something that belongs to one person.
    Person(&'a UserId),
    /// Something of the whole deployment.
    Deployment,
}

/// The least role that an action needs.
fn needs(action: Action) -> Role {
    match action {
        Action::ReadIncidents | Action::ReadConfiguration => Role::Observer,
        Action::RespondToIncidents | Action::OverrideOwn => Role::Responder,
        Action::WriteConfiguration | Action::EditContacts | Action::Redrive | Action::OverrideAnybody => Role::Admin,
    }
}

/// Whether `principal` may do `action` to `resource`.
///
/// Callers answer 404, not 403, where a team's own things are refused to others, so that ids can not be probed.
pub fn authorize(principal: &Principal, action: Action, resource: &Resource<'_>) -> bool {
    if let Resource::Person(person) = resource
        && action == Action::EditContacts
        && principal.user.as_ref() == Some(*person)
    {
        // Whoever is let in at all may say how they are reached.
        return !principal.grants.is_empty();
    }
    // Being asked to help is a grant: a responder of another team reads, and answers.
    let lent = match (resource, &principal.user) {
        (Resource::Incident { asked, .. }, Some(user)) => asked.contains(&user) && needs(action) <= Role::Responder,
        (Resource::Incident { .. } | Resource::Team(_) | Resource::Person(_) | Resource::Deployment, _) => false,
    };
    lent || principal.grants.iter().any(|g| {
        let covers = match (&g.team, resource) {
            (None, _) => true,
            (Some(team), Resource::Team(owner) | Resource::Incident { team: owner, .. }) => team == *owner,
            // No team owns a person: its admin could have their pages sent elsewhere.
            (Some(_), Resource::Deployment | Resource::Person(_)) => false,
        };
        covers && g.role >= needs(action)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(team: Option<&str>, role: Role) -> Principal {
        Principal { token: "t".parse().unwrap(), user: None, grants: vec![Grant { team: team.map(|t| t.parse().unwrap()), role }] }
    }

    #[test]
    fn every_role_against_every_action_and_owner() {
        let (ours, theirs): (TeamId, TeamId) = ("ours".parse().unwrap(), "theirs".parse().unwrap());
        use Action::{OverrideAnybody, OverrideOwn, ReadConfiguration, ReadIncidents, Redrive, RespondToIncidents, WriteConfiguration};
        for role in [Role::Observer, Role::Responder, Role::Admin, Role::Owner] {
            for action in [ReadIncidents, RespondToIncidents, OverrideOwn, OverrideAnybody, ReadConfiguration, WriteConfiguration, Redrive] {
                let enough = match action {
                    ReadIncidents | ReadConfiguration => true,
                    RespondToIncidents | OverrideOwn => role != Role::Observer,
                    WriteConfiguration | Action::EditContacts | Redrive | OverrideAnybody => matches!(role, Role::Admin | Role::Owner),
                };
                let of_team = principal(Some("ours"), role);
                assert_eq!(authorize(&of_team, action, &Resource::Team(&ours)), enough, "{role:?} {action:?}");
                assert!(!authorize(&of_team, action, &Resource::Team(&theirs)), "{role:?} {action:?} of another team");
                assert!(!authorize(&of_team, action, &Resource::Deployment), "{role:?} {action:?} of the deployment");
                assert_eq!(authorize(&principal(None, role), action, &Resource::Deployment), enough);
            }
        }
        let (ada, of_theirs) = ("ada".parse().unwrap(), Principal { user: Some("ada".parse().unwrap()), ..principal(Some("theirs"), Role::Observer) });
        for (asked, lent) in [(&[&ada][..], true), (&[], false)] {
            for action in [ReadIncidents, RespondToIncidents] {
                assert_eq!(authorize(&of_theirs, action, &Resource::Incident { team: &ours, asked }), lent, "{action:?}");
            }
            assert!(!authorize(&of_theirs, WriteConfiguration, &Resource::Incident { team: &ours, asked }));
            assert!(authorize(&principal(Some("ours"), Role::Responder), RespondToIncidents, &Resource::Incident { team: &ours, asked }));
        }
        let (ada, grace): (UserId, UserId) = (ada, "grace".parse().unwrap());
        for role in [Role::Observer, Role::Responder, Role::Admin, Role::Owner] {
            let of_team = Principal { user: Some(ada.clone()), ..principal(Some("ours"), role) };
            assert!(authorize(&of_team, Action::EditContacts, &Resource::Person(&ada)), "{role:?}: their own");
            assert!(!authorize(&of_team, Action::EditContacts, &Resource::Person(&grace)), "{role:?} of a team: somebody else's");
            assert!(!authorize(&of_team, WriteConfiguration, &Resource::Person(&ada)), "{role:?}: only how they are reached");
            let enough = matches!(role, Role::Admin | Role::Owner);
            assert_eq!(authorize(&principal(None, role), Action::EditContacts, &Resource::Person(&ada)), enough, "{role:?} of all");
        }
        let nobody = Principal { token: "t".parse().unwrap(), user: Some(ada.clone()), grants: vec![] };
        assert!(!authorize(&nobody, Action::EditContacts, &Resource::Person(&ada)));
        assert!(!authorize(&Principal { token: "t".parse().unwrap(), user: None, grants: vec![] }, ReadIncidents, &Resource::Team(&ours)));
    }
}
