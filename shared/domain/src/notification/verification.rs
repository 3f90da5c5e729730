//! Verification: whether the owner of a contact method has shown that it reaches them.
//!
//! By contact method and address: another address is unverified again. A text message is verified by a code of six digits, e-mail by the confirmation that
//! the provider asks for. Called by the use cases that send, confirm and plan. Refuses to hold a number, an address or a code: hashes only.

use crate::configuration::ContactMethod;
use crate::hex::hex;
use crate::id::ContactId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// A code is valid for this long.
pub const CODE_VALID_MIN: i64 = 10;
/// A code stops working after this many wrong ones.
pub const MOST_WRONG: u32 = 5;
/// Codes to one contact method within a day.
pub const MOST_A_DAY: usize = 5;
/// Seconds between two codes to one contact method.
pub const BETWEEN_S: i64 = 60;

/// What stands for an address: SHA-256 of the contact method's id, its channel and the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressHash(String);

impl AddressHash {
    /// Of a contact method as it is configured.
    pub fn of(method: &ContactMethod) -> Self {
        Self(hex(&Sha256::digest(format!("{}\n{:?}\n{}", method.id, method.kind, method.to).as_bytes())))
    }
}

/// A code of six digits, which is told to nobody but the phone.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// From random bytes; each value is as likely as any other (to within 1 in 10^13).
    pub fn drawn(secret: &str) -> Self {
        let number = Sha256::digest(secret.as_bytes()).iter().take(8).fold(0_u64, |n, b| n << 8 | u64::from(*b));
        Self(format!("{:06}", number % 1_000_000))
    }

    /// What somebody typed: blanks and dashes are passed over.
    pub fn typed(text: &str) -> Self {
        Self(text.chars().filter(char::is_ascii_digit).collect())
    }

    /// The digits, for the message.
    pub fn digits(&self) -> &str {
        &self.0
    }

    fn hash(&self, address: &AddressHash) -> String {
        hex(&Sha256::digest(format!("{}\n{}", address.0, self.0).as_bytes()))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

/// How a contact method stands; kept under its id. The default is one that nobody has verified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Rises with each write: the optimistic lock, which also counts each try before it is judged.
    pub revision: u64,
    /// The address that was verified, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verified: Option<(AddressHash, Timestamp)>,
    /// The code that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Waiting>,
    /// When codes were sent, the last day's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sent: Vec<Timestamp>,
}

/// A code that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    address: AddressHash,
    hash: String,
    expires_at: Timestamp,
    wrong: u32,
}

impl Verification {
    /// Whether this very address was verified.
    pub fn holds(&self, method: &ContactMethod) -> bool {
        self.verified.as_ref().is_some_and(|(address, _)| *address == AddressHash::of(method))
    }

    /// The owner showed that it reaches them. Nothing changes where that is known.
    pub fn verify(&mut self, method: &ContactMethod, now: Timestamp) {
        if !self.holds(method) {
            self.verified = Some((AddressHash::of(method), now));
        }
    }

    /// A code is about to be sent; `false`, and nothing changes, where it would be too many.
    #[must_use]
    pub fn send(&mut self, method: &ContactMethod, code: &Code, now: Timestamp) -> bool {
        let day = |t: &Timestamp| now.duration_since(*t) < SignedDuration::from_hours(24);
        let recent: Vec<Timestamp> = self.sent.iter().copied().filter(day).collect();
        let lately = recent.last().is_some_and(|t| now.duration_since(*t).as_secs() < BETWEEN_S);
        if lately || recent.len() >= MOST_A_DAY {
            return false;
        }
        let address = AddressHash::of(method);
        let hash = code.hash(&address);
        self.code = Some(Waiting { address, hash, expires_at: now + SignedDuration::from_mins(CODE_VALID_MIN), wrong: 0 });
        self.sent = recent;
        self.sent.push(now);
        true
    }

    /// A code is tried. Right: the address is verified, however often it is said while the code is valid. Otherwise the try counts; which of wrong, expired, never sent and tried too often it was is not told.
    ///
    /// ```
    /// # use tocsin_domain::{configuration::ContactMethod, notification::verification::{Code, Verification}};
    /// let method: ContactMethod = serde_json::from_str(r#"{"id": "ada-sms", "kind": "sms", "to": "+15555550100"}"#).unwrap();
    /// let t = |s: &str| s.parse::<jiff::Timestamp>().unwrap();
    /// let (mut v, code) = (Verification::default(), Code::typed("123456"));
    /// assert!(v.send(&method, &code, t("2026-01-05T09:00:00Z")));
    /// assert!(!v.send(&method, &code, t("2026-01-05T09:00:59Z")), "one a minute");
    /// assert!(!v.clone().confirm(&method, &Code::typed("123456"), t("2026-01-05T09:10:00Z")), "ten minutes");
    /// assert!(v.confirm(&method, &Code::typed("123 456"), t("2026-01-05T09:09:59Z")));
    /// assert!(v.holds(&method));
    /// assert!(!v.holds(&ContactMethod { to: "+15555550101".into(), ..method }), "another address is another matter");
    /// ```
    #[must_use]
    pub fn confirm(&mut self, method: &ContactMethod, code: &Code, now: Timestamp) -> bool {
        let Some(waiting) = self.code.as_mut().filter(|w| w.wrong < MOST_WRONG && now < w.expires_at && w.address == AddressHash::of(method)) else {
            return false;
        };
        // Hashes are compared: how long that takes says nothing about the code.
        if code.hash(&waiting.address) != waiting.hash {
            waiting.wrong += 1;
            return false;
        }
        self.verify(method, now);
        true
    }
}

/// How the contact methods of some pages stand: which of them are verified.
pub type Verified = std::collections::BTreeSet<ContactId>;

#[cfg(test)]
mod tests {
    use super::*;

    fn method() -> ContactMethod {
        serde_json::from_str(r#"{"id": "ada-sms", "kind": "sms", "to": "+15555550100"}"#).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_603_600 + seconds).unwrap()
    }

    #[test]
    fn five_wrong_codes_end_a_code_and_a_new_one_begins_again() {
        let (mut v, right, wrong) = (Verification::default(), Code::typed("123456"), Code::typed("123457"));
        assert!(v.send(&method(), &right, at(0)));
        for _ in 0..MOST_WRONG {
            assert!(!v.confirm(&method(), &wrong, at(1)));
        }
        assert!(!v.confirm(&method(), &right, at(2)), "tried too often");
        assert!(v.send(&method(), &right, at(60)));
        assert!(!v.confirm(&method(), &Code::typed(""), at(61)));
        assert!(v.confirm(&method(), &right, at(61)));
        assert!(v.confirm(&method(), &right, at(62)), "a button pressed twice is a harmless success");
        assert!(v.holds(&method()));
    }

    #[test]
    fn five_codes_a_day() {
        let mut v = Verification::default();
        let sent = |v: &mut Verification, s: i64| v.send(&method(), &Code::typed("1"), at(s));
        assert_eq!((0..8).filter(|n| sent(&mut v, n * 60)).count(), MOST_A_DAY);
        assert!(!sent(&mut v, 86_399));
        assert!(sent(&mut v, 86_400));
    }

    #[test]
    fn nothing_of_a_number_or_a_code_is_kept_or_shown() {
        let (mut v, code) = (Verification::default(), Code::drawn("secret"));
        assert_eq!(code.digits().len(), 6);
        assert!(v.send(&method(), &code, at(0)));
        let kept = serde_json::to_string(&v).unwrap() + &format!("{v:?}{code:?}");
        assert!(!kept.contains("5555550100") && !kept.contains(code.digits()), "{kept}");
        assert_eq!(serde_json::from_str::<Verification>(&serde_json::to_string(&v).unwrap()).unwrap(), v);
    }

    #[test]
    fn a_code_for_one_number_does_not_verify_the_next() {
        let (mut v, code) = (Verification::default(), Code::typed("123456"));
        assert!(v.send(&method(), &code, at(0)));
        let other = ContactMethod { to: "+15555550199".to_owned(), ..method() };
        assert!(!v.confirm(&other, &code, at(1)));
        assert!(v.confirm(&method(), &code, at(2)));
    }
}
