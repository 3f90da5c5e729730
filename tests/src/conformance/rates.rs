//! What stores of counts of new alerts promise.

use super::Stores;
use crate::samples::{at, slug};
use futures::future::join_all;
use tocsin_app::ports::Minute;
use tocsin_domain::flood::Count;

pub async fn new_alerts_are_counted_by_integration_and_minute(s: Stores) {
    let (pager, other, team) = (slug("pager"), slug("other"), slug("web"));
    let count = async |integration, seconds, more| s.rates.count_new(integration, &team, at(seconds), more).await.unwrap();
    let is = |alerts, goes_on| Count { alerts, goes_on };
    assert_eq!(count(&pager, 0, 1).await, is(1, false));
    assert_eq!(count(&pager, 0, 1).await, is(2, false));
    assert_eq!(count(&pager, 0, 32).await, is(34, false), "several at once");
    assert_eq!(count(&pager, 60, 1).await, is(1, false), "the next minute");
    assert_eq!(count(&other, 0, 1).await, is(1, false), "another integration");
    s.rates.go_on(&pager, &team, at(60)).await.unwrap();
    s.rates.go_on(&pager, &team, at(120)).await.unwrap();
    s.rates.go_on(&pager, &team, at(120)).await.unwrap();
    assert_eq!(count(&pager, 60, 1).await, is(2, true), "a flood that goes on in a minute that has begun");
    assert_eq!(count(&pager, 120, 1).await, is(1, true), "and in one that has not");
    let minutes = async |from, limit| s.rates.minutes(&pager, at(from), limit).await.unwrap();
    let all = [Minute { at: at(120), count: is(1, true) }, Minute { at: at(60), count: is(2, true) }, Minute { at: at(0), count: is(34, false) }];
    assert_eq!(minutes(0, 10).await, all);
    assert_eq!(minutes(60, 10).await, all[..2]);
    assert_eq!(minutes(0, 1).await, all[..1]);
    assert_eq!(s.rates.minutes(&slug("nobody"), at(0), 10).await.unwrap(), []);
}

pub async fn of_many_at_once_each_is_told_another_count(s: Stores) {
    let (pager, team) = (slug("pager"), slug("web"));
    let counts = join_all((0..20).map(|_| s.rates.count_new(&pager, &team, at(0), 1))).await;
    let mut counts: Vec<u64> = counts.into_iter().map(|c| c.unwrap().alerts).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=20).collect::<Vec<u64>>());
}
