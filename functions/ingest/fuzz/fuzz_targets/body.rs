#![no_main]

use tocsin_ingest_fuzz::answered;
use tocsin_ingest_fuzz::source::body::{MOST, open};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    for encoding in ["", "gzip", "deflate", "gzip, deflate"] {
        for kind in ["", "application/x-www-form-urlencoded", "text/plain; charset=utf-16"] {
            if let Err(refusal) = open(body.to_vec(), encoding, kind, MOST) {
                answered(&refusal.into());
            }
        }
    }
});
