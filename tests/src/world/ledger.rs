//! The ledger of a world: where events ended, and whether it adds up.

use super::World;
use futures::executor::block_on;
use std::collections::BTreeSet;
use std::sync::Arc;
use tocsin_app::audit_ledger::{AuditLedger, Audited};
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::ports::{Received, Span};
use tocsin_app::trace_alerts::{TraceAlerts, Traced};
use tocsin_domain::alert::AlertKey;
use tocsin_domain::id::TeamId;

impl World {
    fn auditor(&self) -> AuditLedger {
        let configuration = Arc::new(ConfigurationCache::new(self.store.clone()));
        AuditLedger { alerts: self.store.clone(), incidents: self.store.clone(), configuration, clock: self.clock.clone() }
    }

    /// Audits everything since the world began, in parts of `limit` alerts.
    #[must_use]
    pub fn audit(&self, limit: usize) -> Audited {
        let auditor = self.auditor();
        let teams: BTreeSet<TeamId> = self.store.look(|s| s.alerts.values().map(|a| a.team.clone()).collect());
        let span = Span { from: crate::samples::at(0), until: self.now() + jiff::SignedDuration::from_secs(1) };
        let mut sum = Audited::default();
        for team in teams {
            let mut after: Option<Received> = None;
            loop {
                let part = block_on(auditor.team(&team, span, after, limit)).unwrap();
                after = part.next;
                sum.add(part);
                if after.is_none() {
                    break;
                }
            }
        }
        sum
    }

    /// What became of a key of a service's integration.
    #[must_use]
    pub fn trace_key(&self, service: &str, dedup_key: &str) -> Vec<Traced> {
        let configuration = Arc::new(ConfigurationCache::new(self.store.clone()));
        let trace = TraceAlerts { alerts: self.store.clone(), incidents: self.store.clone(), configuration };
        block_on(trace.by_key(&AlertKey { integration: super::configuration::integration(service).integration, dedup_key: dedup_key.to_owned() })).unwrap()
    }
}
