//! Connects status to its HTTP API, the table and the stakeholders' topic.

use lambda_http::{Error, run};
use std::sync::Arc;
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_lambda::{environment::required, logging};
use tocsin_status::{Ports, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let aws = Aws::from_environment();
    let c = Common::new(aws.table(&required("TOCSIN_TABLE")?));
    c.store.warm().await;
    run(router(Ports {
        clock: c.clock,
        ids: c.ids,
        configurations: c.store.clone(),
        incidents: c.store.clone(),
        maintenance: c.store.clone(),
        subscribers: c.store,
        topic: Arc::new(aws.stakeholder_topic(&required("TOCSIN_STAKEHOLDER_TOPIC_ARN")?)),
        url: required("TOCSIN_STATUS_URL")?,
    }))
    .await
}
