//! tocsin-incident
