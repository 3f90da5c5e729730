//! GitHub's signature of a webhook, where the webhook has a secret: `X-Hub-Signature-256: sha256=HEX`, an HMAC of the body as it was sent.
//!
//! The secret is the integration's key, which stands in the address already: nothing else has to be kept, and of the key only a hash is. A webhook without a secret sends no
//! signature, and is taken by its key alone.

use ring::hmac;

/// Whether the signature is of this body, by this key. Compared in constant time.
pub fn fits(key: &str, body: &[u8], signature: &str) -> bool {
    let Some(tag) = signature.trim().strip_prefix("sha256=").and_then(bytes) else { return false };
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), body, &tag).is_ok()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let pairs = hex.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    });
    if hex.len() == 64 { pairs.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's own example: docs.github.com, "Validating webhook deliveries".
    #[test]
    fn the_published_vector_fits_and_nothing_near_it() {
        let (secret, body) = ("It's a Secret to Everybody", b"Hello, World!");
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(fits(secret, body, right));
        assert!(fits(secret, body, &right.to_uppercase().replace("SHA256=", "sha256=")));
        assert!(!fits(secret, b"Hello, World", right) && !fits("another", body, right));
        for signature in ["", "sha256=", &right[..70], &format!("{right}00"), &right.replace("sha256=", "sha1="), &right.replace("75", "76"), "sha256=é"] {
            assert!(!fits(secret, body, signature), "{signature}");
        }
    }
}
