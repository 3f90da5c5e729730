//! tocsin-api
fn main() {}
