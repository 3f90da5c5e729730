//! How contact methods stand: an item for each that was ever asked.

use super::DynamoStore;
use super::incidents::under_revision;
use super::item::{Reader, Writer, number};
use super::schema;
use super::write::Action;
use async_trait::async_trait;
use tocsin_app::error::{PortError, WriteError};
use tocsin_app::ports::VerificationStore;
use tocsin_domain::id::ContactId;
use tocsin_domain::notification::verification::Verification;

const PORT: &str = "VerificationStore";

#[async_trait]
impl VerificationStore for DynamoStore {
    async fn verification(&self, contact: &ContactId) -> Result<Verification, PortError> {
        let item = self.get(PORT, schema::verification(contact)).await?;
        item.map_or_else(|| Ok(Verification::default()), |item| Reader::new(PORT, "verification", &item)?.document())
    }

    async fn put_verification(&self, contact: &ContactId, verification: &Verification) -> Result<(), WriteError> {
        let item = Writer::of_deployment(schema::verification(contact)).document(PORT, verification)?.with("revision", number(verification.revision));
        Ok(self.write(PORT, &under_revision(Action::put(item.build()), verification.revision)).await.map(|_| ())?)
    }
}
