//! A DynamoDB inside the test process, reached by the same SDK client as the real one.
//!
//! The client's HTTP connector hands each request to an embedded database instead of a socket. Refuses operations that no store uses.

use crate::dynamo::{DynamoStore, schema};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::{Response, StatusCode};
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use std::sync::{Arc, Mutex};

/// Name of the table.
pub const TABLE: &str = "tocsin";

/// An embedded DynamoDB.
#[derive(Clone)]
pub struct Embedded {
    database: Database,
    called: Arc<Mutex<Vec<String>>>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Embedded")
    }
}

impl Embedded {
    /// An empty database in memory.
    #[expect(clippy::expect_used, reason = "for tests")]
    pub fn new() -> Self {
        Self { database: Database::memory().expect("a database in memory"), called: Arc::default() }
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://embedded.invalid")
            .http_client(self.clone());
        Client::from_conf(config.build())
    }

    /// Operations that were called, in order.
    pub fn called(&self) -> Vec<String> {
        self.called.lock().map(|c| c.clone()).unwrap_or_default()
    }

    fn answer(&self, request: &HttpRequest) -> (u16, String) {
        let operation = request.headers().get("x-amz-target").and_then(|t| t.rsplit('.').next()).unwrap_or("");
        if let Ok(mut called) = self.called.lock() {
            called.push(operation.to_owned());
        }
        let body = request.body().bytes().unwrap_or_default();
        match carry_out(&self.database, operation, body) {
            Ok(answer) => (200, answer),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }
}

impl Default for Embedded {
    fn default() -> Self {
        Self::new()
    }
}

fn carry_out(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    macro_rules! call {
        ($method:ident) => {{
            let request = serde_json::from_slice(body).map_err(|e| DynoxideError::SerializationException(e.to_string()))?;
            let answer = database.$method(request)?;
            serde_json::to_string(&answer).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
        }};
    }
    match operation {
        "CreateTable" => call!(create_table),
        "GetItem" => call!(get_item),
        "PutItem" => call!(put_item),
        "UpdateItem" => call!(update_item),
        "DeleteItem" => call!(delete_item),
        "Query" => call!(query),
        "Scan" => call!(scan),
        "BatchGetItem" => call!(batch_get_item),
        "TransactWriteItems" => call!(transact_write_items),
        other => Err(DynoxideError::ValidationException(format!("no store calls {other:?}"))),
    }
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let embedded = self.clone();
        HttpConnectorFuture::new(async move {
            // Calls of several tasks meet in an order that differs from call to call.
            let mut turns = [0];
            let _ = getrandom::fill(&mut turns);
            for _ in 0..turns[0] % 8 {
                tokio::task::yield_now().await;
            }
            let (status, body) = embedded.answer(&request);
            let status = StatusCode::try_from(status).map_err(|e| ConnectorError::other(e.into(), None))?;
            Ok(Response::new(status, SdkBody::from(body)))
        })
    }
}

impl HttpClient for Embedded {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// An empty store, on a database of its own.
pub async fn empty_store() -> DynamoStore {
    store_on(&Embedded::new()).await
}

/// A store whose table is created in `embedded`.
#[expect(clippy::expect_used, reason = "for tests")]
pub async fn store_on(embedded: &Embedded) -> DynamoStore {
    let client = embedded.client();
    let element = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("complete");
    let keys = |pk: &str, sk: &str| Some(vec![element(pk, KeyType::Hash), element(sk, KeyType::Range)]);
    let mut create = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    for (index, pk, sk) in schema::KEYS {
        for name in [pk, sk] {
            let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
            create = create.attribute_definitions(definition.expect("complete"));
        }
        create = if index.is_empty() {
            create.set_key_schema(keys(pk, sk))
        } else {
            let projection = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
            let index = GlobalSecondaryIndex::builder().index_name(index).set_key_schema(keys(pk, sk)).projection(projection).build();
            create.global_secondary_indexes(index.expect("complete"))
        };
    }
    create.send().await.expect("the table is created");
    DynamoStore::new(client, TABLE)
}
