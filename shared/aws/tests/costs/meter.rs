//! Counts what requests cost by DynamoDB's published rules, over an embedded database that carries them out.
//!
//! The rules (Amazon DynamoDB Developer Guide; the page's name in parentheses):
//! - a read takes a unit for each 4 KB of an item, half of it when eventually consistent; an item that is not there costs as much as a small one; a Query adds the sizes
//!   of all that it reads before rounding, BatchGetItem rounds each item (read-write-operations);
//! - a write takes a unit for each KB of the larger of the item before and after; a condition that fails costs as much, one unit at least (read-write-operations);
//! - a transaction takes twice as much for each item, those that are only checked included (transaction-apis);
//! - an entry of an index is a write of its own, in units of its own size: one where it comes or goes, two where its key changes, none where it stays (GSI). It is made
//!   behind the transaction, so it is not doubled;
//! - sizes of items: names and strings by UTF-8 bytes, numbers by pairs of digits and one, lists and maps three and one for each element (CapacityUnitCalculations).

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use futures::lock::Mutex as Turns;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tocsin_aws::dynamo::DynamoStore;
use tocsin_aws::dynamo::schema::{self, Subject};
use tocsin_aws::testing::{Embedded, TABLE};

/// What a request cost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    /// The operation.
    pub(crate) operation: String,
    /// Write units of the table.
    pub(crate) written: u64,
    /// Write units of the indexes.
    pub(crate) indexed: u64,
    /// Half read units.
    pub(crate) read_halves: u64,
    /// Write units by partition, those of the indexes included.
    pub(crate) partitions: BTreeMap<String, u64>,
    /// Stream records that the functions' filters let through.
    pub(crate) records: Vec<(Subject, String)>,
}

/// The sum of several requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) calls: usize,
    pub(crate) written: u64,
    pub(crate) indexed: u64,
    pub(crate) read_halves: u64,
}

impl Cost {
    pub(crate) fn of(calls: &[Call]) -> Self {
        let sum = |f: fn(&Call) -> u64| calls.iter().map(f).sum();
        Self { calls: calls.len(), written: sum(|c| c.written), indexed: sum(|c| c.indexed), read_halves: sum(|c| c.read_halves) }
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            written: self.written + other.written,
            indexed: self.indexed + other.indexed,
            read_halves: self.read_halves + other.read_halves,
        }
    }

    /// Write units, those of indexes included.
    pub(crate) fn writes(&self) -> u64 {
        self.written + self.indexed
    }

    /// Read units.
    pub(crate) fn reads(&self) -> String {
        format!("{}{}", self.read_halves / 2, if self.read_halves % 2 == 1 { ".5" } else { "" })
    }
}

/// A metered database. Requests are carried out one after another.
#[derive(Clone)]
pub(crate) struct Meter {
    embedded: Embedded,
    seen: Arc<Mutex<Vec<Call>>>,
    turns: Arc<Turns<()>>,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meter")
    }
}

impl Meter {
    pub(crate) fn on(embedded: &Embedded) -> Self {
        Self { embedded: embedded.clone(), seen: Arc::default(), turns: Arc::default() }
    }

    /// A store whose requests are metered.
    pub(crate) fn store(&self) -> DynamoStore {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://metered.invalid")
            .http_client(self.clone());
        DynamoStore::new(Client::from_conf(config.build()), TABLE)
    }

    /// What was asked since the last look.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// Asks the database without counting.
    async fn ask(&self, operation: &str, body: &Value) -> Result<Value, ConnectorError> {
        let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
        request.headers_mut().insert("x-amz-target", format!("DynamoDB_20120810.{operation}"));
        let answer = HttpConnector::call(&self.embedded, request).await?;
        Ok(serde_json::from_slice(answer.body().bytes().unwrap()).unwrap())
    }

    async fn item(&self, key: &Value) -> Result<Option<Value>, ConnectorError> {
        let found = self.ask("GetItem", &json!({ "TableName": TABLE, "Key": key, "ConsistentRead": true })).await?;
        Ok(found.get("Item").filter(|i| !i.is_null()).cloned())
    }

    async fn items(&self, keys: &[Value]) -> Result<Vec<Option<Value>>, ConnectorError> {
        let mut items = Vec::with_capacity(keys.len());
        for key in keys {
            items.push(self.item(key).await?);
        }
        Ok(items)
    }
}

impl HttpConnector for Meter {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let meter = self.clone();
        HttpConnectorFuture::new(async move {
            let _turn = meter.turns.lock().await;
            let (operation, body) = (operation_of(&request), body_of(&request));
            let keys = written_keys(&operation, &body);
            let before = meter.items(&keys).await?;
            let response = HttpConnector::call(&meter.embedded, request).await?;
            let answer: Value = serde_json::from_slice(response.body().bytes().unwrap()).unwrap();
            let after = meter.items(&keys).await?;
            let mut call = read_cost(&operation, &body, &answer);
            let times = if operation == "TransactWriteItems" { 2 } else { 1 };
            for ((old, new), key) in before.iter().zip(&after).zip(&keys) {
                let written = times * units(size_of(old.as_ref()).max(size_of(new.as_ref())), 1024);
                call.written += written;
                *call.partitions.entry(text(key, "pk").to_owned()).or_default() += written;
                for (_, pk, sk) in schema::KEYS.iter().filter(|(index, ..)| !index.is_empty()) {
                    let entry = index_cost(old.as_ref(), new.as_ref(), pk, sk);
                    let partition = [new, old].into_iter().flatten().find_map(|i| i.get(*pk)).filter(|_| entry > 0);
                    if let Some(partition) = partition.and_then(|p| p["S"].as_str()) {
                        *call.partitions.entry(format!("{pk} {partition}")).or_default() += entry;
                    }
                }
                call.indexed +=
                    schema::KEYS.iter().filter(|(index, ..)| !index.is_empty()).map(|(_, pk, sk)| index_cost(old.as_ref(), new.as_ref(), pk, sk)).sum::<u64>();
                if old != new {
                    call.records.extend(new.as_ref().and_then(record));
                }
            }
            meter.seen.lock().unwrap().push(Call { operation, ..call });
            Ok(response)
        })
    }
}

impl HttpClient for Meter {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

pub(crate) fn operation_of(request: &HttpRequest) -> String {
    request.headers().get("x-amz-target").and_then(|t| t.rsplit('.').next()).unwrap_or("").to_owned()
}

pub(crate) fn body_of(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body().bytes().unwrap()).unwrap()
}

/// Keys of what a request writes or checks.
pub(crate) fn written_keys(operation: &str, body: &Value) -> Vec<Value> {
    let key = |of: &Value| json!({ "pk": of["pk"], "sk": of["sk"] });
    match operation {
        "PutItem" => vec![key(&body["Item"])],
        "UpdateItem" | "DeleteItem" => vec![key(&body["Key"])],
        "TransactWriteItems" => body["TransactItems"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|a| a.as_object().unwrap().values())
            .map(|a| key(a.get("Item").unwrap_or(&a["Key"])))
            .collect(),
        _ => Vec::new(),
    }
}

fn read_cost(operation: &str, body: &Value, answer: &Value) -> Call {
    let strong = |of: &Value| if of["ConsistentRead"] == true { 2 } else { 1 };
    match operation {
        "GetItem" => Call { read_halves: strong(body) * units(size(&answer["Item"]), 4096), ..Call::default() },
        "Query" => Call { read_halves: strong(body) * units(answer["Items"].as_array().unwrap().iter().map(size).sum(), 4096), ..Call::default() },
        "BatchGetItem" => {
            let asked = &body["RequestItems"][TABLE];
            let found = answer["Responses"][TABLE].as_array().unwrap();
            let missing = asked["Keys"].as_array().unwrap().len() - found.len();
            let halves: u64 = found.iter().map(|i| units(size(i), 4096)).sum::<u64>() + missing as u64;
            Call { read_halves: strong(asked) * halves, ..Call::default() }
        }
        "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" => Call::default(),
        other => panic!("no rule for {other}"),
    }
}

/// Units of so many bytes, one at least.
fn units(bytes: u64, each: u64) -> u64 {
    bytes.div_ceil(each).max(1)
}

/// Entries of an index that holds keys only.
fn index_cost(old: Option<&Value>, new: Option<&Value>, pk: &str, sk: &str) -> u64 {
    let entry = |of: Option<&Value>| {
        let of = of?;
        Some((of.get(pk)?.clone(), of.get(sk)?.clone()))
    };
    match (entry(old), entry(new)) {
        (None, None) => 0,
        (Some(old), Some(new)) if old == new => 0,
        (Some(_), Some(_)) => 2,
        (Some(_), None) | (None, Some(_)) => 1,
    }
}

fn record(item: &Value) -> Option<(Subject, String)> {
    item.get(schema::TRANSITION)?;
    Some((schema::subject(text(item, "pk"), text(item, "sk"))?, item.get("doc").map(|_| text(item, "doc").to_owned()).unwrap_or_default()))
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"].as_str().unwrap()
}

fn size_of(item: Option<&Value>) -> u64 {
    item.map_or(0, size)
}

/// Bytes of an item.
fn size(item: &Value) -> u64 {
    item.as_object().map_or(0, |attributes| attributes.iter().map(|(name, value)| name.len() as u64 + value_size(value)).sum())
}

fn value_size(value: &Value) -> u64 {
    let (kind, value) = value.as_object().and_then(|o| o.iter().next()).unwrap();
    match (kind.as_str(), value) {
        ("S", Value::String(s)) => s.len() as u64,
        ("N", Value::String(n)) => (n.trim_start_matches('-').len() as u64).div_ceil(2) + 1,
        ("B", Value::String(b)) => (b.trim_end_matches('=').len() * 3 / 4) as u64,
        ("BOOL" | "NULL", _) => 1,
        ("L", Value::Array(values)) => 3 + values.iter().map(|v| 1 + value_size(v)).sum::<u64>(),
        ("M", Value::Object(values)) => 3 + values.iter().map(|(name, v)| 1 + name.len() as u64 + value_size(v)).sum::<u64>(),
        (kind, _) => panic!("no rule for the size of {kind}"),
    }
}

#[test]
fn sizes_are_those_of_the_developer_guide() {
    // Names and values: "pk" 2 + "A" 1; "n" 1 + three digits 2 + 1; "b" 1 + 3 bytes; "f" 1 + 1; "l" 1 + 3 + (1 + "xy" 2); "m" 1 + 3 + (1 + "k" 1 + 1).
    let item = json!({
        "pk": { "S": "A" }, "n": { "N": "123" }, "b": { "B": "AQID" }, "f": { "BOOL": true },
        "l": { "L": [{ "S": "xy" }] }, "m": { "M": { "k": { "NULL": true } } },
    });
    assert_eq!(size(&item), 3 + 4 + 4 + 2 + 7 + 7);
    assert_eq!([units(0, 1024), units(1024, 1024), units(1025, 1024), units(4097, 4096)], [1, 1, 2, 2]);
    let at = |sk: &str| json!({ "due_pk": { "S": "D" }, "due_sk": { "S": sk } });
    let none = json!({ "pk": { "S": "A" } });
    let cost = |old: &Value, new: &Value| index_cost(Some(old), Some(new), "due_pk", "due_sk");
    assert_eq!([cost(&none, &none), cost(&none, &at("1")), cost(&at("1"), &at("1")), cost(&at("1"), &at("2")), cost(&at("2"), &none)], [0, 1, 0, 2, 1]);
}
