//! The conformance suite, on the fakes.

async fn in_memory() -> tocsin_tests::conformance::Stores {
    tocsin_tests::conformance::Stores::in_memory()
}

tocsin_tests::conformance_suite!(memory, crate::in_memory);
