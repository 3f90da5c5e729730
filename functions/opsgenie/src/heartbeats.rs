//! Heartbeats by Opsgenie's addresses.
//!
//! One that is made here stands beside those of the configuration, which can not be changed from here: those people see and change in their file.

use crate::Opsgenie;
use crate::show::{self, time};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tocsin_app::error::AppError;
use tocsin_app::keep_heartbeats::Listed;
use tocsin_app::make_heartbeats::{Made, Wanted};
use tocsin_app::ports::IntegrationKey;
use tocsin_domain::heartbeat::Standing;
use tocsin_ingest::opsgenie::{Answered, Visit};
use tocsin_ingest::source::opsgenie::{PRIORITIES, Wrong, priority_named, severity};

impl Opsgenie {
    /// `/v2/heartbeats/NAME/ping`: the same answer whether there is one or not, as Opsgenie gives it.
    pub(crate) async fn ping(&self, visit: &Visit, caller: &IntegrationKey, name: &str) -> Result<Answered, AppError> {
        if !self.heartbeats.ping_named(&caller.team, name).await? {
            tracing::warn!(integration = %caller.integration, "a heartbeat was pinged that there is not");
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

    /// `POST /v2/heartbeats`: made at run time, for the service of the caller's key. One that is there already is changed; one of the configuration is there as it is.
    pub(crate) async fn create_heartbeat(&self, visit: &Visit, caller: &IntegrationKey, body: &[u8]) -> Result<Answered, AppError> {
        let (body, wanted) = match read(body) {
            Ok(read) => read,
            Err(wrong) => return Ok(visit.wrong(wrong)),
        };
        let name = body.get("name").map(text).unwrap_or_default();
        match self.heartbeats.make(caller, &name, wanted).await {
            Ok(Made::Done(listed) | Made::Configured(listed)) => Ok(visit.answer(201, json!({"result": "Created", "data": shown(&listed)}))),
            Ok(Made::Unknown) => Ok(visit.error(404, NOT_THERE)),
            Err(AppError::Invalid { field, reason }) => Ok(visit.wrong(Wrong::Fields([(field, reason)].into()))),
            Err(e) => Err(e),
        }
    }

    /// `PATCH /v2/heartbeats/NAME`.
    pub(crate) async fn change_heartbeat(&self, visit: &Visit, caller: &IntegrationKey, name: &str, body: &[u8]) -> Result<Answered, AppError> {
        match read(body) {
            Ok((_, wanted)) => self.changed(visit, caller, name, wanted, "Updated").await,
            Err(wrong) => Ok(visit.wrong(wrong)),
        }
    }

    /// `POST /v2/heartbeats/NAME/enable` and `disable`.
    pub(crate) async fn switch_heartbeat(&self, visit: &Visit, caller: &IntegrationKey, name: &str, on: bool) -> Result<Answered, AppError> {
        let wanted = Wanted { enabled: Some(on), ..Wanted::default() };
        self.changed(visit, caller, name, wanted, if on { "Enabled" } else { "Disabled" }).await
    }

    /// `DELETE /v2/heartbeats/NAME`.
    pub(crate) async fn remove_heartbeat(&self, visit: &Visit, caller: &IntegrationKey, name: &str) -> Result<Answered, AppError> {
        Ok(match self.heartbeats.remove(&caller.team, name).await? {
            Made::Done(_) => visit.answer(200, json!({"result": "Deleted"})),
            Made::Unknown => visit.error(404, NOT_THERE),
            Made::Configured(_) => configured(visit),
        })
    }

    async fn changed(&self, visit: &Visit, caller: &IntegrationKey, name: &str, wanted: Wanted, result: &str) -> Result<Answered, AppError> {
        match self.heartbeats.change(&caller.team, name, wanted).await {
            Ok(Made::Done(listed)) => Ok(visit.answer(200, json!({"result": result, "data": shown(&listed)}))),
            Ok(Made::Unknown) => Ok(visit.error(404, NOT_THERE)),
            Ok(Made::Configured(_)) => Ok(configured(visit)),
            Err(AppError::Invalid { field, reason }) => Ok(visit.wrong(Wrong::Fields([(field, reason)].into()))),
            Err(e) => Err(e),
        }
    }
}

const NOT_THERE: &str = "Heartbeat with the given name does not exist.";

fn configured(visit: &Visit) -> Answered {
    let why = "This heartbeat stands in the configuration: change it there, and apply that.";
    visit.wrong(Wrong::Fields([("name".to_owned(), why.to_owned())].into()))
}

/// What a body says of a heartbeat.
fn read(body: &[u8]) -> Result<(Map<String, Value>, Wanted), Wrong> {
    let body =
        if body.iter().all(u8::is_ascii_whitespace) { Value::Object(Map::new()) } else { serde_json::from_slice(body).map_err(|_| Wrong::Unreadable)? };
    let Value::Object(body) = body else { return Err(Wrong::Unreadable) };
    let given = |field: &str| body.get(field).filter(|v| !v.is_null() && v.as_str() != Some(""));
    let mut errors = BTreeMap::new();
    let unit_s = match given("intervalUnit").map(|u| text(u).to_ascii_lowercase()).as_deref() {
        None | Some("minutes" | "minute") => 60,
        Some("hours" | "hour") => 3_600,
        Some("days" | "day") => 86_400,
        Some(_) => {
            errors.insert("intervalUnit".to_owned(), "should be one of [ minutes, hours, days ]".to_owned());
            60
        }
    };
    let interval_s = given("interval").and_then(|i| {
        let seconds = i.as_u64().or_else(|| text(i).trim().parse().ok()).filter(|n| *n > 0).and_then(|n| n.checked_mul(unit_s)).and_then(|s| s.try_into().ok());
        if seconds.is_none() {
            errors.insert("interval".to_owned(), "should be a number of minutes, hours or days, above 0".to_owned());
        }
        seconds
    });
    let severity = given("alertPriority").and_then(|p| {
        let priority = priority_named(&text(p));
        if priority.is_none() {
            errors.insert("alertPriority".to_owned(), PRIORITIES.to_owned());
        }
        priority.map(|p| severity(Some(p)))
    });
    if !errors.is_empty() {
        return Err(Wrong::Fields(errors));
    }
    let short = |field: &str, most| given(field).map(|v| text(v).chars().take(most).collect::<String>());
    let tags = given("alertTags").and_then(Value::as_array).map(|list| list.iter().take(MOST_TAGS).map(|t| text(t).chars().take(50).collect()).collect());
    let enabled = given("enabled").and_then(|e| e.as_bool().or_else(|| text(e).parse().ok()));
    let wanted = Wanted { interval_s, enabled, severity, description: short("description", 10_000), message: short("alertMessage", 130), tags };
    Ok((body, wanted))
}

const MOST_TAGS: usize = 20;

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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
        "description": listed.made.as_ref().map(|m| m.description.as_str()).unwrap_or_default(),
        "interval": interval,
        "intervalUnit": unit,
        "enabled": listed.standing != Standing::Off,
        "expired": matches!(listed.standing, Standing::Missing { .. }),
        "ownerTeam": {"id": listed.team, "name": listed.team},
        "alertPriority": show::word(show::priority(heartbeat.severity)),
    });
    if let (Some(made), Some(map)) = (&listed.made, shown.as_object_mut()) {
        map.insert("alertMessage".to_owned(), json!(made.message));
        map.insert("alertTags".to_owned(), json!(made.tags));
    }
    if let (Some(beat), Some(map)) = (&listed.beat, shown.as_object_mut()) {
        map.insert("lastPingTime".to_owned(), json!(time(beat.last_at)));
    }
    shown
}
