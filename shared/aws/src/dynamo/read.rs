//! Reads: one item, a range of a partition, many items by key.

use super::DynamoStore;
use super::item::{Item, text};
use super::schema::{Key, PK, SK};
use crate::failure::port_error;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use std::collections::HashMap;
use std::time::Duration;
use tocsin_app::error::PortError;

/// Keys of one BatchGetItem.
const MOST_KEYS: usize = 100;
/// Rounds of a batch of which nothing came.
const EMPTY_ROUNDS: u32 = 5;

/// Items of one partition between two sort keys, both included.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    pub index: Option<Index>,
    pub pk: String,
    pub from: String,
    pub to: String,
    pub backwards: bool,
    pub limit: usize,
}

/// An index, and the names of its keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Index {
    pub name: &'static str,
    pub pk: &'static str,
    pub sk: &'static str,
}

impl Range {
    /// Everything whose sort key begins with `prefix` and stands behind `after` (empty for all).
    pub(crate) fn of(pk: String, prefix: &str, limit: usize) -> Self {
        // A key value can not be empty; a space stands before everything that our keys begin with.
        let from = if prefix.is_empty() { " " } else { prefix }.to_owned();
        Self { index: None, pk, from, to: format!("{prefix}{}", super::schema::LAST), backwards: false, limit }
    }
}

impl DynamoStore {
    /// One item, read consistently.
    pub(crate) async fn get(&self, port: &'static str, key: Key) -> Result<Option<Item>, PortError> {
        let got = self.client.get_item().table_name(&self.table).set_key(Some(key.item())).consistent_read(true).send().await;
        got.map(|g| g.item).map_err(|e| port_error(port, &e))
    }

    /// Items of a range, read consistently unless an index answers.
    pub(crate) async fn range(&self, port: &'static str, range: &Range) -> Result<Vec<Item>, PortError> {
        let (name, pk, sk) = range.index.map_or((None, PK, SK), |i| (Some(i.name), i.pk, i.sk));
        let mut items: Vec<Item> = Vec::new();
        let mut start: Option<Item> = None;
        if range.from > range.to {
            return Ok(items);
        }
        while items.len() < range.limit {
            let missing = i32::try_from(range.limit - items.len()).unwrap_or(i32::MAX);
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .set_index_name(name.map(str::to_owned))
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
                .expression_attribute_names("#pk", pk)
                .expression_attribute_names("#sk", sk)
                .expression_attribute_values(":pk", text(&range.pk))
                .expression_attribute_values(":from", text(&range.from))
                .expression_attribute_values(":to", text(&range.to))
                .consistent_read(range.index.is_none())
                .scan_index_forward(!range.backwards)
                .limit(missing)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|e| port_error(port, &e))?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(items)
    }

    /// Items by key, read consistently; those that do not exist are left out.
    pub(crate) async fn batch(&self, port: &'static str, keys: &[Key]) -> Result<HashMap<Key, Item>, PortError> {
        let mut found = HashMap::with_capacity(keys.len());
        let mut wanted: Vec<Key> = keys.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        for chunk in wanted.chunks(MOST_KEYS) {
            let mut left: Vec<Item> = chunk.iter().cloned().map(Key::item).collect();
            let mut empty = 0;
            while !left.is_empty() {
                let before = left.len();
                let request = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build();
                let request = request.map_err(|e| PortError::Final { port, reason: e.to_string() })?;
                let answer = self.client.batch_get_item().request_items(&self.table, request).send().await.map_err(|e| port_error(port, &e))?;
                for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                    if let Some(key) = key_of(&item) {
                        found.insert(key, item);
                    }
                }
                left = answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, k)| k.keys).collect();
                if left.len() == before {
                    empty += 1;
                    if empty == EMPTY_ROUNDS {
                        return Err(PortError::Transient { port, reason: "the table is throttled".to_owned() });
                    }
                    tokio::time::sleep(Duration::from_millis(25 << empty)).await;
                }
            }
        }
        Ok(found)
    }
}

/// The primary key of an item.
pub(crate) fn key_of(item: &Item) -> Option<Key> {
    let part = |name| item.get(name)?.as_s().ok().cloned();
    Some(Key { pk: part(PK)?, sk: part(SK)? })
}
