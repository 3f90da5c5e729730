//! What `api` says to `notify`: a contact method wants a code. Written by: `api`. Read by: `notify`, which knows it from a wake-up by its fields.

use serde::{Deserialize, Serialize};
use tocsin_domain::id::ContactId;

/// Version of the message.
pub const VERSION: u32 = 1;

/// Send a code. It names a contact method of the configuration, never a number or a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendCode {
    /// Version: 1.
    pub v: u32,
    /// Which contact method.
    pub send_code_to: ContactId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_1_is_still_read_and_is_no_wake_up() {
        let text = r#"{"v":1,"send_code_to":"ada-sms"}"#;
        let read: SendCode = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert!(serde_json::from_str::<crate::escalation::WakeUp>(text).is_err());
        let wake = r#"{"v":1,"incident":"inc_01KAB8S9M0000000000000000A","generation":2,"attempt":3}"#;
        assert!(serde_json::from_str::<SendCode>(wake).is_err());
    }
}
