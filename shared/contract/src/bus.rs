//! Events on the bus: what happened, for whoever listens. Written by: `publish`. Read by: rules, integrations; schemas stand in `infra/events/`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tocsin_domain::id::{IncidentId, ServiceId, TeamId};
use tocsin_domain::incident::timeline::{Actor, Entry, What};

/// Version of the detail.
pub const VERSION: u32 = 1;
/// Source of every event.
pub const SOURCE: &str = "tocsin";

/// Detail of an event. Its `detail-type` is `incident.` and the name of what happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Version: 1.
    pub v: u32,
    /// `INCIDENT/SEQ`: the same however often the event is delivered, so that readers can drop repetitions.
    pub id: String,
    /// Which incident.
    pub incident: IncidentId,
    /// Its number.
    pub number: u64,
    /// Its team.
    pub team: TeamId,
    /// Its service.
    pub service: ServiceId,
    /// Position on the timeline.
    pub seq: u32,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub what: What,
    /// The same in words for stakeholders; only where it concerns them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stakeholder_text: Option<String>,
}

/// The detail-type of an entry.
pub fn detail_type(what: &What) -> String {
    format!("incident.{}", what.name())
}

impl Detail {
    /// The event of a timeline entry. `service_name` is what people call the service; its id where the configuration does not know it any more.
    pub fn of(entry: &Entry, service_name: &str) -> Self {
        Self {
            v: VERSION,
            id: format!("{}/{}", entry.incident, entry.seq),
            incident: entry.incident,
            number: entry.number,
            team: entry.team.clone(),
            service: entry.service.clone(),
            seq: entry.seq,
            at: entry.at,
            actor: entry.actor.clone(),
            what: entry.what.clone(),
            stakeholder_text: stakeholder_text(entry, service_name),
        }
    }
}

/// Words for non-technical readers: no titles, no alerts, no people. Low urgency does not concern them.
fn stakeholder_text(entry: &Entry, service: &str) -> Option<String> {
    use tocsin_domain::alert::{Severity, Urgency};
    let at = entry.at.strftime("%Y-%m-%d %H:%M UTC");
    let number = entry.number;
    match &entry.what {
        What::Triggered { urgency: Urgency::Low, .. } => None,
        What::Triggered { severity, paused_until, .. } => {
            let how = if *severity == Severity::Critical { "may be unavailable" } else { "may not work as it should" };
            if let Some(until) = paused_until {
                // Nobody is being notified: it may be over by itself.
                let until = until.strftime("%H:%M UTC");
                return Some(format!(
                    "{service} {how} since {at}. It may pass by itself: the people on call are notified at {until} if it does not. (Incident {number})"
                ));
            }
            Some(format!("{service} {how} since {at}. The people on call are being notified. (Incident {number})"))
        }
        What::Acknowledged { .. } => Some(format!("{service}: somebody is working on incident {number} since {at}.")),
        What::Resolved {} => Some(format!("{service}: incident {number} is over since {at}.")),
        What::Reopened {} => Some(format!("{service}: incident {number} was opened again at {at}. The people on call are being notified.")),
        What::Merged { number: into, .. } => Some(format!("{service}: incident {number} is part of incident {into} since {at}.")),
        What::AlertsAttached { .. }
        | What::AlertsResolved { .. }
        | What::Raised { .. }
        | What::Unacknowledged {}
        | What::Snoozed { .. }
        | What::TriggeredAgain { .. }
        | What::Noted { .. }
        | What::Reassigned { .. }
        | What::EscalatedNow { .. }
        | What::PrioritySet { .. }
        | What::UrgencySet { .. }
        | What::TitleSet { .. }
        | What::FieldsSet { .. }
        | What::BridgeSet { .. }
        | What::MergedIn { .. }
        | What::AlertsMovedOut { .. }
        | What::AlertsMovedIn { .. }
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
        | What::PageDeferred { .. } => None,
    }
}
