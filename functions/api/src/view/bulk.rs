//! One command for many incidents, and what became of each.

use super::command::{NoteBody, PriorityBody, ReassignBody, SnoozeBody, UrgencyBody};
use super::incident::IncidentView;
use super::problem::ProblemView;
use serde::{Deserialize, Serialize};
use tocsin_lambda::problem::Problem;
use utoipa::ToSchema;

/// One command for up to 250 incidents.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkBody {
    /// Ids or numbers.
    #[schema(min_items = 1, max_items = 250)]
    pub(crate) incidents: Vec<String>,
    pub(crate) command: BulkCommand,
}

/// What to do with each of them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum BulkCommand {
    Acknowledge {},
    Unacknowledge {},
    Resolve {},
    Reopen {},
    Escalate {},
    Note(NoteBody),
    Snooze(SnoozeBody),
    Reassign(ReassignBody),
    Priority(PriorityBody),
    Urgency(UrgencyBody),
}

/// What became of each, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkResults {
    pub(crate) results: Vec<BulkResult>,
}

/// What became of one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkResult {
    /// As it was asked for.
    pub(crate) reference: String,
    /// The status that this command alone would have been answered with.
    pub(crate) status: u16,
    /// The incident as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) incident: Option<IncidentView>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemView>)]
    pub(crate) problem: Option<Problem>,
}
