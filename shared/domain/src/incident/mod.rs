//! incident (to be written).
