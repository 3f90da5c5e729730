//! tocsin-ingest
pub mod source;
