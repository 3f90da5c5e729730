//! Reads the fields of one event, remembering what was adapted and keeping what found no place.
//!
//! Called by: the formats whose events are one JSON object (PagerDuty's, the generic one). Refuses nothing: a field that can not be used as it is meant
//! is kept whole in the details, under `also_sent`, and named in the notes.

use super::{json, time};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tocsin_domain::alert::event::{Image, Link};

/// Characters of a summary, and of every other line.
pub(super) const MAX_LINE: usize = 1024;
/// Links, and images, of one event; more stay in the details.
const MAX_LINKS: usize = 20;
/// Bytes of an address.
const MAX_ADDRESS: usize = 2048;
/// Where `finish` puts what found no place.
const ALSO_SENT: &str = "also_sent";

/// Notes and leftovers of one event.
#[derive(Debug)]
pub(super) struct Draft {
    adapted: Vec<String>,
    kept: Map<String, Value>,
}

impl Draft {
    /// Starts with what had to be repaired to read the body.
    pub(super) fn new(notes: Vec<String>) -> Self {
        Draft { adapted: notes, kept: Map::new() }
    }

    /// Says on the alert what was adapted.
    pub(super) fn note(&mut self, note: String) {
        self.adapted.push(note);
    }

    /// What was adapted, where there is no alert yet to say it on.
    pub(super) fn into_notes(self) -> Vec<String> {
        self.adapted
    }

    /// Keeps a value under the name of its field.
    pub(super) fn keep(&mut self, field: &str, value: Value) {
        if !json::is_absent(&value) {
            self.kept.insert(field.to_owned(), value);
        }
    }

    /// Keeps whatever is left of an object, under `prefix` + name.
    pub(super) fn keep_rest(&mut self, prefix: &str, rest: Map<String, Value>) {
        for (name, value) in rest {
            self.keep(&format!("{prefix}{name}"), value);
        }
    }

    /// A line of text; cut, with the whole kept, where it is over-long.
    pub(super) fn line(&mut self, field: &str, value: Option<Value>) -> Option<String> {
        let value = value?;
        if matches!(value, Value::Array(_) | Value::Object(_)) {
            self.note(format!("{field} was not text"));
        }
        let text = json::into_text(value);
        match json::cut(field, &text, MAX_LINE) {
            None => Some(text),
            Some((kept, note)) => {
                self.note(note);
                self.keep(field, Value::String(text));
                Some(kept)
            }
        }
    }

    /// A time.
    pub(super) fn moment(&mut self, field: &str, value: Option<Value>) -> Option<Timestamp> {
        let value = value?;
        match time::read(&value) {
            Some(moment) => Some(moment).filter(|moment| !time::is_unset(*moment)),
            None => {
                self.note(format!("{field} is no time that Tocsin can read"));
                self.keep(field, value);
                None
            }
        }
    }

    /// A web address.
    pub(super) fn address(&mut self, field: &str, value: Option<Value>) -> Option<String> {
        match value? {
            Value::String(address) if is_address(&address) => Some(address),
            other => {
                self.note(format!("{field} is no web address"));
                self.keep(field, other);
                None
            }
        }
    }

    /// `[{"href", "text"}]`; bare addresses and a single one are read too.
    pub(super) fn links(&mut self, field: &str, value: Option<Value>) -> Vec<Link> {
        self.list(field, value, |item| match item {
            Value::String(href) if is_address(href) => Some(Link { href: std::mem::take(href), text: String::new() }),
            Value::Object(map) if has_address(map, "href") => {
                let text = map.get("text").filter(|text| !json::is_absent(text)).map(json::text);
                if text.as_ref().is_some_and(|text| text.chars().nth(MAX_LINE).is_some()) {
                    return None;
                }
                let text = text.map(std::borrow::Cow::into_owned).unwrap_or_default();
                Some(Link { href: take_address(map, "href")?, text })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        })
    }

    /// `[{"src", "href", "alt"}]`; bare addresses and a single one are read too.
    pub(super) fn images(&mut self, field: &str, value: Option<Value>) -> Vec<Image> {
        self.list(field, value, |item| match item {
            Value::String(src) if is_address(src) => Some(Image { src: std::mem::take(src), href: None, alt: None }),
            Value::Object(map) if has_address(map, "src") => {
                let alt = json::member(map, "alt");
                if alt.as_ref().is_some_and(|alt| alt.chars().nth(MAX_LINE).is_some()) || (json::member(map, "href").is_some() && !has_address(map, "href")) {
                    return None;
                }
                let alt = alt.map(std::borrow::Cow::into_owned);
                Some(Image { src: take_address(map, "src")?, href: take_address(map, "href"), alt })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        })
    }

    /// Reads each item; those that can not be read, and those beyond the bound, stay in the details.
    fn list<T>(&mut self, field: &str, value: Option<Value>, read: impl Fn(&mut Value) -> Option<T>) -> Vec<T> {
        let items = match value {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(single) => vec![single],
        };
        let (mut good, mut bad) = (Vec::with_capacity(items.len().min(MAX_LINKS)), Vec::new());
        for mut item in items {
            match if good.len() < MAX_LINKS { read(&mut item) } else { None } {
                Some(read) => good.push(read),
                None if json::is_absent(&item) => {}
                None => bad.push(item),
            }
        }
        if !bad.is_empty() {
            self.note(format!("{} of {field} can not be shown as such and stay in the details", bad.len()));
            self.keep(field, Value::Array(bad));
        }
        good
    }

    /// The details with what found no place, and the notes.
    ///
    /// The sender's details stay as they are where nothing is left over. Otherwise an object gets one member more, `also_sent`; details of another
    /// kind, or with a member of that name, move to `custom_details` beside it.
    pub(super) fn finish(self, details: Option<Value>) -> (Value, Vec<String>) {
        if self.kept.is_empty() {
            return (details.unwrap_or_default(), self.adapted);
        }
        let mut whole = match details {
            None => Map::new(),
            Some(Value::Object(map)) if !map.contains_key(ALSO_SENT) => map,
            Some(other) => Map::from_iter([("custom_details".to_owned(), other)]),
        };
        whole.insert(ALSO_SENT.to_owned(), Value::Object(self.kept));
        (Value::Object(whole), self.adapted)
    }
}

/// Whether a page could link to it: http or https, no blanks or control characters, not absurdly long.
pub(super) fn is_address(text: &str) -> bool {
    let scheme = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && text.len() > scheme.len();
    text.len() <= MAX_ADDRESS && (scheme("https://") || scheme("http://")) && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn has_address(map: &Map<String, Value>, name: &str) -> bool {
    map.get(name).and_then(Value::as_str).is_some_and(is_address)
}

fn take_address(map: &mut Map<String, Value>, name: &str) -> Option<String> {
    match map.remove(name)? {
        Value::String(address) if !address.is_empty() => Some(address),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_can_not_be_shown_is_kept() {
        let mut draft = Draft::new(Vec::new());
        let links = draft.links(
            "links",
            Some(json!([{"href": "https://a", "text": "A"}, "http://b", {"href": "javascript:alert(1)"}, {"text": "no address"}, null, 7, {"href": "HTTPS://c", "text": 5}])),
        );
        let shown: Vec<_> = links.iter().map(|link| (link.href.as_str(), link.text.as_str())).collect();
        assert_eq!(shown, [("https://a", "A"), ("http://b", ""), ("HTTPS://c", "5")]);
        let images = draft.images("images", Some(json!({"src": "https://i/1.png", "href": "", "alt": "graph"})));
        assert_eq!(images, [Image { src: "https://i/1.png".into(), href: None, alt: Some("graph".into()) }]);
        let (details, adapted) = draft.finish(Some(json!({"free": "1%"})));
        assert_eq!(details, json!({"free": "1%", "also_sent": {"links": [{"href": "javascript:alert(1)"}, {"text": "no address"}, 7]}}));
        assert_eq!(adapted, ["3 of links can not be shown as such and stay in the details"]);
    }

    #[test]
    fn the_number_of_links_is_bounded() {
        let mut draft = Draft::new(Vec::new());
        let many: Vec<_> = (0..25).map(|n| format!("https://x/{n}")).collect();
        assert_eq!(draft.links("links", Some(json!(many))).len(), 20);
        assert_eq!(draft.finish(None).0["also_sent"]["links"].as_array().map(Vec::len), Some(5));
    }

    #[test]
    fn details_of_any_kind_stay_whole() {
        let cases = [
            (None, json!({"also_sent": {"x": 1}})),
            (Some(json!("text")), json!({"custom_details": "text", "also_sent": {"x": 1}})),
            (Some(json!([1])), json!({"custom_details": [1], "also_sent": {"x": 1}})),
            (Some(json!({"also_sent": 2})), json!({"custom_details": {"also_sent": 2}, "also_sent": {"x": 1}})),
        ];
        for (details, expected) in cases {
            let mut draft = Draft::new(Vec::new());
            draft.keep("x", json!(1));
            assert_eq!(draft.finish(details).0, expected);
        }
    }

    #[test]
    fn addresses() {
        for good in ["https://x", "http://x/é?q=1#f", "HTTP://X"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "https://", "x.example.com", "javascript:alert(1)", "https://a b", "https://a\nb", "ftp://x", "é"] {
            assert!(!is_address(bad), "{bad}");
        }
        assert!(!is_address(&format!("https://{}", "x".repeat(2048))));
    }
}
