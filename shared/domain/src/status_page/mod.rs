//! The public status page: components, driven by the open incidents of the services behind them.
//!
//! Refuses to show what is internal: titles, alerts and people stay inside; readers see which component, how bad, since when.

use crate::alert::{Severity, Urgency};
use crate::configuration::{Component, Configuration};
use crate::id::{IncidentId, ServiceId};
use crate::incident::{Incident, Status};
use jiff::Timestamp;

/// State of a component, in the words of the Statuspage API. Ordered from fine to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComponentStatus {
    /// Fine.
    Operational,
    /// Slow, or in danger.
    DegradedPerformance,
    /// Some of it does not work.
    PartialOutage,
    /// It does not work.
    MajorOutage,
}

impl ComponentStatus {
    /// The word of the Statuspage API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::DegradedPerformance => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// Words for readers.
    pub fn words(self) -> &'static str {
        match self {
            Self::Operational => "Operational",
            Self::DegradedPerformance => "Degraded performance",
            Self::PartialOutage => "Partial outage",
            Self::MajorOutage => "Major outage",
        }
    }

    /// The page's indicator, when this is its worst component.
    pub fn indicator(self) -> &'static str {
        match self {
            Self::Operational => "none",
            Self::DegradedPerformance => "minor",
            Self::PartialOutage => "major",
            Self::MajorOutage => "critical",
        }
    }
}

/// An open incident, as readers may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicIncident {
    /// Its id.
    pub id: IncidentId,
    /// Names of the components that it affects.
    pub components: Vec<String>,
    /// How it looks from outside.
    pub impact: ComponentStatus,
    /// Whether somebody works on it.
    pub acknowledged_at: Option<Timestamp>,
    /// Since when.
    pub started_at: Timestamp,
}

impl PublicIncident {
    /// The word of the Statuspage API.
    pub fn status(&self) -> &'static str {
        if self.acknowledged_at.is_some() { "identified" } else { "investigating" }
    }

    /// A name without anything internal.
    pub fn name(&self) -> String {
        format!("{}: {}", self.components.join(", "), self.impact.words().to_lowercase())
    }
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Each component with its state, in the order of the configuration.
    pub components: Vec<(Component, ComponentStatus)>,
    /// Open incidents of these components, newest first.
    pub incidents: Vec<PublicIncident>,
}

impl Summary {
    /// The state of the worst component.
    pub fn worst(&self) -> ComponentStatus {
        self.components.iter().map(|(_, s)| *s).max().unwrap_or(ComponentStatus::Operational)
    }
}

fn impact(incident: &Incident) -> ComponentStatus {
    match (incident.severity, incident.urgency) {
        (Severity::Critical, _) => ComponentStatus::MajorOutage,
        (Severity::Error, _) => ComponentStatus::PartialOutage,
        (Severity::Warning | Severity::Info, Urgency::High | Urgency::Low) => ComponentStatus::DegradedPerformance,
    }
}

/// Services that stand behind any component.
pub fn services(configuration: &Configuration) -> Vec<ServiceId> {
    let mut ids: Vec<ServiceId> = configuration.status_page.iter().flat_map(|p| &p.components).flat_map(|c| c.services.iter().cloned()).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// The page for these incidents; closed ones, and those of services behind no component, do not show. An informational alert affects nobody.
pub fn summarise(configuration: &Configuration, incidents: &[Incident]) -> Summary {
    let Some(page) = &configuration.status_page else { return Summary { components: Vec::new(), incidents: Vec::new() } };
    let shown: Vec<&Incident> = incidents.iter().filter(|i| i.is_open() && i.severity != Severity::Info).collect();
    let components = page
        .components
        .iter()
        .map(|c| {
            let status = shown.iter().filter(|i| c.services.contains(&i.service)).map(|i| impact(i)).max().unwrap_or(ComponentStatus::Operational);
            (c.clone(), status)
        })
        .collect();
    let mut public: Vec<PublicIncident> = shown
        .iter()
        .filter_map(|i| {
            let components: Vec<String> = page.components.iter().filter(|c| c.services.contains(&i.service)).map(|c| c.name.clone()).collect();
            let acknowledged_at = match &i.status {
                Status::Acknowledged { at, .. } => Some(*at),
                Status::Triggered | Status::Resolved { .. } => None,
            };
            (!components.is_empty()).then(|| PublicIncident { id: i.id, components, impact: impact(i), acknowledged_at, started_at: i.opened_at })
        })
        .collect();
    public.sort_by_key(|i| std::cmp::Reverse(i.started_at));
    Summary { components, incidents: public }
}
