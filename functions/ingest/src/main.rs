//! Connects ingest to API Gateway and the table.

use lambda_http::http::{HeaderValue, header};
use lambda_http::{Error, Request, RequestExt, Response, run, service_fn};
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_ingest::Ingest;
use tocsin_lambda::{environment::required, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let common = Common::new(Aws::from_environment().table(&required("TOCSIN_TABLE")?));
    // The connection is opened in the start-up, not in the first request.
    common.store.warm().await;
    let ingest = &Ingest::new(common.accept_event(), common.store.clone());
    run(service_fn(move |request: Request| async move {
        let path = request.raw_http_path().to_owned();
        let answer = ingest.handle(request.method().as_str(), &path, request.body()).await;
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status.try_into()?;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok::<_, Error>(response)
    }))
    .await
}
