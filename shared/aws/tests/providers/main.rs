//! What the adapters of Step Functions, SNS and EventBridge say to the services, and how they read the answers. One test program; a module for each service.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod canned;
mod dynamo;
mod eventbridge;
mod sfn;
mod sns;
