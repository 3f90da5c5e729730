//! `plan`: what a configuration file would change, before it does.
//!
//! The meaning is computed here, by the code that pages; the deployment is only asked for what is in force, and for what people changed about schedules at run time,
//! which stays and lies over both sides. With `--against` nobody is asked at all.

use super::apply::{Part, Present, part, present, read, read_part};
use super::history;
use super::run_time::{self, RunTime};
use super::simulate::TurnOf;
use crate::arguments::ApiArguments;
use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Look, Out};
use clap::Args;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::part::standing_in;
use tocsin_domain::foresight::difference::fingerprint;
use tocsin_domain::foresight::words::{Line, Tone};
use tocsin_domain::foresight::{self, Outside, plan as foresee};
use tocsin_domain::id::{ContactId, TeamId};
use tocsin_domain::notification::message::clean;

/// What to compare.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Plan {
    /// The file (YAML) or folder of files that would be put into force.
    pub(crate) file: PathBuf,
    /// Compare with this file or folder, offline; by default with what is in force in the deployment, overrides made at run time laid over both.
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    pub(crate) against: Option<PathBuf>,
    /// Compare with this version of the deployment.
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["out", "against"])]
    pub(crate) version: Option<u64>,
    /// The file is the part of this team: what it owns, and nothing else. For admins of a team.
    #[arg(long, value_name = "ID", conflicts_with_all = ["against", "version"])]
    pub(crate) team: Option<TeamId>,
    /// Look at the 28 days from this instant on, RFC 3339; from now on where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// Whose turn it is at a level whose targets take turns: web:2=3 for the third of level 2 of policy web. Without it as it is in the deployment; offline the first
    /// one's.
    #[arg(long, value_name = "POLICY:LEVEL=N")]
    pub(crate) turn: Vec<TurnOf>,
    /// Keep the plan in this file, so that `apply --plan` does exactly this or says what moved meanwhile.
    #[arg(long, value_name = "PLAN.json")]
    pub(crate) out: Option<PathBuf>,
}

/// Form of a plan in a file.
const PLAN_FORMAT: u32 = 1;

/// People whose contact methods are asked for.
const MOST_ASKED: usize = 200;

/// Something would change.
const CHANGES: u8 = 2;

/// A plan in a file: what it is a plan from, and to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    v: u32,
    /// The version that it was made against.
    pub(super) base_version: u64,
    /// Fingerprint of that version's content.
    base_content: String,
    /// Fingerprint of the content that it puts into force.
    content: String,
    /// The plan itself, for people and reviews.
    plan: Value,
}

/// Compares, and says so.
pub(super) async fn plan(arguments: &Plan, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    if let Some(team) = &arguments.team {
        return plan_part(team, arguments, &Api::new(api)?, out).await;
    }
    let after = read(&arguments.file)?;
    let at = arguments.at.unwrap_or(out.now);
    let mut outside = Outside::default();
    let (version, before, run_time) = match (&arguments.against, arguments.version) {
        (Some(file), _) => (None, read(file)?, None),
        (None, Some(version)) => {
            let api = Api::new(api)?;
            let before = history::version(&api, version).await?;
            outside.drawn = run_time::turns(&[&before, &after], &api).await?;
            (Some(version), before, Some(RunTime::since(at, &api).await?))
        }
        (None, None) => {
            let api = Api::new(api)?;
            let Present { version, configuration } = present(&api).await?;
            let before = document(&api, version, &configuration)?;
            let mut run_time = None;
            if version > 0 {
                outside.earlier = history::removed(&api).await?;
                unconfirmed(&api, &before, &mut outside).await?;
                run_time = Some(RunTime::since(at, &api).await?);
                outside.drawn = run_time::turns(&[&before, &after], &api).await?;
            }
            (Some(version), before, run_time)
        }
    };
    let run_time = run_time.map(|r| r.about(&[&before, &after]));
    // What is asked for counts more than what is so.
    outside.drawn.extend(arguments.turn.iter().map(TurnOf::drawn));
    outside.rosters = run_time.as_ref().map_or_else(Vec::new, |r| r.rosters.clone());
    let plan = foresee(&before, &after, &outside, at);
    if let (Some(file), Some(base_version)) = (&arguments.out, version) {
        keep(file, &plan, base_version, &before, &after)?;
    }
    let code = say(arguments, &plan, (version, run_time.as_ref()), &after, out)?;
    let in_force = arguments.against.is_none() && arguments.version.is_none() && version.is_some_and(|v| v > 0);
    if in_force && !outside.asked && !plan.is_nothing() {
        out.say("\nWhich contact methods are verified is not known: only admins of the whole deployment may ask for everybody's.");
    }
    Ok(code)
}

/// Compares a team's part. Somebody who is always there stands in for what others own: only the deployment can say what that means.
async fn plan_part(team: &TeamId, arguments: &Plan, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let Part { version, configuration, names } = part(team, api).await?;
    let wanted = read_part(&arguments.file, team, &names)?;
    let names = names.with_people_of(&wanted);
    let (before, after) = (standing_in(&configuration, &names), standing_in(&wanted, &names));
    let at = arguments.at.unwrap_or(out.now);
    // Of others' schedules only that they are there is known: what people changed about them has nothing to lie over.
    let run_time = RunTime::since(at, api).await?.about(&[&configuration, &wanted]);
    let mut drawn = run_time::turns(&[&configuration, &wanted], api).await?;
    drawn.extend(arguments.turn.iter().map(TurnOf::drawn));
    let outside = Outside { drawn, rosters: run_time.rosters.clone(), ..Outside::default() };
    let plan = foresee(&before, &after, &outside, at);
    if let Some(file) = &arguments.out {
        keep(file, &plan, version, &configuration, &wanted)?;
    }
    say(arguments, &plan, (Some(version), Some(&run_time)), &after, out)
}

/// Says what a plan means, from a version and what was laid over both sides.
fn say(
    arguments: &Plan,
    plan: &foresight::Plan,
    (version, run_time): (Option<u64>, Option<&RunTime>),
    after: &Configuration,
    out: &Out,
) -> Result<ExitCode, Failure> {
    let mut answer = serde_json::to_value(plan).unwrap_or_default();
    answer["changes"] = json!(!plan.is_nothing());
    answer["base_version"] = json!(version);
    answer["laid_over"] = json!(run_time.map(|r| r.answer(plan.until)));
    out.answer(&answer);
    let from = match (&arguments.against, version) {
        (Some(file), _) => file.display().to_string(),
        (None, Some(0)) => "nothing (no version is in force yet)".to_owned(),
        (None, version) => format!("version {}", version.unwrap_or_default()),
    };
    if plan.is_nothing() {
        out.say(&format!("Nothing is different between {from} and {}.", arguments.file.display()));
        return Ok(ExitCode::SUCCESS);
    }
    out.say(&format!("From {from} to {}, looking ahead from {} to {}.", arguments.file.display(), minute(&plan.from), minute(&plan.until)));
    if let Some(told) = run_time.and_then(|r| r.told(plan.until)) {
        out.say(&format!("Before and after with {told}: they stay as they are."));
    }
    show(plan, after, out);
    if let Some(file) = &arguments.out {
        let (file, path) = (file.display(), arguments.file.display());
        let team = arguments.team.as_ref().map_or_else(String::new, |t| format!(" --team {t}"));
        out.say(&format!("\nThe plan is kept. Exactly this is done by: tocsin apply {path} --plan {file}{team}"));
    }
    Ok(ExitCode::from(CHANGES))
}

/// Asks which contact methods of what is in force nobody has verified. Not known where the caller may not see somebody's, or there are too many people to ask for.
async fn unconfirmed(api: &Api, before: &Configuration, outside: &mut Outside) -> Result<(), Failure> {
    let people: Vec<_> = before.users.iter().filter(|u| !u.contact_methods.is_empty()).collect();
    if people.len() > MOST_ASKED {
        return Ok(());
    }
    let mut found = Vec::new();
    for user in people {
        let answer = match api.send(Request::get("person", &["v1", "users", user.id.as_str(), "reach"])).await {
            Ok(answer) => answer,
            Err(Failure::Api { status: 403 | 404, .. }) => return Ok(()),
            Err(e) => return Err(e),
        };
        let Reach { contact_methods } = api.typed(&answer)?;
        found.extend(contact_methods.into_iter().filter(|m| m.state != "verified").map(|m| m.id));
    }
    outside.unconfirmed.extend(found);
    outside.asked = true;
    Ok(())
}

/// How somebody is reached, as far as it is used here.
#[derive(Deserialize)]
struct Reach {
    contact_methods: Vec<Method>,
}

#[derive(Deserialize)]
struct Method {
    id: ContactId,
    state: String,
}

fn minute(at: &jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

pub(super) fn show(plan: &foresight::Plan, after: &Configuration, out: &Out) {
    lines(&plan.lines(after), out);
}

/// Lines as they are meant.
pub(super) fn lines(lines: &[Line], out: &Out) {
    for line in lines {
        let look = match line.tone {
            Tone::Heading => Look::Bold,
            Tone::Gain => Look::Good,
            Tone::Loss => Look::Bad,
            Tone::Warning => Look::Warning,
            Tone::Detail | Tone::Change => Look::Plain,
        };
        let space = if line.tone == Tone::Heading { "\n" } else { "" };
        let (indent, text) = line.text.split_at(line.text.len() - line.text.trim_start().len());
        out.say(&format!("{space}{indent}{}", out.paint(&clean(text), look)));
    }
}

/// A document as the deployment has it. One that this command can not read was written by a newer Tocsin.
pub(super) fn document(api: &Api, version: u64, configuration: &Value) -> Result<Configuration, Failure> {
    if version == 0 {
        return Ok(Configuration::default());
    }
    api.typed(configuration)
}

fn keep(file: &Path, plan: &foresight::Plan, base_version: u64, before: &Configuration, after: &Configuration) -> Result<(), Failure> {
    let failed = |reason: String| Failure::Refused { what: format!("cannot write {}: {reason}", file.display()), next: None };
    let plan = serde_json::to_value(plan).map_err(|e| failed(e.to_string()))?;
    let kept = Kept { v: PLAN_FORMAT, base_version, base_content: fingerprint(before), content: fingerprint(after), plan };
    let text = serde_json::to_string_pretty(&kept).map_err(|e| failed(e.to_string()))?;
    std::fs::write(file, text + "\n").map_err(|e| failed(e.to_string()))
}

/// Reads a kept plan and holds it against the file that it is to put into force.
pub(super) fn kept(file: &Path, wanted: &Configuration) -> Result<Kept, Failure> {
    let failed = |reason: String| Failure::File { file: file.display().to_string(), reason };
    let text = std::fs::read_to_string(file).map_err(|e| failed(e.to_string()))?;
    let kept: Kept = serde_json::from_str(&text).map_err(|e| failed(format!("it is no plan: {e}")))?;
    if kept.v != PLAN_FORMAT {
        return Err(failed(format!("it is a plan of form {}, and this command knows {PLAN_FORMAT}", kept.v)));
    }
    if kept.content != fingerprint(wanted) {
        let what = format!("the configuration is not the one that {} was made for: it was edited since", file.display());
        return Err(Failure::Refused { what, next: Some("make the plan again: tocsin plan FILE --out PLAN.json".to_owned()) });
    }
    Ok(kept)
}
