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
        let call = Call {
            method: head.method(),
            path: &head.raw_path,
            query: &head.raw_query_string,
            content_type: &head.headers.content_type,
            content_encoding: &head.headers.content_encoding,
            authorization: &head.headers.authorization,
            hub_signature: &head.headers.hub_signature,
        };
        let answer = inbound.answer(&call, body).await;
        let response = Response::json(answer.status, answer.body).with_retry_after(answer.retry_after_s);
        Ok::<_, Error>(serde_json::to_value(if answer.status == 405 { response.with_header("allow", "POST") } else { response })?)
    }))
    .await
}
