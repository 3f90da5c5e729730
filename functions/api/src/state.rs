//! What the handlers work with.

use std::sync::Arc;
use tocsin_app::apply_configuration::ApplyConfiguration;
use tocsin_app::audit_ledger::AuditLedger;
use tocsin_app::calendars::Calendars;
use tocsin_app::change_roster::ChangeRoster;
use tocsin_app::command_incident::CommandIncident;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::keep_heartbeats::KeepHeartbeats;
use tocsin_app::keep_maintenance::KeepMaintenance;
use tocsin_app::merge_incidents::MergeIncidents;
use tocsin_app::ports::{AlertStore, ChangeStore, ConfigurationStore, EmailContacts, IncidentStore};
use tocsin_app::rosters::Rosters;
use tocsin_app::split_incident::SplitIncident;
use tocsin_app::trace_alerts::TraceAlerts;
use tocsin_app::use_link::UseLink;
use tocsin_app::verify_contact::VerifyContact;

/// Ports and use cases.
pub struct Api {
    /// Incidents, to read.
    pub incidents: Arc<dyn IncidentStore>,
    /// Alerts, to read.
    pub alerts: Arc<dyn AlertStore>,
    /// What was changed, to read.
    pub changes: Arc<dyn ChangeStore>,
    /// Tokens.
    pub access: Arc<dyn ConfigurationStore>,
    /// Configuration, to read.
    pub configuration: Arc<ConfigurationCache>,
    /// Schedules as they are now.
    pub rosters: Rosters,
    /// Schedules, to change at run time.
    pub amend: ChangeRoster,
    /// Calendar feeds.
    pub calendars: Calendars,
    /// How e-mail contact methods stand.
    pub emails: Arc<dyn EmailContacts>,
    /// What people ask of incidents.
    pub command: CommandIncident,
    /// Merges incidents.
    pub merge: MergeIncidents,
    /// Splits them.
    pub split: SplitIncident,
    /// Contact methods.
    pub verify: VerifyContact,
    /// Acknowledge links.
    pub link: UseLink,
    /// Where events ended.
    pub trace: TraceAlerts,
    /// Whether the ledger holds.
    pub audit: AuditLedger,
    /// Heartbeats, to read.
    pub heartbeats: KeepHeartbeats,
    /// Maintenance windows.
    pub maintenance: KeepMaintenance,
    /// Configuration, to change.
    pub apply: ApplyConfiguration,
}
