//! How a person reads dates and times: the form only, never the language. Pages are in one language; a time must not be misread in it.
//!
//! Called by: messages. Refuses to translate, and to guess: an unknown region reads ISO dates and 24 hours.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Forms of dates and times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Locale {
    twelve_hours: bool,
    date: Date,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Date {
    #[default]
    Iso,
    MonthFirst,
    DaySlash,
    DayDot,
}

/// Regions that read 12 hours with AM and PM.
const TWELVE_HOURS: [&str; 14] = ["AU", "BD", "CA", "CO", "EG", "HK", "IN", "MY", "NZ", "PH", "PK", "SA", "SG", "US"];
const MONTH_FIRST: [&str; 2] = ["PH", "US"];
const DAY_SLASH: [&str; 22] =
    ["AR", "AU", "BE", "BR", "CL", "CO", "EG", "ES", "FR", "GB", "GR", "IE", "IL", "IN", "IT", "MX", "MY", "NZ", "PE", "PT", "SG", "VN"];
const DAY_DOT: [&str; 18] = ["AT", "BG", "CH", "CZ", "DE", "DK", "EE", "FI", "HR", "IS", "LV", "NO", "PL", "RO", "RS", "SI", "SK", "UA"];
/// Languages that leave little doubt about the region's form where none is written.
const REGION_OF: [(&str, &str); 14] = [
    ("cs", "CZ"),
    ("da", "DK"),
    ("de", "DE"),
    ("el", "GR"),
    ("es", "ES"),
    ("fi", "FI"),
    ("fr", "FR"),
    ("it", "IT"),
    ("nb", "NO"),
    ("nn", "NO"),
    ("no", "NO"),
    ("pl", "PL"),
    ("sk", "SK"),
    ("uk", "UA"),
];

impl Locale {
    /// Reads a tag like `en-GB`, `de` or `zh-Hant-TW`; nothing where it is none.
    ///
    /// ```
    /// # use tocsin_domain::notification::locale::Locale;
    /// let at: jiff::Timestamp = "2026-03-04T20:05:09Z".parse().unwrap();
    /// let form = |tag: &str| Locale::named(tag).map(|l| format!("{} | {}", l.time(at, &jiff::tz::TimeZone::UTC), l.date_time(at, &jiff::tz::TimeZone::UTC)));
    /// assert_eq!(form("en-GB").unwrap(), "20:05 UTC | 04/03/2026 20:05:09 UTC");
    /// assert_eq!(form("en-US").unwrap(), "8:05 PM UTC | 03/04/2026 8:05:09 PM UTC");
    /// assert_eq!(form("de").unwrap(), "20:05 UTC | 04.03.2026 20:05:09 UTC");
    /// assert_eq!(form("sv-SE").unwrap(), "20:05 UTC | 2026-03-04 20:05:09 UTC");
    /// assert_eq!(form("en").unwrap(), "20:05 UTC | 2026-03-04 20:05:09 UTC", "English alone does not say which form");
    /// assert_eq!(form("English"), None);
    /// assert_eq!(form("en-"), None);
    /// ```
    pub fn named(tag: &str) -> Option<Self> {
        let mut parts = tag.split('-');
        let language = parts.next().filter(|l| (2..=3).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphabetic()))?.to_ascii_lowercase();
        let rest: Vec<&str> = parts.collect();
        if !rest.iter().all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric())) {
            return None;
        }
        let region = rest.iter().find(|p| p.len() == 2).map(|p| p.to_ascii_uppercase());
        let region = region.or_else(|| REGION_OF.iter().find(|(l, _)| *l == language).map(|(_, r)| (*r).to_owned())).unwrap_or_default();
        let among = |regions: &[&str]| regions.contains(&region.as_str());
        let date = if among(&MONTH_FIRST) {
            Date::MonthFirst
        } else if among(&DAY_SLASH) {
            Date::DaySlash
        } else if among(&DAY_DOT) {
            Date::DayDot
        } else {
            Date::Iso
        };
        Some(Self { twelve_hours: among(&TWELVE_HOURS) && language != "fr", date })
    }

    /// Hours and minutes, with the zone's abbreviation.
    pub fn time(self, at: Timestamp, zone: &TimeZone) -> String {
        at.to_zoned(zone.clone()).strftime(if self.twelve_hours { "%-I:%M %p %Z" } else { "%H:%M %Z" }).to_string()
    }

    /// Date and time to the second, with the zone's abbreviation.
    pub fn date_time(self, at: Timestamp, zone: &TimeZone) -> String {
        let date = match self.date {
            Date::Iso => "%Y-%m-%d",
            Date::MonthFirst => "%m/%d/%Y",
            Date::DaySlash => "%d/%m/%Y",
            Date::DayDot => "%d.%m.%Y",
        };
        let time = if self.twelve_hours { "%-I:%M:%S %p" } else { "%H:%M:%S" };
        at.to_zoned(zone.clone()).strftime(&format!("{date} {time} %Z")).to_string()
    }
}
