//! Sets of instants as sorted spans `[start, end)` that neither touch nor overlap.

use crate::schedule::Span;
use jiff::Timestamp;

/// Sorted, merged where they touch, without empty ones.
pub fn normal(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|s| s.start < s.end);
    spans.sort_by_key(|s| (s.start, s.end));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// What of `whole` is in none of `taken`, which is normal.
pub fn rest(whole: Span, taken: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    let mut from = whole.start;
    for span in taken.iter().filter(|s| s.end > whole.start && s.start < whole.end) {
        if from < span.start {
            left.push(Span { start: from, end: span.start });
        }
        from = from.max(span.end);
    }
    if from < whole.end {
        left.push(Span { start: from, end: whole.end });
    }
    left
}

/// What is in `a` and not in `b`; both are normal.
///
/// ```
/// use tocsin_domain::{foresight::spans::without, schedule::Span};
/// let span = |a: i64, b: i64| Span { start: jiff::Timestamp::from_second(a).unwrap(), end: jiff::Timestamp::from_second(b).unwrap() };
/// assert_eq!(without(&[span(0, 10), span(20, 30)], &[span(5, 25)]), [span(0, 5), span(25, 30)]);
/// ```
pub fn without(a: &[Span], b: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    let mut first = 0;
    for span in a {
        while b.get(first).is_some_and(|s| s.end <= span.start) {
            first += 1;
        }
        let touching = b[first..].iter().take_while(|s| s.start < span.end).count();
        left.extend(rest(*span, &b[first..first + touching]));
    }
    left
}

/// How many seconds they hold.
pub fn seconds(spans: &[Span]) -> i64 {
    spans.iter().map(|s| s.end.duration_since(s.start).as_secs()).sum()
}

/// Whether an instant is in one of them.
pub fn holds(spans: &[Span], at: Timestamp) -> bool {
    spans.iter().any(|s| s.start <= at && at < s.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span((start, length): (i64, i64)) -> Span {
        Span { start: Timestamp::from_second(start).unwrap(), end: Timestamp::from_second(start + length).unwrap() }
    }

    proptest! {
        #[test]
        fn sets_of_seconds(a in prop::collection::vec((0i64..50, 0i64..9), 0..8), b in prop::collection::vec((0i64..50, 0i64..9), 0..8)) {
            let (raw_a, raw_b): (Vec<Span>, Vec<Span>) = (a.into_iter().map(span).collect(), b.into_iter().map(span).collect());
            let (a, b) = (normal(raw_a.clone()), normal(raw_b.clone()));
            prop_assert!(a.windows(2).all(|w| w[0].end < w[1].start));
            let (difference, whole) = (without(&a, &b), span((10, 30)));
            let left = rest(whole, &b);
            for second in 0..70 {
                let at = Timestamp::from_second(second).unwrap();
                prop_assert_eq!(holds(&a, at), holds(&raw_a, at));
                prop_assert_eq!(holds(&difference, at), holds(&raw_a, at) && !holds(&raw_b, at));
                prop_assert_eq!(holds(&left, at), holds(&[whole], at) && !holds(&raw_b, at));
            }
        }
    }
}
