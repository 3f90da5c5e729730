//! Opsgenie's alert API v2, what is sent to it: `POST /v2/alerts`, and what is asked of an alert afterwards.
//!
//! Called by: [`opsgenie`](crate::opsgenie) and the function of that name, which answer. Format: <https://docs.opsgenie.com/docs/alert-api>.
//!
//! Priority chooses the severity: P1 is critical, P2 and P3 are errors, P4 is a warning, P5 an information. P3 is what an alert without a priority has, and Opsgenie
//! pages for it: so it has high urgency here too.
//!
//! Refused (422, each field named): a create without `message`, another priority than the five, and an ask without what it is about. Whatever is too long is cut with a
//! note, as Opsgenie does, and stands whole in the details; what an ask says too long of is cut, and its note says so.

use super::draft::Draft;
use super::{identity, json, time};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::ask::Ask;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::incident::Priority;

/// What alerts of this format name as their client, so that readers know how their details are made.
pub const CLIENT: &str = "Opsgenie API";

const MOST_MESSAGE: usize = 130;
const MOST_ALIAS: usize = 512;
const MOST_DESCRIPTION: usize = 15_000;
const MOST_RECIPIENTS: usize = 50;
const MOST_ACTIONS: (usize, usize) = (10, 50);
const MOST_TAGS: (usize, usize) = (20, 50);
const MOST_ENTITY: usize = 512;
const MOST_SOURCE: usize = 100;
const MOST_USER: usize = 100;
const MOST_NOTE: usize = 25_000;
/// Characters of whom or what an ask names.
const MOST_NAME: usize = 512;
/// Details that one ask takes away.
const MOST_KEYS: usize = 200;
/// Characters of all details that one ask adds: an ask is one item of the table, whatever they are.
const MOST_ASKED_DETAILS: usize = 50_000;

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It is no JSON object (400).
    Unreadable,
    /// Fields that are missing or can not be understood, each with the reason (422).
    Fields(BTreeMap<String, String>),
}

impl Wrong {
    fn field(name: &str, why: &str) -> Self {
        Wrong::Fields(BTreeMap::from([(name.to_owned(), why.to_owned())]))
    }
}

/// What every request may say beside its purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// In whose name.
    pub user: String,
    /// From where.
    pub source: String,
    /// What is added.
    pub note: String,
}

/// Reads a create. `fresh_alias` makes the alias of an alert that has none.
///
/// # Errors
/// [`Wrong`].
pub fn create(body: &[u8], fresh_alias: impl FnOnce() -> String) -> Result<Event, Wrong> {
    let (mut top, notes) = object(body)?;
    let mut draft = Draft::new(notes);
    let mut errors = BTreeMap::new();
    let message = json::take(&mut top, "message").map(json::into_text).filter(|m| !json::is_blank(m));
    if message.is_none() {
        errors.insert("message".to_owned(), "Message can not be empty.".to_owned());
    }
    let priority = priority(json::take(&mut top, "priority"), &mut errors);
    let (Some(message), true) = (message, errors.is_empty()) else { return Err(Wrong::Fields(errors)) };

    let mut details = Map::new();
    let given = json::take(&mut top, "alias").map(json::into_text).filter(|a| !json::is_blank(a));
    let (dedup_key, note) = key(given.clone().unwrap_or_else(fresh_alias));
    if let Some(note) = note {
        // The key is a shorter one; the alias stays what its sender calls it.
        draft.note(note);
        details.insert("alias".to_owned(), Value::from(given));
    }
    let summary = cut(&mut draft, "message", message, MOST_MESSAGE);
    let mut line = |field: &str, most| json::take(&mut top, field).map(|v| cut(&mut draft, field, json::into_text(v), most));
    let (component, source) = (line("entity", MOST_ENTITY), line("source", MOST_SOURCE).unwrap_or_default());
    for (field, most) in [("description", MOST_DESCRIPTION), ("user", MOST_USER), ("note", MOST_NOTE)] {
        if let Some(text) = line(field, most) {
            details.insert(field.to_owned(), Value::from(text));
        }
    }
    for (field, (count, length)) in [("tags", MOST_TAGS), ("actions", MOST_ACTIONS)] {
        let words = words(&mut draft, field, json::take(&mut top, field), count, length);
        if !words.is_empty() {
            details.insert(field.to_owned(), Value::from(words));
        }
    }
    // `teams` and `recipients` are what older senders call responders.
    let mut responders = Vec::new();
    for (field, kind) in [("responders", None), ("teams", Some("team")), ("recipients", Some("user"))] {
        responders.extend(recipients(json::take(&mut top, field), kind));
    }
    for (field, mut list) in [("responders", responders), ("visibleTo", recipients(json::take(&mut top, "visibleTo"), None))] {
        if list.len() > MOST_RECIPIENTS {
            draft.note(format!("{field} cut from {} to {MOST_RECIPIENTS}", list.len()));
            draft.keep(field, Value::from(list.split_off(MOST_RECIPIENTS)));
        }
        if !list.is_empty() {
            details.insert(field.to_owned(), Value::from(list));
        }
    }
    match json::take(&mut top, "details") {
        Some(Value::Object(map)) => {
            details.insert("details".to_owned(), Value::Object(texts(map).map(|(k, v)| (k, Value::from(v))).collect()));
        }
        Some(other) => {
            draft.note("details is no object".to_owned());
            draft.keep("details", other);
        }
        None => {}
    }
    top.remove("apiKey"); // a secret, from a sender of the first version
    draft.keep_rest("", top);
    let (details, adapted) = draft.finish(Some(Value::Object(details)));
    Ok(Event {
        summary,
        source,
        priority,
        component,
        client: Some(CLIENT.to_owned()),
        details,
        adapted,
        ..Event::bare(Action::Trigger, dedup_key, severity(priority))
    })
}

/// The dedup key of an alias, and a note where it is not the alias itself.
pub fn key(alias: String) -> (String, Option<String>) {
    let length = alias.chars().count();
    let (key, note) = identity::bounded(alias);
    let over = note.filter(|_| length > MOST_ALIAS).map(|_| format!("alias is longer than {MOST_ALIAS} characters: {length}"));
    let shortened = key.chars().count() < length;
    (key, over.or_else(|| shortened.then(|| format!("alias of {length} characters is looked up by its hash"))))
}

/// The alias of an alert as its sender knows it.
pub fn alias(event: &Event) -> &str {
    match event.details.get("alias").and_then(Value::as_str) {
        Some(whole) if event.client.as_deref() == Some(CLIENT) => whole,
        Some(_) | None => &event.dedup_key,
    }
}

/// How bad what has this priority is; P3 is what has none.
pub fn severity(priority: Option<Priority>) -> Severity {
    match priority {
        Some(Priority::P1) => Severity::Critical,
        Some(Priority::P2 | Priority::P3) | None => Severity::Error,
        Some(Priority::P4) => Severity::Warning,
        Some(Priority::P5) => Severity::Info,
    }
}

/// What is asked of an alert: `name` is the last part of the address (`actions/NAME` for a custom action), `removes` whether it was a DELETE, `query` its parameters, which stand in for the body.
///
/// # Errors
/// [`Wrong`].
pub fn ask(name: &str, removes: bool, query: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> Result<(Ask, Said), Wrong> {
    let mut top = if body.iter().all(u8::is_ascii_whitespace) { Map::new() } else { object(body)?.0 };
    let mut draft = Draft::new(Vec::new());
    let mut take = |field: &str| json::take(&mut top, field).or_else(|| query(field).filter(|v| !v.is_empty()).map(Value::from));
    let mut text = |field: &str, value: Option<Value>, most| value.map(|v| cut(&mut draft, field, json::into_text(v), most)).unwrap_or_default();
    let mut said =
        Said { user: text("user", take("user"), MOST_USER), source: text("source", take("source"), MOST_SOURCE), note: text("note", take("note"), MOST_NOTE) };
    let required = |field: &str, value: Option<Value>| value.ok_or_else(|| Wrong::field(field, &format!("{field} can not be empty.")));
    let ask = match name {
        "close" => Ask::Close,
        "acknowledge" => Ask::Acknowledge,
        "unacknowledge" => Ask::Unacknowledge,
        "delete" => Ask::Delete,
        "notes" if said.note.is_empty() => return Err(Wrong::field("note", "Note can not be empty.")),
        "notes" => Ask::Note,
        "snooze" => {
            let end = required("endTime", take("endTime"))?;
            let until = time::read(&end).ok_or_else(|| Wrong::field("endTime", "should be a time such as 2026-01-05T09:00:00Z"))?;
            Ask::Snooze { until }
        }
        "tags" => {
            let tags = words(&mut draft, "tags", Some(required("tags", take("tags"))?), MOST_TAGS.0, MOST_TAGS.1);
            if removes { Ask::RemoveTags { tags } } else { Ask::AddTags { tags } }
        }
        "details" if removes => Ask::RemoveDetails { keys: words(&mut draft, "keys", Some(required("keys", take("keys"))?), MOST_KEYS, MOST_NAME) },
        "details" => match take("details") {
            Some(Value::Object(map)) => Ask::AddDetails { details: short_details(&mut draft, map) },
            Some(_) | None => return Err(Wrong::field("details", "should be a map of texts")),
        },
        "message" => Ask::Message { text: text("message", Some(required("message", take("message"))?), MOST_MESSAGE) },
        "description" => Ask::Description { text: text("description", take("description"), MOST_DESCRIPTION) },
        "priority" => {
            let mut errors = BTreeMap::new();
            match priority(take("priority"), &mut errors) {
                Some(priority) => Ask::Priority { priority },
                None if errors.is_empty() => return Err(Wrong::field("priority", PRIORITIES)),
                None => return Err(Wrong::Fields(errors)),
            }
        }
        "assign" => Ask::Assign { to: somebody("owner", required("owner", take("owner"))?)?.1 },
        "escalate" => Ask::Escalate { to: take("escalation").map(|v| named(v).1).unwrap_or_default() },
        "responders" | "teams" => {
            let field = if name == "teams" { "team" } else { "responder" };
            let (kind, who) = somebody(field, required(field, take(field))?)?;
            Ask::AddResponder { to: format!("{} {who}", if kind.is_empty() { field } else { &kind }) }
        }
        action => Ask::Execute { action: action.strip_prefix("actions/").unwrap_or(action).chars().take(MOST_ACTIONS.1).collect() },
    };
    let cuts = draft.into_notes();
    if !cuts.is_empty() {
        let cuts = format!("({})", cuts.join(", "));
        said.note = if said.note.is_empty() { cuts } else { format!("{} {cuts}", said.note) };
    }
    Ok((ask, said))
}

/// What is said of another priority.
pub const PRIORITIES: &str = "should be one of [ P1, P2, P3, P4, P5 ]";

fn priority(value: Option<Value>, errors: &mut BTreeMap<String, String>) -> Option<Priority> {
    let word = json::into_text(value?);
    let found = priority_named(&word);
    if found.is_none() && !json::is_blank(&word) {
        errors.insert("priority".to_owned(), PRIORITIES.to_owned());
    }
    found
}

/// A priority by its word.
pub fn priority_named(word: &str) -> Option<Priority> {
    match word.trim().to_ascii_uppercase().as_str() {
        "P1" => Some(Priority::P1),
        "P2" => Some(Priority::P2),
        "P3" => Some(Priority::P3),
        "P4" => Some(Priority::P4),
        "P5" => Some(Priority::P5),
        _ => None,
    }
}

fn object(body: &[u8]) -> Result<(Map<String, Value>, Vec<String>), Wrong> {
    match json::parse(body) {
        Ok(json::Document { value: Value::Object(map), notes }) => Ok((map, notes)),
        Ok(_) | Err(_) => Err(Wrong::Unreadable),
    }
}

/// A map of texts; what says nothing is empty.
fn texts(map: Map<String, Value>) -> impl Iterator<Item = (String, String)> {
    map.into_iter().map(|(k, v)| (k, if v.is_null() { String::new() } else { json::into_text(v) }))
}

/// As many details as one item can hold, the others are left out.
fn short_details(draft: &mut Draft, map: Map<String, Value>) -> BTreeMap<String, String> {
    let (all, mut room) = (map.len(), MOST_ASKED_DETAILS);
    let mut fits = |(key, text): &(String, String)| {
        let left = room.checked_sub(key.chars().count() + text.chars().count());
        room = left.unwrap_or(room);
        left.is_some()
    };
    let details: BTreeMap<String, String> = texts(map).filter(|one| fits(one)).collect();
    if details.len() < all {
        draft.note(format!("details cut from {all} to {}: {MOST_ASKED_DETAILS} characters in all", details.len()));
    }
    details
}

/// A text of so many characters; the whole is kept where it was longer.
fn cut(draft: &mut Draft, field: &str, text: String, most: usize) -> String {
    match json::cut(field, &text, most) {
        None => text,
        Some((kept, note)) => {
            draft.note(note);
            draft.keep(field, Value::String(text));
            kept
        }
    }
}

/// A list of words; one text with commas is read too. Each once, in the sender's order.
fn words(draft: &mut Draft, field: &str, value: Option<Value>, most: usize, length: usize) -> Vec<String> {
    let Some(value) = value else { return Vec::new() };
    let whole = value.clone();
    let given: Vec<String> = match value {
        Value::Array(list) => list.into_iter().filter(|v| !json::is_absent(v)).map(json::into_text).collect(),
        other => json::into_text(other).split(',').map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).collect(),
    };
    let mut words: Vec<String> = Vec::new();
    let mut lost = false;
    for word in given {
        let short: String = word.chars().take(length).collect();
        if words.contains(&short) {
            lost |= short != word;
        } else if words.len() == most {
            lost = true;
        } else {
            lost |= short != word;
            words.push(short);
        }
    }
    if lost {
        draft.note(format!("{field} cut to {most} of {length} characters"));
        draft.keep(field, whole);
    }
    words
}

/// Responders and the like: objects as they are, bare names as objects.
fn recipients(value: Option<Value>, kind: Option<&str>) -> Vec<Value> {
    let list = match value {
        None => return Vec::new(),
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
    };
    let with_kind = |v: Value| match v {
        Value::Object(mut map) => {
            if let Some(kind) = kind {
                map.entry("type").or_insert_with(|| Value::from(kind));
            }
            Value::Object(map)
        }
        name => {
            Value::Object(Map::from_iter([("type".to_owned(), Value::from(kind.unwrap_or("user"))), ("name".to_owned(), Value::from(json::into_text(name)))]))
        }
    };
    list.into_iter().filter(|v| !json::is_absent(v)).map(with_kind).collect()
}

/// Kind and name of somebody whom an ask is about.
fn somebody(field: &str, value: Value) -> Result<(String, String), Wrong> {
    let (kind, name) = named(value);
    if json::is_blank(&name) { Err(Wrong::field(field, "should have a username, a name or an id")) } else { Ok((kind, name)) }
}

/// Kind and name of a recipient.
fn named(value: Value) -> (String, String) {
    match value {
        Value::Object(mut map) => {
            let kind = json::take(&mut map, "type").map(short).unwrap_or_default();
            let name = ["username", "name", "id"].into_iter().find_map(|field| json::take(&mut map, field)).map(short).unwrap_or_default();
            (kind, name)
        }
        name => (String::new(), short(name)),
    }
}

fn short(value: Value) -> String {
    json::into_text(value).chars().take(MOST_NAME).collect()
}
