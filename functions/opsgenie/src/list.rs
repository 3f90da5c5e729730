//! Lists and counts of a team's alerts.
//!
//! In the order in which alerts came, either way, a list reads until its page is full; the address of the next page says where this one ended, so that whoever follows it reads each
//! alert once, and misses none. In any other order, and for a count, all alerts of the span that `createdAt` leaves are looked at. What one request does not come to it says.

use crate::Opsgenie;
use crate::beside::Wanted;
use crate::fields::{Place, Sort, wanted};
use crate::query::Query;
use crate::scan::{Reached, Scan};
use crate::show::Show;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use tocsin_app::error::AppError;
use tocsin_app::ports::{IntegrationKey, Order, Received};
use tocsin_domain::alert::Alert;
use tocsin_domain::id::AlertId;
use tocsin_ingest::opsgenie::{Answered, Visit, parameter};

/// Entries of a page.
const MOST: usize = 100;
/// Opsgenie's own bound of offset and limit together.
const MOST_OFFSET: usize = 20_000;
/// What an answer without `limit` holds.
const USUAL: usize = 20;

/// What a list is asked for.
struct Wish {
    query: Query,
    sort: Sort,
    oldest_first: bool,
    limit: usize,
    offset: usize,
    /// Where the page before ended; `offset` only counts then.
    behind: Option<Received>,
}

/// A page of it.
struct Page {
    shows: Vec<Show>,
    /// Alerts in all, where that is known.
    total: Option<usize>,
    /// Where the next one begins, if there is one: behind how many alerts and, in the order in which they came, behind which.
    next: Option<(usize, Option<Received>)>,
    /// Not all alerts were looked at.
    cut: bool,
}

impl Opsgenie {
    /// `GET /v2/alerts`.
    pub(crate) async fn list(&self, visit: &Visit, caller: &IntegrationKey, query: &str) -> Result<Answered, AppError> {
        let wish = match wish(visit, query) {
            Ok(wish) => wish,
            Err(answer) => return Ok(answer),
        };
        let page = if wish.sort == Sort::CreatedAt { self.in_order(visit, caller, &wish).await? } else { self.sorted(visit, caller, &wish).await? };
        let address = |(offset, behind)| json!(self.address(query, wish.limit, offset, behind));
        // Of a list that was not read to its end, the last page that is known of.
        let last = page.total.map(|total| (total.saturating_sub(1) / wish.limit * wish.limit, None)).or(page.next).unwrap_or((wish.offset, wish.behind));
        let mut paging = Map::from_iter([("first".to_owned(), address((0, None))), ("last".to_owned(), address(last))]);
        if let Some(next) = page.next {
            paging.insert("next".to_owned(), address(next));
        }
        if wish.offset > 0 {
            paging.insert("prev".to_owned(), address((wish.offset.saturating_sub(wish.limit), None)));
        }
        let data: Vec<Value> = page.shows.iter().map(Show::brief).collect();
        Ok(visit.answer(200, cut(page.cut, json!({"data": data, "paging": paging}))))
    }

    /// `GET /v2/alerts/count`.
    pub(crate) async fn count(&self, visit: &Visit, caller: &IntegrationKey, query: &str) -> Result<Answered, AppError> {
        let asked = match search(visit, query) {
            Ok(asked) => asked,
            Err(answer) => return Ok(answer),
        };
        let scan =
            Scan { team: &caller.team, wanted: wanted(&asked), query: &asked, order: Order::NewestFirst, enough: usize::MAX, behind: None, since: visit.since };
        let mut count = 0_u64;
        let reached = self
            .scan(&scan, |_, _| {
                count += 1;
                true
            })
            .await?;
        Ok(visit.answer(200, cut(reached != Reached::End, json!({"data": {"count": count}}))))
    }

    /// By when they came: as much as the page needs, and whether there is more.
    async fn in_order(&self, visit: &Visit, caller: &IntegrationKey, wish: &Wish) -> Result<Page, AppError> {
        let order = if wish.oldest_first { Order::OldestFirst } else { Order::NewestFirst };
        let skipped = if wish.behind.is_some() { 0 } else { wish.offset };
        let end = skipped + wish.limit;
        let (query, behind) = (&wish.query, wish.behind);
        // One more tells whether there is another page.
        let scan = Scan { team: &caller.team, query, wanted: wanted(query), order, enough: end + 1, behind, since: visit.since };
        let (mut found, mut last, mut alerts) = (0, None, Vec::<Alert>::new());
        let reached = self
            .scan(&scan, |at, show| {
                if (skipped..end).contains(&found) {
                    last = Some(at);
                    alerts.push(show.alert);
                }
                found += 1;
                found <= end
            })
            .await?;
        let number = |found: usize| (wish.offset - skipped).saturating_add(found);
        let next = match reached {
            _ if found > end => Some((number(end), last)),
            Reached::Bound(at) => Some((number(found), Some(at))),
            Reached::End | Reached::Enough => None,
        };
        let total = (reached == Reached::End).then(|| number(found));
        Ok(Page { shows: self.shows(alerts, Wanted::ALL).await?, total, next, cut: found <= end && matches!(reached, Reached::Bound(_)) })
    }

    /// By anything else: all of them are looked at, and only where each stands is kept.
    async fn sorted(&self, visit: &Visit, caller: &IntegrationKey, wish: &Wish) -> Result<Page, AppError> {
        let wanted = wanted(&wish.query) | wish.sort.wanted();
        let scan = Scan { team: &caller.team, query: &wish.query, wanted, order: Order::NewestFirst, enough: usize::MAX, behind: None, since: visit.since };
        let mut places: Vec<(Place, AlertId)> = Vec::new();
        let reached = self
            .scan(&scan, |at, show| {
                places.push((wish.sort.place(&show), at.alert));
                true
            })
            .await?;
        // Of equals the newest first; turned round as a whole.
        places.sort_by(|(a, _), (b, _)| Reverse(a).cmp(&Reverse(b)));
        if wish.oldest_first {
            places.reverse();
        }
        let ids: Vec<AlertId> = places.iter().skip(wish.offset).take(wish.limit).map(|(_, id)| *id).collect();
        let shows = self.shows(self.alerts.alerts(&ids).await?, Wanted::ALL).await?;
        let behind = wish.offset + wish.limit;
        let next = (behind < places.len()).then_some((behind, None));
        Ok(Page { shows, total: Some(places.len()), next, cut: reached != Reached::End })
    }

    /// The address of another page of the same list.
    fn address(&self, query: &str, limit: usize, offset: usize, behind: Option<Received>) -> String {
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        for name in ["query", "sort", "order"] {
            if let Some(value) = parameter(query, name) {
                parameters.append_pair(name, &value);
            }
        }
        parameters.append_pair("limit", &limit.to_string()).append_pair("offset", &offset.to_string());
        if let Some(behind) = behind {
            parameters.append_pair("behind", &format!("{}_{}", behind.at, behind.alert));
        }
        format!("{}/v2/alerts?{}", self.public_url.trim_end_matches('/'), parameters.finish())
    }
}

fn not_processable(visit: &Visit, name: &str, why: &str) -> Answered {
    visit.answer(422, json!({"message": "Request is not processable.", "errors": {name: why}}))
}

/// Which alerts are asked for. A saved search is refused: a list of all alerts would be taken for its answer.
fn search(visit: &Visit, query: &str) -> Result<Query, Answered> {
    if parameter(query, "searchIdentifier").is_some_and(|s| !s.is_empty()) {
        return Err(not_processable(visit, "searchIdentifier", "there are no saved searches here: send what it searches for as query"));
    }
    Query::read(&parameter(query, "query").unwrap_or_default()).map_err(|why| not_processable(visit, "query", &why.to_string()))
}

/// Reads what is asked for; or the answer that says what is wrong with it.
fn wish(visit: &Visit, query: &str) -> Result<Wish, Answered> {
    let given = |name: &str| parameter(query, name).filter(|v| !v.is_empty());
    let wrong = |name: &str, why: &str| not_processable(visit, name, why);
    let number = |name: &str, otherwise: usize| match given(name) {
        None => Ok(otherwise),
        Some(text) => text.parse::<usize>().map_err(|_| wrong(name, "should be a number")),
    };
    let (limit, offset) = (number("limit", USUAL)?.clamp(1, MOST), number("offset", 0)?);
    let sort = Sort::named(&given("sort").unwrap_or_default());
    let behind = match given("behind").filter(|_| sort == Sort::CreatedAt) {
        None => None,
        Some(text) => Some(position(&text).ok_or_else(|| wrong("behind", "should be as the address of a next page has it"))?),
    };
    if behind.is_none() && limit.saturating_add(offset) > MOST_OFFSET {
        return Err(visit.error(422, "Sum of offset and limit should not be greater than 20000: ask for older alerts by createdAt, or follow paging.next."));
    }
    Ok(Wish { query: search(visit, query)?, sort, oldest_first: given("order").is_some_and(|o| o.eq_ignore_ascii_case("asc")), limit, offset, behind })
}

/// Where a page ended, as its address says it.
fn position(text: &str) -> Option<Received> {
    let (at, alert) = text.split_once('_')?;
    Some(Received { at: at.parse().ok()?, alert: alert.parse().ok()? })
}

/// An answer that had to stop before it saw all alerts says so.
fn cut(is: bool, mut body: Value) -> Value {
    if let Some(map) = body.as_object_mut().filter(|_| is) {
        map.insert("truncated".to_owned(), json!(true));
        map.insert("message".to_owned(), json!("Not all alerts were looked at: narrow the query by createdAt, or follow paging.next."));
    }
    body
}
