#![no_main]

use tocsin_ingest_fuzz::source::pagerduty_change::parse;
use tocsin_ingest_fuzz::answered;

libfuzzer_sys::fuzz_target!(|body: &[u8]| match parse(body) {
    Ok(parsed) => assert!(!parsed.change.summary.is_empty()),
    Err(refusal) => answered(&refusal.into()),
});
