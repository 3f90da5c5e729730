//! Any JSON, read by the rules of a mapping: those of [`ready`](super::ready), or a team's own.
//!
//! Called by: the ingest handler. `details` is the item as it was sent. A body for which no rule is meant is read by the names that most tools use, as
//! [`generic`](super::generic) reads it: a sender that changed its format is heard, not lost.
//!
//! Refused: more than 512 KB (413), an empty body (400), and what [`generic`](super::generic) refuses.

use super::draft::{Draft, is_address};
use super::generic::{self, MAX_BODY};
use super::{Answer, Batch, Refusal, Refused, identity, json, severity, time};
use serde_json::Value;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event, Link};
use tocsin_domain::alert::mapping::{Does, Rule, Texts};
use tocsin_domain::change_event::ChangeEvent;

/// Events of one body.
const MOST_EVENTS: usize = 1000;

/// What a body says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    /// Alerts.
    pub batch: Batch,
    /// Changes.
    pub changes: Vec<ChangeEvent>,
    /// What the rules say to leave alone.
    pub ignored: usize,
}

impl Read {
    /// The answer once all of it is durable, where `processed` alerts were taken out of it.
    pub fn answer_for(&self, processed: usize, changes: usize) -> Answer {
        if processed == 0 && changes == 0 && self.ignored > 0 {
            let body = serde_json::json!({"status": "success", "message": "Accepted; the mapping says that there is nothing to do", "processed": 0, "ignored": self.ignored});
            return Answer::new(200, body.to_string());
        }
        if processed == 0 && changes > 0 {
            let body = serde_json::json!({"status": "success", "message": "Change event processed", "processed": changes});
            return Answer::new(200, body.to_string());
        }
        self.batch.answer_for(processed)
    }
}

/// Reads a body by rules that are known to be sound.
///
/// # Errors
/// A [`Refusal`] where nothing can be found in it.
pub fn parse(body: &[u8], rules: &[Rule]) -> Result<Read, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Refusal::too_large("512 KB"));
    }
    let whole = match json::parse(body) {
        Ok(document) if !json::is_absent(&document.value) => document,
        Ok(_) | Err(json::Unreadable::Syntax) => return otherwise(body),
        Err(unreadable @ json::Unreadable::TooMany) => return Err(unreadable.into()),
    };
    let mut read = Read::default();
    let mut found = false;
    for rule in rules.iter().filter(|rule| rule.is_for(&whole.value)) {
        found = true;
        for (index, item) in rule.items(&whole.value).into_iter().enumerate() {
            if read.batch.events.len() + read.changes.len() >= MOST_EVENTS {
                read.batch.refused.push(Refused { index, field: "each", why: "is one more than a delivery may have; it and all after it were left out" });
                break;
            }
            one(rule, item, &whole, index, &mut read);
        }
        if !rule.go_on {
            break;
        }
    }
    if found { Ok(read) } else { otherwise(body) }
}

/// The ready mapping of a sender.
///
/// # Errors
/// As [`parse`].
pub fn parse_ready(body: &[u8], rules: &str) -> Result<Read, Refusal> {
    // A test reads all of them: none is unreadable.
    parse(body, &serde_json::from_str::<Vec<Rule>>(rules).unwrap_or_default())
}

fn otherwise(body: &[u8]) -> Result<Read, Refusal> {
    let mut event = generic::parse(body)?;
    event.adapted.push("no rule of the mapping is for this body: it was read by common names".to_owned());
    Ok(Read { batch: Batch { events: vec![event], refused: Vec::new() }, ..Read::default() })
}

fn one(rule: &Rule, item: &Value, whole: &json::Document, index: usize, read: &mut Read) {
    let text = |texts: &Texts| texts.read(item, &whole.value);
    let mut draft = Draft::new(whole.notes.clone());
    let does = match rule.action(item, &whole.value) {
        None => Does::Trigger,
        Some(Ok(does)) => does,
        Some(Err(word)) if word.eq_ignore_ascii_case("ignore") => Does::Ignore,
        Some(Err(word)) => match generic::action(Some(&word)) {
            Action::Trigger => Does::Trigger,
            Action::Acknowledge => Does::Acknowledge,
            Action::Resolve => Does::Resolve,
        },
    };
    let summary = text(&rule.summary);
    let link = text(&rule.url).filter(|url| is_address(url)).map(|href| Link { href, text: String::new() });
    let moment =
        rule.time.0.iter().find_map(|t| time::read(&Value::String(Texts(vec![t.clone()]).read(item, &whole.value)?))).filter(|at| !time::is_unset(*at));
    let source = text(&rule.source);
    let action = match does {
        Does::Ignore => {
            read.ignored += 1;
            return;
        }
        Does::Change => {
            let mut change = ChangeEvent {
                summary: draft.line("summary", Some(Value::String(summary.unwrap_or_else(|| item.to_string())))).unwrap_or_default(),
                source: draft.line("source", source.map(Value::String)).unwrap_or_default(),
                occurred_at: moment,
                links: link.into_iter().collect(),
                images: Vec::new(),
                details: item.clone(),
                adapted: Vec::new(),
            };
            (_, change.adapted) = draft.finish(None);
            read.changes.push(change);
            return;
        }
        Does::Trigger => Action::Trigger,
        Does::Acknowledge => Action::Acknowledge,
        Does::Resolve => Action::Resolve,
    };
    let key = text(&rule.key);
    if key.is_none() && summary.is_none() && action != Action::Trigger {
        read.batch.refused.push(Refused { index, field: "key", why: "is missing or blank" });
        return;
    }
    let summary = summary.unwrap_or_else(|| item.to_string());
    let (dedup_key, note) = identity::bounded(key.unwrap_or_else(|| {
        draft.note("the mapping finds no key: summary and source identify the alert".to_owned());
        identity::hex(format!("{summary}\n{}", source.as_deref().unwrap_or_default()).as_bytes())
    }));
    note.into_iter().for_each(|note| draft.note(note));
    let severity = match rule.severity(item, &whole.value) {
        None => Severity::Error,
        Some(Ok(severity)) => severity,
        Some(Err(word)) => severity::read(&word).unwrap_or_else(|| {
            draft.note("severity is no known word: taken as error".to_owned());
            Severity::Error
        }),
    };
    let mut line = |name: &str, texts: &Texts| draft.line(name, texts.read(item, &whole.value).map(Value::String));
    let mut event = Event {
        component: line("component", &rule.component),
        group: line("group", &rule.group),
        class: line("class", &rule.class),
        client: line("client", &rule.client),
        summary: if action == Action::Trigger { draft.line("summary", Some(Value::String(summary))).unwrap_or_default() } else { String::new() },
        source: draft.line("source", source.map(Value::String)).unwrap_or_default(),
        occurred_at: moment,
        links: link.into_iter().collect(),
        details: item.clone(),
        ..Event::bare(action, dedup_key, if action == Action::Trigger { severity } else { Severity::Info })
    };
    // What `line` keeps because it was cut is in the item anyway.
    (_, event.adapted) = draft.finish(None);
    read.batch.events.push(event);
}
