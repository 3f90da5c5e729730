//! tocsin-incident
fn main() {}
