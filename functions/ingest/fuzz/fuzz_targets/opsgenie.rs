#![no_main]
use tocsin_ingest_fuzz::{fresh, source::opsgenie, well_formed};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    if let Ok(event) = opsgenie::create(body, fresh) {
        well_formed(&event);
    }
    for name in ["close", "notes", "snooze", "tags", "details", "message", "priority", "assign", "escalate", "responders", "other"] {
        for removes in [false, true] {
            let _ = opsgenie::ask(name, removes, &|_| None, body);
        }
    }
});
