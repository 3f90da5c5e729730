//! I10: the timeline alone tells where an incident stands; its entries are numbered without gaps and generations only rise.

use super::Checker;
use std::collections::BTreeMap;
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::details::Value;
use tocsin_domain::incident::timeline::{Entry, What};

/// What can be told from a timeline.
#[derive(Debug, Default, PartialEq)]
struct Stands {
    status: &'static str,
    generation: u32,
    severity: Option<tocsin_domain::alert::Severity>,
    priority: Option<tocsin_domain::incident::Priority>,
    urgency: Option<tocsin_domain::alert::Urgency>,
    title: String,
    fields: BTreeMap<String, Value>,
    bridge: Option<String>,
    alerts_total: usize,
}

impl Checker<'_> {
    pub(super) fn replays(&mut self) {
        for i in self.state.incidents.clone().values() {
            let entries = self.timelines.get(&i.id).cloned().unwrap_or_default();
            if entries.iter().map(|e| e.seq).ne(1..=i.last_seq) {
                self.wrong("I10", format!("#{}: entries {:?}, last {}", i.number, entries.iter().map(|e| e.seq).collect::<Vec<_>>(), i.last_seq));
            }
            if !entries.is_sorted_by_key(|e| e.generation) {
                self.wrong("I6", format!("#{}: generations {:?}", i.number, entries.iter().map(|e| e.generation).collect::<Vec<_>>()));
            }
            let (told, is) = (replay(&entries), stands(i));
            if told != is {
                self.wrong("I10", format!("#{}: the timeline tells {told:?}, it is {is:?}", i.number));
            }
        }
    }
}

fn stands(i: &Incident) -> Stands {
    Stands {
        status: i.status.as_str(),
        generation: i.generation,
        severity: Some(i.severity),
        priority: i.priority,
        urgency: Some(i.urgency),
        title: i.title.clone(),
        fields: i.fields.clone(),
        bridge: i.bridge.clone(),
        alerts_total: i.alerts_total as usize,
    }
}

fn replay(entries: &[Entry]) -> Stands {
    let mut s = Stands::default();
    for e in entries {
        // A new generation begins triggered.
        if e.generation != s.generation {
            s.status = "triggered";
        }
        s.generation = e.generation;
        match &e.what {
            What::Triggered { severity, urgency, title, .. } => {
                s.title.clone_from(title);
                s.status = "triggered";
                s.severity = Some(*severity);
                s.urgency = Some(*urgency);
            }
            What::Raised { severity, urgency } => {
                s.severity = Some(*severity);
                s.urgency = Some(*urgency);
            }
            What::TitleSet { title } => s.title.clone_from(title),
            What::BridgeSet { bridge } => s.bridge.clone_from(bridge),
            What::FieldsSet { fields } => {
                s.fields.retain(|name, _| !fields.contains_key(name));
                s.fields.extend(fields.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))));
            }
            What::UrgencySet { urgency, .. } => s.urgency = Some(*urgency),
            What::AlertsAttached { alerts } | What::AlertsMovedIn { alerts, .. } => s.alerts_total += alerts.len(),
            What::Acknowledged { .. } | What::Snoozed { .. } => s.status = "acknowledged",
            What::Resolved {} | What::Merged { .. } => s.status = "resolved",
            What::PrioritySet { priority } => s.priority = *priority,
            What::Unacknowledged {} | What::Reopened {} | What::TriggeredAgain { .. } => s.status = "triggered",
            What::AlertsResolved { .. }
            | What::Noted { .. }
            | What::Reassigned { .. }
            | What::EscalatedNow { .. }
            | What::MergedIn { .. }
            | What::AlertsMovedOut { .. }
            | What::RespondersAsked { .. }
            | What::RespondersPaged { .. }
            | What::ResponderAnswered { .. }
            | What::LevelFired { .. }
            | What::LastResort { .. }
            | What::RulesApplied { .. }
            | What::Released { .. }
            | What::DependentsAttached { .. }
            | What::FloodBegan { .. }
            | What::Paused { .. }
            | What::PauseEnded { .. }
            | What::Unanswered {}
            | What::Paged { .. }
            | What::PageFailed { .. }
            | What::PageDeferred { .. } => {}
        }
    }
    s
}
