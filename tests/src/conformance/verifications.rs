//! What the store of verifications promises.

use super::Stores;
use crate::samples::{at, slug};
use tocsin_app::error::WriteError;
use tocsin_domain::configuration::ContactMethod;
use tocsin_domain::id::ContactId;
use tocsin_domain::notification::verification::{Code, Verification};

fn method() -> ContactMethod {
    ContactMethod { id: slug("ada-sms"), kind: tocsin_domain::configuration::Channel::Sms, to: "+15555550100".to_owned() }
}

fn at_revision(v: &Verification, revision: u64) -> Verification {
    let mut v = v.clone();
    v.revision = revision;
    v
}

pub async fn they_are_kept_under_their_revision(s: Stores) {
    let contact: ContactId = slug("ada-sms");
    assert_eq!(s.verifications.verification(&contact).await.unwrap(), Verification::default());
    let mut v = at_revision(&Verification::default(), 1);
    v.verify(&method(), at(0));
    s.verifications.put_verification(&contact, &v).await.unwrap();
    assert_eq!(s.verifications.verification(&contact).await.unwrap(), v);
    assert_eq!(s.verifications.put_verification(&contact, &v).await, Err(WriteError::Conflict), "the same revision again");
    let next = at_revision(&v, 2);
    s.verifications.put_verification(&contact, &next).await.unwrap();
    assert_eq!(s.verifications.put_verification(&contact, &at_revision(&v, 4)).await, Err(WriteError::Conflict), "one was left out");
    assert_eq!(s.verifications.verification(&slug("bob-sms")).await.unwrap(), Verification::default());
    assert!(s.verifications.verification(&contact).await.unwrap().holds(&method()));
}

pub async fn of_many_at_once_one_counts(s: Stores) {
    let contact: ContactId = slug("ada-sms");
    let mut v = at_revision(&Verification::default(), 1);
    assert!(v.send(&method(), &Code::typed("123456"), at(0)));
    s.verifications.put_verification(&contact, &v).await.unwrap();
    let tried = (0..8).map(|_| {
        let mut v = v.clone();
        assert!(!v.confirm(&method(), &Code::typed("000000"), at(1)));
        v.revision += 1;
        let (store, contact) = (s.verifications.clone(), contact.clone());
        async move { store.put_verification(&contact, &v).await }
    });
    let counted = futures::future::join_all(tried).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(counted, 1, "the others have to look again, and find the try counted");
}
