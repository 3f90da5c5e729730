//! Messages in memory: an outbox, and providers that refuse, fail or dawdle as scripted.

use super::{Faults, ManualClock, lock};
use crate::ports::{Clock, Destination, Messenger, SendError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex};
use tocsin_domain::configuration::Channel;
use tocsin_domain::id::ContactId;
use tocsin_domain::notification::message::Message;

/// A message that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// Where to.
    pub to: Destination,
    /// What it says.
    pub message: Message,
    /// What the provider calls it.
    pub id: String,
    /// Whether the sender heard that it left.
    pub known: bool,
}

/// Which messages a script is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All of a channel.
    Channel(Channel),
    /// All of a contact method.
    Contact(ContactId),
}

/// What a provider does with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// Refuses them.
    Refuses(String),
    /// Is away.
    Unavailable(String),
    /// Sends them and says that it did not.
    SendsAndFails,
    /// Takes so many seconds.
    Slow(u32),
}

/// An outbox.
#[derive(Debug)]
pub struct MemoryMessenger {
    clock: Arc<ManualClock>,
    faults: Arc<Faults>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    outbox: Vec<Sent>,
    script: Vec<(Which, Provider)>,
}

impl MemoryMessenger {
    /// Providers that send everything at once.
    pub fn new(clock: Arc<ManualClock>, faults: Arc<Faults>) -> Self {
        Self { clock, faults, inner: Mutex::default() }
    }

    /// From now on, these are treated so. The latest script that fits a message counts.
    pub fn script(&self, which: Which, provider: Provider) {
        lock(&self.inner).script.push((which, provider));
    }

    /// Providers are well again.
    pub fn heal(&self) {
        lock(&self.inner).script.clear();
    }

    /// What left, in order.
    pub fn outbox(&self) -> Vec<Sent> {
        lock(&self.inner).outbox.clone()
    }

    fn provider(&self, to: &Destination) -> Option<Provider> {
        let fits = |which: &Which| match which {
            Which::Channel(channel) => *channel == to.channel,
            Which::Contact(contact) => *contact == to.contact,
        };
        lock(&self.inner).script.iter().rev().find(|(which, _)| fits(which)).map(|(_, p)| p.clone())
    }

    fn put(&self, to: &Destination, message: &Message) -> String {
        let mut inner = lock(&self.inner);
        let id = format!("message-{}", inner.outbox.len() + 1);
        inner.outbox.push(Sent { at: self.clock.now(), to: to.clone(), message: message.clone(), id: id.clone(), known: false });
        id
    }

    /// The sender heard that it left.
    fn heard(&self, id: &str) {
        if let Some(sent) = lock(&self.inner).outbox.iter_mut().find(|s| s.id == id) {
            sent.known = true;
        }
    }
}

#[async_trait]
impl Messenger for MemoryMessenger {
    async fn send(&self, to: &Destination, message: &Message) -> Result<String, SendError> {
        let provider = self.provider(to);
        if let Some(Provider::Slow(seconds)) = &provider {
            let until = self.clock.now().checked_add(SignedDuration::from_secs(i64::from(*seconds)));
            self.clock.sleep_until(until.unwrap_or(Timestamp::MAX)).await;
        }
        let send = || match provider {
            None | Some(Provider::Slow(_)) => Ok(self.put(to, message)),
            Some(Provider::Refuses(reason)) => Err(SendError::Refused(reason)),
            Some(Provider::Unavailable(reason)) => Err(SendError::Unavailable(reason)),
            Some(Provider::SendsAndFails) => {
                self.put(to, message);
                Err(SendError::Unavailable("no answer".to_owned()))
            }
        };
        let id = self.faults.around("Messenger::send", send).await?;
        self.heard(&id);
        Ok(id)
    }
}
