//! Grafana's webhook: unified alerting (Alertmanager's form with `values`, `silenceURL`, `panelURL`, `imageURL`) and, up to version 8, one rule a request.
//!
//! Called by: the ingest handler.
//! Format: <https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/>.
//!
//! Refused: as [`alertmanager`](super::alertmanager) does, and a rule without `ruleId`, `ruleName` and `title`.

use super::alertmanager::{self, MAX_BODY};
use super::draft::{Draft, is_address};
use super::{Batch, Refusal, identity, json, severity};
use serde_json::{Map, Value};
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::{Action, Event, Image, Link};

/// Reads one delivery.
///
/// # Errors
/// A [`Refusal`] where no alert can be found in the body.
pub fn parse(body: &[u8]) -> Result<Batch, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Refusal::too_large("6 MB"));
    }
    let document = json::parse(body)?;
    match document.value {
        Value::Object(rule) if !rule.contains_key("alerts") && (rule.contains_key("ruleId") || rule.contains_key("ruleName")) => {
            let event = legacy(rule, document.notes).ok_or_else(|| Refusal::invalid(&["'ruleName' is missing or blank".to_owned()]))?;
            Ok(Batch { events: vec![event], refused: Vec::new() })
        }
        value => alertmanager::alerts(json::Document { value, ..document }, "Grafana", alertmanager::resolved),
    }
}

/// One rule. A rule that is paused no longer fires, so its alert ends; `alerting`, `no_data` and whatever else is a problem.
fn legacy(rule: Map<String, Value>, notes: Vec<String>) -> Option<Event> {
    let text = |name: &str| json::member(&rule, name).filter(|text| !json::is_blank(text));
    let address = |name: &str| text(name).filter(|text| is_address(text)).map(std::borrow::Cow::into_owned);
    let title = text("title").or_else(|| text("ruleName")).or_else(|| text("ruleId"))?.into_owned();
    let id = text("ruleId").or_else(|| text("ruleName")).or_else(|| text("title"))?;
    let number = |name: &str| text(name).unwrap_or_else(|| "0".into());
    let mut draft = Draft::new(notes);
    let (dedup_key, note) = identity::bounded(format!("grafana/{}/{}/{id}", number("orgId"), number("dashboardId")));
    note.into_iter().for_each(|note| draft.note(note));
    let action = match text("state").as_deref() {
        Some("ok" | "paused") => Action::Resolve,
        _ => Action::Trigger,
    };
    let tag = rule.get("tags").and_then(|tags| tags.get("severity")).map(json::text);
    let summary = match action {
        Action::Trigger => draft.line("title", Some(Value::String(title))).unwrap_or_default(),
        Action::Acknowledge | Action::Resolve => String::new(),
    };
    let mut event = Event {
        action,
        dedup_key,
        summary,
        source: "Grafana".to_owned(),
        severity: if action == Action::Trigger { tag.and_then(|word| severity::read(&word)).unwrap_or(Severity::Error) } else { Severity::Info },
        priority: None,
        occurred_at: None,
        component: None,
        group: None,
        class: draft.line("ruleName", rule.get("ruleName").filter(|name| !json::is_absent(name)).cloned()),
        client: Some("Grafana".to_owned()),
        client_url: address("ruleUrl"),
        links: address("ruleUrl").map(|href| Link { href, text: "Rule".to_owned() }).into_iter().collect(),
        images: address("imageUrl").map(|src| Image { src, href: None, alt: None }).into_iter().collect(),
        details: Value::Null,
        adapted: Vec::new(),
    };
    // What `line` keeps because it was cut is in the rule anyway.
    (_, event.adapted) = draft.finish(None);
    event.details = Value::Object(rule);
    Some(event)
}
