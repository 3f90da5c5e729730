//! A calendar feed as iCalendar (RFC 5545), for whoever holds its address. GET and HEAD only; no token but the one in the address.
//!
//! Every text is one clean line before it is written, so that no name or note can begin a line of its own. Addresses that open nothing all look alike.

use crate::error::ApiError;
use crate::state::Api;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use icalendar::{Calendar, Component, Property};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tocsin_app::calendars::{Event, Shown};
use tocsin_domain::hex::hex;
use tocsin_domain::notification::message::{clean, cut};
use tocsin_lambda::problem::Problem;

/// Longest text of an event, in characters.
const MOST_TEXT: usize = 300;

pub(crate) fn router() -> Router<Arc<Api>> {
    Router::new().route("/calendar/{file}", get(read_feed))
}

async fn read_feed(State(api): State<Arc<Api>>, Path(file): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    // Calendars want a name that ends in .ics; people forget it.
    let token = file.strip_suffix(".ics").unwrap_or(&file);
    let shown = api.calendars.read(token).await?.ok_or_else(|| Problem::not_found("calendar at this address"))?;
    let body = write(&shown);
    let etag = format!("\"{}\"", hex(&Sha256::digest(body.as_bytes())[..16]));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).unwrap_or_default();
    // What a proxy weakened is the same to us.
    let unchanged = known.split(',').map(|t| t.trim().trim_start_matches("W/")).any(|t| t == etag || t == "*");
    let mut answer = if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let answer_headers = answer.headers_mut();
    answer_headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    // The address is a secret: no cache between here and its holder keeps what is behind it.
    answer_headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        answer_headers.insert(header::ETAG, value);
    }
    Ok(answer)
}

fn one_line(text: &str) -> String {
    cut(&clean(text), MOST_TEXT, "...")
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The calendar as text.
pub fn write(shown: &Shown) -> String {
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0")).append_property(("PRODID", "-//Tocsin//On call//EN")).append_property(("CALSCALE", "GREGORIAN"));
    // The crate escapes what it knows as text; this name is not among it, and commas would end it for some readers.
    let title = one_line(&shown.title).replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    calendar.append_property(Property::new("X-WR-CALNAME", title));
    let mut refresh = Property::new("REFRESH-INTERVAL", "PT1H");
    refresh.add_parameter("VALUE", "DURATION");
    calendar.append_property(refresh.done()).append_property(("X-PUBLISHED-TTL", "PT1H"));
    for event in &shown.events {
        calendar.push(one(event, shown.day));
    }
    calendar.to_string()
}

fn one(event: &Event, day: Timestamp) -> icalendar::Event {
    let mut written = icalendar::Event::new();
    written.uid(&event.uid).summary(&one_line(&format!("{} on call ({})", event.who, event.schedule))).description(&one_line(&event.reason));
    written.add_property("DTSTAMP", instant(day)).add_property("DTSTART", instant(event.start)).add_property("DTEND", instant(event.end));
    // Being on call does not make a person busy.
    written.add_property("TRANSP", "TRANSPARENT").done()
}
