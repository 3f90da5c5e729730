//! The decision about one alert.

use super::field::View;
use super::{MOST_PATH_CHARS, MOST_SUMMARY_CHARS, Rule, Threshold};
use crate::alert::outcome::{Outcome, RuleRef, RulesOf, Suppressor};
use crate::alert::{Alert, Severity, Urgency};
use crate::configuration::{Configuration, Grouping, Service};
use crate::id::ServiceId;
use crate::incident::Priority;
use crate::maintenance::Maintenances;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// A rule that was applied, for the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Which.
    pub rule: RuleRef,
    /// What it did, for people.
    pub did: String,
}

/// Whether anybody is paged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Verdict {
    /// It becomes, or joins, an incident.
    Page,
    /// As soon as there were enough events.
    Count {
        /// The rule that says so.
        by: RuleRef,
        /// How many, in how long.
        threshold: Threshold,
    },
    /// It does not.
    Keep {
        /// What becomes of it instead.
        outcome: Outcome,
    },
}

/// What is to be done with an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The service that it belongs to; none where the configuration has neither its integration nor its service.
    pub service: Option<ServiceId>,
    /// How bad it is.
    pub severity: Severity,
    /// Urgency of an incident that it opens, if not that of the severity.
    pub urgency: Option<Urgency>,
    /// Priority of an incident that it opens.
    pub priority: Option<Priority>,
    /// What it says.
    pub summary: String,
    /// Nobody is paged for so long.
    pub pause_s: Option<u32>,
    /// Alerts with the same key join the same incident: the hash of what they are grouped by.
    pub group: Option<String>,
    /// Whether anybody is paged.
    pub verdict: Verdict,
    /// Why: the rules that were applied, in order.
    pub applied: Vec<Applied>,
}

/// What becomes of an alert that is decided at `at`.
///
/// Worked example: a service in whose first rule everything of the test hosts is noise.
///
/// ```
/// # use tocsin_domain::{alert::Alert, configuration::Configuration, maintenance::Maintenances, rules::{Verdict, decide}};
/// let configuration: Configuration = serde_json::from_str(r#"{"version": 1, "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "p",
///     "integrations": [{"id": "shop-pd", "kind": "pagerduty"}],
///     "rules": [{"id": "test-hosts", "when": {"field": "source", "starts_with": "test-"}, "then": {"suppress": "a test host"}}]}]}"#)?;
/// let alert = |source: &str| -> Alert { serde_json::from_value(serde_json::json!({
///     "id": "alr_01KE6P4YM00000000000000001", "key": {"integration": "shop-pd", "dedup_key": "k"}, "service": "shop", "team": "web", "state": "open",
///     "received_at": "2026-01-05T09:00:00Z", "severity": "error", "seq": 1, "handled_seq": 0,
///     "event": {"action": "trigger", "dedup_key": "k", "summary": "disk full", "source": source, "severity": "error"}})).unwrap() };
/// let verdict = |source: &str| decide(&alert(source), &configuration, &Maintenances::default(), "2026-01-05T09:00:00Z".parse().unwrap()).verdict;
/// assert_eq!(verdict("web-1"), Verdict::Page);
/// let Verdict::Keep { outcome } = verdict("test-1") else { panic!() };
/// assert_eq!(outcome.to_string(), "suppressed by rule test-hosts of service shop: a test host");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn decide(alert: &Alert, configuration: &Configuration, maintenance: &Maintenances, at: Timestamp) -> Decision {
    let mut deciding = Deciding {
        view: View::of(alert),
        at,
        decision: Decision {
            service: None,
            severity: alert.severity,
            urgency: None,
            priority: None,
            summary: String::new(),
            pause_s: None,
            group: None,
            verdict: Verdict::Page,
            applied: Vec::new(),
        },
        group: None,
    };
    let integration = &alert.key.integration;
    let service: Option<&Service> = match configuration.router_of(integration) {
        Some((team, router)) => {
            deciding.run(&router.rules, &RulesOf::Router(team.id.clone()));
            let routed = deciding.decision.service.take();
            routed.and_then(|id| configuration.service(&id)).or_else(|| configuration.service(&router.default))
        }
        None => configuration.service_of(integration).or_else(|| configuration.service(&alert.service)),
    };
    if let Some(service) = service {
        deciding.decision.service = Some(service.id.clone());
        if deciding.decision.verdict == Verdict::Page {
            deciding.run(&service.rules, &RulesOf::Service(service.id.clone()));
            // A service's own rules do not route.
            deciding.decision.service = Some(service.id.clone());
        }
        if let Some((window, until, reason)) = maintenance.covering(configuration, service, at)
            && !matches!(deciding.decision.verdict, Verdict::Keep { .. })
        {
            let outcome = Outcome::Suppressed { by: Suppressor::Maintenance(window), reason, at, again_at: Some(until) };
            deciding.decision.verdict = Verdict::Keep { outcome };
        }
    }
    let by_fields = match service.map(|s| &s.grouping) {
        Some(Grouping::Fields { fields, .. }) => Some(fields.iter().map(|f| deciding.view.values(f).join("\u{1f}")).collect::<Vec<_>>()),
        Some(Grouping::None | Grouping::Time { .. }) | None => None,
    };
    let group = deciding.group.take().map(|text| vec![text]).or(by_fields).map(|values| key(&values));
    let Deciding { view, decision, .. } = deciding;
    Decision { severity: view.severity, summary: view.summary.into_owned(), group, ..decision }
}

/// The key of a group: a hash that tells apart what the values tell apart.
fn key(values: &[String]) -> String {
    let mut hash = Sha256::new();
    for value in values {
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value.as_bytes());
    }
    crate::hex::hex(&hash.finalize())
}

struct Deciding<'a> {
    view: View<'a>,
    at: Timestamp,
    decision: Decision,
    group: Option<String>,
}

impl Deciding<'_> {
    fn run(&mut self, rules: &[Rule], of: &RulesOf) {
        for rule in rules {
            if rule.when.as_ref().is_some_and(|when| !when.holds(&self.view, self.at)) {
                continue;
            }
            let by = RuleRef { of: of.clone(), rule: rule.id.clone() };
            let did = self.apply(rule, &by);
            self.decision.applied.push(Applied { rule: by, did: did.join(", ") });
            if !rule.goes_on || matches!(self.decision.verdict, Verdict::Keep { .. }) {
                return;
            }
        }
    }

    fn apply(&mut self, rule: &Rule, by: &RuleRef) -> Vec<String> {
        let then = &rule.then;
        let mut did = Vec::new();
        if let Some(summary) = &then.summary {
            let text = self.view.render(summary, MOST_SUMMARY_CHARS);
            did.push(format!("summary {text:?}"));
            self.view.summary = Cow::Owned(text);
        }
        if let Some(severity) = then.severity {
            self.view.severity = severity;
            did.push(format!("severity {}", severity.as_str()));
        }
        if let Some(urgency) = then.urgency {
            self.decision.urgency = Some(urgency);
            did.push(format!("{} urgency", if urgency == Urgency::High { "high" } else { "low" }));
        }
        if let Some(priority) = then.priority {
            self.decision.priority = Some(priority);
            did.push(format!("priority {priority:?}"));
        }
        if let Some(service) = &then.route {
            self.decision.service = Some(service.clone());
            did.push(format!("routed to service {service}"));
        }
        if let Some(template) = &then.group {
            let text = self.view.render(template, MOST_PATH_CHARS);
            did.push(format!("grouped by {text:?}"));
            self.group = Some(text);
        }
        if let Some(pause_s) = then.pause_s {
            self.decision.pause_s = Some(pause_s);
            did.push(format!("paused for {pause_s} s"));
        }
        if let Some(threshold) = then.threshold {
            self.decision.verdict = Verdict::Count { by: by.clone(), threshold };
            did.push(format!("pages from {} events in {} s on", threshold.events, threshold.within_s));
        }
        if let Some(reason) = &then.suppress {
            let outcome = Outcome::Suppressed { by: Suppressor::Rule(by.clone()), reason: reason.clone(), at: self.at, again_at: None };
            self.decision.verdict = Verdict::Keep { outcome };
            did.push(format!("suppressed: {reason}"));
        }
        if let Some(reason) = &then.drop {
            self.decision.verdict = Verdict::Keep { outcome: Outcome::Dropped { by: by.clone(), reason: reason.clone(), at: self.at } };
            did.push(format!("dropped: {reason}"));
        }
        did
    }
}
