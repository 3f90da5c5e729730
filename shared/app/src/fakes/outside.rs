//! The bus, topics and metrics in memory.

use super::{Faults, lock};
use crate::error::PortError;
use crate::ports::{EmailContacts, EmailState, EventBus, Metrics, StakeholderTopic};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tocsin_contract::bus::Detail;
use tocsin_domain::id::ContactId;

/// A bus that keeps what it was given.
#[derive(Debug)]
pub struct MemoryBus {
    faults: Arc<Faults>,
    inner: Mutex<Bus>,
}

#[derive(Debug, Default)]
struct Bus {
    events: Vec<Detail>,
    refused: BTreeMap<String, u32>,
}

impl MemoryBus {
    /// An empty bus.
    pub fn new(faults: Arc<Faults>) -> Self {
        Self { faults, inner: Mutex::default() }
    }

    /// What arrived, in order, repetitions included.
    pub fn events(&self) -> Vec<Detail> {
        lock(&self.inner).events.clone()
    }

    /// The event with this id is throttled so many times, while the others of its batch arrive.
    pub fn throttle(&self, id: &str, times: u32) {
        lock(&self.inner).refused.insert(id.to_owned(), times);
    }

    fn take(&self, events: &[Detail]) -> Vec<Result<(), PortError>> {
        let mut bus = lock(&self.inner);
        events
            .iter()
            .map(|event| {
                if let Some(times) = bus.refused.get_mut(&event.id).filter(|t| **t > 0) {
                    *times -= 1;
                    return Err(PortError::Transient { port: "EventBus::publish", reason: "throttled".to_owned() });
                }
                bus.events.push(event.clone());
                Ok(())
            })
            .collect()
    }
}

#[async_trait]
impl EventBus for MemoryBus {
    async fn publish(&self, events: &[Detail]) -> Result<Vec<Result<(), PortError>>, PortError> {
        self.faults.around("EventBus::publish", || Ok(self.take(events))).await
    }
}

/// E-mail contacts and the stakeholders' topic.
#[derive(Debug)]
pub struct MemoryTopics {
    faults: Arc<Faults>,
    inner: Mutex<Topics>,
}

#[derive(Debug, Default)]
struct Topics {
    contacts: BTreeMap<(ContactId, String), EmailState>,
    asked: BTreeSet<String>,
    phones: BTreeMap<String, String>,
    codes: Vec<(String, String)>,
}

impl MemoryTopics {
    /// No subscriptions.
    pub fn new(faults: Arc<Faults>) -> Self {
        Self { faults, inner: Mutex::default() }
    }

    /// The owner of an address follows the link of the question they got.
    pub fn confirm(&self, contact: &ContactId, address: &str) {
        lock(&self.inner).contacts.insert((contact.clone(), address.to_owned()), EmailState::Confirmed);
    }

    /// Stakeholders' addresses that were asked to confirm.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.inner).asked.iter().cloned().collect()
    }

    /// Stakeholders' phones that are subscribed.
    pub fn phones(&self) -> Vec<String> {
        lock(&self.inner).phones.keys().cloned().collect()
    }

    /// Codes that were sent: phone and text.
    pub fn codes(&self) -> Vec<(String, String)> {
        lock(&self.inner).codes.clone()
    }
}

#[async_trait]
impl EmailContacts for MemoryTopics {
    async fn ensure(&self, contact: &ContactId, address: &str) -> Result<EmailState, PortError> {
        let ensure = || Ok(*lock(&self.inner).contacts.entry((contact.clone(), address.to_owned())).or_insert(EmailState::Pending));
        self.faults.around("EmailContacts::ensure", ensure).await
    }

    async fn state(&self, contact: &ContactId, address: &str) -> Result<EmailState, PortError> {
        let state = || Ok(lock(&self.inner).contacts.get(&(contact.clone(), address.to_owned())).copied().unwrap_or(EmailState::Missing));
        self.faults.around("EmailContacts::state", state).await
    }
}

#[async_trait]
impl StakeholderTopic for MemoryTopics {
    async fn subscribe_email(&self, address: &str) -> Result<(), PortError> {
        let subscribe = || {
            lock(&self.inner).asked.insert(address.to_owned());
            Ok(())
        };
        self.faults.around("StakeholderTopic::subscribe_email", subscribe).await
    }

    async fn subscribe_sms(&self, phone: &str) -> Result<String, PortError> {
        let subscribe = || {
            let mut topics = lock(&self.inner);
            let id = format!("subscription-{}", topics.phones.len() + 1);
            Ok(topics.phones.entry(phone.to_owned()).or_insert(id).clone())
        };
        self.faults.around("StakeholderTopic::subscribe_sms", subscribe).await
    }

    async fn unsubscribe_sms(&self, phone: &str) -> Result<(), PortError> {
        let unsubscribe = || {
            lock(&self.inner).phones.remove(phone);
            Ok(())
        };
        self.faults.around("StakeholderTopic::unsubscribe_sms", unsubscribe).await
    }

    async fn send_code(&self, phone: &str, text: &str) -> Result<(), PortError> {
        let send = || {
            lock(&self.inner).codes.push((phone.to_owned(), text.to_owned()));
            Ok(())
        };
        self.faults.around("StakeholderTopic::send_code", send).await
    }
}

/// Numbers that were put.
#[derive(Debug, Default)]
pub struct MemoryMetrics(Mutex<Vec<(&'static str, f64)>>);

impl MemoryMetrics {
    /// What was put, in order.
    pub fn numbers(&self) -> Vec<(&'static str, f64)> {
        lock(&self.0).clone()
    }
}

impl Metrics for MemoryMetrics {
    fn put(&self, name: &'static str, value: f64) {
        lock(&self.0).push((name, value));
    }
}
