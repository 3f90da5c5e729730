//! What the API shows and takes, a file a noun: its JSON documents, apart from what is stored.

mod alert;
mod bulk;
mod change;
mod command;
mod entry;
mod incident;
mod on_call;
mod problem;

pub(crate) use alert::AlertView;
pub(crate) use bulk::{BulkBody, BulkCommand, BulkResult, BulkResults};
pub(crate) use change::ChangeView;
pub(crate) use command::{
    AnswerBody, BridgeBody, FieldsBody, MergeBody, NoteBody, PriorityBody, ReassignBody, RespondersBody, SnoozeBody, SplitBody, TitleBody, UrgencyBody,
};
pub(crate) use entry::EntryView;
pub(crate) use incident::{GoneView, IncidentDetail, IncidentList, IncidentView};
pub(crate) use on_call::{OnCallList, OnCallPerson, OnCallSchedule};
pub(crate) use problem::ProblemView;
