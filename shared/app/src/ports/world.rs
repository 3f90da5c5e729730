//! The clock, randomness and numbers for graphs. Part of [`ports`](crate::ports).

use jiff::Timestamp;

/// The one clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The one source of randomness.
pub trait IdSource: Send + Sync {
    /// A fresh ULID of this instant.
    fn ulid(&self, now: Timestamp) -> ulid::Ulid;
    /// A fresh secret of 160 random bits as 32 characters of `A-Z2-7`.
    fn secret(&self) -> String;
}

/// A number for an alarm or a graph.
pub trait Metrics: Send + Sync {
    /// Puts one number of namespace `Tocsin`.
    fn put(&self, name: &'static str, value: f64);
}
