//! Large documents: deflated, and cut into parts that fit into items.

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::{Read, Write};

/// Most bytes of a part. An item holds 400 KB, keys and names included.
pub(crate) const MOST_BYTES: usize = 300 * 1024;

#[expect(clippy::expect_used, reason = "writing to memory does not fail, and an empty answer would lose the document")]
pub(crate) fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(data.len() / 4), Compression::default());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

/// Refuses what unpacks to more than `most` bytes.
pub(crate) fn inflate(data: &[u8], most: u64) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    DeflateDecoder::new(data).take(most + 1).read_to_end(&mut unpacked)?;
    if unpacked.len() as u64 > most { Err(std::io::Error::other("larger than it may be")) } else { Ok(unpacked) }
}

/// Deflates and cuts.
pub(crate) fn parts(data: &[u8]) -> Vec<Vec<u8>> {
    deflate(data).chunks(MOST_BYTES).map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        let data: Vec<u8> = (0..1_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let parts = parts(&data);
        assert!(parts.iter().all(|p| p.len() <= MOST_BYTES));
        assert_eq!(inflate(&parts.concat(), 1_000_000).unwrap(), data);
    }

    #[test]
    fn a_bomb_is_refused() {
        assert!(inflate(&deflate(&vec![0; 100_000]), 99_999).is_err());
        assert!(inflate(b"not deflated", 100).is_err());
    }
}
