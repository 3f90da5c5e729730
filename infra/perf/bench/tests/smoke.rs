//! A small load, so that the benchmark does not rot: every request is accepted, new alerts and duplicates, over both stores.

use bytes::Bytes;
use tocsin_bench::Format;
use tocsin_bench::load::Load;
use tocsin_bench::server::{self, Store};

#[test]
fn a_small_load_is_accepted() {
    for store in [Store::Memory, Store::Embedded] {
        let to = server::start(store).unwrap();
        for format in [Format::ApiV2, Format::Pagerduty] {
            let bodies: Vec<Bytes> = (0..100).map(|n| Bytes::from(format.body(n))).collect();
            for _ in 0..2 {
                let outcome = Load { to, path: format.path(), connections: 8, bodies: bodies.clone() }.run().unwrap();
                assert_eq!(outcome.accepted, bodies.len(), "{store:?} {format:?}");
            }
        }
    }
}

#[test]
fn loads_stay_on_this_machine_and_end() {
    let load = |to: &str, bodies: usize| {
        let bodies = vec![Bytes::new(); bodies];
        Load { to: to.parse().unwrap(), path: "/".to_owned(), connections: 1, bodies }.run().map_err(|e| e.to_string())
    };
    for (to, bodies) in [("192.0.2.1:80", 1), ("127.0.0.1:1", 0), ("127.0.0.1:1", 1_000_001)] {
        assert!(load(to, bodies).unwrap_err().contains("this machine"), "{to} {bodies}");
    }
}
