//! Validation: every mistake of a schedule at once, each with its field and what to write instead.
//!
//! A schedule without problems answers at every instant what it says; one with problems never panics, and what means nothing answers nobody. Knows nothing
//! of other objects: whether users and the team exist is for the validation of the whole configuration.

use super::layer::Layer;
use super::local_time::{Clock, DAY, Zone, days_from_civil};
use super::overrides::{Change, Override, find_layer};
use super::restriction::Restriction;
use super::rotation::{LONGEST_S, Length, Rotation, Unit};
use super::written::{Day, Misread, Moment, TimeOfDay, WallTime, Written};
use super::{Schedule, Turn};
use crate::configuration::validate::suggest;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where, within the schedule: `layers[0].restrictions[1].to`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub suggestion: String,
}

/// Collects problems under one path.
struct Finder<'a> {
    problems: &'a mut Vec<Problem>,
    path: String,
}

impl Finder<'_> {
    fn at(&mut self, field: &str) -> Finder<'_> {
        let dot = if self.path.is_empty() || field.is_empty() || field.starts_with('[') { "" } else { "." };
        Finder { path: format!("{}{dot}{field}", self.path), problems: self.problems }
    }

    fn item(&mut self, field: &str, index: usize) -> Finder<'_> {
        self.at(&format!("{field}[{index}]"))
    }

    fn say(&mut self, message: impl Into<String>, suggestion: impl Into<String>) {
        self.problems.push(Problem { field: self.path.clone(), message: message.into(), suggestion: suggestion.into() });
    }

    /// The meaning of a text, or `None` and a problem.
    fn read<T: FromStr<Err = Misread> + Copy>(&mut self, written: &Written<T>) -> Option<T> {
        if let Some(misread) = written.misread() {
            self.say(misread.message, misread.suggestion);
        }
        written.get().copied()
    }

    fn moment(&mut self, written: &Written<Moment>) -> Option<Moment> {
        let moment = self.read(written)?;
        if let Moment::Instant(at) = moment
            && at.subsec_nanosecond() != 0
        {
            self.say(format!("{at} is not a whole second"), "leave the fraction out");
        }
        let years = days_from_civil(1900, 1, 1) * DAY..days_from_civil(2200, 1, 1) * DAY;
        if !years.contains(&moment.about()) {
            self.say(format!("{moment} is too far away"), "years go from 1900 to 2199");
            return None;
        }
        Some(moment)
    }

    /// Both ends of something, in order.
    fn span(&mut self, start: &Written<Moment>, end: Option<&Written<Moment>>, clock: impl Fn(Moment, Moment) -> Option<Clock>) {
        let start = self.at("start").moment(start);
        let end = end.and_then(|end| self.at("end").moment(end));
        if let (Some(start), Some(end)) = (start, end)
            && let Some(clock) = clock(start, end)
        {
            let message = match end.second(&clock).cmp(&start.second(&clock)) {
                std::cmp::Ordering::Greater => return,
                std::cmp::Ordering::Equal if start != end => format!("{end} is the same instant as the start {start}"),
                std::cmp::Ordering::Equal => "the end is the start: nothing lies between".to_owned(),
                std::cmp::Ordering::Less => format!("the end {end} is before the start {start}"),
            };
            self.at("end").say(message, "the end is the first instant no more: write a later one");
        }
    }

    fn people(&mut self, turn: &Turn, nobody: &str) {
        if turn.0.is_empty() {
            self.say("names nobody", nobody);
        }
        for (i, user) in turn.0.iter().enumerate() {
            if turn.0.iter().take(i).any(|u| u == user) {
                self.say(format!("names {user} twice"), "name each person once");
            }
        }
    }
}

impl Schedule {
    /// Every mistake at once; empty when the schedule is fine.
    ///
    /// ```
    /// use tocsin_domain::schedule::Schedule;
    /// let wrong: Schedule = serde_json::from_str(r#"{"id": "s", "team": "t", "time_zone": "Europe/Londn", "layers": [
    ///     {"rotation": "0 weeks", "start": "2026-02-30T09:00", "members": ["ada"]}
    /// ]}"#).unwrap();
    /// let problems: Vec<String> = wrong.validate().into_iter().map(|p| format!("{}: {}; {}", p.field, p.message, p.suggestion)).collect();
    /// assert_eq!(problems, [
    ///     r#"time_zone: there is no time zone "Europe/Londn"; did you mean "Europe/London"?"#,
    ///     "layers[0].rotation: a turn of 0 weeks has no length; write weekly",
    ///     "layers[0].start: there is no 2026-02-30; that month ends on 2026-02-28",
    /// ]);
    /// ```
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut find = Finder { problems: &mut problems, path: String::new() };
        let zone = Zone::named(&self.time_zone);
        if zone.is_none() {
            let message = format!("there is no time zone {:?}", self.time_zone);
            find.at("time_zone").say(message, suggest::zone(&self.time_zone));
        }
        // Without a zone, times of one kind can still be compared.
        let clock = |a: Moment, b: Moment| {
            let alike = std::mem::discriminant(&a) == std::mem::discriminant(&b);
            let zone = zone.clone().or_else(|| Zone::named("UTC").filter(|_| alike));
            zone.map(|z| z.clock(a.about().min(b.about()), a.about().max(b.about())))
        };
        for (i, layer) in self.layers.iter().enumerate() {
            let mut find = find.item("layers", i);
            if !layer.name.is_empty() && self.layers.iter().take(i).any(|l| l.name == layer.name) {
                find.at("name").say(format!("another layer is called {:?} too", layer.name), "give each layer a name of its own");
            }
            check_rotation(&layer.rotation, &mut find.at("rotation"));
            find.span(&layer.start, layer.end.as_ref(), clock);
            check_handoff(layer, &mut find.at("handoff"));
            for (j, turn) in layer.members.iter().enumerate() {
                find.item("members", j).people(turn, "name somebody, or remove the turn");
            }
            for (j, restriction) in layer.restrictions.iter().enumerate() {
                check_restriction(restriction, &mut find.item("restrictions", j));
            }
        }
        for (i, change) in self.overrides.iter().enumerate() {
            let mut find = find.item("overrides", i);
            find.span(&change.start, Some(&change.end), clock);
            self.check_override(i, change, &mut find);
        }
        problems
    }

    fn check_override(&self, place: usize, o: &Override, find: &mut Finder<'_>) {
        if o.id.is_some() && self.overrides.iter().take(place).any(|other| other.id == o.id) {
            find.at("id").say("another override has this id too", "give each override an id of its own");
        }
        let nobody = "name who is on call instead; nobody would be";
        match &o.change {
            Change::Everybody { with } => find.at("with").people(with, nobody),
            Change::Add { add } => find.at("add").people(add, "name who is on call too"),
            Change::Person { with, .. } => find.at("with").people(with, nobody),
            Change::Layer { layer, with } => {
                find.at("with").people(with, nobody);
                if find_layer(&self.layers, layer).is_none() {
                    let near = suggest::closest(layer, self.layers.iter().map(|l| l.name.as_str()).filter(|n| !n.is_empty()));
                    let otherwise = || "write a layer's name, or its place in the list from 1".to_owned();
                    let suggestion = near.map_or_else(otherwise, |near| format!("did you mean {near:?}?"));
                    find.at("layer").say(format!("there is no layer {layer:?}"), suggestion);
                }
            }
        }
    }
}

/// Every mistake of windows that stand outside a schedule, with fields like `[1].to`.
pub fn windows_problems(windows: &[Restriction]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut find = Finder { problems: &mut problems, path: String::new() };
    for (i, window) in windows.iter().enumerate() {
        check_restriction(window, &mut find.item("", i));
    }
    problems
}

fn check_rotation(rotation: &Rotation, find: &mut Finder<'_>) {
    let custom = matches!(rotation, Rotation::Custom(_));
    if rotation.lengths().is_empty() {
        find.say("has no lengths", "write weekly, or lengths like [5 days, 2 days]");
    }
    let mut elapsed = None;
    for (i, written) in rotation.lengths().iter().enumerate() {
        let mut find = if custom { find.at(&format!("[{i}]")) } else { find.at("") };
        let Some(length) = find.read(written) else { continue };
        if length.count == 0 {
            let one = Length { count: 1, unit: length.unit };
            find.say(format!("a turn of {length} has no length"), format!("write {one}"));
        } else if length.seconds() > LONGEST_S {
            find.say(format!("a turn of {length} is too long"), "the longest turn is 100 years");
        } else if custom && length.unit == Unit::Months {
            find.say("months have different lengths, and can not stand among custom ones", "write weeks or days, or one rotation like 2 months");
        } else if *elapsed.get_or_insert(length.unit.is_elapsed()) != length.unit.is_elapsed() {
            find.say("elapsed hours and steps on the clock can not stand in one list", "write clock hours instead of hours");
        }
    }
}

fn check_handoff(layer: &Layer, find: &mut Finder<'_>) {
    let Some(handoff) = layer.handoff.as_ref().and_then(|h| find.read(h)) else { return };
    let WallTime { day, time } = handoff;
    if time == TimeOfDay::END {
        find.say("the clock never reads 24:00", "write 00:00 (of the next day)");
    }
    let units: Vec<Unit> = layer.rotation.lengths().iter().filter_map(Written::get).map(|l| l.unit).collect();
    let months = units.contains(&Unit::Months);
    match day {
        Some(Day::OfMonth(_)) if !months => find.say("a day of the month is for rotations in months", "write a time like 09:00, or mon 09:00 for weeks"),
        Some(Day::OfWeek(_)) if months => find.say("a rotation in months does not hand off on a weekday", "write day 1 09:00, or a rotation in weeks"),
        Some(Day::OfWeek(_)) if matches!((layer.rotation.lengths().len(), units.as_slice()), (1, [Unit::Hours | Unit::Minutes])) => {
            find.say("a rotation in hours does not hand off on a weekday", "write a time like 09:00");
        }
        _ => {}
    }
}

fn check_restriction(restriction: &Restriction, find: &mut Finder<'_>) {
    for (i, day) in restriction.days.iter().enumerate() {
        find.item("days", i).read(day);
    }
    let (from, to) = (find.at("from").read(&restriction.from), find.at("to").read(&restriction.to));
    let (Some(from), Some(to)) = (from, to) else { return };
    let mut readable = true;
    for (field, edge) in [("from", from), ("to", to)] {
        if matches!(edge.day, Some(Day::OfMonth(_))) {
            find.at(field).say("windows come back every day or every week, not every month", "write a time like 09:00, or mon 09:00");
            readable = false;
        }
    }
    if from.time == TimeOfDay::END {
        find.at("from").say("a window can not begin at 24:00", "write 00:00 (of the next day)");
    } else if readable && from.day.is_some() != to.day.is_some() {
        let (with, without) = if from.day.is_some() { ("from", "to") } else { ("to", "from") };
        find.at(without).say(format!("`{with}` names a day of the week, `{without}` does not"), "name a day at both ends, or at neither");
    } else if readable && from.day.is_some() && !restriction.days.is_empty() {
        find.at("days").say("a window of the week names its own days", "leave `days` out, or write times without days");
    } else if readable && restriction.week_windows().is_none() && restriction.days.iter().all(|d| d.get().is_some()) {
        find.at("to").say("the window has no length", "write 00:00 to 24:00 for a whole day; leave the restriction out for always");
    }
}
