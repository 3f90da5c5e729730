//! tocsin-ingest
fn main() {}
