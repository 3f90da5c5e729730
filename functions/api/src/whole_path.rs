//! The path of a request as it was sent.
//!
//! API Gateway hands paths over decoded, and `lambda_http` puts path and query together again: a `%3F` or `%23` within an id would begin the query or end the
//! address, and the request would be taken for one to another route. Called by: `main`, before anything is routed.

use lambda_http::http::Uri;
use lambda_http::http::uri::{Parts, PathAndQuery};
use lambda_http::{Request, RequestExt};

/// Puts back what the gateway's decoding took for the beginning of a query or fragment.
pub fn whole_path(mut request: Request) -> Request {
    let raw = request.raw_http_path();
    if raw.contains(['?', '#'])
        && let Some(uri) = escaped(request.uri(), raw)
    {
        *request.uri_mut() = uri;
    }
    request
}

/// The address with the marks of its path escaped.
fn escaped(uri: &Uri, raw: &str) -> Option<Uri> {
    let path: String = raw.chars().map(as_sent).collect();
    // Behind a fragment nothing is left of the query: no id has such a mark, so there is nothing that it could be for.
    let marks = raw.matches('?').count();
    let query = if raw.contains('#') { None } else { uri.path_and_query()?.as_str().splitn(marks + 2, '?').nth(marks + 1) };
    let text = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let mut parts: Parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

/// A character of a path as an address takes it.
fn as_sent(c: char) -> String {
    match c {
        '?' | '#' | ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => format!("%{:02X}", u32::from(c)),
        c if c.is_ascii_control() => format!("%{:02X}", u32::from(c)),
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(raw_path: &str, uri: &str) -> Uri {
        let mut request = Request::default().with_raw_http_path(raw_path);
        *request.uri_mut() = uri.parse().unwrap_or_default();
        whole_path(request).uri().clone()
    }

    #[test]
    fn a_mark_of_the_path_begins_no_query_and_ends_no_address() {
        let cases = [
            ("/v1/incidents/a?b/resolve", "https://h/v1/incidents/a?b/resolve", "/v1/incidents/a%3Fb/resolve"),
            ("/v1/incidents/?/resolve", "https://h/v1/incidents/?/resolve?x=1", "/v1/incidents/%3F/resolve?x=1"),
            ("/a??b", "https://h/a??b?c=?", "/a%3F%3Fb?c=?"),
            ("/v1/incidents/#7/resolve", "https://h/v1/incidents/#7/resolve", "/v1/incidents/%237/resolve"),
            ("/v1/incidents/ü#?/resolve", "https://h/v1/incidents/ü#?/resolve?x=1", "/v1/incidents/ü%23%3F/resolve"),
            ("/v1/incidents/\u{1}?\u{16}/resolve", "https://h/v1/incidents/%01?%16/resolve", "/v1/incidents/%01%3F%16/resolve"),
            ("/v1/incidents", "https://h/v1/incidents?status=open", "/v1/incidents?status=open"),
        ];
        for (raw_path, sent, expected) in cases {
            let uri = request(raw_path, sent);
            assert_eq!(uri.path_and_query().map(PathAndQuery::as_str), Some(expected), "{sent}");
        }
    }
}
