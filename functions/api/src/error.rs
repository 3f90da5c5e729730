//! From errors to problem+json. The one place where a failure of ours is logged.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tocsin_app::error::{AppError, PortError};
use tocsin_lambda::problem::{CONTENT_TYPE, FieldError, Problem};

/// An answer that is a problem.
#[derive(Debug)]
pub(crate) struct ApiError(Problem);

impl ApiError {
    /// One field is wrong.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self(Problem::invalid(vec![FieldError { field: field.to_owned(), message: message.into() }]))
    }
}

impl ApiError {
    /// What is answered.
    pub(crate) fn into_problem(self) -> Problem {
        self.0
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        if matches!(error, AppError::Port(_) | AppError::Contention { .. } | AppError::TooMany { .. }) {
            tracing::error!(%error, "request failed");
        }
        Self(Problem::of(&error))
    }
}

impl From<PortError> for ApiError {
    fn from(error: PortError) -> Self {
        AppError::from(error).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self.0)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
