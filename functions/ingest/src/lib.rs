//! tocsin-ingest
