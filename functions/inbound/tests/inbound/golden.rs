//! Mail on each of its ways and what it is read as. `UPDATE_EXPECT=1 cargo test -p tocsin-inbound` rewrites the results; read the difference before you commit it.

use crate::support::folder;
use expect_test::expect_file;
use serde_json::{Value, json};
use tocsin_domain::alert::mapping::{Rule, mistakes};
use tocsin_inbound::form;
use tocsin_inbound::mail::{self, Mail};

fn each(name: &str, extension: &str, read: impl Fn(&[u8]) -> Option<Mail>) {
    let mut count = 0;
    for entry in std::fs::read_dir(folder(name)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|found| found == extension) {
            let mail = read(&std::fs::read(&path).unwrap()).unwrap_or_else(|| panic!("{}: no mail", path.display()));
            let read = mail.event().unwrap_or_else(|refusal| panic!("{}: {refusal:?}", path.display()));
            let events: Vec<Value> = read.batch.events.iter().map(|event| json!(event)).collect();
            let told = json!({"mail": mail, "ignored": read.ignored, "refused": read.batch.refused.len(), "events": events});
            expect_file![path.with_extension("golden")].assert_eq(&(serde_json::to_string_pretty(&told).unwrap() + "\n"));
            count += 1;
        }
    }
    assert!(count > 0, "no fixtures in {name}");
}

#[test]
fn mail_as_it_travels() {
    each("mail", "eml", Mail::read);
}

#[test]
fn mail_in_notifications_and_bodies() {
    each("webhook", "json", |body| mail::within(&serde_json::from_slice(body).ok()?));
}

#[tokio::test]
async fn mail_in_forms() {
    each("webhook", "form", |body| {
        // The first line of the file is the content type.
        let text = std::str::from_utf8(body).unwrap();
        let (content_type, form) = text.split_once('\n').unwrap();
        let form = form.replace('\n', "\r\n").into_bytes();
        let fields = futures::executor::block_on(form::read(form, content_type)).ok()?;
        mail::within(&serde_json::from_slice(&fields).ok()?)
    });
}

#[test]
fn the_rules_are_sound() {
    let rules: Vec<Rule> = serde_json::from_str(mail::RULES).unwrap();
    assert_eq!(mistakes(&rules), []);
}
