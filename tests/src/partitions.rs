//! How DynamoDB throttles: each partition key takes so many units a second, and not more, whatever the rest of the table does.
//!
//! Called by: doubles of the table, which say when a request comes, which partitions it touches and what it turned out to cost. Time is an argument, in milliseconds,
//! so that the same requests are throttled in each run. Refuses to know requests and items.
//!
//! A partition has 1,000 write and 3,000 read units a second, and can spend what a second brings at once (Amazon DynamoDB Developer Guide, "Best practices for designing
//! and using partition keys effectively"). A request is let in while anything is left, and what it costs beyond that is owed.

use std::collections::BTreeMap;

/// Write units of a partition a second.
pub const WRITES_A_SECOND: f64 = 1000.0;
/// Read units of a partition a second.
pub const READS_A_SECOND: f64 = 3000.0;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at_ms: f64,
}

impl Bucket {
    fn at(&mut self, now_ms: f64, a_second: f64) -> f64 {
        // Requests that wait may be told of later than those behind them: time does not go back.
        let passed = (now_ms - self.at_ms).max(0.0);
        self.at_ms = self.at_ms.max(now_ms);
        self.left = (self.left + passed * a_second / 1000.0).min(a_second);
        self.left
    }
}

/// The partitions of a table and its indexes.
#[derive(Debug, Clone, Default)]
pub struct Partitions {
    writes: BTreeMap<String, Bucket>,
    reads: BTreeMap<String, Bucket>,
}

impl Partitions {
    /// Whether a request that writes to some partitions and reads from others is let in.
    pub fn admits<'a>(&mut self, now_ms: f64, writes: impl IntoIterator<Item = &'a str>, reads: impl IntoIterator<Item = &'a str>) -> bool {
        let full = |left: f64| left < 1.0;
        let writes = writes.into_iter().any(|p| full(bucket(&mut self.writes, p, now_ms, WRITES_A_SECOND).at(now_ms, WRITES_A_SECOND)));
        let reads = reads.into_iter().any(|p| full(bucket(&mut self.reads, p, now_ms, READS_A_SECOND).at(now_ms, READS_A_SECOND)));
        !(writes || reads)
    }

    /// Units that a request wrote to a partition.
    pub fn wrote(&mut self, now_ms: f64, partition: &str, units: f64) {
        bucket(&mut self.writes, partition, now_ms, WRITES_A_SECOND).left -= units;
    }

    /// Units that a request read from a partition.
    pub fn read(&mut self, now_ms: f64, partition: &str, units: f64) {
        bucket(&mut self.reads, partition, now_ms, READS_A_SECOND).left -= units;
    }
}

fn bucket<'b>(buckets: &'b mut BTreeMap<String, Bucket>, partition: &str, now_ms: f64, a_second: f64) -> &'b mut Bucket {
    buckets.entry(partition.to_owned()).or_insert(Bucket { left: a_second, at_ms: now_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_takes_a_thousand_a_second_and_its_neighbour_as_many() {
        let mut partitions = Partitions::default();
        let mut written = BTreeMap::new();
        for n in 0..20_000_u32 {
            let now = f64::from(n) / 5.0;
            for partition in ["a", "b"].iter().take(if n % 10 == 0 { 2 } else { 1 }) {
                if partitions.admits(now, [*partition], []) {
                    partitions.wrote(now, partition, 1.0);
                    *written.entry(*partition).or_insert(0) += 1;
                }
            }
        }
        // Four seconds: five thousand a second are asked of one, five hundred of the other, which does not notice.
        assert!((4_990..=5_010).contains(&written["a"]), "a second's worth at once, and a thousand a second: {written:?}");
        assert_eq!(written["b"], 2_000);
        assert!(!partitions.admits(3_999.8, ["b", "a"], []), "a transaction waits for its fullest partition");
        assert!(partitions.admits(3_999.8, [], ["a"]), "reads are counted apart");
    }
}
