//! Request ids: what a sender gets with "your request will be processed", and later asks about.
//!
//! Called by: whoever answers Opsgenie's clients, and `tocsin trace`. Nothing is stored under such an id: it *is* the id of the alert, with what was asked of it in
//! the bits that the instant of a ULID leaves unused until the year 2109. Refuses every id that was not made here.

use crate::id::AlertId;
use std::fmt;
use std::str::FromStr;
use ulid::Ulid;

/// Bits of a ULID below those that no instant before the year 2109 sets.
const ID_BITS: u32 = 122;
/// That nothing was changed, within the bits above.
const REFUSED: u128 = 0b10_0000;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $word:literal;)*) => {
        /// What was asked of an alert, by the words of Opsgenie's request status. The numbers are part of ids that senders hold: never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Requested { $($(#[$doc])* $name = $code,)* }

        impl Requested {
            /// All of them.
            pub const ALL: &'static [Requested] = &[$(Requested::$name,)*];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self { $(Requested::$name => $word,)* }
            }

            fn code(self) -> u8 {
                match self { $(Requested::$name => $code,)* }
            }
        }
    };
}

actions! {
    /// A new alert, or one more occurrence of an open one.
    Create = 1, "Create";
    /// It is over.
    Close = 2, "Close";
    /// Somebody works on it.
    Acknowledge = 3, "Acknowledge";
    /// Nobody works on it any more.
    Unacknowledge = 4, "UnAcknowledge";
    /// A note.
    AddNote = 5, "AddNote";
    /// Quiet until an instant.
    Snooze = 6, "Snooze";
    /// More tags.
    AddTags = 7, "AddTags";
    /// Fewer tags.
    RemoveTags = 8, "RemoveTags";
    /// More details.
    AddDetails = 9, "AddDetails";
    /// Fewer details.
    RemoveDetails = 10, "RemoveDetails";
    /// Another message.
    UpdateMessage = 11, "UpdateMessage";
    /// Another description.
    UpdateDescription = 12, "UpdateDescription";
    /// Another priority.
    UpdatePriority = 13, "UpdatePriority";
    /// Away with it.
    Delete = 14, "Delete";
    /// To somebody.
    Assign = 15, "Assign";
    /// To the next level.
    Escalate = 16, "Escalate";
    /// One more responder.
    AddResponder = 17, "AddResponder";
    /// A custom action.
    ExecuteAction = 18, "ExecuteCustomAction";
}

/// The id of a request, shown as a UUID.
///
/// ```
/// # use tocsin_domain::alert::request::{RequestId, Requested};
/// # use tocsin_domain::id::AlertId;
/// let alert: AlertId = "alr_01KE6P4YM00000000000000001".parse().unwrap();
/// let id = RequestId::of(Requested::Close, alert);
/// assert_eq!(id.to_string(), "099b8d62-7a80-0000-0000-000000000001");
/// assert_eq!(id.to_string().parse(), Ok(id));
/// assert_eq!((id.requested(), id.alert(), id.is_refused()), (Requested::Close, alert, false));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    requested: Requested,
    refused: bool,
    alert: AlertId,
}

/// A text that is no request id of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a request")]
pub struct NotARequest;

impl RequestId {
    /// A request that changed this alert.
    pub fn of(requested: Requested, alert: AlertId) -> Self {
        Self { requested, refused: false, alert }
    }

    /// A request that changed nothing: `alert` can not take it any more or, where there is none, was never made (a fresh id, which keeps the instant).
    pub fn refused(requested: Requested, alert: AlertId) -> Self {
        Self { requested, refused: true, alert }
    }

    /// What was asked.
    pub fn requested(self) -> Requested {
        self.requested
    }

    /// Of which alert.
    pub fn alert(self) -> AlertId {
        self.alert
    }

    /// Whether nothing was changed.
    pub fn is_refused(self) -> bool {
        self.refused
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u128::from(self.requested.code()) | if self.refused { REFUSED } else { 0 };
        let bits = (self.alert.ulid().0 & ((1 << ID_BITS) - 1)) | (code << ID_BITS);
        let hex = format!("{bits:032x}");
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl FromStr for RequestId {
    type Err = NotARequest;

    fn from_str(s: &str) -> Result<Self, NotARequest> {
        let hex: String = s.chars().filter(|c| *c != '-').collect();
        if hex.len() != 32 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotARequest);
        }
        let bits = u128::from_str_radix(&hex, 16).map_err(|_| NotARequest)?;
        let code = bits >> ID_BITS;
        let requested = Requested::ALL.iter().copied().find(|r| u128::from(r.code()) == code & !REFUSED).ok_or(NotARequest)?;
        Ok(Self { requested, refused: code & REFUSED != 0, alert: AlertId::new(Ulid(bits & ((1 << ID_BITS) - 1))) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_read_back() {
        let alert = AlertId::new(Ulid::from_parts(1_795_300_000_000, (1 << 80) - 3));
        for requested in Requested::ALL {
            for id in [RequestId::of(*requested, alert), RequestId::refused(*requested, alert)] {
                let text = id.to_string();
                assert_eq!(text.parse(), Ok(id), "{requested:?}");
                assert_eq!(text.len(), 36);
            }
        }
    }

    #[test]
    fn other_texts_are_no_requests() {
        for text in ["", "x", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "+99b8d62-7a80-0000-0000-000000000001", "é"] {
            assert_eq!(text.parse::<RequestId>(), Err(NotARequest), "{text}");
        }
    }
}
