#![no_main]

use tocsin_ingest_fuzz::source::cloudwatch::{Delivery, parse};
use tocsin_ingest_fuzz::{answered, batch};

libfuzzer_sys::fuzz_target!(|body: &[u8]| match parse(body) {
    Ok(Delivery::Alarms(alarms)) => batch(Ok(alarms)),
    Ok(Delivery::Confirm { .. } | Delivery::Unsubscribed) => {}
    Err(refusal) => answered(&refusal.into()),
});
