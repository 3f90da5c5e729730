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
        let call = Call {
            method: head.method(),
            path: &head.raw_path,
            query: &head.raw_query_string,
            content_type: &head.headers.content_type,
            content_encoding: &head.headers.content_encoding,
            authorization: &head.headers.authorization,
            hub_signature: &head.headers.hub_signature,
        };
        if let Some(ingest) = opsgenie.events(&call) {
            let answer = ingest.answer(&call, body).await;
            let response = Response::json(answer.status, answer.body).with_retry_after(answer.retry_after_s);
            return Ok::<_, Error>(if answer.status == 405 { response.with_header("allow", "POST") } else { response });
        }
        let answer = opsgenie.answer(&call, body).await;
        let text = answer.text(opsgenie.now());
        Ok(Response::json(answer.status, text).with_request_id(Some(answer.request_id)).with_retry_after(answer.retry_after_s))
    }))
    .await
}
