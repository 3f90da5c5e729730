//! Heartbeats by Opsgenie's addresses.
//!
//! Refuses to make or change one: which heartbeats are expected stands in the configuration, where people see it.

use crate::Opsgenie;
use crate::show::time;
use serde_json::{Value, json};
use tocsin_app::error::AppError;
use tocsin_app::keep_heartbeats::Listed;
use tocsin_app::ports::IntegrationKey;
use tocsin_domain::heartbeat::Standing;
use tocsin_ingest::opsgenie::{Answered, Visit};

impl Opsgenie {
    /// `/v2/heartbeats/NAME/ping`: the same answer whether there is one or not, as Opsgenie gives it.
    pub(crate) async fn ping(&self, visit: &Visit, caller: &IntegrationKey, name: &str) -> Result<Answered, AppError> {
        if !self.heartbeats.ping_named(&caller.team, name).await? {
            tracing::warn!(integration = %caller.integration, "a heartbeat was pinged that is not in the configuration");
        }
        Ok(visit.answer(202, json!({"result": "PONG - Heartbeat received"})))
    }

    /// `GET /v2/heartbeats` and `GET /v2/heartbeats/NAME`.
    pub(crate) async fn show_heartbeats(&self, visit: &Visit, caller: &IntegrationKey, name: Option<&str>) -> Result<Answered, AppError> {
        let all = self.heartbeats.list().await?;
        let mine = all.iter().filter(|h| h.team == caller.team);
        Ok(match name {
            None => visit.answer(200, json!({"data": {"heartbeats": mine.map(shown).collect::<Vec<_>>()}})),
            Some(name) => match mine.into_iter().find(|h| h.heartbeat.is_called(name)) {
                Some(heartbeat) => visit.answer(200, json!({"data": shown(heartbeat)})),
                None => visit.error(404, "Heartbeat with the given name does not exist."),
            },
        })
    }

    /// `POST /v2/heartbeats`: one that stands in the configuration is there already.
    pub(crate) async fn create_heartbeat(&self, visit: &Visit, caller: &IntegrationKey, body: &[u8]) -> Result<Answered, AppError> {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Ok(visit.error(400, "Body could not be parsed: it should be a JSON object.")) };
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
        let all = self.heartbeats.list().await?;
        Ok(match all.iter().find(|h| h.team == caller.team && h.heartbeat.is_called(name)) {
            Some(heartbeat) => visit.answer(201, json!({"result": "Created", "data": shown(heartbeat)})),
            None => {
                let why = "There is no heartbeat of this name: put it under `heartbeats` of the configuration, and apply that.";
                visit.answer(422, json!({"message": "Request body is not processable. Please check the errors.", "errors": {"name": why}}))
            }
        })
    }
}

fn shown(listed: &Listed) -> Value {
    let heartbeat = &listed.heartbeat;
    // In the largest of Opsgenie's units that says it exactly; seconds, which it has not, are rounded up to minutes.
    let (interval, unit) = match heartbeat.interval_s {
        s if s.is_multiple_of(86_400) => (s / 86_400, "days"),
        s if s.is_multiple_of(3_600) => (s / 3_600, "hours"),
        s => (s.div_ceil(60), "minutes"),
    };
    let mut shown = json!({
        "name": heartbeat.name,
        "id": heartbeat.id,
        "description": "",
        "interval": interval,
        "intervalUnit": unit,
        "enabled": true,
        "expired": matches!(listed.standing, Standing::Missing { .. }),
        "ownerTeam": {"id": listed.team, "name": listed.team},
        "alertPriority": match heartbeat.severity {
            tocsin_domain::alert::Severity::Critical => "P1",
            tocsin_domain::alert::Severity::Error => "P3",
            tocsin_domain::alert::Severity::Warning => "P4",
            tocsin_domain::alert::Severity::Info => "P5",
        },
    });
    if let (Some(beat), Some(map)) = (&listed.beat, shown.as_object_mut()) {
        map.insert("lastPingTime".to_owned(), json!(time(beat.last_at)));
    }
    shown
}
