//! Runs handlers one poll at a time, in an order that a seed decides: the same seed gives the same trace.
//!
//! Refuses to use threads, timers and anything else that the machine decides.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use tocsin_app::fakes::Faults;
use tocsin_app::fakes::random::Random;

struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Task<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    ready: Arc<Ready>,
}

/// How a handler ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// It came to its end.
    Returned(T),
    /// Its process died; it ran no further line.
    Died,
}

/// Handlers that run at the same time.
pub struct Executor<T> {
    tasks: BTreeMap<u64, Task<T>>,
    last: u64,
    order: Option<Random>,
}

impl<T> Executor<T> {
    /// With a seed the next one to run is drawn; without, it is always the oldest that can go on.
    pub fn new(order: Option<Random>) -> Self {
        Self { tasks: BTreeMap::new(), last: 0, order }
    }

    /// Starts a handler; the answer is its number.
    pub fn spawn(&mut self, future: impl Future<Output = T> + 'static) -> u64 {
        self.last += 1;
        self.tasks.insert(self.last, Task { future: Box::pin(future), ready: Arc::new(Ready(AtomicBool::new(true))) });
        self.last
    }

    /// Ends a handler from outside: it ran out of its time.
    pub fn kill(&mut self, number: u64) {
        self.tasks.remove(&number);
    }

    /// Polls one handler that can go on. `None`: none can. `Some(None)`: it has not ended yet.
    pub fn step(&mut self, faults: &Faults) -> Option<Option<(u64, Ended<T>)>> {
        let ready: Vec<u64> = self.tasks.iter().filter(|(_, t)| t.ready.0.load(Ordering::SeqCst)).map(|(n, _)| *n).collect();
        let number = match &mut self.order {
            Some(random) => *random.pick(&ready)?,
            None => *ready.first()?,
        };
        let task = self.tasks.get_mut(&number)?;
        task.ready.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(task.ready.clone());
        let polled = task.future.as_mut().poll(&mut Context::from_waker(&waker));
        let ended = match polled {
            // A crash beats whatever the same poll brought about elsewhere in the handler.
            _ if faults.take_crash() => Ended::Died,
            Poll::Ready(value) => Ended::Returned(value),
            Poll::Pending => return Some(None),
        };
        self.tasks.remove(&number);
        Some(Some((number, ended)))
    }
}
