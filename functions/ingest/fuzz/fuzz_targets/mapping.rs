#![no_main]

use tocsin_ingest_fuzz::mapped;
use tocsin_ingest_fuzz::source::{aws, mapping, ready};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    mapped(aws::parse(body));
    for name in ready::NAMES {
        mapped(mapping::parse_ready(body, ready::rules(name).unwrap_or("[]")));
    }
    mapped(mapping::parse_ready(body, include_str!("../../tests/fixtures/declared.rules")));
});
