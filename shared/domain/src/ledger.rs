//! The ledger: where every accepted event ended, in words that a tired person understands.
//!
//! Called by: `tocsin trace` and `tocsin audit`, through the API, and the sweep. Pure: what is stored goes in, the account comes out. Refuses to guess: what is
//! nowhere is said to be nowhere.

use crate::alert::outcome::Outcome;
use crate::alert::{Alert, AlertState};
use crate::configuration::{Grouping, Service};
use crate::id::{AlertId, IncidentId};
use crate::incident::Incident;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::fmt;

/// The incident function, or the sweep behind it, has handled an alert by then.
pub const HANDLED_WITHIN: SignedDuration = SignedDuration::from_secs(150);

/// Where an alert, and with it each of its events, ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum End {
    /// It opened an incident.
    Opened {
        /// Which.
        incident: IncidentId,
        /// Its number.
        number: u64,
    },
    /// It joined an incident that another alert had opened.
    Joined {
        /// Which.
        incident: IncidentId,
        /// Its number.
        number: u64,
        /// What made it join.
        why: String,
    },
    /// It was kept from people.
    Kept {
        /// By what, and why.
        outcome: Outcome,
    },
    /// It is stored, and will be handled.
    Waiting {
        /// Since then.
        since: Timestamp,
    },
    /// It says that it belongs to an incident that is not there.
    Lost {
        /// Which.
        incident: IncidentId,
    },
    /// It is handled, and there is neither an incident nor a reason.
    Nowhere,
}

impl End {
    /// The end of an alert. `incident` is the one that it names, as it is stored; `service` that incident's, by the configuration that it was opened with.
    pub fn of(alert: &Alert, incident: Option<&Incident>, service: Option<&Service>) -> Self {
        match (alert.incident, incident, &alert.outcome) {
            (Some(_), Some(incident), _) if IncidentId::new(alert.id.ulid()) == incident.id => End::Opened { incident: incident.id, number: incident.number },
            (Some(_), Some(incident), _) => End::Joined { incident: incident.id, number: incident.number, why: why_joined(alert, incident, service) },
            (Some(incident), None, _) => End::Lost { incident },
            (None, _, Some(outcome)) => End::Kept { outcome: outcome.clone() },
            (None, _, None) if alert.has_work() => End::Waiting { since: changed_at(alert) },
            (None, _, None) => End::Nowhere,
        }
    }

    /// Whether something is wrong.
    pub fn is_broken(&self) -> bool {
        match self {
            End::Opened { .. } | End::Joined { .. } | End::Kept { .. } | End::Waiting { .. } => false,
            End::Lost { .. } | End::Nowhere => true,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Opened { number, .. } => write!(f, "opened incident #{number}"),
            End::Joined { number, why, .. } => write!(f, "joined incident #{number}: {why}"),
            End::Kept { outcome } => write!(f, "pages nobody: {outcome}"),
            End::Waiting { since } => write!(f, "is stored, and waits to be handled since {}", time(*since)),
            End::Lost { incident } => write!(f, "belongs to {incident}, WHICH IS NOT THERE"),
            End::Nowhere => f.write_str("is handled, and HAS NEITHER AN INCIDENT NOR A REASON"),
        }
    }
}

fn why_joined(alert: &Alert, incident: &Incident, service: Option<&Service>) -> String {
    if let (Some(nth), Some(_)) = (alert.flood, &incident.flood) {
        return format!("it came in a flood, as new alert {nth} of its integration in that minute, and a flood is one incident");
    }
    match service.map(|s| &s.grouping) {
        Some(Grouping::None) | None => format!("it was open for service {} when the alert came, or they were put together later", incident.service),
        Some(Grouping::Fields { fields, .. }) => format!("alerts of service {} with the same {} are one incident", incident.service, fields.join(", ")),
        Some(Grouping::Time { window_s }) => {
            format!("alerts of service {} within {} are one incident", incident.service, crate::heartbeat::words(*window_s))
        }
    }
}

/// The latest change of an alert that is known by its time.
pub fn changed_at(alert: &Alert) -> Timestamp {
    [alert.resolved_at, alert.acknowledge_requested_at].into_iter().flatten().fold(alert.received_at, Timestamp::max)
}

/// Whether an alert should have been handled by now.
pub fn is_late(alert: &Alert, now: Timestamp) -> bool {
    alert.has_work() && now.duration_since(changed_at(alert)) > HANDLED_WITHIN
}

/// Whether an alert was open at an instant.
pub fn was_open(alert: &Alert, at: Timestamp) -> bool {
    alert.received_at <= at && alert.resolved_at.is_none_or(|r| at < r) && (alert.state == AlertState::Open || alert.resolved_at.is_some())
}

/// An alert, the events that were counted on it (where that is known), and its end, in one sentence.
pub fn sentence(alert: &Alert, events: Option<u64>, end: &End) -> String {
    let summary = crate::notification::message::clean(&alert.event.summary);
    let mut told = format!("Alert {} (\"{summary}\", integration {}) came at {} and {end}.", alert.id, alert.key.integration, time(alert.received_at));
    match events {
        Some(1) => told.push_str(" No repetition of it was counted."),
        Some(n) => told.push_str(&format!(" {} of it were counted, the first included.", plural(n, "event"))),
        None => {}
    }
    match alert.resolved_at {
        Some(at) => told.push_str(&format!(" It was resolved at {}.", time(at))),
        None => told.push_str(" It is still open."),
    }
    told
}

/// What happened to an acknowledgement or a resolve of a key at an instant, by the alerts that the key had.
pub fn answer_at(alerts: &[Alert], at: Timestamp) -> String {
    match alerts.iter().find(|a| was_open(a, at)) {
        Some(alert) => format!("At {} alert {} was open under this key: what came then was about it.", time(at), alert.id),
        None => format!("At {} nothing was open under this key: an acknowledgement or a resolve that came then changed nothing.", time(at)),
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn plural(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Something that the ledger can not account for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Violation {
    /// An alert is in its team's list, or on an incident, and is not there.
    AlertLost {
        /// Which.
        alert: AlertId,
        /// The incident that lists it.
        #[serde(skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
    },
    /// An alert's incident is not there.
    IncidentLost {
        /// Which alert.
        alert: AlertId,
        /// The incident that it names.
        incident: IncidentId,
    },
    /// An alert names an incident that does not list it.
    LinkLost {
        /// Which alert.
        alert: AlertId,
        /// The incident that it names.
        incident: IncidentId,
    },
    /// An incident lists an alert that names another end.
    WrongIncident {
        /// Which alert.
        alert: AlertId,
        /// The incident that lists it.
        incident: IncidentId,
    },
    /// An incident counts other alerts than it lists.
    CountWrong {
        /// Which incident.
        incident: IncidentId,
        /// As it counts.
        counted: u64,
        /// As it lists.
        listed: u64,
    },
    /// An alert has been handled, and has no end.
    NoEnd {
        /// Which.
        alert: AlertId,
    },
    /// An alert has both an incident and an outcome.
    TwoEnds {
        /// Which.
        alert: AlertId,
    },
    /// An alert should have been handled long ago.
    Late {
        /// Which.
        alert: AlertId,
        /// Since then.
        since: Timestamp,
    },
    /// An alert is open, and its key would not count on it.
    GuardLost {
        /// Which.
        alert: AlertId,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::AlertLost { alert, incident: Some(incident) } => {
                write!(
                    f,
                    "{incident} lists {alert}, which is not in the table. Restore the item from a backup (point-in-time recovery); the incident itself is whole."
                )
            }
            Violation::AlertLost { alert, incident: None } => {
                write!(f, "{alert} is in its team's list and not in the table. Restore the item from a backup (point-in-time recovery).")
            }
            Violation::IncidentLost { alert, incident } => {
                write!(
                    f,
                    "{alert} belongs to {incident}, which is not in the table. Nobody is paged for it: look into the problem now; restore the item from a backup."
                )
            }
            Violation::LinkLost { alert, incident } => {
                write!(
                    f,
                    "{alert} belongs to {incident}, which does not list it. The incident was opened and paged; resolving it will not close this alert: resolve it at its sender."
                )
            }
            Violation::WrongIncident { alert, incident } => {
                write!(f, "{incident} lists {alert}, which names another end. Trust the alert; resolving the incident may close it: look at both.")
            }
            Violation::CountWrong { incident, counted, listed } => {
                write!(f, "{incident} counts {counted} alerts and lists {listed}. Look at its alerts by hand before you resolve it.")
            }
            Violation::NoEnd { alert } => {
                write!(
                    f,
                    "{alert} was handled and has neither an incident nor a reason. Nobody is paged for it: look into the problem now, and report this as a bug."
                )
            }
            Violation::TwoEnds { alert } => write!(f, "{alert} has an incident and a reason to have none. Trust the incident, and report this as a bug."),
            Violation::Late { alert, since } => {
                write!(
                    f,
                    "{alert} waits to be handled since {}. Look at the alarms of the incident function and the sweep; `tocsin redrive` handles it at once.",
                    time(*since)
                )
            }
            Violation::GuardLost { alert } => {
                write!(
                    f,
                    "{alert} is open, and its key does not count on it: the next report of it opens another alert. Resolve its incident, and report this as a bug."
                )
            }
        }
    }
}
