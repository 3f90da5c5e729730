//! What is wrong with a configuration: everything at once, each with its field and, where one can be guessed, what was meant.
//!
//! Called by the command `tocsin` before anything is sent, and by the API before anything is written. What the types can not hold (an id with a space, an
//! unknown field) was refused while reading. Refuses to know files, lines and HTTP: a [`Problem`] names its field by path, and callers find the place.

mod heartbeats;
mod paging;
mod people;
mod rules;
mod sources;
pub mod suggest;
#[cfg(test)]
mod tests;

use super::{Configuration, FORMAT};
use serde::Serialize;
use std::collections::HashMap;

/// The longest name, in characters.
pub const MOST_NAME_CHARS: usize = 200;
/// The longest delay of a rule, a timeout or a window: 7 days.
pub const MOST_RULE_DELAY_S: u32 = crate::escalation::policy::MOST_DELAY_S;
/// The longest time after which an incident resolves by itself: 365 days.
pub const MOST_AUTO_RESOLVE_S: u32 = 365 * 24 * 3600;
/// The largest schedule, in bytes as compact JSON: one object has to fit an item of the table with room to spare.
pub const MOST_SCHEDULE_BYTES: usize = 256 * 1024;

/// The largest configuration, in bytes as compact JSON: what one request to the API, its answer, and one transaction of the table carry.
pub const MOST_CONFIGURATION_BYTES: usize = 2_000_000;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: `policies[0].levels[1].targets[0].user`, counted from 0.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// Everything that is wrong with a configuration, in the order of the document; empty when it can be applied.
///
/// ```
/// # use tocsin_domain::configuration::{Configuration, validate::validate};
/// let configuration: Configuration = serde_json::from_str(
///     r#"{"version": 1, "teams": [{"id": "web", "name": "Web", "members": [{"user": "adda"}]}], "users": [{"id": "ada", "name": "Ada"}]}"#,
/// )?;
/// let problems = validate(&configuration);
/// assert_eq!(problems[0].path, "teams[0].members[0].user");
/// assert_eq!(problems[0].message, "there is no user \"adda\"");
/// assert_eq!(problems[0].suggestion.as_deref(), Some("did you mean \"ada\"?"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn validate(configuration: &Configuration) -> Vec<Problem> {
    let mut report = Report { configuration, problems: Vec::new() };
    if configuration.version != FORMAT {
        report.say("version", format!("this Tocsin reads version {FORMAT}, not {}", configuration.version), Some(format!("write version: {FORMAT}")));
    }
    report.teams();
    report.users();
    report.schedules();
    report.policies();
    report.services();
    report.heartbeats();
    report.routers();
    report.sources();
    report.maintenance();
    report.status_page();
    report.problems.extend(too_large(configuration));
    report.problems
}

/// That a configuration is too large as a whole, said of its largest section.
pub(super) fn too_large(configuration: &Configuration) -> Option<Problem> {
    fn bytes(of: &impl Serialize) -> usize {
        serde_json::to_vec(of).map_or(0, |json| json.len())
    }
    let whole = bytes(configuration);
    if whole <= MOST_CONFIGURATION_BYTES {
        return None;
    }
    let sections = [
        ("teams", bytes(&configuration.teams)),
        ("users", bytes(&configuration.users)),
        ("schedules", bytes(&configuration.schedules)),
        ("policies", bytes(&configuration.policies)),
        ("services", bytes(&configuration.services)),
        ("heartbeats", bytes(&configuration.heartbeats)),
        ("maintenance", bytes(&configuration.maintenance)),
        ("status_page", bytes(&configuration.status_page)),
    ];
    let (path, largest) = sections.into_iter().max_by_key(|(_, bytes)| *bytes)?;
    Some(Problem {
        path: path.to_owned(),
        message: format!("the whole configuration is {whole} bytes long as JSON, {largest} of them here"),
        suggestion: Some(format!("at most {MOST_CONFIGURATION_BYTES}: remove what is over, shorten texts, or divide it between two deployments")),
    })
}

/// Problems as they are found.
struct Report<'a> {
    configuration: &'a Configuration,
    problems: Vec<Problem>,
}

impl Report<'_> {
    fn say(&mut self, path: impl Into<String>, message: impl Into<String>, suggestion: Option<String>) {
        self.problems.push(Problem { path: path.into(), message: message.into(), suggestion });
    }

    /// An id must name one of `known`.
    fn must_exist<'k>(&mut self, path: String, what: &str, id: &str, known: impl Iterator<Item = &'k str>) {
        let known: Vec<&str> = known.collect();
        if !known.contains(&id) {
            self.say(path, format!("there is no {what} {id:?}"), Some(suggest::among(id, &known)));
        }
    }

    /// No id may stand twice. `ids` are paths with ids, in the order of the document.
    fn must_be_unique<'i>(&mut self, what: &str, ids: impl Iterator<Item = (String, &'i str)>) {
        let mut first: HashMap<&str, String> = HashMap::new();
        for (path, id) in ids {
            match first.get(id) {
                Some(before) => {
                    let suggestion = format!("{before} has it already: choose another id, or remove one of them");
                    self.say(path, format!("{what} {id:?} is there twice"), Some(suggestion));
                }
                None => {
                    first.insert(id, path);
                }
            }
        }
    }

    fn name(&mut self, path: String, name: &str) {
        if name.trim().is_empty() {
            self.say(path, "a name is missing", Some("write what people call it".to_owned()));
        } else {
            self.text(path, name, MOST_NAME_CHARS);
        }
    }

    fn text(&mut self, path: String, text: &str, most: usize) {
        let length = text.chars().count();
        if length > most {
            self.say(path, format!("{length} characters are too many"), Some(format!("at most {most}")));
        } else if text.chars().any(char::is_control) {
            self.say(path, "control characters are not allowed here", Some("write it on one line".to_owned()));
        }
    }

    fn zone(&mut self, path: String, zone: &str) {
        if crate::schedule::Zone::named(zone).is_none() {
            self.say(path, format!("there is no time zone {zone:?}"), Some(suggest::zone(zone)));
        }
    }

    fn seconds(&mut self, path: String, seconds: u32, least: u32, most: u32) {
        if !(least..=most).contains(&seconds) {
            self.say(path, format!("{seconds} s is out of bounds"), Some(format!("write {least} to {most} seconds{}", days(most))));
        }
    }
}

fn days(seconds: u32) -> String {
    match seconds / (24 * 3600) {
        1 => " (1 day)".to_owned(),
        days => format!(" ({days} days)"),
    }
}
