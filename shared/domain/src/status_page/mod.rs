//! status_page (to be written).
