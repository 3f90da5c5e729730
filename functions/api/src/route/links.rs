//! The page behind an acknowledge link.

use crate::state::Api;
use axum::Router;
use std::sync::Arc;

pub(crate) fn router() -> Router<Arc<Api>> {
    Router::new()
}
