#![no_main]

use tocsin_ingest_fuzz::source::generic::parse;
use tocsin_ingest_fuzz::one;

libfuzzer_sys::fuzz_target!(|body: &[u8]| one(parse(body)));
