//! `contact verify`: a contact method is shown to reach its owner.

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;
use std::process::ExitCode;

/// What is done with a contact method.
#[derive(Debug, Subcommand)]
pub(crate) enum Contact {
    /// Ask its owner: a code by text message, or a question by e-mail. With --code, take the code that came.
    Verify {
        /// The contact method's id.
        id: String,
        /// The six digits of the text message.
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
}

#[derive(Deserialize)]
struct Verification {
    contact: String,
    kind: String,
    state: String,
}

/// Asks the owner, or takes the code that came. Asked twice, it is a harmless success.
pub(super) async fn verify(id: &str, code: Option<&str>, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let answer = match code {
        None => api.send(Request::post("contact method", &["v1", "contacts", id, "verification"])).await?,
        Some(code) => api.send(Request::post("contact method", &["v1", "contacts", id, "verification", "confirm"]).body(json!({ "code": code }))).await?,
    };
    out.answer(&answer);
    let found: Verification = api.typed(&answer)?;
    let contact = Cell::from(found.contact.as_str()).0;
    match (found.state.as_str(), found.kind.as_str()) {
        ("verified", _) => out.say(&out.paint(&format!("{contact} is verified."), Look::Good)),
        (_, "sms") => {
            out.say(&format!("A code goes to {contact}, unless one did within the last minute, or five did within a day. It works for ten minutes:"));
            out.say(&format!("  tocsin contact verify {contact} --code CODE"));
        }
        (_, _) => out.say(&format!("The owner of {contact} has to open the link in the mail that AWS sent. Then run this command again.")),
    }
    Ok(ExitCode::SUCCESS)
}
