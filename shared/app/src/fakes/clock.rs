//! Time that only tests move.

use super::lock;
use crate::ports::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::Mutex;
use std::task::{Poll, Waker};

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct ManualClock {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    now: Timestamp,
    sleepers: Vec<(Timestamp, Waker)>,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { inner: Mutex::new(Inner { now, sleepers: Vec::new() }) }
    }

    /// Moves to an instant and wakes who sleeps until then. Time never goes back: an earlier instant changes nothing.
    pub fn set(&self, now: Timestamp) {
        let awake: Vec<Waker> = {
            let mut inner = lock(&self.inner);
            inner.now = inner.now.max(now);
            let now = inner.now;
            let (due, later) = std::mem::take(&mut inner.sleepers).into_iter().partition(|(at, _)| *at <= now);
            inner.sleepers = later;
            let due: Vec<(Timestamp, Waker)> = due;
            due.into_iter().map(|(_, w)| w).collect()
        };
        awake.into_iter().for_each(Waker::wake);
    }

    /// Moves on by a while.
    pub fn advance(&self, by: SignedDuration) {
        let now = lock(&self.inner).now;
        self.set(now.checked_add(by).unwrap_or(Timestamp::MAX));
    }

    /// The next instant at which somebody who sleeps here wants to go on.
    pub fn next_sleeper(&self) -> Option<Timestamp> {
        lock(&self.inner).sleepers.iter().map(|(at, _)| *at).min()
    }

    /// Waits until the clock shows `at` or later.
    pub async fn sleep_until(&self, at: Timestamp) {
        std::future::poll_fn(|cx| {
            let mut inner = lock(&self.inner);
            if inner.now >= at {
                return Poll::Ready(());
            }
            inner.sleepers.push((at, cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        lock(&self.inner).now
    }
}
