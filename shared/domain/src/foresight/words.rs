//! Plans and concerns in words: what a person reads before a change, and what a review is given.

use super::difference::{Fate, FieldChange, ObjectChange};
use super::pages::{LevelChange, LevelPages, PageTo, ServicePages};
use super::plan::{Coverage, KeyChange, Plan, Warning};
use super::verify::Concern;
use crate::configuration::Configuration;
use crate::id::{PolicyId, ScheduleId};
use crate::schedule::Span;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Times of one kind that are listed; the others are counted.
const MOST_SPANS: usize = 8;
/// Fields of one object that are listed.
const MOST_FIELDS: usize = 12;
/// Characters of a value.
const MOST_VALUE_CHARS: usize = 80;

/// How a line is meant: a heading, or what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A heading.
    Heading,
    /// Something new, or better covered.
    Gain,
    /// Something gone, or uncovered.
    Loss,
    /// Something else than before.
    Change,
    /// Something to look at.
    Warning,
    /// A detail of the line before.
    Detail,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How it is meant.
    pub tone: Tone,
    /// What it says, indented.
    pub text: String,
}

fn line(tone: Tone, text: impl Into<String>) -> Line {
    Line { tone, text: text.into() }
}

impl Plan {
    /// The plan in lines; none where nothing changes.
    pub fn lines(&self, after: &Configuration) -> Vec<Line> {
        let mut lines = Vec::new();
        if self.is_nothing() {
            return lines;
        }
        lines.push(line(Tone::Heading, "What changes"));
        self.objects.iter().for_each(|o| object(o, &mut lines));
        if !self.coverage.is_empty() {
            lines.push(line(Tone::Heading, "Who is on call"));
            self.coverage.iter().for_each(|c| coverage(c, self.until, &mut lines));
        }
        if !self.pages.is_empty() {
            lines.push(line(Tone::Heading, "Who is paged otherwise"));
            self.pages.iter().for_each(|p| pages(p, Span { start: self.from, end: self.until }, &mut lines));
        }
        if !self.keys.is_empty() {
            lines.push(line(Tone::Heading, "Keys"));
            self.keys.iter().for_each(|k| lines.push(key(k)));
        }
        self.warnings(after, &mut lines);
        lines
    }

    fn warnings(&self, after: &Configuration, lines: &mut Vec<Line>) {
        for (new, heading) in [(true, "Look at this before you apply it"), (false, "As before")] {
            let of: Vec<&Warning> = self.warnings.iter().filter(|w| w.new == new).collect();
            if of.is_empty() {
                continue;
            }
            lines.push(line(Tone::Heading, heading));
            for warning in of {
                let zone = zone_of(&warning.concern, after);
                lines.push(line(Tone::Warning, format!("  ! {}", warning.concern.words())));
                lines.extend(times(warning.concern.spans(), &zone, Some(self.until)).into_iter().map(|t| line(Tone::Detail, format!("      {t}"))));
            }
        }
    }
}

fn object(object: &ObjectChange, lines: &mut Vec<Line>) {
    let (tone, sign) = match object.fate {
        Fate::Added => (Tone::Gain, '+'),
        Fate::Removed => (Tone::Loss, '-'),
        Fate::Changed => (Tone::Change, '~'),
    };
    let again = object.recreates.map(|v| format!(" (version {v} had one of this id: it comes back)")).unwrap_or_default();
    lines.push(line(tone, format!("  {sign} {}{again}", object.name())));
    for change in object.fields.iter().take(MOST_FIELDS) {
        lines.push(line(Tone::Detail, format!("      {}", field(change))));
    }
    if object.fields.len() > MOST_FIELDS {
        lines.push(line(Tone::Detail, format!("      and {} fields more", object.fields.len() - MOST_FIELDS)));
    }
}

fn field(change: &FieldChange) -> String {
    let path = &change.path;
    match (&change.before, &change.after) {
        (None, Some(after)) => format!("{path}: + {}", value(after)),
        (Some(before), None) => format!("{path}: - {}", value(before)),
        (Some(before), Some(after)) => format!("{path}: {} -> {}", value(before), value(after)),
        (None, None) => path.clone(),
    }
}

/// A value on one line, as one would write it in YAML.
fn value(value: &Value) -> String {
    let text = flow(value);
    if text.chars().count() <= MOST_VALUE_CHARS { text } else { text.chars().take(MOST_VALUE_CHARS - 1).chain(['…']).collect() }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(s) if !s.is_empty() && !s.contains([',', '{', '}', '[', ']', '"', '#']) => s.clone(),
        Value::String(s) => format!("{s:?}"),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(o) => format!("{{{}}}", o.iter().map(|(k, v)| format!("{k}: {}", flow(v))).collect::<Vec<_>>().join(", ")),
    }
}

fn coverage(c: &Coverage, until: Timestamp, lines: &mut Vec<Line>) {
    for (tone, word, spans) in [(Tone::Loss, "uncovers", &c.lost), (Tone::Gain, "covers", &c.gained)] {
        let sign = if tone == Tone::Loss { '-' } else { '+' };
        lines.extend(times(spans, &c.time_zone, Some(until)).into_iter().map(|t| line(tone, format!("  {sign} {word} {t} ({})", c.schedule))));
    }
}

fn pages(p: &ServicePages, whole: Span, lines: &mut Vec<Line>) {
    let services = p.services.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let policy = if p.policy_before == p.policy_after { p.policy_after.to_string() } else { format!("{} -> {}", p.policy_before, p.policy_after) };
    lines.push(line(Tone::Change, format!("  ~ {services} (policy {policy})")));
    // What differs in quiet hours alone, beside the same difference, is one line for people.
    let mut said: Vec<(String, Vec<Span>)> = Vec::new();
    for change in &p.changes {
        let words = level(change);
        match said.iter_mut().find(|(known, _)| *known == words) {
            Some((_, spans)) => spans.extend(&change.spans),
            None => said.push((words, change.spans.clone())),
        }
    }
    for (words, spans) in said {
        let spans = super::spans::normal(spans);
        if spans == [whole] {
            lines.push(line(Tone::Detail, format!("      {words}, at all times")));
        } else {
            lines.push(line(Tone::Detail, format!("      {words}")));
            lines.extend(times(&spans, &p.time_zone, Some(whole.end)).into_iter().map(|t| line(Tone::Detail, format!("          {t}"))));
        }
    }
}

fn level(c: &LevelChange) -> String {
    let name = format!("level {}", c.level + 1);
    match (&c.before, &c.after) {
        (None, Some(after)) => format!("{name} is new and pages {}", who(after)),
        (Some(before), None) => format!("{name} is gone, which paged {}", who(before)),
        (Some(before), Some(after)) if before.people() != after.people() => {
            let turns = if after.turns.len() > 1 { format!(", in turns: {}", in_turns(after)) } else { String::new() };
            format!("{name} pages {} instead of {}{turns}", who(after), who(before))
        }
        (Some(before), Some(after)) => {
            let mut parts = Vec::new();
            if before.delay_s != after.delay_s {
                parts.push(format!("has {} s to answer instead of {} s", after.delay_s, before.delay_s));
            }
            if before.turns != after.turns {
                parts.push(match (before.turns.as_slice(), after.turns.as_slice()) {
                    ([], _) => format!("takes turns, beginning with the next incident: {}", in_turns(after)),
                    (_, []) => "takes no turns any more: all are paged together".to_owned(),
                    _ => format!("takes turns from the next incident on: {} instead of {}", in_turns(after), in_turns(before)),
                });
            }
            for (word, old, new) in [("high", &before.high, &after.high), ("low", &before.low, &after.low)] {
                let only = |a: &[PageTo], b: &[PageTo]| a.iter().filter(|p| !b.contains(p)).cloned().collect::<Vec<_>>();
                if old != new {
                    parts.push(format!("pages {} instead of {} at {word} urgency", ways(&only(new, old)), ways(&only(old, new))));
                }
            }
            format!("{name} {}", parts.join(", "))
        }
        (None, None) => name,
    }
}

fn who(level: &LevelPages) -> String {
    let people = level.people();
    if people.is_empty() { "nobody".to_owned() } else { people.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ") }
}

/// The next ones first.
fn in_turns(level: &LevelPages) -> String {
    const MOST_TURNS: usize = 6;
    let names = |people: &Vec<crate::id::UserId>| people.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let mut turns: Vec<String> = level.turns.iter().take(MOST_TURNS).map(names).collect();
    if level.turns.len() > MOST_TURNS {
        turns.push(format!("and {} more", level.turns.len() - MOST_TURNS));
    }
    turns.join(", ")
}

fn ways(pages: &[PageTo]) -> String {
    if pages.is_empty() {
        return "by nothing more".to_owned();
    }
    let way = |p: &PageTo| match (&p.quiet_until, p.after_s) {
        (None, 0) => p.contact.to_string(),
        (None, after_s) => format!("{} after {after_s} s", p.contact),
        (Some(end), 0) => format!("{} when quiet hours end at {end}", p.contact),
        (Some(end), after_s) => format!("{} {after_s} s after quiet hours end at {end}", p.contact),
    };
    pages.iter().map(way).collect::<Vec<_>>().join(" and ")
}

fn key(change: &KeyChange) -> Line {
    match change {
        KeyChange::Created { integration, of } => line(Tone::Gain, format!("  + {integration} ({of}): a key is made, and shown once")),
        KeyChange::Ended { integration, of } => line(Tone::Loss, format!("  - {integration} ({of}): its keys end, and its senders are refused")),
        KeyChange::Moved { integration, from, to } => line(Tone::Change, format!("  ~ {integration}: its keys stay, and open {to} instead of {from}")),
    }
}

impl Concern {
    /// The times that it is about; none where it is about the whole range.
    pub fn spans(&self) -> &[Span] {
        match self {
            Self::Uncovered { spans, .. } | Self::LevelUncovered { spans, .. } | Self::OnlyLastResort { spans, .. } => spans,
            Self::NeverOnCall { .. } | Self::PersonUnreachable { .. } | Self::LevelReachesNobody { .. } => &[],
            Self::LevelNeverFires { .. } | Self::PolicyUnused { .. } => &[],
        }
    }

    /// One sentence, without the times.
    pub fn words(&self) -> String {
        let of = |level: &usize, policy: &PolicyId| format!("level {} of policy {policy}", level + 1);
        let list = |ids: &[crate::id::ServiceId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Uncovered { schedule, .. } => format!("schedule {schedule} has nobody on call"),
            Self::NeverOnCall { schedule, user, layer } => format!("{user} has turns in {layer} of schedule {schedule} and is never on call by them"),
            Self::PersonUnreachable { user, reason, named_by } => format!("{user} can not be reached: {user} {reason} (named by {})", named_by.join(", ")),
            Self::LevelReachesNobody { policy, level, reasons } => format!("{} can reach nobody: {}", of(level, policy), reasons.join("; ")),
            Self::LevelUncovered { policy, level, .. } => format!("{} reaches nobody at times, and passes at once", of(level, policy)),
            Self::LevelNeverFires { policy, level, after_s, services } => format!(
                "{} never fires for {}: it comes {after_s} s after an incident opened, which is resolved by itself before",
                of(level, policy),
                list(services)
            ),
            Self::PolicyUnused { policy } => format!("no service uses policy {policy}"),
            Self::OnlyLastResort { services, policy, urgency, .. } => {
                let of = match urgency {
                    Some(crate::alert::Urgency::High) => "an incident of high urgency",
                    Some(crate::alert::Urgency::Low) => "an incident of low urgency",
                    None => "an incident",
                };
                format!("{of} of {} reaches only the last-resort contact: no level of policy {policy} has anybody", list(services))
            }
        }
    }
}

/// The zone in which the times of a concern are read.
pub fn zone_of(concern: &Concern, configuration: &Configuration) -> String {
    let of_schedule = |id: &ScheduleId| configuration.schedule(id).map(|s| s.time_zone.clone());
    let of_policy = |id: &PolicyId| {
        let policy = configuration.policy(id)?;
        policy.levels.iter().flat_map(|l| &l.targets).find_map(|t| match t {
            crate::escalation::policy::Target::Schedule(id) => of_schedule(id),
            crate::escalation::policy::Target::User(_) | crate::escalation::policy::Target::Team(_) => None,
        })
    };
    let zone = match concern {
        Concern::Uncovered { schedule, .. } | Concern::NeverOnCall { schedule, .. } => of_schedule(schedule),
        Concern::LevelReachesNobody { policy, .. } | Concern::LevelUncovered { policy, .. } | Concern::LevelNeverFires { policy, .. } => of_policy(policy),
        Concern::PolicyUnused { policy } | Concern::OnlyLastResort { policy, .. } => of_policy(policy),
        Concern::PersonUnreachable { .. } => None,
    };
    zone.unwrap_or_else(|| "UTC".to_owned())
}

/// Spans, the first of them in words, the others counted.
pub fn times(spans: &[Span], zone: &str, until: Option<Timestamp>) -> Vec<String> {
    times_of(spans, zone, until, MOST_SPANS)
}

/// The same with a bound of the caller's.
pub fn times_of(spans: &[Span], zone: &str, until: Option<Timestamp>, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = spans.iter().take(most).map(|s| span(*s, zone, until)).collect();
    if let Some(rest) = spans.get(most..).filter(|r| !r.is_empty()) {
        let hours = super::spans::seconds(rest) / 3600;
        lines.push(format!("and {} times more, {hours} h in all", rest.len()));
    }
    lines
}

/// A span on the clock of a zone. One that ends with what was looked at (`until`) has no end that means anything.
///
/// ```
/// use tocsin_domain::{foresight::words::span, schedule::Span};
/// let read = |start: &str, end: &str| span(Span { start: start.parse().unwrap(), end: end.parse().unwrap() }, "Europe/London", None);
/// assert_eq!(read("2026-01-10T02:00:00Z", "2026-01-10T09:00:00Z"), "Saturday 2026-01-10 02:00-09:00 Europe/London");
/// assert_eq!(read("2026-01-09T17:00:00Z", "2026-01-12T09:00:00Z"), "Friday 2026-01-09 17:00 to Monday 2026-01-12 09:00 Europe/London");
/// // The clock goes forward on 2026-03-29: 22:00 to 06:00 are seven hours.
/// assert_eq!(read("2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"), "Saturday 2026-03-28 22:00 GMT to Sunday 2026-03-29 06:00 BST Europe/London");
/// ```
pub fn span(span: Span, zone: &str, until: Option<Timestamp>) -> String {
    let tz = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let (start, end) = (span.start.to_zoned(tz.clone()), span.end.to_zoned(tz));
    let seconds = start.second() != 0 || end.second() != 0;
    let (day, clock) = ("%A %Y-%m-%d", if seconds { "%H:%M:%S" } else { "%H:%M" });
    let changes = start.offset() != end.offset();
    let clock = if changes { format!("{clock} %Z") } else { clock.to_owned() };
    let full = format!("{day} {clock}");
    if until == Some(span.end) {
        format!("{} {zone} and on", start.strftime(&full))
    } else if start.date() == end.date() {
        format!("{}-{} {zone}", start.strftime(&full), end.strftime(&clock))
    } else {
        format!("{} to {} {zone}", start.strftime(&full), end.strftime(&full))
    }
}
