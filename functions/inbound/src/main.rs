//! Connects inbound to API Gateway, SNS, EventBridge and the table.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use std::sync::Arc;
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_inbound::Inbound;
use tocsin_ingest::Call;
use tocsin_lambda::http::{Request, Response};
use tocsin_lambda::{environment::required, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let aws = Aws::from_environment();
    let common = Common::new(aws.table(&required("TOCSIN_TABLE")?));
    // The connection is opened in the start-up, not in the first request.
    common.store.warm().await;
    let store = common.store.clone();
    let inbound = &Inbound::new(common.accept_event(), store.clone(), store.clone(), store, Arc::new(aws.sns_pages()));
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        if event.payload.pointer("/requestContext/http").is_none() {
            return match inbound.invoked(event.payload).await {
                Ok(()) => Ok(Value::Null),
                Err(failure) => {
                    tracing::error!(%failure, "not taken; it is delivered again, and kept in the failure queue at last");
                    Err(Error::from(failure))
                }
            };
        }
        let (head, body) = serde_json::from_value::<Request>(event.payload)?.into_parts();
        let call = Call::of(&head);
        let response = Response::from(inbound.answer(&call, body).await);
        Ok::<_, Error>(serde_json::to_value(response)?)
    }))
    .await
}
