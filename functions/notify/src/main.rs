//! Connects notify to the state machine, the table and SNS.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_lambda::{environment::required, logging};
use tocsin_notify::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let aws = Aws::from_environment();
    let common = Common::new(aws.table(&required("TOCSIN_TABLE")?));
    let prefix = required("TOCSIN_TOPIC_PREFIX")?;
    let messenger = aws.messenger(&prefix, &required("TOCSIN_LAST_RESORT_TOPIC_ARN")?);
    let advance = common.advance_incident(messenger.clone(), Some(aws.email_contacts(&prefix)), required("TOCSIN_PUBLIC_URL")?);
    let notify = &Notify { advance, codes: common.send_contact_code(messenger) };
    common.store.warm().await;
    run(service_fn(move |event: LambdaEvent<_>| async move {
        let answer = tocsin_notify::handle(notify, &event.payload).await;
        answer.inspect_err(|error| tracing::error!(%error, "a call failed; the state machine tries a wake-up again")).map_err(Error::from)
    }))
    .await
}
