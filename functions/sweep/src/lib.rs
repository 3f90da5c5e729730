//! tocsin-sweep
