//! Randomness that a seed decides.

use super::lock;
use crate::ports::IdSource;
use jiff::Timestamp;
use std::sync::Mutex;

/// SplitMix64: small, good enough to choose faults and orders, the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        usize::try_from(self.bits().checked_rem(n).unwrap_or(0)).unwrap_or(0)
    }

    /// True `per_mille` times of a thousand.
    pub fn happens(&mut self, per_mille: u32) -> bool {
        self.bits() % 1000 < u64::from(per_mille)
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

/// Ids and secrets that a seed decides.
#[derive(Debug)]
pub struct SeededIds(Mutex<Random>);

impl SeededIds {
    /// The ids of a seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(Random::seeded(seed)))
    }
}

impl IdSource for SeededIds {
    fn ulid(&self, now: Timestamp) -> ulid::Ulid {
        let mut random = lock(&self.0);
        let bits = u128::from(random.bits()) << 64 | u128::from(random.bits());
        ulid::Ulid::from_parts(u64::try_from(now.as_millisecond()).unwrap_or(0), bits)
    }

    fn secret(&self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut random = lock(&self.0);
        (0..32).map(|_| char::from(ALPHABET[random.below(ALPHABET.len())])).collect()
    }
}
