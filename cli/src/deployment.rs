//! Where a deployment's parts are, as the deployer's credentials find them.
//!
//! The sweep function knows its stack and its table: names that CloudFormation makes up need not be told twice. Refuses to guess: a function that is not
//! the sweep of that stack is not taken for it.

use crate::aws;
use crate::failure::Failure;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::EnvironmentResponse;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

/// The alias that everything calls.
const LIVE: &str = "live";

/// What `redrive` needs of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deployment {
    /// The sweep function: name or ARN.
    pub(crate) sweep: String,
    /// The table's name.
    pub(crate) table: String,
    /// The bus's name: the stack's.
    pub(crate) bus: String,
}

/// What the sweep function answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Swept {
    pub(crate) alerts: usize,
    pub(crate) incidents: usize,
    pub(crate) failed: Vec<FailedItem>,
}

/// An item that failed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FailedItem {
    pub(crate) id: String,
    pub(crate) reason: String,
}

impl Deployment {
    /// By the name of its sweep function, or else by the stack that a function says it sweeps.
    pub(crate) async fn find(lambda: &Client, stack: &str, sweep: Option<&str>) -> Result<Self, Failure> {
        let next = "give the stack's name with --stack or TOCSIN_STACK, or its output SweepFunctionName as TOCSIN_SWEEP_FUNCTION, and check AWS_PROFILE and AWS_REGION";
        let refused = |what: String| Failure::Refused { what, next: Some(next.to_owned()) };
        if let Some(name) = sweep.map(str::trim).filter(|n| !n.is_empty()) {
            let found = lambda.get_function_configuration().function_name(name).send().await.map_err(|e| aws::failed("Lambda GetFunctionConfiguration", e))?;
            return Self::of(name, found.environment()).ok_or_else(|| refused(format!("{name} is not the sweep function of a deployment")));
        }
        let mut functions = lambda.list_functions().into_paginator().items().send();
        while let Some(function) = functions.next().await {
            let function = function.map_err(|e| aws::failed("Lambda ListFunctions", e))?;
            match Self::of(function.function_name().unwrap_or_default(), function.environment()) {
                Some(found) if found.bus == stack => return Ok(found),
                Some(_) | None => {}
            }
        }
        Err(refused(format!("there is no deployment of stack {stack:?} in this account and region")))
    }

    /// What a function knows of its deployment, if it is a sweep: no other function is told its stack.
    fn of(name: &str, environment: Option<&EnvironmentResponse>) -> Option<Self> {
        let variables: &HashMap<String, String> = environment?.variables()?;
        let (stack, table) = (variables.get("TOCSIN_STACK")?, variables.get("TOCSIN_TABLE")?);
        Some(Self { sweep: name.to_owned(), table: table.clone(), bus: stack.clone() })
    }

    /// Has everything that is due evaluated at once.
    pub(crate) async fn evaluate(&self, lambda: &Client) -> Result<Swept, Failure> {
        const CALL: &str = "sweep function";
        // NAME:ALIAS, or an ARN with one at its end.
        let qualified = matches!(self.sweep.split(':').count(), 2 | 8);
        let invoke = lambda.invoke().function_name(&self.sweep).payload(Blob::new(json!({ "redrive": true }).to_string()));
        let invoke = if qualified { invoke } else { invoke.qualifier(LIVE) };
        let answer = invoke.send().await.map_err(|e| aws::failed("Lambda Invoke", e))?;
        let payload = answer.payload().map(|p| String::from_utf8_lossy(p.as_ref()).into_owned()).unwrap_or_default();
        if let Some(kind) = answer.function_error() {
            let told = serde_json::from_str::<serde_json::Value>(&payload).ok();
            let reason = told.as_ref().and_then(|v| v["errorMessage"].as_str()).unwrap_or("no reason given");
            return Err(aws::told(CALL, format!("{kind}: {reason}")));
        }
        serde_json::from_str(&payload).map_err(|e| aws::told(CALL, format!("{} answers something else ({e}): is the present version deployed?", self.sweep)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> EnvironmentResponse {
        variables.iter().fold(EnvironmentResponse::builder(), |b, (name, value)| b.variables(*name, *value)).build()
    }

    #[test]
    fn only_the_sweep_knows_its_stack() {
        let sweep = environment(&[("TOCSIN_STACK", "shop"), ("TOCSIN_TABLE", "t")]);
        let found = Deployment { sweep: "f".to_owned(), table: "t".to_owned(), bus: "shop".to_owned() };
        assert_eq!(Deployment::of("f", Some(&sweep)), Some(found));
        assert_eq!(Deployment::of("f", Some(&environment(&[("TOCSIN_TABLE", "t")]))), None);
        assert_eq!(Deployment::of("f", None), None);
    }
}
