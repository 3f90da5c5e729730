//! What a page says. For a tired person: what is wrong, how bad, since when, and how to answer.
//!
//! Texts of senders are hostile: control and bidirectional characters are taken out, lengths are capped, our own words come first.

use crate::alert::Severity;
use crate::configuration::Channel;
use crate::notification::locale::Locale;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Longest text message, in characters: three segments of plain GSM text.
pub const MOST_SMS_CHARS: usize = 459;
/// SNS takes subjects of up to 100 ASCII characters.
pub const MOST_SUBJECT_CHARS: usize = 99;
const MOST_LISTED: usize = 20;
/// A longer address of where people talk does not stand in a text message.
const MOST_BRIDGE_CHARS: usize = 80;

/// Somebody asks the reader to help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plea {
    /// Who asks.
    pub by: String,
    /// What for.
    pub message: String,
}

impl Plea {
    fn words(&self) -> String {
        let what = if self.message.is_empty() { ".".to_owned() } else { format!(": {}", cut(&clean(&self.message), 160, "...")) };
        format!("{} asks for your help{what}", cut(&clean(&self.by), 40, "..."))
    }
}

/// One incident in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The incident's number.
    pub number: u64,
    /// How bad.
    pub severity: Severity,
    /// What people call the service.
    pub service: String,
    /// What is wrong.
    pub title: String,
    /// Since when.
    pub since: Timestamp,
    /// That somebody asks the reader to help, where that is why they are paged.
    pub asked: Option<Plea>,
    /// Where those who work on it talk.
    pub bridge: Option<String>,
}

/// What a message is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The incidents, worst first; at least one.
    pub lines: Vec<Line>,
    /// Address of the page that acknowledges all of them; none for the last resort.
    pub acknowledge_url: Option<String>,
    /// No more messages before this instant.
    pub quiet_until: Option<Timestamp>,
    /// IANA zone of the reader.
    pub time_zone: String,
    /// How the reader reads dates and times.
    pub locale: Locale,
}

/// A message that is ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// For e-mail; ASCII, one line.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Content {
    /// Puts the message into words for a channel.
    pub fn compose(&self, channel: Channel) -> Message {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        let subject = self.subject();
        let text = match channel {
            Channel::Sms | Channel::LastResort => self.short(&zone),
            Channel::Email => self.long(&zone),
        };
        Message { subject, text }
    }

    fn subject(&self) -> String {
        let Some(first) = self.lines.first() else { return "Tocsin".to_owned() };
        let more = if self.lines.len() > 1 { format!(" and {} more", self.lines.len() - 1) } else { String::new() };
        let head = format!("[Tocsin #{}{more}] {} {}: ", first.number, first.severity.as_str().to_uppercase(), first.service);
        let ascii: String = clean(&format!("{head}{}", first.title)).chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
        cut(&ascii, MOST_SUBJECT_CHARS, "...")
    }

    fn short(&self, zone: &TimeZone) -> String {
        let Some(first) = self.lines.first() else { return "Tocsin".to_owned() };
        let mut tail = String::new();
        if self.lines.len() > 1 {
            let others: Vec<String> = self.lines[1..].iter().take(MOST_LISTED).map(|l| format!("#{}", l.number)).collect();
            let more = self.lines.len() - 1 - others.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            tail = format!(" Also {}{more}.", others.join(" "));
        }
        if let Some(until) = self.quiet_until {
            tail.push_str(&format!(" No more messages until {}.", self.locale.time(until, zone)));
        }
        // A long one would push out what is wrong; it stands on the page behind the link.
        if let Some(bridge) = first.bridge.as_ref().filter(|b| self.lines.len() == 1 && b.chars().count() <= MOST_BRIDGE_CHARS) {
            tail.push_str(&format!(" Join: {bridge}"));
        }
        match &self.acknowledge_url {
            Some(url) if self.lines.len() == 1 && first.asked.is_some() => tail.push_str(&format!(" Accept or decline: {url}")),
            Some(url) if self.lines.len() == 1 => tail.push_str(&format!(" Acknowledge: {url}")),
            Some(url) => tail.push_str(&format!(" Acknowledge all: {url}")),
            None => tail.push_str(&format!(" Nobody answered. Acknowledge with: tocsin ack {}", first.number)),
        }
        let count = if self.lines.len() > 1 { format!("{} incidents, worst ", self.lines.len()) } else { String::new() };
        let head = format!("Tocsin: {count}#{} {} {}: ", first.number, first.severity.as_str().to_uppercase(), cut(&clean(&first.service), 40, "..."));
        let asked = first.asked.as_ref().map_or(String::new(), |a| format!(" {}", a.words()));
        let since = format!(" (since {}){asked}", self.locale.time(first.since, zone));
        let room = MOST_SMS_CHARS.saturating_sub(head.chars().count() + since.chars().count() + tail.chars().count()).min(200);
        format!("{head}{}{since}{tail}", cut(&clean(&first.title), room, "..."))
    }

    fn long(&self, zone: &TimeZone) -> String {
        let mut text = String::new();
        for l in self.lines.iter().take(MOST_LISTED) {
            text.push_str(&format!(
                "Incident #{}: {}\n  Service:  {}\n  Severity: {}\n  Since:    {}\n{}\n",
                l.number,
                cut(&clean(&l.title), 1024, "..."),
                cut(&clean(&l.service), 100, "..."),
                l.severity.as_str(),
                self.locale.date_time(l.since, zone),
                l.bridge.iter().map(|b| format!("  Join:     {b}\n")).chain(l.asked.iter().map(|a| format!("  {}\n", a.words()))).collect::<String>()
            ));
        }
        if self.lines.len() > MOST_LISTED {
            text.push_str(&format!("... and {} more incidents.\n\n", self.lines.len() - MOST_LISTED));
        }
        if let Some(until) = self.quiet_until {
            text.push_str(&format!("You had many pages lately: no more until {}.\n\n", self.locale.time(until, zone)));
        }
        match &self.acknowledge_url {
            Some(url) if self.lines.iter().all(|l| l.asked.is_some()) => {
                text.push_str(&format!("To accept or to decline, open this page and press a button:\n{url}\n"))
            }
            Some(url) => text.push_str(&format!("To acknowledge, open this page and press the button:\n{url}\n")),
            None => text.push_str("Nobody answered. Acknowledge with: tocsin ack NUMBER\n"),
        }
        text
    }
}

/// One line without control and bidirectional characters: those become spaces, or go.
///
/// ```
/// # use tocsin_domain::notification::message::clean;
/// assert_eq!(clean("disk\r\nfull \u{202e}evil\u{0007}"), "disk full evil");
/// ```
pub fn clean(text: &str) -> String {
    let bidi = |c: char| matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let spaced: String = text.chars().filter(|c| !bidi(*c)).map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `most` characters, the end replaced by `mark` where it was longer.
///
/// ```
/// # use tocsin_domain::notification::message::cut;
/// assert_eq!(cut("abcdef", 5, "..."), "ab...");
/// assert_eq!(cut("abcde", 5, "..."), "abcde");
/// ```
pub fn cut(text: &str, most: usize, mark: &str) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(mark.chars().count())).collect();
    format!("{kept}{mark}")
}
