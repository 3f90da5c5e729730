//! What rules, windows, groups and dependencies make of an alert: told again from the words of the documentation, from the documents as they were written.

use super::due::span;
use super::history::View;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use tocsin_domain::alert::outcome::{Outcome, RuleRef, RulesOf, Suppressor};
use tocsin_domain::alert::{Alert, Urgency};
use tocsin_domain::configuration::{Configuration, Grouping, Service};
use tocsin_domain::id::{IntegrationId, MaintenanceId, ServiceId};

/// What is to become of an alert.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expected {
    /// Whose people are paged; none where nobody knows.
    pub(crate) service: Option<ServiceId>,
    /// What the incident that it opens is called.
    pub(crate) title: String,
    /// A rule chose it.
    pub(crate) urgency: Option<Urgency>,
    /// Nobody is paged for so long.
    pub(crate) pause_s: Option<u32>,
    /// Alerts with the same values join.
    pub(crate) group: Option<Vec<String>>,
    /// Whether it pages.
    pub(crate) verdict: Verdict,
    /// The configuration says something that the checker does not know, or the alert is part of a flood: anything may be right.
    pub(crate) unsure: bool,
}

/// Whether it pages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// At once.
    Page,
    /// With enough others.
    Count { by: RuleRef, events: u64, within_s: i64 },
    /// Not: a rule says so.
    Never { by: RuleRef, reason: String, dropped: bool },
    /// Not before a window ends: any of these, which end last.
    Window { windows: BTreeSet<MaintenanceId>, until: Timestamp },
}

/// The service that an integration belongs to, and the team whose router is asked first.
fn owner<'a>(configuration: &'a Configuration, id: &IntegrationId) -> (Option<&'a Service>, Option<&'a tocsin_domain::configuration::Team>) {
    for team in &configuration.teams {
        if let (true, Some(router)) = (team.integrations.iter().any(|i| i.id == *id), &team.router) {
            return (configuration.services.iter().find(|s| s.id == router.default), Some(team));
        }
    }
    let own = configuration.services.iter().find(|s| s.integrations.iter().any(|i| i.id == *id));
    let beat = configuration.heartbeats.iter().find(|h| h.id == *id).and_then(|h| configuration.services.iter().find(|s| s.id == h.service));
    (own.or(beat), None)
}

/// What is to become of an alert that is decided at `at`.
pub(crate) fn expected(alert: &Alert, view: &View, at: Timestamp) -> Expected {
    let configuration = view.document;
    let mut e = Expected {
        service: None,
        title: alert.event.summary.clone(),
        urgency: None,
        pause_s: None,
        group: None,
        verdict: Verdict::Page,
        unsure: alert.flood.is_some(),
    };
    let mut severity = alert.severity.as_str().to_owned();
    let (mut service, router) = owner(configuration, &alert.key.integration);
    let mut kept = false;
    if let Some(team) = router {
        let rules = serde_json::to_value(&team.router.as_ref().unwrap().rules).unwrap();
        let routed = run(&mut e, &mut severity, alert, &rules, &RulesOf::Router(team.id.clone()));
        kept = e.verdict != Verdict::Page;
        service = routed.and_then(|r| configuration.services.iter().find(|s| s.id == r)).or(service);
    } else if service.is_none() {
        service = configuration.services.iter().find(|s| s.id == alert.service);
    }
    let Some(service) = service else { return e };
    if !kept {
        let rules = serde_json::to_value(&service.rules).unwrap();
        run(&mut e, &mut severity, alert, &rules, &RulesOf::Service(service.id.clone()));
    }
    e.service = Some(service.id.clone());
    if let (false, Some((windows, until))) = (matches!(e.verdict, Verdict::Never { .. }), covering(view, service, at)) {
        e.verdict = Verdict::Window { windows, until };
    }
    if let (None, Grouping::Fields { fields, .. }) = (&e.group, &service.grouping) {
        e.group = fields.iter().map(|f| field(alert, &e.title, &severity, f)).collect();
        e.unsure |= e.group.is_none();
    }
    e
}

/// A field's text; none where the checker does not know it.
fn field(alert: &Alert, summary: &str, severity: &str, name: &str) -> Option<String> {
    let text = |o: &Option<String>| o.clone().unwrap_or_default();
    let e = &alert.event;
    Some(match name {
        "component" => text(&e.component),
        "group" => text(&e.group),
        "class" => text(&e.class),
        "source" => e.source.clone(),
        "dedup_key" => alert.key.dedup_key.clone(),
        "severity" => severity.to_owned(),
        "summary" => summary.to_owned(),
        _ => return None,
    })
}

/// Whether a condition holds; none where the checker does not know it.
fn holds(when: &Value, alert: &Alert, summary: &str, severity: &str) -> Option<bool> {
    let mut found = true;
    let mut text = None;
    for (name, wanted) in when.as_object()? {
        let value = || text.clone().or_else(|| field(alert, summary, severity, when["field"].as_str()?));
        found &= match name.as_str() {
            "field" => {
                text = Some(value()?);
                true
            }
            "is" => match wanted {
                Value::Array(list) => list.contains(&Value::from(value()?)),
                one => *one == value()?,
            },
            "starts_with" => value()?.starts_with(wanted.as_str()?),
            "contains" => value()?.contains(wanted.as_str()?),
            "all" => wanted.as_array()?.iter().map(|w| holds(w, alert, summary, severity)).collect::<Option<Vec<_>>>()?.into_iter().all(|h| h),
            "any" => wanted.as_array()?.iter().map(|w| holds(w, alert, summary, severity)).collect::<Option<Vec<_>>>()?.into_iter().any(|h| h),
            "not" => !holds(wanted, alert, summary, severity)?,
            _ => return None,
        };
    }
    Some(found)
}

/// Applies rules in order; the answer is where they route.
fn run(e: &mut Expected, severity: &mut String, alert: &Alert, rules: &Value, of: &RulesOf) -> Option<ServiceId> {
    let routed = try_run(e, severity, alert, rules, of);
    e.unsure |= routed.is_none();
    routed.flatten()
}

/// None where a rule says something that the checker does not know.
fn try_run(e: &mut Expected, severity: &mut String, alert: &Alert, rules: &Value, of: &RulesOf) -> Option<Option<ServiceId>> {
    let mut routed = None;
    for rule in rules.as_array().into_iter().flatten() {
        let holds = match &rule["when"] {
            Value::Null => Some(true),
            when => holds(when, alert, &e.title, severity),
        };
        e.unsure |= holds.is_none();
        let holds = holds.unwrap_or(false);
        if !holds {
            continue;
        }
        let by = RuleRef { of: of.clone(), rule: crate::samples::slug(rule["id"].as_str().unwrap()) };
        for (name, value) in rule["then"].as_object().into_iter().flatten() {
            let text = || value.as_str().unwrap_or_default().to_owned();
            match name.as_str() {
                "severity" => *severity = value.as_str().unwrap_or_default().to_owned(),
                "urgency" => e.urgency = Some(if value == "low" { Urgency::Low } else { Urgency::High }),
                "summary" => e.title = rendered(value, alert, &e.title, severity)?,
                "group" => e.group = Some(vec![rendered(value, alert, &e.title, severity)?]),
                "route" => routed = Some(crate::samples::slug(&text())),
                "pause_s" => e.pause_s = value.as_u64().and_then(|s| u32::try_from(s).ok()),
                "suppress" => e.verdict = Verdict::Never { by: by.clone(), reason: text(), dropped: false },
                "drop" => e.verdict = Verdict::Never { by: by.clone(), reason: text(), dropped: true },
                "threshold" => {
                    e.verdict = Verdict::Count { by: by.clone(), events: value["events"].as_u64().unwrap(), within_s: value["within_s"].as_i64().unwrap() };
                }
                "priority" => {}
                _ => e.unsure = true,
            }
        }
        if rule["continue"] != true {
            break;
        }
    }
    Some(routed)
}

fn rendered(template: &Value, alert: &Alert, summary: &str, severity: &str) -> Option<String> {
    let mut text = String::new();
    let mut parts = template.as_str()?.split("{{");
    text.push_str(parts.next()?);
    for part in parts {
        let (name, rest) = part.split_once("}}")?;
        text.push_str(&field(alert, summary, severity, name.trim())?);
        text.push_str(rest);
    }
    Some(text)
}

/// The windows that a service is in, of those that end last, and when they do: configured ones, unless somebody ended this occurrence before, and those that
/// people started.
fn covering(view: &View, service: &Service, at: Timestamp) -> Option<(BTreeSet<MaintenanceId>, Timestamp)> {
    let mut open: Vec<(Timestamp, MaintenanceId)> = Vec::new();
    for m in view.document.maintenance.iter().filter(|m| m.services.contains(&service.id)) {
        let written = serde_json::to_value(m).unwrap();
        let occurrence = match written["weekly"].as_array() {
            Some(windows) => windows.iter().find_map(|w| span(w, at)),
            None => {
                let instant = |field: &str| written[field].as_str().unwrap().parse::<Timestamp>().unwrap();
                Some((instant("start"), instant("end"))).filter(|(start, end)| *start <= at && at < *end)
            }
        };
        let Some((start, end)) = occurrence else { continue };
        let ended = view.runs.iter().find(|r| r.configured && r.id == m.id && r.start == start).and_then(|r| r.ended_at);
        open.extend((ended.is_none_or(|e| at < e)).then(|| (ended.map_or(end, |e| e.min(end)), m.id.clone())));
    }
    for run in view.runs.iter().filter(|r| !r.configured) {
        let concerns = run.services.contains(&service.id) || run.teams.contains(&service.team);
        let end = run.ended_at.map_or(run.end, |e| e.min(run.end));
        open.extend((concerns && run.start <= at && at < end).then(|| (end, run.id.clone())));
    }
    let until = open.iter().map(|(end, _)| *end).max()?;
    Some((open.into_iter().filter(|(end, _)| *end == until).map(|(_, id)| id).collect(), until))
}

/// Whether a record is what was to become of the alert.
pub(crate) fn fits(outcome: &Outcome, expected: &Expected) -> bool {
    expected.unsure
        || match (outcome, &expected.verdict) {
            (Outcome::Dropped { by, reason, .. }, Verdict::Never { by: b, reason: r, dropped: true }) => (by, reason) == (b, r),
            (Outcome::Suppressed { by: Suppressor::Rule(by), reason, again_at: None, .. }, Verdict::Never { by: b, reason: r, dropped: false }) => {
                (by, reason) == (b, r)
            }
            (Outcome::Suppressed { by: Suppressor::Threshold(by), .. }, Verdict::Count { by: b, .. }) => by == b,
            (Outcome::Suppressed { by: Suppressor::Maintenance(id), again_at, .. }, Verdict::Window { windows, until }) => {
                windows.contains(id) && *again_at == Some(*until)
            }
            _ => false,
        }
}

/// Whether a service's alerts may join an incident of another one.
pub(crate) fn depends(configuration: &Configuration, service: &ServiceId, on: &ServiceId) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![service.clone()];
    while let Some(id) = next.pop() {
        if let Some(found) = configuration.services.iter().find(|s| s.id == id)
            && seen.insert(id)
        {
            next.extend(found.depends_on.clone());
        }
    }
    service != on && seen.contains(on)
}
