//! Connects opsgenie to API Gateway and the table.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_ingest::{Call, Ingest};
use tocsin_lambda::http::{Request, Response};
use tocsin_lambda::{environment::required, logging};
use tocsin_opsgenie::Opsgenie;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let common = Common::new(Aws::from_environment().table(&required("TOCSIN_TABLE")?));
    // The connection is opened in the start-up, not in the first request.
    common.store.warm().await;
    let store = &common.store;
    let events = Ingest::new(common.accept_event(), store.clone(), store.clone(), store.clone());
    let opsgenie = &Opsgenie::new(events, store.clone(), store.clone(), common.keep_heartbeats(), required("TOCSIN_PUBLIC_URL")?);
    run(service_fn(move |event: LambdaEvent<Request>| async move {
        let (head, body) = event.payload.into_parts();
        let call = Call::of(&head);
        if let Some(ingest) = opsgenie.events(&call) {
            return Ok::<_, Error>(Response::from(ingest.answer(&call, body).await));
        }
        Ok(opsgenie.answer(&call, body).await.response(opsgenie.now()))
    }))
    .await
}
