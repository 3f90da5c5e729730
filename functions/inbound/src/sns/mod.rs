//! Messages of Amazon SNS as it delivers them over HTTPS: an envelope that is signed.
//!
//! Called by: the HTTP door of this function. What SNS hands to the function by invoking it needs no signature: nobody else may invoke it.
//! Format: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>.

pub mod certificate;
pub mod signature;

use serde::Deserialize;
use serde_json::Value;
use tocsin_ingest::source::aws;

/// What an envelope is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Kind {
    /// A message.
    Notification,
    /// SNS asks whether it may deliver.
    SubscriptionConfirmation,
    /// SNS says that it will not any more.
    UnsubscribeConfirmation,
}

/// It says that it is of SNS, and is not as SNS writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

/// A message with what says where it is from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope {
    /// What it is for.
    #[serde(rename = "Type")]
    pub kind: Kind,
    /// Its id.
    pub message_id: String,
    /// From which topic.
    pub topic_arn: String,
    /// What was published; for the other kinds, a sentence for people.
    pub message: String,
    subject: Option<String>,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    token: String,
    /// Where a GET confirms.
    #[serde(default, rename = "SubscribeURL")]
    pub subscribe_url: String,
    #[serde(default)]
    signature: String,
    #[serde(default)]
    signature_version: String,
    #[serde(default, rename = "SigningCertURL", alias = "SigningCertUrl")]
    signing_cert_url: String,
    /// The whole of it, of which nothing but what was checked is read: a body may say the same thing twice.
    #[serde(skip)]
    pub document: Vec<u8>,
}

impl Envelope {
    /// The envelope that a body is, or the one record that SNS invokes a function with, handed on by that function; none where it is something else, such as a raw message.
    ///
    /// # Errors
    /// It says that it is one, as whoever reads alarms would understand it, and lacks what each has.
    pub fn read(body: &[u8]) -> Result<Option<Self>, Damaged> {
        if !aws::is_of_a_topic(body) {
            return Ok(None);
        }
        let mut value = serde_json::from_slice::<Value>(body).map_err(|_| Damaged)?;
        if let Some([record]) = value.get_mut("Records").and_then(Value::as_array_mut).map(Vec::as_mut_slice) {
            value = record.get_mut("Sns").map(Value::take).ok_or(Damaged)?;
        }
        let document = value.to_string().into_bytes();
        serde_json::from_value(value).map(|envelope| Some(Self { document, ..envelope })).map_err(|_| Damaged)
    }

    /// What SNS signs: names and values of some fields, a line each.
    fn signed_text(&self) -> String {
        let kind = match self.kind {
            Kind::Notification => "Notification",
            Kind::SubscriptionConfirmation => "SubscriptionConfirmation",
            Kind::UnsubscribeConfirmation => "UnsubscribeConfirmation",
        };
        let mut fields: Vec<(&str, &str)> = vec![("Message", &self.message), ("MessageId", &self.message_id)];
        match self.kind {
            Kind::Notification => {
                fields.extend(self.subject.as_deref().map(|subject| ("Subject", subject)));
                fields.push(("Timestamp", &self.timestamp));
            }
            Kind::SubscriptionConfirmation | Kind::UnsubscribeConfirmation => {
                fields.extend([("SubscribeURL", self.subscribe_url.as_str()), ("Timestamp", &self.timestamp), ("Token", &self.token)]);
            }
        }
        fields.extend([("TopicArn", self.topic_arn.as_str()), ("Type", kind)]);
        fields.iter().fold(String::new(), |text, (name, value)| text + name + "\n" + value + "\n")
    }
}
