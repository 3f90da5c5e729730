//! The public status page: components, driven by the open incidents of the services behind them.
//!
//! Refuses to show what is internal: titles, alerts and people stay inside; readers see which component, how bad, since when.

use crate::alert::{Severity, Urgency};
use crate::configuration::{Component, Configuration};
use crate::id::{IncidentId, MaintenanceId, ServiceId};
use crate::incident::{Incident, Status};
use crate::maintenance::{MaintenanceRun, Standing};
use jiff::Timestamp;

/// State of a component, in the words of the Statuspage API. Ordered from fine to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComponentStatus {
    /// Fine.
    Operational,
    /// Somebody works on it, as planned.
    UnderMaintenance,
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
            Self::UnderMaintenance => "under_maintenance",
            Self::DegradedPerformance => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// Words for readers.
    pub fn words(self) -> &'static str {
        match self {
            Self::Operational => "Operational",
            Self::UnderMaintenance => "Under maintenance",
            Self::DegradedPerformance => "Degraded performance",
            Self::PartialOutage => "Partial outage",
            Self::MajorOutage => "Major outage",
        }
    }

    /// The page's indicator, when this is its worst component.
    pub fn indicator(self) -> &'static str {
        match self {
            Self::Operational => "none",
            Self::UnderMaintenance => "maintenance",
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

/// Planned work, as readers may see it: when, and on what; why stays inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicMaintenance {
    /// The window's id; internal, for making one that is not.
    pub window: MaintenanceId,
    /// Names of the components that it is about.
    pub components: Vec<String>,
    /// When it was asked for; not known of the configuration's.
    pub asked_at: Option<Timestamp>,
    /// First instant.
    pub start: Timestamp,
    /// First instant no more; where it was ended early, that instant.
    pub end: Timestamp,
    /// How it stands.
    pub standing: Standing,
}

impl PublicMaintenance {
    /// A name without anything internal.
    pub fn name(&self) -> String {
        format!("{}: planned maintenance", self.components.join(", "))
    }
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Each component with its state, in the order of the configuration.
    pub components: Vec<(Component, ComponentStatus)>,
    /// Open incidents of these components, newest first.
    pub incidents: Vec<PublicIncident>,
    /// Maintenance of these components, by its beginning: what goes on, what is to come, and what is kept of what was.
    pub maintenances: Vec<PublicMaintenance>,
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

/// The page for these incidents and maintenance windows at `now`; closed incidents, windows that were called off, and those of services behind no component do not
/// show. An informational alert affects nobody. A component is under maintenance while any of its services is, unless something worse is known of it.
pub fn summarise(configuration: &Configuration, incidents: &[Incident], windows: &[MaintenanceRun], now: Timestamp) -> Summary {
    let Some(page) = &configuration.status_page else { return Summary { components: Vec::new(), incidents: Vec::new(), maintenances: Vec::new() } };
    let about =
        |run: &MaintenanceRun, component: &Component| component.services.iter().filter_map(|id| configuration.service(id)).any(|service| run.covers(service));
    let shown: Vec<&Incident> = incidents.iter().filter(|i| i.is_open() && i.severity != Severity::Info).collect();
    let components = page
        .components
        .iter()
        .map(|c| {
            let works = windows.iter().any(|w| w.standing(now) == Standing::Active && about(w, c));
            let planned = if works { ComponentStatus::UnderMaintenance } else { ComponentStatus::Operational };
            let status = shown.iter().filter(|i| c.services.contains(&i.service)).map(|i| impact(i)).max().map_or(planned, |worst| worst.max(planned));
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
    let maintenances = windows.iter().filter(|w| w.standing(now) != Standing::CalledOff).map(|w| PublicMaintenance {
        window: w.id.clone(),
        components: page.components.iter().filter(|c| about(w, c)).map(|c| c.name.clone()).collect(),
        asked_at: w.at,
        start: w.start,
        end: w.over_at(),
        standing: w.standing(now),
    });
    let mut maintenances: Vec<PublicMaintenance> = maintenances.filter(|m| !m.components.is_empty()).collect();
    maintenances.sort_by_key(|m| (m.start, m.end));
    Summary { components, incidents: public, maintenances }
}
