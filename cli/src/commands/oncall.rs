//! `oncall`: who is reached now, and why.

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use serde::Deserialize;
use std::process::ExitCode;

#[derive(Deserialize)]
struct Answer {
    schedules: Vec<OnSchedule>,
}

#[derive(Deserialize)]
struct OnSchedule {
    schedule: String,
    #[serde(default)]
    team: String,
    on_call: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    user: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn oncall(api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = api.send(Request::get("oncall", &["v1", "oncall"])).await?;
    out.answer(&answer);
    let answer: Answer = api.typed(&answer)?;
    if answer.schedules.is_empty() {
        out.say("There are no schedules.");
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for schedule in &answer.schedules {
        let row = |who: Cell, why: &str| vec![Cell::from(schedule.schedule.as_str()), Cell::from(schedule.team.as_str()), who, Cell::from(why)];
        if schedule.on_call.is_empty() {
            rows.push(row(Cell("nobody".to_owned(), Look::Bad), ""));
        }
        for person in &schedule.on_call {
            let name = if person.name.is_empty() { person.user.clone() } else { format!("{} ({})", person.name, person.user) };
            rows.push(row(Cell(Cell::from(name).0, Look::Bold), &person.reason));
        }
    }
    out.table(&["SCHEDULE", "TEAM", "ON CALL", "WHY"], rows);
    Ok(ExitCode::SUCCESS)
}
