//! E-mail as an event: what a mail says, as one JSON document that the rules in `email.json` read.
//!
//! Called by: the HTTP door and what is invoked. A mail comes whole (RFC 5322), inside a notification of SES, or as the form of a service that takes mail in.
//! Refuses to keep it whole: attachments are named, text is bounded, and HTML is only read where there is no text.

pub mod ses;
pub mod webhook;

use mail_parser::{Address, HeaderValue, MessageParser, MimeHeaders};
use serde::Serialize;
use serde_json::Value;
use tocsin_ingest::source::Refusal;
use tocsin_ingest::source::mapping::{self, Read};

/// How a mail becomes an alert.
pub const RULES: &str = include_str!("email.json");

/// Bytes of text that are kept.
const MOST_TEXT: usize = 32 * 1024;
/// Bytes of a line: subjects, ids, names.
const MOST_LINE: usize = 2048;
/// Attachments and recipients that are named.
const MOST_NAMED: usize = 50;

/// What is known of a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// Address of its author, in small letters.
    pub from: String,
    /// Their name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// For whom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Its subject.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Its text, cut where it is long.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Whether it was cut.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Its id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message_id: String,
    /// The id of the first mail of its thread, where it answers one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub thread: String,
    /// Somebody's answer to a mail of a thread, as its subject says too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reply: bool,
    /// An answer that a machine gave to the mail itself, such as "out of office".
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub automatic_reply: bool,
    /// When it was written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub date: String,
    /// Names of what hung on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
}

impl Mail {
    /// Reads a mail as it travels.
    pub fn read(raw: &[u8]) -> Option<Self> {
        let message = MessageParser::default().parse(raw)?;
        let id = |value: &HeaderValue<'_>| value.as_text_list().and_then(|ids| ids.first()).map(|id| line(id)).unwrap_or_default();
        let header = |name: &str| message.header_raw(name).map(|value| value.trim().to_lowercase()).unwrap_or_default();
        let root = Some(id(message.references())).filter(|id| !id.is_empty()).unwrap_or_else(|| id(message.in_reply_to()));
        let mut mail = Self {
            from: address(message.from()).or_else(|| address(message.sender())).unwrap_or_default(),
            name: message.from().and_then(|from| from.first()).and_then(|from| from.name()).map(line).unwrap_or_default(),
            to: message.to().map(addresses).unwrap_or_default(),
            subject: message.subject().map(line).unwrap_or_default(),
            message_id: message.message_id().map(line).unwrap_or_default(),
            thread: root,
            automatic_reply: header("auto-submitted").starts_with("auto-replied") || !header("x-autoreply").is_empty(),
            date: message.date().filter(|date| date.is_valid()).map(|date| date.to_rfc3339()).unwrap_or_default(),
            attachments: message.attachments().take(MOST_NAMED).map(|part| line(part.attachment_name().unwrap_or("without a name"))).collect(),
            ..Self::default()
        };
        mail.say(&message.body_text(0).unwrap_or_default());
        mail.tell_reply();
        Some(mail)
    }

    fn say(&mut self, text: &str) {
        let text = text.trim();
        self.cut = text.len() > MOST_TEXT;
        self.text = text[..text.floor_char_boundary(MOST_TEXT)].to_owned();
    }

    fn tell_reply(&mut self) {
        let word = self.subject.split_once(':').map(|(word, _)| word.trim().to_lowercase()).unwrap_or_default();
        self.reply = !self.thread.is_empty() && ["re", "aw", "sv", "antw", "odp", "ynt", "rif"].contains(&word.as_str());
    }

    /// What the rules make of it.
    ///
    /// # Errors
    /// A [`Refusal`] where it holds more values than any mail does.
    pub fn event(&self) -> Result<Read, Refusal> {
        mapping::parse_ready(serde_json::json!({"mail": self.concealed()}).to_string().as_bytes(), RULES)
    }

    /// Without the keys in its recipients, also where an answer quotes them: an alert is shown to people, and a key is kept by its hash alone.
    fn concealed(&self) -> Self {
        let keys: Vec<String> = self.to.iter().flat_map(|address| keys_in(address)).collect();
        let hide = |text: &str| keys.iter().fold(text.to_owned(), |text, key| without(&text, key));
        Self { to: self.to.iter().map(|address| hide(address)).collect(), subject: hide(&self.subject), text: hide(&self.text), ..self.clone() }
    }
}

/// The mail that a JSON body is, or holds.
pub fn within(body: &Value) -> Option<Mail> {
    ses::within(body).map(|received| received.mail).or_else(|| webhook::within(body))
}

/// Words before the `@` of an address that can be keys: the whole of it, or what stands around a `+`. Mail programs change the case of it, and keys have none.
fn keys_in(address: &str) -> impl Iterator<Item = String> {
    let local = address.rsplit_once('@').map(|(local, _)| local).unwrap_or_default();
    local.split('+').filter(|word| word.len() == 32 && word.bytes().all(|b| b.is_ascii_alphanumeric())).map(str::to_uppercase)
}

/// A text without a key in any case.
fn without(text: &str, key: &str) -> String {
    let upper = text.to_ascii_uppercase();
    let mut kept = String::new();
    let mut from = 0;
    for (at, _) in upper.match_indices(key) {
        kept.push_str(&text[from..at]);
        kept.push_str("KEY");
        from = at + key.len();
    }
    kept + &text[from..]
}

fn line(text: &str) -> String {
    let text = text.trim();
    text[..text.floor_char_boundary(MOST_LINE)].to_owned()
}

fn address(of: Option<&Address<'_>>) -> Option<String> {
    of.and_then(|list| list.first()).and_then(|one| one.address()).map(|text| line(text).to_lowercase())
}

fn addresses(of: &Address<'_>) -> Vec<String> {
    of.iter().take(MOST_NAMED).filter_map(|one| one.address()).map(|text| line(text).to_lowercase()).collect()
}

/// An address out of a header's text: `Ada <ada@example.com>`.
fn address_in(text: &str) -> (String, String) {
    let raw = format!("From: {}\r\n\r\n", text.replace(['\r', '\n'], " "));
    Mail::read(raw.as_bytes()).map(|mail| (mail.from, mail.name)).unwrap_or_default()
}
