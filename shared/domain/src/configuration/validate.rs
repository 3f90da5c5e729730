//! Validation (to be written).
