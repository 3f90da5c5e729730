//! Contact methods: their owners show that they are reached by them.
//!
//! A right of its own: one's own contact methods, or those of everybody for admins of the whole deployment. What is not the caller's is not found, as is what
//! is not there, so that neither ids nor people can be probed.

use crate::caller::{Body, Caller};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::verify_contact::Standing;
use tocsin_domain::access::{Action, Resource, authorize};
use tocsin_domain::configuration::{Channel, ContactMethod};
use tocsin_domain::id::ContactId;
use tocsin_lambda::problem::Problem;
use utoipa::ToSchema;

/// How a contact method stands.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactVerification)]
pub(crate) struct Verification {
    contact: String,
    /// sms or email.
    kind: &'static str,
    /// verified, unverified, or missing (e-mail without a subscription).
    state: &'static str,
}

/// A code that came by text message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeBody {
    /// Six digits; blanks are passed over. E-mail needs none.
    #[serde(default)]
    code: String,
}

pub(crate) fn kind(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "sms",
        Channel::Email => "email",
        Channel::LastResort => "last_resort",
    }
}

pub(crate) fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Verified => "verified",
        Standing::Unverified => "unverified",
        Standing::Missing => "missing",
    }
}

fn view(method: &ContactMethod, standing: Standing) -> Json<Verification> {
    Json(Verification { contact: method.id.to_string(), kind: kind(method.kind), state: standing_word(standing) })
}

/// A contact method that the caller may verify.
async fn own(api: &Api, caller: &Caller, contact: &str) -> Result<ContactMethod, ApiError> {
    let not_found = || ApiError::from(Problem::not_found("contact method of this id"));
    let id: ContactId = contact.parse().map_err(|_| not_found())?;
    let (_, configuration) = api.configuration.current().await?;
    let (user, method) = configuration.contact(&id).ok_or_else(not_found)?;
    if !authorize(&caller.0, Action::EditContacts, &Resource::Person(&user.id)) {
        return Err(not_found());
    }
    Ok(method.clone())
}

/// Asks the owner of a contact method: a code by text message, or the provider's question by e-mail. One code a minute and five a day leave; the answer is the
/// same where none did.
#[utoipa::path(post, path = "/v1/contacts/{contact}/verification", params(("contact" = String, Path)), responses(
    (status = 200, body = Verification),
    refusal::NotFound, refusal::Always,
))]
pub(crate) async fn ask_contact(State(api): State<Arc<Api>>, caller: Caller, Path(contact): Path<String>) -> Result<Json<Verification>, ApiError> {
    let method = own(&api, &caller, &contact).await?;
    let standing = api.verify.ask(&method).await?;
    Ok(view(&method, standing))
}

/// Takes the code of a text message; for e-mail it asks whether the owner has confirmed. A code works for ten minutes and stops working after five wrong ones.
#[utoipa::path(post, path = "/v1/contacts/{contact}/verification/confirm", params(("contact" = String, Path)), request_body = CodeBody, responses(
    (status = 200, body = Verification),
    refusal::Body, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn confirm_contact(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(contact): Path<String>,
    Body(body): Body<CodeBody>,
) -> Result<Json<Verification>, ApiError> {
    let method = own(&api, &caller, &contact).await?;
    if api.verify.confirm(&method, &body.code).await? {
        return Ok(view(&method, Standing::Verified));
    }
    Err(match method.kind {
        Channel::Email => ApiError::field("contact", "its owner has not opened the link in the mail that AWS sent"),
        Channel::Sms | Channel::LastResort => ApiError::field("code", "this code does not work: it is wrong, older than ten minutes, or was tried too often"),
    })
}
