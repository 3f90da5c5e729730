//! What makes two deliveries the same alert, where the sender's own key is too long or missing.
//!
//! Called by: the formats. Everything here is a pure function of what the sender wrote, so a trigger, its repetitions and its resolve agree.

use super::json;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// PagerDuty's bound of a dedup key, in characters.
const MAX_KEY: usize = 255;
/// Characters of an over-long key that stay readable.
const PREFIX: usize = 180;

/// A dedup key of at most 255 characters, and a note where the sender's was longer.
///
/// A longer key becomes its beginning, `~` and the SHA-256 of all of it: two long keys with the same beginning stay two alerts, every delivery with
/// the same long key finds the same alert, and so does one with the shortened key that the answer echoed, because that one is not changed again.
pub(super) fn bounded(key: String) -> (String, Option<String>) {
    if key.len() <= MAX_KEY {
        return (key, None);
    }
    let length = key.chars().count();
    if length <= MAX_KEY {
        return (key, None);
    }
    let short = format!("{}~{}", key.chars().take(PREFIX).collect::<String>(), hex(key.as_bytes()));
    let note = format!("dedup_key shortened from {length} to {} characters", short.chars().count());
    (short, Some(note))
}

/// SHA-256 in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    tocsin_domain::hex::hex(&Sha256::digest(bytes))
}

/// The fingerprint that Prometheus and Alertmanager give to a set of labels: FNV-1a over the sorted names and values, in hex.
///
/// Computed where the sender left it out, it equals the one that another version or route of the same sender would have sent. Labels without a value
/// are no labels, as for Alertmanager.
pub(super) fn fingerprint(labels: &Map<String, Value>) -> String {
    let mut pairs: Vec<_> = labels.iter().filter(|(_, value)| !json::is_absent(value)).collect();
    pairs.sort_unstable_by_key(|(name, _)| *name); // sorted already, unless a crate somewhere asks serde_json to preserve the order
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    for (name, value) in pairs {
        for part in [name.as_str(), &json::text(value)] {
            part.bytes().for_each(&mut add);
            add(0xff);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_up_to_255_characters_are_left_alone() {
        for key in [String::new(), "x".into(), "☃".repeat(255), "a".repeat(255)] {
            assert_eq!(bounded(key.clone()), (key, None));
        }
    }

    #[test]
    fn longer_keys_are_distinct_stable_and_reusable() {
        let (one, note) = bounded("k".repeat(300));
        let (other, _) = bounded(format!("{}x", "k".repeat(299)));
        assert_eq!(note.as_deref(), Some("dedup_key shortened from 300 to 245 characters"));
        assert_eq!(one, bounded("k".repeat(300)).0);
        assert_ne!(one, other);
        assert_eq!(bounded(one.clone()), (one, None));
        assert!(bounded("☃".repeat(256)).0.chars().count() <= 255);
    }

    #[test]
    fn the_fingerprint_is_prometheus_own() {
        let labels = r#"{"alertname":"QueueTooDeep","cluster":"conf","instance":"web-2dfec4f7debb:9100","job":"demo","queue":"café ☕ \"q\"","severity":"critical","team":"platform"}"#;
        assert_eq!(fingerprint(&serde_json::from_str(labels).expect("labels")), "a108444466a60d9c");
    }
}
