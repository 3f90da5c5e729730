//! What holds for every answer: security headers, who may post, caching, and the forms of an error.
//!
//! Called by: the router and the handlers. Refuses to know what a page says.

use crate::{App, pages};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::{Arc, LazyLock};

/// Content type of pages.
pub(crate) const HTML: &str = "text/html; charset=utf-8";
/// Content type of documents.
pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// Nothing but our own words: the one style sheet stands in the page and is named by its hash, the icon is an image in the page. No script at all.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = pages::style_hash();
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
});

/// Headers that are the same in every answer. The referrer stays within the site: `no-referrer` would make browsers hide the origin of our own forms.
const FIXED: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Around everything: only our own pages may post (documents take no post from anybody), and every answer carries the security headers.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let api = is_api(request.uri().path());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let mut response = if changes && !api && !from_own_page(request.headers(), &app.ports.url) {
        page(StatusCode::FORBIDDEN, pages::foreign_form(app.frame("")))
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if api {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    response
}

/// Documents, which any site may read.
pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

/// Whether a browser says that the form came from this site. There are no cookies to misuse, but no other site shall send its visitors' browsers to subscribe
/// people. A request that says nothing of its origin is refused: every browser says it for a form.
fn from_own_page(headers: &HeaderMap, url: &str) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let site = text(&HeaderName::from_static("sec-fetch-site"));
    let origin = text(&header::ORIGIN);
    let own = |origin: &str| {
        let host = origin.split_once("://").map(|(_, host)| host);
        origin == origin_of(url) || host.is_some_and(|h| Some(h) == text(&header::HOST))
    };
    match (site, origin) {
        (Some("same-origin"), None) => true,
        (Some("same-origin") | None, Some(origin)) => own(origin),
        (Some(_), _) | (None, None) => false,
    }
}

fn origin_of(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |i| i + 3);
    url[authority..].find('/').map_or(url, |i| &url[..authority + i])
}

/// The path of an address, without a trailing slash: empty where it has none.
pub(crate) fn path_of(url: &str) -> String {
    url[origin_of(url).len()..].trim_end_matches('/').to_owned()
}

/// A body that everybody may keep for `age_s` seconds, with its tag; 304 where the reader has it.
pub(crate) fn public(request: &HeaderMap, content_type: &'static str, body: String, age_s: u32) -> Response {
    let digest = Sha256::digest(body.as_bytes());
    let tag = format!("\"{}\"", digest.iter().take(12).map(|b| format!("{b:02x}")).collect::<String>());
    let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    let unchanged = known.map(str::trim).any(|t| t == "*" || t.strip_prefix("W/").unwrap_or(t) == tag);
    let mut response = if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { ([(header::CONTENT_TYPE, content_type)], body).into_response() };
    let headers = response.headers_mut();
    if let (Ok(tag), Ok(age)) = (HeaderValue::try_from(tag), HeaderValue::try_from(format!("public, max-age={age_s}"))) {
        headers.insert(header::ETAG, tag);
        headers.insert(header::CACHE_CONTROL, age);
    }
    response
}

/// A page for this reader and this moment only.
pub(crate) fn page(status: StatusCode, html: String) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, HTML), (header::CACHE_CONTROL, "no-store")], html).into_response();
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}

/// An error for programs.
pub(crate) fn json_error(status: StatusCode, message: &'static str) -> Response {
    let body = format!("{{\"error\":\"{message}\"}}");
    let mut response = page(status, body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

/// The answer to OPTIONS: what may be asked here, and by whom.
pub(crate) async fn preflight() -> Response {
    let headers = [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers, Body::empty()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_post() {
        let check = |headers: &[(&'static str, &'static str)]| {
            let map = headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
            from_own_page(&map, "https://status.example.org/page")
        };
        assert!(check(&[("origin", "https://status.example.org")]));
        assert!(check(&[("sec-fetch-site", "same-origin"), ("origin", "https://status.example.org")]));
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        assert!(check(&[("origin", "https://abc.execute-api.eu-west-1.amazonaws.com"), ("host", "abc.execute-api.eu-west-1.amazonaws.com")]));
        for foreign in [
            &[][..],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://status.example.org.evil.example")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://status.example.org")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
        ] {
            assert!(!check(foreign), "{foreign:?}");
        }
    }

    #[test]
    fn the_path_of_an_address_begins_each_link() {
        for (url, origin, path) in [
            ("https://s.example.org", "https://s.example.org", ""),
            ("http://127.0.0.1:4567/", "http://127.0.0.1:4567", ""),
            ("https://example.org/a/b", "https://example.org", "/a/b"),
        ] {
            assert_eq!((origin_of(url), path_of(url).as_str()), (origin, path));
        }
    }
}
