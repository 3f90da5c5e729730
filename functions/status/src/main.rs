//! tocsin-status
fn main() {}
