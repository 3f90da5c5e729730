//! Notify: a wake-up of an incident's clock. Does what is due, and answers when the next is. Also sends the codes that verify phones.
//!
//! Called by: the state machine, and by `api` where somebody verifies a contact method: this is the function that may send text messages, and the only thing
//! that others can ask of it is a code for a contact method of the configuration.
//! Does nothing unless something is due, so that a wake-up which comes early or twice is harmless. Refuses to plan: that is `next_step`.

use serde::{Deserialize, Serialize};
use tocsin_app::advance_incident::AdvanceIncident;
use tocsin_app::error::AppError;
use tocsin_app::verify_contact::SendContactCode;
use tocsin_contract::escalation::{Answer, VERSION, WakeUp};
use tocsin_contract::verification::SendCode;

/// Why a call failed. The state machine tries again.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// A newer release started this execution.
    #[error("this release reads messages of version {VERSION}, not of {0}")]
    Version(u32),
    /// The use case failed.
    #[error(transparent)]
    App(#[from] AppError),
}

/// What notify is asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Asked {
    /// By the state machine.
    Wake(WakeUp),
    /// By `api`.
    Code(SendCode),
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answered {
    /// To a wake-up.
    Wake(Answer),
    /// To a code: nothing, whether one was due or not.
    Code {},
}

/// Both use cases.
#[derive(Clone)]
pub struct Notify {
    /// For wake-ups.
    pub advance: AdvanceIncident,
    /// For codes.
    pub codes: SendContactCode,
}

/// Handles a call.
pub async fn handle(notify: &Notify, asked: &Asked) -> Result<Answered, NotifyError> {
    match asked {
        Asked::Wake(wake) if wake.v != VERSION => Err(NotifyError::Version(wake.v)),
        Asked::Wake(wake) => Ok(Answered::Wake(notify.advance.wake(wake).await?)),
        Asked::Code(code) if code.v != tocsin_contract::verification::VERSION => Err(NotifyError::Version(code.v)),
        Asked::Code(code) => {
            notify.codes.run(&code.send_code_to).await?;
            Ok(Answered::Code {})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wake_ups_and_codes_are_told_apart() {
        let wake = r#"{"v":1,"incident":"inc_01KAB8S9M0000000000000000A","generation":2,"attempt":3}"#;
        assert!(matches!(serde_json::from_str(wake), Ok(Asked::Wake(_))));
        assert!(matches!(serde_json::from_str(r#"{"v":1,"send_code_to":"ada-sms"}"#), Ok(Asked::Code(_))));
        for neither in [r#"{"v":1}"#, r#"{"v":1,"send_code_to":"+15555550100"}"#, r#"{"v":1,"send_code_to":"ada-sms","text":"hello"}"#] {
            assert!(serde_json::from_str::<Asked>(neither).is_err(), "{neither}");
        }
        assert_eq!(serde_json::to_string(&Answered::Wake(Answer::done())).unwrap(), r#"{"v":1,"more":false}"#);
    }
}
