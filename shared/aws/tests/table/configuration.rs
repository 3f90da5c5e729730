//! Versions, keys, tokens, and readers who wait to be confirmed.

use super::samples::*;
use tocsin_app::error::WriteError;
use tocsin_app::ports::{ConfigurationStore, IntegrationKey, PendingSubscriber, SecretHash, SubscriberStore, VersionRecord};
use tocsin_aws::testing::empty_store;
use tocsin_domain::access::{Grant, Principal};
use tocsin_domain::configuration::{Configuration, IntegrationKind, Role, Team};
use tocsin_domain::incident::timeline::Actor;

fn record(version: u64) -> VersionRecord {
    VersionRecord::new(version, at(0), Actor::System)
}

fn teams(count: u32) -> Configuration {
    // Names that hardly get smaller, so that many of them need several parts.
    let name = |n: u32| (0..40u32).map(|i| char::from(b'a' + (n.wrapping_mul(2_654_435_761).wrapping_add(i * i * 40_503) >> 13) as u8 % 26)).collect();
    let team = |n: u32| Team { id: format!("team-{n}").parse().unwrap(), name: name(n), members: Vec::new(), integrations: Vec::new(), router: None };
    Configuration { version: 1, teams: (0..count).map(team).collect(), ..Configuration::default() }
}

#[tokio::test]
async fn versions_follow_each_other_and_never_change() {
    let store = empty_store().await;
    assert_eq!((store.current_version().await.unwrap(), store.configuration(1).await.unwrap()), (None, None));
    assert_eq!(store.publish_configuration(&record(2), &teams(1)).await, Err(WriteError::Conflict));
    store.publish_configuration(&record(1), &teams(1)).await.unwrap();
    assert_eq!(store.publish_configuration(&record(1), &teams(2)).await, Err(WriteError::Conflict));
    assert_eq!(store.publish_configuration(&record(3), &teams(2)).await, Err(WriteError::Conflict));
    store.publish_configuration(&record(2), &teams(2)).await.unwrap();
    assert_eq!(store.current_version().await.unwrap(), Some(2));
    assert_eq!(store.configuration(1).await.unwrap(), Some(teams(1)));
    assert_eq!(store.configuration(2).await.unwrap(), Some(teams(2)));
    assert_eq!(store.publish_configuration(&record(0), &teams(2)).await, Err(WriteError::Conflict));
}

#[tokio::test]
async fn a_configuration_that_no_item_could_hold_comes_back_whole() {
    let store = empty_store().await;
    let large = teams(40_000);
    assert!(serde_json::to_string(&large).unwrap().len() > 2_000_000);
    store.publish_configuration(&record(1), &large).await.unwrap();
    assert_eq!(store.configuration(1).await.unwrap(), Some(large));
}

#[tokio::test]
async fn two_keys_overlap_while_one_is_rotated() {
    let store = empty_store().await;
    let integration: tocsin_domain::id::IntegrationId = "shop-pd".parse().unwrap();
    let key = IntegrationKey {
        integration: integration.clone(),
        service: "shop".parse().unwrap(),
        team: team(),
        kind: IntegrationKind::Pagerduty,
        limits: tocsin_domain::flood::Limits::default(),
        mapping: Vec::new(),
    };
    let (old, new) = (SecretHash::of("old"), SecretHash::of("new"));
    for hash in [&old, &new] {
        store.put_integration_key(hash, &key).await.unwrap();
        assert_eq!(store.integration_key(hash).await.unwrap().as_ref(), Some(&key));
    }
    let mut both = [old.clone(), new.clone()];
    both.sort();
    assert_eq!(store.keys_of(&integration).await.unwrap(), both);
    store.delete_integration_key(&old, &integration).await.unwrap();
    store.delete_integration_key(&old, &integration).await.unwrap();
    assert_eq!(store.integration_key(&old).await.unwrap(), None);
    assert_eq!(store.keys_of(&integration).await.unwrap(), [new]);
    assert!(store.keys_of(&"shop-p".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_token_exists_before_the_first() {
    let store = empty_store().await;
    assert!(store.tokens().await.unwrap().is_empty());
    let principal = Principal { token: "ops".parse().unwrap(), user: None, grants: vec![Grant { team: None, role: Role::Owner }] };
    store.put_token(&SecretHash::of("secret"), &principal).await.unwrap();
    assert_eq!(store.tokens().await.unwrap(), [(SecretHash::of("secret"), principal.clone())]);
    assert_eq!(store.token(&SecretHash::of("secret")).await.unwrap(), Some(principal));
    assert_eq!(store.token(&SecretHash::of("Secret")).await.unwrap(), None);
}

#[tokio::test]
async fn a_waiting_subscriber_expires_and_any_id_is_only_an_id() {
    let store = empty_store().await;
    let pending = PendingSubscriber { phone: "+15555550100".to_owned(), code: SecretHash::of("1"), wrong: 0, expires_at: at(10) };
    let hostile = "x'#:v\u{0}~".repeat(1000);
    for id in ["a", hostile.as_str(), ""] {
        store.put_pending(id, &pending).await.unwrap();
        assert_eq!(store.pending(id, at(9)).await.unwrap().as_ref(), Some(&pending));
        assert_eq!(store.pending(id, at(10)).await.unwrap(), None);
    }
}
