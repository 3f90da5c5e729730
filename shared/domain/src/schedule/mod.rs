//! Schedules: who is on call, at any instant, and why.

use crate::id::{ScheduleId, TeamId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A schedule. (First form: the rotation engine grows behind [`Schedule::on_call`].)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Its owner.
    pub team: TeamId,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// IANA zone of its wall-clock times.
    pub time_zone: String,
}

/// One person on call and the chain of reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCall {
    /// Who.
    pub user: UserId,
    /// Why, as a sentence fragment ("layer 'weekly', turn 12").
    pub reason: String,
}

impl Schedule {
    /// Who is on call at `at`; empty when nobody is.
    pub fn on_call(&self, _at: Timestamp) -> Vec<OnCall> {
        Vec::new()
    }
}
