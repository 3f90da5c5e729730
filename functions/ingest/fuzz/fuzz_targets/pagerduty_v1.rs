#![no_main]

use tocsin_ingest_fuzz::source::pagerduty_v1::parse;
use tocsin_ingest_fuzz::{fresh, one};

libfuzzer_sys::fuzz_target!(|body: &[u8]| one(parse(body, fresh).map(|parsed| parsed.event)));
