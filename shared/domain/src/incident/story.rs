//! Timeline entries in words: what a person reads at 3 a.m., and after.

use super::timeline::{PageOf, PauseEnd, Planned, What};
use crate::alert::Urgency;
use crate::configuration::Channel;
use crate::escalation::policy::Target;
use crate::id::ContactId;
use crate::notification::why::sentence;
use jiff::Timestamp;

impl What {
    /// One sentence, without who and when: those stand beside it.
    ///
    /// ```
    /// # use tocsin_domain::incident::timeline::What;
    /// assert_eq!(What::Resolved {}.words(), "resolved");
    /// assert_eq!(What::TriggeredAgain { snooze_ended: true }.words(), "the snooze ended and nobody had resolved it: triggered again");
    /// ```
    pub fn words(&self) -> String {
        match self {
            What::Triggered { title, severity, urgency, policy, config_version, paused_until: _ } => {
                let urgency = match urgency {
                    crate::alert::Urgency::High => "high",
                    crate::alert::Urgency::Low => "low",
                };
                format!("triggered: {title} ({}, {urgency} urgency, policy {policy} of configuration {config_version})", severity.as_str())
            }
            What::AlertsAttached { alerts } => format!("{} joined", count(alerts.len(), "alert")),
            What::AlertsResolved { alerts, still_open } => format!("{} resolved, {still_open} still open", count(alerts.len(), "alert")),
            What::Raised { severity, urgency } => {
                format!("raised to {} ({} urgency)", severity.as_str(), if *urgency == crate::alert::Urgency::High { "high" } else { "low" })
            }
            What::Acknowledged { until: None } => "acknowledged".to_owned(),
            What::Acknowledged { until: Some(until) } => format!("acknowledged; triggered again at {} unless it is resolved", at(*until)),
            What::Unacknowledged {} => "acknowledgement taken back: triggered again".to_owned(),
            What::Snoozed { until } => format!("snoozed until {}", at(*until)),
            What::TriggeredAgain { snooze_ended: true } => "the snooze ended and nobody had resolved it: triggered again".to_owned(),
            What::TriggeredAgain { snooze_ended: false } => "the acknowledgement lapsed: triggered again".to_owned(),
            What::Resolved {} => "resolved".to_owned(),
            What::Reopened {} => "opened again: triggered again; its alerts stay closed, the next event of their keys is a new alert".to_owned(),
            What::Noted { text } => format!("note: {text}"),
            What::Reassigned { to } => format!("reassigned to {}", to.iter().map(target).collect::<Vec<_>>().join(", ")),
            What::EscalatedNow { level } => format!("escalated to level {} at once", level + 1),
            What::RespondersAsked { request: _, to, message, held_until } => {
                let what = if message.is_empty() { String::new() } else { format!(": {message}") };
                let when = held_until.map(|until| format!(" when the wait ends ({})", at(until))).unwrap_or_default();
                format!("asked to help{when}: {}{what}", to.iter().map(target).collect::<Vec<_>>().join(", "))
            }
            What::RespondersPaged { request: _, pages, already, unreached, unverified, last_resort_beside } => {
                let mut parts = planned(pages);
                parts.extend((!unverified.is_empty()).then(|| unverified_words(unverified, *last_resort_beside)));
                parts.extend(already.iter().map(|u| format!("{u} was asked before")));
                parts.extend(unreached.iter().map(|u| format!("nobody for {}: {}", target(&u.target), u.reason)));
                format!("those who were asked to help: {}", parts.join("; "))
            }
            What::ResponderAnswered { user, accepted: true, .. } => format!("{user} helps"),
            What::ResponderAnswered { user, accepted: false, .. } => format!("{user} does not help, and is not paged any more"),
            What::TitleSet { title } => format!("now called: {title}"),
            What::FieldsSet { fields } => {
                let words = fields.iter().map(|(name, value)| value.as_ref().map_or_else(|| format!("{name} taken away"), |v| format!("{name} is {v}")));
                words.collect::<Vec<_>>().join(", ")
            }
            What::BridgeSet { bridge: Some(bridge) } => format!("those who work on it talk at {bridge}"),
            What::BridgeSet { bridge: None } => "those who work on it do not talk there any more".to_owned(),
            What::Merged { number, .. } => format!("merged into #{number}: nobody is paged for this one any more, its alerts follow"),
            What::MergedIn { number, .. } => format!("#{number} is part of this one from here on"),
            What::AlertsMovedOut { number, alerts, .. } => format!("{} went to #{number}", count(alerts.len(), "alert")),
            What::AlertsMovedIn { number, alerts, .. } => format!("{} came from #{number}", count(alerts.len(), "alert")),
            What::PrioritySet { priority: Some(p) } => format!("priority set to {p:?}"),
            What::UrgencySet { urgency: Urgency::High, .. } => "urgency set to high".to_owned(),
            What::UrgencySet { urgency: Urgency::Low, again: None } => "urgency set to low".to_owned(),
            What::UrgencySet { urgency: Urgency::Low, again: Some(level) } => {
                format!("urgency set to low: pages that waited are taken back, and level {} goes on by the rules for low urgency", level + 1)
            }
            What::PrioritySet { priority: None } => "priority taken away".to_owned(),
            What::RulesApplied { rules } => {
                let one = |r: &super::timeline::RuleApplied| format!("{} on {}: {}", r.rule, count(r.alerts.len(), "alert"), r.did);
                format!("applied {}", rules.iter().map(one).collect::<Vec<_>>().join("; "))
            }
            What::Released { alerts } => {
                let one = |a: &super::timeline::ReleasedAlert| format!("{} was {}", a.alert, a.was);
                format!("{} released: {}", count(alerts.len(), "alert"), alerts.iter().map(one).collect::<Vec<_>>().join("; "))
            }
            What::DependentsAttached { alerts, services } => {
                let names: Vec<&str> = services.iter().map(|s| s.as_str()).collect();
                format!("{} of {} joined: this service is down, and they depend on it", count(alerts.len(), "alert"), names.join(", "))
            }
            What::FloodBegan { integration, flood_after } => {
                format!("integration {integration} brings more than {flood_after} new alerts in a minute: they join this incident instead of paging one by one")
            }
            What::Paused { until } => format!("waiting: nobody is paged before {}, and nobody at all if it is over by then", at(*until)),
            What::PauseEnded { why: PauseEnd::Worse } => "it got worse: the wait is over".to_owned(),
            What::PauseEnded { why: PauseEnd::Joined } => "an alert joined that waits for nothing: the wait is over".to_owned(),
            What::PauseEnded { why: PauseEnd::Transient } => "it was over before anybody was paged".to_owned(),
            What::LevelFired { repeat, level, of: _, pages, unreached, passed, unverified, last_resort_beside } => {
                let unverified = (!unverified.is_empty()).then(|| unverified_words(unverified, *last_resort_beside));
                fired(*repeat, *level, passed.iter().chain(&unverified), pages, unreached.iter().map(|u| (target(&u.target), u.reason.as_str())))
            }
            What::LastResort { reason } => format!("{reason}: the last-resort contact is paged"),
            What::Unanswered {} => "nobody answered, and the policy has nobody left to page: it stays open until somebody acts".to_owned(),
            What::Paged { page: p, provider_id, bundled_with } => {
                let bundle = if *bundled_with > 0 { format!(", together with {}", count(*bundled_with as usize, "other incident")) } else { String::new() };
                format!("paged {} (provider id {provider_id}{bundle})", page(p))
            }
            What::PageFailed { page: p, reason, next } => format!("could not page {}: {reason}; next: {next}", page(p)),
            What::PageDeferred { page: p, until } => format!("the page to {} waits until {}: it had as many messages as the cap allows", page(p), at(*until)),
        }
    }
}

impl What {
    /// Why each page of a fired level is planned: the whole chain, a sentence a page. Empty for everything else.
    pub fn why(&self) -> Vec<String> {
        let What::LevelFired { repeat, level, of, pages, unreached: _, passed: _, unverified: _, last_resort_beside: _ } = self else { return Vec::new() };
        pages.iter().map(|p| sentence(of.as_ref(), (*repeat, *level), p)).collect()
    }
}

fn fired<'a>(repeat: u32, level: u32, more: impl Iterator<Item = &'a String>, pages: &[Planned], unreached: impl Iterator<Item = (String, &'a str)>) -> String {
    let round = if repeat > 0 { format!(" (round {})", repeat + 1) } else { String::new() };
    let mut parts = planned(pages);
    parts.extend(unreached.map(|(target, reason)| format!("nobody for {target}: {reason}")));
    parts.extend(more.cloned());
    if pages.is_empty() {
        parts.push("the level passes at once".to_owned());
    }
    format!("level {}{round}: {}", level + 1, parts.join("; "))
}

fn planned(pages: &[Planned]) -> Vec<String> {
    pages.iter().map(|p| format!("{} by {} at {} ({})", p.user, p.contact, at(p.due), p.reason)).collect()
}

fn unverified_words(contacts: &[ContactId], beside: bool) -> String {
    let names = contacts.iter().map(ContactId::as_str).collect::<Vec<_>>().join(", ");
    let more = if beside { ": nobody here has a verified way, so the last-resort contact is paged beside them" } else { "" };
    format!("not verified: {names}{more}")
}

fn page(p: &PageOf) -> String {
    let channel = match p.channel {
        Channel::Sms => "text message",
        Channel::Email => "e-mail",
        Channel::LastResort => return "the last-resort contact".to_owned(),
    };
    let user = p.user.as_ref().map_or("nobody", |u| u.as_str());
    match p.request {
        None => format!("{user} by {channel} ({}) for level {}", p.contact, p.level + 1),
        Some(_) => format!("{user} by {channel} ({}), who was asked to help", p.contact),
    }
}

fn target(t: &Target) -> String {
    match t {
        Target::User(id) => format!("user {id}"),
        Target::Schedule(id) => format!("schedule {id}"),
        Target::Team(id) => format!("team {id}"),
    }
}

fn at(t: Timestamp) -> String {
    t.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
