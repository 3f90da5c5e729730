//! Connects incident to the table's stream and the state machine.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_incident::IncidentFunction;
use tocsin_lambda::{environment::required, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let aws = Aws::from_environment();
    let common = Common::new(aws.table(&required("TOCSIN_TABLE")?));
    let clocks = aws.clocks(&required("TOCSIN_STATE_MACHINE_ARN")?)?;
    common.store.warm().await;
    let function = &IncidentFunction { process: common.process_alerts(), keep: common.keep_clock(clocks) };
    run(service_fn(move |event: LambdaEvent<_>| async move { Ok::<_, Error>(function.handle(&event.payload).await) })).await
}
