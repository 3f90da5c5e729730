#![no_main]

use tocsin_ingest_fuzz::source::grafana::parse;
use tocsin_ingest_fuzz::batch;

libfuzzer_sys::fuzz_target!(|body: &[u8]| batch(parse(body)));
