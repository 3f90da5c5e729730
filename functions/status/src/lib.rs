//! tocsin-status
