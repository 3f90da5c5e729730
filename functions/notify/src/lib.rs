//! tocsin-notify
