//! What people say when they command an incident.

use jiff::Timestamp;
use serde::Deserialize;
use tocsin_domain::alert::Urgency;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::id::{AlertId, UserId};
use tocsin_domain::incident::Priority;
use tocsin_domain::incident::details::Fields;
use utoipa::ToSchema;

/// Text to write down.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteBody {
    /// 1 to 10,000 characters.
    #[schema(min_length = 1, max_length = 10000)]
    pub(crate) text: String,
}

/// How long to put aside: either an instant or a length.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnoozeBody {
    /// RFC 3339.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) until: Option<Timestamp>,
    /// Whole seconds from now.
    #[schema(minimum = 1)]
    pub(crate) duration_s: Option<u32>,
}

/// Whom to give it to: 1 to 50 of `{"user": ID}`, `{"schedule": ID}`, `{"team": ID}`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReassignBody {
    #[schema(value_type = Vec<TargetView>, min_items = 1, max_items = 50)]
    pub(crate) to: Vec<Target>,
}

/// A target; for the document only.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document's generator only")]
#[schema(as = Target, rename_all = "snake_case")]
pub(crate) enum TargetView {
    User(String),
    Schedule(String),
    Team(String),
}

/// Whom to ask to help: 1 to 50 of `{"user": ID}`, `{"schedule": ID}`, `{"team": ID}`, and what for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RespondersBody {
    #[schema(value_type = Vec<TargetView>, min_items = 1, max_items = 50)]
    pub(crate) to: Vec<Target>,
    /// What for: 160 characters at most, they stand in a text message.
    #[serde(default)]
    #[schema(max_length = 160)]
    pub(crate) message: String,
}

/// What it is called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TitleBody {
    /// One line.
    #[schema(min_length = 1, max_length = 1024)]
    pub(crate) title: String,
}

/// Custom fields: a text of 200 characters at most, a number, true or false; null takes one away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldsBody {
    #[schema(value_type = Object)]
    pub(crate) fields: Fields,
}

/// Where those who work on it talk.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BridgeBody {
    /// Begins with https://, http:// or tel:; null takes it away.
    #[schema(max_length = 300)]
    pub(crate) bridge: Option<String>,
}

/// Which incidents become part of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeBody {
    /// Ids or numbers.
    #[schema(min_items = 1, max_items = 50)]
    pub(crate) sources: Vec<String>,
}

/// Which alerts become an incident of their own; at least one that goes on has to stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitBody {
    /// Ids of alerts that go on.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 30)]
    pub(crate) alerts: Vec<AlertId>,
    /// By default the summary of the first of them.
    #[schema(max_length = 1024)]
    pub(crate) title: Option<String>,
}

/// Who answers a request for help.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// By default whom the token stands for.
    #[schema(value_type = Option<String>)]
    pub(crate) user: Option<UserId>,
}

/// A priority; null takes it away.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriorityBody {
    #[schema(value_type = Option<String>, pattern = "^P[1-5]$")]
    pub(crate) priority: Option<Priority>,
}

/// Which notification rules apply.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UrgencyBody {
    /// high or low.
    #[schema(value_type = String, pattern = "^(high|low)$")]
    pub(crate) urgency: Urgency,
}
