//! Mail as services post it that take it in: Mailgun's routes, SendGrid's inbound parse, Postmark's inbound webhook, CloudMailin; as a form (with or without attachments)
//! or as JSON.
//!
//! Told apart by nothing but names of fields: a body that has none of them is no mail.

use super::{Mail, address_in, line};
use mail_parser::decoders::html::html_to_text;
use serde_json::Value;

/// Fields that only a mail has.
const MARKS: [&str; 7] = ["body-plain", "body-html", "body-mime", "FromFull", "headers[subject]", "headers[from]", "sender_ip"];
/// The whole mail, where the service was told to post it so.
const WHOLE: [&str; 2] = ["body-mime", "email"];
const SUBJECT: [&str; 3] = ["subject", "Subject", "headers[subject]"];
const FROM: [&str; 4] = ["from", "From", "headers[from]", "sender"];
const TO: [&str; 4] = ["recipient", "OriginalRecipient", "to", "headers[to]"];
const TEXT: [&str; 4] = ["body-plain", "text", "TextBody", "plain"];
const HTML: [&str; 3] = ["body-html", "html", "HtmlBody"];
const DATE: [&str; 3] = ["Date", "headers[date]", "date"];
const MESSAGE_ID: [&str; 3] = ["Message-Id", "headers[message_id]", "MessageID"];
const REFERENCES: [&str; 2] = ["References", "headers[references]"];
const IN_REPLY_TO: [&str; 2] = ["In-Reply-To", "headers[in_reply_to]"];

/// The mail that a form or a JSON body is.
pub fn within(body: &Value) -> Option<Mail> {
    let text = |names: &[&str]| names.iter().find_map(|name| body.get(name)?.as_str().filter(|text| !text.trim().is_empty()));
    // SendGrid: the envelope that the mail came in, and its headers or all of it.
    let sendgrid = body.get("envelope").is_some() && (body.get("headers").is_some() || body.get("email").is_some());
    if !sendgrid && !MARKS.iter().any(|mark| body.get(mark).is_some()) {
        return None;
    }
    let whole = text(&WHOLE).filter(|raw| raw.contains("\r\n") || raw.contains('\n'));
    // Of headers as one text, all but how the body was packed.
    let headers = text(&["headers"]).map(|headers| format!("{}\r\n\r\n", without_packing(headers)));
    let mut mail = whole.or(headers.as_deref()).and_then(|raw| Mail::read(raw.as_bytes())).unwrap_or_default();
    let set = |field: &mut String, value: Option<String>| {
        if field.is_empty() {
            *field = value.unwrap_or_default();
        }
    };
    let listed = |name: &str| header(body, name);
    let id = |text: &str| text.split_whitespace().next().map(|id| line(id.trim_matches(['<', '>'])));
    set(&mut mail.subject, text(&SUBJECT).map(line));
    set(&mut mail.date, text(&DATE).map(line));
    set(&mut mail.message_id, listed("Message-ID").or(text(&MESSAGE_ID)).and_then(id));
    set(&mut mail.thread, listed("References").or(text(&REFERENCES)).or(listed("In-Reply-To")).or(text(&IN_REPLY_TO)).and_then(id));
    if mail.from.is_empty() {
        (mail.from, mail.name) = address_in(text(&FROM).unwrap_or_default());
    }
    if let (true, Some(to)) = (mail.to.is_empty(), text(&TO)) {
        mail.to.extend(Some(address_in(to).0).filter(|to| !to.is_empty()));
    }
    if mail.text.is_empty() {
        match (text(&TEXT), text(&HTML)) {
            (Some(text), _) => mail.say(text),
            (None, Some(html)) => mail.say(&html_to_text(html)),
            (None, None) => {}
        }
    }
    let automatic = listed("Auto-Submitted").is_some_and(|word| word.trim().to_lowercase().starts_with("auto-replied"));
    mail.automatic_reply = mail.automatic_reply || automatic;
    mail.tell_reply();
    Some(mail)
}

/// A header by name, in Postmark's list.
fn header<'v>(body: &'v Value, name: &str) -> Option<&'v str> {
    let list = body.get("Headers")?.as_array()?;
    let of = |entry: &'v Value| Some((entry.get("Name")?.as_str()?, entry.get("Value")?.as_str()?));
    list.iter().filter_map(of).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn without_packing(headers: &str) -> String {
    let mut kept = String::new();
    let mut dropping = false;
    for line in headers.lines() {
        if !line.starts_with([' ', '\t']) {
            let name = line.split(':').next().unwrap_or_default().trim().to_lowercase();
            dropping = name == "content-type" || name == "content-transfer-encoding" || name.is_empty();
        }
        if !dropping {
            kept.push_str(line);
            kept.push_str("\r\n");
        }
    }
    kept
}
