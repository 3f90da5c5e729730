//! Adapters: the ports on AWS.
//!
//! Called by: the functions' `main.rs`, which build what they need of it from [`config::Aws`], and the command. Refuses to decide anything that is not about AWS.

mod chunk;
pub mod compose;
pub mod config;
pub mod dynamo;
pub mod eventbridge;
mod failure;
#[cfg(feature = "codes")]
pub mod lambda_codes;
pub mod sfn;
pub mod sns;
pub mod sns_pages;
pub mod system;
#[cfg(feature = "test-support")]
pub mod testing;
