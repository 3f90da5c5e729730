//! Connects api to API Gateway, the table and the topics of e-mail contact methods.

use lambda_http::{Error, run};
use std::sync::Arc;
use tocsin_api::whole_path::whole_path;
use tocsin_api::{Api, router};
use tocsin_app::{apply_configuration::ApplyConfiguration, use_link::UseLink, verify_contact::VerifyContact};
use tocsin_aws::{compose::Common, config::Aws};
use tocsin_lambda::{environment::required, logging};
use tower::util::MapRequest;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let aws = Aws::from_environment();
    let c = Common::new(aws.table(&required("TOCSIN_TABLE")?));
    let emails = Arc::new(aws.email_contacts(&required("TOCSIN_TOPIC_PREFIX")?));
    c.store.warm().await;
    let (command, heartbeats) = (c.command_incident(), c.keep_heartbeats());
    let router = router(Api {
        incidents: c.store.clone(),
        alerts: c.store.clone(),
        changes: c.store.clone(),
        access: c.store.clone(),
        configuration: c.configuration.clone(),
        rosters: c.rosters(),
        amend: c.change_roster(),
        calendars: c.calendars(),
        emails: emails.clone(),
        merge: tocsin_app::merge_incidents::MergeIncidents { incidents: c.store.clone(), clock: c.clock.clone() },
        split: tocsin_app::split_incident::SplitIncident { incidents: c.store.clone(), alerts: c.store.clone(), clock: c.clock.clone(), ids: c.ids.clone() },
        verify: VerifyContact {
            verifications: c.store.clone(),
            emails: emails.clone(),
            codes: Arc::new(aws.contact_codes(&required("TOCSIN_NOTIFY_ARN")?)),
            clock: c.clock.clone(),
        },
        link: UseLink { lanes: c.store.clone(), incidents: c.store.clone(), command: command.clone() },
        command,
        heartbeats,
        maintenance: c.keep_maintenance(),
        trace: c.trace_alerts(),
        audit: c.audit_ledger(),
        apply: ApplyConfiguration { store: c.store, cache: c.configuration, emails, clock: c.clock, ids: c.ids },
    });
    run(MapRequest::new(router, whole_path)).await
}
