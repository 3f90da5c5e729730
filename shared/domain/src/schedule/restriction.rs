//! Restrictions: the windows of the day or the week in which a layer is open.
//!
//! A restriction is one window that comes back every day, on chosen days, or every week; several of them add up. Both ends follow the one rule of
//! [`super::local_time`]: the window begins and ends at the first instant at which the clock reads that time or later, also on change nights.

use super::local_time::{Clock, DAY, WEEK};
use super::written::{Day, TimeOfDay, WallTime, Weekday, Written};
use serde::{Deserialize, Serialize};

/// One window in which a layer is open.
///
/// **Both ends are read off the clock, also on change nights.** 22:00 to 06:00 in Chicago is 8 hours, 7 in the night to Sunday 2026-03-08 (04:00 to 11:00
/// UTC), and 9 in the night to Sunday 2026-11-01 (03:00 to 12:00 UTC). In Casablanca 2026-03-22 had no time from 02:00 to 03:00, so that a window from 02:15
/// to 02:45 was not open that day; on Lord Howe 02:15 to 03:00 kept its last half hour on 2026-10-04 (02:30 at +11 is 15:30 UTC the day before).
/// ```
/// # use tocsin_domain::schedule::Schedule;
/// # fn who(zone: &str, layer: &str, at: &str) -> String {
/// #     let text = format!(r#"{{"id": "s", "team": "t", "time_zone": "{zone}", "layers": [{layer}]}}"#);
/// #     let schedule: Schedule = serde_json::from_str(&text).unwrap();
/// #     schedule.on_call(at.parse().unwrap()).iter().map(|p| p.user.as_str()).collect::<Vec<_>>().join(" ")
/// # }
/// let from_to = |from: &str, to: &str| {
///     format!(r#"{{"rotation": "weekly", "start": "2026-01-05", "members": ["a"], "restrictions": [{{"from": "{from}", "to": "{to}"}}]}}"#)
/// };
/// let night = |at: &str| who("America/Chicago", &from_to("22:00", "06:00"), at);
/// assert_eq!(["2026-03-08T03:59:59Z", "2026-03-08T04:00:00Z", "2026-03-08T10:59:59Z", "2026-03-08T11:00:00Z"].map(night), ["", "a", "a", ""]);
/// assert_eq!(["2026-11-01T02:59:59Z", "2026-11-01T03:00:00Z", "2026-11-01T11:59:59Z", "2026-11-01T12:00:00Z"].map(night), ["", "a", "a", ""]);
/// let lost = |at: &str| who("Africa/Casablanca", &from_to("02:15", "02:45"), at);
/// assert_eq!(["2026-03-21T02:15:00Z", "2026-03-22T01:59:59Z", "2026-03-22T02:00:00Z", "2026-03-23T01:15:00Z"].map(lost), ["a", "", "", "a"]);
/// let half = |at: &str| who("Australia/Lord_Howe", &from_to("02:15", "03:00"), at);
/// assert_eq!(["2026-10-03T15:29:59Z", "2026-10-03T15:30:00Z", "2026-10-03T15:59:59Z", "2026-10-03T16:00:00Z"].map(half), ["", "a", "a", ""]);
/// ```
///
/// ```
/// use tocsin_domain::schedule::Restriction;
/// for text in [
///     r#"{"from": "22:00", "to": "06:00"}"#,                                            // every night, across midnight
///     r#"{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}"#, // office hours; `days` are those on which it begins
///     r#"{"from": "fri 17:00", "to": "mon 09:00"}"#,                                    // the weekend, across the week's end
/// ] {
///     let window: Restriction = serde_json::from_str(text).unwrap();
///     assert_eq!(serde_json::to_string(&window).unwrap(), text.replace(": ", ":").replace(", ", ","));
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Restriction {
    /// Days of the week on which a window by time of day begins; empty: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Written<Weekday>>,
    /// When it begins: `22:00`, or `fri 17:00` for a window of the week.
    pub from: Written<WallTime>,
    /// When it ends: `06:00` (the next day, if that is not later than `from`), `24:00`, or `mon 09:00`.
    pub to: Written<WallTime>,
}

impl Restriction {
    /// The windows as seconds since Monday 00:00 with their lengths; `None` if it means nothing (unreadable, zero length, day of the week on one end only).
    pub(super) fn week_windows(&self) -> Option<Vec<(i64, i64)>> {
        let (from, to) = (self.from.get()?, self.to.get()?);
        let (begin, end) = (i64::from(from.time.seconds()), i64::from(to.time.seconds()));
        match (from.day, to.day) {
            (None, None) => {
                let length = if end > begin { end - begin } else { end + DAY - begin };
                let days = self.days.iter().map(|d| d.get().copied()).collect::<Option<Vec<_>>>()?;
                let days = if days.is_empty() { Weekday::ALL.to_vec() } else { days };
                (begin != end && begin != DAY).then(|| days.into_iter().map(|d| (i64::from(d.since_monday()) * DAY + begin, length)).collect())
            }
            (Some(Day::OfWeek(first)), Some(Day::OfWeek(last))) if self.days.is_empty() => {
                let begin = i64::from(first.since_monday()) * DAY + begin;
                let length = match (i64::from(last.since_monday()) * DAY + end - begin).rem_euclid(WEEK) {
                    0 if to.time == TimeOfDay::END => WEEK,
                    length => length,
                };
                (length > 0 && from.time < TimeOfDay::END).then(|| vec![(begin, length)])
            }
            _ => None,
        }
    }
}

/// All windows of a layer, as spans of seconds since Monday 00:00, in order, not touching each other; the last may reach into the next week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Windows {
    spans: Vec<(i64, i64)>,
}

impl Windows {
    /// `Some(None)`: always open; `None`: a restriction means nothing.
    pub(super) fn new(restrictions: &[Restriction]) -> Option<Option<Self>> {
        if restrictions.is_empty() {
            return Some(None);
        }
        let mut all = Vec::new();
        for restriction in restrictions {
            all.extend(restriction.week_windows()?.into_iter().map(|(begin, length)| (begin, begin + length)));
        }
        all.sort_unstable();
        let mut spans: Vec<(i64, i64)> = Vec::with_capacity(all.len());
        for (begin, end) in all {
            match spans.last_mut() {
                Some(last) if begin <= last.1 => last.1 = last.1.max(end),
                _ => spans.push((begin, end)),
            }
        }
        // What reaches into the next week may meet the first windows of that week.
        while let (Some(&(_, end)), Some(&(begin, first_end))) = (spans.last(), spans.first()) {
            if spans.len() == 1 || end < begin + WEEK {
                break;
            }
            spans.remove(0);
            if let Some(last) = spans.last_mut() {
                last.1 = end.max(first_end + WEEK);
            }
        }
        let always = spans.iter().any(|(begin, end)| end - begin >= WEEK);
        Some((!always).then_some(Self { spans }))
    }

    /// These windows, as [`Windows::spans`] wants them.
    pub(super) fn weekly(spans: Vec<(i64, i64)>) -> Self {
        Self { spans }
    }

    /// The instants of `[from, to)` in which a window is open, in order, not touching each other.
    pub(super) fn open(&self, clock: &Clock, from: i64, to: i64) -> Vec<(i64, i64)> {
        // 1970-01-05 was a Monday. A window may have begun in the week before.
        let monday = 4 * DAY;
        let first_week = (clock.high_water(from) - monday).div_euclid(WEEK) - 1;
        let mut open: Vec<(i64, i64)> = Vec::new();
        for week in first_week.. {
            for (begin, end) in &self.spans {
                let offset = monday + week * WEEK;
                let start = clock.first(offset + begin).max(from);
                if start >= to {
                    return open;
                }
                let end = clock.first(offset + end).min(to);
                match open.last_mut() {
                    Some(last) if start <= last.1 => last.1 = last.1.max(end),
                    _ if start < end => open.push((start, end)),
                    _ => {}
                }
            }
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(text: &str) -> Option<Option<Vec<(i64, i64)>>> {
        let restrictions: Vec<Restriction> = serde_json::from_str(text).unwrap();
        Windows::new(&restrictions).map(|w| w.map(|w| w.spans))
    }

    #[test]
    fn windows_of_a_week_are_merged_across_its_end() {
        let h = 3600;
        assert_eq!(windows("[]"), Some(None));
        assert_eq!(windows(r#"[{"days":["mon"],"from":"22:00","to":"06:00"}]"#), Some(Some(vec![(22 * h, 30 * h)])));
        assert_eq!(windows(r#"[{"from":"fri 17:00","to":"mon 09:00"}]"#), Some(Some(vec![(113 * h, 177 * h)])));
        // Sunday night meets Monday's first window.
        let both = r#"[{"from":"fri 17:00","to":"mon 09:00"},{"days":["mon"],"from":"08:00","to":"12:00"}]"#;
        assert_eq!(windows(both), Some(Some(vec![(113 * h, 180 * h)])));
        assert_eq!(windows(r#"[{"from":"00:00","to":"24:00"}]"#), Some(None), "every minute of the week");
        assert_eq!(windows(r#"[{"from":"06:00","to":"18:00"},{"from":"18:00","to":"06:00"}]"#), Some(None));
        assert_eq!(windows(r#"[{"from":"mon 00:00","to":"sun 24:00"}]"#), Some(None));
        assert_eq!(windows(r#"[{"from":"thu 00:00","to":"wed 24:00"}]"#), Some(None));
        assert_eq!(windows(r#"[{"from":"sun 00:00","to":"sun 24:00"}]"#), Some(Some(vec![(144 * h, 168 * h)])));
        assert_eq!(windows(r#"[{"from":"mon 09:00","to":"fri 09:00"},{"from":"thu 09:00","to":"tue 09:00"}]"#), Some(None));
    }

    #[test]
    fn windows_that_mean_nothing() {
        for bad in [r#"{"from":"09:00","to":"09:00"}"#, r#"{"from":"mon 09:00","to":"10:00"}"#, r#"{"from":"mon 09:00","to":"mon 09:00"}"#] {
            assert_eq!(windows(&format!("[{bad}]")), None, "{bad}");
        }
        assert_eq!(windows(r#"[{"days":["mon"],"from":"mon 09:00","to":"tue 10:00"}]"#), None);
        assert_eq!(windows(r#"[{"from":"24:00","to":"10:00"}]"#), None);
    }
}
