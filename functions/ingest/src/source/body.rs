//! From the bytes that arrived to the bytes that a parser reads: unpacks them, makes them UTF-8, opens forms.
//!
//! Called by: the ingest handler, once a request. What the headers say is a hint, not a condition: a body that says gzip and is JSON stays JSON, and one that is gzip
//! without saying so is unpacked.
//!
//! Refused: what unpacks to more than the limit (413, before anything is parsed), a broken archive (400), an encoding that nobody here can unpack (415), a form of more
//! than 2,000 fields (413).

use super::Refusal;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use serde_json::{Map, Value};
use std::io::Read;

/// Bytes of the largest body of any format, unpacked: what the platform hands to a function.
pub const MOST: usize = 6 * 1024 * 1024;
/// Encodings one over the other.
const MOST_ENCODINGS: usize = 3;
/// Fields of a form.
const MOST_FIELDS: usize = 2000;
/// Fields of a form that hold the whole body as JSON.
const WHOLE: [&str; 3] = ["payload", "data", "json"];

/// Opens a body.
///
/// # Errors
/// A [`Refusal`] where it can not be unpacked, or is larger than `most` bytes.
pub fn open(body: Vec<u8>, content_encoding: &str, content_type: &str, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut body = unpack(body, content_encoding, most)?;
    if body.len() > most {
        return Err(too_large(most));
    }
    if let Some(text) = utf16(&body, content_type) {
        body = text.into_bytes();
    }
    if is_form(content_type) && body.contains(&b'=') && !matches!(body.iter().find(|b| !b.is_ascii_whitespace()), None | Some(b'{' | b'[' | b'"' | 0xef)) {
        return form(&body);
    }
    Ok(body)
}

fn too_large(most: usize) -> Refusal {
    Refusal::too_large(if most >= MOST { "6 MB" } else { "512 KB" })
}

fn unpack(mut body: Vec<u8>, content_encoding: &str, most: usize) -> Result<Vec<u8>, Refusal> {
    let named = content_encoding.split(',').map(str::trim).filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
    for name in named.rev().take(MOST_ENCODINGS) {
        let is = |names: [&str; 2]| names.iter().any(|n| name.eq_ignore_ascii_case(n));
        if is(["gzip", "x-gzip"]) {
            body = gunzip(body, most)?;
        } else if is(["deflate", "x-deflate"]) {
            body = inflate(body, most)?;
        } else if !looks_readable(&body) {
            return Err(Refusal::new(
                415,
                "invalid event",
                "Content-Encoding is not supported",
                &["send the body as it is, or with gzip or deflate".to_owned()],
            ));
        }
    }
    gunzip(body, most)
}

fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&[0x1f, 0x8b, 8])
}

/// Whether it is JSON or text already, whatever the header says.
fn looks_readable(body: &[u8]) -> bool {
    str::from_utf8(body).is_ok_and(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()))
}

fn gunzip(body: Vec<u8>, most: usize) -> Result<Vec<u8>, Refusal> {
    if is_gzip(&body) { read(MultiGzDecoder::new(body.as_slice()), most)?.ok_or_else(broken) } else { Ok(body) }
}

/// With zlib's frame, as the standard has it, or without, as some senders do.
fn inflate(body: Vec<u8>, most: usize) -> Result<Vec<u8>, Refusal> {
    if body.is_empty() || looks_readable(&body) {
        return Ok(body);
    }
    if let Some(unpacked) = read(ZlibDecoder::new(body.as_slice()), most)? {
        return Ok(unpacked);
    }
    read(DeflateDecoder::new(body.as_slice()), most)?.ok_or_else(broken)
}

/// Nothing where it is no such archive.
fn read(from: impl Read, most: usize) -> Result<Option<Vec<u8>>, Refusal> {
    let mut unpacked = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    match from.take(limit).read_to_end(&mut unpacked) {
        Ok(_) if unpacked.len() > most => Err(too_large(most)),
        Ok(_) => Ok(Some(unpacked)),
        Err(_) => Ok(None),
    }
}

fn broken() -> Refusal {
    Refusal::unrecognized("the body can not be unpacked as its Content-Encoding says")
}

/// The text of a body in UTF-16, told by its byte order mark or its charset.
fn utf16(body: &[u8], content_type: &str) -> Option<String> {
    let little = match body {
        [0xff, 0xfe, ..] => true,
        [0xfe, 0xff, ..] => false,
        _ => {
            let charset = content_type.to_ascii_lowercase();
            let charset = charset.split_once("charset=")?.1.trim_start_matches('"');
            // Most who say so without a mark send plain text all the same.
            if !charset.starts_with("utf-16") || !body.contains(&0) {
                return None;
            }
            !charset.starts_with("utf-16be")
        }
    };
    let units = body.chunks_exact(2).map(|pair| match *pair {
        [a, b] if little => u16::from_le_bytes([a, b]),
        [a, b] => u16::from_be_bytes([a, b]),
        _ => 0,
    });
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The JSON in one of its fields, or an object of all of them.
fn form(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut fields = Map::new();
    for (count, (name, value)) in form_urlencoded::parse(body).enumerate() {
        if count == MOST_FIELDS {
            return Err(Refusal::new(413, "invalid event", "Event object is too large", &["Too many fields in one form".to_owned()]));
        }
        if WHOLE.contains(&name.as_ref()) && value.trim_start().starts_with(['{', '[']) {
            return Ok(value.into_owned().into_bytes());
        }
        fields.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    Ok(Value::Object(fields).to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(data: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn opened(body: Vec<u8>, encoding: &str, content_type: &str) -> Result<String, u16> {
        open(body, encoding, content_type, MOST).map(|body| String::from_utf8(body).unwrap()).map_err(|refusal| refusal.status)
    }

    #[test]
    fn bodies_are_unpacked_whatever_the_header_says() {
        let json = br#"{"a":1}"#;
        for (body, encoding, expected) in [
            (json.to_vec(), "", Ok(r#"{"a":1}"#)),
            (gzip(json), "gzip", Ok(r#"{"a":1}"#)),
            (gzip(json), "X-GZIP", Ok(r#"{"a":1}"#)),
            (gzip(json), "", Ok(r#"{"a":1}"#)),
            (json.to_vec(), "gzip", Ok(r#"{"a":1}"#)),
            (zlib(json), "deflate", Ok(r#"{"a":1}"#)),
            (raw(json), "deflate", Ok(r#"{"a":1}"#)),
            (gzip(&zlib(json)), "deflate, gzip", Ok(r#"{"a":1}"#)),
            (json.to_vec(), "br", Ok(r#"{"a":1}"#)),
            (json.to_vec(), "identity", Ok(r#"{"a":1}"#)),
            (vec![0x0b, 3, 0x80, 0, 3], "br", Err(415)),
            (gzip(json)[..12].to_vec(), "gzip", Err(400)),
            (Vec::new(), "gzip", Ok("")),
        ] {
            assert_eq!(opened(body.clone(), encoding, ""), expected.map(str::to_owned), "{encoding} {body:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_whole() {
        let zeros = vec![b' '; MOST + 1];
        for (body, encoding) in [(gzip(&zeros), "gzip"), (zlib(&zeros), "deflate"), (gzip(&gzip(&zeros)), "gzip, gzip"), (zeros.clone(), "")] {
            assert_eq!(opened(body, encoding, ""), Err(413), "{encoding}");
        }
        assert_eq!(open(vec![b' '; 101], "", "", 100).map_err(|r| r.status), Err(413));
        assert!(open(vec![b' '; 100], "", "", 100).is_ok());
    }

    #[test]
    fn forms() {
        for (body, content_type, expected) in [
            ("payload=%7B%22a%22%3A1%7D&x=1", FORM, r#"{"a":1}"#),
            ("a=1&b=x+y%21&a=2", "Application/X-WWW-Form-Urlencoded; charset=UTF-8", r#"{"a":"2","b":"x y!"}"#),
            ("payload=not+json", FORM, r#"{"payload":"not json"}"#),
            (r#" {"a":"="}"#, FORM, r#" {"a":"="}"#),
            ("disk is full", FORM, "disk is full"),
            ("a=1", "text/plain", "a=1"),
            ("", FORM, ""),
        ] {
            assert_eq!(opened(body.as_bytes().to_vec(), "", content_type), Ok(expected.to_owned()), "{body}");
        }
        let many: String = (0..2001).map(|n| format!("f{n}=&")).collect();
        assert_eq!(opened(many.into_bytes(), "", FORM), Err(413));
    }

    #[test]
    fn charsets() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let json = r#"{"a":"é☃😀"}"#;
        let marked = [vec![0xff, 0xfe], wide(json)].concat();
        let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(json.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        for (body, content_type) in
            [(marked, ""), (big, ""), (wide(json), "application/json; charset=UTF-16LE"), (json.as_bytes().to_vec(), "application/json; charset=\"utf-16\"")]
        {
            assert_eq!(opened(body, "", content_type), Ok(json.to_owned()), "{content_type}");
        }
    }
}
