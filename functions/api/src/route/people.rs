//! How a person is reached: changed by themselves, or by admins of the whole deployment, and by nobody else.
//!
//! It is a change of the configuration like any other: a new version, validated as a whole, with its author. Whoever keeps the configuration in files takes it
//! over from `tocsin export`, or the next `tocsin apply` says that it moved.

use super::configuration::{AppliedView, apply};
use super::contacts::{kind, standing_word};
use crate::caller::{Body, Caller};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use tocsin_app::error::AppError;
use tocsin_domain::access::{Action, Resource, authorize};
use tocsin_domain::configuration::{ContactMethod, Rules, User};
use tocsin_domain::id::UserId;
use tocsin_domain::schedule::Restriction;
use tocsin_lambda::problem::Problem;
use utoipa::ToSchema;

/// Writers who changed the configuration meanwhile are given way to so often.
const TRIES: u32 = 4;

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// The token's public name.
    token: String,
    /// The person whom it stands for; null where it stands for none.
    user: Option<String>,
    /// Their name.
    name: Option<String>,
    roles: Vec<RoleView>,
}

/// What somebody may do where.
#[derive(Serialize, ToSchema)]
#[schema(as = HeldRole)]
pub(crate) struct RoleView {
    /// The team; null: all of them, and the deployment itself.
    team: Option<String>,
    /// observer, responder, admin or owner.
    role: &'static str,
}

/// Whom the token stands for, and what they may do.
#[utoipa::path(get, path = "/v1/me", responses(
    (status = 200, body = Me),
    refusal::Always,
))]
pub(crate) async fn show_me(State(api): State<Arc<Api>>, caller: Caller) -> Result<Json<Me>, ApiError> {
    let (_, configuration) = api.configuration.current().await?;
    let person = caller.0.user.as_ref();
    let name = person.and_then(|id| configuration.user(id)).map(|u| u.name.clone());
    let roles = caller.0.grants.iter().map(|g| RoleView { team: g.team.as_ref().map(ToString::to_string), role: g.role.as_str() }).collect();
    Ok(Json(Me { token: caller.0.token.to_string(), user: person.map(ToString::to_string), name, roles }))
}

/// How a person is reached.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reach {
    user: String,
    name: String,
    time_zone: String,
    /// Like en-GB; null: 24 hours and ISO dates.
    locale: Option<String>,
    /// As in the configuration file, each with its `state`: verified, unverified, or missing (e-mail without a subscription).
    #[schema(value_type = Vec<Object>)]
    contact_methods: Vec<Value>,
    /// As in the configuration file.
    #[schema(value_type = Object)]
    rules: Rules,
    /// As in the configuration file.
    #[schema(value_type = Vec<Object>)]
    quiet_hours: Vec<Restriction>,
}

/// Reads how a person is reached: one's own, or anybody's as an admin of the whole deployment. Somebody else's are not found.
#[utoipa::path(get, path = "/v1/users/{user}/reach", params(("user" = String, Path)), responses(
    (status = 200, body = Reach),
    refusal::NotFound, refusal::Always,
))]
pub(crate) async fn show_reach(State(api): State<Arc<Api>>, caller: Caller, Path(user): Path<String>) -> Result<Json<Reach>, ApiError> {
    let id = own(&caller, &user)?;
    let (_, configuration) = api.configuration.current().await?;
    let user = configuration.user(&id).ok_or_else(not_found)?;
    let mut contact_methods = Vec::with_capacity(user.contact_methods.len());
    for method in &user.contact_methods {
        let state = standing_word(api.verify.standing(method).await?);
        contact_methods.push(json!({"id": method.id, "kind": kind(method.kind), "to": method.to, "state": state}));
    }
    let User { name, time_zone, locale, rules, quiet_hours, .. } = user.clone();
    Ok(Json(Reach { user: id.to_string(), name, time_zone, locale, contact_methods, rules, quiet_hours }))
}

/// A person whose contact methods the caller may see and change; everybody else is not found, as is who is not there.
fn own(caller: &Caller, user: &str) -> Result<UserId, ApiError> {
    let id: UserId = user.parse().map_err(|_| not_found())?;
    if authorize(&caller.0, Action::EditContacts, &Resource::Person(&id)) { Ok(id) } else { Err(not_found()) }
}

fn not_found() -> ApiError {
    Problem::not_found("person of this id").into()
}

/// What shall be other; what is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReachBody {
    /// As in the configuration file. One that is new, or has another address, is unverified.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    contact_methods: Option<Vec<ContactMethod>>,
    /// As in the configuration file.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    rules: Option<Rules>,
    /// As in the configuration file.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    quiet_hours: Option<Vec<Restriction>>,
    /// Like en-GB; empty: 24 hours and ISO dates.
    #[serde(default)]
    locale: Option<String>,
    /// An IANA zone.
    #[serde(default)]
    time_zone: Option<String>,
}

impl ReachBody {
    fn change(&self, user: &mut User) {
        let new = self.clone();
        user.contact_methods = new.contact_methods.unwrap_or_else(|| user.contact_methods.clone());
        user.rules = new.rules.unwrap_or_else(|| user.rules.clone());
        user.quiet_hours = new.quiet_hours.unwrap_or_else(|| user.quiet_hours.clone());
        user.locale = new.locale.or_else(|| user.locale.clone()).filter(|l| !l.is_empty());
        user.time_zone = new.time_zone.unwrap_or_else(|| user.time_zone.clone());
    }
}

/// Changes how a person is reached: their own contact methods, rules, quiet hours, locale and zone. Somebody else's are not found, unless the caller is an admin
/// of the whole deployment.
#[utoipa::path(put, path = "/v1/users/{user}/reach", params(("user" = String, Path)), request_body = ReachBody, responses(
    (status = 200, body = AppliedView),
    refusal::Body, refusal::NotFound, refusal::Conflict, refusal::Always,
))]
pub(crate) async fn change_reach(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(user): Path<String>,
    Body(body): Body<ReachBody>,
) -> Result<Json<AppliedView>, ApiError> {
    let id = own(&caller, &user)?;
    let mut tries = 0;
    loop {
        let (version, current) = api.configuration.current().await?;
        let mut wanted = (*current).clone();
        body.change(wanted.users.iter_mut().find(|u| u.id == id).ok_or_else(not_found)?);
        tries += 1;
        match apply(&api, &caller, &wanted, Some(version)).await {
            // Somebody else wrote: their change stays, and ours is made to it.
            Err(super::configuration::NotApplied::App(AppError::Moved { .. })) if tries < TRIES => {}
            Err(e) => return Err(e.into()),
            Ok(view) => return Ok(Json(view)),
        }
    }
}
