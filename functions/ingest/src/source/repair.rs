//! The second reading of a body that strict JSON refuses: what real senders get wrong, and what can only have been meant in one way.
//!
//! Called by: [`json`](super::json), only after strict parsing failed. Handles a byte order mark, a terminating NUL (C), text in Latin-1 (Windows PowerShell), raw line ends
//! and tabs in strings (shell scripts), backslashes that escape nothing (Windows paths), halves of emoji (texts cut by JavaScript), `NaN` and
//! `Infinity` (Python), numbers with more digits than a number holds, and nesting beyond the bound. One pass, no recursion.
//!
//! Refuses to guess: missing quotes, brackets or commas stay what they are, and the strict parser refuses them again.

use super::json::MAX_DEPTH;
use std::borrow::Cow;

const LATIN_1: &str = "bytes that are not UTF-8 were read as Latin-1";
const CONTROL: &str = "unescaped control characters in the JSON were accepted";
const ESCAPE: &str = "invalid escapes in the JSON were read as plain text";
const SURROGATE: &str = "half of a character (a lone surrogate) was replaced";
const NUMBER: &str = "numbers that JSON cannot hold were kept as text";
const DEPTH: &str = "values nested deeper than 64 levels were kept as text";

/// A body that strict parsing may accept now.
pub(super) struct Repaired {
    pub(super) text: String,
    /// What was changed, for `Event::adapted`.
    pub(super) notes: Vec<String>,
}

/// Repairs what can be repaired.
pub(super) fn repair(body: &[u8]) -> Repaired {
    let mut notes: Vec<&'static str> = Vec::new();
    let decoded = decode(body, &mut notes);
    let input = decoded.strip_prefix('\u{feff}').unwrap_or(&decoded).trim_end_matches('\0');
    let mut out = Output { text: String::with_capacity(input.len() + 64), notes };
    let bytes = input.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        let next = match byte {
            b'"' => string(input, at, &mut out),
            b'{' | b'[' if depth >= MAX_DEPTH => match container_end(bytes, at) {
                Some(end) => out.quoted(&input[at..end], end, DEPTH),
                None => return Repaired { text: String::new(), notes: Vec::new() },
            },
            b'{' | b'[' => {
                depth += 1;
                out.copy(input, at, at + 1)
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                out.copy(input, at, at + 1)
            }
            b'-' | b'+' | b'.' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                let end = bytes.iter().skip(at).position(|b| !(b.is_ascii_alphanumeric() || b"-+._".contains(b))).map_or(bytes.len(), |n| at + n);
                let word = &input[at..end];
                if needs_quotes(word) { out.quoted(word, end, NUMBER) } else { out.copy(input, at, end) }
            }
            _ => {
                let end = bytes.iter().skip(at + 1).position(u8::is_ascii).map_or(bytes.len(), |n| at + 1 + n);
                out.copy(input, at, end)
            }
        };
        at = next;
    }
    Repaired { text: out.text, notes: out.notes.into_iter().map(str::to_owned).collect() }
}

struct Output {
    text: String,
    notes: Vec<&'static str>,
}

impl Output {
    fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn copy(&mut self, input: &str, from: usize, to: usize) -> usize {
        self.text.push_str(&input[from..to]);
        to
    }

    fn quoted(&mut self, raw: &str, end: usize, note: &'static str) -> usize {
        self.note(note);
        self.text.push_str(&serde_json::Value::from(raw).to_string());
        end
    }
}

fn decode<'a>(body: &'a [u8], notes: &mut Vec<&'static str>) -> Cow<'a, str> {
    if let Ok(text) = str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    notes.push(LATIN_1);
    let mut text = String::with_capacity(body.len() + body.len() / 8);
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|&byte| char::from(byte)));
    }
    Cow::Owned(text)
}

/// `NaN` and the infinities, and numbers that would lose digits.
fn needs_quotes(word: &str) -> bool {
    if matches!(word, "NaN" | "-NaN" | "Infinity" | "+Infinity" | "-Infinity") {
        return true;
    }
    let digits = word.strip_prefix('-').unwrap_or(word);
    match digits.as_bytes() {
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => digits.len() > 19 && word.parse::<u64>().is_err(),
        [b'0'..=b'9', ..] => word.parse::<f64>().is_ok_and(f64::is_infinite),
        _ => false,
    }
}

/// Where the container that opens at `at` ends, after its closing bracket.
fn container_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut open, mut quoted, mut escaped) = (0_usize, false, false);
    for (index, &byte) in bytes.iter().enumerate().skip(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => open += 1,
            b'}' | b']' if !quoted => {
                open -= 1;
                if open == 0 {
                    return Some(index + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Copies the string that opens at `at`; returns where it ends, after its closing quote.
fn string(input: &str, at: usize, out: &mut Output) -> usize {
    let bytes = input.as_bytes();
    let mut at = out.copy(input, at, at + 1);
    loop {
        let run = bytes.iter().skip(at).position(|&b| b == b'"' || b == b'\\' || b < b' ').map_or(bytes.len(), |n| at + n);
        at = out.copy(input, at, run);
        match bytes.get(at) {
            None => return at,
            Some(b'"') => return out.copy(input, at, at + 1),
            Some(b'\\') => at = escape(input, at, out),
            Some(control) => {
                out.note(CONTROL);
                out.text.push_str(&format!("\\u{control:04x}"));
                at += 1;
            }
        }
    }
}

fn escape(input: &str, at: usize, out: &mut Output) -> usize {
    let bytes = input.as_bytes();
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => return out.copy(input, at, at + 2),
        Some(b'u') => match (unit(bytes, at), unit(bytes, at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => return out.copy(input, at, at + 12),
            (Some(0xd800..0xe000), _) => {
                out.note(SURROGATE);
                out.text.push('\u{fffd}');
                return at + 6;
            }
            (Some(_), _) => return out.copy(input, at, at + 6),
            (None, _) => {}
        },
        _ => {}
    }
    out.note(ESCAPE);
    out.text.push_str("\\\\");
    at + 1
}

/// The four hexadecimal digits of a `\u` that stands at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = bytes.get(at..at + 6)? else { return None };
    digits.iter().try_fold(0, |sum, &digit| Some(sum * 16 + char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::super::json::parse;
    use super::*;
    use serde_json::json;

    #[test]
    fn what_senders_get_wrong_is_read_as_meant() {
        let cases: [(&[u8], serde_json::Value, &[&str]); 17] = [
            (b"{\"a\":1}\n\0", json!({"a": 1}), &[]),
            (b"\xef\xbb\xbf{\"a\":1}", json!({"a": 1}), &[]),
            (b"{\"a\":\"caf\xe9\"}", json!({"a": "café"}), &[LATIN_1]),
            (b"{\"a\":\"one\ntwo\tthree\x00\"}", json!({"a": "one\ntwo\tthree\0"}), &[CONTROL]),
            (br#"{"a":"C:\data\new"}"#, json!({"a": "C:\\data\new"}), &[ESCAPE]),
            (br#"{"a":"it\'s"}"#, json!({"a": "it\\'s"}), &[ESCAPE]),
            (br#"{"a":"\u00zz \u12"}"#, json!({"a": "\\u00zz \\u12"}), &[ESCAPE]),
            (br#"{"a":"cut \ud83d"}"#, json!({"a": "cut \u{fffd}"}), &[SURROGATE]),
            (br#"{"a":"\ude00\ud83d\ude00 \ud83d\u0041"}"#, json!({"a": "\u{fffd}😀 \u{fffd}A"}), &[SURROGATE]),
            (br#"{"a":NaN,"b":[-Infinity,Infinity]}"#, json!({"a": "NaN", "b": ["-Infinity", "Infinity"]}), &[NUMBER]),
            (br#"{"a":123456789012345678901234567890}"#, json!({"a": "123456789012345678901234567890"}), &[NUMBER]),
            (br#"{"a":-99999999999999999999}"#, json!({"a": "-99999999999999999999"}), &[NUMBER]),
            (br#"{"a":1e999}"#, json!({"a": "1e999"}), &[NUMBER]),
            (br#"{"a":1e300}"#, json!({"a": 1e300}), &[]),
            (br#"{"NaN":"NaN, [1e999 {","b":18446744073709551615}"#, json!({"NaN": "NaN, [1e999 {", "b": u64::MAX}), &[]),
            (b"{\"caf\xe9\":\"\\ud83d\n\"}", json!({"café": "\u{fffd}\n"}), &[LATIN_1, SURROGATE, CONTROL]),
            (b"{\"a\":\"\xf0\x9f\x98\x80\xf0\x9f\"}", json!({"a": "😀ð\u{9f}"}), &[LATIN_1]),
        ];
        for (body, value, notes) in cases {
            let document = parse(body).unwrap_or_else(|e| panic!("{e:?} {}", String::from_utf8_lossy(body)));
            assert_eq!((document.value, document.notes), (value, notes.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()));
        }
    }

    #[test]
    fn sound_json_is_left_alone() {
        let body = r#"{"a":[1,-2.5e3,true,null,"x\n\u00e9\\"],"ü":{}}"#;
        let repaired = repair(body.as_bytes());
        assert_eq!((repaired.text.as_str(), repaired.notes.len()), (body, 0));
    }

    #[test]
    fn brackets_in_strings_do_not_count_as_depth() {
        let body = format!("{}{{\"a\":\"]}}\\\"]\"}}{}", "[".repeat(64), "]".repeat(64));
        let document = parse(body.as_bytes()).expect("readable");
        assert_eq!(document.notes, [DEPTH]);
        assert!(document.value.to_string().contains(r#"{\"a\":\"]}"#));
    }
}
