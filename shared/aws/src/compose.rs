//! Use cases over the real adapters, put together the same way wherever they run.
//!
//! Called by: the functions' `main.rs`. Refuses to read the environment: settings are arguments.

use crate::dynamo::DynamoStore;
use crate::sfn::SfnClocks;
use crate::sns::{SnsEmailContacts, SnsMessenger};
use crate::system::{RandomIds, SystemClock};
use std::sync::Arc;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::advance_incident::AdvanceIncident;
use tocsin_app::announce_handoffs::AnnounceHandoffs;
use tocsin_app::audit_ledger::AuditLedger;
use tocsin_app::calendars::Calendars;
use tocsin_app::change_roster::ChangeRoster;
use tocsin_app::command_incident::CommandIncident;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::count_new::CountNew;
use tocsin_app::count_threshold::CountThreshold;
use tocsin_app::deliver_pages::DeliverPages;
use tocsin_app::keep_clock::KeepClock;
use tocsin_app::keep_heartbeats::KeepHeartbeats;
use tocsin_app::keep_maintenance::KeepMaintenance;
use tocsin_app::ports::EmailContacts;
use tocsin_app::process_alerts::ProcessAlerts;
use tocsin_app::rosters::Rosters;
use tocsin_app::trace_alerts::TraceAlerts;
use tocsin_app::verify_contact::SendContactCode;
use tocsin_domain::notification::lane::Cap;

/// The table and what every function shares.
pub struct Common {
    /// The table.
    pub store: Arc<DynamoStore>,
    /// Configuration, remembered by version.
    pub configuration: Arc<ConfigurationCache>,
    /// The clock.
    pub clock: Arc<SystemClock>,
    /// Fresh ids.
    pub ids: Arc<RandomIds>,
}

/// For ingest, which has nothing else of these: [`Common`] would bring every use case's stores into its binary (see `tocsin_app::ports::KeyReader`).
pub fn accept_event(store: &Arc<DynamoStore>) -> AcceptEvent {
    AcceptEvent { alerts: store.clone(), count: CountNew::new(store.clone()), clock: Arc::new(SystemClock), ids: Arc::new(RandomIds) }
}

impl Common {
    /// Over a table.
    pub fn new(store: DynamoStore) -> Self {
        let store = Arc::new(store);
        Self { configuration: Arc::new(ConfigurationCache::new(store.clone())), store, clock: Arc::new(SystemClock), ids: Arc::new(RandomIds) }
    }

    /// For opsgenie, api and sweep.
    pub fn accept_event(&self) -> AcceptEvent {
        accept_event(&self.store)
    }

    /// For incident and sweep.
    pub fn process_alerts(&self) -> ProcessAlerts {
        ProcessAlerts {
            alerts: self.store.clone(),
            incidents: self.store.clone(),
            configuration: self.configuration.clone(),
            maintenance: self.store.clone(),
            count: CountThreshold { alerts: self.store.clone(), thresholds: self.store.clone(), clock: self.clock.clone() },
            clock: self.clock.clone(),
        }
    }

    /// For incident and sweep.
    pub fn keep_clock(&self, clocks: SfnClocks) -> KeepClock {
        KeepClock { incidents: self.store.clone(), alerts: self.store.clone(), clocks: Arc::new(clocks), clock: self.clock.clone(), ids: self.ids.clone() }
    }

    /// For notify and sweep. `emails`, where this function may ask the provider of e-mail.
    pub fn advance_incident(&self, messenger: SnsMessenger, emails: Option<SnsEmailContacts>, public_url: String) -> AdvanceIncident {
        let deliver = DeliverPages {
            incidents: self.store.clone(),
            lanes: self.store.clone(),
            configuration: self.configuration.clone(),
            messenger: Arc::new(messenger),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            cap: Cap::default(),
            public_url,
        };
        AdvanceIncident {
            incidents: self.store.clone(),
            configuration: self.configuration.clone(),
            rosters: self.rosters(),
            verifications: self.store.clone(),
            emails: emails.map(|e| Arc::new(e) as Arc<dyn EmailContacts>),
            deliver,
            clock: self.clock.clone(),
        }
    }

    /// For notify.
    pub fn send_contact_code(&self, messenger: SnsMessenger) -> SendContactCode {
        SendContactCode {
            verifications: self.store.clone(),
            configuration: self.configuration.clone(),
            messenger: Arc::new(messenger),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
        }
    }

    /// For sweep.
    pub fn announce_handoffs(&self, messenger: SnsMessenger) -> AnnounceHandoffs {
        let (rosters, notices, clock) = (self.rosters(), self.store.clone(), self.clock.clone());
        AnnounceHandoffs { rosters, notices, messenger: Arc::new(messenger), clock, settled: Arc::default() }
    }

    /// Schedules as they are now.
    pub fn rosters(&self) -> Rosters {
        Rosters { configuration: self.configuration.clone(), store: self.store.clone() }
    }

    /// For api.
    pub fn trace_alerts(&self) -> TraceAlerts {
        TraceAlerts { alerts: self.store.clone(), incidents: self.store.clone(), configuration: self.configuration.clone() }
    }

    /// For api and sweep.
    pub fn audit_ledger(&self) -> AuditLedger {
        AuditLedger { alerts: self.store.clone(), incidents: self.store.clone(), configuration: self.configuration.clone(), clock: self.clock.clone() }
    }

    /// For ingest, api and sweep.
    pub fn keep_heartbeats(&self) -> KeepHeartbeats {
        KeepHeartbeats { beats: self.store.clone(), accept: self.accept_event(), configuration: self.configuration.clone() }
    }

    /// For api.
    pub fn keep_maintenance(&self) -> KeepMaintenance {
        KeepMaintenance {
            maintenance: self.store.clone(),
            alerts: self.store.clone(),
            due: self.store.clone(),
            configuration: self.configuration.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
        }
    }

    /// For api.
    pub fn change_roster(&self) -> ChangeRoster {
        ChangeRoster { rosters: self.rosters(), clock: self.clock.clone(), ids: self.ids.clone() }
    }

    /// For api.
    pub fn calendars(&self) -> Calendars {
        Calendars { store: self.store.clone(), rosters: self.rosters(), clock: self.clock.clone(), ids: self.ids.clone() }
    }

    /// For api.
    pub fn command_incident(&self) -> CommandIncident {
        CommandIncident { incidents: self.store.clone(), clock: self.clock.clone() }
    }
}
