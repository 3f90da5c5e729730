//! tocsin-aws
