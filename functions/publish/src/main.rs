//! Connects publish to the table's stream and the bus.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use std::sync::Arc;
use tocsin_app::publish_timeline::PublishTimeline;
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_lambda::{environment::required, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let aws = Aws::from_environment();
    let common = Common::new(aws.table(&required("TOCSIN_TABLE")?));
    let publish = &PublishTimeline { bus: Arc::new(aws.bus(&required("TOCSIN_BUS")?)), configuration: common.configuration };
    run(service_fn(move |event: LambdaEvent<_>| async move { Ok::<_, Error>(tocsin_publish::handle(publish, &event.payload).await) })).await
}
