//! Whatever people call themselves and their schedules, a calendar stays one: no text begins a line of its own.

use proptest::prelude::*;
use tocsin_api::calendar::write;
use tocsin_app::calendars::{Event, Shown};

const NAMES: [&str; 15] = [
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "CALSCALE",
    "X-WR-CALNAME",
    "REFRESH-INTERVAL",
    "X-PUBLISHED-TTL",
    "UID",
    "SUMMARY",
    "DESCRIPTION",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "TRANSP",
];

/// Texts that want to be more than texts.
fn text() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        "BEGIN:VEVENT",
        "END:VCALENDAR",
        "\u{2028}",
        "\u{85}",
        "\\n",
        "\\",
        ",",
        ";",
        ":",
        "\"",
        "ü",
        "\u{1f514}",
    ]);
    prop::collection::vec(prop_oneof![hostile.prop_map(str::to_owned), any::<String>()], 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_leaves_its_line(title in text(), events in prop::collection::vec((text(), text(), text()), 0..4)) {
        let at = |text: &str| text.parse().unwrap_or_default();
        let event = |(n, (who, schedule, reason)): (usize, (String, String, String))| Event {
            uid: format!("{n}@tocsin"), start: at("2026-01-05T09:00:00Z"), end: at("2026-01-05T10:00:00Z"), who, schedule, reason,
        };
        let count = events.len();
        let shown = Shown { title, events: events.into_iter().enumerate().map(event).collect(), day: at("2026-01-05T00:00:00Z") };
        let written = write(&shown);
        prop_assert!(written.ends_with("END:VCALENDAR\r\n"));
        let folded: Vec<&str> = written.trim_end_matches("\r\n").split("\r\n").collect();
        for line in &folded {
            prop_assert!(!line.contains(['\r', '\n']), "{line:?}");
            // RFC 5545 recommends 75 octets; the crate forgets the space that begins the last piece of a long line.
            prop_assert!(line.len() <= 76, "{} octets: {line:?}", line.len());
        }
        let mut lines: Vec<String> = Vec::new();
        for line in folded {
            match (line.strip_prefix(' '), lines.last_mut()) {
                (Some(rest), Some(last)) => last.push_str(rest),
                _ => lines.push(line.to_owned()),
            }
        }
        for line in &lines {
            let name = line.split([':', ';']).next().unwrap_or_default();
            prop_assert!(!name.is_empty() && NAMES.contains(&name), "{line:?}");
        }
        prop_assert_eq!(lines.iter().filter(|l| *l == "BEGIN:VEVENT").count(), count);
        prop_assert_eq!(lines.len(), 8 + 9 * count, "{:?}", lines);
    }
}
