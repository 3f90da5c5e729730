//! Configuration: nobody's edit is lost, versions follow each other without a hole, and in the end keys are those of what is in force.

use super::Checker;
use crate::world::tell::{Answer, Asked};
use std::collections::{BTreeMap, BTreeSet};
use tocsin_domain::id::IntegrationId;

impl Checker<'_> {
    pub(super) fn versions(&mut self) {
        let history = self.history.clone();
        let numbers: Vec<u64> = history.versions().map(|(v, _)| v).collect();
        if numbers.iter().copied().ne(1..=numbers.len() as u64) {
            self.wrong("versions", format!("they are {numbers:?}"));
        }
        let mut made: BTreeMap<u64, usize> = BTreeMap::new();
        for (n, told) in self.world.told.iter().enumerate() {
            let (Asked::Configure(document, expected, _), Some(Answer::Applied(applied))) = (&told.asked, &told.answer) else { continue };
            let stored = history.document(applied.version);
            if stored != Some(&**document) {
                self.found.push(format!("versions: input {n} was told that it is version {}, which says something else", applied.version));
            }
            if applied.changed {
                if let Some(other) = made.insert(applied.version, n) {
                    self.found.push(format!("versions: inputs {other} and {n} both made version {}", applied.version));
                }
                if expected.is_some_and(|e| e + 1 != applied.version) {
                    self.found.push(format!("versions: input {n} was made out of version {expected:?} and became version {}", applied.version));
                }
            }
        }
        self.keys();
    }

    /// As soon as somebody has applied once more what is in force.
    fn keys(&mut self) {
        let applied_last =
            self.world.told.last().is_some_and(|t| matches!((&t.asked, &t.answer), (Asked::Configure(..), Some(Answer::Applied(a))) if !a.changed));
        if !applied_last {
            return;
        }
        let Some((version, document)) = self.history.versions().last().map(|(v, d)| (v, d.clone())) else { return };
        let mut wanted: BTreeSet<&IntegrationId> = BTreeSet::new();
        for (id, kind, service, team) in document.keyed() {
            wanted.insert(id);
            let keys: Vec<_> = self.state.keys.values().filter(|k| k.integration == *id).cloned().collect();
            if keys.is_empty() || keys.iter().any(|k| (k.kind, &k.service, &k.team) != (kind, &service.id, team)) {
                self.wrong("keys", format!("those of {id} in version {version} are {keys:?}"));
            }
        }
        let alive: BTreeSet<IntegrationId> = self.state.keys.values().map(|k| k.integration.clone()).filter(|i| !wanted.contains(i)).collect();
        if !alive.is_empty() {
            self.wrong("keys", format!("{alive:?} are not in version {version} and have keys"));
        }
    }
}
