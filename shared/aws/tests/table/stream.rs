//! What the readers of the stream are told, and that the incident function does not wake itself.

use super::samples::*;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use tocsin_app::ports::{AlertStore, ConfigurationStore, IncidentStore, SecretHash};
use tocsin_aws::dynamo::schema::{self, Key};
use tocsin_aws::dynamo::{DynamoStore, read_document};
use tocsin_aws::testing::{Embedded, TABLE, store_on};
use tocsin_domain::alert::Severity;
use tocsin_domain::incident::timeline::{Actor, Entry, What};

struct Table {
    embedded: Embedded,
    store: DynamoStore,
}

impl Table {
    async fn new() -> Self {
        let embedded = Embedded::new();
        let store = store_on(&embedded).await;
        Self { embedded, store }
    }

    async fn item(&self, key: Key) -> HashMap<String, AttributeValue> {
        let get = self.embedded.client().get_item().table_name(TABLE);
        let get = get.key(schema::PK, AttributeValue::S(key.pk)).key(schema::SK, AttributeValue::S(key.sk));
        get.send().await.unwrap().item.unwrap()
    }

    async fn transition(&self, key: Key) -> Option<String> {
        self.item(key).await.get(schema::TRANSITION).map(|t| t.as_s().unwrap().clone())
    }

    async fn all(&self) -> Vec<HashMap<String, AttributeValue>> {
        self.embedded.client().scan().table_name(TABLE).send().await.unwrap().items.unwrap()
    }
}

#[tokio::test]
async fn an_alert_is_told_until_it_is_handled() {
    let t = Table::new().await;
    let changed = Some(schema::ALERT_CHANGED.to_owned());
    let a = alert(1, "disk", Severity::Error);
    t.store.open_alert(&a).await.unwrap();
    assert_eq!(t.transition(schema::alert(a.id)).await, changed);

    let mut commit = opening(incident(1));
    commit.alerts = vec![handled(a.id, 1, commit.incident.id, true)];
    t.store.commit(&commit).await.unwrap();
    let item = t.item(schema::alert(a.id)).await;
    for attribute in [schema::TRANSITION, schema::DUE_PK, schema::DUE_SK] {
        assert!(!item.contains_key(attribute), "{attribute} is left on a handled alert");
    }

    t.store.count_repetition(&a.key, Severity::Error, at(1)).await.unwrap();
    assert_eq!(t.transition(schema::alert(a.id)).await, None, "a repetition is told to nobody");
    t.store.resolve_alert(&a.key, a.id, at(2)).await.unwrap();
    assert_eq!(t.transition(schema::alert(a.id)).await, changed);
}

#[tokio::test]
async fn a_closed_alert_wakes_nobody() {
    let t = Table::new().await;
    let incident = open_with_alerts(&t.store, 1, &[1]).await;
    t.store.close_alert(&alert(1, "1", Severity::Critical), at(10)).await.unwrap();
    assert_eq!(t.transition(schema::alert(alert_id(1))).await, None);
    assert!(t.item(schema::guard(&key("1"))).await.contains_key(schema::EXPIRES_AT));
    assert_eq!(t.transition(schema::link(incident.id, 1)).await, None);
}

#[tokio::test]
async fn an_incident_is_told_where_it_is_announced() {
    let t = Table::new().await;
    let first = opening(incident(1));
    t.store.commit(&first).await.unwrap();
    let key = schema::incident(first.incident.id);
    assert_eq!(t.transition(key.clone()).await.as_deref(), Some(schema::INCIDENT_CHANGED));
    assert_eq!(t.transition(schema::entry(first.incident.id, 1)).await.as_deref(), Some(schema::ENTRY_WRITTEN));
    t.store.commit(&change(&first.incident, |_| {})).await.unwrap();
    assert_eq!(t.transition(key).await, None);
}

#[tokio::test]
async fn an_entry_is_read_from_its_image_however_large_it_is() {
    let t = Table::new().await;
    let mut commit = opening(incident(1));
    let whats = vec![What::Noted { text: "short".to_owned() }, What::Noted { text: "long ".repeat(4000) }, What::Noted { text: "longest ".repeat(60_000) }];
    commit.entries.extend(commit.incident.record(at(1), &Actor::System, whats));
    t.store.commit(&commit).await.unwrap();
    for expected in &commit.entries {
        let image = t.item(schema::entry(expected.incident, expected.seq)).await;
        let doc = image.get(schema::DOC).map(|v| v.as_s().unwrap().as_str());
        assert_eq!(doc.is_some(), expected.seq != 4, "text as long as it fits into an item");
        let packed = image.get(schema::PACKED).map(|v| v.as_b().unwrap().as_ref());
        assert_eq!(&read_document::<Entry>("stream", doc, packed).unwrap(), expected);
    }
}

#[tokio::test]
async fn every_item_names_its_team_and_form_and_guards_are_small_and_unseen() {
    let t = Table::new().await;
    let long = "x".repeat(10_000);
    t.store.open_alert(&alert(9, &long, Severity::Error)).await.unwrap();
    open_with_alerts(&t.store, 1, &[1]).await;
    t.store.next_number().await.unwrap();
    let principal = tocsin_domain::access::Principal { token: "ops".parse().unwrap(), user: None, grants: Vec::new() };
    t.store.put_token(&SecretHash::of("secret-of-the-token"), &principal).await.unwrap();
    for item in t.all().await {
        let pk = item[schema::PK].as_s().unwrap();
        assert!(item.contains_key(schema::TEAM) && item.contains_key(schema::FORMAT), "{pk}");
        if pk.starts_with("G#") {
            let unseen = [schema::TRANSITION, schema::DUE_PK, schema::DUE_SK, schema::TEAM_PK, schema::TEAM_SK];
            assert!(unseen.iter().all(|a| !item.contains_key(*a)));
            assert!(format!("{item:?}").len() < 1000, "a guard is billed as one unit");
        }
        assert!(!format!("{item:?}").contains("secret-of-the-token"));
    }
}
