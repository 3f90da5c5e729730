//! `schedules`, `shifts`, `override`, `swap`, `calendar`: schedules as they are now, and what people change about them.

pub(crate) mod arguments;

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use arguments::{AddOverride, CalendarCommand, CalendarOf, OfferSwap, OverrideCommand, Range, Stretch, SwapCommand};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

#[derive(Deserialize)]
struct Schedules {
    schedules: Vec<Schedule>,
}

#[derive(Deserialize)]
struct Schedule {
    schedule: String,
    team: String,
    #[serde(default)]
    name: String,
    time_zone: String,
    on_call: Vec<String>,
}

pub(super) async fn schedules(api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = api.send(Request::get("schedules", &["v1", "schedules"])).await?;
    out.answer(&answer);
    let answer: Schedules = api.typed(&answer)?;
    if answer.schedules.is_empty() {
        out.say("There are no schedules.");
        return Ok(ExitCode::SUCCESS);
    }
    let who = |s: &Schedule| if s.on_call.is_empty() { Cell("nobody".to_owned(), Look::Bad) } else { Cell::from(s.on_call.join(", ")) };
    let row = |s: &Schedule| vec![s.schedule.as_str().into(), s.team.as_str().into(), s.time_zone.as_str().into(), who(s), s.name.as_str().into()];
    out.table(&["SCHEDULE", "TEAM", "TIME ZONE", "ON CALL", "NAME"], answer.schedules.iter().map(row).collect());
    Ok(ExitCode::SUCCESS)
}

#[derive(Deserialize)]
struct Shifts {
    until: Timestamp,
    complete: bool,
    time_zone: String,
    shifts: Vec<Shift>,
    gaps: Vec<Gap>,
}

#[derive(Deserialize)]
struct Shift {
    start: Timestamp,
    end: Timestamp,
    user: String,
    reason: String,
}

#[derive(Deserialize)]
struct Gap {
    start: Timestamp,
    end: Timestamp,
}

fn ranged<'a>(about: &'static str, segments: &'a [&'a str], range: &Range) -> Request<'a> {
    let mut request = Request::get(about, segments);
    for (name, at) in [("from", range.from), ("until", range.until)] {
        if let Some(at) = at {
            request = request.query(name, at.to_string());
        }
    }
    request
}

/// On the schedule's clock.
fn clock(at: Timestamp, zone: &str) -> String {
    at.in_tz(zone).map_or_else(|_| at.to_string(), |z| z.strftime("%a %Y-%m-%d %H:%M").to_string())
}

pub(super) async fn shifts(range: &Range, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = api.send(ranged("shifts", &["v1", "schedules", &range.schedule, "shifts"], range)).await?;
    out.answer(&answer);
    let answer: Shifts = api.typed(&answer)?;
    let zone = answer.time_zone.as_str();
    let shift =
        |s: &Shift| (s.start, [Cell::from(clock(s.start, zone)), Cell::from(clock(s.end, zone)), Cell::from(s.user.as_str()), Cell::from(s.reason.as_str())]);
    let nobody = || Cell("nobody".to_owned(), Look::Bad);
    let gap = |g: &Gap| (g.start, [Cell::from(clock(g.start, zone)), Cell::from(clock(g.end, zone)), nobody(), Cell::from("")]);
    let mut rows: Vec<_> = answer.shifts.iter().map(shift).chain(answer.gaps.iter().map(gap)).collect();
    rows.sort_by_key(|(start, _)| *start);
    out.table(&["FROM", "UNTIL", "WHO", "WHY"], rows.into_iter().map(|(_, row)| row.into()).collect());
    if !answer.complete {
        out.say(&format!("There is more: go on with --from {}", answer.until));
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Deserialize)]
struct Hours {
    people: Vec<PersonHours>,
}

#[derive(Deserialize)]
struct PersonHours {
    user: String,
    name: String,
    total_s: i64,
    night_s: i64,
    weekend_s: i64,
}

pub(super) async fn hours(range: &Range, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = api.send(ranged("hours", &["v1", "schedules", &range.schedule, "hours"], range)).await?;
    out.answer(&answer);
    let answer: Hours = api.typed(&answer)?;
    let hours = |s: i64| Cell::from(format!("{}:{:02}", s / 3600, s % 3600 / 60));
    let row = |p: &PersonHours| vec![p.user.as_str().into(), hours(p.total_s), hours(p.night_s), hours(p.weekend_s), p.name.as_str().into()];
    out.table(&["WHO", "HOURS", "NIGHTS", "WEEKENDS", "NAME"], answer.people.iter().map(row).collect());
    Ok(ExitCode::SUCCESS)
}

#[derive(Deserialize)]
struct Changes {
    changes: Vec<Changed>,
}

#[derive(Deserialize)]
struct Changed {
    at: Timestamp,
    by: String,
    what: Map<String, Value>,
}

pub(super) async fn changes(schedule: &str, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = api.send(Request::get("changes", &["v1", "schedules", schedule, "changes"])).await?;
    out.answer(&answer);
    let answer: Changes = api.typed(&answer)?;
    if answer.changes.is_empty() {
        out.say("Nobody changed this schedule at run time.");
        return Ok(ExitCode::SUCCESS);
    }
    let what = |c: &Changed| c.what.iter().next().map_or((String::new(), String::new()), |(verb, what)| (verb.clone(), about(what)));
    let row = |c: &Changed| {
        let (verb, what) = what(c);
        vec![c.at.to_string().into(), c.by.as_str().into(), verb.into(), what.into()]
    };
    out.table(&["WHEN", "WHO", "WHAT", ""], answer.changes.iter().map(row).collect());
    Ok(ExitCode::SUCCESS)
}

/// An id where there is one, else all of it.
fn about(what: &Value) -> String {
    match what {
        Value::String(id) => id.clone(),
        Value::Object(fields) => fields.get("id").and_then(Value::as_str).map_or_else(|| what.to_string(), str::to_owned),
        other => other.to_string(),
    }
}

#[derive(Deserialize)]
struct Overrides {
    overrides: Vec<Override>,
}

#[derive(Deserialize)]
struct Override {
    id: String,
    start: Timestamp,
    end: Timestamp,
    change: Map<String, Value>,
    #[serde(default)]
    note: String,
    by: String,
    #[serde(default)]
    removed_by: Option<String>,
}

impl Override {
    /// `ada instead of bob`, `also carol`.
    fn words(&self) -> String {
        let people = |field: &str| match self.change.get(field) {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            Some(Value::String(one)) => one.clone(),
            _ => String::new(),
        };
        let text = |field: &str| self.change.get(field).and_then(Value::as_str);
        match (text("person"), text("layer"), self.change.contains_key("add")) {
            (_, _, true) => format!("also {}", people("add")),
            (Some(person), _, false) => format!("{} instead of {person}", people("with")),
            (None, Some(layer), false) => format!("{} in layer {layer}", people("with")),
            (None, None, false) => format!("{} alone", people("with")),
        }
    }
}

pub(super) async fn overrides(command: &OverrideCommand, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    match command {
        OverrideCommand::Add(add) => {
            let body = body_of(add, out.now)?;
            let answer = api.send(Request::post("override", &["v1", "schedules", &add.schedule, "overrides"]).body(body)).await?;
            out.answer(&answer);
            let made: Override = api.typed(&answer)?;
            out.say(&format!("{}: {} from {} until {}", made.id, made.words(), made.start, made.end));
        }
        OverrideCommand::List { schedule, past } => {
            let segments = ["v1", "schedules", schedule, "overrides"];
            let request = Request::get("override", &segments);
            let answer = api.send(if *past { request.query("past", "true") } else { request }).await?;
            out.answer(&answer);
            let answer: Overrides = api.typed(&answer)?;
            if answer.overrides.is_empty() {
                out.say("No overrides.");
            } else {
                let note = |o: &Override| o.removed_by.as_ref().map_or_else(|| o.note.clone(), |by| format!("{} (taken back by {by})", o.note));
                let row = |o: &Override| {
                    vec![o.id.as_str().into(), o.start.to_string().into(), o.end.to_string().into(), o.words().into(), o.by.as_str().into(), note(o).into()]
                };
                out.table(&["ID", "FROM", "UNTIL", "WHO", "BY", "NOTE"], answer.overrides.iter().map(row).collect());
            }
        }
        OverrideCommand::Remove { schedule, id } => {
            let answer = api.send(Request::delete("override", &["v1", "schedules", schedule, "overrides", id])).await?;
            out.answer(&answer);
            let gone: Override = api.typed(&answer)?;
            out.say(&format!("{} is taken back: {}", gone.id, gone.words()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn body_of(add: &AddOverride, now: Timestamp) -> Result<Value, Failure> {
    // Whole seconds: schedules know nothing finer.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let start = add.start.unwrap_or(now);
    let lasts = add.duration.map_or(0, |d| i64::try_from(d.seconds).unwrap_or(i64::MAX));
    let too_far = |_| Failure::Refused { what: "that is too long".to_owned(), next: None };
    let end = match add.end {
        Some(end) => end,
        None => start.checked_add(SignedDuration::from_secs(lasts)).map_err(too_far)?,
    };
    let mut body = json!({ "start": start, "end": end });
    for (field, people) in [("with", &add.with), ("add", &add.add)] {
        if !people.is_empty() {
            body[field] = json!(people);
        }
    }
    for (field, text) in [("person", &add.instead_of), ("layer", &add.layer), ("note", &add.note)] {
        if let Some(text) = text {
            body[field] = json!(text);
        }
    }
    Ok(body)
}

#[derive(Deserialize)]
struct Swaps {
    swaps: Vec<Swap>,
}

#[derive(Deserialize)]
struct Swap {
    id: String,
    from: String,
    to: String,
    give: Gap,
    #[serde(default)]
    take: Option<Gap>,
    standing: String,
    expires_at: Timestamp,
}

pub(super) async fn swaps(command: &SwapCommand, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let (one, verb) = match command {
        SwapCommand::Offer(offer) => {
            let answer = api.send(Request::post("swap", &["v1", "schedules", &offer.schedule, "swaps"]).body(offered(offer))).await?;
            out.answer(&answer);
            let swap: Swap = api.typed(&answer)?;
            out.say(&format!("{} is offered to {}, who may accept it until {}", swap.id, swap.to, swap.expires_at));
            return Ok(ExitCode::SUCCESS);
        }
        SwapCommand::List { schedule } => {
            let answer = api.send(Request::get("swap", &["v1", "schedules", schedule, "swaps"])).await?;
            out.answer(&answer);
            list_swaps(&api.typed::<Swaps>(&answer)?.swaps, out);
            return Ok(ExitCode::SUCCESS);
        }
        SwapCommand::Accept(one) => (one, "accept"),
        SwapCommand::Decline(one) => (one, "decline"),
        SwapCommand::Withdraw(one) => (one, "withdraw"),
    };
    let answer = api.send(Request::post("swap", &["v1", "schedules", &one.schedule, "swaps", &one.id, verb])).await?;
    out.answer(&answer);
    let swap: Swap = api.typed(&answer)?;
    out.say(&format!("{} of {} and {} is {}", swap.id, swap.from, swap.to, swap.standing));
    Ok(ExitCode::SUCCESS)
}

fn offered(offer: &OfferSwap) -> Value {
    let span = |s: Stretch| json!({ "start": s.start, "end": s.end });
    let mut body = json!({ "to": offer.to, "give": span(offer.give) });
    if let Some(take) = offer.take {
        body["take"] = span(take);
    }
    for (field, text) in [("from", &offer.from), ("note", &offer.note)] {
        if let Some(text) = text {
            body[field] = json!(text);
        }
    }
    body
}

fn list_swaps(swaps: &[Swap], out: &Out) {
    if swaps.is_empty() {
        return out.say("No swaps.");
    }
    let span = |s: &Gap| Cell::from(format!("{} to {}", s.start, s.end));
    let row = |s: &Swap| {
        let take = s.take.as_ref().map_or_else(|| Cell::from("-"), span);
        vec![s.id.as_str().into(), s.from.as_str().into(), s.to.as_str().into(), s.standing.as_str().into(), span(&s.give), take]
    };
    out.table(&["ID", "FROM", "TO", "STANDING", "GIVES", "TAKES"], swaps.iter().map(row).collect());
}

#[derive(Deserialize)]
struct Feeds {
    feeds: Vec<Feed>,
}

#[derive(Deserialize)]
struct Feed {
    id: String,
    name: String,
    by: String,
    at: Timestamp,
    #[serde(default)]
    path: String,
}

pub(super) async fn calendar(command: &CalendarCommand, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    match command {
        CalendarCommand::Make { of, name } => {
            let (kind, id) = whose(of);
            let mut answer = api.send(Request::post("calendar", &["v1", kind, id, "feeds"]).body(json!({ "name": name }))).await?;
            let made: Feed = api.typed(&answer)?;
            let address = format!("{}{}", api.address(), made.path);
            answer["url"] = json!(address);
            out.answer(&answer);
            out.say(&format!(
                "{}: subscribe to this address in a calendar program. Whoever knows it reads the calendar; it is not shown again.\n{address}",
                made.id
            ));
        }
        CalendarCommand::List { of } => {
            let (kind, id) = whose(of);
            let answer = api.send(Request::get("calendar", &["v1", kind, id, "feeds"])).await?;
            out.answer(&answer);
            let feeds: Feeds = api.typed(&answer)?;
            if feeds.feeds.is_empty() {
                out.say("No calendar addresses.");
            } else {
                let row = |f: &Feed| vec![f.id.as_str().into(), f.by.as_str().into(), out.ago(f.at).into(), f.name.as_str().into()];
                out.table(&["ID", "BY", "MADE", "NAME"], feeds.feeds.iter().map(row).collect());
            }
        }
        CalendarCommand::Revoke { of, id: feed } => {
            let (kind, id) = whose(of);
            let answer = api.send(Request::delete("calendar", &["v1", kind, id, "feeds", feed])).await?;
            out.answer(&answer);
            out.say(&format!("{feed} opens nothing any more."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn whose(of: &CalendarOf) -> (&'static str, &str) {
    match (&of.schedule, &of.user) {
        (Some(schedule), _) => ("schedules", schedule),
        (None, user) => ("users", user.as_deref().unwrap_or_default()),
    }
}
