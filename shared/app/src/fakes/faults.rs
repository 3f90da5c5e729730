//! What may go wrong at a port call: every call of every fake passes through [`Faults::around`] and is numbered.
//!
//! A crash is no error value: the call never returns. Its future stays pending, every other port call of the same poll stays without effect, and
//! [`Faults::take_crash`] tells the driver to drop the handler, which therefore runs no further line. Without a driver that asks (a plain `block_on`) do not plan crashes.

use super::random::Random;
use super::{ManualClock, lock};
use crate::error::{PortError, WriteError};
use crate::ports::{ClaimError, Clock, SendError};
use jiff::SignedDuration;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// What goes wrong at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens, and the caller hears that it may work later.
    FailBefore,
    /// It happens, and the caller hears that it may work later.
    FailAfter,
    /// The process dies before it happens.
    CrashBefore,
    /// The process dies when it has happened.
    CrashAfter,
    /// A conditional write loses against another one; a call that can not conflict fails before its effect.
    Conflict,
    /// It takes so many seconds.
    Slow(u32),
}

/// All faults, for tests that go through each.
pub const EVERY_FAULT: [Fault; 6] = [Fault::FailBefore, Fault::FailAfter, Fault::CrashBefore, Fault::CrashAfter, Fault::Conflict, Fault::Slow(3)];

/// How often each fault happens, in thousandths of all calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// [`Fault::FailBefore`].
    pub fail_before: u32,
    /// [`Fault::FailAfter`].
    pub fail_after: u32,
    /// [`Fault::CrashBefore`].
    pub crash_before: u32,
    /// [`Fault::CrashAfter`].
    pub crash_after: u32,
    /// [`Fault::Conflict`].
    pub conflict: u32,
    /// [`Fault::Slow`], up to ten seconds.
    pub slow: u32,
}

impl Rates {
    /// Each fault at the same rate.
    pub fn all(per_mille: u32) -> Self {
        Self { fail_before: per_mille, fail_after: per_mille, crash_before: per_mille, crash_after: per_mille, conflict: per_mille, slow: per_mille }
    }

    fn draw(&self, random: &mut Random) -> Option<Fault> {
        let mut drawn = u32::try_from(random.bits() % 1000).unwrap_or(0);
        let slow = Fault::Slow(1 + u32::try_from(random.below(10)).unwrap_or(0));
        let faults = [
            (self.fail_before, Fault::FailBefore),
            (self.fail_after, Fault::FailAfter),
            (self.crash_before, Fault::CrashBefore),
            (self.crash_after, Fault::CrashAfter),
            (self.conflict, Fault::Conflict),
            (self.slow, slow),
        ];
        for (rate, fault) in faults {
            match drawn.checked_sub(rate) {
                None => return Some(fault),
                Some(rest) => drawn = rest,
            }
        }
        None
    }
}

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// From 1, over all fakes that share the plan.
    pub number: u64,
    /// Port and method, as in `AlertStore::open_alert`.
    pub name: &'static str,
    /// What went wrong with it.
    pub fault: Option<Fault>,
}

/// The plan of what goes wrong, shared by all fakes of a test.
#[derive(Debug)]
pub struct Faults {
    clock: Option<Arc<ManualClock>>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    calls: Vec<Call>,
    at: Option<(u64, Fault)>,
    scripted: Vec<(&'static str, Fault)>,
    down: Vec<&'static str>,
    random: Option<(Random, Rates)>,
    interleave: bool,
    crashed: bool,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Arc<Self> {
        Arc::new(Self { clock: None, inner: Mutex::default() })
    }

    /// Nothing goes wrong yet; slow calls take their time on this clock.
    pub fn on(clock: Arc<ManualClock>) -> Arc<Self> {
        Arc::new(Self { clock: Some(clock), inner: Mutex::default() })
    }

    /// The instant at which calls take effect; none without a clock.
    pub fn now(&self) -> Option<jiff::Timestamp> {
        self.clock.as_ref().map(|c| c.now())
    }

    /// Each call lets others run first: between any two calls anything else may happen.
    pub fn interleave(&self) {
        lock(&self.inner).interleave = true;
    }

    /// The call with this number goes wrong.
    pub fn at(&self, number: u64, fault: Fault) {
        lock(&self.inner).at = Some((number, fault));
    }

    /// The next call whose name begins like this goes wrong, once.
    pub fn next(&self, name: &'static str, fault: Fault) {
        lock(&self.inner).scripted.push((name, fault));
    }

    /// Every call whose name begins like this fails before its effect, until [`Faults::heal`].
    pub fn down(&self, name: &'static str) {
        lock(&self.inner).down.push(name);
    }

    /// Calls go wrong at random from now on.
    pub fn seeded(&self, seed: u64, rates: Rates) {
        lock(&self.inner).random = Some((Random::seeded(seed), rates));
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        let mut inner = lock(&self.inner);
        inner.at = None;
        inner.scripted.clear();
        inner.down.clear();
        inner.random = None;
    }

    /// What was called so far.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.inner).calls.clone()
    }

    /// How many calls there were so far.
    pub fn count(&self) -> u64 {
        lock(&self.inner).calls.len() as u64
    }

    /// Whether the handler that was just polled died, once: its driver drops it.
    pub fn take_crash(&self) -> bool {
        std::mem::take(&mut lock(&self.inner).crashed)
    }

    fn begin(&self, name: &'static str) -> Begin {
        let mut inner = lock(&self.inner);
        if inner.crashed {
            return Begin::Dead;
        }
        let number = inner.calls.len() as u64 + 1;
        let scripted = inner.scripted.iter().position(|(n, _)| name.starts_with(n));
        let fault = if let Some((_, fault)) = inner.at.filter(|(n, _)| *n == number) {
            Some(fault)
        } else if let Some(i) = scripted {
            Some(inner.scripted.remove(i).1)
        } else if inner.down.iter().any(|n| name.starts_with(n)) {
            Some(Fault::FailBefore)
        } else {
            inner.random.as_mut().and_then(|(random, rates)| rates.draw(random))
        };
        inner.calls.push(Call { number, name, fault });
        Begin::With(fault)
    }

    async fn die<T>(&self) -> T {
        lock(&self.inner).crashed = true;
        std::future::pending().await
    }

    /// Does `effect` as the call `name`, with what the plan has for it.
    pub async fn around<T: Send, E: Failure>(&self, name: &'static str, effect: impl FnOnce() -> Result<T, E> + Send) -> Result<T, E> {
        let interleave = lock(&self.inner).interleave;
        if interleave {
            let_others_run().await;
        }
        let fault = match self.begin(name) {
            Begin::Dead => std::future::pending().await,
            Begin::With(fault) => fault,
        };
        match fault {
            None => effect(),
            Some(Fault::FailBefore) => Err(E::transient(name, "injected before the effect")),
            Some(Fault::FailAfter) => {
                effect()?;
                Err(E::transient(name, "injected after the effect"))
            }
            Some(Fault::CrashBefore) => self.die().await,
            Some(Fault::CrashAfter) => {
                let _effect = effect();
                self.die().await
            }
            Some(Fault::Conflict) => Err(E::conflict().unwrap_or_else(|| E::transient(name, "injected before the effect"))),
            Some(Fault::Slow(seconds)) => {
                if let Some(clock) = &self.clock {
                    let until = clock.now().checked_add(SignedDuration::from_secs(i64::from(seconds)));
                    clock.sleep_until(until.unwrap_or(jiff::Timestamp::MAX)).await;
                }
                effect()
            }
        }
    }
}

enum Begin {
    Dead,
    With(Option<Fault>),
}

/// Gives way once.
async fn let_others_run() {
    let mut waited = false;
    std::future::poll_fn(|cx| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// An error that a plan can cause.
pub trait Failure: Sized + Send {
    /// It may work later.
    fn transient(call: &'static str, reason: &str) -> Self;
    /// Somebody else was faster, where that can be.
    fn conflict() -> Option<Self> {
        None
    }
}

impl Failure for PortError {
    fn transient(call: &'static str, reason: &str) -> Self {
        PortError::Transient { port: call, reason: reason.to_owned() }
    }
}

impl Failure for WriteError {
    fn transient(call: &'static str, reason: &str) -> Self {
        WriteError::Port(PortError::transient(call, reason))
    }
    fn conflict() -> Option<Self> {
        Some(WriteError::Conflict)
    }
}

impl Failure for ClaimError {
    fn transient(call: &'static str, reason: &str) -> Self {
        ClaimError::Port(PortError::transient(call, reason))
    }
    fn conflict() -> Option<Self> {
        Some(ClaimError::Conflict)
    }
}

impl Failure for SendError {
    fn transient(_call: &'static str, reason: &str) -> Self {
        SendError::Unavailable(reason.to_owned())
    }
}
