//! tocsin-publish
