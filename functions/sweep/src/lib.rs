//! Sweep: every minute, everything overdue goes through the same code again; and at once, an incident whose execution ended badly.
//!
//! Called by: a schedule, and the rule on executions that failed, timed out or were aborted. Refuses to have rules of its own.

use serde::Deserialize;
use tocsin_app::error::AppError;
use tocsin_app::sweep::Sweep;
use tocsin_contract::escalation::parse_execution_name;
use tocsin_domain::id::IncidentId;

/// What wakes the sweep.
#[derive(Debug, Deserialize)]
pub struct Wake {
    /// `Step Functions Execution Status Change`, or anything else for the schedule.
    #[serde(rename = "detail-type", default)]
    pub detail_type: String,
    /// The event's detail.
    #[serde(default)]
    pub detail: Detail,
}

/// The part of an execution's status change that matters.
#[derive(Debug, Default, Deserialize)]
pub struct Detail {
    /// `INCIDENT-gGENERATION-aATTEMPT`.
    #[serde(default)]
    pub name: Option<String>,
}

impl Wake {
    /// The execution that ended badly: incident, generation and attempt.
    fn execution(&self) -> Option<(IncidentId, u32, u32)> {
        let name = self.detail.name.as_deref().filter(|_| self.detail_type == "Step Functions Execution Status Change")?;
        parse_execution_name(name)
    }
}

/// Handles a wake-up. What failed for single items is logged and left for the next sweep.
pub async fn handle(sweep: &Sweep, wake: &Wake) -> Result<(), AppError> {
    match wake.execution() {
        Some((incident, generation, attempt)) => sweep.execution_ended(incident, generation, attempt).await,
        None => {
            let swept = sweep.run().await?;
            if swept.alerts + swept.incidents > 0 {
                tracing::warn!(alerts = swept.alerts, incidents = swept.incidents, failed = swept.failed.len(), "something was overdue");
            }
            Ok(())
        }
    }
}
