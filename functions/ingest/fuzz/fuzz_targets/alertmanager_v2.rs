#![no_main]

use tocsin_ingest_fuzz::source::alertmanager_v2::parse;
use tocsin_ingest_fuzz::batch;

libfuzzer_sys::fuzz_target!(|body: &[u8]| batch(parse(body, jiff::Timestamp::UNIX_EPOCH).map(|posted| posted.batch)));
