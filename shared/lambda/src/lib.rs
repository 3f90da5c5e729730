//! tocsin-lambda
