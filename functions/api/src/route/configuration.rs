//! Configuration: read it, apply a new one, make a second key.

use crate::caller::{Body, Caller};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::apply_configuration::{Applied, Behind, CreatedKey};
use tocsin_app::error::AppError;
use tocsin_app::ports::EmailState;
use tocsin_domain::access::change::authorize_change;
use tocsin_domain::access::{Action, Resource, authorize};
use tocsin_domain::configuration::validate::validate;
use tocsin_domain::configuration::{Configuration, IntegrationKind};
use tocsin_domain::id::{ContactId, IntegrationId, TeamId, UserId};
use tocsin_lambda::problem::{FieldError, Problem};
use utoipa::ToSchema;

/// The current configuration.
#[derive(Serialize, ToSchema)]
pub(crate) struct Current {
    /// 0 before the first one.
    version: u64,
    #[schema(value_type = Object)]
    configuration: Configuration,
}

/// A configuration to apply.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    #[schema(value_type = Object)]
    configuration: Configuration,
    /// The version that it was made from; without it the last writer wins. 0: none yet.
    #[serde(default)]
    expected_version: Option<u64>,
}

/// What applying did.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppliedView {
    /// Current from now on.
    version: u64,
    /// Whether it is a new one.
    changed: bool,
    /// Keys for new integrations: shown now and never again.
    created_keys: Vec<KeyView>,
    /// Contact methods and how they stand.
    contacts: Vec<ContactView>,
}

impl From<Applied> for AppliedView {
    fn from(applied: Applied) -> Self {
        Self {
            version: applied.version,
            changed: applied.changed,
            created_keys: applied.created_keys.into_iter().map(KeyView::from).collect(),
            contacts: applied.emails.into_iter().map(|(c, s)| ContactView { contact: c.to_string(), kind: "email", state: email_state(s) }).collect(),
        }
    }
}

/// A key, shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = IntegrationKey)]
pub(crate) struct KeyView {
    integration: String,
    service: String,
    kind: &'static str,
    key: String,
}

impl From<CreatedKey> for KeyView {
    fn from(k: CreatedKey) -> Self {
        let kind = match k.kind {
            IntegrationKind::Pagerduty => "pagerduty",
            IntegrationKind::Alertmanager => "alertmanager",
            IntegrationKind::Opsgenie => "opsgenie",
            IntegrationKind::Generic => "generic",
            IntegrationKind::Heartbeat => "heartbeat",
        };
        Self { integration: k.integration.to_string(), service: k.service.to_string(), kind, key: k.key }
    }
}

/// A contact method.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactState)]
pub(crate) struct ContactView {
    contact: String,
    /// email or sms.
    kind: &'static str,
    /// E-mail: confirmed, pending or missing. Text message: confirmed or unverified.
    state: &'static str,
}

impl ContactView {
    fn phone((contact, verified): (ContactId, bool)) -> Self {
        Self { contact: contact.to_string(), kind: "sms", state: if verified { "confirmed" } else { "unverified" } }
    }
}

pub(crate) fn email_state(state: EmailState) -> &'static str {
    match state {
        EmailState::Confirmed => "confirmed",
        EmailState::Pending => "pending",
        EmailState::Missing => "missing",
    }
}

/// Reads the current configuration.
#[utoipa::path(get, path = "/v1/configuration", responses(
    (status = 200, body = Current),
    refusal::Forbidden, refusal::Always,
))]
pub(crate) async fn show_configuration(State(api): State<Arc<Api>>, caller: Caller) -> Result<Json<Current>, ApiError> {
    caller.must(Action::ReadConfiguration)?;
    let (version, configuration) = api.configuration.current().await?;
    Ok(Json(Current { version, configuration: (*configuration).clone() }))
}

/// Applies a configuration. All that is wrong with it is told at once, and then nothing changes.
#[utoipa::path(put, path = "/v1/configuration", request_body = Wanted, responses(
    (status = 200, body = AppliedView),
    refusal::Body, refusal::Forbidden, refusal::Conflict, refusal::Always,
))]
pub(crate) async fn apply_configuration(State(api): State<Arc<Api>>, caller: Caller, Body(wanted): Body<Wanted>) -> Result<Json<AppliedView>, ApiError> {
    let mut expected = wanted.expected_version;
    if !authorize(&caller.0, Action::WriteConfiguration, &Resource::Deployment) {
        // Admins of a team change what is theirs. What is judged is what is applied: nobody may write in between.
        let (version, before) = api.configuration.current().await?;
        let refused = authorize_change(&caller.0, &before, &wanted.configuration);
        if !refused.is_empty() {
            let errors = refused.into_iter().map(|r| FieldError { field: format!("configuration.{}", r.field), message: r.reason });
            return Err(Problem { errors: errors.collect(), ..Problem::forbidden() }.into());
        }
        expected = expected.or(Some(version));
        if expected != Some(version) {
            return Err(AppError::Moved { current: Some(version), meanwhile: Vec::new() }.into());
        }
    }
    Ok(Json(apply(&api, &caller, &wanted.configuration, expected).await?))
}

/// Why a configuration was not applied.
pub(crate) enum NotApplied {
    /// It is wrong.
    Wrong(Problem),
    /// The use case says so.
    App(AppError),
}

impl From<AppError> for NotApplied {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<NotApplied> for ApiError {
    fn from(error: NotApplied) -> Self {
        match error {
            NotApplied::Wrong(problem) => problem.into(),
            NotApplied::App(error) => error.into(),
        }
    }
}

/// Validates and applies what the caller may apply.
pub(crate) async fn apply(api: &Api, caller: &Caller, configuration: &Configuration, expected: Option<u64>) -> Result<AppliedView, NotApplied> {
    let problems = validate(configuration);
    if !problems.is_empty() {
        let errors = problems.into_iter().map(|p| FieldError {
            field: format!("configuration.{}", p.path),
            message: p.suggestion.map_or_else(|| p.message.clone(), |s| format!("{} ({s})", p.message)),
        });
        return Err(NotApplied::Wrong(Problem::invalid(errors.collect())));
    }
    put_into_force(api, caller, configuration, expected).await
}

/// Applies what is valid. Keys and contact methods are made good, and told, as far as they are the caller's to see.
pub(crate) async fn put_into_force(api: &Api, caller: &Caller, configuration: &Configuration, expected: Option<u64>) -> Result<AppliedView, NotApplied> {
    let keys_of = |team: &TeamId| caller.may(Action::WriteConfiguration, team);
    let reach_of = |user: &UserId| authorize(&caller.0, Action::EditContacts, &Resource::Person(user));
    let behind = Behind { keys_of: &keys_of, reach_of: &reach_of };
    let applied = api.apply.run_for(configuration, expected, &caller.actor(), behind).await?;
    tracing::info!(version = applied.version, changed = applied.changed, by = %caller.actor(), "configuration applied");
    told(api, caller, configuration, applied).await
}

/// What became of it, with the contact methods that are the caller's to see, and how they stand.
pub(crate) async fn told(api: &Api, caller: &Caller, configuration: &Configuration, applied: Applied) -> Result<AppliedView, NotApplied> {
    api.verify.heard(configuration, &applied.emails).await?;
    let reach_of = |user: &UserId| authorize(&caller.0, Action::EditContacts, &Resource::Person(user));
    let phones = api.verify.phones_of(configuration.users.iter().filter(|u| reach_of(&u.id))).await?;
    let mut view = AppliedView::from(applied);
    view.contacts.extend(phones.into_iter().map(ContactView::phone));
    Ok(view)
}

/// An integration whose keys the caller may change: one of a team of which they are an admin. Another team's is not found, as is what is not there.
async fn own_integration(api: &Api, caller: &Caller, integration: &str) -> Result<IntegrationId, ApiError> {
    let not_found = || Problem::not_found("integration of this id");
    let id: IntegrationId = integration.parse().map_err(|_| not_found())?;
    let (_, configuration) = api.configuration.current().await?;
    let team = configuration.keyed().find(|(found, ..)| **found == id).map(|(.., team)| team);
    if !team.is_some_and(|team| caller.may(Action::ReadConfiguration, team)) {
        return Err(not_found().into());
    }
    if !team.is_some_and(|team| caller.may(Action::WriteConfiguration, team)) {
        return Err(Problem::forbidden().into());
    }
    Ok(id)
}

/// A key to end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeBody {
    /// The key itself.
    key: String,
}

/// How many keys are left.
#[derive(Serialize, ToSchema)]
pub(crate) struct Revoked {
    integration: String,
    keys_left: usize,
}

/// Ends a key that its senders do not use any more; within a minute it opens nothing. The last one stays.
#[utoipa::path(post, path = "/v1/integrations/{integration}/keys/revoke", params(("integration" = String, Path)), request_body = RevokeBody, responses(
    (status = 200, body = Revoked),
    refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn revoke_key(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(integration): Path<String>,
    Body(body): Body<RevokeBody>,
) -> Result<Json<Revoked>, ApiError> {
    let id = own_integration(&api, &caller, &integration).await?;
    api.apply.revoke(&id, &body.key).await?;
    Ok(Json(Revoked { integration, keys_left: api.access.keys_of(&id).await?.len() }))
}

/// Makes a second key for an integration, so that senders can change over one by one. Shown once.
#[utoipa::path(post, path = "/v1/integrations/{integration}/keys", params(("integration" = String, Path)), responses(
    (status = 200, body = KeyView),
    refusal::Invalid, refusal::Forbidden, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn rotate_key(State(api): State<Arc<Api>>, caller: Caller, Path(integration): Path<String>) -> Result<Json<KeyView>, ApiError> {
    let id = own_integration(&api, &caller, &integration).await?;
    Ok(Json(api.apply.rotate(&id).await?.into()))
}
