//! tocsin-app
