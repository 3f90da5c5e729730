//! `sources` of integrations: what AWS delivers belongs to one of them.

use super::Report;
use std::collections::HashMap;

/// Sources of one integration.
const MOST_SOURCES: usize = 50;
/// Characters of one: ARNs have fewer.
const MOST_SOURCE_CHARS: usize = 512;

impl Report<'_> {
    pub(super) fn sources(&mut self) {
        let configuration = self.configuration;
        let services = configuration.services.iter().enumerate().flat_map(|(i, s)| s.integrations.iter().enumerate().map(move |(j, x)| ("services", i, j, x)));
        let teams = configuration.teams.iter().enumerate().flat_map(|(i, t)| t.integrations.iter().enumerate().map(move |(j, x)| ("teams", i, j, x)));
        let mut taken: HashMap<&str, String> = HashMap::new();
        for (of, i, j, integration) in services.chain(teams) {
            let path = format!("{of}[{i}].integrations[{j}].sources");
            if integration.sources.len() > MOST_SOURCES {
                let message = format!("{} sources are more than the {MOST_SOURCES} that an integration may have", integration.sources.len());
                self.say(path.clone(), message, Some("one * stands for anything: arn:aws:sns:*:shop-alarms".to_owned()));
            }
            for (k, source) in integration.sources.iter().enumerate() {
                let path = format!("{path}[{k}]");
                if let Some((message, suggestion)) = wrong(source) {
                    self.say(path, message, Some(suggestion));
                } else if let Some(other) = taken.get(source.as_str()) {
                    let suggestion = format!("{other} has it already: what comes from it belongs to one integration");
                    self.say(path, format!("source {source:?} is there twice"), Some(suggestion));
                } else {
                    taken.insert(source, path);
                }
            }
        }
    }
}

fn wrong(source: &str) -> Option<(String, String)> {
    let example = "write a topic's ARN, an event's source like aws.health, or * for everything".to_owned();
    if source.trim().is_empty() {
        return Some(("a source can not be empty".to_owned(), example));
    }
    if source.chars().count() > MOST_SOURCE_CHARS {
        return Some((format!("a source has {MOST_SOURCE_CHARS} characters at most"), example));
    }
    if source.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Some((format!("source {source:?} has blanks, which no source has"), example));
    }
    if source.matches('*').count() > 1 {
        return Some((format!("source {source:?} has more than one *"), "keep one: it stands for anything, colons included".to_owned()));
    }
    None
}
