//! What holds for any bytes: nothing panics, and what is read can be stored and found again.

use proptest::prelude::*;
use tocsin_domain::alert::event::Event;
use tocsin_inbound::form;
use tocsin_inbound::mail::{self, Mail};
use tocsin_inbound::sns::Envelope;
use tocsin_inbound::sns::certificate::Certificate;

fn well_formed(event: &Event) -> Result<(), TestCaseError> {
    prop_assert!(!event.dedup_key.is_empty() && event.dedup_key.chars().count() <= 255);
    prop_assert!(event.summary.chars().count() <= 1024);
    Ok(())
}

fn checked(mail: Option<Mail>) -> Result<(), TestCaseError> {
    if let Some(mail) = mail {
        let read = mail.event().map_err(|refusal| TestCaseError::fail(refusal.body))?;
        read.batch.events.iter().try_for_each(well_formed)?;
        prop_assert!(serde_json::to_string(&mail).unwrap().len() < 600_000);
    }
    Ok(())
}

/// Pieces that mails are made of, in any order.
fn mail_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "From: a@b\r\n",
            "Subject: =?utf-8?B?w6Q=?= RESOLVED: x\r\n",
            "Message-ID: <1@x>\r\n",
            "References: <0@x> <1@x>\r\n",
            "In-Reply-To: <0@x>\r\n",
            "Content-Type: multipart/mixed; boundary=\"b\"\r\n",
            "Content-Type: text/html; charset=utf-16\r\n",
            "Content-Transfer-Encoding: base64\r\n",
            "Date: Fri, 99 Sep 2015 20:32:32 +9999\r\n",
            "\r\n",
            "--b\r\n",
            "--b--\r\n",
            "<p>x</p>",
            "Content-Type: message/rfc822\r\n",
            "=C3=A4=\r\n",
            "Auto-Submitted: auto-replied\r\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mail(raw in mail_bytes()) {
        checked(Mail::read(&raw))?;
        let ses = serde_json::json!({"notificationType": "Received", "mail": {}, "content": String::from_utf8_lossy(&raw)});
        checked(mail::within(&ses))?;
        let form = serde_json::json!({"body-plain": String::from_utf8_lossy(&raw), "headers": String::from_utf8_lossy(&raw), "from": String::from_utf8_lossy(&raw)});
        checked(mail::within(&form))?;
    }

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..300), boundary in "[ -~]{0,80}") {
        let _ = Certificate::read(&body);
        let _ = Envelope::read(&body);
        let _ = futures::executor::block_on(form::read(body, &format!("multipart/form-data; boundary={boundary}")));
    }
}
