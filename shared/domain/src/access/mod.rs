//! access (to be written).
