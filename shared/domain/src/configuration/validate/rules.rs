//! Event rules, routers, grouping by fields, dependencies and maintenance windows.

use super::{MOST_RULE_DELAY_S, Report};
use crate::configuration::{Service, Team};
use crate::id::{ServiceId, TeamId};
use crate::rules::{
    Condition, MOST_CONDITIONS, MOST_EVENTS, MOST_PATH_CHARS, MOST_PAUSE_S, MOST_REASON_CHARS, MOST_RULES, MOST_SUMMARY_CHARS, MOST_WITHIN_S, Rule, Then,
    is_field, meant, paths_of,
};
use std::collections::BTreeSet;

/// Fields that alerts are grouped by.
const MOST_GROUPING_FIELDS: usize = 10;
/// Services that one depends on.
const MOST_DEPENDENCIES: usize = 20;
/// The longest description of a rule, in characters.
const MOST_DESCRIPTION_CHARS: usize = 1000;

impl Report<'_> {
    pub(super) fn routers(&mut self) {
        let configuration = self.configuration;
        for (i, team) in configuration.teams.iter().enumerate() {
            let path = format!("teams[{i}]");
            match &team.router {
                None if !team.integrations.is_empty() => {
                    let suggestion = "write router: {default: a service of the team}, or move the integrations to a service".to_owned();
                    self.say(format!("{path}.router"), "a team with integrations needs a router, so that every event belongs to a service", Some(suggestion));
                }
                None => {}
                Some(router) => {
                    if team.integrations.is_empty() {
                        let suggestion = "write integrations: [{id: web-events, kind: pagerduty}] beside it".to_owned();
                        self.say(format!("{path}.integrations"), "no event comes to this router: the team has no integrations", Some(suggestion));
                    }
                    self.routed(format!("{path}.router.default"), &router.default, team);
                    self.rules(&format!("{path}.router.rules"), &router.rules, Some(team));
                }
            }
        }
    }

    /// A router sends to services of its own team, and to those that let it.
    fn routed(&mut self, path: String, service: &ServiceId, team: &Team) {
        let configuration = self.configuration;
        self.must_exist(path.clone(), "service", service.as_str(), configuration.services.iter().map(|s| s.id.as_str()));
        if let Some(found) = configuration.service(service)
            && found.team != team.id
            && !found.routed_from.contains(&team.id)
        {
            let suggestion = format!("add routed_from: [{}] to service {service}, or choose a service of team {}", team.id, team.id);
            self.say(path, format!("service {service} belongs to team {}", found.team), Some(suggestion));
        }
    }

    pub(super) fn service_rules(&mut self, path: &str, service: &Service) {
        let configuration = self.configuration;
        self.rules(&format!("{path}.rules"), &service.rules, None);
        for (i, team) in service.routed_from.iter().enumerate() {
            self.must_exist(format!("{path}.routed_from[{i}]"), "team", team.as_str(), configuration.teams.iter().map(|t| t.id.as_str()));
        }
    }

    fn rules(&mut self, path: &str, rules: &[Rule], router_of: Option<&Team>) {
        if rules.len() > MOST_RULES {
            self.say(path, format!("{} rules are too many", rules.len()), Some(format!("at most {MOST_RULES}")));
        }
        self.must_be_unique("rule", rules.iter().enumerate().map(|(i, r)| (format!("{path}[{i}].id"), r.id.as_str())));
        for (i, rule) in rules.iter().enumerate() {
            let path = format!("{path}[{i}]");
            self.text(format!("{path}.description"), &rule.description, MOST_DESCRIPTION_CHARS);
            match &rule.when {
                None if !rule.goes_on && i + 1 < rules.len() => {
                    let message = format!("rule {} takes every event: the rules behind it are never looked at", rule.id);
                    self.say(&path, message, Some("write when, or continue: true, or move it to the end".to_owned()));
                }
                None => {}
                Some(when) => self.condition(&format!("{path}.when"), when),
            }
            self.then(&format!("{path}.then"), &rule.then, router_of);
            if rule.goes_on && (rule.then.suppress.is_some() || rule.then.drop.is_some()) {
                let suggestion = Some("leave continue out".to_owned());
                self.say(format!("{path}.continue"), "what is suppressed or dropped is decided: no rule behind it is looked at", suggestion);
            }
        }
    }

    fn condition(&mut self, path: &str, when: &Condition) {
        let count = when.count();
        if count > MOST_CONDITIONS {
            self.say(path, format!("{count} conditions are too many"), Some(format!("at most {MOST_CONDITIONS}; a list under is: compares with many texts")));
        }
        for (within, message, suggestion) in when.mistakes() {
            let dot = if within.is_empty() { "" } else { "." };
            self.say(format!("{path}{dot}{within}"), message, Some(suggestion));
        }
    }

    fn then(&mut self, path: &str, then: &Then, router_of: Option<&Team>) {
        if *then == Then::default() {
            self.say(path, "the rule does nothing", Some("write severity, suppress, route, pause_s ...".to_owned()));
        }
        match (&then.route, router_of) {
            (Some(_), None) => {
                let suggestion = Some("route in the router of a team; a service keeps its alerts".to_owned());
                self.say(format!("{path}.route"), "a service's own rules can not route", suggestion);
            }
            (Some(service), Some(team)) => self.routed(format!("{path}.route"), service, team),
            (None, _) => {}
        }
        for (field, template, most) in [("summary", &then.summary, MOST_SUMMARY_CHARS), ("group", &then.group, MOST_PATH_CHARS)] {
            let Some(template) = template else { continue };
            if template.trim().is_empty() {
                self.say(format!("{path}.{field}"), "the text is empty", Some("write text, or a field like {{summary}}".to_owned()));
            }
            self.text(format!("{path}.{field}"), template, most);
            for unknown in paths_of(template).into_iter().filter(|p| !is_field(p)) {
                self.say(format!("{path}.{field}"), format!("events have no field {unknown:?}"), Some(meant(unknown)));
            }
        }
        for (field, reason) in [("suppress", &then.suppress), ("drop", &then.drop)] {
            let Some(reason) = reason else { continue };
            if reason.trim().is_empty() {
                self.say(format!("{path}.{field}"), "the reason is missing", Some("write why, for whoever looks for the alert".to_owned()));
            }
            self.text(format!("{path}.{field}"), reason, MOST_REASON_CHARS);
        }
        if then.suppress.is_some() && then.drop.is_some() {
            self.say(format!("{path}.drop"), "an alert is suppressed or dropped, not both", Some("leave one of them out".to_owned()));
        }
        let kept = then.suppress.is_some() || then.drop.is_some();
        for (field, given) in [("pause_s", then.pause_s.is_some()), ("threshold", then.threshold.is_some())] {
            if given && kept {
                self.say(format!("{path}.{field}"), "nobody is paged for this alert at all", Some(format!("leave {field} out")));
            }
        }
        if let Some(pause_s) = then.pause_s {
            self.seconds(format!("{path}.pause_s"), pause_s, 1, MOST_PAUSE_S);
        }
        if let Some(threshold) = then.threshold {
            if !(2..=MOST_EVENTS).contains(&threshold.events) {
                let suggestion = format!("write 2 to {MOST_EVENTS} events");
                self.say(format!("{path}.threshold.events"), format!("{} is out of bounds", threshold.events), Some(suggestion));
            }
            self.seconds(format!("{path}.threshold.within_s"), threshold.within_s, 1, MOST_WITHIN_S);
        }
    }

    pub(super) fn grouping_fields(&mut self, path: &str, fields: &[String], window_s: Option<u32>) {
        if fields.is_empty() {
            self.say(format!("{path}.fields"), "no field is named", Some("write fields: [component], or another grouping".to_owned()));
        }
        if fields.len() > MOST_GROUPING_FIELDS {
            self.say(format!("{path}.fields"), format!("{} fields are too many", fields.len()), Some(format!("at most {MOST_GROUPING_FIELDS}")));
        }
        for (i, field) in fields.iter().enumerate() {
            if !is_field(field) {
                self.say(format!("{path}.fields[{i}]"), format!("events have no field {field:?}"), Some(meant(field)));
            }
        }
        if let Some(window_s) = window_s {
            self.seconds(format!("{path}.window_s"), window_s, 1, MOST_RULE_DELAY_S);
        }
    }

    pub(super) fn dependencies(&mut self, path: &str, service: &Service) {
        let configuration = self.configuration;
        if service.depends_on.len() > MOST_DEPENDENCIES {
            let message = format!("{} services are too many", service.depends_on.len());
            self.say(format!("{path}.depends_on"), message, Some(format!("at most {MOST_DEPENDENCIES}")));
        }
        if service.attach_to_upstream && service.depends_on.is_empty() {
            let suggestion = Some("write depends_on, or leave it out".to_owned());
            self.say(format!("{path}.attach_to_upstream"), "the service depends on no other", suggestion);
        }
        for (i, upstream) in service.depends_on.iter().enumerate() {
            let path = format!("{path}.depends_on[{i}]");
            self.must_exist(path.clone(), "service", upstream.as_str(), configuration.services.iter().map(|s| s.id.as_str()));
            if let Some(circle) = self.circle(&service.id, upstream) {
                let names: Vec<&str> = circle.iter().map(|id| id.as_str()).collect();
                self.say(path, format!("{} depends on itself: {}", service.id, names.join(" -> ")), Some("break the circle".to_owned()));
            }
        }
    }

    /// The way from `service` over `upstream` back to `service`.
    fn circle(&self, service: &ServiceId, upstream: &ServiceId) -> Option<Vec<ServiceId>> {
        let mut seen: BTreeSet<&ServiceId> = BTreeSet::new();
        let mut ways: Vec<Vec<ServiceId>> = vec![vec![service.clone(), upstream.clone()]];
        while let Some(way) = ways.pop() {
            let here = way.last()?.clone();
            if here == *service {
                return Some(way);
            }
            let Some(found) = self.configuration.service(&here).filter(|s| seen.insert(&s.id)) else { continue };
            ways.extend(found.depends_on.iter().rev().map(|next| way.iter().chain([next]).cloned().collect::<Vec<_>>()));
        }
        None
    }

    pub(super) fn maintenance(&mut self) {
        let configuration = self.configuration;
        let windows = || configuration.maintenance.iter().enumerate().map(|(i, m)| (format!("maintenance[{i}]"), m));
        self.must_be_unique("maintenance window", windows().map(|(path, m)| (format!("{path}.id"), m.id.as_str())));
        for (path, window) in windows() {
            if window.reason.trim().is_empty() {
                self.say(format!("{path}.reason"), "the reason is missing", Some("write why, for people who miss their pages".to_owned()));
            } else {
                self.name(format!("{path}.reason"), &window.reason);
            }
            for (i, id) in window.services.iter().enumerate() {
                self.must_exist(format!("{path}.services[{i}]"), "service", id.as_str(), configuration.services.iter().map(|s| s.id.as_str()));
            }
            for (i, id) in window.teams.iter().enumerate() {
                self.must_exist(format!("{path}.teams[{i}]"), "team", TeamId::as_str(id), configuration.teams.iter().map(|t| t.id.as_str()));
            }
            for problem in window.validate() {
                self.say(format!("{path}.{}", problem.field), problem.message, Some(problem.suggestion));
            }
        }
    }
}
