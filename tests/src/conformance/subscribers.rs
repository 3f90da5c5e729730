//! What the store of readers who wait to be confirmed promises.

use super::Stores;
use crate::samples::at;
use tocsin_app::ports::{PendingSubscriber, SecretHash};

pub async fn they_wait_and_expire(s: Stores) {
    let pending = PendingSubscriber { phone: "+15555550100".to_owned(), code: SecretHash::of("123456"), wrong: 0, expires_at: at(600) };
    s.subscribers.put_pending("a", &pending).await.unwrap();
    assert_eq!(s.subscribers.pending("a", at(599)).await.unwrap(), Some(pending.clone()));
    assert_eq!(s.subscribers.pending("a", at(601)).await.unwrap(), None, "expired");
    assert_eq!(s.subscribers.pending("b", at(0)).await.unwrap(), None);
    let wrong = PendingSubscriber { wrong: 1, ..pending };
    s.subscribers.put_pending("a", &wrong).await.unwrap();
    assert_eq!(s.subscribers.pending("a", at(0)).await.unwrap(), Some(wrong));
}
