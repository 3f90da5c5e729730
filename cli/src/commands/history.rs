//! `history`, `export` and `rollback`: what was in force, as a list, as a file, and again.

use super::apply::{Present, part, present, show_applied};
use super::plan::document;
use crate::arguments::ApiArguments;
use crate::client::{Api, Request};
use crate::document::yaml;
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::TeamId;

/// Which versions to list.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Only versions below this one.
    #[arg(long, value_name = "VERSION")]
    pub(crate) before: Option<u64>,
    /// At most so many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) limit: u32,
}

/// What to write, and where.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Export {
    /// Write a folder with a file for each kind of object; without it, one document to standard output.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// This version; the one in force by default.
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<u64>,
    /// Only the part of this team: what it owns. For admins of a team.
    #[arg(long, value_name = "ID", conflicts_with = "version")]
    pub(crate) team: Option<TeamId>,
}

/// Where to go back to.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The version whose document is put into force again.
    #[arg(value_name = "VERSION")]
    pub(crate) to: u64,
    /// Refuse unless this version is in force; by default the version that is in force when the command begins.
    #[arg(long, value_name = "VERSION")]
    pub(crate) expect: Option<u64>,
}

/// A version, as far as it is used here.
#[derive(Deserialize)]
struct Version {
    version: u64,
    at: jiff::Timestamp,
    #[serde(default)]
    by: String,
    rollback_to: Option<u64>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    removed: Vec<String>,
}

#[derive(Deserialize)]
struct Versions {
    versions: Vec<Version>,
}

async fn versions(api: &Api, before: Option<u64>, limit: u32) -> Result<(Value, Vec<Version>), Failure> {
    let mut request = Request::get("configuration", &["v1", "configuration", "versions"]).query("limit", limit.to_string());
    if let Some(before) = before {
        request = request.query("before", before.to_string());
    }
    let answer = api.send(request).await?;
    let list: Versions = api.typed(&answer)?;
    Ok((answer, list.versions))
}

/// Lists versions, newest first.
pub(super) async fn list(which: &History, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    let (answer, versions) = versions(&Api::new(api)?, which.before, which.limit).await?;
    out.answer(&answer);
    let rows = versions.iter().map(|v| {
        let what = v.rollback_to.map_or_else(|| v.summary.clone(), |to| format!("back to version {to}: {}", v.summary));
        let when = v.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        vec![Cell(v.version.to_string(), Look::Bold), Cell::from(when), Cell::from(v.by.as_str()), Cell::from(what)]
    });
    if versions.is_empty() {
        out.say("No configuration was applied yet.");
    } else {
        out.table(&["VERSION", "WHEN", "WHO", "WHAT"], rows.collect());
    }
    Ok(ExitCode::SUCCESS)
}

/// The document of a version.
pub(super) async fn version(api: &Api, version: u64) -> Result<Configuration, Failure> {
    let number = version.to_string();
    let answer = api.send(Request::get("version", &["v1", "configuration", "versions", &number])).await?;
    let Present { configuration, .. } = api.typed(&answer)?;
    document(api, version, &configuration)
}

/// The version that was in force at an instant; none before the first one.
pub(super) async fn in_force(api: &Api, at: jiff::Timestamp) -> Result<Option<u64>, Failure> {
    let mut before = None;
    loop {
        let (_, versions) = versions(api, before, 100).await?;
        if let Some(found) = versions.iter().find(|v| v.at <= at) {
            return Ok(Some(found.version));
        }
        match versions.last() {
            Some(last) if last.version > 1 => before = Some(last.version),
            Some(_) | None => return Ok(None),
        }
    }
}

/// Objects that the newest hundred versions took away, by kind and id, with the last version that had them.
pub(super) async fn removed(api: &Api) -> Result<BTreeMap<(String, String), u64>, Failure> {
    let (_, versions) = versions(api, None, 100).await?;
    let mut earlier = BTreeMap::new();
    for version in versions.iter().filter(|v| v.version > 1) {
        for (kind, id) in version.removed.iter().filter_map(|name| name.split_once('/')) {
            earlier.entry((kind.to_owned(), id.to_owned())).or_insert(version.version - 1);
        }
    }
    Ok(earlier)
}

/// Writes what is in force, or was, as YAML.
pub(super) async fn export(which: &Export, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    let api = Api::new(api)?;
    let (number, configuration) = match (which.version, &which.team) {
        (_, Some(team)) => {
            let part = part(team, &api).await?;
            (part.version, part.configuration)
        }
        (Some(number), None) => (number, version(&api, number).await?),
        (None, None) => {
            let Present { version, configuration } = present(&api).await?;
            (version, document(&api, version, &configuration)?)
        }
    };
    if number == 0 {
        return Err(Failure::Refused { what: "no configuration is in force yet".to_owned(), next: Some("apply one: tocsin apply FILE".to_owned()) });
    }
    out.answer(&json!({ "version": number, "configuration": configuration }));
    let whose = which.team.as_ref().map_or_else(String::new, |t| format!("The part of team {t}: "));
    let head = format!("# {whose}version {number} of {}, by tocsin export.\n", api.address()).replacen("# version", "# Version", 1);
    match &which.folder {
        None => out.say(format!("{head}\n{}", yaml::write(&configuration)).trim_end()),
        Some(folder) => {
            let failed = |file: &Path, e: std::io::Error| Failure::Refused { what: format!("cannot write {}: {e}", file.display()), next: None };
            std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
            for (name, text) in yaml::write_folder(&configuration) {
                let file = folder.join(name);
                std::fs::write(&file, format!("{head}\n{text}")).map_err(|e| failed(&file, e))?;
                out.say(&file.display().to_string());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts an earlier version into force again, as a new version.
pub(super) async fn rollback(which: &Rollback, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    let api = Api::new(api)?;
    let before = present(&api).await?;
    let number = which.to.to_string();
    let wanted = version(&api, which.to).await?;
    let segments = ["v1", "configuration", "versions", number.as_str(), "rollback"];
    let body = json!({ "expected_version": which.expect.unwrap_or(before.version) });
    let answer = api.send(Request::post("configuration", &segments).body(body)).await?;
    out.answer(&answer);
    show_applied(&api, &answer, &before, &wanted, out)?;
    Ok(ExitCode::SUCCESS)
}
