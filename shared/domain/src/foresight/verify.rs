//! What keeps a configuration from reaching somebody, over a range of time: exact to the second, with the times.
//!
//! [`verify`] looks at everything a page needs on its way: schedules without holes, members who get a turn, people who can be reached, levels that fire and
//! reach somebody, services whose policy always ends with a person. What it goes by, the schedules' hand-offs and answers, is [proven](super::proof) one by one.

use super::proof::{Claims, Proof, prove};
use super::roster::Roster;
use super::{Outside, spans};
use crate::alert::Urgency;
use crate::configuration::Configuration;
use crate::escalation::policy::Policy;
use crate::id::{PolicyId, ScheduleId, ServiceId, UserId};
use crate::schedule::{Schedule, Span};
use jiff::Timestamp;
use serde::Serialize;

/// Something that would keep a page from reaching a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "concern")]
pub enum Concern {
    /// Nobody is on call in a schedule.
    Uncovered {
        /// Which.
        schedule: ScheduleId,
        /// When.
        spans: Vec<Span>,
    },
    /// A member has turns in a layer, but never while it is open.
    NeverOnCall {
        /// In which schedule.
        schedule: ScheduleId,
        /// Who.
        user: UserId,
        /// The layer, as people call it.
        layer: String,
    },
    /// Somebody who may be paged has no way to be reached.
    PersonUnreachable {
        /// Who.
        user: UserId,
        /// Why.
        reason: String,
        /// What names them: "schedule web-weekly", "level 2 of policy web".
        named_by: Vec<String>,
    },
    /// A level reaches nobody in the whole range.
    LevelReachesNobody {
        /// Of which policy.
        policy: PolicyId,
        /// 0-based level.
        level: usize,
        /// Why, target by target.
        reasons: Vec<String>,
    },
    /// A level reaches nobody at times; it passes at once then.
    LevelUncovered {
        /// Of which policy.
        policy: PolicyId,
        /// 0-based level.
        level: usize,
        /// When.
        spans: Vec<Span>,
    },
    /// A level comes later than the service resolves its incidents by itself.
    LevelNeverFires {
        /// Of which policy.
        policy: PolicyId,
        /// 0-based level.
        level: usize,
        /// How long after an incident opened it would fire, at the earliest.
        after_s: u64,
        /// The services that resolve sooner.
        services: Vec<ServiceId>,
    },
    /// No service uses a policy.
    PolicyUnused {
        /// Which.
        policy: PolicyId,
    },
    /// No level at all reaches anybody: only the last-resort contact is paged.
    OnlyLastResort {
        /// For which services.
        services: Vec<ServiceId>,
        /// By which policy.
        policy: PolicyId,
        /// For incidents of this urgency only; of any where none is named.
        #[serde(skip_serializing_if = "Option::is_none")]
        urgency: Option<Urgency>,
        /// When.
        spans: Vec<Span>,
    },
}

impl Concern {
    /// Whether two are about the same thing, whatever their times and reasons.
    pub fn same_matter(&self, other: &Concern) -> bool {
        use Concern::{LevelNeverFires, LevelReachesNobody, LevelUncovered, NeverOnCall, OnlyLastResort, PersonUnreachable, PolicyUnused, Uncovered};
        match (self, other) {
            (Uncovered { schedule: a, .. }, Uncovered { schedule: b, .. }) => a == b,
            (NeverOnCall { schedule: a, user: u, .. }, NeverOnCall { schedule: b, user: v, .. }) => a == b && u == v,
            (PersonUnreachable { user: a, .. }, PersonUnreachable { user: b, .. }) => a == b,
            (LevelReachesNobody { policy: a, level: i, .. }, LevelReachesNobody { policy: b, level: j, .. })
            | (LevelUncovered { policy: a, level: i, .. }, LevelUncovered { policy: b, level: j, .. })
            | (LevelNeverFires { policy: a, level: i, .. }, LevelNeverFires { policy: b, level: j, .. }) => a == b && i == j,
            (PolicyUnused { policy: a }, PolicyUnused { policy: b }) | (OnlyLastResort { policy: a, .. }, OnlyLastResort { policy: b, .. }) => a == b,
            (
                Uncovered { .. }
                | NeverOnCall { .. }
                | PersonUnreachable { .. }
                | LevelReachesNobody { .. }
                | LevelUncovered { .. }
                | LevelNeverFires { .. }
                | PolicyUnused { .. }
                | OnlyLastResort { .. },
                _,
            ) => false,
        }
    }
}

/// What came of looking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// What would keep a page from reaching a person; empty when every minute is covered and every level reaches somebody.
    #[serde(rename = "findings")]
    pub concerns: Vec<Concern>,
    /// By schedule: how its hand-offs and answers were proven.
    #[serde(rename = "schedules")]
    pub proofs: Vec<Proof>,
}

/// Everything that would keep a page from reaching a person in `[from, until)`, and the proof of each schedule's hand-offs.
///
/// ```
/// use tocsin_domain::foresight::{Concern, Outside, verify};
/// let configuration = serde_json::from_str(r#"{"version": 1, "teams": [{"id": "t", "name": "T"}], "users": [{"id": "ada", "name": "Ada"}],
///     "policies": [{"id": "p", "team": "t", "levels": [{"delay_s": 60, "targets": [{"user": "ada"}]}]}],
///     "services": [{"id": "s", "name": "S", "team": "t", "policy": "p"}]}"#)?;
/// let concerns = verify(&configuration, &Outside::default(), "2026-01-05T00:00:00Z".parse()?, "2026-01-06T00:00:00Z".parse()?).concerns;
/// assert!(matches!(&concerns[0], Concern::PersonUnreachable { user, .. } if user.as_str() == "ada"));
/// assert!(matches!(&concerns[1], Concern::LevelReachesNobody { level: 0, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(configuration: &Configuration, outside: &Outside, from: Timestamp, until: Timestamp) -> Verified {
    let roster = Roster::new(configuration, outside, from, until);
    let proof = |s: &Schedule| prove(s, &Claims { turns: s.layer_turns(from, until), shifts: roster.shifts(&s.id) }, roster.range);
    let proofs = configuration.schedules.iter().map(proof).collect();
    Verified { concerns: look(&roster), proofs }
}

/// The concerns alone.
pub(super) fn concerns(configuration: &Configuration, outside: &Outside, from: Timestamp, until: Timestamp) -> Vec<Concern> {
    look(&Roster::new(configuration, outside, from, until))
}

fn look(roster: &Roster<'_>) -> Vec<Concern> {
    let Roster { configuration, range: Span { start: from, end: until }, .. } = *roster;
    let mut concerns = Vec::new();
    for schedule in &configuration.schedules {
        let covered = spans::normal(roster.shifts(&schedule.id).iter().map(|s| Span { start: s.start, end: s.end }).collect());
        let spans = spans::rest(roster.range, &covered);
        if !spans.is_empty() {
            concerns.push(Concern::Uncovered { schedule: schedule.id.clone(), spans });
        }
        let idle = schedule.idle_members(from, until).into_iter();
        concerns.extend(idle.map(|i| Concern::NeverOnCall { schedule: schedule.id.clone(), user: i.user, layer: i.layer }));
    }
    people(roster, &mut concerns);
    for policy in &configuration.policies {
        levels(roster, policy, &mut concerns);
    }
    concerns
}

/// Who may be paged and can not be.
fn people(roster: &Roster<'_>, concerns: &mut Vec<Concern>) {
    let mut named: std::collections::BTreeMap<UserId, Vec<String>> = std::collections::BTreeMap::new();
    let mut name = |user: UserId, by: String| {
        let by_whom = named.entry(user).or_default();
        if !by_whom.contains(&by) {
            by_whom.push(by);
        }
    };
    for schedule in &roster.configuration.schedules {
        for turn in schedule.layers.iter().flat_map(|l| &l.members).map(|t| t.0.as_slice()).chain(schedule.overrides.iter().map(|o| o.change.people())) {
            turn.iter().for_each(|user| name(user.clone(), format!("schedule {}", schedule.id)));
        }
    }
    for policy in &roster.configuration.policies {
        for (i, level) in policy.levels.iter().enumerate() {
            for user in level.targets.iter().flat_map(|t| roster.people(t)) {
                name(user, format!("level {} of policy {}", i + 1, policy.id));
            }
        }
    }
    concerns
        .extend(named.into_iter().filter_map(|(user, named_by)| roster.unreachable(&user).map(|reason| Concern::PersonUnreachable { user, reason, named_by })));
}

fn levels(roster: &Roster<'_>, policy: &Policy, concerns: &mut Vec<Concern>) {
    let services: Vec<_> = roster.configuration.services.iter().filter(|s| s.policy == policy.id).collect();
    if services.is_empty() {
        concerns.push(Concern::PolicyUnused { policy: policy.id.clone() });
    }
    // A level that reaches nobody, or is not for this incident, passes at once: its delay does not keep the next one waiting for certain.
    let (mut after_s, mut nowhere) = (0_u64, [Urgency::High, Urgency::Low].map(|u| (u, vec![roster.range])));
    for (i, level) in policy.levels.iter().enumerate() {
        let (fires, uncovered) = (roster.fires(level), roster.unreached(level));
        let sooner: Vec<ServiceId> =
            services.iter().filter(|s| s.auto_resolve_s.is_some_and(|limit| u64::from(limit) <= after_s)).map(|s| s.id.clone()).collect();
        if !sooner.is_empty() {
            concerns.push(Concern::LevelNeverFires { policy: policy.id.clone(), level: i, after_s, services: sooner });
        }
        if uncovered == fires {
            concerns.push(Concern::LevelReachesNobody { policy: policy.id.clone(), level: i, reasons: roster.reasons(level) });
        } else if !uncovered.is_empty() {
            concerns.push(Concern::LevelUncovered { policy: policy.id.clone(), level: i, spans: uncovered.clone() });
        } else if fires == [roster.range] && level.urgency.is_none() {
            after_s += u64::from(level.delay_s);
        }
        let reached = spans::without(&fires, &uncovered);
        for (_, left) in nowhere.iter_mut().filter(|(urgency, _)| level.urgency.is_none_or(|of| of == *urgency)) {
            *left = spans::without(left, &reached);
        }
    }
    let [(_, high), (_, low)] = nowhere;
    let alike = high == low;
    for (urgency, spans) in [(Urgency::High, high), (Urgency::Low, low)] {
        if services.is_empty() || spans.is_empty() || (alike && urgency == Urgency::Low) {
            continue;
        }
        let services = services.iter().map(|s| s.id.clone()).collect();
        concerns.push(Concern::OnlyLastResort { services, policy: policy.id.clone(), urgency: Some(urgency).filter(|_| !alike), spans });
    }
}
