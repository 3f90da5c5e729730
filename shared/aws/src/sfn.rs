//! Clocks: Standard executions of the escalation state machine, named so that starting one twice is harmless.
//!
//! Called by: `incident` and `sweep`. Refuses to know when something is due: the input names an incident, a generation and an attempt, and `notify` does the rest.

use crate::failure::port_error;
use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::ProvideErrorMetadata;
use tocsin_app::error::PortError;
use tocsin_app::ports::{Clocks, Started};
use tocsin_contract::escalation::{VERSION, WakeUp, execution_name};
use tocsin_domain::id::IncidentId;

const PORT: &str = "Clocks";

/// The name of a state machine has another form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the ARN of a state machine")]
pub struct NotAStateMachine(String);

/// Clocks by AWS Step Functions.
#[derive(Debug, Clone)]
pub struct SfnClocks {
    client: Client,
    state_machine: String,
    executions: String,
}

impl SfnClocks {
    /// Executions of `state_machine_arn` (`arn:PARTITION:states:REGION:ACCOUNT:stateMachine:NAME`).
    pub fn new(client: Client, state_machine_arn: &str) -> Result<Self, NotAStateMachine> {
        let Some((service, name)) = state_machine_arn.split_once(":stateMachine:").filter(|(_, name)| !name.is_empty() && !name.contains(':')) else {
            return Err(NotAStateMachine(state_machine_arn.to_owned()));
        };
        Ok(Self { client, state_machine: state_machine_arn.to_owned(), executions: format!("{service}:execution:{name}") })
    }
}

#[async_trait]
impl Clocks for SfnClocks {
    async fn start(&self, incident: IncidentId, generation: u32, attempt: u32) -> Result<Started, PortError> {
        let input = WakeUp { v: VERSION, incident, generation, attempt, wakeups: 0, started: None };
        let input = serde_json::to_string(&input).map_err(|e| PortError::Final { port: PORT, reason: e.to_string() })?;
        let name = execution_name(incident, generation, attempt);
        // The same name with the same input, while it runs, is answered as if it had just started: just as good.
        match self.client.start_execution().state_machine_arn(&self.state_machine).name(name).input(input).send().await {
            Ok(_) => Ok(Started::Now),
            Err(e) if e.as_service_error().is_some_and(|e| e.is_execution_already_exists()) => Ok(Started::Before),
            Err(e) => Err(port_error(PORT, &e)),
        }
    }

    async fn stop(&self, incident: IncidentId, generation: u32, attempt: u32) -> Result<(), PortError> {
        let arn = format!("{}:{}", self.executions, execution_name(incident, generation, attempt));
        let stop = self.client.stop_execution().execution_arn(arn).error("Tocsin.Superseded").cause("The incident was answered, or another clock took over.");
        match stop.send().await {
            Ok(_) => Ok(()),
            Err(e) if e.as_service_error().is_some_and(|e| e.is_execution_does_not_exist()) => Ok(()),
            // The request is well formed, so what is not valid is the state: it has ended by itself.
            Err(e) if e.as_service_error().is_some_and(|e| e.code() == Some("ValidationException")) => Ok(()),
            Err(e) => Err(port_error(PORT, &e)),
        }
    }
}
