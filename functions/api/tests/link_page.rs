//! The page behind an acknowledge link, as a tired person meets it. (What each page says stands in `golden/`.)

#![expect(clippy::unwrap_used, reason = "what a test is sure of; a panic is its failure")]

use base64::Engine as _;
use expect_test::{ExpectFile, expect_file};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tocsin_api::link_page::{LinkIncident, LinkStatus, LinkView, Outcome, confirm, done, failed, gone, headers};
use tocsin_domain::alert::Severity;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Everything but the style sheet, which is a file of its own.
fn check(html: &str, golden: ExpectFile) {
    golden.assert_eq(&html.replace(include_str!("../templates/link/style.css"), "/* templates/link/style.css */"));
}

fn incident(number: u64, status: LinkStatus) -> LinkIncident {
    LinkIncident {
        number,
        title: "Payment database: no primary, writes fail".to_owned(),
        severity: Severity::Critical,
        service: "Checkout".to_owned(),
        status,
        since: at("2026-11-22T02:48:10Z"),
        bridge: None,
        deleted: Vec::new(),
    }
}

fn view(incidents: Vec<LinkIncident>) -> LinkView {
    LinkView {
        incidents,
        user_name: Some("Ada Lovelace".to_owned()),
        expires_at: at("2026-11-23T02:49:00Z"),
        time_zone: "Europe/Berlin".to_owned(),
        now: at("2026-11-22T03:11:30Z"),
    }
}

fn acknowledged(by: &str, until: Option<&str>) -> LinkStatus {
    LinkStatus::Acknowledged { by: by.to_owned(), at: at("2026-11-22T03:11:00Z"), until: until.map(at) }
}

fn resolved() -> LinkStatus {
    LinkStatus::Resolved { by: "sender prometheus".to_owned(), at: at("2026-11-21T21:05:00Z") }
}

#[test]
fn one_incident_waits() {
    let html = confirm(&view(vec![incident(42, LinkStatus::Waiting)]));
    assert!(html.contains("<button type=\"submit\">Acknowledge #42</button>") && html.contains("<form method=\"post\">"));
    check(&html, expect_file!["golden/link_confirm.html"]);
}

#[test]
fn several_incidents_wait_and_others_do_not() {
    let mut others = view(vec![
        incident(42, LinkStatus::Waiting),
        LinkIncident { severity: Severity::Error, title: "Card terminals time out".to_owned(), ..incident(43, LinkStatus::Waiting) },
        LinkIncident { severity: Severity::Warning, title: "Queue is long".to_owned(), ..incident(44, acknowledged("Bob", Some("2026-11-22T04:11:00Z"))) },
        LinkIncident { severity: Severity::Info, title: "Disk replaced".to_owned(), ..incident(45, resolved()) },
        LinkIncident { severity: Severity::Error, title: "Refunds fail".to_owned(), ..incident(46, LinkStatus::Outdated) },
    ]);
    check(&confirm(&others), expect_file!["golden/link_confirm_several.html"]);
    for i in &mut others.incidents[..2] {
        i.status = acknowledged("Ada Lovelace", None);
    }
    check(&done(&others, Outcome::Acknowledged), expect_file!["golden/link_done_several.html"]);
}

/// Whoever looks for the policy at night would not find it. What is over needs nobody to look.
#[test]
fn what_was_deleted_since_is_named_while_it_is_open() {
    let named = ["policy Checkout first", "user Bob <b>\u{202e}", "schedule Web weekly", "team Web", "user Cy", "user Di"].map(str::to_owned);
    let with = |status, count: usize| LinkIncident { deleted: named[..count].to_vec(), ..incident(42, status) };
    check(&confirm(&view(vec![with(LinkStatus::Waiting, 1)])), expect_file!["golden/link_deleted.html"]);
    let many = confirm(&view(vec![with(LinkStatus::Waiting, 6)]));
    assert!(many.contains("<dt>Deleted since</dt><dd>policy Checkout first, user Bob &#60;b&#62;, schedule Web weekly, team Web and 2 more</dd>"), "{many}");
    assert!(confirm(&view(vec![with(acknowledged("Ada", None), 1)])).contains("Deleted since"));
    assert!(!confirm(&view(vec![with(resolved(), 1)])).contains("Deleted since"));
}

#[test]
fn after_pressing_it_says_who_is_on_it_and_that_paging_has_stopped() {
    let html = done(&view(vec![incident(42, acknowledged("Ada Lovelace", Some("2026-11-22T04:11:00Z")))]), Outcome::Acknowledged);
    for words in
        ["You are on it", "Paging for #42 has stopped.", "Ada Lovelace is on it since 04:11 CET.", "If it is not resolved by 05:11 CET, paging starts again."]
    {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("<form"));
    check(&html, expect_file!["golden/link_done.html"]);
}

#[test]
fn who_was_faster_is_told_before_and_after_pressing() {
    for (status, golden) in [
        (acknowledged("Bob", None), expect_file!["golden/link_bob_was_faster.html"]),
        (resolved(), expect_file!["golden/link_resolved.html"]),
        (LinkStatus::Outdated, expect_file!["golden/link_outdated.html"]),
    ] {
        let view = view(vec![incident(42, status)]);
        for outcome in [Outcome::NothingToDo, Outcome::Acknowledged] {
            assert_eq!(confirm(&view), done(&view, outcome), "Ada is never told that she is on what is Bob's");
        }
        assert!(!confirm(&view).contains("<form"));
        check(&confirm(&view), golden);
    }
}

#[test]
fn what_was_merged_says_where_it_went_on() {
    let view = view(vec![LinkIncident { bridge: Some("https://meet.example.com/old".into()), ..incident(42, LinkStatus::Merged { into: 57 }) }]);
    let html = confirm(&view);
    assert!(html.contains("#42 is part of #57 now") && html.contains("tocsin ack 57") && !html.contains("<form"));
    assert!(!html.contains("meet.example.com"), "those who work on it talk elsewhere now");
    assert_eq!(html, done(&view, Outcome::NothingToDo));
    check(&html, expect_file!["golden/link_merged.html"]);
}

#[test]
fn where_people_talk_is_a_link_only_if_it_is_of_the_web() {
    let page = |bridge: &str| confirm(&view(vec![LinkIncident { bridge: Some(bridge.to_owned()), ..incident(42, LinkStatus::Waiting) }]));
    check(&page("https://meet.example.com/shop?a=1&b=2"), expect_file!["golden/link_bridge.html"]);
    let called = page("tel:+15555550100");
    assert!(called.contains("<dd>+15555550100</dd>") && !called.contains("href=\"tel"));
    for hostile in ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "https://x\" onclick=\"y", "//evil.example", "ftp://x"] {
        let html = page(hostile);
        assert!(!html.contains("onclick=\"") && html.matches("<a ").count() == usize::from(hostile.starts_with("https://")), "{hostile}");
    }
}

#[test]
fn paging_that_goes_on_is_never_told_as_stopped() {
    for status in [LinkStatus::Waiting, LinkStatus::Outdated] {
        let view = view(vec![incident(42, status)]);
        for html in [confirm(&view), done(&view, Outcome::NothingToDo), done(&view, Outcome::Acknowledged)] {
            assert!(!html.contains("has stopped") && html.contains("goes on"));
        }
    }
}

#[test]
fn the_last_resort_has_no_name() {
    let mut nobody = view(vec![incident(42, LinkStatus::Waiting)]);
    nobody.user_name = None;
    let html = confirm(&nobody);
    assert!(html.contains("the last-resort contact is on it") && !html.contains("For "));
    nobody.incidents[0].status = acknowledged("Tocsin", None);
    assert!(done(&nobody, Outcome::Acknowledged).contains("Acknowledged"));
}

#[test]
fn a_link_that_does_not_work_and_a_failure_of_ours() {
    check(&gone(), expect_file!["golden/link_gone.html"]);
    check(&failed(), expect_file!["golden/link_failed.html"]);
}

#[test]
fn hostile_texts_are_text() {
    let hostile = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}\u{0007}\"'&";
    let mut all = view(vec![
        LinkIncident { title: hostile.to_owned(), service: hostile.to_owned(), ..incident(1, LinkStatus::Waiting) },
        incident(2, acknowledged(hostile, None)),
        incident(3, LinkStatus::Resolved { by: hostile.to_owned(), at: at("2026-11-22T03:00:00Z") }),
        LinkIncident { title: "x".repeat(2_000), ..incident(4, LinkStatus::Waiting) },
    ]);
    all.user_name = Some(hostile.to_owned());
    all.time_zone = hostile.to_owned();
    for html in [confirm(&all), done(&all, Outcome::Acknowledged)] {
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains('\u{202e}') && !html.contains('\u{7}'));
        assert_eq!(html.matches("</style>").count(), 1);
        assert!(!html.contains(&"x".repeat(301)));
    }
    check(&confirm(&all), expect_file!["golden/link_hostile.html"]);
}

#[test]
fn many_numbers_make_a_short_button() {
    let many = |n: u64| confirm(&view((1..=n).map(|i| incident(i, LinkStatus::Waiting)).collect()));
    for (n, words) in [(1, "Acknowledge #1"), (2, "Acknowledge #1 and #2"), (3, "Acknowledge #1, #2 and #3"), (45, "Acknowledge all 45")] {
        assert!(many(n).contains(&format!("<button type=\"submit\">{words}</button>")), "{words}");
    }
}

#[test]
fn the_headers_are_strict_and_name_the_style_by_its_hash() {
    let all = headers();
    let get = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, v)| v.to_str().unwrap().to_owned()).unwrap();
    let html = confirm(&view(vec![incident(42, LinkStatus::Waiting)]));
    let style = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = get("content-security-policy");
    for part in [&format!("style-src 'sha256-{hash}'"), "default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
    assert_eq!((get("cache-control").as_str(), get("x-content-type-options").as_str(), get("x-frame-options").as_str()), ("no-store", "nosniff", "DENY"));
    assert!(!html.contains(" style=") && !html.contains("autofocus") && !html.contains("http-equiv"), "nothing acts by itself");
}
