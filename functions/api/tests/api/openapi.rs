//! docs/openapi.json is what the code says. `TOCSIN_BLESS=1 cargo test -p tocsin-api openapi` writes it anew.

#[test]
fn the_document_is_the_one_in_docs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let now = serde_json::to_string_pretty(&tocsin_api::openapi()).unwrap() + "\n";
    if std::env::var_os("TOCSIN_BLESS").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == now,
        "docs/openapi.json is not what the code says: run with TOCSIN_BLESS=1 and look at the difference"
    );
    assert!(now.contains("\"openapi\": \"3.1"), "an OpenAPI 3.1 document");
}
