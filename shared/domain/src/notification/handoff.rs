//! What a person is told when their time on call begins or ends.

use super::message::{MOST_SMS_CHARS, MOST_SUBJECT_CHARS, Message, clean, cut};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a notice of a handoff is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoffNotice {
    /// What people call the schedule.
    pub schedule: String,
    /// Whether the reader's time begins.
    pub begins: bool,
    /// When it begins or ends.
    pub at: Timestamp,
    /// When it ends, if it begins and that is known.
    pub until: Option<Timestamp>,
    /// Names of who is on call from then on, the reader left out.
    pub others: Vec<String>,
    /// IANA zone of the reader.
    pub time_zone: String,
}

impl HandoffNotice {
    /// Puts the notice into words.
    ///
    /// ```
    /// use tocsin_domain::notification::handoff::HandoffNotice;
    /// let notice = HandoffNotice {
    ///     schedule: "Web shop".to_owned(), begins: true, at: "2026-01-05T09:00:00Z".parse().unwrap(),
    ///     until: Some("2026-01-12T09:00:00Z".parse().unwrap()), others: vec!["Grace".to_owned()], time_zone: "Europe/Berlin".to_owned(),
    /// };
    /// assert_eq!(notice.compose().text, "Tocsin: you are on call for Web shop from Mon 5 Jan 10:00 CET until Mon 12 Jan 10:00 CET, with Grace.");
    /// ```
    pub fn compose(&self) -> Message {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M %Z").to_string();
        let schedule = cut(&clean(&self.schedule), 60, "...");
        let others: Vec<String> = self.others.iter().take(5).map(|name| cut(&clean(name), 40, "...")).collect();
        let text = if self.begins {
            let until = self.until.map_or_else(String::new, |until| format!(" until {}", clock(until)));
            let with = if others.is_empty() { String::new() } else { format!(", with {}", others.join(", ")) };
            format!("Tocsin: you are on call for {schedule} from {}{until}{with}.", clock(self.at))
        } else {
            let now = if others.is_empty() { "nobody is".to_owned() } else { format!("on call now: {}", others.join(", ")) };
            format!("Tocsin: you are not on call for {schedule} any more since {}; {now}.", clock(self.at))
        };
        let what = if self.begins { "you are on call" } else { "you are off call" };
        let subject: String = format!("[Tocsin] {schedule}: {what}").chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
        Message { subject: cut(&subject, MOST_SUBJECT_CHARS, "..."), text: cut(&text, MOST_SMS_CHARS, "...") }
    }
}
