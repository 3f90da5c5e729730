//! The door for addresses with a key: `/v1/integrations/{aws,sns,cloudwatch,eventbridge,email,form}/KEY`.
//!
//! Called by: API Gateway. Takes envelopes of SNS, which must be signed by it; raw messages of SNS, API destinations of EventBridge and mail of services, for which the key
//! alone says who sends. An SNS subscription is confirmed by itself.
//!
//! Refused: as ingest refuses (405, 413, 415, 400, 404 for an unknown key); 403 where SNS did not sign what says that it is of SNS; 503 where that can not be told now.

use crate::sns::signature::Distrust;
use crate::sns::{Damaged, Envelope, Kind};
use crate::{Inbound, form, mail, read};
use serde_json::{Value, json};
use tocsin_app::ports::IntegrationKey;
use tocsin_app::sns_pages::SnsAddress;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::change_event::ChangeEvent;
use tocsin_ingest::Call;
use tocsin_ingest::source::mapping::Read;
use tocsin_ingest::source::{Answer, Batch, aws, body};

/// Bytes of the page that answers a confirmation; it is a few hundred.
const MOST_CONFIRMATION: usize = 64 * 1024;

/// Names that this door has in the address.
const NAMES: [&str; 6] = ["aws", "sns", "cloudwatch", "eventbridge", "email", FORM];
/// A form of any kind, with parts or without. What is no mail, ingest reads as it reads any JSON.
const FORM: &str = "form";

impl Inbound {
    /// Answers one request. `path` is the decoded path; a trailing slash, and a doubled one, change nothing.
    pub async fn answer(&self, call: &Call<'_>, body: Vec<u8>) -> Answer {
        let parts: Vec<&str> = call.path.split('/').filter(|part| !part.is_empty()).collect();
        let (name, key) = match parts.as_slice() {
            ["v1", "integrations", name, key] if NAMES.contains(name) && ["POST", "PUT"].contains(&call.method) => (*name, *key),
            ["v1", "integrations", FORM, key] => return self.generic(call, key, body).await,
            // What every address answers alike: other methods, and addresses that there are not.
            _ => return self.ingest.answer(call, body).await,
        };
        let body = match body::open(body, call.content_encoding, call.content_type, body::MOST) {
            Ok(body) if form::is_multipart(call.content_type) => form::read(body, call.content_type).await,
            opened => opened,
        };
        let body = match body {
            Ok(body) => body,
            Err(refusal) => return refusal.into(),
        };
        if name == FORM && mail::within(&serde_json::from_slice(&body).unwrap_or_default()).is_none() {
            return self.generic(call, key, body).await;
        }
        let integration = match self.ingest.keys().integration(key).await {
            Ok(Some(integration)) => integration,
            Ok(None) => return said(404, "unknown integration key", "no integration has the key at the end of this address"),
            Err(error) => return unavailable(&error.to_string()),
        };
        match Envelope::read(&body) {
            Ok(None) if is_mail(call.content_type) => match mail::Mail::read(&body) {
                Some(mail) => self.ingest.take(&integration, mail.event()).await,
                None => self.ingest.take(&integration, read(&body)).await,
            },
            Ok(None) => self.ingest.take(&integration, read(&body)).await,
            Ok(Some(envelope)) => self.envelope(&integration, &envelope).await,
            Err(Damaged) => forged(&integration, "it lacks what each message of SNS has"),
        }
    }

    /// As any JSON is read, and by the mapping that the integration may have.
    async fn generic(&self, call: &Call<'_>, key: &str, body: Vec<u8>) -> Answer {
        let path = format!("/v1/integrations/generic/{key}");
        self.ingest.answer(&Call { method: call.method, path: &path, query: call.query, ..Call::default() }, body).await
    }

    async fn envelope(&self, integration: &IntegrationKey, envelope: &Envelope) -> Answer {
        match self.signatures.check(envelope).await {
            Ok(()) => {}
            Err(Distrust::Forged(why)) => return forged(integration, why),
            Err(unjudged @ Distrust::Unjudged { .. }) => return unavailable(&unjudged.to_string()),
        }
        match envelope.kind {
            Kind::Notification => self.ingest.take(integration, read(&envelope.document)).await,
            Kind::SubscriptionConfirmation => self.confirm(integration, envelope).await,
            Kind::UnsubscribeConfirmation => self.ingest.take(integration, Ok(ended(&envelope.topic_arn))).await,
        }
    }

    /// Confirms, and only then says so: SNS asks again after an error, and the same token may be used twice.
    async fn confirm(&self, integration: &IntegrationKey, envelope: &Envelope) -> Answer {
        let Some(address) = SnsAddress::confirmation(&envelope.subscribe_url) else { return forged(integration, "its SubscribeURL is not an address of SNS") };
        if let Err(error) = self.pages.get(&address, MOST_CONFIRMATION).await {
            return unavailable(&format!("the subscription could not be confirmed: {error}"));
        }
        tracing::info!(integration = %integration.integration, topic = %envelope.topic_arn, "subscription confirmed");
        self.ingest.take(integration, Ok(confirmed(&envelope.topic_arn))).await
    }
}

/// A change beside the service's incidents, and the end of what was open about that topic's subscription.
fn confirmed(topic: &str) -> Read {
    let event = aws::subscription(Action::Resolve, topic, Severity::Info);
    let change = ChangeEvent {
        summary: format!("SNS topic {} delivers here now", event.source),
        source: event.source.clone(),
        occurred_at: None,
        links: Vec::new(),
        images: Vec::new(),
        details: json!({"TopicArn": topic}),
        adapted: Vec::new(),
    };
    Read { batch: Batch { events: vec![event], refused: Vec::new() }, changes: vec![change], ignored: 0 }
}

/// Alarms that do not come any more are worth a look.
fn ended(topic: &str) -> Read {
    let event = aws::subscription(Action::Trigger, topic, Severity::Warning);
    let summary = format!("SNS topic {} ended its subscription: nothing of it comes here any more", event.source);
    let event = Event { summary, details: json!({"TopicArn": topic}), ..event };
    Read { batch: Batch { events: vec![event], refused: Vec::new() }, ..Read::default() }
}

fn is_mail(content_type: &str) -> bool {
    content_type.trim_start().to_ascii_lowercase().starts_with("message/rfc822")
}

fn forged(integration: &IntegrationKey, why: &str) -> Answer {
    tracing::warn!(integration = %integration.integration, why, "a message that says it is of SNS was refused");
    said(403, "forbidden", &format!("not a message that SNS signed: {why}. Raw message delivery needs no signature"))
}

/// The sender shall deliver it again.
fn unavailable(why: &str) -> Answer {
    tracing::error!(why, "not accepted; its sender is told to deliver it again");
    said(503, "unavailable", "the event was not stored; deliver it again")
}

fn said(status: u16, kind: &str, message: &str) -> Answer {
    let body: Value = json!({"status": kind, "message": message, "errors": [message]});
    Answer::new(status, body.to_string())
}
