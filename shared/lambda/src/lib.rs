//! What every function needs to start and to answer: environment, logging, requests, problem+json, stream batches.
//!
//! Called by: `functions/*`. Refuses to know use cases' rules and AWS clients.

pub mod environment;
pub mod http;
pub mod logging;
pub mod problem;
pub mod stream;
