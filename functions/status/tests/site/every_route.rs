//! What holds for every route and method: headers, caching, origins, and that looking changes nothing.

use crate::world::{Answer, URL, World};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use base64::Engine as _;
use sha2::{Digest, Sha256};
use tocsin_app::ports::MaintenanceStore;

const READING: [&str; 11] = [
    "/",
    "/status",
    "/subscribe",
    "/unsubscribe",
    "/api/v2/summary.json",
    "/api/v2/status.json",
    "/api/v2/components.json",
    "/api/v2/incidents/unresolved.json",
    "/api/v2/scheduled-maintenances.json",
    "/api/v2/scheduled-maintenances/upcoming.json",
    "/api/v2/scheduled-maintenances/active.json",
];
const POSTING: [&str; 5] = ["/subscribe/email", "/subscribe/sms", "/subscribe/sms/confirm", "/unsubscribe/sms", "/unsubscribe/sms/confirm"];

fn guarded(answer: &Answer, what: &str) {
    let policy = answer.header("content-security-policy");
    for part in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "style-src 'sha256-"] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{what}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{what}");
    assert!(answer.header("strict-transport-security").starts_with("max-age=31536000"), "{what}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
    assert!(answer.headers.get(header::SET_COOKIE).is_none(), "{what}");
    assert!(!answer.header("cache-control").is_empty() || answer.status == StatusCode::NO_CONTENT, "{what} says how long it may be kept");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let world = World::shop().await;
    for path in READING.into_iter().chain(POSTING).chain(["/nowhere", "/api/v2/nowhere.json", "/api/"]) {
        for path in [path.to_owned(), format!("{}/", path.trim_end_matches('/'))] {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                let answer = world.method(method.clone(), &path).await;
                guarded(&answer, &format!("{method} {path}"));
                assert!(!answer.status.is_server_error(), "{method} {path}");
                assert_eq!(answer.header("access-control-allow-origin") == "*", path.starts_with("/api/"), "{method} {path}");
            }
        }
    }
    world.faults.down("ConfigurationStore");
    guarded(&world.get("/").await, "a failure");
}

#[tokio::test]
async fn the_policy_names_the_style_that_stands_in_the_page() {
    let world = World::shop().await;
    for path in ["/", "/subscribe", "/unsubscribe", "/nowhere"] {
        let answer = world.get(path).await;
        let style = answer.body.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style.as_bytes()));
        assert!(answer.header("content-security-policy").contains(&format!("'sha256-{hash}'")), "{path}");
        assert!(!answer.body.contains(" style=") && !answer.body.contains("<script"), "{path}: nothing inline");
        let handlers = answer.body.split('<').filter(|tag| tag.split_whitespace().skip(1).any(|word| word.starts_with("on") && word.contains('=')));
        assert_eq!(handlers.count(), 0, "{path}: no handler in a tag");
    }
}

#[tokio::test]
async fn reading_works_with_and_without_a_slash_with_head_and_with_options() {
    let world = World::shop().await;
    for path in READING {
        let get = world.get(path).await;
        assert_eq!(get.status, StatusCode::OK, "{path}");
        let slash = world.get(&format!("{}/", path.trim_end_matches('/'))).await;
        assert_eq!((slash.status, &slash.body), (StatusCode::OK, &get.body), "{path}/");
        let head = world.method(Method::HEAD, path).await;
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""), "HEAD {path}");
        assert_eq!((head.header("etag"), head.header("content-type")), (get.header("etag"), get.header("content-type")), "HEAD {path}");
        let options = world.method(Method::OPTIONS, path).await;
        assert_eq!((options.status, options.header("allow")), (StatusCode::NO_CONTENT, "GET, HEAD, OPTIONS"), "OPTIONS {path}");
        assert_eq!(options.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
    }
}

#[tokio::test]
async fn what_a_reader_has_already_is_not_sent_again() {
    let world = World::shop().await;
    for path in READING {
        let get = world.get(path).await;
        let tag = get.header("etag").to_owned();
        assert!(tag.starts_with('"') && get.header("cache-control").starts_with("public, max-age="), "{path}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = world.ask(Request::get(path).header(header::IF_NONE_MATCH, known).body(Body::empty()).unwrap()).await;
            assert_eq!((again.status, again.body.as_str(), again.header("etag")), (StatusCode::NOT_MODIFIED, "", tag.as_str()), "{path}");
        }
        let other = world.ask(Request::get(path).header(header::IF_NONE_MATCH, "\"other\"").body(Body::empty()).unwrap()).await;
        assert_eq!(other.status, StatusCode::OK, "{path}");
    }
    assert_eq!(world.get("/").await.header("cache-control"), "public, max-age=15");
}

#[tokio::test]
async fn looking_changes_nothing() {
    let world = World::shop().await;
    // The store in memory remembers when it was asked last.
    world.store.maintenance().await.unwrap();
    let before = format!("{:?}", world.store.state());
    for path in READING.into_iter().chain(POSTING) {
        for query in ["", "?email=ada%40example.org&phone=%2B15555550100&code=123456"] {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                let answer = world.method(method.clone(), &format!("{path}{query}")).await;
                if POSTING.contains(&path) {
                    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"), "{method} {path}");
                }
            }
        }
    }
    assert_eq!(format!("{:?}", world.store.state()), before);
    assert!(world.topic.asked().is_empty() && world.topic.codes().is_empty() && world.topic.phones().is_empty());
}

#[tokio::test]
async fn other_sites_can_not_post() {
    let world = World::shop().await;
    let form = "email=ada%40example.org&phone=%2B15555550100&code=123456";
    for path in POSTING {
        for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("x-nothing", "said")] {
            let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").header(name, value);
            let answer = world.ask(request.body(Body::from(form)).unwrap()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {name}: {value}");
        }
    }
    assert!(world.topic.asked().is_empty() && world.topic.codes().is_empty());
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused_with_words() {
    let world = World::shop().await;
    for path in POSTING {
        let post = |body: String, kind: &str| Request::post(path).header("origin", URL).header("content-type", kind).body(Body::from(body)).unwrap();
        for (body, kind, status) in [
            ("{}".to_owned(), "application/json", StatusCode::BAD_REQUEST),
            ("email=%ff&phone=%ff".to_owned(), "application/x-www-form-urlencoded", StatusCode::UNPROCESSABLE_ENTITY),
            (format!("email={}", "a".repeat(9_000)), "application/x-www-form-urlencoded", StatusCode::PAYLOAD_TOO_LARGE),
            ("email=a&email=b&phone=1&phone=2".to_owned(), "application/x-www-form-urlencoded", StatusCode::BAD_REQUEST),
        ] {
            let answer = world.ask(post(body, kind)).await;
            assert_eq!(answer.status, status, "{path} {kind}");
            assert!(answer.body.contains("<h1>"), "{path} {kind}");
        }
    }
}
