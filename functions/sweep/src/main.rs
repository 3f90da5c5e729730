//! tocsin-sweep
fn main() {}
