//! Opsgenie's search language, as far as its clients use it: `status: open AND (priority: P1 OR tag: "db 1") AND NOT createdAt < 1700000000000`.
//!
//! A term is `field: value` (contains, for texts), `field = value`, or one of `!= < <= > >=`; a word without a field looks into message, alias, tags and entity. Words in
//! quotes keep their blanks, `*` stands for anything, terms side by side are joined by AND. Pure; bounded in length and depth.
//! Refuses a query that it does not understand, with the place: a list that silently left something out would be worse.

mod read;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use read::Reader;

/// Characters of the longest query.
const MOST: usize = 2_000;

/// What a query asks of an alert.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// Everything.
    All,
    /// All of them.
    And(Vec<Query>),
    /// One of them.
    Or(Vec<Query>),
    /// Not that.
    Not(Box<Query>),
    /// A field's value compares so.
    Term(Field, Compare, String),
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// A word without a field.
    Any,
    /// `open`, `closed`, `acked`, `unacked`, `snoozed`, `seen`.
    Status,
    /// `true` or `false`.
    Acknowledged,
    /// `true` or `false`.
    Snoozed,
    /// P1 to P5; P1 is the greatest.
    Priority,
    /// One of the tags.
    Tag,
    /// A text.
    Alias,
    /// A text.
    Message,
    /// A text.
    Description,
    /// A text.
    Entity,
    /// A text.
    Source,
    /// A text.
    Owner,
    /// The integration's id.
    Integration,
    /// Id or name of the team, or of a responder whom the sender named.
    Team,
    /// An id.
    AlertId,
    /// A number.
    TinyId,
    /// A number.
    Count,
    /// An instant.
    CreatedAt,
    /// An instant.
    UpdatedAt,
    /// An instant.
    LastOccurredAt,
    /// A detail: `details.NAME`, or `detailsPair: NAME`.
    Detail(String),
}

/// How a value compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Contains it, for texts; is it, for everything else.
    Has,
    /// Is it.
    Is,
    /// Is not.
    IsNot,
    /// Less.
    Less,
    /// Less or equal.
    AtMost,
    /// More.
    More,
    /// More or equal.
    AtLeast,
}

/// Why a query can not be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("query could not be understood at character {at}: {why}")]
pub struct Misunderstood {
    /// Position, from 1.
    pub at: usize,
    /// What is wrong.
    pub why: String,
}

/// What a term compares with.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Texts of which one has to compare.
    Texts(Vec<&'a str>),
    /// A word of a few.
    Words(Vec<&'static str>),
    /// A number.
    Number(u128),
    /// An instant.
    Instant(Timestamp),
    /// P1 is 5.
    Rank(u8),
}

impl Query {
    /// Reads a query; a blank one asks for everything.
    ///
    /// ```
    /// # use tocsin_opsgenie::query::Query;
    /// assert_eq!(Query::read("  "), Ok(Query::All));
    /// assert_eq!(Query::read("status: open priority=P1"), Query::read("status:open AND priority = P1"));
    /// assert_eq!(Query::read("shoe: 42").unwrap_err().to_string(), "query could not be understood at character 1: there is no field \"shoe\"");
    /// ```
    ///
    /// # Errors
    /// [`Misunderstood`].
    pub fn read(text: &str) -> Result<Query, Misunderstood> {
        let chars: Vec<char> = text.chars().collect();
        if chars.len() > MOST {
            return Err(Misunderstood { at: MOST, why: format!("it is longer than {MOST} characters") });
        }
        Reader::new(chars).whole()
    }

    /// Whether an alert is asked for. `value` answers what a field of it is.
    pub fn matches<'a>(&self, value: &impl Fn(&Field) -> Value<'a>) -> bool {
        match self {
            Query::All => true,
            Query::And(all) => all.iter().all(|q| q.matches(value)),
            Query::Or(some) => some.iter().any(|q| q.matches(value)),
            Query::Not(query) => !query.matches(value),
            Query::Term(field, Compare::IsNot, wanted) => !compares(&value(field), Compare::Is, wanted),
            Query::Term(field, compare, wanted) => compares(&value(field), *compare, wanted),
        }
    }
}

fn compares(value: &Value<'_>, compare: Compare, wanted: &str) -> bool {
    match value {
        Value::Texts(texts) => texts.iter().any(|text| compares_text(text, compare, wanted)),
        Value::Words(words) => words.iter().any(|w| w.eq_ignore_ascii_case(wanted)),
        Value::Number(number) => wanted.parse::<u128>().is_ok_and(|w| ordered(number.cmp(&w), compare)),
        Value::Instant(at) => instant(wanted).is_some_and(|w| ordered(at.cmp(&w), compare)),
        Value::Rank(rank) => {
            ["P5", "P4", "P3", "P2", "P1"].iter().zip(1_u8..).find(|(p, _)| p.eq_ignore_ascii_case(wanted)).is_some_and(|(_, w)| ordered(rank.cmp(&w), compare))
        }
    }
}

fn ordered(order: std::cmp::Ordering, compare: Compare) -> bool {
    match compare {
        Compare::Has | Compare::Is => order.is_eq(),
        Compare::IsNot => order.is_ne(),
        Compare::Less => order.is_lt(),
        Compare::AtMost => order.is_le(),
        Compare::More => order.is_gt(),
        Compare::AtLeast => order.is_ge(),
    }
}

fn compares_text(text: &str, compare: Compare, wanted: &str) -> bool {
    let (text, wanted) = (text.to_lowercase(), wanted.to_lowercase());
    match compare {
        _ if wanted.contains('*') => like(&text, &wanted),
        Compare::Has => text.contains(&wanted),
        Compare::Is => text == wanted,
        Compare::IsNot => text != wanted,
        Compare::Less | Compare::AtMost | Compare::More | Compare::AtLeast => ordered(text.cmp(&wanted), compare),
    }
}

/// `*` stands for anything. Linear: each piece is looked for behind the one before.
fn like(text: &str, pattern: &str) -> bool {
    let pieces: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = pieces.as_slice() else { return text == pattern };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Milliseconds since 1970, a timestamp, or a day: `05-01-2026` (day first, as Opsgenie writes it) or `2026-01-05`, whose first instant in UTC is meant.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    if let Ok(number) = text.parse::<i64>() {
        return if number.abs() < 100_000_000_000 { Timestamp::from_second(number).ok() } else { Timestamp::from_millisecond(number).ok() };
    }
    let day_first = Date::strptime("%d-%m-%Y", text).ok();
    let date = day_first.or_else(|| text.parse::<Date>().ok())?;
    date.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(field: &Field) -> Value<'a> {
        match field {
            Field::Any => Value::Texts(vec!["Disk full on db 1", "db/1", "late"]),
            Field::Status => Value::Words(vec!["open", "acked"]),
            Field::Acknowledged => Value::Words(vec!["true"]),
            Field::Snoozed => Value::Words(vec!["false"]),
            Field::Priority => Value::Rank(4),
            Field::Tag => Value::Texts(vec!["late", "b c"]),
            Field::Alias => Value::Texts(vec!["db/1"]),
            Field::Message => Value::Texts(vec!["Disk full on db 1"]),
            Field::Detail(name) if name == "region" => Value::Texts(vec!["eu"]),
            Field::Count => Value::Number(7),
            Field::CreatedAt => Value::Instant("2026-01-05T09:00:00Z".parse().unwrap()),
            _ => Value::Texts(Vec::new()),
        }
    }

    #[test]
    fn what_matches() {
        for yes in [
            "",
            "status: open",
            "status=acked",
            "status : open AND priority: P2",
            "priority > P3",
            "priority: (P1 OR P2)",
            "priority = (P1 P2)",
            "tag: \"b c\"",
            "tag=late tag='b c'",
            "NOT tag: x",
            "NOT NOT tag: late",
            "alias: \"db/1\"",
            "alias = DB/1",
            "message: disk",
            "message: Disk*1",
            "message = disk*",
            "message = *",
            "full",
            "full AND \"on db\"",
            "(status: closed OR count >= 7) AND count < 8",
            "count != 6",
            "createdAt > 1700000000000",
            "createdAt >= 05-01-2026 AND createdAt < 06-01-2026",
            "createdAt <= 2026-01-05T09:00:00Z",
            "details.region: eu",
            "acknowledged: true AND snoozed: false",
            "status:open OR nonsense",
        ] {
            assert!(Query::read(yes).unwrap_or_else(|e| panic!("{yes}: {e}")).matches(&value), "{yes}");
        }
        for no in [
            "status: closed",
            "NOT status: open",
            "priority: P1",
            "priority < P2",
            "tag = lat",
            "alias = db",
            "message = disk",
            "count > 7",
            "createdAt: soon",
            "nonsense",
            "entity: x",
            "status: open AND priority: P1",
        ] {
            assert!(!Query::read(no).unwrap_or_else(|e| panic!("{no}: {e}")).matches(&value), "{no}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for bad in ["shoe: 42", "status:", "status: open AND", "(status: open", "status: open)", "AND", "tag: \"x", "priority: (P1", "OR x", "=", "a = b = c ="]
        {
            assert!(Query::read(bad).is_err(), "{bad}: {:?}", Query::read(bad));
        }
        assert!(Query::read(&"(".repeat(1000)).is_err());
        assert!(Query::read(&"x ".repeat(1500)).is_err());
    }
}
