//! Who is on call.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Who is on call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnCallList {
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    pub(crate) schedules: Vec<OnCallSchedule>,
}

/// Who is on call in one schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnCallSchedule {
    pub(crate) schedule: String,
    pub(crate) team: String,
    /// Empty: nobody.
    pub(crate) on_call: Vec<OnCallPerson>,
}

/// One person on call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnCallPerson {
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) reason: String,
}
