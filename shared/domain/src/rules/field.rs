//! Fields of an event by name: what conditions look at, what templates put in and what alerts are grouped by.
//!
//! Refuses to run anything: a path only leads into the event's own data, a fixed number of steps deep.

use crate::alert::Alert;
use crate::alert::event::Event;
use crate::configuration::validate::suggest;
use serde_json::Value;
use std::borrow::Cow;

/// The longest path, in characters.
pub const MOST_PATH_CHARS: usize = 200;
/// The deepest path, in steps.
const MOST_STEPS: usize = 10;
/// Values of a list that are looked at.
const MOST_VALUES: usize = 100;
/// The longest value that is looked at, in bytes. A sender may put half a megabyte into a detail; what rules ask for stands at the beginning.
const MOST_VALUE_BYTES: usize = 8 * 1024;

/// Fields of every event. Beside them: `details`, and `details.` with a path.
pub const FIELDS: [&str; 10] = ["summary", "source", "severity", "component", "group", "class", "client", "client_url", "dedup_key", "integration"];

/// An alert as rules see it: with what rules before have changed.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// Its summary.
    pub summary: Cow<'a, str>,
    /// Its severity.
    pub severity: crate::alert::Severity,
}

impl<'a> View<'a> {
    /// An alert as its sender tells it.
    pub fn of(alert: &'a Alert) -> Self {
        Self { alert, summary: Cow::Borrowed(&alert.event.summary), severity: alert.severity }
    }

    /// The values of a field: none where the event has no such field, several where it is a list.
    ///
    /// A detail's own name may hold dots (`details.app.kubernetes.io/name`): the longest name that is there counts.
    pub fn values(&self, path: &str) -> Vec<Cow<'_, str>> {
        let Event { source, component, group, class, client, client_url, details, .. } = &self.alert.event;
        match path {
            "summary" => plain(&self.summary),
            "source" => plain(source),
            "severity" => vec![Cow::Borrowed(self.severity.as_str())],
            "component" => some(component),
            "group" => some(group),
            "class" => some(class),
            "client" => some(client),
            "client_url" => some(client_url),
            "dedup_key" => plain(&self.alert.key.dedup_key),
            "integration" => vec![Cow::Borrowed(self.alert.key.integration.as_str())],
            "details" => texts(details),
            _ => path.strip_prefix("details.").and_then(|rest| lookup(details, rest, MOST_STEPS)).map(texts).unwrap_or_default(),
        }
    }

    /// Text with `{{field}}` replaced by the event's values, cut to `most` characters. What is put in is never looked at again.
    ///
    /// A field that is not there is nothing, a list is its values with commas; braces that are not closed stay as they are.
    pub fn render(&self, template: &str, most: usize) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            text.push_str(before);
            let Some((path, behind)) = after.split_once("}}") else {
                text.push_str("{{");
                rest = after;
                continue;
            };
            text.push_str(&self.values(path.trim()).join(", "));
            rest = behind;
        }
        text.push_str(rest);
        match text.char_indices().nth(most) {
            Some((end, _)) => text[..end].to_owned(),
            None => text,
        }
    }
}

/// Whether a path names a field that events can have.
pub fn is_field(path: &str) -> bool {
    let detail = |rest: &str| !rest.is_empty() && rest.split('.').count() <= MOST_STEPS && rest.split('.').all(|step| !step.is_empty());
    path.len() <= MOST_PATH_CHARS && (FIELDS.contains(&path) || path == "details" || path.strip_prefix("details.").is_some_and(detail))
}

/// What somebody who wrote a path that names no field probably meant, or what there is.
///
/// ```
/// # use tocsin_domain::rules::meant;
/// assert_eq!(meant("sumary"), "did you mean \"summary\"?");
/// assert_eq!(meant("detials.host"), "did you mean \"details.host\"?");
/// // As PagerDuty's senders call them.
/// assert_eq!(meant("custom_details.host"), "did you mean \"details.host\"?");
/// assert!(meant("host").ends_with("; what the sender adds: details.host"));
/// ```
pub fn meant(path: &str) -> String {
    if path.len() > MOST_PATH_CHARS {
        return format!("at most {MOST_PATH_CHARS} characters");
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    if first == "custom_details" || suggest::closest(first, ["details"]).is_some() {
        let meant = if rest.is_empty() { "details".to_owned() } else { format!("details.{rest}") };
        // What is right but for its steps is not said again.
        let wrong = first == "details" || !is_field(&meant);
        return if wrong {
            format!("write a path behind details, like details.host, of {MOST_STEPS} steps at most")
        } else {
            format!("did you mean {meant:?}?")
        };
    }
    let detail = format!("details.{path}");
    match suggest::closest(path, FIELDS) {
        Some(near) => format!("did you mean {near:?}?"),
        None if is_field(&detail) => format!("{}; what the sender adds: {detail}", suggest::among(path, &FIELDS)),
        None => suggest::among(path, &FIELDS),
    }
}

/// Paths in a template.
pub fn paths_of(template: &str) -> Vec<&str> {
    template.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(path, _)| path.trim()).collect()
}

fn plain(text: &str) -> Vec<Cow<'_, str>> {
    if text.is_empty() { Vec::new() } else { vec![cut(text)] }
}

fn some(text: &Option<String>) -> Vec<Cow<'_, str>> {
    text.as_deref().map(plain).unwrap_or_default()
}

fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= MOST_VALUE_BYTES {
        return Cow::Borrowed(text);
    }
    Cow::Borrowed(&text[..text.floor_char_boundary(MOST_VALUE_BYTES)])
}

fn lookup<'v>(value: &'v Value, path: &str, steps: usize) -> Option<&'v Value> {
    let steps = steps.checked_sub(1)?;
    match value {
        Value::Object(fields) => fields.get(path).or_else(|| {
            let splits = path.match_indices('.').rev();
            splits.take(MOST_STEPS).find_map(|(dot, _)| lookup(fields.get(&path[..dot])?, &path[dot + 1..], steps))
        }),
        Value::Array(items) => match path.split_once('.') {
            None => items.get(path.parse::<usize>().ok()?),
            Some((index, rest)) => lookup(items.get(index.parse::<usize>().ok()?)?, rest, steps),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn texts(value: &Value) -> Vec<Cow<'_, str>> {
    match value {
        Value::Null | Value::Object(_) => Vec::new(),
        Value::Bool(b) => vec![Cow::Borrowed(if *b { "true" } else { "false" })],
        Value::Number(n) => vec![Cow::Owned(n.to_string())],
        Value::String(s) => vec![cut(s)],
        Value::Array(items) => items.iter().filter(|i| !i.is_array()).take(MOST_VALUES).flat_map(texts).collect(),
    }
}
