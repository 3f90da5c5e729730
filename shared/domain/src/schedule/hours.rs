//! Hours: windows of the day or the week in a zone of their own, outside any layer. Office hours of a policy's level, quiet hours of a person.
//!
//! The windows are those of [`Restriction`], and both ends follow the same rule, also on change nights. Refuses to guess: windows that mean nothing, and an
//! unknown zone, are never open; validation names them first.

use super::Span;
use super::local_time::{DAY, WEEK, Zone, floor, stamp};
use super::restriction::{Restriction, Windows};
use jiff::Timestamp;

/// Whether windows are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Every minute of the week.
    Always,
    /// Until this instant, which is the first one outside.
    Until(Timestamp),
    /// Not now. Also where nothing is meant.
    No,
}

/// Whether `windows` in `time_zone` are open at `at`. No windows are never open.
///
/// Quiet hours from 22:00 to 07:00 in Berlin, in the night to Sunday 2026-03-29 (02:00 becomes 03:00): from 21:00 UTC to 05:00 UTC, 8 hours.
/// ```
/// use tocsin_domain::schedule::{Open, Restriction, open};
/// let night: Vec<Restriction> = serde_json::from_str(r#"[{"from": "22:00", "to": "07:00"}]"#).unwrap();
/// let t = |s: &str| s.parse::<jiff::Timestamp>().unwrap();
/// assert_eq!(open(&night, "Europe/Berlin", t("2026-03-28T20:59:59Z")), Open::No);
/// assert_eq!(open(&night, "Europe/Berlin", t("2026-03-28T21:00:00Z")), Open::Until(t("2026-03-29T05:00:00Z")));
/// assert_eq!(open(&night, "Europe/Berlin", t("2026-03-29T04:59:59Z")), Open::Until(t("2026-03-29T05:00:00Z")));
/// assert_eq!(open(&night, "Europe/Berlin", t("2026-03-29T05:00:00Z")), Open::No);
/// // Office hours and the weekend meet: one stretch. 2026-01-09 is a Friday.
/// let touching: Vec<Restriction> = serde_json::from_str(r#"[{"days": ["fri"], "from": "09:00", "to": "17:00"}, {"from": "fri 17:00", "to": "mon 09:00"}]"#).unwrap();
/// assert_eq!(open(&touching, "UTC", t("2026-01-09T10:00:00Z")), Open::Until(t("2026-01-12T09:00:00Z")));
/// assert_eq!(open(&serde_json::from_str::<Vec<Restriction>>(r#"[{"from": "00:00", "to": "24:00"}]"#).unwrap(), "UTC", t("2026-01-09T10:00:00Z")), Open::Always);
/// assert_eq!(open(&[], "UTC", t("2026-01-09T10:00:00Z")), Open::No);
/// ```
pub fn open(windows: &[Restriction], time_zone: &str, at: Timestamp) -> Open {
    if windows.is_empty() {
        return Open::No;
    }
    let (Some(zone), Some(windows)) = (Zone::named(time_zone), Windows::new(windows)) else { return Open::No };
    let Some(windows) = windows else { return Open::Always };
    let from = floor(at);
    // A stretch that is not the whole week ends within one, and a clock change later at most.
    let to = from + WEEK + 2 * DAY;
    let clock = zone.clock(from - 2 * WEEK, to + WEEK);
    match windows.open(&clock, from, to).first() {
        Some((start, end)) if *start == from => Open::Until(stamp(*end)),
        Some(_) | None => Open::No,
    }
}

/// When `windows` in `time_zone` are open in `[from, until)`, in order. No windows, and those that mean nothing, are never open.
///
/// ```
/// use tocsin_domain::schedule::{Restriction, open_spans};
/// let office: Vec<Restriction> = serde_json::from_str(r#"[{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]"#).unwrap();
/// // 2026-01-09 is a Friday.
/// let spans = open_spans(&office, "UTC", "2026-01-09T10:00:00Z".parse().unwrap(), "2026-01-12T10:00:00Z".parse().unwrap());
/// let said: Vec<String> = spans.iter().map(|s| format!("{} {}", s.start, s.end)).collect();
/// assert_eq!(said, ["2026-01-09T10:00:00Z 2026-01-09T17:00:00Z", "2026-01-12T09:00:00Z 2026-01-12T10:00:00Z"]);
/// ```
pub fn open_spans(windows: &[Restriction], time_zone: &str, from: Timestamp, until: Timestamp) -> Vec<Span> {
    if windows.is_empty() {
        return Vec::new();
    }
    let (Some(zone), Some(windows)) = (Zone::named(time_zone), Windows::new(windows)) else { return Vec::new() };
    let (from, to) = (floor(from), floor(until));
    let Some(windows) = windows else { return if from < to { vec![Span { start: stamp(from), end: stamp(to) }] } else { Vec::new() } };
    let clock = zone.clock(from - 2 * WEEK, to + WEEK);
    windows.open(&clock, from, to).into_iter().map(|(start, end)| Span { start: stamp(start), end: stamp(end) }).collect()
}
