//! Use cases, a file a verb, over ports.
//!
//! Purpose: everything that Tocsin does, as functions over capabilities ([`ports`]), so that the same code runs on AWS, on the local stack and in the simulation.
//! Called by: the functions, which only translate. Refuses to know AWS, HTTP and wire formats.

pub mod error;
#[cfg(feature = "fakes")]
pub mod fakes;
pub mod ports;
