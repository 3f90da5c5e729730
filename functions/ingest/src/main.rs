//! Connects ingest to API Gateway and the table.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_ingest::Ingest;
use tocsin_lambda::http::{Request, Response};
use tocsin_lambda::{environment::required, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let common = Common::new(Aws::from_environment().table(&required("TOCSIN_TABLE")?));
    // The connection is opened in the start-up, not in the first request.
    common.store.warm().await;
    let ingest = &Ingest::new(common.accept_event(), common.store.clone());
    run(service_fn(move |event: LambdaEvent<Request>| async move {
        let request = event.payload;
        let (method, path) = (request.method().to_owned(), request.raw_path.clone());
        let answer = ingest.handle(&method, &path, &request.into_body()).await;
        Ok::<_, Error>(Response::json(answer.status, answer.body))
    }))
    .await
}
