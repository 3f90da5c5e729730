//! Who calls, and what they sent: extractors whose refusals are problems that name the field.

use crate::error::ApiError;
use crate::state::Api;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tocsin_app::ports::SecretHash;
use tocsin_domain::access::{Action, Principal, Resource, authorize};
use tocsin_domain::id::{TeamId, UserId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::timeline::Actor;
use tocsin_lambda::problem::Problem;

/// The principal behind the request's bearer token.
pub(crate) struct Caller(pub(crate) Principal);

impl Caller {
    /// Who stands on the timeline.
    pub(crate) fn actor(&self) -> Actor {
        self.0.user.clone().map_or_else(|| Actor::Token(self.0.token.clone()), Actor::User)
    }

    /// Whether they may do this to what a team owns.
    pub(crate) fn may(&self, action: Action, team: &TeamId) -> bool {
        authorize(&self.0, action, &Resource::Team(team))
    }

    /// Whether they may do this to an incident: their team's, or one that they were asked to help with.
    pub(crate) fn may_see(&self, action: Action, incident: &Incident) -> bool {
        let asked: Vec<&UserId> = incident.responders.iter().map(|r| &r.user).collect();
        authorize(&self.0, action, &Resource::Incident { team: &incident.team, asked: &asked })
    }

    /// Refuses what only holders of the whole deployment may do.
    pub(crate) fn must(&self, action: Action) -> Result<(), ApiError> {
        if authorize(&self.0, action, &Resource::Deployment) { Ok(()) } else { Err(Problem::forbidden().into()) }
    }
}

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let (scheme, token) = header.split_once(' ').unwrap_or_default();
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Err(Problem::unauthorized().into());
        }
        // Looked up by its hash: nothing of the token can be learned from how long this takes.
        let principal = api.access.token(&SecretHash::of(token)).await?.ok_or_else(Problem::unauthorized)?;
        // Whoever left, left with their tokens.
        if let Some(person) = &principal.user
            && api.configuration.current().await?.1.user(person).is_none()
        {
            return Err(Problem::unauthorized().into());
        }
        Ok(Caller(principal))
    }
}

/// A JSON body. Whatever its Content-Type says; unknown fields are refused by the types themselves.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<Api>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, ApiError> {
        let too_large = |_| ApiError::from(Problem::new(413, "too-large", "Too large", "The body is larger than this address takes."));
        let bytes = axum::body::Bytes::from_request(request, api).await.map_err(too_large)?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|e| {
            let field = e.path().to_string();
            let error = e.into_inner();
            if error.is_syntax() || error.is_eof() {
                Problem::new(400, "not-json", "Not JSON", format!("The body is not JSON: {error}.")).into()
            } else {
                ApiError::field(&field, error.to_string())
            }
        })?;
        json.end().map_err(|e| Problem::new(400, "not-json", "Not JSON", format!("There is more behind the JSON document: {e}.")))?;
        Ok(Self(value))
    }
}

/// What the caller calls this command, so that asking twice is asking once.
pub(crate) struct Key(pub(crate) Option<String>);

impl FromRequestParts<Arc<Api>> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|k| (1..=200).contains(&k.len()));
        key.map(|k| Self(Some(k.to_owned()))).ok_or_else(|| ApiError::field("Idempotency-Key", "has 1 to 200 characters of ASCII"))
    }
}

/// Query parameters.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Api>> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        match axum::extract::Query::<T>::from_request_parts(parts, api).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(e) => Err(ApiError::field("query", e.body_text())),
        }
    }
}
