//! Forms with parts (`multipart/form-data`): the fields as one JSON object, as a form without parts becomes one too.
//!
//! Refused: what is no such form (400), more than 500 fields (413). Files are named, not kept.

use multer::{Constraints, Multipart, SizeLimit, bytes::Bytes, parse_boundary};
use serde_json::{Map, Value};
use std::convert::Infallible;
use tocsin_ingest::source::Refusal;

/// Fields of a form.
const MOST_FIELDS: usize = 500;

/// Whether a body says that it is one.
pub fn is_multipart(content_type: &str) -> bool {
    content_type.trim_start().get(..19).is_some_and(|start| start.eq_ignore_ascii_case("multipart/form-data"))
}

/// Reads it. The body is bounded already.
///
/// # Errors
/// A [`Refusal`] where it is none.
pub async fn read(body: Vec<u8>, content_type: &str) -> Result<Vec<u8>, Refusal> {
    let unreadable = |_| Refusal::unrecognized("the body is no form as its Content-Type says");
    let boundary = parse_boundary(content_type).map_err(unreadable)?;
    let whole = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(whole));
    let stream = futures::stream::once(async { Ok::<Bytes, Infallible>(Bytes::from(body)) });
    let mut form = Multipart::with_constraints(stream, boundary, constraints);
    let mut fields = Map::new();
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if fields.len() + files.len() >= MOST_FIELDS {
            return Err(Refusal::too_large("500 fields"));
        }
        let name = field.name().unwrap_or_default().to_owned();
        if let Some(file) = field.file_name() {
            files.push(Value::String(file.chars().take(200).collect()));
            continue;
        }
        let value = field.bytes().await.map_err(unreadable)?;
        fields.insert(name, Value::String(String::from_utf8_lossy(&value).into_owned()));
    }
    if !files.is_empty() {
        fields.insert("files".to_owned(), Value::Array(files));
    }
    Ok(Value::Object(fields).to_string().into_bytes())
}
