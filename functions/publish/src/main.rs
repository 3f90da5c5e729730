//! tocsin-publish
fn main() {}
