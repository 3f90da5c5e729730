//! Errors of our own API: problem+json (RFC 9457), with a documented code in `type`.

use serde::{Deserialize, Serialize};
use tocsin_app::error::AppError;
use tocsin_app::ports::VersionRecord;

/// Content type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:tocsin:problem:` and a code; the codes stand in docs/ARCHITECTURE.md.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request, and what to do.
    pub detail: String,
    /// Each wrong field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Which field, as a path.
    pub field: String,
    /// What is wrong with it, and perhaps a suggestion.
    pub message: String,
}

impl Problem {
    /// A problem without wrong fields.
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self { kind: format!("urn:tocsin:problem:{code}"), title: title.to_owned(), status, detail: detail.into(), errors: Vec::new() }
    }

    /// Nobody is known by this token.
    pub fn unauthorized() -> Self {
        Self::new(401, "unauthorized", "Not signed in", "Send an API token: Authorization: Bearer TOKEN. `tocsin init` makes the first one.")
    }

    /// The token may not do this.
    pub fn forbidden() -> Self {
        Self::new(403, "forbidden", "Not allowed", "This token's role does not allow it.")
    }

    /// No such thing, or none that the caller may know of.
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "not-found", "Not found", format!("There is no {what}."))
    }

    /// A field is wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; ");
        Self { errors, ..Self::new(422, "invalid", "Invalid", detail) }
    }

    /// A use case failed. Our own troubles are told without their insides: those are logged by the caller.
    pub fn of(error: &AppError) -> Self {
        match error {
            AppError::NotFound { what } => Self::not_found(what),
            AppError::Rejected { reason, status } => Self::new(409, "conflict", "Not possible now", format!("{reason} (it is {status})")),
            AppError::Moved { current, meanwhile } => {
                let said: Vec<String> = meanwhile.iter().map(VersionRecord::words).collect();
                let said = if said.is_empty() { String::new() } else { format!(" Meanwhile: {}.", said.join("; ")) };
                let detail = match current {
                    Some(v) => format!("The configuration is at version {v} now: read it, and apply your change to that.{said}"),
                    None => "There is no configuration yet: apply without an expected version.".to_owned(),
                };
                Self::new(409, "configuration-moved", "The configuration moved", detail)
            }
            AppError::Invalid { field, reason } => Self::invalid(vec![FieldError { field: field.clone(), message: reason.clone() }]),
            AppError::Port(_) | AppError::Contention { .. } | AppError::TooMany { .. } => {
                Self::new(503, "unavailable", "Not available just now", "A service that Tocsin needs did not answer. Trying again is harmless.")
            }
        }
    }
}
