//! Configuration versions, integration keys, API tokens.
//!
//! A version never changes: its document stands deflated, in parts, and the pointer flips to it in the same transaction.

use super::DynamoStore;
use super::item::{Item, Reader, Writer, bytes, json, number};
use super::read::Range;
use super::schema;
use super::write::Action;
use crate::chunk::{MOST_BYTES, inflate, parts};
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tocsin_app::error::{PortError, WriteError};
use tocsin_app::ports::{ConfigurationStore, IntegrationKey, SecretHash, VersionRecord};
use tocsin_domain::access::Principal;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::validate::MOST_CONFIGURATION_BYTES;
use tocsin_domain::id::IntegrationId;

const PORT: &str = "ConfigurationStore";
/// No configuration is larger than this: versions of before there was a limit are read, too.
const MOST_DOCUMENT: u64 = 64 * 1024 * 1024;
/// What validation lets through fits into one transaction, of 4 MB and 100 items (pointer and record are two of them), however badly it packs.
const _: () = assert!(MOST_CONFIGURATION_BYTES < 3_500_000 && MOST_CONFIGURATION_BYTES / MOST_BYTES + 3 <= 100);

impl DynamoStore {
    async fn read_document<T: DeserializeOwned>(&self, key: schema::Key, kind: &'static str) -> Result<Option<T>, PortError> {
        self.get(PORT, key).await?.map(|item| Reader::new(PORT, kind, &item)?.document()).transpose()
    }

    async fn write_all(&self, actions: Vec<Action>) -> Result<(), PortError> {
        self.transact(PORT, actions).await.map_err(|r| r.unexpected(PORT))
    }
}

fn document<T: Serialize>(key: schema::Key, of: &T) -> Result<Item, PortError> {
    Ok(Writer::of_deployment(key).document(PORT, of)?.build())
}

fn unpack(version: u64, items: &[Item]) -> Result<Configuration, PortError> {
    let damaged = |what: &str| PortError::Final { port: PORT, reason: format!("version {version} of the configuration {what}") };
    let (mut data, mut found, mut expected) = (Vec::new(), 0, None);
    for item in items {
        let reader = Reader::new(PORT, "part of a configuration", item)?;
        if let Some(part) = reader.maybe_bytes("data") {
            data.extend_from_slice(part);
            found += 1;
        } else {
            expected = Some(reader.number::<usize>("parts")?);
        }
    }
    if expected != Some(found) {
        return Err(damaged("is not all there"));
    }
    let json = inflate(&data, MOST_DOCUMENT).map_err(|_| damaged("can not be unpacked"))?;
    serde_json::from_slice(&json).map_err(|e| damaged(&format!("can not be read at line {} column {}", e.line(), e.column())))
}

#[async_trait]
impl ConfigurationStore for DynamoStore {
    async fn current_version(&self) -> Result<Option<u64>, PortError> {
        let item = self.get(PORT, schema::current_configuration()).await?;
        item.map(|item| Reader::new(PORT, "configuration pointer", &item)?.number("version")).transpose()
    }

    async fn version_record(&self, version: u64) -> Result<Option<VersionRecord>, PortError> {
        self.read_document(schema::configuration(version), "configuration record").await
    }

    async fn configuration(&self, version: u64) -> Result<Option<Configuration>, PortError> {
        // Parts (`D#...`) sort before the record (`R`).
        let range = Range { index: None, pk: schema::configuration(version).pk, from: "D".to_owned(), to: "R".to_owned(), backwards: false, limit: usize::MAX };
        let items = self.range(PORT, &range).await?;
        if items.is_empty() { Ok(None) } else { unpack(version, &items).map(Some) }
    }

    async fn publish_configuration(&self, record: &VersionRecord, configuration: &Configuration) -> Result<(), WriteError> {
        let pointer = Writer::of_deployment(schema::current_configuration()).with("version", number(record.version)).build();
        let pointer = match record.version.checked_sub(1) {
            None => return Err(WriteError::Conflict),
            Some(0) => Action::put(pointer).when_new(),
            Some(before) => Action::put(pointer).when("#version = :before").with(":before", number(before)),
        };
        let parts = parts(json(PORT, configuration)?.as_bytes());
        let described = Writer::of_deployment(schema::configuration(record.version)).document(PORT, record)?.with("parts", number(parts.len()));
        let mut actions = vec![pointer, Action::put(described.build()).when_new()];
        actions.extend(parts.into_iter().enumerate().map(|(n, data)| {
            let part = Writer::of_deployment(schema::configuration_part(record.version, n)).with("data", bytes(data));
            Action::put(part.build())
        }));
        Ok(self.transact(PORT, actions).await?)
    }

    async fn integration_key(&self, hash: &SecretHash) -> Result<Option<IntegrationKey>, PortError> {
        self.read_document(schema::integration_key(hash), "integration key").await
    }

    async fn keys_of(&self, integration: &IntegrationId) -> Result<Vec<SecretHash>, PortError> {
        let items = self.range(PORT, &Range::of(schema::key_of(integration, &SecretHash(String::new())).pk, "", usize::MAX)).await?;
        items.iter().map(|item| Ok(SecretHash(Reader::new(PORT, "key of an integration", item)?.text(schema::SK)?.to_owned()))).collect()
    }

    async fn put_integration_key(&self, hash: &SecretHash, key: &IntegrationKey) -> Result<(), PortError> {
        let opens = Writer::of_team(schema::integration_key(hash), &key.team).document(PORT, key)?.build();
        let listed = Writer::of_team(schema::key_of(&key.integration, hash), &key.team).build();
        self.write_all(vec![Action::put(opens), Action::put(listed)]).await
    }

    async fn delete_integration_key(&self, hash: &SecretHash, integration: &IntegrationId) -> Result<(), PortError> {
        self.write_all(vec![Action::delete(schema::integration_key(hash)), Action::delete(schema::key_of(integration, hash))]).await
    }

    async fn token(&self, hash: &SecretHash) -> Result<Option<Principal>, PortError> {
        self.read_document(schema::token(hash), "API token").await
    }

    async fn put_token(&self, hash: &SecretHash, principal: &Principal) -> Result<(), PortError> {
        let both = [schema::token(hash), schema::listed_token(hash)].map(|key| document(key, principal).map(Action::put));
        self.write_all(both.into_iter().collect::<Result<_, _>>()?).await
    }

    async fn tokens(&self) -> Result<Vec<(SecretHash, Principal)>, PortError> {
        let items = self.range(PORT, &Range::of(schema::TOKENS.to_owned(), schema::LISTED_TOKEN, usize::MAX)).await?;
        let read = |item: &Item| {
            let reader = Reader::new(PORT, "API token in the list", item)?;
            let hash = reader.text(schema::SK)?.trim_start_matches(schema::LISTED_TOKEN).to_owned();
            Ok((SecretHash(hash), reader.document()?))
        };
        items.iter().map(read).collect()
    }

    async fn delete_token(&self, hash: &SecretHash) -> Result<(), PortError> {
        self.write_all(vec![Action::delete(schema::token(hash)), Action::delete(schema::listed_token(hash))]).await
    }
}
