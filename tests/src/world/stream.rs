//! The table's stream and its two readers: shards in order, one batch of each at a time, failed batches again, finally to the failure queue.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use tocsin_app::fakes::random::Random;
use tocsin_app::fakes::store::{Change, Record};

/// A batch that a consumer works on.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Of which shard; none where it is delivered once more, out of order.
    pub shard: Option<usize>,
    /// Its records.
    pub records: Vec<Record>,
}

#[derive(Debug, Default, Clone)]
struct Shard {
    waiting: VecDeque<Record>,
    busy: bool,
    tries: u32,
    not_before: Option<Timestamp>,
}

/// One reader of the stream.
#[derive(Debug, Clone)]
pub struct Consumer {
    shards: Vec<Shard>,
    wants: fn(&Change) -> bool,
    /// Largest batch.
    pub batch: usize,
    /// Retries before a record goes to the failure queue; none: for ever.
    pub retries: Option<u32>,
    /// The failure queue.
    pub failures: Vec<Record>,
    seen: Vec<Record>,
}

impl Consumer {
    /// The reader of alerts and incidents.
    #[must_use]
    pub fn of_incidents(shards: usize) -> Self {
        Self::new(shards, |c| matches!(c, Change::Alert(_) | Change::Incident(_)))
    }

    /// The reader of timelines.
    #[must_use]
    pub fn of_timelines(shards: usize) -> Self {
        Self::new(shards, |c| matches!(c, Change::Timeline(_)))
    }

    fn new(shards: usize, wants: fn(&Change) -> bool) -> Self {
        Self { shards: vec![Shard::default(); shards], wants, batch: 100, retries: Some(8), failures: Vec::new(), seen: Vec::new() }
    }

    /// New records of the stream. Records of one item stay in order.
    pub fn feed(&mut self, records: &[Record]) {
        let count = self.shards.len();
        for record in records.iter().filter(|r| (self.wants)(&r.change)) {
            let item = match &record.change {
                Change::Alert(id) => id.ulid(),
                Change::Incident(id) => id.ulid(),
                Change::Timeline(entry) => entry.incident.ulid(),
            };
            let shard = usize::try_from(item.0 % 1009).unwrap_or(0) % count;
            self.shards[shard].waiting.push_back(record.clone());
            self.seen.push(record.clone());
        }
    }

    /// Batches that can be delivered now.
    pub fn take(&mut self, now: Timestamp, random: Option<&mut Random>) -> Vec<Batch> {
        let most = random.map_or(self.batch, |r| 1 + r.below(self.batch));
        let mut batches = Vec::new();
        for (n, shard) in self.shards.iter_mut().enumerate() {
            if !shard.busy && !shard.waiting.is_empty() && shard.not_before.is_none_or(|at| at <= now) {
                shard.busy = true;
                batches.push(Batch { shard: Some(n), records: shard.waiting.iter().take(most).cloned().collect() });
            }
        }
        batches
    }

    /// Records of the past once more, in any order.
    pub fn again(&self, random: &mut Random, count: usize) -> Batch {
        Batch { shard: None, records: (0..count).filter_map(|_| random.pick(&self.seen).cloned()).collect() }
    }

    /// Everything that was ever delivered, once more.
    #[must_use]
    pub fn all_again(&self) -> Batch {
        Batch { shard: None, records: self.seen.clone() }
    }

    /// How a batch went: the records that failed (all of them where the handler died). The shard goes on behind the first part that succeeded.
    pub fn done(&mut self, batch: &Batch, failed: &[u64], now: Timestamp) {
        let Some(shard) = batch.shard.and_then(|n| self.shards.get_mut(n)) else { return };
        shard.busy = false;
        let succeeded = batch.records.iter().take_while(|r| !failed.contains(&r.number)).count();
        shard.waiting.drain(..succeeded);
        if succeeded == batch.records.len() {
            (shard.tries, shard.not_before) = (0, None);
            return;
        }
        if succeeded > 0 {
            shard.tries = 0;
        }
        shard.tries += 1;
        if self.retries.is_some_and(|most| shard.tries > most) {
            self.failures.extend(shard.waiting.pop_front());
            (shard.tries, shard.not_before) = (0, None);
            return;
        }
        let wait = SignedDuration::from_secs(1 << shard.tries.min(4));
        shard.not_before = now.checked_add(wait).ok();
    }

    /// When a batch that failed is delivered again.
    #[must_use]
    pub fn next_retry(&self) -> Option<Timestamp> {
        self.shards.iter().filter(|s| !s.busy && !s.waiting.is_empty()).filter_map(|s| s.not_before).min()
    }

    /// Whether everything was delivered.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.shards.iter().all(|s| s.waiting.is_empty() && !s.busy)
    }
}
