//! Inbound: what AWS itself delivers, and mail. SNS topics over HTTPS (signed) and by invocation, rules of EventBridge, actions of CloudWatch alarms, mail that SES or
//! another service took in.
//!
//! Called by: API Gateway, for the addresses of [`http`]; SNS, EventBridge and CloudWatch, for [`Inbound::invoked`], where the account's own permissions say who may, and the
//! configuration's `sources` whose event it is.
//! Refuses to know what an event means: what it reads, [`tocsin_ingest`] takes, as from any other sender. It is a function of its own so that certificates, mail and forms
//! weigh on nothing that every other event waits for.

pub mod form;
pub mod http;
pub mod mail;
pub mod sns;
pub mod sources;

use mail::ses::Received;
use serde_json::Value;
use sns::signature::Signatures;
use sources::Sources;
use std::sync::Arc;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::error::PortError;
use tocsin_app::ports::{ChangeStore, ConfigurationStore, IntegrationKey, Pings};
use tocsin_app::sns_pages::SnsPages;
use tocsin_ingest::Ingest;
use tocsin_ingest::source::aws;
use tocsin_ingest::source::mapping::Read;
use tocsin_ingest::source::{Answer, Refusal};

/// Names of one event under which its integration is looked for.
const MOST_NAMES: usize = 20;

/// The function, over its ports.
pub struct Inbound {
    ingest: Ingest,
    signatures: Signatures,
    pages: Arc<dyn SnsPages>,
    sources: Sources,
}

/// Why an event that AWS delivered was not taken: it is delivered again, and at last kept in the failure queue.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nobody wrote down whose it is.
    #[error("no integration takes what comes from {0}: write it under `sources` of one, then run tocsin redrive")]
    Nobody(String),
    /// It is none that this function knows.
    #[error("an event that is neither of SNS nor of EventBridge")]
    Unknown,
    /// Where it belongs could not be read.
    #[error(transparent)]
    Port(#[from] PortError),
    /// It was not stored, or nobody can understand it.
    #[error("not taken ({status}): {body}")]
    NotTaken {
        /// As an HTTP sender would hear it.
        status: u16,
        /// Why.
        body: String,
    },
}

impl Inbound {
    /// A function with empty caches.
    pub fn new(
        accept: AcceptEvent,
        configuration: Arc<impl ConfigurationStore + 'static>,
        beats: Arc<dyn Pings>,
        changes: Arc<dyn ChangeStore>,
        pages: Arc<dyn SnsPages>,
    ) -> Self {
        let clock = accept.clock.clone();
        Self {
            ingest: Ingest::new(accept, configuration.clone(), beats, changes),
            signatures: Signatures::new(pages.clone(), clock.clone()),
            pages,
            sources: Sources::new(Arc::new(ConfigurationCache::new(configuration)), clock),
        }
    }

    /// Takes what SNS, EventBridge or CloudWatch delivered by invoking the function. All of it, or an error that makes it come again: what was taken before is a repetition
    /// then.
    ///
    /// # Errors
    /// A [`Failure`], after which nothing is lost: AWS delivers again and keeps what still fails.
    pub async fn invoked(&self, event: Value) -> Result<(), Failure> {
        let Some(records) = event.get("Records").and_then(Value::as_array) else { return self.event(&event).await };
        if records.is_empty() {
            return Err(Failure::Unknown);
        }
        // One record that fails must not keep the others back.
        let mut failed = None;
        for record in records {
            let message = record.get("Sns").ok_or(Failure::Unknown);
            let taken = match message {
                Ok(message) => self.message(message).await,
                Err(unknown) => Err(unknown),
            };
            failed = failed.or(taken.err());
        }
        failed.map_or(Ok(()), Err)
    }

    /// A message of a topic.
    async fn message(&self, message: &Value) -> Result<(), Failure> {
        let topic = message.get("TopicArn").and_then(Value::as_str).ok_or(Failure::Unknown)?;
        if let Some(received) = mail::ses::within(message) {
            return self.mail(received, topic).await;
        }
        let integration = self.integration(&[topic]).await?;
        self.take(&integration, read(message.to_string().as_bytes())).await
    }

    /// Mail belongs to the integrations whose keys its recipients hold; without one, to that of the topic.
    async fn mail(&self, received: Received, topic: &str) -> Result<(), Failure> {
        let mut integrations = Vec::new();
        for key in received.keys() {
            integrations.extend(self.ingest.keys().integration(&key).await?);
        }
        if integrations.is_empty() {
            integrations.push(self.integration(&[topic]).await?);
        }
        let mut failed = None;
        for integration in integrations {
            failed = failed.or(self.take(&integration, received.mail.event()).await.err());
        }
        failed.map_or(Ok(()), Err)
    }

    /// An event of a rule, or of an alarm's own action.
    async fn event(&self, event: &Value) -> Result<(), Failure> {
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let known = (text("detail-type").is_some() && text("source").is_some()) || event.get("alarmData").is_some();
        if !known {
            return Err(Failure::Unknown);
        }
        let resources = event.get("resources").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).take(MOST_NAMES);
        let names: Vec<&str> = text("alarmArn").into_iter().chain(resources).chain(text("source")).collect();
        let integration = self.integration(&names).await?;
        self.take(&integration, read(event.to_string().as_bytes())).await
    }

    async fn integration(&self, names: &[&str]) -> Result<IntegrationKey, Failure> {
        let named = names.iter().rev().map(|name| name.chars().take(200).collect()).collect::<Vec<String>>().join(", ");
        self.sources.integration(names).await?.ok_or(Failure::Nobody(named))
    }

    async fn take(&self, integration: &IntegrationKey, read: Result<Read, Refusal>) -> Result<(), Failure> {
        let Answer { status, body, .. } = self.ingest.take(integration, read).await;
        if (200..300).contains(&status) { Ok(()) } else { Err(Failure::NotTaken { status, body }) }
    }
}

/// What a body of AWS, or a mail, says.
fn read(body: &[u8]) -> Result<Read, Refusal> {
    match serde_json::from_slice::<Value>(body).ok().as_ref().and_then(mail::within) {
        Some(mail) => mail.event(),
        None => aws::parse(body),
    }
}
