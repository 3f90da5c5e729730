//! Mail that SES received: its notification by SNS, with the mail's content where the receipt rule adds it.
//!
//! Format: <https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html>. The content is UTF-8 or base64, as the rule's SNS action says; mail over
//! 150 KB is refused by SES itself there. Without content, the headers that SES names make the event.

use super::{Mail, address_in, keys_in, line};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Recipients that are looked at.
const MOST_RECIPIENTS: usize = 10;

/// A mail that SES took in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What it says.
    pub mail: Mail,
    /// The addresses that the receipt rule took it in for.
    pub recipients: Vec<String>,
}

impl Received {
    /// Keys that stand in its recipients.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.recipients.iter().flat_map(|address| keys_in(address)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// The mail of a notification; in the message of an SNS envelope, or by itself.
pub fn within(body: &Value) -> Option<Received> {
    let inner = body.get("Message").and_then(Value::as_str).and_then(|message| serde_json::from_str::<Value>(message).ok());
    let notification = inner.as_ref().unwrap_or(body);
    if notification.get("notificationType")?.as_str()? != "Received" {
        return None;
    }
    let mail = notification.get("mail")?;
    let mut read = content(notification).and_then(|raw| Mail::read(&raw)).unwrap_or_default();
    fill(&mut read, mail);
    let recipients = notification.pointer("/receipt/recipients").or_else(|| mail.get("destination")).and_then(Value::as_array);
    let recipients: Vec<String> = recipients.into_iter().flatten().filter_map(Value::as_str).take(MOST_RECIPIENTS).map(str::to_owned).collect();
    Some(Received { mail: read, recipients })
}

fn content(notification: &Value) -> Option<Vec<u8>> {
    let text = notification.get("content")?.as_str()?;
    let says = notification.pointer("/receipt/action/encoding").and_then(Value::as_str);
    // A mail has a colon in its first line, which base64 has nowhere.
    let packed = says.map_or(!text.contains(':'), |encoding| encoding.eq_ignore_ascii_case("base64"));
    if packed { STANDARD.decode(text.split_whitespace().collect::<String>()).ok() } else { Some(text.as_bytes().to_vec()) }
}

/// What SES itself read of the headers, where the content does not say it.
fn fill(read: &mut Mail, mail: &Value) {
    let common = |name: &str| mail.pointer(&format!("/commonHeaders/{name}")).and_then(|value| value.as_str().or_else(|| value.get(0)?.as_str()));
    let set = |field: &mut String, value: Option<&str>| {
        if field.is_empty()
            && let Some(value) = value
        {
            *field = line(value);
        }
    };
    set(&mut read.subject, common("subject"));
    set(&mut read.message_id, common("messageId").or_else(|| mail.get("messageId")?.as_str()).map(|id| id.trim_matches(['<', '>'])));
    set(&mut read.date, common("date").or_else(|| mail.get("timestamp")?.as_str()));
    if read.from.is_empty() {
        (read.from, read.name) = address_in(common("from").or_else(|| mail.get("source")?.as_str()).unwrap_or_default());
    }
    if read.to.is_empty() {
        read.to.extend(common("to").map(|to| address_in(to).0).filter(|to| !to.is_empty()));
    }
}
