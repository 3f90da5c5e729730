//! What configuration stores promise.

use super::Stores;
use crate::samples::{at, slug};
use tocsin_app::error::WriteError;
use tocsin_app::ports::{IntegrationKey, SecretHash, VersionRecord};
use tocsin_domain::access::{Grant, Principal};
use tocsin_domain::configuration::{Configuration, IntegrationKind, Role, Team};
use tocsin_domain::foresight::difference::Summary;
use tocsin_domain::incident::timeline::Actor;

fn named(name: &str) -> Configuration {
    Configuration {
        version: 1,
        teams: vec![Team { id: slug("web"), name: name.to_owned(), members: vec![], integrations: vec![], router: None }],
        ..Configuration::default()
    }
}

pub async fn versions_follow_each_other(s: Stores) {
    let record = |version| VersionRecord::new(version, at(0), Actor::System);
    let c = &s.configuration;
    assert_eq!(c.current_version().await.unwrap(), None);
    assert_eq!(c.configuration(1).await.unwrap(), None);
    assert_eq!(c.publish_configuration(&record(2), &named("two")).await, Err(WriteError::Conflict));
    c.publish_configuration(&record(1), &named("one")).await.unwrap();
    assert_eq!(c.publish_configuration(&record(1), &named("other")).await, Err(WriteError::Conflict));
    // Large enough to need more than one item.
    let large =
        Configuration { teams: (0..20_000).map(|n| Team { id: slug(&format!("team-{n}")), ..named("large").teams[0].clone() }).collect(), ..named("x") };
    c.publish_configuration(&record(2), &large).await.unwrap();
    assert_eq!(c.current_version().await.unwrap(), Some(2));
    assert_eq!(c.configuration(1).await.unwrap(), Some(named("one")), "versions do not go away");
    assert!(c.configuration(2).await.unwrap() == Some(large));
    let told = VersionRecord {
        summary: Some(Summary { added: vec!["users/ada".to_owned()], unnamed: 3, ..Summary::default() }),
        rollback_to: Some(1),
        gone_teams: Some(vec![slug("web")]),
        heartbeats_since: [(slug("backup"), at(5))].into(),
        ..record(3)
    };
    c.publish_configuration(&told, &named("three")).await.unwrap();
    let mut records = Vec::new();
    for version in 0..5 {
        records.push(c.version_record(version).await.unwrap());
    }
    assert_eq!(records, [None, Some(record(1)), Some(record(2)), Some(told), None]);
}

pub async fn keys_open_and_close(s: Stores) {
    let c = &s.configuration;
    let (old, new) = (SecretHash::of("old"), SecretHash::of("new"));
    let key = IntegrationKey {
        integration: slug("pager"),
        service: slug("shop"),
        team: slug("web"),
        kind: IntegrationKind::Pagerduty,
        mapping: Vec::new(),
        limits: tocsin_domain::flood::Limits::default(),
    };
    assert_eq!(c.integration_key(&old).await.unwrap(), None);
    c.put_integration_key(&old, &key).await.unwrap();
    c.put_integration_key(&new, &key).await.unwrap();
    let moved = IntegrationKey { service: slug("bank"), ..key.clone() };
    c.put_integration_key(&new, &moved).await.unwrap();
    assert_eq!((c.integration_key(&old).await.unwrap(), c.integration_key(&new).await.unwrap()), (Some(key.clone()), Some(moved)));
    let mut hashes = c.keys_of(&key.integration).await.unwrap();
    hashes.sort();
    let mut both = vec![old.clone(), new.clone()];
    both.sort();
    assert_eq!(hashes, both);
    c.delete_integration_key(&old, &key.integration).await.unwrap();
    c.delete_integration_key(&old, &key.integration).await.unwrap();
    assert_eq!((c.integration_key(&old).await.unwrap(), c.keys_of(&key.integration).await.unwrap()), (None, vec![new]));
}

pub async fn tokens_are_found(s: Stores) {
    let c = &s.configuration;
    let hash = SecretHash::of("token");
    assert_eq!(c.tokens().await.unwrap(), []);
    assert_eq!(c.token(&hash).await.unwrap(), None);
    let grants = vec![Grant { team: None, role: Role::Owner }, Grant { team: Some(slug("web")), role: Role::Observer }];
    let principal = Principal { token: slug("first"), user: Some(slug("ada")), grants };
    c.put_token(&hash, &principal).await.unwrap();
    assert_eq!(c.token(&hash).await.unwrap(), Some(principal.clone()));
    let other = SecretHash::of("other");
    c.put_token(&other, &principal).await.unwrap();
    let mut both = [(hash.clone(), principal.clone()), (other.clone(), principal.clone())];
    both.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut all = c.tokens().await.unwrap();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(all, both);
    c.delete_token(&hash).await.unwrap();
    c.delete_token(&hash).await.unwrap();
    assert_eq!((c.token(&hash).await.unwrap(), c.tokens().await.unwrap()), (None, vec![(other, principal)]));
}
