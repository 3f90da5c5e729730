//! Conditions: whether a rule is about an event.
//!
//! Bounded: conditions nest a few levels, values are cut, and regular expressions run in time linear in both (`regex-lite`, with a limit on what they compile to).
//! Refuses to fail: what validation would have refused does not match.

use super::field::{View, is_field, meant};
use crate::configuration::validate::suggest;
use crate::schedule::Times;
use jiff::Timestamp;
use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Conditions within conditions.
pub const MOST_DEPTH: usize = 8;
/// Conditions of one rule.
pub const MOST_CONDITIONS: usize = 200;
/// The longest text to compare with, in characters.
pub const MOST_TEXT_CHARS: usize = 1000;
/// What a regular expression may compile to, in bytes.
const MOST_REGEX_BYTES: usize = 64 * 1024;
/// How deep a regular expression may nest.
const MOST_REGEX_DEPTH: u32 = 50;

/// Whether a rule is about an event: one of `all`, `any`, `not`, `time`, or `field` with what is asked of it.
///
/// ```
/// use tocsin_domain::rules::Condition;
/// let disk: Condition = serde_json::from_str(r#"{"all": [
///     {"field": "severity", "is": ["warning", "info"]},
///     {"field": "details.used", "at_least": 80, "below": 95},
///     {"not": {"field": "source", "starts_with": "test-"}}
/// ]}"#)?;
/// # let _ = disk;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Condition {
    /// Every one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<Vec<Condition>>,
    /// At least one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any: Option<Vec<Condition>>,
    /// Not this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<Box<Condition>>,
    /// When the event came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Times>,
    /// A field of the event (`summary`, `details.host`): one value of it has to pass everything that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// It is exactly this text, or one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is: Option<OneOf>,
    /// It begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<String>,
    /// It ends so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_with: Option<String>,
    /// It contains this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// A regular expression matches somewhere in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// It is a number above this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<Figure>,
    /// It is a number, at least this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Figure>,
    /// It is a number below this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<Figure>,
    /// It is a number, at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Figure>,
    /// Whether the event has it at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    /// Capital letters are the same as small ones.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_case: bool,
}

/// One text or several. Numbers and truth values are the text that they are written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOf(pub Vec<String>);

impl Serialize for OneOf {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => s.serialize_str(one),
            several => several.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for OneOf {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> de::Visitor<'de> for Texts {
            type Value = Vec<String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a list of texts")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(vec![v.to_owned()])
            }
            fn visit_bool<E: de::Error>(self, v: bool) -> Result<Self::Value, E> {
                Ok(vec![v.to_string()])
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Self::Value, E> {
                Ok(vec![v.to_string()])
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Self::Value, E> {
                Ok(vec![v.to_string()])
            }
            fn visit_f64<E: de::Error>(self, v: f64) -> Result<Self::Value, E> {
                Ok(vec![v.to_string()])
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(OneOf(mut one)) = seq.next_element::<OneOf>()? {
                    match (one.pop(), one.is_empty()) {
                        (Some(text), true) => texts.push(text),
                        (Some(_) | None, _) => return Err(de::Error::custom("a list within the list")),
                    }
                }
                Ok(texts)
            }
        }
        d.deserialize_any(Texts).map(Self)
    }
}

/// A finite number to compare with.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Figure(pub f64);

impl PartialEq for Figure {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Figure {}

/// A mistake in a condition: where within it, what, and what to write.
pub(crate) type Mistake = (String, String, String);

impl Condition {
    /// Whether it holds for an event that came at `at`.
    pub fn holds(&self, event: &View<'_>, at: Timestamp) -> bool {
        self.holds_within(event, at, MOST_DEPTH)
    }

    fn holds_within(&self, event: &View<'_>, at: Timestamp, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if let Some(all) = &self.all {
            return all.iter().all(|c| c.holds_within(event, at, depth));
        }
        if let Some(any) = &self.any {
            return any.iter().any(|c| c.holds_within(event, at, depth));
        }
        if let Some(not) = &self.not {
            return !not.holds_within(event, at, depth);
        }
        if let Some(times) = &self.time {
            return times.open_at(at).is_some();
        }
        let Some(path) = &self.field else { return false };
        let values = event.values(path);
        match self.present {
            Some(false) => values.is_empty(),
            Some(true) | None => values.iter().any(|v| self.passes(v)),
        }
    }

    fn passes(&self, value: &str) -> bool {
        let fold = |text: &str| if self.ignore_case { text.to_lowercase() } else { text.to_owned() };
        let value = fold(value);
        let text = |wanted: &Option<String>, test: fn(&str, &str) -> bool| wanted.as_ref().is_none_or(|w| test(&value, &fold(w)));
        let number = |bound: Option<Figure>, test: fn(f64, f64) -> bool| bound.is_none_or(|b| figure(&value).is_some_and(|v| test(v, b.0)));
        self.is.as_ref().is_none_or(|is| is.0.iter().any(|w| fold(w) == value))
            && text(&self.starts_with, |v, w| v.starts_with(w))
            && text(&self.ends_with, |v, w| v.ends_with(w))
            && text(&self.contains, |v, w| v.contains(w))
            && number(self.above, |v, b| v > b)
            && number(self.at_least, |v, b| v >= b)
            && number(self.below, |v, b| v < b)
            && number(self.at_most, |v, b| v <= b)
            && self.matches.as_ref().is_none_or(|pattern| compile(pattern, self.ignore_case).is_ok_and(|r| r.is_match(&value)))
    }

    /// How many conditions it is made of.
    pub fn count(&self) -> usize {
        let lists = self.all.iter().chain(&self.any).flatten();
        1 + lists.chain(self.not.iter().map(AsRef::as_ref)).map(Condition::count).sum::<usize>()
    }

    /// Every mistake.
    pub(crate) fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        self.check("", MOST_DEPTH, &mut found);
        found
    }

    fn check(&self, path: &str, depth: usize, found: &mut Vec<Mistake>) {
        let dot = if path.is_empty() { "" } else { "." };
        let at = |field: &str| format!("{path}{dot}{field}");
        let mut say = |path: String, message: &str, suggestion: &str| found.push((path, message.to_owned(), suggestion.to_owned()));
        let Some(depth) = depth.checked_sub(1) else {
            say(path.to_owned(), "conditions nest too deep", &format!("at most {MOST_DEPTH} levels"));
            return;
        };
        let forms = [self.all.is_some(), self.any.is_some(), self.not.is_some(), self.time.is_some(), self.field.is_some()];
        if forms.iter().filter(|f| **f).count() != 1 {
            say(path.to_owned(), "a condition is one of all, any, not, time and field", "write one of them; put several into a list under all or any");
        }
        let asked = [&self.starts_with, &self.ends_with, &self.contains, &self.matches].into_iter().flatten().count()
            + [self.above, self.at_least, self.below, self.at_most].iter().flatten().count()
            + usize::from(self.is.is_some())
            + usize::from(self.present.is_some());
        match &self.field {
            None if asked > 0 || self.ignore_case => {
                say(path.to_owned(), "it is not said which field this is asked of", "write field: summary, or another one")
            }
            Some(_) if asked == 0 => say(path.to_owned(), "nothing is asked of the field", "write is, contains, starts_with, matches, above, present ..."),
            Some(_) | None => {}
        }
        if let Some(field) = self.field.as_ref().filter(|f| !is_field(f)) {
            say(at("field"), &format!("events have no field {field:?}"), &meant(field));
        }
        if self.present == Some(false) && asked > 1 {
            say(at("present"), "a field that is not there passes no other test", "leave the others out");
        }
        if self.field.as_deref() == Some("severity")
            && let Some(OneOf(words)) = &self.is
        {
            let known = ["critical", "error", "warning", "info"];
            for word in words.iter().filter(|w| !known.contains(&w.as_str())) {
                say(at("is"), &format!("there is no severity {word:?}"), &suggest::among(word, &known));
            }
        }
        if self.is.as_ref().is_some_and(|is| is.0.is_empty()) {
            say(at("is"), "an empty list is never met", "name a text");
        }
        let texts = [("starts_with", &self.starts_with), ("ends_with", &self.ends_with), ("contains", &self.contains), ("matches", &self.matches)];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        for (name, text) in texts.chain(self.is.iter().flat_map(|is| is.0.iter().map(|t| ("is", t)))) {
            if text.chars().count() > MOST_TEXT_CHARS {
                say(at(name), "the text is too long", &format!("at most {MOST_TEXT_CHARS} characters"));
            } else if text.is_empty() && name != "is" {
                say(at(name), "the text is empty", "write what to look for");
            }
        }
        if let Some(pattern) = self.matches.as_ref().filter(|p| p.chars().count() <= MOST_TEXT_CHARS)
            && let Err(error) = compile(pattern, self.ignore_case)
        {
            say(
                at("matches"),
                &format!("the regular expression can not be read: {error}"),
                "the syntax is that of Rust's regex-lite: no look-around, no back-references",
            );
        }
        let numbers = [("above", self.above), ("at_least", self.at_least), ("below", self.below), ("at_most", self.at_most)];
        for (name, _) in numbers.into_iter().filter(|(_, n)| n.is_some_and(|n| !n.0.is_finite())) {
            say(at(name), "this is no number to compare with", "write a number");
        }
        let (least, most) = (self.above.or(self.at_least), self.below.or(self.at_most));
        if let (Some(least), Some(most)) = (least, most)
            && least.0 > most.0
        {
            say(path.to_owned(), &format!("no number is above {} and below {}", least.0, most.0), "exchange them");
        }
        if let Some(times) = &self.time {
            for problem in times.validate() {
                found.push((at(&format!("time.{}", problem.field)), problem.message, problem.suggestion));
            }
        }
        for (name, list) in [("all", &self.all), ("any", &self.any)] {
            if list.as_ref().is_some_and(Vec::is_empty) {
                found.push((at(name), "the list is empty".to_owned(), "write a condition, or leave `when` out for every event".to_owned()));
            }
            for (i, condition) in list.iter().flatten().enumerate() {
                condition.check(&at(&format!("{name}[{i}]")), depth, found);
            }
        }
        if let Some(not) = &self.not {
            not.check(&at("not"), depth, found);
        }
    }
}

fn compile(pattern: &str, ignore_case: bool) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(pattern).case_insensitive(ignore_case).size_limit(MOST_REGEX_BYTES).nest_limit(MOST_REGEX_DEPTH).build()
}

/// The number that a value is, also with a percent sign behind it.
fn figure(value: &str) -> Option<f64> {
    value.trim().trim_end_matches('%').trim_end().parse::<f64>().ok().filter(|n| n.is_finite())
}
