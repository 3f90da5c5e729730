//! `who` and `verify`: what a configuration file says about any instant, without asking anybody.
//!
//! Both compute with the engine that pages by: what they say is what would happen with this file in force. Overrides made elsewhere are not in a file.

use super::apply::read;
use crate::arguments::{Verify, Who};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out, count};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::process::ExitCode;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::notification::plan::people;
use tocsin_domain::schedule::Schedule;

const DAY_H: i64 = 24;

/// Who is on call at an instant, by the file.
pub(super) fn who(which: &Who, out: &Out) -> Result<ExitCode, Failure> {
    let configuration = read(&which.file)?;
    let at = which.at.unwrap_or(out.now);
    let (mut rows, mut answer) = (Vec::new(), Vec::new());
    for schedule in &configuration.schedules {
        let on_call = schedule.on_call(at);
        if on_call.is_empty() {
            rows.push(vec![Cell::from(schedule.id.as_str()), Cell("nobody".to_owned(), Look::Bad), Cell::from("")]);
        }
        for o in &on_call {
            rows.push(vec![Cell::from(schedule.id.as_str()), Cell(o.user.to_string(), Look::Bold), Cell::from(o.reason.as_str())]);
        }
        answer.push(json!({ "schedule": schedule.id, "on_call": on_call }));
    }
    out.say(&format!("At {at}:"));
    out.table(&["SCHEDULE", "ON CALL", "WHY"], rows);
    out.answer(&json!({ "at": at, "schedules": answer }));
    Ok(ExitCode::SUCCESS)
}

/// Every minute of the coming time: where nobody is on call, who never is, and which level would then reach nobody.
pub(super) fn verify(which: &Verify, out: &Out) -> Result<ExitCode, Failure> {
    let configuration = read(&which.file)?;
    let from = which.from.unwrap_or(out.now);
    let until = from.checked_add(SignedDuration::from_hours(i64::from(which.days) * DAY_H)).unwrap_or(Timestamp::MAX);
    let mut found: Vec<Value> = Vec::new();
    for schedule in &configuration.schedules {
        holes(schedule, &configuration, from, until, &mut found, out);
        for idle in schedule.idle_members(from, until) {
            out.say(&format!("schedule {}: {} has turns in {} and is never on call by them", schedule.id, idle.user, idle.layer));
            found.push(json!({ "schedule": schedule.id, "idle": idle }));
        }
    }
    out.answer(&json!({ "from": from, "until": until, "findings": found }));
    if found.is_empty() {
        let minutes = until.duration_since(from).as_mins();
        out.say(&format!("{}: somebody is on call in each of {minutes} minutes.", count(configuration.schedules.len(), "schedule")));
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

fn holes(schedule: &Schedule, configuration: &Configuration, from: Timestamp, until: Timestamp, found: &mut Vec<Value>, out: &Out) {
    for gap in schedule.gaps(from, until) {
        let zone = jiff::tz::TimeZone::get(&schedule.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string();
        let levels: Vec<String> = configuration
            .policies
            .iter()
            .flat_map(|p| p.levels.iter().enumerate().map(move |(i, l)| (p, i, l)))
            .filter_map(|(p, i, level)| {
                let names = level.targets.iter().any(|t| *t == tocsin_domain::escalation::policy::Target::Schedule(schedule.id.clone()));
                (names && level.targets.iter().all(|t| people(t, configuration, gap.start).is_err())).then(|| format!("level {} of policy {}", i + 1, p.id))
            })
            .collect();
        let reach = if levels.is_empty() { String::new() } else { format!("; {} would reach nobody", levels.join(", ")) };
        out.say(&format!("schedule {}: nobody from {} to {}{reach}", schedule.id, local(gap.start), local(gap.end)));
        found.push(json!({ "schedule": schedule.id, "nobody": gap, "levels": levels }));
    }
}
