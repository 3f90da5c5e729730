//! What the store of changes promises.

use super::Stores;
use crate::samples::{at, slug};
use serde_json::json;
use tocsin_app::ports::Span;
use tocsin_domain::change_event::{Change, ChangeEvent};

fn change(service: &str, summary: &str, seconds: i64) -> Change {
    Change::received(ChangeEvent::of(summary), slug("ci"), slug(service), slug("web"), at(seconds))
}

async fn found(s: &Stores, service: &str, from: i64, until: i64, limit: usize) -> Vec<String> {
    let changes = s.changes.changes(&slug(service), Span { from: at(from), until: at(until) }, limit).await.unwrap();
    changes.into_iter().map(|c| c.event.summary).collect()
}

pub async fn changes_are_found_by_service_and_time(s: Stores) {
    for (service, summary, seconds) in [("shop", "a", 0), ("shop", "b", 10), ("shop", "c", 10), ("shop", "d", 20), ("pay", "e", 10), ("sho", "f", 10)] {
        s.changes.put_change(&change(service, summary, seconds)).await.unwrap();
    }
    assert_eq!(found(&s, "shop", 0, 21, 10).await.len(), 4);
    assert_eq!(found(&s, "shop", 0, 20, 10).await.last().map(String::as_str), Some("a"), "the first instant is in it, latest first");
    assert_eq!(found(&s, "shop", 1, 20, 10).await.len(), 2, "the last one is not");
    assert_eq!(found(&s, "shop", 0, 21, 1).await, ["d"], "the latest");
    assert_eq!((found(&s, "pay", 0, 100, 10).await, found(&s, "none", 0, 100, 10).await), (vec!["e".to_owned()], vec![]));
}

pub async fn a_change_is_kept_whole_and_once(s: Stores) {
    let event = ChangeEvent { source: "ci ☃".to_owned(), details: json!({"build": "x".repeat(100_000)}), ..ChangeEvent::of("deployed") };
    let whole = Change { event, ..change("shop", "deployed", 5) };
    for _ in 0..3 {
        s.changes.put_change(&whole).await.unwrap();
    }
    assert_eq!(s.changes.changes(&slug("shop"), Span { from: at(0), until: at(10) }, 10).await.unwrap(), [whole]);
}
