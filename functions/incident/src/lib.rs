//! Incident: alerts become incidents, incidents get their clocks.
//!
//! Called by: the table's stream, with records whose `transition` is `alert` or `incident`. It decides on the items as they are now; a record only says where to look.
//! Refuses to page: that is notify's. Its own writes of alerts carry no `transition`, so it never wakes itself up in a loop.

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use futures::stream::{self, StreamExt};
use std::collections::BTreeMap;
use tocsin_app::keep_clock::KeepClock;
use tocsin_app::process_alerts::ProcessAlerts;
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_lambda::stream::{BatchAnswer, sequence};

/// Incidents of one batch whose clocks are kept at the same time.
const AT_ONCE: usize = 16;

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
        let mut failed = self.handle_alerts(alerts).await;
        // An incident of thousands of alerts is long in closing: nobody else's clock waits for it.
        let kept = incidents.into_iter().map(|(incident, sequences)| self.keep_clock(incident, sequences));
        failed.extend(stream::iter(kept).buffer_unordered(AT_ONCE).concat().await);
        BatchAnswer::failed(failed)
    }

    async fn handle_alerts(&self, mut alerts: BTreeMap<AlertId, Vec<String>>) -> Vec<String> {
        let ids: Vec<AlertId> = alerts.keys().copied().collect();
        if ids.is_empty() {
            return Vec::new();
        }
        match self.process.run(&ids).await {
            Ok(failures) => {
                let mut failed = Vec::new();
                for (alert, error) in failures {
                    tracing::error!(%alert, %error, "alert not handled");
                    failed.extend(alerts.remove(&alert).unwrap_or_default());
                }
                failed
            }
            Err(error) => {
                tracing::error!(%error, "no alert of this batch handled");
                alerts.into_values().flatten().collect()
            }
        }
    }

    async fn keep_clock(&self, incident: IncidentId, sequences: Vec<String>) -> Vec<String> {
        let Err(error) = self.keep.run(incident).await else { return Vec::new() };
        tracing::error!(%incident, %error, "clock not kept");
        sequences
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
