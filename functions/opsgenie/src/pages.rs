//! Pages of an alert's notes and logs: newest first unless asked otherwise, a hundred at most, and no more than an answer can carry.

use crate::show::Entry;
use serde_json::{Value, json};
use tocsin_ingest::opsgenie::parameter;

/// Entries of a page.
const MOST: usize = 100;
/// Bytes of a page: a function answers six megabytes at most.
const MOST_BYTES: usize = 4_000_000;

/// The page of a list, oldest first, that `query` asks for; `address` is where the list is.
pub(crate) fn page(mut entries: Vec<Entry>, query: &str, address: &str) -> Value {
    let ascending = parameter(query, "order").is_some_and(|o| o.eq_ignore_ascii_case("asc"));
    if !ascending {
        entries.reverse();
    }
    let behind = parameter(query, "offset").and_then(|o| o.parse::<u64>().ok());
    if let Some(at) = behind.and_then(|behind| entries.iter().position(|(place, _)| *place == behind)) {
        entries.drain(..=at);
    }
    let limit = parameter(query, "limit").and_then(|l| l.parse().ok()).unwrap_or(MOST).clamp(1, MOST);
    let mut bytes = 0;
    let fits = entries.iter().take(limit).enumerate().take_while(|(n, (_, value))| {
        bytes += value.to_string().len();
        *n == 0 || bytes <= MOST_BYTES
    });
    let count = fits.count();
    let more = entries.len() > count;
    entries.truncate(count);
    let next =
        entries.last().filter(|_| more).map(|(place, _)| format!("{address}?order={}&limit={limit}&offset={place}", if ascending { "asc" } else { "desc" }));
    let data: Vec<Value> = entries.into_iter().map(|(_, value)| value).collect();
    json!({"data": data, "paging": next.map_or_else(|| json!({}), |next| json!({"next": next}))})
}
