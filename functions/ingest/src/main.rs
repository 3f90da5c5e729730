//! Connects ingest to API Gateway and the table.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use std::sync::Arc;
use tocsin_aws::{compose::accept_event, config::Aws};
use tocsin_ingest::{Call, Ingest};
use tocsin_lambda::http::{Request, Response};
use tocsin_lambda::{environment::required, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let store = Arc::new(Aws::from_environment().table(&required("TOCSIN_TABLE")?));
    // The connection is opened in the start-up, not in the first request.
    store.warm().await;
    let ingest = &Ingest::new(accept_event(&store), store.clone(), store.clone(), store);
    run(service_fn(move |event: LambdaEvent<Request>| async move {
        let request = event.payload;
        let (head, body) = request.into_parts();
        let call = Call {
            method: head.method(),
            path: &head.raw_path,
            query: &head.raw_query_string,
            content_type: &head.headers.content_type,
            content_encoding: &head.headers.content_encoding,
            authorization: &head.headers.authorization,
            hub_signature: &head.headers.hub_signature,
        };
        if let Some(door) = ingest.opsgenie(&call) {
            let answer = door.create(&call, body).await;
            let text = answer.text(door.accept.clock.now());
            return Ok(Response::json(answer.status, text).with_request_id(Some(answer.request_id)).with_retry_after(answer.retry_after_s));
        }
        let answer = ingest.answer(&call, body).await;
        let response = Response::json(answer.status, answer.body).with_retry_after(answer.retry_after_s);
        Ok::<_, Error>(if answer.status == 405 { response.with_header("allow", "POST") } else { response })
    }))
    .await
}
