//! Connects sweep to its schedule, the table, the state machine and SNS.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use std::sync::Arc;
use tocsin_app::sweep::Sweep;
use tocsin_aws::{compose::Common, config::Aws, system::EmfMetrics};
use tocsin_lambda::{environment::required, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let aws = Aws::from_environment();
    let common = Common::new(aws.table(&required("TOCSIN_TABLE")?));
    let messenger = aws.messenger(&required("TOCSIN_TOPIC_PREFIX")?, &required("TOCSIN_LAST_RESORT_TOPIC_ARN")?);
    let sweep = &Sweep {
        due: common.store.clone(),
        process: common.process_alerts(),
        handoffs: common.announce_handoffs(messenger.clone()),
        advance: common.advance_incident(messenger, None, required("TOCSIN_PUBLIC_URL")?),
        keep: common.keep_clock(aws.clocks(&required("TOCSIN_STATE_MACHINE_ARN")?)?),
        heartbeats: common.keep_heartbeats(),
        audit: common.audit_ledger(),
        metrics: Arc::new(EmfMetrics::new(required("TOCSIN_STACK")?)),
    };
    run(service_fn(move |event: LambdaEvent<_>| async move {
        let swept = tocsin_sweep::handle(sweep, &event.payload).await;
        swept.inspect_err(|error| tracing::error!(%error, "sweep failed")).map_err(Error::from)
    }))
    .await
}
