//! Messages to people by Amazon SNS: phone numbers, a topic for each e-mail contact, the topics of the deployment.
//!
//! Refuses to say more than the provider's reason: what SNS says may quote the number or address, which is taken out before anybody reads or logs it.

use crate::failure::{Failed, failed};
use async_trait::async_trait;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::builders::PublishFluentBuilder;
use aws_sdk_sns::types::{MessageAttributeValue, Subscription};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tocsin_app::error::PortError;
use tocsin_app::ports::{Destination, EmailContacts, EmailState, Messenger, SendError, StakeholderTopic};
use tocsin_domain::configuration::Channel;
use tocsin_domain::id::ContactId;
use tocsin_domain::notification::message::Message;

/// What stands instead of the ARN of a subscription that nobody has confirmed.
const PENDING: &str = "PendingConfirmation";

/// Sends pages.
#[derive(Debug, Clone)]
pub struct SnsMessenger {
    client: Client,
    topic_prefix: String,
    last_resort: String,
}

impl SnsMessenger {
    /// `topic_prefix` and a contact's id are the ARN of its topic.
    pub fn new(client: Client, topic_prefix: impl Into<String>, last_resort_topic_arn: impl Into<String>) -> Self {
        Self { client, topic_prefix: topic_prefix.into(), last_resort: last_resort_topic_arn.into() }
    }

    fn request(&self, to: &Destination, message: &Message) -> Result<PublishFluentBuilder, SendError> {
        let publish = self.client.publish().message(&message.text);
        Ok(match to.channel {
            Channel::Sms => transactional(publish.phone_number(&to.to)).map_err(SendError::Refused)?,
            Channel::Email => publish.topic_arn(format!("{}{}", self.topic_prefix, to.contact)).subject(&message.subject),
            Channel::LastResort => publish.topic_arn(&self.last_resort).subject(&message.subject),
        })
    }
}

/// Delivered with priority, and charged so.
fn transactional(publish: PublishFluentBuilder) -> Result<PublishFluentBuilder, String> {
    let kind = MessageAttributeValue::builder().data_type("String").string_value("Transactional").build().map_err(|e| e.to_string())?;
    Ok(publish.message_attributes("AWS.SNS.SMS.SMSType", kind))
}

/// The provider's words without numbers and addresses.
fn said<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Failed {
    let failed = failed(error);
    Failed { reason: discreet(&failed.reason), ..failed }
}

fn port_error<E: ProvideErrorMetadata>(port: &'static str, error: &SdkError<E, HttpResponse>) -> PortError {
    said(error).of(port)
}

fn discreet(reason: &str) -> String {
    let word = |word: &str| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if word.contains('@') {
            "(address)".to_owned()
        } else if digits >= 5 && !word.starts_with("arn:") {
            "(number)".to_owned()
        } else {
            word.to_owned()
        }
    };
    reason.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[async_trait]
impl Messenger for SnsMessenger {
    async fn send(&self, to: &Destination, message: &Message) -> Result<String, SendError> {
        match self.request(to, message)?.send().await {
            Ok(sent) => Ok(sent.message_id.unwrap_or_default()),
            Err(e) => Err(match said(&e) {
                Failed { reason, transient: true, .. } => SendError::Unavailable(reason),
                Failed { reason, transient: false, .. } => SendError::Refused(reason),
            }),
        }
    }
}

/// A topic for each e-mail contact, with its owner's subscription.
#[derive(Debug, Clone)]
pub struct SnsEmailContacts {
    client: Client,
    topic_prefix: String,
}

impl SnsEmailContacts {
    const PORT: &'static str = "EmailContacts";

    /// `topic_prefix` and a contact's id are the ARN of its topic.
    pub fn new(client: Client, topic_prefix: impl Into<String>) -> Self {
        Self { client, topic_prefix: topic_prefix.into() }
    }

    fn topic(&self, contact: &ContactId) -> String {
        format!("{}{contact}", self.topic_prefix)
    }

    /// Subscriptions by e-mail; none where there is no topic.
    async fn subscriptions(&self, contact: &ContactId) -> Result<Vec<Subscription>, PortError> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let page = self.client.list_subscriptions_by_topic().topic_arn(self.topic(contact)).set_next_token(next).send().await;
            let page = match page {
                Ok(page) => page,
                Err(e) if e.as_service_error().is_some_and(|e| e.is_not_found_exception()) => return Ok(Vec::new()),
                Err(e) => return Err(port_error(Self::PORT, &e)),
            };
            found.extend(page.subscriptions.unwrap_or_default().into_iter().filter(|s| s.protocol() == Some("email")));
            next = page.next_token.filter(|t| !t.is_empty());
            if next.is_none() {
                return Ok(found);
            }
        }
    }
}

/// How an address stands among a topic's subscriptions.
fn standing(subscriptions: &[Subscription], address: &str) -> EmailState {
    let of_address = subscriptions.iter().filter(|s| s.endpoint() == Some(address)).filter_map(Subscription::subscription_arn);
    let states = of_address.map(|arn| match arn {
        PENDING => EmailState::Pending,
        arn if arn.starts_with("arn:") => EmailState::Confirmed,
        _ => EmailState::Missing,
    });
    let rank = |state: &EmailState| match state {
        EmailState::Confirmed => 0,
        EmailState::Pending => 1,
        EmailState::Missing => 2,
    };
    states.min_by_key(rank).unwrap_or(EmailState::Missing)
}

#[async_trait]
impl EmailContacts for SnsEmailContacts {
    async fn ensure(&self, contact: &ContactId, address: &str) -> Result<EmailState, PortError> {
        let topic = self.topic(contact);
        let name = topic.rsplit(':').next().unwrap_or_default();
        self.client.create_topic().name(name).send().await.map_err(|e| port_error(Self::PORT, &e))?;
        let subscriptions = self.subscriptions(contact).await?;
        // Whoever had this contact method before must not get its pages any more.
        let confirmed = |s: &&Subscription| s.subscription_arn().is_some_and(|arn| arn.starts_with("arn:"));
        for old in subscriptions.iter().filter(|s| s.endpoint() != Some(address)).filter(confirmed) {
            self.client.unsubscribe().set_subscription_arn(old.subscription_arn.clone()).send().await.map_err(|e| port_error(Self::PORT, &e))?;
        }
        match standing(&subscriptions, address) {
            EmailState::Missing => {
                self.client.subscribe().topic_arn(topic).protocol("email").endpoint(address).send().await.map_err(|e| port_error(Self::PORT, &e))?;
                Ok(EmailState::Pending)
            }
            state @ (EmailState::Pending | EmailState::Confirmed) => Ok(state),
        }
    }

    async fn state(&self, contact: &ContactId, address: &str) -> Result<EmailState, PortError> {
        Ok(standing(&self.subscriptions(contact).await?, address))
    }
}

/// Stakeholders' subscriptions to one topic.
#[derive(Debug, Clone)]
pub struct SnsStakeholderTopic {
    client: Client,
    topic: String,
}

impl SnsStakeholderTopic {
    const PORT: &'static str = "StakeholderTopic";

    /// Subscriptions of `topic_arn`.
    pub fn new(client: Client, topic_arn: impl Into<String>) -> Self {
        Self { client, topic: topic_arn.into() }
    }

    async fn subscribe(&self, protocol: &str, endpoint: &str) -> Result<String, PortError> {
        let subscribe = self.client.subscribe().topic_arn(&self.topic).protocol(protocol).endpoint(endpoint).return_subscription_arn(true);
        let answer = subscribe.send().await.map_err(|e| port_error(Self::PORT, &e))?;
        Ok(answer.subscription_arn.unwrap_or_default())
    }
}

#[async_trait]
impl StakeholderTopic for SnsStakeholderTopic {
    async fn subscribe_email(&self, address: &str) -> Result<(), PortError> {
        self.subscribe("email", address).await.map(|_| ())
    }

    async fn subscribe_sms(&self, phone: &str) -> Result<String, PortError> {
        self.subscribe("sms", phone).await
    }

    async fn unsubscribe_sms(&self, phone: &str) -> Result<(), PortError> {
        // Subscribing a phone that is subscribed answers with its subscription: the one way to find it that does not read the whole list.
        let subscription = self.subscribe("sms", phone).await?;
        match self.client.unsubscribe().subscription_arn(subscription).send().await {
            Ok(_) => Ok(()),
            Err(e) if e.as_service_error().is_some_and(|e| e.is_not_found_exception()) => Ok(()),
            Err(e) => Err(port_error(Self::PORT, &e)),
        }
    }

    async fn send_code(&self, phone: &str, text: &str) -> Result<(), PortError> {
        let publish = self.client.publish().phone_number(phone).message(text);
        let publish = transactional(publish).map_err(|reason| PortError::Final { port: Self::PORT, reason })?;
        publish.send().await.map(|_| ()).map_err(|e| port_error(Self::PORT, &e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_nobody() {
        let reason = "InvalidParameter: Invalid parameter: PhoneNumber Reason: +15555550100 is not valid to publish to; ann@example.com (555)555-0100";
        assert_eq!(discreet(reason), "InvalidParameter: Invalid parameter: PhoneNumber Reason: (number) is not valid to publish to; (address) (number)");
    }

    #[test]
    fn the_best_subscription_of_an_address_counts() {
        let subscription = |endpoint: &str, arn: &str| Subscription::builder().endpoint(endpoint).subscription_arn(arn).build();
        let all = [subscription("a@x", PENDING), subscription("a@x", "arn:aws:sns:r:1:t:2"), subscription("b@x", PENDING), subscription("c@x", "Deleted")];
        assert_eq!(standing(&all, "a@x"), EmailState::Confirmed);
        assert_eq!(standing(&all, "b@x"), EmailState::Pending);
        assert_eq!(standing(&all, "c@x"), EmailState::Missing);
        assert_eq!(standing(&all, "d@x"), EmailState::Missing);
    }
}
