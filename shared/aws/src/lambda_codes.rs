//! Codes for contact methods, by asking the notify function: it may send text messages, and the function that asks may not.
//!
//! Called by: `api`. Refuses to pass on anything but the id of a contact method.

use crate::failure::port_error;
use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use tocsin_app::error::PortError;
use tocsin_app::ports::ContactCodes;
use tocsin_contract::verification::{SendCode, VERSION};
use tocsin_domain::id::ContactId;

const PORT: &str = "ContactCodes";

/// Codes by a function.
#[derive(Debug, Clone)]
pub struct LambdaCodes {
    client: Client,
    function: String,
}

impl LambdaCodes {
    /// Codes by the function (or alias) with this ARN.
    pub fn new(client: Client, function_arn: impl Into<String>) -> Self {
        Self { client, function: function_arn.into() }
    }
}

#[async_trait]
impl ContactCodes for LambdaCodes {
    async fn send_code(&self, contact: &ContactId) -> Result<(), PortError> {
        let message = SendCode { v: VERSION, send_code_to: contact.clone() };
        let message = serde_json::to_vec(&message).map_err(|e| PortError::Final { port: PORT, reason: e.to_string() })?;
        let answer = self.client.invoke().function_name(&self.function).payload(Blob::new(message)).send().await.map_err(|e| port_error(PORT, &e))?;
        match answer.function_error {
            None => Ok(()),
            // What went wrong stands in its own log, and may name a number.
            Some(_) => Err(PortError::Transient { port: PORT, reason: "the code was not sent".to_owned() }),
        }
    }
}
