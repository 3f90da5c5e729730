//! The stores over one DynamoDB table.
//!
//! [`schema`] has the keys, [`model`] the access patterns, [`item`] turns values into attributes and back, [`write`] and [`read`] talk to the table; each further module
//! implements one port. Refuses to decide: every rule that is not about storing stands in the use cases and the domain.

mod alerts;
mod changes;
mod configuration;
mod due;
mod heartbeats;
mod holds;
mod incidents;
mod item;
mod lanes;
pub mod model;
mod quiet;
mod rates;
mod read;
mod rosters;
pub mod schema;
mod subscribers;
mod verifications;
mod write;

pub use item::read_document;

use aws_sdk_dynamodb::Client;

/// The table, as all stores.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    table: String,
}

impl DynamoStore {
    /// Stores in `table`, over a client that is shared by all clones.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Opens the connection ahead of the first request, during start-up, which is not billed by the request's patience. Whether it works is seen by the first request.
    pub async fn warm(&self) {
        let _ = self.get("warm", schema::current_configuration()).await;
    }
}
