//! Connects notify to the state machine, the table and SNS.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_lambda::{environment::required, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let aws = Aws::from_environment();
    let common = Common::new(aws.table(&required("TOCSIN_TABLE")?));
    let messenger = aws.messenger(&required("TOCSIN_TOPIC_PREFIX")?, &required("TOCSIN_LAST_RESORT_TOPIC_ARN")?);
    let advance = &common.advance_incident(messenger, required("TOCSIN_PUBLIC_URL")?);
    common.store.warm().await;
    run(service_fn(move |event: LambdaEvent<_>| async move {
        let answer = tocsin_notify::handle(advance, &event.payload).await;
        answer.inspect_err(|error| tracing::error!(%error, "wake-up failed; the state machine tries again")).map_err(Error::from)
    }))
    .await
}
