//! Incident: alerts become incidents, incidents get their clocks.
//!
//! Called by: the table's stream, with records whose `transition` is `alert` or `incident`. It decides on the items as they are now; a record only says where to look.
//! Refuses to page: that is notify's. Its own writes of alerts carry no `transition`, so it never wakes itself up in a loop.

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use std::collections::BTreeMap;
use tocsin_app::keep_clock::KeepClock;
use tocsin_app::process_alerts::ProcessAlerts;
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_lambda::stream::{BatchAnswer, sequence};

/// The function, over its use cases.
pub struct IncidentFunction {
    /// For records of alerts.
    pub process: ProcessAlerts,
    /// For records of incidents.
    pub keep: KeepClock,
}

impl IncidentFunction {
    /// Handles a batch; the answer names the records whose work is not done.
    pub async fn handle(&self, batch: &Event) -> BatchAnswer {
        let mut alerts: BTreeMap<AlertId, Vec<String>> = BTreeMap::new();
        let mut incidents: BTreeMap<IncidentId, Vec<String>> = BTreeMap::new();
        for record in &batch.records {
            match subject(record) {
                Some(Subject::Alert(id)) => alerts.entry(id).or_default().push(sequence(record)),
                Some(Subject::Incident(id)) => incidents.entry(id).or_default().push(sequence(record)),
                None => tracing::warn!(sequence = sequence(record), "a record that is neither an alert's nor an incident's was left alone"),
            }
        }
        let mut failed: Vec<String> = Vec::new();
        let ids: Vec<AlertId> = alerts.keys().copied().collect();
        if !ids.is_empty() {
            match self.process.run(&ids).await {
                Ok(failures) => {
                    for (alert, error) in failures {
                        tracing::error!(%alert, %error, "alert not handled");
                        failed.extend(alerts.remove(&alert).unwrap_or_default());
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "no alert of this batch handled");
                    failed.extend(alerts.into_values().flatten());
                }
            }
        }
        for (incident, sequences) in incidents {
            if let Err(error) = self.keep.run(incident).await {
                tracing::error!(%incident, %error, "clock not kept");
                failed.extend(sequences);
            }
        }
        BatchAnswer::failed(failed)
    }
}

enum Subject {
    Alert(AlertId),
    Incident(IncidentId),
}

/// The item that a record is about, told from its keys.
fn subject(record: &EventRecord) -> Option<Subject> {
    let pk = tocsin_lambda::stream::key(record, "pk")?;
    let (_, id) = pk.split_once('#')?;
    match tocsin_lambda::stream::text(record, "transition")? {
        "alert" => id.parse().ok().map(Subject::Alert),
        "incident" => id.parse().ok().map(Subject::Incident),
        _ => None,
    }
}
