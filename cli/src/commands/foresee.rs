//! `who` and `verify`: what a configuration says about any instant; of a file without asking anybody.
//!
//! Both compute with the engine that pages by: what they say is what would happen with it in force. What people changed at run time (overrides, swaps, imported
//! shifts) is in no file: where the deployment is asked, `who` lays it over the version, so that it names whom `oncall` names. Each change counts from when it was
//! made until it ended or was taken back, so that an instant in the past is answered as it was then.

use super::apply::read;
use super::history;
use super::plan::lines;
use super::run_time::RunTime;
use crate::arguments::ApiArguments;
use crate::client::Api;
use crate::failure::Failure;
use crate::output::{Cell, Look, Out, count};
use clap::Args;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use tocsin_domain::foresight::words::{times_of, zone_of};
use tocsin_domain::foresight::{Concern, Outside, Verified, laid, verify as prove};

/// Who is on call, by what.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Who {
    /// The file (YAML) or folder, offline; where none is given, the version of the deployment that was in force then, with what people changed at run time.
    pub(crate) file: Option<PathBuf>,
    /// By this version of the deployment.
    #[arg(long, value_name = "VERSION", conflicts_with = "file")]
    pub(crate) version: Option<u64>,
    /// The instant, RFC 3339 (2026-12-25T02:00:00Z); now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
}

/// Which time of a file to look at.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file (YAML).
    pub(crate) file: PathBuf,
    /// From this instant, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Timestamp>,
    /// For so many days.
    #[arg(long, default_value_t = 366, value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub(crate) days: u32,
    /// For so many years.
    #[arg(long, conflicts_with = "days", value_parser = clap::value_parser!(u32).range(1..=10))]
    pub(crate) years: Option<u32>,
}

const DAY_H: i64 = 24;
/// Times of one finding that are listed; `--json` has all of them.
const MOST_TIMES: usize = 40;

/// Who is on call at an instant: by a file, by a version, or by what was in force then.
pub(super) async fn who(which: &Who, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    let at = which.at.unwrap_or(out.now);
    let (configuration, version, run_time) = match (&which.file, which.version) {
        (Some(file), _) => (read(file)?, None, None),
        (None, version) => {
            let api = Api::new(api)?;
            let version = match version {
                Some(version) => Some(version),
                None => history::in_force(&api, at).await?,
            };
            let next = || Some("see the versions: tocsin history".to_owned());
            let version = version.ok_or_else(|| Failure::Refused { what: format!("no configuration was in force at {at}"), next: next() })?;
            let configuration = history::version(&api, version).await?;
            let run_time = RunTime::since(at, &api).await?.about(&[&configuration]);
            (laid(&configuration, &run_time.rosters, at), Some(version), Some(run_time))
        }
    };
    // The grain of schedules is a second.
    let moment = at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(at);
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
    let overrides = run_time.as_ref().and_then(|r| r.told(moment)).map_or_else(String::new, |told| format!(" and {told}"));
    out.say(&version.map_or_else(|| format!("At {at:.0}:"), |version| format!("At {at:.0}, by version {version} of the configuration{overrides}:")));
    out.table(&["SCHEDULE", "ON CALL", "WHY"], rows);
    let notes = run_time.as_ref().map_or_else(Vec::new, |r| r.not_known(&configuration, out.now));
    notes.iter().for_each(|note| out.say(note));
    let laid_over = run_time.as_ref().map(|r| r.answer(moment));
    out.answer(&json!({ "at": at, "version": version, "schedules": answer, "laid_over": laid_over, "notes": notes }));
    Ok(ExitCode::SUCCESS)
}

/// Every minute of the coming time: where nobody is on call, who never is, who can not be reached, and which level would reach nobody; and each hand-off.
pub(super) fn verify(which: &Verify, out: &Out) -> Result<ExitCode, Failure> {
    let configuration = read(&which.file)?;
    let from = which.from.unwrap_or(out.now);
    let until = match which.years {
        // Years of the calendar, of 365 or 366 days.
        Some(years) => from.to_zoned(TimeZone::UTC).checked_add(i64::from(years).years()).map(|z| z.timestamp()),
        None => from.checked_add(SignedDuration::from_hours(i64::from(which.days) * DAY_H)),
    };
    let until = until.unwrap_or(Timestamp::MAX);
    let Verified { concerns, proofs } = prove(&configuration, &Outside::default(), from, until);
    out.answer(&json!({ "from": from, "until": until, "findings": concerns, "schedules": proofs }));
    for concern in &concerns {
        out.say(&format!("! {}", Cell::from(concern.words()).0));
        for time in times_of(concern.spans(), &zone_of(concern, &configuration), Some(until), MOST_TIMES) {
            out.say(&format!("    {time}"));
        }
    }
    proofs.iter().for_each(|proof| lines(&proof.lines(), out));
    let minutes = until.duration_since(from).as_mins();
    // A policy that nobody uses yet keeps no page from anybody.
    let bad = concerns.iter().any(|c| !matches!(c, Concern::PolicyUnused { .. })) || proofs.iter().any(|p| !p.wrong.is_empty());
    if !bad {
        let counts = [count(configuration.schedules.len(), "schedule"), count(configuration.policies.iter().map(|p| p.levels.len()).sum(), "level")];
        out.say(&format!("{}: somebody is on call, and every level reaches somebody, in each of {minutes} minutes.", counts.join(", ")));
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
