//! tocsin-notify
fn main() {}
