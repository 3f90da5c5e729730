//! Lists and counts of a team's alerts.
//!
//! They are read newest first and told apart one by one, so a list looks at so many alerts at most: whoever needs older ones names a time (`createdAt < ...`).

use crate::Opsgenie;
use crate::query::{Compare, Field, Query, Value};
use crate::show::Show;
use futures::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::cmp::Ordering;
use tocsin_app::error::AppError;
use tocsin_app::ports::{IntegrationKey, Span};
use tocsin_ingest::opsgenie::{Answered, Visit, parameter};
use tocsin_ingest::source::opsgenie::alias;

/// Alerts that one request looks at.
const MOST_LOOKED_AT: usize = 2_000;
/// Alerts that are read at the same time.
const AT_ONCE: usize = 16;
/// Alerts that one round reads.
const A_ROUND: usize = 100;
/// Entries of a page.
const MOST: usize = 100;
/// Opsgenie's own bound of offset and limit together.
const MOST_OFFSET: usize = 20_000;
/// What an answer without `limit` holds.
const USUAL: usize = 20;

impl Opsgenie {
    /// `GET /v2/alerts`.
    pub(crate) async fn list(&self, visit: &Visit, caller: &IntegrationKey, query: &str) -> Result<Answered, AppError> {
        let number = |name: &str, otherwise: usize| match parameter(query, name).filter(|v| !v.is_empty()) {
            None => Ok(otherwise),
            Some(text) => {
                text.parse::<usize>().map_err(|_| visit.answer(422, json!({"message": "Request is not processable.", "errors": {name: "should be a number"}})))
            }
        };
        let (limit, offset) = match (number("limit", USUAL), number("offset", 0)) {
            (Ok(limit), Ok(offset)) => (limit.clamp(1, MOST), offset),
            (Err(answer), _) | (_, Err(answer)) => return Ok(answer),
        };
        if limit + offset > MOST_OFFSET {
            return Ok(visit.error(422, "Sum of offset and limit should be lower than 20000: ask for older alerts by createdAt."));
        }
        let mut found = match self.found(caller, query).await? {
            Ok(found) => found,
            Err(why) => return Ok(visit.error(422, &why)),
        };
        let (sort, order) = (parameter(query, "sort").unwrap_or_default(), parameter(query, "order").unwrap_or_default());
        if !matches!(sort.as_str(), "" | "createdAt") {
            found.sort_by(|a, b| by(&sort, b, a));
        }
        if order.eq_ignore_ascii_case("asc") {
            found.reverse();
        }
        let page = |offset: usize| self.page(query, limit, offset);
        let last = found.len().saturating_sub(1) / limit * limit;
        let mut paging = json!({"first": page(0), "last": page(last)});
        if let Some(paging) = paging.as_object_mut() {
            if offset + limit < found.len() {
                paging.insert("next".to_owned(), json!(page(offset + limit)));
            }
            if offset > 0 {
                paging.insert("prev".to_owned(), json!(page(offset.saturating_sub(limit))));
            }
        }
        let data: Vec<_> = found.iter().skip(offset).take(limit).map(Show::brief).collect();
        Ok(visit.answer(200, json!({"data": data, "paging": paging})))
    }

    /// `GET /v2/alerts/count`.
    pub(crate) async fn count(&self, visit: &Visit, caller: &IntegrationKey, query: &str) -> Result<Answered, AppError> {
        Ok(match self.found(caller, query).await? {
            Ok(found) => visit.answer(200, json!({"data": {"count": found.len()}})),
            Err(why) => visit.error(422, &why),
        })
    }

    /// The address of another page of the same list.
    fn page(&self, query: &str, limit: usize, offset: usize) -> String {
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        for name in ["query", "sort", "order"] {
            if let Some(value) = parameter(query, name) {
                parameters.append_pair(name, &value);
            }
        }
        let parameters = parameters.append_pair("limit", &limit.to_string()).append_pair("offset", &offset.to_string()).finish();
        format!("{}/v2/alerts?{parameters}", self.public_url.trim_end_matches('/'))
    }

    /// What a query asks for, newest first; or why it can not be answered.
    async fn found(&self, caller: &IntegrationKey, query: &str) -> Result<Result<Vec<Show>, String>, AppError> {
        let text = parameter(query, "query").unwrap_or_default();
        let asked = match Query::read(&text) {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(why.to_string())),
        };
        let span = span(&asked, self.now());
        let (mut found, mut after, mut seen) = (Vec::new(), None, 0);
        while seen < MOST_LOOKED_AT {
            let received = self.alerts.alerts_received(&caller.team, span, after, A_ROUND).await?;
            after = received.last().copied();
            seen += received.len();
            let ids: Vec<_> = received.iter().map(|r| r.alert).collect();
            let alerts = self.alerts.alerts(&ids).await?;
            let alerts = alerts.into_iter().filter(|a| !a.deleted && a.team == caller.team);
            let shown: Vec<Result<Show, AppError>> =
                stream::iter(alerts).map(|a| Show::of(a, &*self.alerts, &*self.incidents)).buffered(AT_ONCE).collect().await;
            for show in shown {
                let show = show?;
                if asked.matches(&|field: &Field| value(&show, field)) {
                    found.push(show);
                }
            }
            if received.len() < A_ROUND {
                break;
            }
        }
        Ok(Ok(found))
    }
}

/// The span that a query leaves: what its `createdAt` terms, joined by AND, allow.
fn span(query: &Query, now: Timestamp) -> Span {
    let soon = now.checked_add(SignedDuration::from_mins(5)).unwrap_or(Timestamp::MAX);
    let mut span = Span { from: Timestamp::UNIX_EPOCH, until: soon };
    let terms = match query {
        Query::And(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    for term in terms {
        if let Query::Term(Field::CreatedAt, compare, text) = term
            && let Some(at) = crate::query::instant(text)
        {
            let behind = at.checked_add(SignedDuration::from_nanos(1)).unwrap_or(at);
            match compare {
                Compare::Less => span.until = span.until.min(at),
                Compare::AtMost => span.until = span.until.min(behind),
                Compare::More | Compare::AtLeast => span.from = span.from.max(at),
                Compare::Has | Compare::Is | Compare::IsNot => {}
            }
        }
    }
    span
}

fn value<'a>(show: &'a Show, field: &Field) -> Value<'a> {
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
        Field::Priority => Value::Rank(match show.priority() {
            "P1" => 5,
            "P2" => 4,
            "P4" => 2,
            "P5" => 1,
            _ => 3,
        }),
        Field::Tag => Value::Texts(now.tags.iter().map(String::as_str).collect()),
        Field::Alias => Value::Texts(vec![alias(&alert.event)]),
        Field::Message => Value::Texts(vec![&now.message]),
        Field::Description => Value::Texts(vec![&now.description]),
        Field::Entity => Value::Texts(vec![alert.event.component.as_deref().unwrap_or_default()]),
        Field::Source => Value::Texts(vec![&alert.event.source]),
        Field::Owner => Value::Texts(vec![&now.owner]),
        Field::Integration => Value::Texts(vec![alert.key.integration.as_str()]),
        Field::Team => Value::Texts(vec![alert.team.as_str()]),
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

fn by(sort: &str, a: &Show, b: &Show) -> Ordering {
    match sort {
        "updatedAt" | "lastUpdatedAt" => a.now().updated_at.cmp(&b.now().updated_at),
        "lastOccurredAt" => a.last_occurred_at().cmp(&b.last_occurred_at()),
        "count" => a.count().cmp(&b.count()),
        "message" => a.now().message.cmp(&b.now().message),
        "alias" => alias(&a.alert.event).cmp(alias(&b.alert.event)),
        "status" => a.is_open().cmp(&b.is_open()),
        "source" => a.alert.event.source.cmp(&b.alert.event.source),
        "priority" => b.priority().cmp(a.priority()),
        _ => a.alert.received_at.cmp(&b.alert.received_at),
    }
}
