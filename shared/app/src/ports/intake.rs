//! What taking events in needs of the stores, and no more. Part of [`ports`](crate::ports).
//!
//! A process holds the code of every method of a port that it has a value of, called or not. Ingest starts for each burst of events and is bounded in size and memory,
//! so it knows its stores by these narrow ports: no documents of the configuration are read there, and no lists. Whatever has the wide port has the narrow one.

use super::{AlertStore, ConfigurationStore, Guard, HeartbeatStore, Hold, IntegrationKey, Missed, Repeated, SecretHash};
use crate::error::{PortError, WriteError};
use async_trait::async_trait;
use jiff::Timestamp;
use tocsin_domain::alert::{Alert, AlertKey, Severity};
use tocsin_domain::id::{AlertId, IntegrationId, TeamId};

/// Declares a narrow port, and that the wide one has it.
macro_rules! narrow {
    ($(#[$doc:meta])* $name:ident of $wide:ident: $(fn $method:ident(&self, $($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(#[$doc])*
        #[async_trait]
        pub trait $name: Send + Sync {
            $(
                #[doc = concat!("[`", stringify!($wide), "::", stringify!($method), "`].")]
                async fn $method(&self, $($argument: $kind),*) -> $answer;
            )*
        }

        #[async_trait]
        impl<T: $wide + ?Sized> $name for T {
            $(
                async fn $method(&self, $($argument: $kind),*) -> $answer {
                    $wide::$method(self, $($argument),*).await
                }
            )*
        }
    };
}

narrow! {
    /// Which integration a key opens.
    KeyReader of ConfigurationStore:
    fn integration_key(&self, hash: &SecretHash) -> Result<Option<IntegrationKey>, PortError>;
}

narrow! {
    /// Alerts and guards, as events change them.
    AlertIntake of AlertStore:
    fn count_repetition(&self, key: &AlertKey, severity: Severity, at: Timestamp) -> Result<Repeated, PortError>;
    fn count_held_repetition(&self, key: &AlertKey, severity: Severity, at: Timestamp, until: Timestamp) -> Result<Repeated, PortError>;
    fn extend_alert(&self, key: &AlertKey, alert: AlertId, until: Timestamp) -> Result<(), WriteError>;
    fn guard(&self, key: &AlertKey) -> Result<Option<Guard>, PortError>;
    fn open_alert(&self, alert: &Alert) -> Result<(), WriteError>;
    fn open_held_alert(&self, alert: &Alert, hold: &Hold) -> Result<(), WriteError>;
    fn resolve_alert(&self, key: &AlertKey, alert: AlertId, at: Timestamp) -> Result<(), WriteError>;
    fn request_acknowledgement(&self, alert: AlertId, at: Timestamp) -> Result<(), WriteError>;
    fn raise_alert(&self, key: &AlertKey, alert: AlertId, severity: Severity, at: Timestamp) -> Result<(), WriteError>;
    fn watch(&self, key: &AlertKey, alert: AlertId, watched: bool) -> Result<u64, WriteError>;
    fn wake_alert(&self, alert: AlertId, at: Timestamp) -> Result<(), WriteError>;
}

narrow! {
    /// Pings of heartbeats.
    Pings of HeartbeatStore:
    fn ping(&self, heartbeat: &IntegrationId, team: &TeamId, at: Timestamp) -> Result<Option<Missed>, PortError>;
    fn recovered(&self, heartbeat: &IntegrationId, found_at: Timestamp) -> Result<(), PortError>;
}
