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
        let (head, body) = event.payload.into_parts();
        let call = Call::of(&head);
        if let Some(door) = ingest.opsgenie(&call) {
            let answer = door.create(&call, body).await;
            return Ok(answer.response(door.accept.clock.now()));
        }
        Ok::<_, Error>(Response::from(ingest.answer(&call, body).await))
    }))
    .await
}
