//! Conditions of event rules against an independent matcher: it shares the written form, and no code.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says where")]

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Map, Value, json};
use tocsin_domain::alert::Alert;
use tocsin_domain::rules::{Condition, View};

/// A regular expression, and what it means without one.
#[derive(Debug, Clone)]
enum Pattern {
    Anywhere(String),
    Begins(String),
    Ends(String),
    Whole(String),
    Either(String, String),
    /// One character between two texts.
    Gap(String, String),
}

impl Pattern {
    fn written(&self) -> String {
        match self {
            Self::Anywhere(a) => a.clone(),
            Self::Begins(a) => format!("^{a}"),
            Self::Ends(a) => format!("{a}$"),
            Self::Whole(a) => format!("^{a}$"),
            Self::Either(a, b) => format!("(?:{a}|{b})"),
            Self::Gap(a, b) => format!("{a}.{b}"),
        }
    }

    fn finds(&self, text: &str, fold: bool) -> bool {
        let f = |t: &str| if fold { t.to_lowercase() } else { t.to_owned() };
        let text: Vec<char> = f(text).chars().collect();
        let here = |at: usize, what: &str| {
            let what: Vec<char> = f(what).chars().collect();
            text.get(at..at + what.len()) == Some(what.as_slice())
        };
        let length = |what: &str| what.chars().count();
        (0..=text.len()).any(|at| match self {
            Self::Anywhere(a) => here(at, a),
            Self::Begins(a) => at == 0 && here(0, a),
            Self::Ends(a) => here(at, a) && at + length(a) == text.len(),
            Self::Whole(a) => at == 0 && here(0, a) && text.len() == length(a),
            Self::Either(a, b) => here(at, a) || here(at, b),
            Self::Gap(a, b) => here(at, a) && text.get(at + length(a)).is_some_and(|c| *c != '\n') && here(at + length(a) + 1, b),
        })
    }
}

/// A condition as people mean it.
#[derive(Debug, Clone)]
enum Meaning {
    All(Vec<Meaning>),
    Any(Vec<Meaning>),
    Not(Box<Meaning>),
    /// Whole hours of the day, in UTC; on these days of the week (0: Monday) as far as it begins on them.
    Hours(u8, u8, Vec<u8>),
    Field(String, Vec<Test>, bool),
    Absent(String),
}

#[derive(Debug, Clone)]
enum Test {
    Is(Vec<String>),
    Starts(String),
    Ends(String),
    Contains(String),
    Matches(Pattern),
    Above(i32),
    AtLeast(i32),
    Below(i32),
    AtMost(i32),
    Present,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn written(meaning: &Meaning) -> Value {
    match meaning {
        Meaning::All(list) => json!({"all": list.iter().map(written).collect::<Vec<_>>()}),
        Meaning::Any(list) => json!({"any": list.iter().map(written).collect::<Vec<_>>()}),
        Meaning::Not(one) => json!({"not": written(one)}),
        Meaning::Hours(from, to, days) => {
            let days: Vec<&str> = days.iter().map(|d| DAYS[usize::from(*d)]).collect();
            json!({"time": {"time_zone": "UTC", "within": [{"days": days, "from": format!("{from:02}:00"), "to": format!("{to:02}:00")}]}})
        }
        Meaning::Absent(field) => json!({"field": field, "present": false}),
        Meaning::Field(field, tests, fold) => {
            let mut members = Map::from_iter([("field".to_owned(), json!(field)), ("ignore_case".to_owned(), json!(fold))]);
            for test in tests {
                let (name, value) = match test {
                    Test::Is(texts) if texts.len() == 1 => ("is", json!(texts[0])),
                    Test::Is(texts) => ("is", json!(texts)),
                    Test::Starts(text) => ("starts_with", json!(text)),
                    Test::Ends(text) => ("ends_with", json!(text)),
                    Test::Contains(text) => ("contains", json!(text)),
                    Test::Matches(pattern) => ("matches", json!(pattern.written())),
                    Test::Above(n) => ("above", json!(n)),
                    Test::AtLeast(n) => ("at_least", json!(n)),
                    Test::Below(n) => ("below", json!(n)),
                    Test::AtMost(n) => ("at_most", json!(n)),
                    Test::Present => ("present", json!(true)),
                };
                members.insert(name.to_owned(), value);
            }
            Value::Object(members)
        }
    }
}

/// The values of a field: of `details` by walking every way that the dots allow, the longest names first.
fn values(event: &Value, field: &str) -> Vec<String> {
    fn flat(value: &Value) -> Vec<String> {
        match value {
            Value::Null | Value::Object(_) => vec![],
            Value::String(text) => vec![text.clone()],
            Value::Array(items) => items.iter().filter(|i| !i.is_array()).flat_map(flat).collect(),
            other => vec![other.to_string()],
        }
    }
    fn walk(value: &Value, steps: &[&str]) -> Option<Value> {
        if steps.is_empty() {
            return Some(value.clone());
        }
        (1..=steps.len()).rev().find_map(|n| match value {
            Value::Object(members) => walk(members.get(&steps[..n].join("."))?, &steps[n..]),
            Value::Array(items) if n == 1 => walk(items.get(steps[0].parse::<usize>().ok()?)?, &steps[1..]),
            _ => None,
        })
    }
    match field.strip_prefix("details.") {
        Some(path) => walk(&event["details"], &path.split('.').collect::<Vec<_>>()).map(|v| flat(&v)).unwrap_or_default(),
        None => flat(&event[field]).into_iter().filter(|text| !text.is_empty()).collect(),
    }
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_suffix('%').unwrap_or(text).trim_end();
    digits.parse::<f64>().ok()
}

fn holds(meaning: &Meaning, event: &Value, at: Timestamp) -> bool {
    match meaning {
        Meaning::All(list) => !list.iter().any(|m| !holds(m, event, at)),
        Meaning::Any(list) => list.iter().filter(|m| holds(m, event, at)).count() > 0,
        Meaning::Not(one) => !holds(one, event, at),
        Meaning::Hours(from, to, days) => {
            // 1970-01-01 was a Thursday.
            let (hour, day) = ((at.as_second() / 3600).rem_euclid(24), (at.as_second().div_euclid(86_400) + 3).rem_euclid(7));
            let on = |day: i64| days.is_empty() || days.iter().any(|d| i64::from(*d) == day);
            let (from, to) = (i64::from(*from), i64::from(*to));
            if from < to { on(day) && (from..to).contains(&hour) } else { (on(day) && hour >= from) || (on((day + 6) % 7) && hour < to) }
        }
        Meaning::Absent(field) => values(event, field).is_empty(),
        Meaning::Field(field, tests, fold) => values(event, field).iter().any(|value| {
            let f = |t: &str| if *fold { t.to_lowercase() } else { t.to_owned() };
            let (value, n) = (f(value), number(value));
            tests.iter().all(|test| match test {
                Test::Is(texts) => texts.iter().any(|t| f(t) == value),
                Test::Starts(t) => value.find(&f(t)) == Some(0),
                Test::Ends(t) => value.len() >= f(t).len() && value.rfind(&f(t)).is_some_and(|at| at + f(t).len() == value.len()),
                Test::Contains(t) => value.split(&f(t)).count() > 1,
                Test::Matches(pattern) => pattern.finds(&value, *fold),
                Test::Above(b) => n.is_some_and(|n| n > f64::from(*b)),
                Test::AtLeast(b) => n.is_some_and(|n| n >= f64::from(*b)),
                Test::Below(b) => n.is_some_and(|n| n < f64::from(*b)),
                Test::AtMost(b) => n.is_some_and(|n| n <= f64::from(*b)),
                Test::Present => true,
            })
        }),
    }
}

fn text() -> impl Strategy<Value = String> {
    "[abAB]{1,3}"
}

fn field() -> impl Strategy<Value = String> {
    let fields = [
        "summary",
        "source",
        "component",
        "group",
        "class",
        "client",
        "details.a",
        "details.b",
        "details.a.b",
        "details.a.0",
        "details.a.b.c",
        "details.b.1.a",
    ];
    prop::sample::select(fields.to_vec()).prop_map(str::to_owned)
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        text().prop_map(Pattern::Anywhere),
        text().prop_map(Pattern::Begins),
        text().prop_map(Pattern::Ends),
        text().prop_map(Pattern::Whole),
        (text(), text()).prop_map(|(a, b)| Pattern::Either(a, b)),
        (text(), text()).prop_map(|(a, b)| Pattern::Gap(a, b)),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let bound = || -3i32..13;
    prop_oneof![
        prop::collection::vec(text(), 1..4).prop_map(Test::Is),
        text().prop_map(Test::Starts),
        text().prop_map(Test::Ends),
        text().prop_map(Test::Contains),
        pattern().prop_map(Test::Matches),
        bound().prop_map(Test::Above),
        bound().prop_map(Test::AtLeast),
        bound().prop_map(Test::Below),
        bound().prop_map(Test::AtMost),
        Just(Test::Present),
    ]
}

fn meaning() -> impl Strategy<Value = Meaning> {
    // One of each kind at most: the written form has one place for each.
    let tests = prop::collection::vec(test(), 1..3).prop_map(|tests| {
        let mut kept: Vec<Test> = Vec::new();
        for test in tests {
            if kept.iter().all(|k| std::mem::discriminant(k) != std::mem::discriminant(&test)) {
                kept.push(test);
            }
        }
        kept
    });
    let hours = (0u8..24, 1u8..24, prop::collection::btree_set(0u8..7, 0..3))
        .prop_map(|(from, length, days)| Meaning::Hours(from, (from + length) % 24, days.into_iter().collect()));
    let leaf = prop_oneof![
        6 => (field(), tests, any::<bool>()).prop_map(|(field, tests, fold)| Meaning::Field(field, tests, fold)),
        1 => field().prop_map(Meaning::Absent),
        1 => hours,
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Meaning::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Meaning::Any),
            inner.prop_map(|m| Meaning::Not(Box::new(m))),
        ]
    })
}

fn event() -> impl Strategy<Value = Value> {
    let word = || prop_oneof![3 => "[abAB]{0,5}", 1 => "-?[0-9]{1,2}(\\.5)? ?%?"];
    let scalar = move || prop_oneof![4 => word().prop_map(Value::from), 1 => (-3i64..13).prop_map(Value::from), 1 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null)];
    let name = prop::sample::select(vec!["a", "b", "c", "a.b", "0"]).prop_map(str::to_owned);
    let details = scalar().prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    });
    (word(), word(), prop::option::of(word()), prop::option::of(word()), prop::option::of(word()), details).prop_map(|(summary, source, component, group, class, details)| {
        json!({"action": "trigger", "dedup_key": "k", "summary": summary, "source": source, "severity": "error", "component": component, "group": group, "class": class, "details": {"a": details, "b": [1, {"a": "ab"}]}})
    })
}

fn alert(event: &Value) -> Alert {
    serde_json::from_value(json!({
        "id": "alr_01KE6P4YM00000000000000001", "key": {"integration": "shop-pd", "dedup_key": "k"}, "service": "shop", "team": "web", "state": "open",
        "received_at": "2026-01-05T09:00:00Z", "severity": "error", "seq": 1, "handled_seq": 0, "event": event,
    }))
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conditions_hold_as_people_mean_them(meaning in meaning(), event in event(), second in 1_767_225_600i64..1_798_761_600) {
        let at = Timestamp::from_second(second).unwrap();
        let condition: Condition = serde_json::from_value(written(&meaning)).unwrap();
        let alert = alert(&event);
        let found = condition.holds(&View::of(&alert), at);
        prop_assert_eq!(found, holds(&meaning, &event, at), "{:#}\n{:#}\n{}", written(&meaning), event, at);
        // Its written form is the same condition.
        let again: Condition = serde_json::from_value(serde_json::to_value(&condition).unwrap()).unwrap();
        prop_assert_eq!(again, condition);
    }
}

/// The generator is no good if nearly everything, or nearly nothing, holds.
#[test]
fn both_answers_are_tried() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut yes, cases) = (0, 2000);
    for _ in 0..cases {
        let (meaning, event) = (meaning(), event()).new_tree(&mut runner).unwrap().current();
        yes += usize::from(holds(&meaning, &event, "2026-01-05T09:00:00Z".parse().unwrap()));
    }
    assert!((cases / 10..cases * 9 / 10).contains(&yes), "{yes} of {cases}");
}
