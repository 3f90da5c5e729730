//! The conformance suite of `tests/`, on the real stores over an embedded DynamoDB.

use std::sync::Arc;
use tocsin_tests::conformance::Stores;

async fn embedded() -> Stores {
    Stores::of(Arc::new(tocsin_aws::testing::empty_store().await))
}

tocsin_tests::conformance_suite!(dynamo, crate::embedded);
