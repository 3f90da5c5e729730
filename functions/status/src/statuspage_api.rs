//! The documents of the Statuspage API v2, for programs that read status pages.
//!
//! Called by: the handlers. What Tocsin does not keep is null, empty or fixed: it has no component groups, and no birthday of a component or of a configured maintenance.
//! Refuses to say more than the page says.

use crate::pages;
use jiff::{Timestamp, Unit};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tocsin_app::show_status::StatusView;
use tocsin_domain::configuration::Component;
use tocsin_domain::maintenance::Standing;
use tocsin_domain::status_page::{ComponentStatus, PublicIncident, PublicMaintenance};

/// The Statuspage API shows this many incidents.
const MOST_INCIDENTS: usize = 50;

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// Everything.
    Summary,
    /// The page's state.
    Status,
    /// The components.
    Components,
    /// Incidents that go on.
    UnresolvedIncidents,
    /// Maintenance: what goes on, what is to come, and what was in the last 30 days.
    Maintenances,
    /// Maintenance to come.
    UpcomingMaintenances,
    /// Maintenance that goes on.
    ActiveMaintenances,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Summary, Self::Status, Self::Components, Self::UnresolvedIncidents, Self::Maintenances, Self::UpcomingMaintenances, Self::ActiveMaintenances];

    /// Its address below `/api/v2/`, without `.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Status => "status",
            Self::Components => "components",
            Self::UnresolvedIncidents => "incidents/unresolved",
            Self::Maintenances => "scheduled-maintenances",
            Self::UpcomingMaintenances => "scheduled-maintenances/upcoming",
            Self::ActiveMaintenances => "scheduled-maintenances/active",
        }
    }
}

#[derive(Serialize)]
struct Body {
    page: Page,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Vec<ComponentOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incidents: Option<Vec<IncidentOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_maintenances: Option<Vec<MaintenanceOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<State>,
}

#[derive(Serialize)]
struct Page {
    id: String,
    name: String,
    url: String,
    time_zone: String,
    updated_at: String,
}

#[derive(Serialize)]
struct State {
    indicator: &'static str,
    description: &'static str,
}

#[derive(Serialize)]
struct ComponentOut {
    id: String,
    name: String,
    status: &'static str,
    created_at: String,
    updated_at: String,
    position: usize,
    description: Option<String>,
    showcase: bool,
    start_date: Option<String>,
    group_id: Option<String>,
    page_id: String,
    group: bool,
    only_show_if_degraded: bool,
}

#[derive(Serialize)]
struct IncidentOut {
    id: String,
    name: String,
    status: &'static str,
    created_at: String,
    updated_at: String,
    monitoring_at: Option<String>,
    resolved_at: Option<String>,
    impact: &'static str,
    shortlink: String,
    started_at: String,
    page_id: String,
    incident_updates: Vec<UpdateOut>,
    components: Vec<ComponentOut>,
}

/// An incident's fields, and when it is planned.
#[derive(Serialize)]
struct MaintenanceOut {
    #[serde(flatten)]
    incident: IncidentOut,
    scheduled_for: String,
    scheduled_until: String,
}

#[derive(Serialize)]
struct UpdateOut {
    id: String,
    status: &'static str,
    body: &'static str,
    incident_id: String,
    created_at: String,
    updated_at: String,
    display_at: String,
    affected_components: Vec<Affected>,
}

#[derive(Serialize)]
struct Affected {
    code: String,
    name: String,
    old_status: &'static str,
    new_status: &'static str,
}

/// The latest change of what a view shows of maintenance.
fn turned_at(maintenance: &PublicMaintenance) -> Option<Timestamp> {
    match maintenance.standing {
        Standing::Active => Some(maintenance.start),
        Standing::Over => Some(maintenance.end),
        Standing::Planned | Standing::CalledOff => None,
    }
}

/// When the view was made, to the minute, so that an unchanged page keeps its tag; never before the latest change that it shows.
pub(crate) fn as_of(view: &StatusView) -> Timestamp {
    let minute = view.at.round(jiff::TimestampRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Trunc)).unwrap_or(view.at);
    let turned = view.summary.maintenances.iter().filter_map(turned_at);
    view.summary.incidents.iter().map(changed_at).chain(turned).chain([minute]).max().unwrap_or(minute)
}

/// A document, as JSON.
pub fn render(document: Document, view: &StatusView, url: &str) -> String {
    let writer = Writer { view, url, page_id: Sha256::digest(url.as_bytes()).iter().take(6).map(|b| format!("{b:02x}")).collect() };
    let body = writer.body(document);
    // Strings and numbers only: this can not fail, and an empty document would show in the golden tests.
    serde_json::to_string(&body).unwrap_or_default()
}

struct Writer<'a> {
    view: &'a StatusView,
    url: &'a str,
    page_id: String,
}

impl Writer<'_> {
    fn body(&self, document: Document) -> Body {
        let view = self.view;
        let (mut components, mut incidents, mut maintenances, mut status) = (None, None, None, None);
        if matches!(document, Document::Summary | Document::Components) {
            components = Some(view.summary.components.iter().enumerate().map(|(n, (c, s))| self.component(n, c, *s)).collect());
        }
        if matches!(document, Document::Summary | Document::UnresolvedIncidents) {
            incidents = Some(view.summary.incidents.iter().take(MOST_INCIDENTS).map(|i| self.incident(i)).collect());
        }
        let standings: &[Standing] = match document {
            Document::Summary => &[Standing::Active, Standing::Planned],
            Document::Maintenances => &[Standing::Active, Standing::Planned, Standing::Over],
            Document::UpcomingMaintenances => &[Standing::Planned],
            Document::ActiveMaintenances => &[Standing::Active],
            Document::Status | Document::Components | Document::UnresolvedIncidents => &[],
        };
        if !standings.is_empty() {
            // Those that go on and the next ones to come first; of those that are over the latest.
            let mut of_it: Vec<&PublicMaintenance> = view.summary.maintenances.iter().filter(|m| standings.contains(&m.standing)).collect();
            of_it.sort_by_key(|m| (m.standing == Standing::Over, if m.standing == Standing::Over { -m.start.as_second() } else { m.start.as_second() }));
            maintenances = Some(of_it.into_iter().take(MOST_INCIDENTS).map(|m| self.maintenance(m)).collect());
        }
        if matches!(document, Document::Summary | Document::Status) {
            let worst = view.summary.worst();
            status = Some(State { indicator: worst.indicator(), description: description(worst) });
        }
        Body { page: self.page(), components, incidents, scheduled_maintenances: maintenances, status }
    }

    fn page(&self) -> Page {
        let page = &self.view.page;
        let (name, time_zone, updated_at) = (page.name.clone(), page.time_zone.clone(), instant(as_of(self.view)));
        Page { id: self.page_id.clone(), name, url: self.url.to_owned(), time_zone, updated_at }
    }

    fn component(&self, at: usize, component: &Component, status: ComponentStatus) -> ComponentOut {
        // A component changed when the latest incident that touches it did; where none does, nothing is known but that it is so now.
        let touching = self.view.summary.incidents.iter().filter(|i| i.components.contains(&component.name)).map(changed_at);
        let worked_on =
            self.view.summary.maintenances.iter().filter(|m| m.standing == Standing::Active && m.components.contains(&component.name)).map(|m| m.start);
        let updated_at = touching.chain(worked_on).max().unwrap_or_else(|| as_of(self.view));
        ComponentOut {
            id: component.id.to_string(),
            name: component.name.clone(),
            status: status.as_str(),
            created_at: instant(Timestamp::UNIX_EPOCH),
            updated_at: instant(updated_at),
            position: at + 1,
            description: Some(component.description.clone()).filter(|d| !d.is_empty()),
            showcase: true,
            start_date: None,
            group_id: None,
            page_id: self.page_id.clone(),
            group: false,
            only_show_if_degraded: false,
        }
    }

    fn incident(&self, incident: &PublicIncident) -> IncidentOut {
        let touched: Vec<_> =
            self.view.summary.components.iter().enumerate().filter(|(_, (c, _))| incident.components.contains(&c.name)).map(|(n, (c, s))| (n, c, *s)).collect();
        let id = incident.id.to_string();
        // Newest first: the last one is the beginning, before which everything worked.
        let told = pages::updates(incident);
        let last = told.len().saturating_sub(1);
        let updates = told.into_iter().enumerate().map(|(n, (_, body, at))| {
            let (status, old) = if n == last { ("investigating", ComponentStatus::Operational) } else { ("identified", incident.impact) };
            UpdateOut {
                id: format!("{id}-{status}"),
                status,
                body,
                incident_id: id.clone(),
                created_at: instant(at),
                updated_at: instant(at),
                display_at: instant(at),
                affected_components: touched
                    .iter()
                    .map(|(_, c, _)| Affected { code: c.id.to_string(), name: c.name.clone(), old_status: old.as_str(), new_status: incident.impact.as_str() })
                    .collect(),
            }
        });
        IncidentOut {
            name: incident.name(),
            status: incident.status(),
            created_at: instant(incident.started_at),
            updated_at: instant(changed_at(incident)),
            monitoring_at: None,
            resolved_at: None,
            impact: incident.impact.indicator(),
            shortlink: self.url.to_owned(),
            started_at: instant(incident.started_at),
            page_id: self.page_id.clone(),
            incident_updates: updates.collect(),
            components: touched.iter().map(|(n, c, s)| self.component(*n, c, *s)).collect(),
            id,
        }
    }

    fn maintenance(&self, maintenance: &PublicMaintenance) -> MaintenanceOut {
        let of_it = |c: &Component| maintenance.components.contains(&c.name);
        let touched: Vec<_> = self.view.summary.components.iter().enumerate().filter(|(_, (c, _))| of_it(c)).map(|(n, (c, s))| (n, c, *s)).collect();
        let id = public_id(maintenance);
        let (start, end) = (maintenance.start, maintenance.end);
        let planned = (
            "scheduled",
            "This is planned.",
            maintenance.asked_at.unwrap_or(Timestamp::UNIX_EPOCH),
            ComponentStatus::Operational,
            ComponentStatus::Operational,
        );
        let begun = ("in_progress", "It goes on as planned.", start, ComponentStatus::Operational, ComponentStatus::UnderMaintenance);
        let over = ("completed", "It is over.", end, ComponentStatus::UnderMaintenance, ComponentStatus::Operational);
        // Newest first.
        let told = match maintenance.standing {
            Standing::Planned | Standing::CalledOff => vec![planned],
            Standing::Active => vec![begun, planned],
            Standing::Over => vec![over, begun, planned],
        };
        let (status, _, changed, ..) = told.first().copied().unwrap_or(planned);
        let updates = told.into_iter().map(|(status, body, at, old, new)| UpdateOut {
            id: format!("{id}-{status}"),
            status,
            body,
            incident_id: id.clone(),
            created_at: instant(at),
            updated_at: instant(at),
            display_at: instant(at),
            affected_components: touched
                .iter()
                .map(|(_, c, _)| Affected { code: c.id.to_string(), name: c.name.clone(), old_status: old.as_str(), new_status: new.as_str() })
                .collect(),
        });
        let incident = IncidentOut {
            name: maintenance.name(),
            status,
            created_at: instant(planned.2),
            updated_at: instant(changed),
            monitoring_at: None,
            resolved_at: (maintenance.standing == Standing::Over).then(|| instant(end)),
            impact: ComponentStatus::UnderMaintenance.indicator(),
            shortlink: self.url.to_owned(),
            started_at: instant(start),
            page_id: self.page_id.clone(),
            incident_updates: updates.collect(),
            components: touched.iter().map(|(n, c, s)| self.component(*n, c, *s)).collect(),
            id,
        };
        MaintenanceOut { incident, scheduled_for: instant(start), scheduled_until: instant(end) }
    }
}

/// An id that tells nothing of the window's own, and is the same for the same occurrence.
fn public_id(maintenance: &PublicMaintenance) -> String {
    let digest = Sha256::digest(format!("maintenance\n{}\n{}", maintenance.window, maintenance.start).as_bytes());
    digest.iter().take(6).map(|b| format!("{b:02x}")).collect()
}

/// The words that readers of Statuspage pages look for.
fn description(worst: ComponentStatus) -> &'static str {
    match worst {
        ComponentStatus::Operational => "All Systems Operational",
        ComponentStatus::UnderMaintenance => "Service Under Maintenance",
        ComponentStatus::DegradedPerformance => "Partially Degraded Service",
        ComponentStatus::PartialOutage => "Partial System Outage",
        ComponentStatus::MajorOutage => "Major Service Outage",
    }
}

fn changed_at(incident: &PublicIncident) -> Timestamp {
    incident.acknowledged_at.unwrap_or(incident.started_at)
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
