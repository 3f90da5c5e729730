//! `shifts import`: the shifts of a calendar file, sent to a schedule.
//!
//! The calendar is read here, repeated events are laid out here, and the API gets plain shifts with ids that stay the same from one import to the next.
//! What can not be understood is told, all of it, and then nothing is sent.

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Out, count};
use clap::Args;
use icalendar::parser::{Component, Property, read_calendar, unfold};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The schedule's id.
    pub(crate) schedule: String,
    /// The file (.ics).
    pub(crate) file: PathBuf,
    /// Who is meant: a mail address, or a text of the event's title, and a user's id (`ada@example.com=ada`, `"Ada L"=ada`). A title or address that is a
    /// user's id, or begins with one and @, needs none.
    #[arg(long, value_name = "TEXT=USER")]
    pub(crate) map: Vec<Mapping>,
    /// What to call the calendar; the file's name where it is not given. Importing under the same name replaces.
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// So many days from now; repeated events go on for ever.
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub(crate) days: u32,
    /// Only show what would be imported.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which text means whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub(crate) text: String,
    pub(crate) user: String,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, user) = text.rsplit_once('=').ok_or("write TEXT=USER")?;
        if from.trim().is_empty() {
            return Err("write TEXT=USER".to_owned());
        }
        user.trim().parse::<tocsin_domain::id::UserId>().map_err(|e| e.to_string())?;
        Ok(Self { text: from.trim().to_lowercase(), user: user.trim().to_owned() })
    }
}

/// Occurrences of one event within the horizon.
const MOST_OCCURRENCES: u16 = 2000;

/// One shift.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shift {
    uid: String,
    start: Timestamp,
    end: Timestamp,
    user: String,
    note: String,
}

pub(super) async fn import(import: &Import, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let name = import.file.display().to_string();
    let text = std::fs::read_to_string(&import.file).map_err(|e| Failure::File { file: name.clone(), reason: e.to_string() })?;
    let zone = zone_of(&import.schedule, api).await?;
    let until = out.now.checked_add(SignedDuration::from_hours(24 * i64::from(import.days))).unwrap_or(Timestamp::MAX);
    let refused =
        |mistakes: Vec<String>| Failure::Refused { what: format!("{name}: {}", mistakes.join("\n  ")), next: Some("nothing was imported".to_owned()) };
    let shifts = read(&text, &import.map, &zone, (out.now, until)).map_err(refused)?;
    let rows = shifts.iter().map(|s| vec![Cell::from(s.start.to_string()), s.end.to_string().into(), s.user.as_str().into(), s.note.as_str().into()]);
    out.table(&["FROM", "UNTIL", "WHO", "EVENT"], rows.collect());
    let body = json!({ "shifts": shifts.iter().map(|s| json!({ "uid": s.uid, "start": s.start, "end": s.end, "user": s.user, "note": s.note })).collect::<Vec<Value>>() });
    if import.dry_run {
        out.answer(&body);
        out.say(&format!("{}, nothing was sent.", count(shifts.len(), "shift")));
        return Ok(ExitCode::SUCCESS);
    }
    let source = import.source.clone().unwrap_or_else(|| import.file.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    let answer = api.send(Request::put("import", &["v1", "schedules", &import.schedule, "imports", &slug(&source)]).body(body)).await?;
    out.answer(&answer);
    #[derive(Deserialize)]
    struct Imported {
        added: usize,
        removed: usize,
        kept: usize,
    }
    let Imported { added, removed, kept } = api.typed(&answer)?;
    out.say(&format!("{} added, {removed} taken back, {kept} as they were.", count(added, "shift")));
    Ok(ExitCode::SUCCESS)
}

/// The zone of a schedule: what times without one mean.
async fn zone_of(schedule: &str, api: &Api) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Zone {
        time_zone: String,
    }
    let answer = api.send(Request::get("schedule", &["v1", "schedules", schedule, "shifts"])).await?;
    Ok(api.typed::<Zone>(&answer)?.time_zone)
}

fn slug(text: &str) -> String {
    let dashed: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(64).collect();
    let trimmed = dashed.trim_matches('-');
    if trimmed.is_empty() { "calendar".to_owned() } else { trimmed.to_owned() }
}

/// Everything within the range, by start; or everything that can not be understood.
fn read(text: &str, map: &[Mapping], zone: &str, range: (Timestamp, Timestamp)) -> Result<Vec<Shift>, Vec<String>> {
    let unfolded = unfold(text);
    let calendar = read_calendar(&unfolded).map_err(|e| vec![format!("this is no calendar: {}", e.lines().next().unwrap_or_default())])?;
    let own = calendar.properties.iter().find(|p| p.name == "X-WR-TIMEZONE").map(|p| p.val.as_str().to_owned());
    let zone = own.filter(|z| TimeZone::get(z).is_ok()).unwrap_or_else(|| zone.to_owned());
    let events: Vec<Event<'_>> = calendar.components.iter().filter(|c| c.name == "VEVENT").map(|c| Event { component: c, zone: &zone }).collect();
    // Single occurrences of a repeated event that were moved or cancelled: the event itself leaves them out.
    let mut replaced = BTreeSet::new();
    let (mut shifts, mut mistakes) = (Vec::new(), Vec::new());
    for event in &events {
        if let Some(of) = event.property("RECURRENCE-ID") {
            match event.instant(of) {
                Ok((at, _)) => _ = replaced.insert((event.uid(), at)),
                Err(e) => mistakes.push(format!("{}: {e}", event.title())),
            }
        }
    }
    for event in events.iter().filter(|e| !e.text("STATUS").eq_ignore_ascii_case("CANCELLED")) {
        match event.occurrences(range) {
            Err(e) => mistakes.push(format!("{}: {e}", event.title())),
            Ok(found) => {
                let single = event.property("RECURRENCE-ID").is_some();
                let kept: Vec<_> = found.into_iter().filter(|(start, _)| single || !replaced.contains(&(event.uid(), *start))).collect();
                if kept.is_empty() {
                    continue;
                }
                let people = event.people(map);
                if people.is_empty() {
                    mistakes.push(format!("{}: who is that? Say it with --map TEXT=USER", event.title()));
                }
                for (start, end) in kept {
                    let shift = |user: &String| Shift { uid: uid(&event.uid(), start, user), start, end, user: user.clone(), note: event.title() };
                    shifts.extend(people.iter().map(shift));
                }
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    shifts.sort_by(|a, b| (a.start, &a.uid).cmp(&(b.start, &b.uid)));
    Ok(shifts)
}

fn uid(event: &str, start: Timestamp, user: &str) -> String {
    format!("{}/{}/{user}", event.chars().take(150).collect::<String>(), start.as_second())
}

struct Event<'a> {
    component: &'a Component<'a>,
    zone: &'a str,
}

impl Event<'_> {
    fn property(&self, name: &str) -> Option<&Property<'_>> {
        self.component.properties.iter().find(|p| p.name == name)
    }

    fn text(&self, name: &str) -> String {
        let text = self.property(name).map_or("", |p| p.val.as_str());
        text.replace("\\n", " ").replace("\\N", " ").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    }

    fn uid(&self) -> String {
        self.text("UID")
    }

    /// For people, and for the note: as long as notes may be.
    fn title(&self) -> String {
        let title: String = self.text("SUMMARY").chars().filter(|c| !c.is_control()).take(200).collect();
        if title.is_empty() { self.uid().chars().take(200).collect() } else { title }
    }

    /// The instant of a time, and whether it is a whole day.
    fn instant(&self, property: &Property<'_>) -> Result<(Timestamp, bool), String> {
        let text = property.val.as_str();
        let bad = |_| format!("{} {text:?} is no time", property.name.as_str());
        if let Some(utc) = text.strip_suffix('Z') {
            let at = civil::DateTime::strptime("%Y%m%dT%H%M%S", utc).map_err(bad)?;
            return Ok((TimeZone::UTC.to_timestamp(at).map_err(bad)?, false));
        }
        let named = self.zone_of(property);
        let zone = TimeZone::get(&named).map_err(|_| format!("there is no time zone {named:?} (IANA names only, like Europe/London)"))?;
        let (at, day) = match text.len() {
            8 => (civil::Date::strptime("%Y%m%d", text).map_err(bad)?.to_datetime(civil::Time::midnight()), true),
            _ => (civil::DateTime::strptime("%Y%m%dT%H%M%S", text).map_err(bad)?, false),
        };
        Ok((zone.to_timestamp(at).map_err(bad)?, day))
    }

    fn zone_of(&self, property: &Property<'_>) -> String {
        let named = property.params.iter().find(|p| p.key == "TZID").and_then(|p| p.val.as_ref());
        named.map_or_else(|| self.zone.to_owned(), |v| v.as_str().trim_matches('"').to_owned())
    }

    /// When it takes place within the range: start and end of each occurrence.
    fn occurrences(&self, (from, until): (Timestamp, Timestamp)) -> Result<Vec<(Timestamp, Timestamp)>, String> {
        let begins = self.property("DTSTART").ok_or("it has no start")?;
        let (start, day) = self.instant(begins)?;
        let length = self.length(start, day)?;
        if length <= SignedDuration::ZERO {
            return Err("it ends before it begins".to_owned());
        }
        let starts =
            if self.property("RRULE").is_some() || self.property("RDATE").is_some() { self.repeated(begins, from - length, until)? } else { vec![start] };
        // Whole days are as long as the day is; the rest takes as long as the first did.
        let zone = TimeZone::get(self.zone).unwrap_or(TimeZone::UTC);
        let end = |at: Timestamp| {
            let days = (length.as_secs() + 43_200) / 86_400;
            if day { at.to_zoned(zone.clone()).checked_add(jiff::Span::new().days(days)).map_or(at + length, |z| z.timestamp()) } else { at + length }
        };
        Ok(starts.into_iter().map(|at| (at, end(at))).filter(|(start, end)| *end > from && *start < until).collect())
    }

    fn length(&self, start: Timestamp, day: bool) -> Result<SignedDuration, String> {
        if let Some(end) = self.property("DTEND") {
            return Ok(self.instant(end)?.0.duration_since(start));
        }
        if let Some(duration) = self.property("DURATION") {
            let span: jiff::Span = duration.val.as_str().parse().map_err(|_| format!("DURATION {:?} is no length", duration.val.as_str()))?;
            let days = jiff::SpanRelativeTo::days_are_24_hours();
            return span.to_duration(days).map_err(|e| e.to_string());
        }
        if day { Ok(SignedDuration::from_hours(24)) } else { Err("it has no end".to_owned()) }
    }

    /// Starts of a repeated event, by the library that knows the rules.
    fn repeated(&self, begins: &Property<'_>, from: Timestamp, until: Timestamp) -> Result<Vec<Timestamp>, String> {
        let named = |p: &Property<'_>| if p.val.as_str().ends_with('Z') { String::new() } else { format!(";TZID={}", self.zone_of(p)) };
        // A whole day begins at its midnight.
        let timed = |v: &str| if v.len() == 8 { format!("{v}T000000") } else { v.to_owned() };
        let mut lines = vec![format!("DTSTART{}:{}", named(begins), timed(begins.val.as_str()))];
        for property in &self.component.properties {
            match property.name.as_str() {
                // A rule that ends on a day, of an event with times, ends with that day.
                "RRULE" => lines.push(format!("RRULE:{}", property.val.as_str())),
                name @ ("EXDATE" | "RDATE") => {
                    let values: Vec<String> = property.val.as_str().split(',').map(timed).collect();
                    lines.push(format!("{name}{}:{}", named(property), values.join(",")));
                }
                _ => {}
            }
        }
        let set: rrule::RRuleSet = lines.join("\n").parse().map_err(|e| format!("its repetition can not be understood: {e}"))?;
        let edge = |at: Timestamp| chrono::DateTime::from_timestamp(at.as_second(), 0).unwrap_or_default().with_timezone(&rrule::Tz::UTC);
        let found = set.after(edge(from)).before(edge(until)).all(MOST_OCCURRENCES);
        if found.limited && found.dates.len() >= usize::from(MOST_OCCURRENCES) {
            return Err(format!("it takes place more than {MOST_OCCURRENCES} times: import fewer days"));
        }
        Ok(found.dates.iter().filter_map(|d| Timestamp::from_second(d.timestamp()).ok()).collect())
    }

    /// Who is meant: by what was said on the command line, else by attendees whose address begins with an id, else by a title that is one.
    fn people(&self, map: &[Mapping]) -> Vec<String> {
        let address = |p: &Property<'_>| p.val.as_str().to_lowercase().trim_start_matches("mailto:").to_owned();
        let declined = |p: &Property<'_>| p.params.iter().any(|q| q.key == "PARTSTAT" && q.val.as_ref().is_some_and(|v| v.as_str() == "DECLINED"));
        let attendees: Vec<String> = self.component.properties.iter().filter(|p| p.name == "ATTENDEE" && !declined(p)).map(address).collect();
        let organizer: Vec<String> = self.component.properties.iter().filter(|p| p.name == "ORGANIZER").map(address).collect();
        let title = self.text("SUMMARY").to_lowercase();
        let mapped = |addresses: &[String]| map.iter().filter(|m| addresses.contains(&m.text)).map(|m| m.user.clone()).collect::<Vec<_>>();
        let titled = || map.iter().filter(|m| title.contains(&m.text)).map(|m| m.user.clone()).collect::<Vec<_>>();
        let is_id = |text: &str| text.parse::<tocsin_domain::id::UserId>().is_ok();
        let local = || attendees.iter().filter_map(|a| a.split('@').next()).filter(|l| is_id(l)).map(str::to_owned).collect::<Vec<_>>();
        let whole = || Some(title.trim().to_owned()).filter(|t| is_id(t)).into_iter().collect::<Vec<_>>();
        let mut people = [mapped(&attendees), titled(), mapped(&organizer)].into_iter().chain([local(), whole()]).find(|p| !p.is_empty()).unwrap_or_default();
        people.sort();
        people.dedup();
        people
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or_default()
    }

    fn imported(events: &str, map: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n", events.replace('\n', "\r\n"));
        let map: Vec<Mapping> = map.iter().filter_map(|m| m.parse().ok()).collect();
        let found = read(&text, &map, "Europe/Berlin", (at("2026-03-01T00:00:00Z"), at("2026-05-01T00:00:00Z")))?;
        Ok(found.into_iter().map(|s| format!("{} {} {} {}", s.start, s.end, s.user, s.uid)).collect())
    }

    #[test]
    fn a_weekly_shift_keeps_its_wall_clock_over_the_change_of_clocks() {
        // Berlin's clocks go forward on 2026-03-29: 09:00 is 08:00 UTC before and 07:00 UTC after.
        let weekly = "BEGIN:VEVENT\nUID:w\nDTSTART;TZID=Europe/Berlin:20260316T090000\nDTEND;TZID=Europe/Berlin:20260316T170000\n\
            RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Berlin:20260323T090000\nSUMMARY:ada\nEND:VEVENT\n";
        assert_eq!(
            imported(weekly, &[]).unwrap_or_default(),
            [
                "2026-03-16T08:00:00Z 2026-03-16T16:00:00Z ada w/1773648000/ada",
                "2026-03-30T07:00:00Z 2026-03-30T15:00:00Z ada w/1774854000/ada",
                "2026-04-06T07:00:00Z 2026-04-06T15:00:00Z ada w/1775458800/ada",
            ]
        );
    }

    #[test]
    fn a_moved_and_a_cancelled_occurrence() {
        let daily = "BEGIN:VEVENT\nUID:d\nDTSTART:20260310T090000Z\nDURATION:PT8H\nRRULE:FREQ=DAILY;COUNT=3\nATTENDEE;CN=Ada:mailto:ada@example.com\nSUMMARY:On call\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:d\nRECURRENCE-ID:20260311T090000Z\nDTSTART:20260311T120000Z\nDTEND:20260311T130000Z\nATTENDEE:mailto:Bob@example.com\nSUMMARY:On call\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:d\nRECURRENCE-ID:20260312T090000Z\nDTSTART:20260312T090000Z\nDTEND:20260312T170000Z\nSTATUS:CANCELLED\nEND:VEVENT\n";
        assert_eq!(
            imported(daily, &[]).unwrap_or_default(),
            ["2026-03-10T09:00:00Z 2026-03-10T17:00:00Z ada d/1773133200/ada", "2026-03-11T12:00:00Z 2026-03-11T13:00:00Z bob d/1773230400/bob"]
        );
    }

    #[test]
    fn whole_days_are_as_long_as_the_day() {
        // 2026-03-29 has 23 hours in Berlin.
        let days =
            "BEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260329\nRRULE:FREQ=DAILY;COUNT=2\nSUMMARY:Ada L is on call\nEND:VEVENT\n";
        assert_eq!(
            imported(days, &["Ada L=ada"]).unwrap_or_default(),
            ["2026-03-27T23:00:00Z 2026-03-28T23:00:00Z ada a/1774652400/ada", "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z ada a/1774738800/ada"]
        );
    }

    #[test]
    fn everything_that_is_not_understood_is_told() {
        let wrong = "BEGIN:VEVENT\nUID:1\nDTSTART:20260310T090000Z\nDTEND:20260310T100000Z\nSUMMARY:Who knows?\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:2\nDTSTART;TZID=W. Europe Standard Time:20260310T090000\nDTEND:20260310T100000Z\nSUMMARY:ada\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:3\nDTSTART:20260310T090000Z\nDTEND:20260310T100000Z\nRRULE:FREQ=SOMETIMES\nSUMMARY:bob\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:4\nSUMMARY:carol\nEND:VEVENT\n";
        let told = imported(wrong, &[]).err().unwrap_or_default();
        for (line, word) in told.iter().zip(["--map TEXT=USER", "W. Europe Standard Time", "repetition", "no start"]) {
            assert!(line.contains(word), "{line}");
        }
        assert_eq!(told.len(), 4);
        assert!(imported("no calendar\n", &[]).is_err());
    }
}
