//! How a person is reached: changed by themselves, or by admins of the whole deployment, and by nobody else.
//!
//! It is a change of the configuration like any other: a new version, validated as a whole, with its author. Whoever keeps the configuration in files takes it
//! over from `tocsin export`, or the next `tocsin apply` says that it moved.

use super::configuration::{AppliedView, apply};
use crate::caller::{Body, Caller};
use crate::error::ApiError;
use crate::state::Api;
use crate::view::ProblemView;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
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
    /// Like en-GB.
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
        user.locale = new.locale.or_else(|| user.locale.clone());
        user.time_zone = new.time_zone.unwrap_or_else(|| user.time_zone.clone());
    }
}

/// Changes how a person is reached: their own contact methods, rules, quiet hours, locale and zone. Somebody else's are not found, unless the caller is an admin
/// of the whole deployment.
#[utoipa::path(put, path = "/v1/users/{user}/reach", params(("user" = String, Path)), request_body = ReachBody, responses(
    (status = 200, body = AppliedView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 413, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn change_reach(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(user): Path<String>,
    Body(body): Body<ReachBody>,
) -> Result<Json<AppliedView>, ApiError> {
    let not_found = || ApiError::from(Problem::not_found("person of this id"));
    let id: UserId = user.parse().map_err(|_| not_found())?;
    if !authorize(&caller.0, Action::EditContacts, &Resource::Person(&id)) {
        return Err(not_found());
    }
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
