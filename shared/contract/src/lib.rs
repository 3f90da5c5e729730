//! tocsin-contract
