//! Mistakes that could be made about versions, made on purpose: a checker that finds none of them would prove nothing.

use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use tocsin_app::error::{PortError, WriteError};
use tocsin_app::fakes::MemoryStore;
use tocsin_app::ports::{
    ConfigurationStore, DueStore, HoldPlace, IntegrationKey, MaintenanceStore, Overdue, RosterRecord, RosterStore, SecretHash, VerificationStore, VersionRecord,
};
use tocsin_domain::access::Principal;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::{AlertId, ContactId, IntegrationId, OverrideId, ScheduleId};
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_domain::notification::verification::Verification;
use tocsin_domain::schedule::roster::Roster;
use tocsin_domain::schedule::swap::{State, Swap};

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// An incident goes on by the policy that is in force, instead of the one that it opened with.
    PolicyOfNow,
    /// Who is on call is found out in the first version, for ever.
    PeopleOfThen,
    /// Messages go to the addresses of the first version.
    AddressesOfThen,
    /// Alerts are decided by the first version.
    RulesOfThen,
    /// Nobody looks at what was changed about schedules at run time.
    NoRosters,
    /// A change of a schedule that was taken back is still there.
    RemovedStays,
    /// The last half of a swap is not carried out.
    HalfASwap,
    /// Whoever changes a schedule last wins.
    LastAmendWins,
    /// Whoever has a contact method has verified it.
    EverybodyVerified,
    /// Nobody has verified anything.
    NobodyVerified,
    /// Targets never take turns.
    NoTurns,
    /// Quiet hours and hours of levels do not count.
    NoHours,
    /// Event rules do not count.
    NoRules,
    /// Maintenance windows do not count.
    NoWindows,
    /// Windows that people start or end at run time do not count.
    NoRuns,
    /// Ending a window early wakes nobody's alerts.
    NoRelease,
    /// Alerts are never grouped.
    NoGroups,
    /// Nothing depends on anything.
    NoDependencies,
    /// Whoever publishes last wins.
    LastWriterWins,
}

/// All of them.
pub const MUTANTS: [Mutant; 19] = [
    Mutant::PolicyOfNow,
    Mutant::PeopleOfThen,
    Mutant::AddressesOfThen,
    Mutant::RulesOfThen,
    Mutant::NoRosters,
    Mutant::RemovedStays,
    Mutant::HalfASwap,
    Mutant::LastAmendWins,
    Mutant::EverybodyVerified,
    Mutant::NobodyVerified,
    Mutant::NoTurns,
    Mutant::NoHours,
    Mutant::NoRules,
    Mutant::NoWindows,
    Mutant::NoRuns,
    Mutant::NoRelease,
    Mutant::NoGroups,
    Mutant::NoDependencies,
    Mutant::LastWriterWins,
];

/// Whose view of the configuration it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Process,
    Advance,
    Rosters,
    Amend,
    Deliver,
    Apply,
    Maintain,
    Others,
}

/// The configuration as a mistaken use case sees it.
pub(super) struct Mistaken {
    pub(super) store: Arc<MemoryStore>,
    pub(super) mutant: Option<Mutant>,
    pub(super) role: Role,
}

impl Mistaken {
    fn is(&self, mutant: Mutant, role: Role) -> bool {
        self.mutant == Some(mutant) && self.role == role
    }

    fn mistake(&self, mut c: Configuration) -> Configuration {
        if self.is(Mutant::NoTurns, Role::Advance) {
            c.policies.iter_mut().flat_map(|p| &mut p.levels).for_each(|l| l.round_robin = false);
        }
        if self.is(Mutant::NoHours, Role::Advance) {
            c.policies.iter_mut().flat_map(|p| &mut p.levels).for_each(|l| l.hours = None);
        }
        if self.is(Mutant::NoHours, Role::Rosters) {
            c.users.iter_mut().for_each(|u| u.quiet_hours.clear());
        }
        if self.is(Mutant::NoRules, Role::Process) {
            c.services.iter_mut().for_each(|s| s.rules.clear());
        }
        if self.is(Mutant::NoWindows, Role::Process) {
            c.maintenance.clear();
        }
        if self.is(Mutant::NoGroups, Role::Process) {
            c.services.iter_mut().for_each(|s| s.grouping = tocsin_domain::configuration::Grouping::None);
        }
        if self.is(Mutant::NoDependencies, Role::Process) {
            c.services.iter_mut().for_each(|s| s.attach_to_upstream = false);
        }
        c
    }
}

#[async_trait]
impl ConfigurationStore for Mistaken {
    async fn current_version(&self) -> Result<Option<u64>, PortError> {
        let old = [(Mutant::PeopleOfThen, Role::Rosters), (Mutant::AddressesOfThen, Role::Deliver), (Mutant::RulesOfThen, Role::Process)];
        let current = self.store.current_version().await?;
        Ok(if old.iter().any(|(m, r)| self.is(*m, *r)) { Some(1) } else { current })
    }

    async fn version_record(&self, version: u64) -> Result<Option<VersionRecord>, PortError> {
        self.store.version_record(version).await
    }

    async fn configuration(&self, version: u64) -> Result<Option<Configuration>, PortError> {
        let version = if self.is(Mutant::PolicyOfNow, Role::Advance) { self.store.current_version().await?.unwrap_or(version) } else { version };
        Ok(self.store.configuration(version).await?.map(|c| self.mistake(c)))
    }

    async fn publish_configuration(&self, record: &VersionRecord, configuration: &Configuration) -> Result<(), WriteError> {
        let answer = self.store.publish_configuration(record, configuration).await;
        if self.is(Mutant::LastWriterWins, Role::Apply) && answer == Err(WriteError::Conflict) {
            self.store.damage(|s| s.configurations.insert(record.version, (record.clone(), configuration.clone())));
            return Ok(());
        }
        answer
    }

    async fn integration_key(&self, hash: &SecretHash) -> Result<Option<IntegrationKey>, PortError> {
        self.store.integration_key(hash).await
    }

    async fn keys_of(&self, integration: &IntegrationId) -> Result<Vec<SecretHash>, PortError> {
        self.store.keys_of(integration).await
    }

    async fn put_integration_key(&self, hash: &SecretHash, key: &IntegrationKey) -> Result<(), PortError> {
        self.store.put_integration_key(hash, key).await
    }

    async fn delete_integration_key(&self, hash: &SecretHash, integration: &IntegrationId) -> Result<(), PortError> {
        self.store.delete_integration_key(hash, integration).await
    }

    async fn token(&self, hash: &SecretHash) -> Result<Option<Principal>, PortError> {
        self.store.token(hash).await
    }

    async fn put_token(&self, hash: &SecretHash, principal: &Principal) -> Result<(), PortError> {
        self.store.put_token(hash, principal).await
    }

    async fn tokens(&self) -> Result<Vec<(SecretHash, Principal)>, PortError> {
        self.store.tokens().await
    }

    async fn delete_token(&self, hash: &SecretHash) -> Result<(), PortError> {
        self.store.delete_token(hash).await
    }
}

#[async_trait]
impl RosterStore for Mistaken {
    async fn rosters(&self, schedules: &[ScheduleId]) -> Result<Vec<Roster>, PortError> {
        let mut rosters = self.store.rosters(schedules).await?;
        if self.is(Mutant::NoRosters, Role::Rosters) {
            rosters.clear();
        }
        Ok(rosters)
    }

    async fn save_roster(&self, roster: &Roster, record: &RosterRecord) -> Result<(), WriteError> {
        let mut roster = roster.clone();
        if self.is(Mutant::RemovedStays, Role::Amend) {
            roster.overrides.iter_mut().for_each(|o| o.removed = None);
        }
        if self.is(Mutant::HalfASwap, Role::Amend) {
            let last = |s: &Swap| if let State::Accepted { overrides, .. } = &s.state { overrides.last().copied() } else { None };
            let halves: Vec<OverrideId> = roster.swaps.iter().filter_map(last).collect();
            roster.overrides.retain(|o| !halves.contains(&o.id));
        }
        let answer = self.store.save_roster(&roster, record).await;
        if self.is(Mutant::LastAmendWins, Role::Amend) && answer == Err(WriteError::Conflict) {
            let stored = self.store.look(|s| s.roster(&roster.schedule).map_or(0, |r| r.revision));
            return self.store.save_roster(&Roster { revision: stored + 1, ..roster }, record).await;
        }
        answer
    }

    async fn roster_records(&self, schedule: &ScheduleId, before: Option<u64>, limit: usize) -> Result<Vec<RosterRecord>, PortError> {
        self.store.roster_records(schedule, before, limit).await
    }
}

#[async_trait]
impl MaintenanceStore for Mistaken {
    async fn maintenance(&self) -> Result<Vec<MaintenanceRun>, PortError> {
        let runs = self.store.maintenance().await?;
        Ok(if self.is(Mutant::NoRuns, Role::Process) { Vec::new() } else { runs })
    }

    async fn put_maintenance(&self, run: &MaintenanceRun) -> Result<(), WriteError> {
        self.store.put_maintenance(run).await
    }
}

#[async_trait]
impl DueStore for Mistaken {
    async fn due_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Overdue>, PortError> {
        self.store.due_before(before, limit).await
    }

    async fn holds_before(&self, before: Timestamp, limit: usize) -> Result<Vec<HoldPlace>, PortError> {
        self.store.holds_before(before, limit).await
    }

    async fn alerts_due_at(&self, at: Timestamp, limit: usize) -> Result<Vec<AlertId>, PortError> {
        let waiting = self.store.alerts_due_at(at, limit).await?;
        Ok(if self.is(Mutant::NoRelease, Role::Maintain) { Vec::new() } else { waiting })
    }
}

#[async_trait]
impl VerificationStore for Mistaken {
    async fn verification(&self, contact: &ContactId) -> Result<Verification, PortError> {
        let verification = self.store.verification(contact).await?;
        if self.is(Mutant::NobodyVerified, Role::Advance) {
            return Ok(Verification::default());
        }
        let current = self.store.look(|s| s.configurations.values().next_back().and_then(|(_, c)| c.contact(contact).map(|(_, m)| m.clone())));
        Ok(match current {
            Some(method) if self.is(Mutant::EverybodyVerified, Role::Advance) => {
                let mut verified = Verification::default();
                verified.verify(&method, Timestamp::MIN);
                verified
            }
            Some(_) | None => verification,
        })
    }

    async fn put_verification(&self, contact: &ContactId, verification: &Verification) -> Result<(), WriteError> {
        self.store.put_verification(contact, verification).await
    }
}
