#![no_main]

use tocsin_ingest_fuzz::mail::{Mail, ses, within};
use tocsin_ingest_fuzz::mapped;

libfuzzer_sys::fuzz_target!(|raw: &[u8]| {
    let text = String::from_utf8_lossy(raw);
    let form = serde_json::json!({"body-plain": text, "headers": text, "from": text, "email": text});
    let received = serde_json::json!({"notificationType": "Received", "content": text, "mail": {"destination": [text]}});
    if let Some(received) = ses::within(&received) {
        received.keys();
    }
    for mail in [Mail::read(raw), within(&form), within(&received), serde_json::from_slice(raw).ok().and_then(|body| within(&body))] {
        if let Some(mail) = mail {
            mapped(mail.event());
        }
    }
});
