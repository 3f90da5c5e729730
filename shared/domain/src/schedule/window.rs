//! Windows that stand by themselves, outside of any layer: what event rules and maintenance ask, with the engine that opens layers.

use super::Problem;
use super::local_time::{DAY, Zone, floor, stamp};
use super::report::Span;
use super::restriction::{Restriction, Windows};
use super::validate::windows_problems;
use super::written::{Moment, Written};
use crate::configuration::validate::suggest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// No window of the week is longer, on any clock: a week and a day.
const REACH: i64 = 8 * DAY;

/// Times of the day or of the week, on one zone's clock.
///
/// ```
/// use tocsin_domain::schedule::Times;
/// let office: Times = serde_json::from_str(r#"{"time_zone": "Europe/London", "within": [{"days": ["mon", "fri"], "from": "09:00", "to": "17:00"}]}"#).unwrap();
/// // Monday 2026-07-06 is summer time: 09:00 in London is 08:00 UTC.
/// let open = |at: &str| office.open_at(at.parse().unwrap()).map(|span| span.end.to_string());
/// assert_eq!(open("2026-07-06T07:59:59Z"), None);
/// assert_eq!(open("2026-07-06T08:00:00Z").as_deref(), Some("2026-07-06T16:00:00Z"));
/// assert_eq!(open("2026-07-07T08:00:00Z"), None, "a Tuesday");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// IANA zone of the clock.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// The windows; several of them add up.
    pub within: Vec<Restriction>,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Times {
    /// The window that is open at an instant, as far as a week around it tells; none where none is open, or where they mean nothing.
    pub fn open_at(&self, at: Timestamp) -> Option<Span> {
        let zone = Zone::named(&self.time_zone)?;
        let (from, to) = (floor(at) - REACH, floor(at) + REACH);
        if self.within.is_empty() {
            return None;
        }
        let Some(windows) = Windows::new(&self.within)? else { return Some(Span { start: stamp(from), end: stamp(to) }) };
        let open = windows.open(&zone.clock(from, to), from, to);
        let (start, end) = open.into_iter().find(|(start, end)| (*start..*end).contains(&floor(at)))?;
        Some(Span { start: stamp(start), end: stamp(end) })
    }

    /// The windows that are open at any time of a range, in order. Those at its edges are whole.
    ///
    /// ```
    /// use tocsin_domain::schedule::Times;
    /// let office: Times = serde_json::from_str(r#"{"time_zone": "Europe/London", "within": [{"days": ["mon", "fri"], "from": "09:00", "to": "17:00"}]}"#).unwrap();
    /// // From Monday 2026-07-06 12:00 UTC to Friday 12:00 UTC: the rest of Monday's window, and the beginning of Friday's.
    /// let open = office.open_between("2026-07-06T12:00:00Z".parse().unwrap(), "2026-07-10T12:00:00Z".parse().unwrap());
    /// assert_eq!(open.iter().map(|span| span.start.to_string()).collect::<Vec<_>>(), ["2026-07-06T08:00:00Z", "2026-07-10T08:00:00Z"]);
    /// ```
    pub fn open_between(&self, from: Timestamp, until: Timestamp) -> Vec<Span> {
        let Some(zone) = Zone::named(&self.time_zone) else { return Vec::new() };
        let (first, last) = (floor(from), floor(until));
        let (from, to) = (first.saturating_sub(REACH), last.saturating_add(REACH));
        if self.within.is_empty() {
            return Vec::new();
        }
        let open = match Windows::new(&self.within) {
            None => Vec::new(),
            Some(None) => vec![(from, to)],
            Some(Some(windows)) => windows.open(&zone.clock(from, to), from, to),
        };
        open.into_iter().filter(|(start, end)| *start < last && *end > first).map(|(start, end)| Span { start: stamp(start), end: stamp(end) }).collect()
    }

    /// Every mistake.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if Zone::named(&self.time_zone).is_none() {
            problems.push(unknown_zone(&self.time_zone));
        }
        if self.within.is_empty() {
            let suggestion = "write a window like {from: \"09:00\", to: \"17:00\"}".to_owned();
            problems.push(Problem { field: "within".to_owned(), message: "there is no window".to_owned(), suggestion });
        }
        problems.extend(windows_problems(&self.within).into_iter().map(|p| Problem { field: format!("within{}", p.field), ..p }));
        problems
    }
}

/// That there is no such zone, for a field `time_zone`.
pub fn unknown_zone(name: &str) -> Problem {
    Problem { field: "time_zone".to_owned(), message: format!("there is no time zone {name:?}"), suggestion: suggest::zone(name) }
}

/// The instant that a moment stands for in a zone; none for what can not be read.
pub fn instant(moment: &Written<Moment>, zone: &Zone) -> Option<Timestamp> {
    let moment = *moment.get()?;
    let about = moment.about();
    Some(stamp(moment.second(&zone.clock(about, about))))
}
