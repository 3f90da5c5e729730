//! Adapters: the ports on AWS.
//!
//! Called by: the functions' `main.rs` and the command, which build what they need of it from [`config::Aws`]. Refuses to decide anything that is not about AWS.

mod chunk;
pub mod dynamo;
mod failure;
#[cfg(feature = "test-support")]
pub mod testing;
