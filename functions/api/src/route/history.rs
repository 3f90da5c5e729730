//! Earlier versions of the configuration: list them, read one, go back to one.

use super::configuration::{AppliedView, told};
use crate::caller::{Body, Caller, Params};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::configuration_history::{MOST_VERSIONS, versions};
use tocsin_app::ports::VersionRecord;
use tocsin_domain::access::Action;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::foresight::difference::Summary;
use tocsin_lambda::problem::Problem;
use utoipa::{IntoParams, ToSchema};

/// A version of the configuration.
#[derive(Serialize, ToSchema)]
#[schema(as = ConfigurationVersion)]
pub(crate) struct VersionView {
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who published it.
    by: String,
    /// The version whose document it put into force again.
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback_to: Option<u64>,
    /// What it changed, on one line.
    summary: String,
    /// New objects, like `users/ada`; the first hundred.
    added: Vec<String>,
    /// Objects with other fields; the first hundred.
    changed: Vec<String>,
    /// Objects that are gone; the first thousand.
    removed: Vec<String>,
}

impl From<VersionRecord> for VersionView {
    fn from(r: VersionRecord) -> Self {
        let said = r.summary.as_ref().map_or_else(|| "not recorded".to_owned(), Summary::words);
        let Summary { added, changed, removed, .. } = r.summary.unwrap_or_default();
        Self { version: r.version, at: r.at, by: r.by.to_string(), rollback_to: r.rollback_to, summary: said, added, changed, removed }
    }
}

/// Versions, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionList {
    versions: Vec<VersionView>,
    /// Give it as `before` for older ones; null at the end.
    next: Option<u64>,
}

/// A version and its document.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionDocument {
    #[serde(flatten)]
    version: VersionView,
    #[schema(value_type = Object)]
    configuration: Configuration,
}

/// Which versions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VersionsQuery {
    /// Only versions below this one.
    before: Option<u64>,
    /// At most so many, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// What was in force when, and who changed what; newest first.
#[utoipa::path(get, path = "/v1/configuration/versions", params(VersionsQuery), responses(
    (status = 200, body = VersionList),
    refusal::Invalid, refusal::Forbidden, refusal::Always,
))]
pub(crate) async fn list_versions(State(api): State<Arc<Api>>, caller: Caller, Params(query): Params<VersionsQuery>) -> Result<Json<VersionList>, ApiError> {
    caller.must(Action::ReadConfiguration)?;
    let limit = query.limit.unwrap_or(50);
    if !(1..=MOST_VERSIONS).contains(&limit) {
        return Err(ApiError::field("limit", format!("write 1 to {MOST_VERSIONS}")));
    }
    let records = versions(api.access.as_ref(), query.before, limit).await?;
    let next = records.last().map(|r| r.version).filter(|v| *v > 1);
    Ok(Json(VersionList { versions: records.into_iter().map(VersionView::from).collect(), next }))
}

/// Reads a version with its document. Versions never change and never go away.
#[utoipa::path(get, path = "/v1/configuration/versions/{version}", params(("version" = u64, Path)), responses(
    (status = 200, body = VersionDocument),
    refusal::Forbidden, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn show_version(State(api): State<Arc<Api>>, caller: Caller, Path(version): Path<String>) -> Result<Json<VersionDocument>, ApiError> {
    caller.must(Action::ReadConfiguration)?;
    let number = version_number(&version)?;
    let record = api.access.version_record(number).await?.ok_or_else(|| no_version(&version))?;
    let configuration = api.configuration.version(number).await?;
    Ok(Json(VersionDocument { version: record.into(), configuration: (*configuration).clone() }))
}

fn version_number(text: &str) -> Result<u64, ApiError> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| no_version(text).into())
}

fn no_version(text: &str) -> Problem {
    Problem::not_found(&format!("version {text} of the configuration"))
}

/// Which version is expected to be in force.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollbackBody {
    /// The version that is in force; without it the last writer wins.
    #[serde(default)]
    expected_version: Option<u64>,
}

/// Puts the document of an earlier version into force again, as a new version. Keys of integrations that come back are made anew.
#[utoipa::path(post, path = "/v1/configuration/versions/{version}/rollback", params(("version" = u64, Path)), request_body = RollbackBody, responses(
    (status = 200, body = AppliedView),
    refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Conflict, refusal::Always,
))]
pub(crate) async fn rollback_configuration(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(version): Path<String>,
    Body(body): Body<RollbackBody>,
) -> Result<Json<AppliedView>, ApiError> {
    caller.must(Action::WriteConfiguration)?;
    let number = version_number(&version)?;
    let applied = api.apply.rollback(number, body.expected_version, &caller.actor()).await?;
    tracing::info!(version = applied.version, rollback_to = version, by = %caller.actor(), "configuration rolled back");
    let configuration = api.configuration.version(number).await?;
    Ok(Json(told(&api, &caller, &configuration, applied).await?))
}
