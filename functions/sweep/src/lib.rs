//! Sweep: every minute, everything overdue goes through the same code again; at once, an incident whose execution ended badly; and all of it without waiting
//! when an operator runs `tocsin redrive`.
//!
//! Called by: a schedule, the rule on executions that failed, timed out or were aborted, and the command. Refuses to have rules of its own.

use serde::{Deserialize, Serialize};
use tocsin_app::error::AppError;
use tocsin_app::sweep::{Sweep, Swept};
use tocsin_contract::escalation::parse_execution_name;
use tocsin_domain::id::IncidentId;

/// What wakes the sweep.
#[derive(Debug, Default, Deserialize)]
pub struct Wake {
    /// `Step Functions Execution Status Change`, or anything else for the schedule.
    #[serde(rename = "detail-type", default)]
    pub detail_type: String,
    /// The event's detail.
    #[serde(default)]
    pub detail: Detail,
    /// Everything that is due, without waiting whether somebody else comes to it.
    #[serde(default)]
    pub redrive: bool,
}

/// The part of an execution's status change that matters.
#[derive(Debug, Default, Deserialize)]
pub struct Detail {
    /// `INCIDENT-gGENERATION-aATTEMPT`.
    #[serde(default)]
    pub name: Option<String>,
}

/// What a wake-up did: the answer to every invocation.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Alerts that were looked at.
    pub alerts: usize,
    /// Incidents that were looked at.
    pub incidents: usize,
    /// What still failed. The next sweep tries again.
    pub failed: Vec<Failed>,
}

/// An item that still failed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

impl From<Swept> for Report {
    fn from(swept: Swept) -> Self {
        let failed = swept.failed.into_iter().map(|(id, reason)| Failed { id, reason });
        Self { alerts: swept.alerts, incidents: swept.incidents, failed: failed.collect() }
    }
}

impl Wake {
    /// The execution that ended badly: incident, generation and attempt.
    fn execution(&self) -> Option<(IncidentId, u32, u32)> {
        let name = self.detail.name.as_deref().filter(|_| self.detail_type == "Step Functions Execution Status Change")?;
        parse_execution_name(name)
    }
}

/// Handles a wake-up. What failed for single items is logged, told, and left for the next sweep.
pub async fn handle(sweep: &Sweep, wake: &Wake) -> Result<Report, AppError> {
    if let Some((incident, generation, attempt)) = wake.execution() {
        sweep.execution_ended(incident, generation, attempt).await?;
        return Ok(Report { incidents: 1, ..Report::default() });
    }
    let swept = if wake.redrive { sweep.redrive().await? } else { sweep.run().await? };
    if swept.alerts + swept.incidents > 0 {
        tracing::warn!(alerts = swept.alerts, incidents = swept.incidents, failed = swept.failed.len(), redrive = wake.redrive, "something was overdue");
    }
    Ok(swept.into())
}
