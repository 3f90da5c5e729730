//! What senders asked of an alert, applied to its incident.
//!
//! Called by: `process_alerts`, within the change that handles the alert, so each ask is applied once and in order.
//! Refuses to lose an ask that can not be applied: the timeline says that it was asked, and why nothing came of it.

use crate::change::Change;
use crate::help_asked::{self, Meant};
use jiff::Timestamp;
use tocsin_domain::alert::Alert;
use tocsin_domain::alert::ask::{Ask, Asked};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::responders::MOST_MESSAGE_CHARS;
use tocsin_domain::incident::timeline::{Actor, What};
use tocsin_domain::notification::message::{clean, cut};

/// Timeline entries of one change: a transaction takes 100 items, and pages and alerts are in it too.
const MOST_ENTRIES: usize = 30;
/// Characters of a note on the timeline; the whole stands on the alert.
const MOST_NOTE: usize = 4_000;

/// Applies what was asked of one alert, in order. Of more than one write can tell, the earlier ones were overtaken by the later ones, and their notes are told together.
pub(crate) fn apply(change: &mut Change, alert: &Alert, asks: &[Asked], configuration: &Configuration, now: Timestamp) {
    let by = Actor::Sender(alert.key.integration.clone());
    let (overtaken, asks) = asks.split_at(asks.len().saturating_sub(MOST_ENTRIES / 2));
    let notes: Vec<String> = overtaken.iter().filter_map(Asked::words).collect();
    if !notes.is_empty() {
        change.tell(&by, vec![noted(&notes.join("\n"))]);
    }
    let mut escalation_began = None;
    for asked in asks {
        if let Some(words) = asked.words() {
            change.tell(&by, vec![noted(&words)]);
        }
        let generation = change.incident().generation;
        let whats = one(change, asked, escalation_began.unwrap_or(asked.at), &by, configuration, now);
        change.tell(&by, whats);
        if change.incident().generation != generation {
            escalation_began = Some(now);
        }
    }
}

fn one(change: &mut Change, asked: &Asked, asked_at: Timestamp, by: &Actor, configuration: &Configuration, now: Timestamp) -> Vec<What> {
    let command = match &asked.ask {
        Ask::Acknowledge => return change.incident().acknowledge_by_sender(by, asked_at, now),
        Ask::Unacknowledge => Command::Unacknowledge,
        Ask::Snooze { until } => Command::Snooze(*until),
        Ask::Priority { priority } => Command::SetPriority(Some(*priority)),
        Ask::Escalate { .. } => Command::EscalateNow,
        Ask::Assign { to } => match help_asked::user(to, configuration) {
            Some(user) => Command::Reassign(vec![Target::User(user)]),
            None => return vec![noted(&format!("its sender asked to assign it to {to:?}, whom the configuration does not know"))],
        },
        Ask::AddResponder { to } => {
            let (kind, name) = to.split_once(' ').unwrap_or(("", to));
            match help_asked::meant(kind, name, change.incident(), configuration) {
                Meant::Ask(to) => Command::AskResponders { to, message: cut(&clean(&asked.note), MOST_MESSAGE_CHARS, "...") },
                Meant::Covered => return vec![noted(&format!("its sender asked for help by {to}: the policy of the incident pages them"))],
                Meant::Unknown => return vec![noted(&format!("its sender asked for help by {to}, whom the configuration does not know"))],
            }
        }
        Ask::Execute { action } => return vec![noted(&format!("its sender asked for the action {action:?}: no such action runs in Tocsin"))],
        Ask::Message { text } => return vec![noted(&format!("its sender calls it now: {text}"))],
        Ask::Delete => return vec![noted("its sender deleted the alert")],
        // What describes the alert stands on the alert; that it is closed is told with the alerts.
        Ask::Close
        | Ask::Note
        | Ask::AddTags { .. }
        | Ask::RemoveTags { .. }
        | Ask::AddDetails { .. }
        | Ask::RemoveDetails { .. }
        | Ask::Description { .. } => {
            return Vec::new();
        }
    };
    let word = asked.ask.requested().as_str();
    change.incident().apply(command, by, now).unwrap_or_else(|reason| vec![noted(&format!("its sender asked for {word}: {reason}"))])
}

fn noted(text: &str) -> What {
    match text.char_indices().nth(MOST_NOTE) {
        Some((end, _)) => What::Noted { text: format!("{} ... (the whole stands on the alert)", &text[..end]) },
        None => What::Noted { text: text.to_owned() },
    }
}
