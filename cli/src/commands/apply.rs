//! `apply` and `check`: a configuration file into force.

use super::plan;
use crate::arguments::ApiArguments;
use crate::client::{Api, Request};
use crate::document;
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::part::{Names, foreseen_problems};
use tocsin_domain::configuration::validate::{Problem, validate};
use tocsin_domain::id::TeamId;

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The file (YAML) or folder.
    pub(crate) file: PathBuf,
    /// Refuse unless this version is in force (0: none); by default the version that is in force when the command begins.
    #[arg(long, value_name = "VERSION")]
    pub(crate) expect: Option<u64>,
    /// The file is the part of this team: what it owns, and nothing else. For admins of a team.
    #[arg(long, value_name = "ID")]
    pub(crate) team: Option<TeamId>,
    /// Do exactly what this plan says (`tocsin plan --out`), or say what moved meanwhile.
    #[arg(long, value_name = "PLAN.json", conflicts_with = "expect")]
    pub(crate) plan: Option<PathBuf>,
}

/// A file is read up to this size; the API takes less.
const MOST_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Folders in folders, so that a link to a folder above ends.
const MOST_FOLDERS: usize = 8;

#[derive(Deserialize)]
pub(super) struct Present {
    pub(super) version: u64,
    #[serde(default)]
    pub(super) configuration: Value,
}

#[derive(Deserialize)]
struct Applied {
    version: u64,
    #[serde(default = "yes")]
    changed: bool,
    #[serde(default)]
    created_keys: Vec<CreatedKey>,
    #[serde(default)]
    contacts: Vec<Contact>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct CreatedKey {
    integration: String,
    #[serde(default)]
    kind: String,
    key: String,
}

#[derive(Deserialize)]
struct Contact {
    contact: String,
    kind: String,
    state: String,
}

/// A team's part, as the deployment has it.
#[derive(Deserialize)]
pub(super) struct Part {
    pub(super) version: u64,
    pub(super) configuration: Configuration,
    #[serde(default)]
    pub(super) names: Names,
}

/// What is in force of a team.
pub(super) async fn part(team: &TeamId, api: &Api) -> Result<Part, Failure> {
    api.typed(&api.send(Request::get("team", &["v1", "teams", team.as_str(), "configuration"])).await?)
}

/// Reads a file, or all `.yaml` and `.yml` files of a folder (and the folders in it) as one configuration.
pub(super) fn read(path: &Path) -> Result<Configuration, Failure> {
    read_judged(path, &validate)
}

/// The same, of a team's part: what it names of others is known by name only.
pub(super) fn read_part(path: &Path, team: &TeamId, names: &Names) -> Result<Configuration, Failure> {
    read_judged(path, &|part| foreseen_problems(team, part, names))
}

fn read_judged(path: &Path, judge: &dyn Fn(&Configuration) -> Vec<Problem>) -> Result<Configuration, Failure> {
    let failed = |reason: String| Failure::File { file: path.display().to_string(), reason };
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, MOST_FOLDERS, &mut files)?;
        files.sort();
        if files.is_empty() {
            return Err(failed("there is no .yaml file in it".to_owned()));
        }
    } else {
        files.push(path.to_owned());
    }
    let mut left = MOST_FILE_BYTES;
    let mut sources = Vec::new();
    for file in files {
        let failed = |reason: String| Failure::File { file: file.display().to_string(), reason };
        let bytes = std::fs::metadata(&file).map_err(|e| failed(e.to_string()))?.len();
        left = left.checked_sub(bytes).ok_or_else(|| failed(format!("more than {MOST_FILE_BYTES} bytes are too many for a configuration")))?;
        let source = std::fs::read(&file).map_err(|e| failed(e.to_string()))?;
        let source = String::from_utf8(source).map_err(|e| failed(format!("it is not UTF-8 text: {e}")))?;
        sources.push((file.display().to_string(), source));
    }
    document::read_judged(&sources, judge).map_err(Failure::Document)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |reason: String| Failure::File { file: folder.display().to_string(), reason };
    for entry in std::fs::read_dir(folder).map_err(|e| failed(e.to_string()))? {
        let path = entry.map_err(|e| failed(e.to_string()))?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            let below = depth.checked_sub(1).ok_or_else(|| failed(format!("folders are more than {MOST_FOLDERS} deep")))?;
            collect(&path, below, files)?;
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

/// Checks a file and says so.
pub(super) fn check(file: &Path, out: &Out) -> Result<ExitCode, Failure> {
    let configuration = read(file)?;
    out.say(&format!("{}: good. {}", file.display(), size(&configuration)));
    out.answer(&json!({ "file": file.display().to_string(), "good": true }));
    Ok(ExitCode::SUCCESS)
}

/// Checks a file, puts it into force, and says what that did. The keys are shown this once: the deployment keeps their hashes only.
pub(super) async fn apply(arguments: &Apply, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    if let Some(team) = &arguments.team {
        return apply_part(team, arguments, &Api::new(api)?, out).await;
    }
    // The mistakes in the file first: they need no network and no token.
    let configuration = read(&arguments.file)?;
    let planned = arguments.plan.as_deref().map(|plan| plan::kept(plan, &configuration)).transpose()?;
    let api = Api::new(api)?;
    let present = present(&api).await?;
    // 0: none is in force yet. Never absent, which would let the last writer win.
    let expected_version = planned.map(|p| p.base_version).or(arguments.expect).unwrap_or(present.version);
    let wanted = serde_json::to_value(&configuration)
        .map_err(|e| Failure::Refused { what: format!("the configuration can not be written as JSON: {e}"), next: None })?;
    let body = json!({ "configuration": wanted, "expected_version": expected_version });
    let answer = api.send(Request::put("configuration", &["v1", "configuration"]).body(body)).await?;
    out.answer(&answer);
    show_applied(&api, &answer, &present, &configuration, out)?;
    Ok(ExitCode::SUCCESS)
}

/// The same for a team's part. What is in force of it comes first: a part names what others have, and only the deployment knows what that is called.
async fn apply_part(team: &TeamId, arguments: &Apply, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let Part { version, configuration, names } = part(team, api).await?;
    let wanted = read_part(&arguments.file, team, &names)?;
    let planned = arguments.plan.as_deref().map(|plan| plan::kept(plan, &wanted)).transpose()?;
    let expected_version = planned.map(|p| p.base_version).or(arguments.expect).unwrap_or(version);
    let body = json!({ "configuration": wanted, "expected_version": expected_version });
    let answer = api.send(Request::put("configuration", &["v1", "teams", team.as_str(), "configuration"]).body(body)).await?;
    out.answer(&answer);
    let before = Present { version, configuration: serde_json::to_value(&configuration).unwrap_or_default() };
    show_applied(api, &answer, &before, &wanted, out)?;
    Ok(ExitCode::SUCCESS)
}

/// What applying did: what is other than before, and what is told once.
pub(super) fn show_applied(api: &Api, answer: &Value, before: &Present, wanted: &Configuration, out: &Out) -> Result<(), Failure> {
    let applied: Applied = api.typed(answer)?;
    if applied.changed {
        out.say(&format!("{} {}", out.paint(&format!("Version {} is in force.", applied.version), Look::Good), size(wanted)));
        let after = serde_json::to_value(wanted).unwrap_or_default();
        for line in differences(&before.configuration, &after) {
            out.say(&format!("  {line}"));
        }
    } else {
        out.say(&format!("Nothing is different: version {} stays in force. {}", applied.version, size(wanted)));
    }
    show_contacts(&applied.contacts, out);
    show_keys(&applied.created_keys, &api.address(), out);
    Ok(())
}

pub(super) async fn present(api: &Api) -> Result<Present, Failure> {
    api.typed(&api.send(Request::get("configuration", &["v1", "configuration"])).await?)
}

/// Makes a further key for an integration.
pub(super) async fn key(integration: &str, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = api.send(Request::post("integration", &["v1", "integrations", integration, "keys"])).await?;
    out.answer(&answer);
    let created: CreatedKey = api.typed(&answer)?;
    show_keys(&[created], &api.address(), out);
    out.say("The keys that it had stay valid.");
    Ok(ExitCode::SUCCESS)
}

/// Ends a key.
pub(super) async fn revoke(integration: &str, key: &str, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let segments = ["v1", "integrations", integration, "keys", "revoke"];
    let request = Request::post("integration", &segments).body(json!({ "key": key }));
    out.answer(&api.send(request).await?);
    out.say("The key has ended; within a minute nothing is accepted by it any more.");
    Ok(ExitCode::SUCCESS)
}

fn show_contacts(contacts: &[Contact], out: &Out) {
    for contact in contacts.iter().filter(|c| c.kind == "email" && c.state != "confirmed") {
        let what = if contact.state == "pending" { "was asked to confirm: no page goes there until then" } else { "has no subscription" };
        out.say(&format!("  {}", out.paint(&format!("{}: {what}.", Cell::from(contact.contact.as_str()).0), Look::Warning)));
    }
    for contact in contacts.iter().filter(|c| c.kind == "sms" && c.state != "confirmed") {
        let contact = Cell::from(contact.contact.as_str()).0;
        out.say(&format!("  {}", out.paint(&format!("{contact}: not verified yet: tocsin contact verify {contact}"), Look::Warning)));
    }
}

fn show_keys(keys: &[CreatedKey], address: &str, out: &Out) {
    if keys.is_empty() {
        return;
    }
    out.say("\nNew keys. They are shown this once: put them into your senders now.");
    let rows = keys.iter().map(|k| {
        let address = match k.kind.as_str() {
            "pagerduty" => format!("{address}/v2/enqueue"),
            "alertmanager" => format!("{address}/v1/integrations/alertmanager/{}", k.key),
            "opsgenie" => format!("{address}/v2/alerts"),
            "generic" => format!("{address}/v1/integrations/generic/{}", k.key),
            _ => String::new(),
        };
        vec![Cell::from(k.integration.as_str()), Cell(Cell::from(k.key.as_str()).0, Look::Bold), Cell::from(address)]
    });
    out.table(&["INTEGRATION", "KEY", "ADDRESS"], rows.collect());
}

fn size(c: &Configuration) -> String {
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let parts = [
        count(c.teams.len(), "team", "teams"),
        count(c.users.len(), "user", "users"),
        count(c.schedules.len(), "schedule", "schedules"),
        count(c.policies.len(), "policy", "policies"),
        count(c.services.len(), "service", "services"),
    ];
    format!("{}.", parts.join(", "))
}

/// What is new, other and gone, by kind and id.
fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for kind in ["teams", "users", "schedules", "policies", "services"] {
        let (old, new) = (by_id(&before[kind]), by_id(&after[kind]));
        let added = new.keys().filter(|id| !old.contains_key(*id));
        let changed = new.iter().filter(|(id, value)| old.get(*id).is_some_and(|o| o != *value)).map(|(id, _)| id);
        let removed = old.keys().filter(|id| !new.contains_key(*id));
        lines.extend(added.map(|id| format!("+ {kind}: {id}")));
        lines.extend(changed.map(|id| format!("~ {kind}: {id}")));
        lines.extend(removed.map(|id| format!("- {kind}: {id}")));
    }
    if before["status_page"] != after["status_page"] {
        lines.push("~ status_page".to_owned());
    }
    lines
}

fn by_id(list: &Value) -> Map<String, Value> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| Some((item["id"].as_str()?.to_owned(), item.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_by_kind_and_id() {
        let before = json!({"users": [{"id": "ada", "name": "Ada"}, {"id": "bob"}], "teams": [], "status_page": null});
        let after = json!({"users": [{"id": "ada", "name": "Ada L."}, {"id": "cy"}], "teams": [], "status_page": {"name": "x"}});
        assert_eq!(differences(&before, &after), ["+ users: cy", "~ users: ada", "- users: bob", "~ status_page"]);
        assert_eq!(differences(&after, &after), Vec::<String>::new());
        assert_eq!(differences(&Value::Null, &after), ["+ users: ada", "+ users: cy", "~ status_page"]);
    }
}
