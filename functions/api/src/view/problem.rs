//! How a refusal looks; for the document only, the answers are made by `tocsin_lambda::problem`.

use utoipa::ToSchema;

/// A problem (RFC 9457); for the document only, the answers are made by `tocsin_lambda::problem`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document's generator only")]
#[schema(as = Problem)]
pub(crate) struct ProblemView {
    /// `urn:tocsin:problem:` and a code.
    #[schema(rename = "type")]
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    /// Each wrong field.
    errors: Option<Vec<FieldErrorView>>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document's generator only")]
#[schema(as = FieldError)]
pub(crate) struct FieldErrorView {
    field: String,
    message: String,
}
