//! What a search and an order go by: a field's value of an alert, and what has to be read beside the alert to know it.

use crate::beside::Wanted;
use crate::query::{Field, Query, Value};
use crate::show::Show;
use tocsin_ingest::source::opsgenie::alias;

/// What a query has to know beside the alerts themselves. Most ask for an alias, a message or whether it is open, and need nothing more.
pub(crate) fn wanted(query: &Query) -> Wanted {
    match query {
        Query::All => Wanted::default(),
        Query::And(parts) | Query::Or(parts) => parts.iter().map(wanted).fold(Wanted::default(), |all, one| all | one),
        Query::Not(query) => wanted(query),
        Query::Term(field, _, word) => of_field(field, word),
    }
}

fn of_field(field: &Field, word: &str) -> Wanted {
    let asks = Wanted { asks: true, ..Wanted::default() };
    let counts = Wanted { counts: true, ..Wanted::default() };
    let incidents = Wanted { incidents: true, ..asks };
    match field {
        // Known from the alert, whatever was asked of it.
        Field::Status if ["open", "closed"].iter().any(|w| w.eq_ignore_ascii_case(word)) => Wanted::default(),
        Field::Alias | Field::Entity | Field::Source | Field::Integration | Field::Team | Field::AlertId | Field::TinyId | Field::CreatedAt => {
            Wanted::default()
        }
        Field::Any | Field::Priority | Field::Tag | Field::Message | Field::Description | Field::Detail(_) => asks,
        Field::Status | Field::Acknowledged | Field::Snoozed | Field::Owner => incidents,
        Field::Count | Field::LastOccurredAt => counts,
        Field::UpdatedAt => asks | counts,
    }
}

/// Whether a query asks for this field.
pub(crate) fn asks_for(query: &Query, field: &Field) -> bool {
    match query {
        Query::All => false,
        Query::And(parts) | Query::Or(parts) => parts.iter().any(|part| asks_for(part, field)),
        Query::Not(query) => asks_for(query, field),
        Query::Term(asked, ..) => asked == field,
    }
}

/// A field of an alert of a team that is called so.
pub(crate) fn value<'a>(show: &'a Show, field: &Field, team: &'a str) -> Value<'a> {
    let (alert, now) = (&show.alert, show.now());
    let flag = |is: bool| Value::Words(vec![if is { "true" } else { "false" }]);
    match field {
        Field::Any => {
            let mut texts = vec![now.message.as_str(), alias(&alert.event), alert.event.component.as_deref().unwrap_or_default()];
            texts.extend(now.tags.iter().map(String::as_str));
            Value::Texts(texts)
        }
        Field::Status => {
            let mut words = vec![if show.is_open() { "open" } else { "closed" }];
            words.extend(if now.acknowledged { ["acked", "acknowledged", "seen"].as_slice() } else { &["unacked", "unacknowledged"] });
            words.extend(now.snoozed_until.map(|_| "snoozed"));
            Value::Words(words)
        }
        Field::Acknowledged => flag(now.acknowledged),
        Field::Snoozed => flag(now.snoozed_until.is_some()),
        Field::Priority => Value::Rank(rank(show)),
        Field::Tag => Value::Texts(now.tags.iter().map(String::as_str).collect()),
        Field::Alias => Value::Texts(vec![alias(&alert.event)]),
        Field::Message => Value::Texts(vec![&now.message]),
        Field::Description => Value::Texts(vec![&now.description]),
        Field::Entity => Value::Texts(vec![alert.event.component.as_deref().unwrap_or_default()]),
        Field::Source => Value::Texts(vec![&alert.event.source]),
        Field::Owner => Value::Texts(vec![&now.owner]),
        Field::Integration => Value::Texts(vec![alert.key.integration.as_str()]),
        Field::Team => Value::Texts([alert.team.as_str(), team].into_iter().chain(show.named()).collect()),
        Field::AlertId => Value::Texts(vec![show.id()]),
        Field::TinyId => Value::Number(alert.id.ulid().0),
        Field::Count => Value::Number(u128::from(show.count())),
        Field::CreatedAt => Value::Instant(alert.received_at),
        Field::UpdatedAt => Value::Instant(now.updated_at),
        Field::LastOccurredAt => Value::Instant(show.last_occurred_at()),
        Field::Detail(name) if name.is_empty() => Value::Texts(now.details.iter().flat_map(|(k, v)| [Some(k.as_str()), v.as_str()]).flatten().collect()),
        Field::Detail(name) => Value::Texts(now.details.get(name).and_then(serde_json::Value::as_str).into_iter().collect()),
    }
}

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    CreatedAt,
    UpdatedAt,
    LastOccurredAt,
    Count,
    Message,
    Alias,
    Status,
    Acknowledged,
    Snoozed,
    Owner,
    Source,
    Priority,
    Integration,
}

/// Where an alert stands in an order; values of one [`Sort`] are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Number(i128),
    Text(String),
}

impl Sort {
    /// As clients name it. What is not known is the usual order: a list in another order than asked is better than none.
    pub(crate) fn named(name: &str) -> Sort {
        match name {
            "updatedAt" | "lastUpdatedAt" => Sort::UpdatedAt,
            "lastOccurredAt" => Sort::LastOccurredAt,
            "count" => Sort::Count,
            "message" => Sort::Message,
            "alias" => Sort::Alias,
            "status" => Sort::Status,
            "acknowledged" | "isSeen" => Sort::Acknowledged,
            "snoozed" => Sort::Snoozed,
            "owner" => Sort::Owner,
            "source" => Sort::Source,
            "priority" => Sort::Priority,
            "integration.name" => Sort::Integration,
            _ => Sort::CreatedAt,
        }
    }

    /// What has to be read beside the alerts.
    pub(crate) fn wanted(self) -> Wanted {
        let field = match self {
            Sort::CreatedAt => Field::CreatedAt,
            Sort::UpdatedAt => Field::UpdatedAt,
            Sort::LastOccurredAt => Field::LastOccurredAt,
            Sort::Count => Field::Count,
            Sort::Message => Field::Message,
            Sort::Alias => Field::Alias,
            Sort::Status => return Wanted::default(),
            Sort::Acknowledged => Field::Acknowledged,
            Sort::Snoozed => Field::Snoozed,
            Sort::Owner => Field::Owner,
            Sort::Source => Field::Source,
            Sort::Priority => Field::Priority,
            Sort::Integration => Field::Integration,
        };
        of_field(&field, "")
    }

    /// Where an alert stands.
    pub(crate) fn place(self, show: &Show) -> Place {
        let (alert, now) = (&show.alert, show.now());
        match self {
            Sort::CreatedAt => Place::Number(alert.received_at.as_nanosecond()),
            Sort::UpdatedAt => Place::Number(now.updated_at.as_nanosecond()),
            Sort::LastOccurredAt => Place::Number(show.last_occurred_at().as_nanosecond()),
            Sort::Count => Place::Number(i128::from(show.count())),
            Sort::Status => Place::Number(i128::from(show.is_open())),
            Sort::Acknowledged => Place::Number(i128::from(now.acknowledged)),
            Sort::Snoozed => Place::Number(i128::from(now.snoozed_until.is_some())),
            Sort::Priority => Place::Number(i128::from(rank(show))),
            Sort::Message => Place::Text(now.message.clone()),
            Sort::Alias => Place::Text(alias(&alert.event).to_owned()),
            Sort::Owner => Place::Text(now.owner.clone()),
            Sort::Source => Place::Text(alert.event.source.clone()),
            Sort::Integration => Place::Text(alert.key.integration.to_string()),
        }
    }
}

/// P1 is the greatest.
fn rank(show: &Show) -> u8 {
    match show.priority() {
        "P1" => 5,
        "P2" => 4,
        "P4" => 2,
        "P5" => 1,
        _ => 3,
    }
}
